// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: `position <= capacity`, and every append checks the room that is left.

public import Glibc

/// Appends bytes to memory that somebody else keeps alive; never writes past its end.
///
/// An append that does not fit writes nothing and sets ``overflowed``: check it once at the end.
@safe
public struct ByteWriter: ~Copyable {
    @usableFromInline @unsafe let base: UnsafeMutablePointer<UInt8>
    @usableFromInline var cursor: Int
    @usableFromInline var hasOverflowed = false
    /// One behind the last byte that may be written.
    public let capacity: Int

    /// Where the next byte goes.
    @inlinable public var position: Int { self.cursor }

    /// Whether an append did not fit.
    @inlinable public var overflowed: Bool { self.hasOverflowed }

    /// A writer on [`position`, `capacity`) of the memory at `base`.
    @unsafe public init(base: UnsafeMutablePointer<UInt8>, position: Int, capacity: Int) {
        precondition(position >= 0 && position <= capacity, "\(position) of \(capacity)")
        unsafe self.base = base
        self.cursor = position
        self.capacity = capacity
    }

    /// Bytes that still fit.
    @inlinable public var room: Int { self.capacity &- self.cursor }

    /// Takes a failed attempt back: the writer stands at `position` again, with no overflow.
    public mutating func rewind(to position: Int) {
        precondition(position >= 0 && position <= self.cursor, "\(position)")
        self.cursor = position
        self.hasOverflowed = false
    }

    /// Hands the free memory to `body`, which says how many bytes it has written there.
    @unsafe
    public mutating func fill(_ body: (UnsafeMutablePointer<UInt8>, Int) -> Int) {
        // SAFETY: the memory from the cursor on has `room` bytes.
        let written = unsafe body(self.base + self.cursor, self.room)
        precondition(written >= 0 && written <= self.room, "\(written) of \(self.room)")
        self.cursor &+= written
    }

    /// Appends one byte.
    @inlinable public mutating func append(_ byte: UInt8) {
        guard self.cursor < self.capacity else {
            self.hasOverflowed = true
            return
        }
        // SAFETY: position < capacity.
        unsafe self.base[self.cursor] = byte
        self.cursor &+= 1
    }

    /// Appends all bytes of a window.
    public mutating func append(_ window: ByteWindow) {
        guard window.count <= self.room else {
            self.hasOverflowed = true
            return
        }
        // SAFETY: the room was checked; source and target may overlap only in the same block.
        unsafe memmove(self.base + self.cursor, window.base, window.count)
        self.cursor &+= window.count
    }

    /// Appends an ASCII literal.
    ///
    /// Inlined, so that the length is a constant and the copy a few moves: a head is made of some
    /// fifty literals, and a call each was a fifth of Banyan's own time (callgrind, plain
    /// proxying).
    @inlinable @inline(__always)
    public mutating func append(_ literal: StaticString) {
        let count = literal.utf8CodeUnitCount
        guard count <= self.room else {
            self.hasOverflowed = true
            return
        }
        // SAFETY: the room was checked, and a literal never lies in a block.
        unsafe memcpy(self.base + self.cursor, literal.utf8Start, count)
        self.cursor &+= count
    }

    /// Appends the first `count` bytes of a fixed array.
    @inlinable
    public mutating func append<let size: Int>(_ bytes: InlineArray<size, UInt8>, count: Int) {
        precondition(count >= 0 && count <= size, "more bytes than the array has")
        guard count <= self.room else {
            self.hasOverflowed = true
            return
        }
        let target = unsafe self.base + self.cursor
        // SAFETY: the room was checked, and `count` bytes of the array exist.
        _ = unsafe withUnsafePointer(to: bytes) { unsafe memcpy(target, $0, count) }
        self.cursor &+= count
    }

    /// Appends a number in decimal.
    public mutating func append(decimal number: UInt64) {
        var digits = 1
        var bound = number / 10
        while bound > 0 {
            digits &+= 1
            bound /= 10
        }
        guard digits <= self.room else {
            self.hasOverflowed = true
            return
        }
        var rest = number
        var at = self.cursor &+ digits
        repeat {
            at &-= 1
            // SAFETY: at is in [position, position + digits), which fits.
            unsafe self.base[at] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
            rest /= 10
        } while rest > 0
        self.cursor &+= digits
    }

    /// Appends a number in lower-case hexadecimal without leading zeros.
    public mutating func append(hex number: UInt64) {
        var shift = number == 0 ? 0 : (63 - number.leadingZeroBitCount) / 4 * 4
        while shift >= 0 {
            let nibble = UInt8(truncatingIfNeeded: (number >> UInt64(shift)) & 15)
            self.append(nibble < 10 ? nibble &+ 0x30 : nibble &+ 0x57)
            shift -= 4
        }
    }
}
