// SPDX-License-Identifier: Apache-2.0

import Bytes

/// One JSON text (RFC 8259) as it was received, and a flat index of its values.
///
/// Nothing is converted: numbers and strings stay the bytes they are, duplicate keys stay members,
/// and every value knows its bytes. So two texts can be compared exactly. Plaintext of records:
/// made, compared and dropped in memory.
public struct JSONTree: Sendable {
    /// The text, as received.
    public let bytes: [UInt8]
    /// Its values in reading order; the first one is the value of the whole text.
    public let nodes: [JSONNode]
    /// Whether it begins with a byte order mark.
    ///
    /// RFC 8259 8.1 forbids to send one and allows to ignore it: the text is read, and the mark is
    /// a difference in form.
    public let hasByteOrderMark: Bool

    /// Reads `bytes` strictly, within `limits`.
    ///
    /// Beyond the grammar nothing is refused but bytes that are no UTF-8 (RFC 8259 8.1). Lone
    /// surrogates in `\u` escapes are in the grammar and compare as themselves.
    public init(
        parsing bytes: [UInt8],
        limits: JSONTextLimits = JSONTextLimits()
    ) throws(JSONTextError) {
        var reader = JSONReader(limits: limits, count: bytes.count)
        let failure = withWindow(bytes) { window -> JSONTextError? in
            do throws(JSONTextError) {
                try reader.read(window)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        self.bytes = bytes
        self.nodes = reader.nodes
        self.hasByteOrderMark = reader.hasByteOrderMark
    }

    /// The bytes of a value, as they were written.
    public func lexeme(_ node: Int) -> ArraySlice<UInt8> {
        self.bytes[Int(self.nodes[node].start)..<Int(self.nodes[node].end)]
    }

    /// The key of a member, escapes resolved, as UTF-8 (lone surrogates in three bytes each);
    /// `nil` for what is no member.
    public func key(_ node: Int) -> [UInt8]? {
        let here = self.nodes[node]
        guard here.isMember else { return nil }
        return withWindow(self.bytes) { decodedKey($0, here) }
    }

    /// The text of a string, escapes resolved, as UTF-8 (lone surrogates in three bytes each);
    /// `nil` for what is no string.
    public func text(_ node: Int) -> [UInt8]? {
        let here = self.nodes[node]
        guard here.kind == .string else { return nil }
        return withWindow(self.bytes) { decodedText($0, here) }
    }

    /// The nodes of a container's items or members, in order.
    public func children(_ node: Int) -> [Int] {
        var found: [Int] = []
        let end = Int(self.nodes[node].next)
        var child = node + 1
        while child < end {
            found.append(child)
            child = Int(self.nodes[child].next)
        }
        return found
    }

    /// The last member with this key, as most readers would take it; `nil`: none.
    public func member(_ node: Int, _ key: String) -> Int? {
        guard self.nodes[node].kind == .object else { return nil }
        let wanted = Array(key.utf8)
        return self.children(node).last { self.key($0) == wanted }
    }
}

/// How much of a JSON text is read before it is given up as unreadable.
public struct JSONTextLimits: Hashable, Sendable {
    /// Bytes in all.
    public var bytesMax = Limits.parityJSONBytesMax
    /// Values in all.
    public var valuesMax = Limits.parityJSONValuesMax
    /// Levels of nesting; at most `Limits.parityJSONDepthMax`, which bounds the comparer's stack.
    public var depthMax = Limits.parityJSONDepthMax

    /// The defaults of `Limits`.
    public init() {}
}
