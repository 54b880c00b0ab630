// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// Bytes of empty lines (CRLF) at the window's start, which RFC 9112 2.2 says to skip before a
/// request line.
///
/// Ask again with more bytes while nothing, or a lone CR, stands behind them, and drop them only
/// then: dropping earlier would forget how many there were. Throws `badLineEnding` for a bare CR or
/// LF, `badRequestLine` beyond `Limits.leadingEmptyLinesMax`.
public func leadingEmptyLines(_ window: ByteWindow) throws(WireError) -> Int {
    var at = 0
    while at < window.count {
        let byte = window[at]
        if byte == ASCII.lf { throw .badLineEnding }
        guard byte == ASCII.cr else { break }
        guard at &+ 1 < window.count else { break }
        guard window[at &+ 1] == ASCII.lf else { throw .badLineEnding }
        at &+= 2
        if at > 2 &* Limits.leadingEmptyLinesMax { throw .badRequestLine }
    }
    return at
}

/// Bytes of the request head at the window's start, its empty line included; `nil` when more are
/// needed.
///
/// `scannedFrom` is how many bytes an earlier call has seen already. Throws as soon as more bytes
/// cannot help: the first one starts no method, a line ends in a bare LF, the request line
/// (`requestLineTooLong`) or the head (`headTooLong`) is too long.
public func requestHeadEnd(
    _ window: ByteWindow,
    scannedFrom: Int
) throws(WireError) -> Int? {
    guard !window.isEmpty else { return nil }
    // A lone CR may still become an empty line.
    if !isTokenByte(window[0]) && (window[0] != ASCII.cr || window.count > 1) { throw .badMethod }
    if let end = window.headEnd(from: scannedFrom) {
        if end > Limits.headBytesMax { throw .headTooLong }
        return end
    }
    try refuseBareLineFeed(window, scannedFrom: scannedFrom)
    let lineMax = Limits.requestLineBytesMax
    if window.count > lineMax && scannedFrom <= lineMax &+ 1 {
        let first = window.slice(0, min(window.count, lineMax &+ 1))
        // The CR of the longest line stands just behind it.
        if first.firstIndex(of: ASCII.lf) == nil && first[first.count &- 1] != ASCII.cr {
            throw .requestLineTooLong
        }
    }
    if window.count >= Limits.headBytesMax { throw .headTooLong }
    return nil
}

/// Bytes of the response head at the window's start, its empty line included; `nil` when more are
/// needed.
///
/// `scannedFrom` is how many bytes an earlier call has seen already. Throws as soon as more bytes
/// cannot help: it does not start with `HTTP/1.`, a line ends in a bare LF, or it is too long.
public func responseHeadEnd(
    _ window: ByteWindow,
    scannedFrom: Int
) throws(WireError) -> Int? {
    let known = min(window.count, 7)
    let mask: UInt64 = (1 &<< UInt64(truncatingIfNeeded: known &* 8)) &- 1
    guard window.word(at: 0, count: known) == asciiWord("HTTP/1.") & mask else {
        throw .badStatusLine
    }
    if let end = window.headEnd(from: scannedFrom) {
        if end > Limits.headBytesMax { throw .headTooLong }
        return end
    }
    try refuseBareLineFeed(window, scannedFrom: scannedFrom)
    if window.count >= Limits.headBytesMax { throw .headTooLong }
    return nil
}

/// A line that ends in LF alone is refused at once: waiting for CRLF CRLF would tie a client that
/// sends LF LF until its deadline, and recipients differ about where such a head ends.
private func refuseBareLineFeed(_ window: ByteWindow, scannedFrom: Int) throws(WireError) {
    var at = min(scannedFrom, window.count)
    while let found = window.firstIndex(of: ASCII.lf, from: at) {
        if found == 0 || window[found &- 1] != ASCII.cr { throw .badLineEnding }
        at = found &+ 1
    }
}

/// The bytes that give HTTP/1.1 its form.
enum ASCII {
    static var tab: UInt8 { 0x09 }
    static var lf: UInt8 { 0x0a }
    static var cr: UInt8 { 0x0d }
    static var space: UInt8 { 0x20 }
    static var quote: UInt8 { 0x22 }
    static var comma: UInt8 { 0x2c }
    static var dot: UInt8 { 0x2e }
    static var slash: UInt8 { 0x2f }
    static var colon: UInt8 { 0x3a }
    static var semicolon: UInt8 { 0x3b }
    static var equals: UInt8 { 0x3d }
    static var question: UInt8 { 0x3f }
    static var backslash: UInt8 { 0x5c }

    /// SP or HTAB: the white space that may stand around a field value (RFC 9110 5.6.3).
    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == self.space || byte == self.tab }
}
