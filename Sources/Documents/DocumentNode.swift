// SPDX-License-Identifier: Apache-2.0

/// A place in a text: line and column count from 1, columns in Unicode scalars.
public struct SourcePosition: Hashable, Sendable, Comparable {
    /// Line, from 1.
    public var line: Int
    /// Column in Unicode scalars, from 1.
    public var column: Int

    /// A place from its two numbers.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Reading order.
    public static func < (a: SourcePosition, b: SourcePosition) -> Bool {
        (a.line, a.column) < (b.line, b.column)
    }
}

/// A value of a JSON or YAML document together with where it stands.
public struct DocumentNode: Hashable, Sendable {
    /// What stands there.
    public var value: DocumentValue
    /// Its first character.
    public var position: SourcePosition
    /// Its length in scalars when it ends on the same line, else 1: for underlining.
    public var length: Int

    /// A node from its parts.
    public init(_ value: DocumentValue, at position: SourcePosition, length: Int = 1) {
        self.value = value
        self.position = position
        self.length = length
    }
}

/// What a document can hold.
///
/// Numbers keep their lexeme: `1.0` and `1.00` are not the same text.
public indirect enum DocumentValue: Hashable, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number as it was written.
    case number(String)
    /// A text, escapes resolved.
    case string(String)
    /// A list in order.
    case array([DocumentNode])
    /// Members in order of appearance; the parser has refused duplicate keys unless told otherwise.
    case object([DocumentMember])
}

/// One `key: value` of an object.
public struct DocumentMember: Hashable, Sendable {
    /// The key, escapes resolved.
    public var key: String
    /// Where the key stands.
    public var keyPosition: SourcePosition
    /// What it names.
    public var node: DocumentNode

    /// A member from its parts.
    public init(key: String, keyPosition: SourcePosition, node: DocumentNode) {
        self.key = key
        self.keyPosition = keyPosition
        self.node = node
    }
}
