// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: `session` is a live nghttp2_session from the end of H2Session.init
// until its deinit; `input` is the window of the receive under way, `output` has `outputCapacity`
// bytes during the pull under way.

import Bytes
import CNGHTTP2

/// All that a session knows besides libnghttp2: at a fixed address, handed to its callbacks.
///
/// Callbacks run inside of `nghttp2_session_mem_recv` and `nghttp2_session_mem_send`, so no access
/// to a part of this may be held across these calls.
@safe
struct H2State: ~Copyable {
    let role: H2Role
    let limits: H2Limits
    var session: OpaquePointer?
    var streams = H2StreamTable()
    var head = H2HeadBuilder()
    var budget = H2Budget()
    private var events = GrowingCells<H2Event>()
    private var nextEventIndex = 0
    /// Why the session cannot go on; its GOAWAY is queued.
    var failure: H2Error?
    /// A budget is used up; told by the call that is under way.
    var flood: H2Flood?
    /// A fault that libnghttp2 lets pass: the code of the GOAWAY that ends the connection.
    var fault: UInt32?
    /// The highest stream that the peer has opened.
    private var lastPeerStream: Int32 = 0
    /// Streams that we have reset last: their peer may not know yet (RFC 9113 5.1).
    private var resetStreams = InlineArray<128, Int32>(repeating: 0)
    private var resetCount = 0
    /// We have told which streams we still look at.
    var hasSentGoAway = false
    /// CONTINUATION frames, and bytes as sent, of the header list under way.
    var continuations = 0
    var headBlockBytes = 0
    /// A GOAWAY with an error has been sent: the connection is at its end.
    var goAwayCode: UInt32 = 0
    var scanner: H2FrameScanner
    var input: UnsafePointer<UInt8>?
    var output: UnsafeMutablePointer<UInt8>?
    var outputCount = 0
    var outputCapacity = 0
    /// What is left of the last frame that was made.
    var rest: ByteWindow

    init(role: H2Role, limits: H2Limits) {
        self.role = role
        self.limits = limits
        self.scanner = H2FrameScanner(skipsPreface: role == .server)
        unsafe self.session = nil
        unsafe self.input = nil
        unsafe self.output = nil
        self.rest = withWindow([]) { $0 }
    }

    // MARK: Events

    /// Whether no event waits.
    var hasNoEvents: Bool { self.nextEventIndex == self.events.count }

    mutating func queue(_ event: H2Event) { self.events.append(event) }

    /// The next event; the stream of a `closed` one is forgotten.
    mutating func nextEvent() -> H2Event? {
        guard self.nextEventIndex < self.events.count else { return nil }
        var event = self.events[self.nextEventIndex]
        self.nextEventIndex &+= 1
        if self.nextEventIndex == self.events.count {
            self.events.removeAll(keepingUpTo: 64)
            self.nextEventIndex = 0
        }
        if let slot = self.streams.find(event.stream) {
            event.tag = self.streams[slot].tag
            if event.kind == .closed { self.streams.remove(slot) }
        }
        return event
    }

    /// A read begins: events that point into the last one are void.
    mutating func beginReceive(_ bytes: ByteWindow, nowMilliseconds: UInt64) {
        var kept = 0
        for index in self.nextEventIndex..<self.events.count {
            let event = self.events[index]
            guard event.kind != .head, event.kind != .data, event.kind != .trailers
            else { continue }
            self.events[kept] = event
            kept &+= 1
        }
        self.events.truncate(to: kept)
        self.nextEventIndex = 0
        self.head.beginRead()
        self.budget.advance(to: nowMilliseconds, self.limits)
        unsafe self.input = bytes.base
    }

    // MARK: Budgets

    /// Counts one; `false` when the connection must end.
    mutating func spend(_ flood: H2Flood) -> Bool {
        if self.budget.spend(flood, self.limits) { return true }
        if self.flood == nil { self.flood = flood }
        return false
    }

