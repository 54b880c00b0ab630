// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// Parses a complete request head (RFC 9112 2 to 5) in one pass, without allocating.
///
/// `head` is exactly what ``requestHeadEnd(_:scannedFrom:)`` measured. The fields go into `fields`,
/// hop-by-hop ones marked. Strict: what two recipients could read in two ways is refused (see
/// SmugglingRules.swift). After an error `fields` holds nothing of use.
/// `bytesMax` is for heads that Banyan has written: what it adds may make them longer.
public func parseRequestHead(
    _ head: ByteWindow,
    into fields: inout FieldTable,
    bytesMax: Int = Limits.headBytesMax
) throws(WireError) -> RequestHead {
    guard head.count <= bytesMax else { throw .headTooLong }
    var request = RequestHead()
    request.length = head.count
    let fieldsStart = try parseRequestLine(head, &request)
    let facts = try parseFields(head, from: fieldsStart, kind: .request, into: &fields)
    request.framing = try requestFraming(facts, versionMinor: request.versionMinor)
    request.keepsAlive = keepsAlive(facts, versionMinor: request.versionMinor)
    request.expectsContinue =
        facts.expectsContinue && request.versionMinor == 1 && request.framing != .none
    request.asksForUpgrade = facts.asksForUpgrade
    request.acceptsTrailers = facts.acceptsTrailers
    try settleAuthority(head, fields, facts, &request)
    return request
}

/// Reads `METHOD SP TARGET SP HTTP/1.x CRLF` with one space each and nothing around (RFC 9112 3).
///
/// Returns where the fields start.
private func parseRequestLine(
    _ head: ByteWindow,
    _ request: inout RequestHead
) throws(WireError) -> Int {
    var methodEnd = head.nameEnd(from: 0)
    while methodEnd < head.count && isTokenByte(head[methodEnd]) {
        methodEnd = head.nameEnd(from: methodEnd &+ 1)
    }
    guard methodEnd > 0 && methodEnd < head.count else { throw .badMethod }
    guard head[methodEnd] == ASCII.space else {
        let byte = head[methodEnd]
        throw byte == ASCII.cr || byte == ASCII.lf ? .badRequestLine : .badMethod
    }
    guard methodEnd <= Limits.methodBytesMax else { throw .badMethod }
    request.method = MethodToken.parse(head, length: methodEnd)
    request.methodRange = HeadRange(0, methodEnd)
    if request.method == .connect || request.method == .trace { throw .methodRefused }
    let targetStart = methodEnd &+ 1
    var targetEnd = head.targetEnd(from: targetStart)
    let pathEnd = targetEnd
    request.hasQuery = targetEnd < head.count && head[targetEnd] == ASCII.question
    while targetEnd < head.count && head[targetEnd] == ASCII.question {
        targetEnd = head.targetEnd(from: targetEnd &+ 1)
    }
    guard targetEnd < head.count else { throw .badRequestLine }
    guard targetEnd <= Limits.requestLineBytesMax else { throw .requestLineTooLong }
    let byte = head[targetEnd]
    guard byte == ASCII.space && targetEnd > targetStart else {
        let endsEarly =
            byte == ASCII.cr || byte == ASCII.lf || byte == ASCII.space || byte == ASCII.tab
        throw endsEarly ? .badRequestLine : .badTarget
    }
    let lineEnd = try parseVersion(head, at: targetEnd &+ 1, &request)
    if request.hasQuery {
        request.query = HeadRange(pathEnd &+ 1, targetEnd &- pathEnd &- 1)
    }
    try parseTarget(head, from: targetStart, pathEnd: pathEnd, &request)
    return lineEnd
}

