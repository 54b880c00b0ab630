// SPDX-License-Identifier: Apache-2.0
public import Bytes

// Trailer fields as text lines (RFC 9110 6.5). The last chunk of HTTP/1.1 and the trailing HEADERS
// of HTTP/2 both become such lines; what may pass on is the same for both.

/// A field of a trailer section.
public struct TrailerField: BitwiseCopyable {
    /// Its name.
    public let name: ByteWindow
    /// Its value, without white space around it.
    public let value: ByteWindow
}

/// The field of the line at `at`, which is moved behind it; `nil`: there are no more.
///
/// Lines that are no fields are stepped over; each ends in LF or CRLF.
public func nextTrailer(_ lines: ByteWindow, at: inout Int) -> TrailerField? {
    while at < lines.count {
        let start = at
        let end = lines.firstIndex(of: ASCII.lf, from: start) ?? lines.count
        at = end &+ 1
        if let field = trailerField(lines.slice(start, end &- start)) { return field }
    }
    return nil
}

/// Whether a field may stand in a trailer section that Banyan sends on (RFC 9110 6.5.1).
///
/// Refused: what frames, routes, authenticates or modifies a message, what tells a recipient how to
/// treat or read it, what belongs to one connection, and what only a proxy may say. A recipient
/// that merges trailers into the head would be led by them. All other names pass: they are for
/// those who know them.
public func isTrailerFit(_ name: ByteWindow) -> Bool {
    switch HeaderName.lookup(name, start: 0, length: name.count) {
    case .other:
        return !isUnderscoreTwin(name, start: 0, length: name.count) && !isControl(name)
    case .host, .connection, .contentLength, .transferEncoding, .trailer, .te, .upgrade, .keepAlive,
        .proxyConnection, .expect, .cookie, .setCookie, .authorization, .proxyAuthorization,
        .proxyAuthenticate, .http2Settings, .contentEncoding, .contentType, .contentLocation,
        .range, .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange, .location,
        .cacheControl, .date, .retryAfter, .via, .proxy:
        return false
    case let listed:
        return !FieldMask.forwarding.contains(listed) && !FieldMask.identity.contains(listed)
    }
}

/// Names beyond `HeaderName` that control how a message is treated (RFC 9110 6.5.1).
private func isControl(_ name: ByteWindow) -> Bool {
    switch name.count {
    case 3: name.equalsIgnoringCase("age")
    case 4: name.equalsIgnoringCase("vary")
    case 6: name.equalsIgnoringCase("pragma")
    case 7: name.equalsIgnoringCase("expires") || name.equalsIgnoringCase("warning")
    case 12: name.equalsIgnoringCase("max-forwards")
    case 13: name.equalsIgnoringCase("content-range")
    case 16: name.equalsIgnoringCase("www-authenticate")
    default: false
    }
}

extension ByteWriter {
    /// Appends the fields of `lines` that may pass on, each as `name: value CRLF`.
    public mutating func appendTrailers(of lines: ByteWindow) {
        var at = 0
        while let field = nextTrailer(lines, at: &at) {
            guard isTrailerFit(field.name) else { continue }
            self.append(field.name)
            self.append(": ")
            self.append(field.value)
            self.append("\r\n")
        }
    }
}

/// `name: value` with an optional CR; `nil`: it is no field.
private func trailerField(_ line: ByteWindow) -> TrailerField? {
    guard let colon = line.firstIndex(of: ASCII.colon), colon > 0 else { return nil }
    for index in 0..<colon where !isTokenByte(line[index]) { return nil }
    var start = colon &+ 1
    var end = line.count
    if end > start && line[end &- 1] == ASCII.cr { end &-= 1 }
    while start < end && ASCII.isBlank(line[start]) { start &+= 1 }
    while end > start && ASCII.isBlank(line[end &- 1]) { end &-= 1 }
    let value = line.slice(start, end &- start)
    guard value.fieldValueEnd(from: 0) == value.count else { return nil }
    return TrailerField(name: line.slice(0, colon), value: value)
}
