// SPDX-License-Identifier: Apache-2.0

import Bytes

/// A content coding of HTTP (RFC 9110 8.4.1, RFC 7932, RFC 8878).
public enum ContentCoding: String, Sendable, Hashable, CaseIterable {
    /// RFC 1952, one member or several.
    case gzip
    /// RFC 1950; raw RFC 1951 is taken too, because servers send it.
    case deflate
    /// RFC 7932.
    case br
    /// RFC 8878, one frame or several.
    case zstd

    /// The codings of a `Content-Encoding` value in the order in which they were applied.
    ///
    /// `identity` and empty members of the list are left out; several fields are joined by commas
    /// first (RFC 9110 5.3).
    ///
    /// - Throws: ``DecodeError/unknownCoding``, ``DecodeError/tooManyCodings``.
    public static func list(_ contentEncoding: String) throws(DecodeError) -> [ContentCoding] {
        var codings: [ContentCoding] = []
        for part in contentEncoding.utf8.split(separator: UInt8(ascii: ",")) {
            let name = token(part)
            if name.isEmpty || name == "identity" { continue }
            switch name {
            case "gzip", "x-gzip": codings.append(.gzip)
            case "deflate": codings.append(.deflate)
            case "br": codings.append(.br)
            case "zstd": codings.append(.zstd)
            default: throw .unknownCoding
            }
            if codings.count > Limits.contentCodingsMax { throw .tooManyCodings }
        }
        return codings
    }

    /// In lower case, spaces and tabs at both ends removed.
    private static func token(_ bytes: Substring.UTF8View) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var rest = bytes.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        let lowered = rest.map { (65...90).contains($0) ? $0 + 32 : $0 }
        return String(decoding: lowered, as: UTF8.self)
    }
}
