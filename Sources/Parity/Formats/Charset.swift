// SPDX-License-Identifier: Apache-2.0

/// A charset that bodies are read in.
///
/// Few on purpose: what is not here is compared as bytes, and no table of a C library is asked for
/// a hostile answer's sake.
public enum Charset: Sendable, Hashable, CaseIterable {
    /// RFC 3629; US-ASCII is part of it.
    case utf8
    /// ISO 8859-1, and what the web makes of it: windows-1252.
    case windows1252
    /// RFC 2781, most significant byte first.
    case utf16BigEndian
    /// RFC 2781, least significant byte first.
    case utf16LittleEndian

    /// The charset of this name (any case), or `nil`.
    ///
    /// `utf-16` without a byte order mark is big endian (RFC 2781 4.3).
    public init?(name: String) {
        switch asciiLowercased(name) {
        case "utf-8", "utf8", "us-ascii", "ascii": self = .utf8
        case "iso-8859-1", "iso8859-1", "latin1", "windows-1252", "cp1252":
            self = .windows1252
        case "utf-16", "utf-16be": self = .utf16BigEndian
        case "utf-16le": self = .utf16LittleEndian
        default: return nil
        }
    }

    /// The charset that a byte order mark names, and the mark's length; `nil`: there is none.
    public static func byteOrderMark(of bytes: [UInt8]) -> (charset: Charset, count: Int)? {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return (.utf8, 3) }
        if bytes.starts(with: [0xFE, 0xFF]) { return (.utf16BigEndian, 2) }
        if bytes.starts(with: [0xFF, 0xFE]) { return (.utf16LittleEndian, 2) }
        return nil
    }

    /// `bytes` as UTF-8, or `nil` when they are not of this charset.
    public func utf8(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        switch self {
        case .utf8: return String(validating: bytes, as: UTF8.self).map { Array($0.utf8) }
        case .windows1252:
            var text: [UInt8] = []
            text.reserveCapacity(bytes.count)
            for byte in bytes {
                if byte < 0x80 {
                    text.append(byte)
                } else {
                    let code = byte < 0xA0 ? windowsCodes[Int(byte) - 0x80] : UInt16(byte)
                    guard let scalar = Unicode.Scalar(code) else { return nil }
                    text += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
                }
            }
            return text
        case .utf16BigEndian, .utf16LittleEndian:
            guard bytes.count.isMultiple(of: 2) else { return nil }
            let isBig = self == .utf16BigEndian
            var units: [UInt16] = []
            units.reserveCapacity(bytes.count / 2)
            for index in stride(from: bytes.startIndex, to: bytes.endIndex, by: 2) {
                let first = UInt16(bytes[index])
                let second = UInt16(bytes[index + 1])
                units.append(isBig ? first << 8 | second : second << 8 | first)
            }
            return String(validating: units, as: UTF16.self).map { Array($0.utf8) }
        }
    }
}

/// `bytes` as UTF-8 without a byte order mark; the mark wins over `name` (WHATWG Encoding 6).
///
/// Without either they are UTF-8. `nil`: the charset is unknown, or the bytes are not of it.
public func utf8Text(_ bytes: [UInt8], charset name: String?) -> [UInt8]? {
    if let mark = Charset.byteOrderMark(of: bytes) {
        return mark.charset.utf8(bytes[mark.count...])
    }
    guard let name else { return Charset.utf8.utf8(bytes[...]) }
    return Charset(name: name)?.utf8(bytes[...])
}

/// A text with the letters A to Z in lower case, others as they are.
func asciiLowercased(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 &- 65 < 26 }) else { return text }
    return String(decoding: text.utf8.map { $0 &- 65 < 26 ? $0 + 32 : $0 }, as: UTF8.self)
}

/// What windows-1252 has at 0x80...0x9F; the five that are free stand for themselves (WHATWG).
private let windowsCodes: [UInt16] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
    0x0152, 0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
]
