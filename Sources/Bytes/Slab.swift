// SPDX-License-Identifier: Apache-2.0
// Invariant of the slab: `base` has `capacity` slots; a slot is initialised from its first insert
// on and holds a bitwise value, so reading one that was freed is defined; indices are checked.

/// Names a slot of a ``Slab``: its index and the serial that was live when the handle was made.
///
/// Handles are what epoll data, timers and peers carry instead of references: no retain, and a
/// stale one is detected instead of dereferenced.
public struct Handle: Hashable, BitwiseCopyable, Sendable {
    /// The slot.
    public let index: UInt32
    /// The slot's serial while this handle is live.
    ///
    /// Odd; 0 in ``none``.
    public let serial: UInt32

    /// A handle from its two numbers.
    public init(index: UInt32, serial: UInt32) {
        self.index = index
        self.serial = serial
    }

    /// No slot.
    public static var none: Handle { Handle(index: .max, serial: 0) }

    /// Whether this names no slot.
    public var isNone: Bool { self.serial == 0 }
}

/// A fixed number of slots for bitwise values, named by handles; one worker owns it.
///
/// Memory is reserved at start and touched when a slot is first used. Last-in first-out.
@safe
public struct Slab<Element: BitwiseCopyable>: ~Copyable {
    private let base: UnsafeMutablePointer<Element>
    private let serials: UnsafeMutablePointer<UInt32>
    private let nextFree: UnsafeMutablePointer<UInt32>
    private var firstFree: UInt32 = .max
    private var touched = 0
    /// Slots in all.
    public let capacity: Int
    /// Slots in use.
    public private(set) var count = 0

    /// Reserves `capacity` slots.
    public init(capacity: Int) {
        precondition(capacity > 0 && capacity < Int(UInt32.max))
        unsafe self.base = .allocate(capacity: capacity)
        unsafe self.serials = .allocate(capacity: capacity)
        unsafe self.nextFree = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit {
        unsafe self.base.deallocate()
        unsafe self.serials.deallocate()
        unsafe self.nextFree.deallocate()
    }

    /// Stores `element` in a free slot, or returns `nil` when all are in use.
    public mutating func insert(_ element: Element) -> Handle? {
        let index: UInt32
        if self.firstFree != .max {
            index = self.firstFree
            self.firstFree = unsafe self.nextFree[Int(index)]
            unsafe self.serials[Int(index)] &+= 1
        } else {
            guard self.touched < self.capacity else { return nil }
            index = UInt32(self.touched)
            self.touched &+= 1
            unsafe (self.serials + Int(index)).initialize(to: 1)
        }
        unsafe (self.base + Int(index)).initialize(to: element)
        self.count &+= 1
        return unsafe Handle(index: index, serial: self.serials[Int(index)])
    }

    /// Frees the slot of a live handle; traps on a stale one.
    public mutating func remove(_ handle: Handle) {
        precondition(self.isLive(handle), "stale handle \(handle.index)/\(handle.serial)")
        unsafe self.serials[Int(handle.index)] &+= 1
        unsafe self.nextFree[Int(handle.index)] = self.firstFree
        self.firstFree = handle.index
        self.count &-= 1
    }

    /// Whether the handle still names what it was made for.
    public func isLive(_ handle: Handle) -> Bool {
        guard Int(handle.index) < self.touched else { return false }
        return unsafe self.serials[Int(handle.index)] == handle.serial
    }

    /// The live handle of the slot at `index`, or `nil` when the slot is free.
    public func handle(at index: UInt32) -> Handle? {
        guard Int(index) < self.touched else { return nil }
        let serial = unsafe self.serials[Int(index)]
        return serial & 1 == 1 ? Handle(index: index, serial: serial) : nil
    }

    /// One behind the highest index ever used: the range to walk for a census.
    public var touchedCount: Int { self.touched }

    /// The value in a slot that was used at least once.
    public subscript(index: UInt32) -> Element {
        _read {
            precondition(Int(index) < self.touched, "slot \(index)")
            // SAFETY: the slot was initialised, and the index checked.
            yield unsafe self.base[Int(index)]
        }
        _modify {
            precondition(Int(index) < self.touched, "slot \(index)")
            // SAFETY: the slot was initialised, and the index checked.
            yield unsafe &self.base[Int(index)]
        }
    }
}
