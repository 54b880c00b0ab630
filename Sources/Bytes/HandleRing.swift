// SPDX-License-Identifier: Apache-2.0

/// A bounded first-in first-out queue of handles, reserved once.
public struct HandleRing: ~Copyable {
    private var slots: FixedCells<Handle>
    private var first = 0
    /// Handles in the queue.
    public private(set) var count = 0

    /// A queue with room for `capacity` handles.
    public init(capacity: Int) {
        precondition(capacity > 0, "\(capacity)")
        self.slots = FixedCells(repeating: .none, count: capacity)
    }

    /// Whether nothing waits.
    public var isEmpty: Bool { self.count == 0 }

    /// Appends a handle.
    ///
    /// Traps when full: owners bound what they append.
    public mutating func append(_ handle: Handle) {
        precondition(self.count < self.slots.count, "a ring of \(self.slots.count) is full")
        var at = self.first &+ self.count
        if at >= self.slots.count { at &-= self.slots.count }
        self.slots[at] = handle
        self.count &+= 1
    }

    /// Takes the oldest handle.
    public mutating func popFirst() -> Handle? {
        guard self.count > 0 else { return nil }
        let handle = self.slots[self.first]
        self.first &+= 1
        if self.first == self.slots.count { self.first = 0 }
        self.count &-= 1
        return handle
    }
}
