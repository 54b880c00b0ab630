// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: a view never outlives the memory that made it (the snapshot holds the
// memory, a worker holds the snapshot), and every load is checked against the view's size.

/// Builds one contiguous run of plain values: the storage of a compiled snapshot.
public struct FlatBuilder {
    /// What was appended so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty builder.
    public init() {}

    /// Pads to `alignment`, then appends `values`; returns their offset.
    public mutating func append<Value: BitwiseCopyable>(_ values: [Value]) -> UInt32 {
        let alignment = max(MemoryLayout<Value>.alignment, 8)
        while self.bytes.count % alignment != 0 { self.bytes.append(0) }
        let offset = self.bytes.count
        unsafe values.withUnsafeBytes { unsafe self.bytes.append(contentsOf: $0) }
        // An array's last element has no tail padding; the next load may ask for a full stride.
        let stride = MemoryLayout<Value>.stride
        while (self.bytes.count - offset) % stride != 0 { self.bytes.append(0) }
        precondition(self.bytes.count < Int(UInt32.max), "a snapshot over 4 GiB")
        return UInt32(offset)
    }
}

/// Immutable plain memory with one owner; views on it are plain values.
@safe
public final class FlatMemory: @unchecked Sendable {
    private let base: UnsafeMutableRawPointer
    /// Bytes in all.
    public let count: Int

    /// Copies what the builder holds.
    public init(_ builder: borrowing FlatBuilder) {
        self.count = builder.bytes.count
        unsafe self.base = .allocate(byteCount: max(self.count, 64), alignment: 64)
        let count = self.count
        unsafe builder.bytes.withUnsafeBytes { source in
            guard let from = source.baseAddress else { return }
            unsafe self.base.copyMemory(from: from, byteCount: count)
        }
    }

    deinit { unsafe self.base.deallocate() }

    /// A plain view, valid while this object lives.
    public var view: FlatView {
        unsafe FlatView(base: UnsafeRawPointer(self.base), count: self.count)
    }
}

/// A checked window on flat memory that somebody else keeps alive.
@safe
public struct FlatView: BitwiseCopyable {
    private let base: UnsafeRawPointer
    private let count: Int

    @unsafe fileprivate init(base: UnsafeRawPointer, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    /// Element `index` of the array of `Value` that starts at `offset`.
    public func load<Value: BitwiseCopyable>(
        _ type: Value.Type,
        _ offset: UInt32,
        _ index: Int = 0
    ) -> Value {
        let at = Int(offset) &+ index &* MemoryLayout<Value>.stride
        precondition(
            index >= 0 && at &+ MemoryLayout<Value>.size <= self.count,
            "outside the snapshot"
        )
        // SAFETY: inside, and FlatBuilder aligned the array.
        return unsafe (self.base + at).assumingMemoryBound(to: Value.self).pointee
    }

    /// The bytes [`offset`, `offset + length`).
    public func window(_ offset: UInt32, _ length: Int) -> ByteWindow {
        precondition(length >= 0 && Int(offset) &+ length <= self.count, "outside the snapshot")
        return unsafe ByteWindow(
            base: (self.base + Int(offset)).assumingMemoryBound(to: UInt8.self),
            count: length
        )
    }
}