    /// A frame's header was read; `false` when its kind comes too often, or where it must not.
    mutating func noteFrame(_ frame: H2FrameScanner.Header) -> Bool {
        switch frame.type {
        case 0x0:
            guard self.mayCome(on: frame.stream) else { return false }
            return frame.length > 0 || frame.flags & 1 != 0 || self.spend(.emptyData)
        case 0x1:
            guard self.mayCome(on: frame.stream) else { return false }
            if self.role == .server && frame.stream > self.lastPeerStream {
                self.lastPeerStream = frame.stream
            }
            self.continuations = 0
            self.headBlockBytes = frame.length
            guard self.headBlockBytes <= self.limits.headBlockBytesMax else {
                return self.fail(.continuation)
            }
            // Decoded for the table's sake, then dropped: one may have crossed our reset.
            return !self.isReset(frame.stream) || self.spend(.otherFrames)
        case 0x2:
            // RFC 9113 6.3; libnghttp2 does not look at them any more (RFC 9218).
            if frame.stream == 0 {
                self.fault = NGHTTP2_PROTOCOL_ERROR.rawValue
                return false
            }
            return self.spend(.priority)
        case 0x10: return self.spend(.priority)
        case 0x3: return self.spend(.resets)
        case 0x4: return self.spend(.settings)
        case 0x5: return true
        case 0x6: return self.spend(.ping)
        case 0x8: return self.spend(.windowUpdate)
        case 0x9:
            self.budget.note(.continuation)
            self.continuations &+= 1
            self.headBlockBytes &+= frame.length
            return self.continuations <= self.limits.continuationsMax
                && self.headBlockBytes <= self.limits.headBlockBytesMax
                || self.fail(.continuation)
        default: return self.spend(.otherFrames)
        }
    }

    /// Whether what is before a frame must be read before the frame can be judged.
    func depends(_ frame: H2FrameScanner.Header) -> Bool {
        frame.type <= 1 && self.role == .server && frame.stream <= self.lastPeerStream
    }

    /// Whether content or a head may come on a stream (RFC 9113 5.1, 5.1.1): not when it was left
    /// out, ended or reset by the peer; when we have reset it, its peer may not know.
    ///
    /// libnghttp2 forgets streams that are closed and takes whatever comes on them.
    private mutating func mayCome(on stream: Int32) -> Bool {
        guard self.role == .server, stream > 0, stream <= self.lastPeerStream, stream & 1 == 1,
            !self.hasSentGoAway
        else { return true }
        if let slot = self.streams.find(stream), !self.streams[slot].isClosed { return true }
        if self.isReset(stream) { return true }
        self.fault = NGHTTP2_STREAM_CLOSED.rawValue
        return false
    }

    /// Whether a stream is among those that we have reset last.
    private func isReset(_ stream: Int32) -> Bool {
        for index in 0..<min(self.resetCount, 128) where self.resetStreams[index] == stream {
            return true
        }
        return false
    }

    /// A stream is reset by us.
    mutating func noteReset(_ stream: Int32) {
        self.resetStreams[self.resetCount % 128] = stream
        self.resetCount &+= 1
        // Below 256 only the place is of interest, and that it has gone round.
        if self.resetCount == 256 { self.resetCount = 128 }
    }

    /// A budget without a window is used up.
    private mutating func fail(_ flood: H2Flood) -> Bool {
        if self.flood == nil { self.flood = flood }
        return false
    }

    // MARK: Heads

    /// A header list begins; `false` when no stream can be kept for it.
    mutating func beginHead(stream: Int32, isRequest: Bool) -> Bool {
        if self.role == .server && isRequest {
            guard self.streams.insert(stream) != nil else { return false }
            self.head.begin(.request, stream: stream)
            return true
        }
        guard let slot = self.streams.find(stream) else { return false }
        let isAnswer = self.role == .client && !self.streams[slot].hasFinalHead
        self.head.begin(
            isAnswer ? .answer : .trailers,
            stream: stream,
            isTunnel: self.streams[slot].isTunnel
        )
        return true
    }

    /// One field of the list under way; `false` when it has become a bomb (CVE-2019-9516).
    mutating func addField(_ name: ByteWindow, _ value: ByteWindow) -> Bool {
        self.head.add(name, value, self.limits)
        guard self.head.decodedBytes > self.limits.decodedBytesMax else { return true }
        self.budget.note(.headerBytes)
        return self.fail(.headerBytes)
    }

