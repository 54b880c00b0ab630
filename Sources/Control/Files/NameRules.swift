// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration

/// Which words can be names of what; pure checks, the messages are the callers'.
enum NameRules {
    /// Names of documents and tenants: `[a-z0-9][a-z0-9._-]{0,62}`.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 63 else { return false }
        return isLowerAlphanumeric(first)
            && text.utf8.allSatisfy {
                isLowerAlphanumeric($0) || $0 == 0x2e || $0 == 0x5f || $0 == 0x2d
            }
    }

    /// Keys of flags: as flagd takes them, without white space and slashes, which cells use.
    static func isFlagKey(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 128
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x2f && $0 != 0x2a }
    }

    /// A token of RFC 9110 5.6.2: methods, field names, cookie names.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 128
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e...0x60, 0x7c, 0x7e: true
                default: false
                }
            }
    }

    /// A field value of RFC 9110 5.5 without white space at its ends.
    static func isFieldValue(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else { return false }
        return bytes.first.map { $0 > 0x20 } ?? true && bytes.last.map { $0 > 0x20 } ?? true
    }

    /// A DNS name or IPv4 address in lower case, no port.
    static func isHost(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 253 else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last else { return false }
            return label.utf8.count <= 63 && first != 0x2d && last != 0x2d
                && label.utf8.allSatisfy { isLowerAlphanumeric($0) || $0 == 0x2d || $0 == 0x5f }
        }
    }

    /// A host, or `*.` and a suffix (HTTPRoute's `hostnames`).
    static func isHostPattern(_ text: String) -> Bool {
        self.isHost(text.hasPrefix("*.") ? String(text.dropFirst(2)) : text)
    }

    /// `host:port`, `[::1]:port`; `nil`: neither.
    static func endpoint(_ text: String) -> EndpointModel? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), port <= 65_535
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard host.contains(":"), self.address(host)?.count == 16 else { return nil }
            return EndpointModel(host: host, port: port)
        }
        guard self.isHost(host.lowercased()) else { return nil }
        var endpoint = EndpointModel(host: host.lowercased(), port: port)
        endpoint.isName = self.address(host) == nil
        return endpoint
    }

    /// `10.0.0.0/8`, `::1/128`, or one address; `nil`: neither, or bits beyond the prefix are set.
    static func addressBlock(_ text: String) -> AddressBlock? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, var bytes = self.address(String(parts[0])) else { return nil }
        let isIPv4 = bytes.count == 4
        var bits = isIPv4 ? 32 : 128
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), let written = Int(parts[1]),
                written >= 0, written <= bits
            else { return nil }
            bits = written
        }
        if isIPv4 {
            bytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] + bytes
            bits += 96
        }
        for bit in bits..<128 where bytes[bit / 8] & (0x80 >> UInt8(bit % 8)) != 0 { return nil }
        return AddressBlock(bytes: bytes, prefixBits: bits)
    }

    /// The 4 or 16 bytes of an address in text form.
    static func address(_ text: String) -> [UInt8]? {
        if text.contains(":") { return self.address6(text) }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.utf8.count), part == "0" || !part.hasPrefix("0"),
                part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// RFC 4291 2.2, forms 1 to 3.
    private static func address6(_ text: String) -> [UInt8]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return nil }
        func groups(_ half: Substring) -> [UInt8]? {
            guard !half.isEmpty else { return [] }
            var bytes: [UInt8] = []
            let parts = half.split(separator: ":", omittingEmptySubsequences: false)
            for (index, part) in parts.enumerated() {
                if part.contains("."), index == parts.count - 1, let tail = address(String(part)) {
                    bytes += tail
                    continue
                }
                guard (1...4).contains(part.utf8.count), let group = UInt16(part, radix: 16),
                    part.utf8.first != 0x2b
                else { return nil }
                bytes += [UInt8(group >> 8), UInt8(group & 0xff)]
            }
            return bytes
        }
        guard let head = groups(halves[0]) else { return nil }
        guard halves.count == 2 else { return head.count == 16 ? head : nil }
        guard let tail = groups(halves[1]), head.count + tail.count <= 14 else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte)
    }
}

extension NameRules {
    /// A method: a token in upper case (RFC 9110 9.1: methods are case-sensitive).
    static func isMethod(_ text: String) -> Bool {
        self.isToken(text) && text.utf8.count <= 32
            && !text.utf8.contains { (0x61...0x7a).contains($0) }
    }
}

extension PathTemplateError {
    /// What the writer of a template should do.
    var advice: String {
        switch self {
        case .notAbsolute: "a path begins with `/`"
        case .badBraces(let segment): "the braces of `\(segment)` do not match"
        case .partOfSegment(let segment):
            "`\(segment)`: a variable takes a whole segment"
        case .badName(let name): "`\(name)`: names are letters, digits and `_`"
        case .repeatedName(let name): "`\(name)` stands twice"
        case .restNotLast(let name): "`{\(name)...}` takes the rest: it must come last"
        case .tooManyVariables: "at most \(Limits.templateVariablesMax) variables"
        case .tooManySegments: "at most \(Limits.pathSegmentsMax) segments"
        case .notCanonical(let segment):
            segment.isEmpty
                ? "an empty segment: `//` is in no canonical path"
                : "`\(segment)` is in no canonical path: encode it, leave dots out"
        case .unboundVariable(let name): "the match does not bind `\(name)`"
        case .notInvertible(let name): "`\(name)` is not used, so the way back is lost"
        case .loops: "it leads to its own match"
        case .openRedirect: "its first segment must be fixed"
        }
    }
}
