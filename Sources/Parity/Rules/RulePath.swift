// SPDX-License-Identifier: Apache-2.0

/// A pointer pattern, taken apart.
///
/// `/entry/*/resource/id`: an RFC 6901 pointer whose segment `*` is any one key or index and whose
/// segment `**` is any number of them, none included. A pattern may start with a place outside
/// JSON:
/// `header:etag`, `cookie:care_user`, `part:meta/id`. The empty pattern is the whole text.
struct RulePath: Hashable, Sendable {
    enum Segment: Hashable, Sendable {
        case literal([UInt8])
        case any
        case anyDepth
    }

    let segments: [Segment]

    /// Takes a pattern apart; `nil` when it is none.
    init?(_ text: String, segmentsMax: Int) {
        var segments: [Segment] = []
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else {
            self.segments = []
            return
        }
        let isPointer = bytes[0] == UInt8(ascii: "/")
        guard isPointer || Self.isPlace(text) else { return nil }
        let body = isPointer ? bytes.dropFirst() : bytes[...]
        for part in body.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if part.elementsEqual("*".utf8) {
                segments.append(.any)
            } else if part.elementsEqual("**".utf8) {
                if segments.last != .anyDepth { segments.append(.anyDepth) }
            } else if let literal = Self.unescaped(part) {
                segments.append(.literal(literal))
            } else {
                return nil
            }
        }
        guard segments.count <= segmentsMax else { return nil }
        self.segments = segments
    }

    /// Names that stand for something outside a JSON text.
    private static func isPlace(_ text: String) -> Bool {
        text == "status"
            || ["header:", "cookie:", "part:"].contains {
                text.hasPrefix($0) && text.utf8.count > $0.utf8.count
            }
    }

    /// RFC 6901 4: `~1` is `/`, `~0` is `~`, and no other `~` is allowed.
    private static func unescaped(_ part: ArraySlice<UInt8>) -> [UInt8]? {
        var literal: [UInt8] = []
        var index = part.startIndex
        while index < part.endIndex {
            if part[index] == UInt8(ascii: "~") {
                guard index + 1 < part.endIndex else { return nil }
                switch part[index + 1] {
                case UInt8(ascii: "0"): literal.append(UInt8(ascii: "~"))
                case UInt8(ascii: "1"): literal.append(UInt8(ascii: "/"))
                default: return nil
                }
                index += 2
            } else {
                literal.append(part[index])
                index += 1
            }
        }
        return literal
    }

    /// How exactly it names a place: more literal segments first, then fewer `**`, then fewer `*`.
    func isMoreLiteral(than other: RulePath) -> Bool {
        self.rank.lexicographicallyPrecedes(other.rank)
    }

    private var rank: [Int] {
        var literals = 0
        var depths = 0
        var wildcards = 0
        for segment in self.segments {
            switch segment {
            case .literal: literals += 1
            case .any: wildcards += 1
            case .anyDepth: depths += 1
            }
        }
        return [-literals, depths, wildcards]
    }
}