    /// A header list is complete; `false` when memory is out.
    mutating func finishHead(stream: Int32, endsStream: Bool) -> Bool {
        guard self.head.stream == stream, let slot = self.streams.find(stream) else { return true }
        if endsStream { self.streams[slot].hasPeerEnded = true }
        let isTunnel = self.streams[slot].isTunnel
        self.head.finish(
            self.limits,
            accept: isTunnel && self.role == .client ? self.streams[slot].keptBytes : self.rest
        )
        guard self.head.verdict == .good, !self.streams[slot].isRefused else {
            let verdict = self.head.verdict
            self.head.discard()
            return self.streams[slot].isRefused || self.refuse(slot, verdict)
        }
        var event = H2Event(self.head.kind == .trailers ? .trailers : .head, stream: stream)
        event.offset = Int32(self.head.textRange.lowerBound)
        event.count = Int32(self.head.textRange.count)
        if self.head.kind == .answer {
            event.code = UInt32(self.head.status)
            if self.head.status < 200 && self.head.status != 101 {
                self.streams[slot].interimHeads &+= 1
                if Int(self.streams[slot].interimHeads) > self.limits.interimHeadsMax {
                    self.head.discard()
                    return self.resetFaulty(slot, NGHTTP2_ENHANCE_YOUR_CALM.rawValue)
                }
            } else {
                self.streams[slot].hasFinalHead = true
            }
        }
        if self.head.kind == .request { self.streams[slot].isTunnel = self.head.isTunnel }
        event.extendedConnect = self.head.isTunnel && self.head.kind != .trailers
        event.endsStream = endsStream && event.kind == .head
        self.head.end()
        self.streams[slot].isAnnounced = true
        self.queue(event)
        if event.kind == .trailers && endsStream { self.queue(H2Event(.end, stream: stream)) }
        return true
    }

    /// What the peer gets for a list that nobody is told of.
    private mutating func refuse(_ slot: Int, _ verdict: H2HeadBuilder.Verdict) -> Bool {
        switch verdict {
        case .tooLong where self.role == .server && !self.streams[slot].isAnnounced:
            return self.answerRefused(slot, "431")
        case .notImplemented: return self.answerRefused(slot, "501")
        case .noRoom: return self.resetFaulty(slot, NGHTTP2_REFUSED_STREAM.rawValue)
        case .tooLong: return self.resetFaulty(slot, NGHTTP2_ENHANCE_YOUR_CALM.rawValue)
        case .malformed, .good: return self.resetFaulty(slot, NGHTTP2_PROTOCOL_ERROR.rawValue)
        }
    }

    /// Resets a stream because of what the peer did on it.
    mutating func resetFaulty(_ slot: Int, _ code: UInt32) -> Bool {
        self.streams[slot].abandon()
        // SAFETY: a live session.
        return unsafe nghttp2_submit_rst_stream(
            self.session,
            0,
            self.streams[slot].stream,
            code
        ) == 0
    }

    /// Answers a request that no one else is told of (RFC 6585 5, RFC 8441 4).
    private mutating func answerRefused(_ slot: Int, _ status: StaticString) -> Bool {
        self.streams[slot].isRefused = true
        self.streams[slot].isLast = true
        let stream = self.streams[slot].stream
        let session = unsafe self.session
        // SAFETY: literals live on; libnghttp2 copies the fields.
        return unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: 2) { fields in
            unsafe fields.initializeElement(at: 0, to: h2Field(":status", status))
            unsafe fields.initializeElement(at: 1, to: h2Field("content-length", "0"))
            return unsafe nghttp2_submit_response(session, stream, fields.baseAddress, 2, nil) == 0
        }
    }

    /// A stream is gone.
    mutating func close(_ stream: Int32, _ code: UInt32) {
        if self.head.stream == stream { self.head.discard() }
        guard let slot = self.streams.find(stream), !self.streams[slot].isClosed else { return }
        self.streams[slot].abandon()
        self.streams[slot].hasTrailers = false
        self.streams[slot].isClosed = true
        // What the caller never consumes would be lost to all other streams.
        if self.streams[slot].unread > 0 {
            _ = unsafe nghttp2_session_consume_connection(
                self.session,
                self.streams[slot].unread
            )
            self.streams[slot].unread = 0
        }
        guard self.streams[slot].isAnnounced else {
            self.streams.remove(slot)
            return
        }
        self.queue(H2Event(.closed, stream: stream, code: code))
    }
}

/// A field of two literals.
func h2Field(_ name: StaticString, _ value: StaticString) -> nghttp2_nv {
    // SAFETY: literals live on, and libnghttp2 does not write through these pointers.
    unsafe h2Field(
        ByteWindow(base: name.utf8Start, count: name.utf8CodeUnitCount),
        ByteWindow(base: value.utf8Start, count: value.utf8CodeUnitCount)
    )
}

/// A field over bytes that stay in place until libnghttp2 has copied them.
func h2Field(_ name: ByteWindow, _ value: ByteWindow) -> nghttp2_nv {
    // SAFETY: libnghttp2 only reads; its struct is not const-correct.
    unsafe nghttp2_nv(
        name: UnsafeMutablePointer(mutating: name.base),
        value: UnsafeMutablePointer(mutating: value.base),
        namelen: name.count,
        valuelen: value.count,
        flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
    )
}
