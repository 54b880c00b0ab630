// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: `base` has `capacity` bytes, of which the first `count` are
// initialised; it is nil while `capacity` is 0.

import Bytes

/// A growing run of bytes: the text of the heads of one read.
@safe
struct H2Text: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>?
    private(set) var capacity = 0
    private(set) var count = 0

    /// Bytes kept between reads.
    static var keptBytes: Int { 4_096 }

    init() { unsafe self.base = nil }

    deinit { unsafe self.base?.deallocate() }

    /// The bytes from `start`; valid until the text grows or is cut.
    func window(_ start: Int, _ length: Int) -> ByteWindow {
        precondition(start >= 0 && length >= 0 && start &+ length <= self.count, "outside the text")
        guard let base = unsafe self.base else { return withWindow([]) { $0 } }
        // SAFETY: checked to lie inside.
        return unsafe ByteWindow(base: base + start, count: length)
    }

    /// Makes room for `more` bytes.
    mutating func reserve(_ more: Int) {
        guard self.count &+ more > self.capacity else { return }
        var wanted = max(self.capacity * 2, 1_024)
        while wanted < self.count &+ more { wanted *= 2 }
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
        if let base = unsafe self.base {
            // SAFETY: the old bytes fit into the longer run.
            unsafe grown.update(from: base, count: self.count)
            unsafe base.deallocate()
        }
        unsafe self.base = grown
        self.capacity = wanted
    }

    mutating func append(_ window: ByteWindow) {
        self.reserve(window.count)
        guard let base = unsafe self.base else { return }
        // SAFETY: the room is there; the window lies elsewhere, or before `count`.
        unsafe (base + self.count).update(from: window.base, count: window.count)
        self.count &+= window.count
    }

    mutating func append(_ literal: StaticString) {
        // SAFETY: a literal lives as long as the program.
        self.append(unsafe ByteWindow(base: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Appends bytes that are in the text already, where it may move meanwhile.
    mutating func append(copyOf start: Int, _ length: Int) {
        self.reserve(length)
        self.append(self.window(start, length))
    }

    /// Puts bytes in front of what stands at `position`.
    mutating func insert(_ window: ByteWindow, at position: Int) {
        precondition(position >= 0 && position <= self.count, "\(position) of \(self.count)")
        self.reserve(window.count)
        guard let base = unsafe self.base else { return }
        let at = unsafe base + position
        // SAFETY: the tail moves into room that was reserved, then the gap is filled.
        unsafe (at + window.count).update(from: at, count: self.count &- position)
        unsafe at.update(from: window.base, count: window.count)
        self.count &+= window.count
    }

    /// Forgets everything before `start`, which becomes the beginning.
    mutating func drop(before start: Int) {
        precondition(start >= 0 && start <= self.count, "\(start) of \(self.count)")
        guard let base = unsafe self.base else { return }
        // SAFETY: both ranges lie inside.
        unsafe base.update(from: base + start, count: self.count &- start)
        self.count &-= start
    }

    /// Forgets everything from `end` on.
    mutating func cut(to end: Int) {
        precondition(end >= 0 && end <= self.count, "\(end) of \(self.count)")
        self.count = end
    }

    /// Gives memory back that only a burst needed.
    mutating func shrink() {
        guard self.count == 0 && self.capacity > Self.keptBytes else { return }
        unsafe self.base?.deallocate()
        unsafe self.base = nil
        self.capacity = 0
    }
}
