// SPDX-License-Identifier: Apache-2.0

/// One header field of a head: where its name and value stand, and its name's token.
public struct FieldSlot: BitwiseCopyable, Sendable {
    /// First byte of the name, from the head's first byte.
    public var nameStart: UInt16
    /// Bytes of the name.
    public var nameLength: UInt16
    /// First byte of the value, white space around it left out.
    public var valueStart: UInt16
    /// Bytes of the value.
    public var valueLength: UInt16
    /// One behind the field's line, its CRLF included.
    public var lineEnd: UInt16
    /// The name, when it is one that Banyan treats.
    public var name: HeaderName
    /// Whether the field ends here and is never forwarded: a hop-by-hop field (RFC 9110 7.6.1), or
    /// one that a Connection option names, or one that only a proxy may set in this place.
    public var isHopByHop = false

    /// A field from its parts.
    public init(
        nameStart: Int, nameLength: Int, valueStart: Int, valueLength: Int, lineEnd: Int,
        name: HeaderName
    ) {
        self.nameStart = UInt16(nameStart)
        self.nameLength = UInt16(nameLength)
        self.valueStart = UInt16(valueStart)
        self.valueLength = UInt16(valueLength)
        self.lineEnd = UInt16(lineEnd)
        self.name = name
    }
}

/// The fields of the head in work, in order; a worker has one for requests and one for answers.
///
/// Reserved once with room for `Limits.headerFieldsMax`; offsets point into the head's window.
public struct FieldTable: ~Copyable {
    private var slots: [FieldSlot]
    /// Fields in the table.
    public private(set) var count = 0

    /// An empty table.
    public init() {
        self.slots = Array(
            repeating: FieldSlot(
                nameStart: 0, nameLength: 0, valueStart: 0, valueLength: 0, lineEnd: 0,
                name: .other),
            count: Limits.headerFieldsMax)
    }

    /// Empties the table.
    public mutating func removeAll() { self.count = 0 }

    /// Appends a field; `false` when the table is full.
    public mutating func append(_ slot: FieldSlot) -> Bool {
        guard self.count < self.slots.count else { return false }
        self.slots[self.count] = slot
        self.count &+= 1
        return true
    }

    /// The field at `index`.
    public subscript(index: Int) -> FieldSlot {
        get {
            precondition(index < self.count, "field \(index) of \(self.count)")
            return self.slots[index]
        }
        set {
            precondition(index < self.count, "field \(index) of \(self.count)")
            self.slots[index] = newValue
        }
    }

    /// Index of the first field with this name, else `nil`.
    public func firstIndex(of name: HeaderName) -> Int? {
        for index in 0..<self.count where self.slots[index].name == name { return index }
        return nil
    }
}
