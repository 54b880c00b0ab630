// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// Parses a complete response head (RFC 9112 4, 5) in one pass, without allocating.
///
/// `head` is exactly what ``responseHeadEnd(_:scannedFrom:)`` measured; `requestMethod` is that of
/// the request that it answers, since an answer to HEAD has no content. The fields go into
/// `fields`, hop-by-hop ones marked, and so is the Content-Length of a 1xx or 204 (RFC 9110 8.6).
/// `bytesMax` is for heads that Banyan has written: what it adds may make them longer.
public func parseResponseHead(
    _ head: ByteWindow,
    into fields: inout FieldTable,
    requestMethod: MethodToken,
    bytesMax: Int = Limits.headBytesMax
) throws(WireError) -> ResponseHead {
    guard head.count <= bytesMax else { throw .headTooLong }
    var response = ResponseHead()
    response.length = head.count
    let fieldsStart = try parseStatusLine(head, &response)
    let facts = try parseFields(head, from: fieldsStart, kind: .response, into: &fields)
    response.framing = try responseFraming(
        facts,
        status: response.status,
        versionMinor: response.versionMinor,
        requestMethod: requestMethod
    )
    response.contentLength = facts.contentLength
    if response.status < 200 || response.status == 204 {
        response.contentLength = nil
        if let index = fields.firstIndex(of: .contentLength) {
            fields[index].isHopByHop = true
        }
    }
    response.keepsAlive =
        response.framing != .untilClose
        && keepsAlive(facts, versionMinor: response.versionMinor)
    return response
}

/// `HTTP/1.x SP 3DIGIT [SP reason] CRLF`; returns where the fields start.
///
/// The space before an empty reason is required by RFC 9112 4, but enough servers leave it out, and
/// nothing can be hidden in its absence.
private func parseStatusLine(
    _ head: ByteWindow,
    _ response: inout ResponseHead
) throws(WireError) -> Int {
    guard head.count >= 14 else { throw .badStatusLine }
    let version = head.word(at: 0, count: 8)
    if version == asciiWord("HTTP/1.1") {
        response.versionMinor = 1
    } else if version == asciiWord("HTTP/1.0") {
        response.versionMinor = 0
    } else {
        throw head.word(at: 0, count: 5) == asciiWord("HTTP/") ? .badVersion : .badStatusLine
    }
    guard head[8] == ASCII.space else { throw .badStatusLine }
    var status: UInt16 = 0
    for index in 9..<12 {
        let digit = head[index] &- 0x30
        guard digit < 10 else { throw .badStatusLine }
        status = status &* 10 &+ UInt16(digit)
    }
    guard status >= 100 && status <= 599 else { throw .badStatusLine }
    response.status = status
    guard head[12] == ASCII.space || head[12] == ASCII.cr else {
        throw head[12] == ASCII.lf ? .badLineEnding : .badStatusLine
    }
    let reasonStart = head[12] == ASCII.space ? 13 : 12
    let lineBreak = head.fieldValueEnd(from: reasonStart)
    guard
        lineBreak &+ 1 < head.count && head[lineBreak] == ASCII.cr
            && head[lineBreak &+ 1] == ASCII.lf
    else {
        let isBreak =
            lineBreak &+ 1 >= head.count || head[lineBreak] == ASCII.cr
            || head[lineBreak] == ASCII.lf
        throw isBreak ? .badLineEnding : .badStatusLine
    }
    response.reason = HeadRange(reasonStart, lineBreak &- reasonStart)
    return lineBreak &+ 2
}
