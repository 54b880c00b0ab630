// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: `base` has room for `capacity` elements, of which the first `count` are
// initialised; an index is checked against `count` before it is used.

/// A list of plain values that grows by doubling.
///
/// Unlike an array it is never copied, so a write asks for no uniqueness and has no path that
/// copies. Memory is asked for only when more elements are held than ever before.
@safe
public struct GrowingCells<Element: BitwiseCopyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>?
    private var capacity = 0
    /// Elements in the list.
    public private(set) var count = 0

    /// An empty list without memory.
    public init() { unsafe self.base = nil }

    deinit { unsafe self.base?.deallocate() }

    /// Whether there is none.
    public var isEmpty: Bool { self.count == 0 }

    /// The element at `index`; traps outside.
    public subscript(index: Int) -> Element {
        _read {
            precondition(index >= 0 && index < self.count, "cell \(index) of \(self.count)")
            // SAFETY: checked above.
            yield unsafe self.base.unsafelyUnwrapped[index]
        }
        _modify {
            precondition(index >= 0 && index < self.count, "cell \(index) of \(self.count)")
            // SAFETY: checked above.
            yield unsafe &self.base.unsafelyUnwrapped[index]
        }
    }

    /// Adds one at the end.
    public mutating func append(_ element: Element) {
        if self.count == self.capacity { self.grow() }
        // SAFETY: there is room behind the last one.
        unsafe (self.base.unsafelyUnwrapped + self.count).initialize(to: element)
        self.count &+= 1
    }

    /// Takes those behind the first `count` away.
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "\(count) of \(self.count)")
        self.count = count
    }

    /// Takes all away, and gives the memory back when it is for more than `kept` elements.
    public mutating func removeAll(keepingUpTo kept: Int) {
        self.count = 0
        guard self.capacity > kept else { return }
        unsafe self.base?.deallocate()
        unsafe self.base = nil
        self.capacity = 0
    }

    @inline(never)
    private mutating func grow() {
        let after = self.capacity == 0 ? 8 : 2 * self.capacity
        let target = UnsafeMutablePointer<Element>.allocate(capacity: after)
        if let base = unsafe self.base {
            // SAFETY: `target` has room for more than what is there.
            unsafe target.initialize(from: base, count: self.count)
            unsafe base.deallocate()
        }
        unsafe self.base = target
        self.capacity = after
    }
}
