// SPDX-License-Identifier: Apache-2.0

/// What a JSON value is.
public enum JSONKind: UInt8, Hashable, Sendable, BitwiseCopyable, CaseIterable {
    /// `null`
    case null
    /// `true` or `false`
    case bool
    /// A number, as it was written.
    case number
    /// A text, as it was written, quotes included.
    case string
    /// A list.
    case array
    /// Members in order of appearance, duplicates included.
    case object
}

/// One value of a ``JSONText``: where it stands, and how far its subtree reaches.
///
/// Nodes lie in one flat array in reading order, so a subtree is a run of nodes and its lexeme a
/// run of bytes. A member's key belongs to the node of its value. Plain data: no node allocates.
public struct JSONNode: BitwiseCopyable, Sendable {
    /// First byte of the value.
    public internal(set) var start: UInt32
    /// Behind its last byte.
    public internal(set) var end: UInt32
    /// Index of the node behind this one's subtree.
    public internal(set) var next: UInt32
    /// First byte of the key, its quote included; equal to ``keyEnd`` when this is no member.
    public internal(set) var keyStart: UInt32
    /// Behind the key's closing quote.
    public internal(set) var keyEnd: UInt32
    /// Hash of the decoded key, for this process only.
    var keyHash: UInt32
    /// Items or members.
    public internal(set) var count: UInt32
    /// What it is.
    public internal(set) var kind: JSONKind
    /// What a reader has to know before it takes the bytes as they are.
    var flags: UInt8

    static let hasEscapes: UInt8 = 1
    static let keyHasEscapes: UInt8 = 2
    static let hasDuplicateKeys: UInt8 = 4

    /// Whether two members of this object have the same key, escapes resolved.
    public var hasDuplicateKeys: Bool { self.flags & Self.hasDuplicateKeys != 0 }

    /// Whether this is a member of an object.
    public var isMember: Bool { self.keyEnd != self.keyStart }
}
