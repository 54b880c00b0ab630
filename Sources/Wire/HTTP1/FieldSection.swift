// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What the fields of a head say about the message itself, gathered while they are split.
struct FieldFacts: BitwiseCopyable {
    /// The value of the only Content-Length.
    var contentLength: UInt64?
    /// A Transfer-Encoding field was there; its value is exactly `chunked`.
    var isChunked = false
    /// Index of the only Host field.
    var hostIndex: Int?
    /// `Connection: close`.
    var hasClose = false
    /// `Connection: keep-alive`.
    var hasKeepAlive = false
    /// A Connection field holds more than one plain option: ``applyConnectionOptions`` must look.
    var hasConnectionList = false
    /// `Expect: 100-continue`.
    var expectsContinue = false
    /// An Upgrade field was there.
    var asksForUpgrade = false
    /// `TE` lists `trailers`.
    var acceptsTrailers = false
}

/// Which kind of message a field section belongs to: some rules differ.
enum MessageKind: BitwiseCopyable {
    /// From a client.
    case request
    /// From an upstream.
    case response
}

/// Splits the lines from `start` to the end of `head` into `fields` (RFC 9112 5), one pass.
///
/// Every line must end in CRLF and the empty line must end the head. A name is a non-empty token
/// directly followed by the colon (5.1); a folded line is refused (5.2); a value holds no control
/// byte but HTAB. So each line kept is valid as it stands and can be forwarded by copying.
func parseFields(
    _ head: ByteWindow,
    from start: Int,
    kind: MessageKind,
    into fields: inout FieldTable
) throws(WireError) -> FieldFacts {
    var facts = FieldFacts()
    fields.removeAll()
    var at = start
    while true {
        guard at &+ 1 < head.count else { throw .badLineEnding }
        if head[at] == ASCII.cr {
            guard head[at &+ 1] == ASCII.lf && at &+ 2 == head.count else { throw .badLineEnding }
            break
        }
        var slot = try parseLine(head, at: at)
        if slot.name != .other {
            try note(&slot, index: fields.count, of: head, kind: kind, in: &facts)
        }
        guard fields.append(slot) else { throw .tooManyFields }
        at = Int(slot.lineEnd)
    }
    if facts.hasConnectionList {
        try applyConnectionOptions(head, &fields, kind: kind, to: &facts)
    }
    return facts
}

/// One `name: value CRLF` from `at`.
@inline(__always)
private func parseLine(_ head: ByteWindow, at: Int) throws(WireError) -> FieldSlot {
    var nameEnd = head.nameEnd(from: at)
    var isPlain = true
    while nameEnd < head.count && head[nameEnd] != ASCII.colon {
        guard isTokenByte(head[nameEnd]) else { break }
        isPlain = false
        nameEnd = head.nameEnd(from: nameEnd &+ 1)
    }
    guard nameEnd < head.count && nameEnd > at && head[nameEnd] == ASCII.colon else {
        throw ASCII.isBlank(head[at])
            ? .foldedLine
            : nameEnd < head.count && head[nameEnd] == ASCII.lf
                ? .badLineEnding : .badFieldName
    }
    var valueStart = nameEnd &+ 1
    while valueStart < head.count && ASCII.isBlank(head[valueStart]) { valueStart &+= 1 }
    let lineBreak = head.fieldValueEnd(from: valueStart)
    guard
        lineBreak &+ 1 < head.count && head[lineBreak] == ASCII.cr
            && head[lineBreak &+ 1] == ASCII.lf
    else {
        let isBreak =
            lineBreak &+ 1 >= head.count || head[lineBreak] == ASCII.cr
            || head[lineBreak] == ASCII.lf
        throw isBreak ? .badLineEnding : .badFieldValue
    }
    var valueEnd = lineBreak
    while valueEnd > valueStart && ASCII.isBlank(head[valueEnd &- 1]) { valueEnd &-= 1 }
    var slot = FieldSlot(
        nameStart: at,
        nameLength: nameEnd &- at,
        valueStart: valueStart,
        valueLength: valueEnd &- valueStart,
        lineEnd: lineBreak &+ 2,
        name: isPlain ? HeaderName.lookup(head, start: at, length: nameEnd &- at) : .other
    )
    if !isPlain { slot.isHopByHop = isUnderscoreTwin(head, start: at, length: nameEnd &- at) }
    return slot
}

/// Takes the rules of a name that Banyan treats into account: marks the slot, collects facts.
private func note(
    _ slot: inout FieldSlot,
    index: Int,
    of head: ByteWindow,
    kind: MessageKind,
    in facts: inout FieldFacts
) throws(WireError) {
    switch slot.name {
    case .host:
        // A Host in a response means nothing; in a request there may be one (RFC 9112 3.2).
        guard kind == .request else { return }
        if facts.hostIndex != nil { throw .badHost }
        facts.hostIndex = index
    case .contentLength:
        if facts.contentLength != nil { throw .badContentLength }
        if facts.isChunked { throw .conflictingFraming }
        facts.contentLength = try parseContentLength(
            head.slice(Int(slot.valueStart), Int(slot.valueLength)),
            kind: kind
        )
    case .transferEncoding:
        if facts.contentLength != nil { throw .conflictingFraming }
        if facts.isChunked { throw .badTransferEncoding }
        try requireChunked(head.slice(Int(slot.valueStart), Int(slot.valueLength)))
        facts.isChunked = true
        slot.isHopByHop = true
    case .connection:
        slot.isHopByHop = true
        noteConnection(head.slice(Int(slot.valueStart), Int(slot.valueLength)), in: &facts)
    case .expect:
        guard kind == .request else { return }
        let value = head.slice(Int(slot.valueStart), Int(slot.valueLength))
        guard value.equalsIgnoringCase("100-continue") else { throw .badExpectation }
        facts.expectsContinue = true
    case .te:
        slot.isHopByHop = true
        let value = head.slice(Int(slot.valueStart), Int(slot.valueLength))
        if listContains(value, "trailers") { facts.acceptsTrailers = true }
    case .upgrade:
        slot.isHopByHop = true
        facts.asksForUpgrade = true
    case .trailer, .keepAlive, .proxyConnection, .proxyAuthenticate, .proxyAuthorization,
        .http2Settings:
        slot.isHopByHop = true
    case .proxy:
        slot.isHopByHop = kind == .request
    default:
        break
    }
}
