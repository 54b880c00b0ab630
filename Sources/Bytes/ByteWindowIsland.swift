// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: a window is made only over memory that outlives it (a worker's blocks,
// a snapshot's flat memory, an array inside `withUnsafe…`), and every access is checked against
// `count`.

import CLinux

/// A checked, read-only view of bytes that somebody else keeps alive.
///
/// Blocks of a worker live as long as the worker and flat memory as long as its snapshot, so a
/// window is a plain value: no retain, no lifetime bookkeeping. Not for memory that may be freed.
@safe
public struct ByteWindow: BitwiseCopyable {
    /// The first byte.
    ///
    /// Reading through it is the caller's responsibility.
    @unsafe public let base: UnsafePointer<UInt8>
    /// Bytes in view.
    public let count: Int

    /// A view of `count` bytes from `base`, which must stay alive while the window is used.
    @unsafe public init(base: UnsafePointer<UInt8>, count: Int) {
        precondition(count >= 0, "a window cannot have \(count) bytes")
        unsafe self.base = base
        self.count = count
    }

    /// The byte at `index`; traps outside the window.
    public subscript(index: Int) -> UInt8 {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: self.count), "outside the window")
        // SAFETY: index was checked against count.
        return unsafe self.base[index]
    }

    /// The part [`start`, `start + length`); traps when it is not inside.
    public func slice(_ start: Int, _ length: Int) -> ByteWindow {
        precondition(
            start >= 0 && length >= 0 && start &+ length <= self.count,
            "outside the window"
        )
        // SAFETY: the part was checked to lie inside.
        return unsafe ByteWindow(base: self.base + start, count: length)
    }

    /// Whether there are no bytes.
    public var isEmpty: Bool { self.count == 0 }

    /// First index at or after `start` of a byte that no field value may hold, else `count`.
    public func fieldValueEnd(from start: Int) -> Int {
        precondition(start >= 0 && start <= self.count, "outside the window")
        // SAFETY: start is inside, and the scanner reads count - start bytes.
        return unsafe start
            + Int(banyan_scan_field_value(self.base + start, self.count - start))
    }

    /// Index behind the first CRLFCRLF whose last byte comes at or after `from`, else `nil`.
    public func headEnd(from start: Int) -> Int? {
        precondition(start >= 0 && start <= self.count, "outside the window")
        // SAFETY: the scanner stays below count.
        let end = unsafe banyan_find_head_end(self.base, start, self.count)
        return end == 0 ? nil : Int(end)
    }

    /// First index at or after `start` that holds `byte`, else `nil`.
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        var index = start
        while index < self.count {
            // SAFETY: index < count.
            if unsafe self.base[index] == byte { return index }
            index &+= 1
        }
        return nil
    }

    /// Whether both hold the same bytes.
    public func equals(_ other: ByteWindow) -> Bool {
        guard self.count == other.count else { return false }
        for index in 0..<self.count {
            // SAFETY: index < both counts.
            guard unsafe self.base[index] == other.base[index] else { return false }
        }
        return true
    }

    /// Whether the bytes are those of an ASCII literal.
    public func equals(_ literal: StaticString) -> Bool {
        unsafe self.equals(
            ByteWindow(base: literal.utf8Start, count: literal.utf8CodeUnitCount)
        )
    }

    /// Whether an ASCII literal begins with these bytes.
    public func isPrefix(of literal: StaticString) -> Bool {
        guard self.count <= literal.utf8CodeUnitCount else { return false }
        // SAFETY: the literal has at least `count` bytes.
        return unsafe self.equals(ByteWindow(base: literal.utf8Start, count: self.count))
    }

    /// Whether the bytes are those of a lower-case ASCII literal, upper-case letters folded.
    public func equalsIgnoringCase(_ literal: StaticString) -> Bool {
        guard self.count == literal.utf8CodeUnitCount else { return false }
        for index in 0..<self.count {
            // SAFETY: index < both counts.
            guard unsafe asciiLowercased(self.base[index]) == literal.utf8Start[index] else {
                return false
            }
        }
        return true
    }

    /// The bytes as an array: allocates, so never on the hot path.
    public var array: [UInt8] {
        unsafe Array(UnsafeBufferPointer(start: self.base, count: self.count))
    }

    /// The bytes as text for people, repaired where they are not UTF-8.
    ///
    /// Never on the hot path.
    public var text: String {
        unsafe String(
            decoding: UnsafeBufferPointer(start: self.base, count: self.count),
            as: UTF8.self
        )
    }
}

/// An ASCII upper-case letter as lower case; any other byte as it is.
public func asciiLowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
}

/// Runs `body` over a window of `bytes`.
///
/// For tests, loaders and other cold callers.
public func withWindow<Result>(
    _ bytes: [UInt8],
    _ body: (ByteWindow) throws -> Result
) rethrows -> Result {
    try unsafe bytes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else {
            var nothing: UInt8 = 0
            return try unsafe withUnsafePointer(to: &nothing) {
                try unsafe body(ByteWindow(base: $0, count: 0))
            }
        }
        return try unsafe body(ByteWindow(base: base, count: buffer.count))
    }
}

/// Runs `body` over a window of `bytes`, which are not copied.
public func withWindow<let count: Int, Result>(
    _ bytes: InlineArray<count, UInt8>,
    _ body: (ByteWindow) throws -> Result
) rethrows -> Result {
    try unsafe withUnsafePointer(to: bytes) { pointer in
        // SAFETY: an inline array is its elements, one behind the other (SE-0453).
        try unsafe pointer.withMemoryRebound(to: UInt8.self, capacity: count) {
            try unsafe body(ByteWindow(base: $0, count: count))
        }
    }
}

/// Runs `body` over a window of a literal.
public func withWindow<Result>(
    _ literal: StaticString,
    _ body: (ByteWindow) throws -> Result
) rethrows -> Result {
    // SAFETY: a literal lives as long as the program.
    try body(unsafe ByteWindow(base: literal.utf8Start, count: literal.utf8CodeUnitCount))
}