/// Reads `HTTP/1.0 CRLF` or `HTTP/1.1 CRLF` at `start`; returns where the next line starts.
///
/// The name is case-sensitive (RFC 9112 2.3).
private func parseVersion(
    _ head: ByteWindow,
    at start: Int,
    _ request: inout RequestHead
) throws(WireError) -> Int {
    guard start &+ 10 <= head.count else { throw .badRequestLine }
    guard start &+ 8 <= Limits.requestLineBytesMax else { throw .requestLineTooLong }
    let word = head.word(at: start, count: 8)
    if word == asciiWord("HTTP/1.1") {
        request.versionMinor = 1
    } else if word == asciiWord("HTTP/1.0") {
        request.versionMinor = 0
    } else {
        let looksLikeVersion =
            head.word(at: start, count: 5) == asciiWord("HTTP/") && head[start &+ 5] &- 0x30 < 10
            && head[start &+ 6] == ASCII.dot && head[start &+ 7] &- 0x30 < 10
            && head[start &+ 8] == ASCII.cr
        throw looksLikeVersion ? .badVersion : .badRequestLine
    }
    guard head[start &+ 8] == ASCII.cr else {
        throw head[start &+ 8] == ASCII.lf ? .badLineEnding : .badRequestLine
    }
    guard head[start &+ 9] == ASCII.lf else { throw .badLineEnding }
    return start &+ 10
}

/// The four forms of a target (RFC 9112 3.2): origin, absolute (`http` only), asterisk (OPTIONS
/// only); the authority form is for CONNECT, which is refused.
private func parseTarget(
    _ head: ByteWindow,
    from start: Int,
    pathEnd: Int,
    _ request: inout RequestHead
) throws(WireError) {
    if head[start] == ASCII.slash {
        request.path = HeadRange(start, pathEnd &- start)
        return
    }
    if head[start] == 0x2a {
        guard pathEnd == start &+ 1 && !request.hasQuery && request.method == .options else {
            throw .badTarget
        }
        request.path = HeadRange(start, 1)
        request.asksServer = true
        return
    }
    guard pathEnd &- start > 7,
        head.word(at: start, count: 7) | 0x2020_2020 == asciiWord("http://")
    else { throw .badTarget }
    let authorityStart = start &+ 7
    var authorityEnd = authorityStart
    while authorityEnd < pathEnd && head[authorityEnd] != ASCII.slash { authorityEnd &+= 1 }
    guard authorityEnd > authorityStart else { throw .badTarget }
    request.authority = HeadRange(authorityStart, authorityEnd &- authorityStart)
    if authorityEnd < pathEnd {
        request.path = HeadRange(authorityEnd, pathEnd &- authorityEnd)
    } else {
        // No path means `/`: the scheme's slash stands for it, so that every path has its bytes.
        request.path = HeadRange(start &+ 5, 1)
        request.asksServer = request.method == .options && !request.hasQuery
    }
}

/// Finds out whom the client named (RFC 9112 3.2, 3.3): exactly one valid Host in HTTP/1.1, at most
/// one in HTTP/1.0, and an absolute-form must name the same host and port.
private func settleAuthority(
    _ head: ByteWindow,
    _ fields: borrowing FieldTable,
    _ facts: FieldFacts,
    _ request: inout RequestHead
) throws(WireError) {
    let isAbsolute = request.authority.length > 0
    guard let hostIndex = facts.hostIndex else {
        guard request.versionMinor == 0 else { throw .badHost }
        guard isAbsolute else { return }
        let named = head.slice(Int(request.authority.start), Int(request.authority.length))
        let authority = try parseAuthority(named)
        request.host = HeadRange(Int(request.authority.start), authority.hostLength)
        return
    }
    let slot = fields[hostIndex]
    let value = head.slice(Int(slot.valueStart), Int(slot.valueLength))
    let authority = try parseAuthority(value)
    if isAbsolute {
        let named = head.slice(Int(request.authority.start), Int(request.authority.length))
        guard try isSameAuthority(named, value) else { throw .badHost }
    } else {
        request.authority = HeadRange(Int(slot.valueStart), Int(slot.valueLength))
    }
    request.host = HeadRange(Int(request.authority.start), authority.hostLength)
}
