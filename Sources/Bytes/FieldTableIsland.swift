// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: `count <= capacity`, and all slots are initialised.

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
    @inlinable @inline(__always)
    public init(
        nameStart: Int,
        nameLength: Int,
        valueStart: Int,
        valueLength: Int,
        lineEnd: Int,
        name: HeaderName
    ) {
        // One check for all: the sum of bits is small only when each number is.
        precondition(
            (nameStart | nameLength | valueStart | valueLength | lineEnd) &>> 16 == 0,
            "a head is shorter than 64 KiB"
        )
        self.nameStart = UInt16(truncatingIfNeeded: nameStart)
        self.nameLength = UInt16(truncatingIfNeeded: nameLength)
        self.valueStart = UInt16(truncatingIfNeeded: valueStart)
        self.valueLength = UInt16(truncatingIfNeeded: valueLength)
        self.lineEnd = UInt16(truncatingIfNeeded: lineEnd)
        self.name = name
    }
}

/// The fields of the head in work, in order; a worker has one for requests and one for answers.
///
/// Reserved once with room for its capacity; offsets point into the head's window.
@safe
public struct FieldTable: ~Copyable {
    @unsafe private let slots: UnsafeMutablePointer<FieldSlot>
    /// Fields in the table.
    public private(set) var count = 0

    private let capacity: Int

    /// An empty table for so many fields: those of a peer's head, if nothing else is said.
    public init(capacity: Int = Limits.headerFieldsMax) {
        self.capacity = capacity
        // SAFETY: freed once, in deinit; the table cannot be copied.
        unsafe self.slots = .allocate(capacity: capacity)
        unsafe self.slots.initialize(
            repeating: FieldSlot(
                nameStart: 0,
                nameLength: 0,
                valueStart: 0,
                valueLength: 0,
                lineEnd: 0,
                name: .other
            ),
            count: capacity
        )
    }

    deinit { unsafe self.slots.deallocate() }

    /// Empties the table.
    public mutating func removeAll() { self.count = 0 }

    /// Appends a field; `false` when the table is full.
    public mutating func append(_ slot: FieldSlot) -> Bool {
        guard self.count < self.capacity else { return false }
        // SAFETY: count is below the capacity.
        unsafe self.slots[self.count] = slot
        self.count &+= 1
        return true
    }

    /// The field at `index`.
    public subscript(index: Int) -> FieldSlot {
        get {
            precondition(index >= 0 && index < self.count, "no such field")
            // SAFETY: index was checked against count.
            return unsafe self.slots[index]
        }
        set {
            precondition(index >= 0 && index < self.count, "no such field")
            // SAFETY: index was checked against count.
            unsafe self.slots[index] = newValue
        }
    }

    /// Index of the first field with this name, else `nil`.
    public func firstIndex(of name: HeaderName) -> Int? {
        for index in 0..<self.count {
            // SAFETY: index is below count.
            if unsafe self.slots[index].name == name { return index }
        }
        return nil
    }
}
