// SPDX-License-Identifier: Apache-2.0
import Bytes

/// An authority taken apart: how long its host is and which port it names.
struct Authority: BitwiseCopyable {
    /// Bytes of the host, brackets of an IPv6 address included.
    var hostLength: Int
    /// The port; 80 when it is left out or empty (RFC 9110 4.2.1).
    var port: UInt32
}

/// Checks `host [":" port]` (RFC 9110 7.2): throws `badHost` for everything else.
///
/// Narrower than RFC 3986's reg-name on purpose: letters, digits, `-`, `.`, `_`, `~`, no empty
/// label but a last one. Percent-encoding and sub-delimiters name no host that DNS knows, and a
/// comma, an `@` or a `/` in Host is how one message is made to mean two places.
func parseAuthority(_ value: ByteWindow) throws(WireError) -> Authority {
    guard !value.isEmpty else { throw .badHost }
    let hostLength = try value[0] == 0x5b ? bracketLength(value) : nameLength(value)
    guard hostLength > 0 && hostLength <= Limits.hostBytesMax else { throw .badHost }
    var port: UInt32 = 0
    guard hostLength < value.count else { return Authority(hostLength: hostLength, port: 80) }
    let digits = value.count &- hostLength &- 1
    guard value[hostLength] == ASCII.colon && digits <= 5 else { throw .badHost }
    for index in hostLength &+ 1..<value.count {
        let digit = value[index] &- 0x30
        guard digit < 10 else { throw .badHost }
        port = port &* 10 &+ UInt32(digit)
    }
    guard port <= 65_535 else { throw .badHost }
    return Authority(hostLength: hostLength, port: digits == 0 ? 80 : port)
}

/// Whether two authorities name the same place: letters folded, a missing port read as 80.
func isSameAuthority(_ one: ByteWindow, _ other: ByteWindow) throws(WireError) -> Bool {
    let first = try parseAuthority(one)
    let second = try parseAuthority(other)
    guard first.hostLength == second.hostLength && first.port == second.port else { return false }
    for index in 0..<first.hostLength
    where asciiLowercased(one[index]) != asciiLowercased(other[index]) {
        return false
    }
    return true
}

/// Bytes of a name or IPv4 address up to the end or the colon.
private func nameLength(_ value: ByteWindow) throws(WireError) -> Int {
    var previous = ASCII.dot
    for at in 0..<value.count {
        let byte = value[at]
        if !isLabelByte(byte) {
            if byte == ASCII.colon { return at }
            // A dot at the start or behind a dot leaves a label empty.
            guard byte == ASCII.dot && previous != ASCII.dot else { throw .badHost }
        }
        previous = byte
    }
    return value.count
}

/// Whether the byte is a letter, a digit, `-`, `_` or `~`.
@inline(__always)
private func isLabelByte(_ byte: UInt8) -> Bool {
    // Bit n of the words stands for byte n.
    let word: UInt64 = byte < 64 ? 0x03ff_2000_0000_0000 : 0x47ff_fffe_87ff_fffe
    return byte < 128 && word &>> UInt64(byte & 63) & 1 == 1
}

/// Bytes of `[` IPv6 address `]`; zone identifiers and future address forms are refused.
private func bracketLength(_ value: ByteWindow) throws(WireError) -> Int {
    guard let close = value.firstIndex(of: 0x5d) else { throw .badHost }
    guard isIPv6(value.slice(1, close &- 1)) else { throw .badHost }
    return close &+ 1
}

/// Whether the bytes are an IPv6 address (RFC 3986 3.2.2).
private func isIPv6(_ text: ByteWindow) -> Bool {
    var groups = 0
    var isShortened = false
    var at = 0
    if text.count >= 2 && text[0] == ASCII.colon {
        guard text[1] == ASCII.colon else { return false }
        isShortened = true
        at = 2
    }
    while at < text.count {
        let start = at
        while at < text.count && isHexDigit(text[at]) { at &+= 1 }
        if at < text.count && text[at] == ASCII.dot {
            guard isIPv4(text.slice(start, text.count &- start)) else { return false }
            groups &+= 2
            break
        }
        guard at > start && at &- start <= 4 else { return false }
        groups &+= 1
        guard at < text.count else { break }
        guard text[at] == ASCII.colon && at &+ 1 < text.count else { return false }
        at &+= 1
        if text[at] == ASCII.colon {
            if isShortened { return false }
            isShortened = true
            at &+= 1
        }
    }
    return isShortened ? groups <= 7 : groups == 8
}

/// Whether the bytes are four decimal octets without leading zeros.
private func isIPv4(_ text: ByteWindow) -> Bool {
    var octets = 0
    var at = 0
    while octets < 4 {
        let start = at
        var number = 0
        while at < text.count && text[at] &- 0x30 < 10 && at &- start < 3 {
            number = number &* 10 &+ Int(text[at] &- 0x30)
            at &+= 1
        }
        guard at > start && number <= 255 && (text[start] != 0x30 || at == start &+ 1) else {
            return false
        }
        octets &+= 1
        if octets < 4 {
            guard at < text.count && text[at] == ASCII.dot else { return false }
            at &+= 1
        }
    }
    return at == text.count
}

private func isHexDigit(_ byte: UInt8) -> Bool {
    byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6
}
