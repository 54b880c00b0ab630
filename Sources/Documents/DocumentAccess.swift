// SPDX-License-Identifier: Apache-2.0

extension DocumentNode {
    /// The members of an object; `nil` for anything else.
    public var members: [DocumentMember]? { self.value.members }

    /// The items of a list; `nil` for anything else.
    public var items: [DocumentNode]? { self.value.items }

    /// The text of a string; `nil` for anything else.
    public var text: String? { self.value.text }

    /// The value of `true` or `false`; `nil` for anything else.
    public var bool: Bool? { self.value.bool }

    /// The number when it is integral and fits, `10.0` and `1e1` included; `nil` for anything else.
    public var integer: Int? { self.value.integer }

    /// The number as binary64, when it is finite; `nil` for anything else.
    public var double: Double? { self.value.double }

    /// Whether it is `null`.
    public var isNull: Bool { self.value == .null }

    /// The member with this key; `nil` when there is none or this is no object.
    public func member(named key: String) -> DocumentMember? { self.value.member(named: key) }

    /// The node under this key; `nil` when there is none or this is no object.
    public subscript(_ key: String) -> DocumentNode? { self.value.member(named: key)?.node }
}

extension DocumentMember {
    /// Scalars of the key with its quotes, for underlining a JSON key.
    public var keyLength: Int { self.key.unicodeScalars.count + 2 }
}

extension DocumentValue {
    /// The members of an object; `nil` for anything else.
    public var members: [DocumentMember]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// The items of a list; `nil` for anything else.
    public var items: [DocumentNode]? {
        guard case .array(let items) = self else { return nil }
        return items
    }

    /// The text of a string; `nil` for anything else.
    public var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The value of `true` or `false`; `nil` for anything else.
    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The number when it is integral and fits, `10.0` and `1e1` included; `nil` for anything else.
    public var integer: Int? {
        guard case .number(let lexeme) = self else { return nil }
        if let integer = Int(lexeme) { return integer }
        guard let number = Double(lexeme), number.magnitude < 0x1p53 else { return nil }
        return Int(exactly: number)
    }

    /// The number as binary64, when it is finite; `nil` for anything else.
    public var double: Double? {
        guard case .number(let lexeme) = self, let number = Double(lexeme), number.isFinite else {
            return nil
        }
        return number
    }

    /// The member with this key; `nil` when there is none or this is no object.
    public func member(named key: String) -> DocumentMember? {
        self.members?.first { $0.key == key }
    }

    /// The value under this key; `nil` when there is none or this is no object.
    public subscript(_ key: String) -> DocumentValue? { self.member(named: key)?.node.value }

    /// What it is, for messages: `a string`, `an object`.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
