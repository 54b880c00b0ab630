// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: fields point into the head that the caller keeps in place until
// libnghttp2 has copied them, within the same call; a list never has more than its memory holds.

import Bytes
import CNGHTTP2

/// HTTP/1.1 text as a header list: names and values in place, pseudo-header fields first.
///
/// libnghttp2 copies them and makes names lower-case. What belongs to one connection is left out
/// (RFC 9113 8.2.2), and every head is parsed as strictly as one that came over HTTP/1.1: nothing
/// that Banyan generates is sent unchecked.
@safe
struct H2FieldList: ~Copyable {
    private let fields: UnsafeMutablePointer<nghttp2_nv>
    private(set) var count = 0
    private var table = FieldTable(capacity: H2FieldList.fieldsMax)

    /// A peer's fields, and those that Banyan adds.
    private static var fieldsMax: Int { Limits.headerFieldsMax + Limits.addedFieldsMax }
    /// Fields of a head, and pseudo-header fields.
    private static var capacity: Int { H2FieldList.fieldsMax + 8 }

    init() { unsafe self.fields = .allocate(capacity: H2FieldList.capacity) }

    deinit { unsafe self.fields.deallocate() }

    private mutating func append(_ name: ByteWindow, _ value: ByteWindow) {
        precondition(self.count < H2FieldList.capacity, "\(self.count) fields")
        // SAFETY: below the capacity.
        unsafe (self.fields + self.count).initialize(to: h2Field(name, value))
        self.count &+= 1
    }

    private mutating func append(_ name: StaticString, _ value: ByteWindow) {
        // SAFETY: a literal lives on.
        self.append(unsafe ByteWindow(base: name.utf8Start, count: name.utf8CodeUnitCount), value)
    }

    private mutating func append(_ name: StaticString, _ value: StaticString) {
        self.append(name, unsafe ByteWindow(base: value.utf8Start, count: value.utf8CodeUnitCount))
    }

    /// Hands the list to libnghttp2.
    func withFields<Result>(
        _ body: (UnsafeMutablePointer<nghttp2_nv>, Int) -> Result
    ) -> Result {
        unsafe body(self.fields, self.count)
    }

    /// Fills the list with an answer's head; its status.
    ///
    /// The 101 that answers a WebSocket's opening is 200 here (RFC 8441 5); any other is refused,
    /// since HTTP/2 has none (RFC 9113 8.6).
    mutating func fill(answer head: ByteWindow, isTunnel: Bool) throws(H2Error) -> UInt16 {
        self.count = 0
        let answer: ResponseHead
        do throws(WireError) {
            answer = try parseResponseHead(
                head,
                into: &self.table,
                requestMethod: .other,
                bytesMax: Limits.blockBytes
            )
        } catch { throw .badHead }
        var status = answer.status
        if status == 101 {
            guard isTunnel else { throw .badHead }
            status = 200
            self.append(":status", "200")
        } else {
            self.append(":status", head.slice(9, 3))
        }
        for index in 0..<self.table.count {
            let slot = self.table[index]
            if slot.isHopByHop { continue }
            let name = head.slice(Int(slot.nameStart), Int(slot.nameLength))
            if isTunnel && name.equalsIgnoringCase("sec-websocket-accept") { continue }
            self.append(name, head.slice(Int(slot.valueStart), Int(slot.valueLength)))
        }
        return status
    }

    /// Fills the list with a request's head; the key of a WebSocket's opening, which becomes an
    /// extended CONNECT where the peer allows it.
    mutating func fill(
        request head: ByteWindow,
        isSecure: Bool,
        allowsTunnel: Bool
    ) throws(H2Error) -> ByteWindow? {
        self.count = 0
        let request: RequestHead
        do throws(WireError) {
            request = try parseRequestHead(
                head,
                into: &self.table,
                bytesMax: Limits.blockBytes
            )
        } catch { throw .badHead }
        let isTunnel = request.asksForUpgrade && self.asksForWebSocket(head)
        if isTunnel {
            guard request.method == .get else { throw .badHead }
            guard allowsTunnel else { throw .connectRefused }
            self.append(":method", "CONNECT")
            self.append(":protocol", "websocket")
        } else {
            self.append(":method", self.part(request.methodRange, of: head))
        }
        self.append(":scheme", isSecure ? "https" : "http")
        self.append(":authority", self.part(request.authority, of: head))
        if request.asksServer {
            self.append(":path", "*")
        } else {
            let end = request.hasQuery ? request.query.end : request.path.end
            let start = Int(request.path.start)
            self.append(":path", head.slice(start, end - start))
        }
        var key: ByteWindow?
        for index in 0..<self.table.count {
            let slot = self.table[index]
            if slot.isHopByHop || slot.name == .host { continue }
            let name = head.slice(Int(slot.nameStart), Int(slot.nameLength))
            let value = head.slice(Int(slot.valueStart), Int(slot.valueLength))
            if isTunnel && name.equalsIgnoringCase("sec-websocket-key") {
                key = value
                continue
            }
            self.append(name, value)
        }
        // RFC 9113 8.2.2: the one value that TE may have.
        if request.acceptsTrailers { self.append("te", "trailers") }
        if isTunnel && key == nil { throw .badHead }
        return key
    }

    private func part(_ range: HeadRange, of head: ByteWindow) -> ByteWindow {
        head.slice(Int(range.start), Int(range.length))
    }

    private func asksForWebSocket(_ head: ByteWindow) -> Bool {
        for index in 0..<self.table.count where self.table[index].name == .upgrade {
            let slot = self.table[index]
            let value = head.slice(Int(slot.valueStart), Int(slot.valueLength))
            if value.equalsIgnoringCase("websocket") { return true }
        }
        return false
    }
}

/// Runs `body` over the fields of trailer lines; lines that are none, or unfit, are left out.
func withH2Trailers(
    _ lines: ByteWindow,
    _ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> Bool
) -> Bool {
    var count = 0
    for index in 0..<lines.count where lines[index] == ASCII.lf { count &+= 1 }
    let most = min(count, Limits.headerFieldsMax)
    return unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: most) { fields in
        var filled = 0
        var at = 0
        while filled < most, let field = nextTrailer(lines, at: &at) {
            guard isTrailerFit(field.name) else { continue }
            // SAFETY: filled < most; the lines outlive the call.
            unsafe fields.initializeElement(at: filled, to: h2Field(field.name, field.value))
            filled &+= 1
        }
        return unsafe body(fields.baseAddress, filled)
    }
}
