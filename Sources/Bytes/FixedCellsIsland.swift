// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: `base` has `count` initialised elements until deinit; an index is
// checked before it is used.

/// A fixed number of plain values, allocated once.
///
/// Unlike an array it is never copied, so a write asks for no uniqueness and has no path that
/// copies.
@safe
public struct FixedCells<Element: BitwiseCopyable>: ~Copyable {
    private let base: UnsafeMutablePointer<Element>
    /// How many.
    public let count: Int

    /// `count` cells that all hold `element`.
    public init(repeating element: Element, count: Int) {
        precondition(count > 0, "\(count) cells")
        unsafe self.base = .allocate(capacity: count)
        unsafe self.base.initialize(repeating: element, count: count)
        self.count = count
    }

    deinit { unsafe self.base.deallocate() }

    /// The cell at `index`; traps outside.
    public subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < self.count, "cell \(index) of \(self.count)")
            // SAFETY: checked above.
            return unsafe self.base[index]
        }
        set {
            precondition(index >= 0 && index < self.count, "cell \(index) of \(self.count)")
            // SAFETY: checked above.
            unsafe self.base[index] = newValue
        }
    }
}
