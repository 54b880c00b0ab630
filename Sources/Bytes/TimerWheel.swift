// SPDX-License-Identifier: Apache-2.0

/// Deadlines of a worker's connections: a hashed wheel of intrusive lists; told "now", knows no
/// clock.
///
/// A node is a number that the caller chose (a slab index plus an offset). Each node has at most
/// one entry. Callers that push deadlines back often keep the true deadline themselves, and re-arm
/// when the entry comes up early: then moving a deadline costs nothing.
public struct TimerWheel: ~Copyable {
    private var heads: FixedCells<Int32>
    private var next: FixedCells<Int32>
    private var previous: FixedCells<Int32>
    private var slotOf: FixedCells<Int32>
    private var ticks: FixedCells<UInt64>
    private let slotMask: UInt64
    private var currentTick: UInt64
    private var cursor: Int32 = -1
    /// Length of a tick in milliseconds: deadlines are rounded up to it.
    public let tickMilliseconds: UInt64
    /// Armed entries.
    public private(set) var count = 0

    /// A wheel for nodes `0..<nodes`, `slots` (a power of two) long, standing at `now`.
    public init(nodes: Int, slots: Int, tickMilliseconds: UInt64, nowMilliseconds now: UInt64) {
        precondition(slots > 0 && slots & (slots - 1) == 0, "\(slots) is no power of two")
        self.heads = FixedCells(repeating: -1, count: slots)
        self.next = FixedCells(repeating: -1, count: nodes)
        self.previous = FixedCells(repeating: -1, count: nodes)
        self.slotOf = FixedCells(repeating: -1, count: nodes)
        self.ticks = FixedCells(repeating: 0, count: nodes)
        self.slotMask = UInt64(slots - 1)
        self.tickMilliseconds = tickMilliseconds
        self.currentTick = now / tickMilliseconds
    }

    /// Whether the node has an entry.
    public func isArmed(_ node: UInt32) -> Bool { self.slotOf[Int(node)] >= 0 }

    /// Arms the node for `deadline`, in place of an entry that it had.
    public mutating func arm(_ node: UInt32, deadlineMilliseconds deadline: UInt64) {
        self.cancel(node)
        let tick = max(
            (deadline &+ self.tickMilliseconds &- 1) / self.tickMilliseconds,
            self.currentTick &+ 1
        )
        let slot = Int(tick & self.slotMask)
        let index = Int(node)
        self.ticks[index] = tick
        self.slotOf[index] = Int32(slot)
        self.previous[index] = -1
        self.next[index] = self.heads[slot]
        if self.heads[slot] >= 0 { self.previous[Int(self.heads[slot])] = Int32(node) }
        self.heads[slot] = Int32(node)
        self.count &+= 1
    }

    /// Takes the node's entry out, if it has one.
    public mutating func cancel(_ node: UInt32) {
        let index = Int(node)
        let slot = self.slotOf[index]
        guard slot >= 0 else { return }
        if self.cursor == Int32(node) { self.cursor = self.next[index] }
        if self.previous[index] >= 0 {
            self.next[Int(self.previous[index])] = self.next[index]
        } else {
            self.heads[Int(slot)] = self.next[index]
        }
        if self.next[index] >= 0 { self.previous[Int(self.next[index])] = self.previous[index] }
        self.slotOf[index] = -1
        self.count &-= 1
    }

    /// The next node whose entry is due at `now`, its entry taken out; `nil` when none is left.
    ///
    /// Call until `nil`. Nodes may be armed and cancelled in between.
    public mutating func popExpired(nowMilliseconds now: UInt64) -> UInt32? {
        let target = now / self.tickMilliseconds
        while true {
            while self.cursor >= 0 {
                let node = self.cursor
                self.cursor = self.next[Int(node)]
                if self.ticks[Int(node)] <= self.currentTick {
                    self.cancel(UInt32(node))
                    return UInt32(node)
                }
            }
            guard self.currentTick < target else { return nil }
            // After a long pause one turn of the wheel meets every entry.
            if target - self.currentTick > self.slotMask + 1 {
                self.currentTick = target - self.slotMask - 1
            }
            self.currentTick &+= 1
            self.cursor = self.heads[Int(self.currentTick & self.slotMask)]
        }
    }
}
