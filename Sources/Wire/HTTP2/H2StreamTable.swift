// SPDX-License-Identifier: Apache-2.0

import Bytes

/// The streams of one session by number: from the first frame until the caller knows of the end.
///
/// Open addressing with linear probing over slots that are reused; the numbers of one peer's
/// streams go up by two, so they spread by themselves.
struct H2StreamTable: ~Copyable {
    private var slots = GrowingCells<H2Stream>()
    private var chains = GrowingCells<UInt16>()
    private var firstFree: UInt16 = 0
    /// Streams in the table.
    private(set) var count = 0

    /// Slots that exist before the first growth.
    private static var slotsAtFirst: Int { 8 }

    /// The slot of a stream.
    func find(_ stream: Int32) -> Int? {
        guard self.count > 0 && stream > 0 else { return nil }
        var at = self.home(stream)
        while true {
            let entry = self.chains[at]
            if entry == 0 { return nil }
            if self.slots[Int(entry) &- 1].stream == stream { return Int(entry) &- 1 }
            at = (at &+ 1) & (self.chains.count &- 1)
        }
    }

    subscript(slot: Int) -> H2Stream {
        _read { yield self.slots[slot] }
        _modify { yield &self.slots[slot] }
    }

    /// Adds a stream that is not in the table; its slot, or `nil` when there are too many.
    mutating func insert(_ stream: Int32) -> Int? {
        assert(self.find(stream) == nil, "stream \(stream) twice")
        if self.firstFree == 0 {
            guard self.grow() else { return nil }
        }
        let slot = Int(self.firstFree) &- 1
        self.firstFree = self.slots[slot].nextFree
        self.slots[slot] = H2Stream(stream: stream)
        self.count &+= 1
        self.link(stream, slot)
        return slot
    }

    /// Frees the slot of a stream.
    mutating func remove(_ slot: Int) {
        let stream = self.slots[slot].stream
        precondition(stream != 0, "slot \(slot) is free")
        self.unlink(stream)
        self.slots[slot].release()
        self.slots[slot] = H2Stream(stream: 0)
        self.slots[slot].nextFree = self.firstFree
        self.firstFree = UInt16(slot &+ 1)
        self.count &-= 1
    }

    /// Gives back everything.
    mutating func removeAll() {
        for slot in 0..<self.slots.count { self.slots[slot].release() }
        self.slots.removeAll(keepingUpTo: 0)
        self.chains.removeAll(keepingUpTo: 0)
        self.firstFree = 0
        self.count = 0
    }

    /// Whether the memory kept is that of a burst which is over.
    var isOversized: Bool { self.count == 0 && self.slots.count > 2 * Self.slotsAtFirst }

    private func home(_ stream: Int32) -> Int {
        Int(UInt32(bitPattern: stream) &>> 1) & (self.chains.count &- 1)
    }

    private mutating func link(_ stream: Int32, _ slot: Int) {
        var at = self.home(stream)
        while self.chains[at] != 0 { at = (at &+ 1) & (self.chains.count &- 1) }
        self.chains[at] = UInt16(slot &+ 1)
    }

    /// Takes a stream out and moves those behind it that would no longer be found.
    private mutating func unlink(_ stream: Int32) {
        let mask = self.chains.count &- 1
        var hole = self.home(stream)
        while self.slots[Int(self.chains[hole]) &- 1].stream != stream {
            hole = (hole &+ 1) & mask
        }
        var at = hole
        while true {
            at = (at &+ 1) & mask
            let entry = self.chains[at]
            if entry == 0 { break }
            let home = self.home(self.slots[Int(entry) &- 1].stream)
            // It may move when its home is not between the hole and where it is.
            if (at &- home) & mask >= (at &- hole) & mask {
                self.chains[hole] = entry
                hole = at
            }
        }
        self.chains[hole] = 0
    }

    private mutating func grow() -> Bool {
        let before = self.slots.count
        let after = before == 0 ? Self.slotsAtFirst : 2 * before
        guard after < 32_768 else { return false }
        for slot in before..<after {
            self.slots.append(H2Stream(stream: 0))
            self.slots[slot].nextFree = slot &+ 1 < after ? UInt16(slot &+ 2) : self.firstFree
        }
        self.firstFree = UInt16(before &+ 1)
        self.chains.truncate(to: 0)
        for _ in 0..<2 * after { self.chains.append(0) }
        for slot in 0..<before where self.slots[slot].stream != 0 {
            self.link(self.slots[slot].stream, slot)
        }
        return true
    }
}
