// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Parity

/// Who waits for an agreed observation, and who still reads its slot.
///
/// The worker's alone: the slot's record belongs to the compare threads meanwhile.
struct AgreedSlot: BitwiseCopyable {
    var client = Handle.none
    var isCompared = false
    var isServed = false
}

/// A worker's observations: its end of the arena, the free slots, and what they may hold.
struct ObservationBook: ~Copyable {
    let view: ObservationView
    /// Free slots, last used first, so that few pages are ever touched.
    private var free: SparseArena<UInt32>
    private var freeCount: Int
    /// By slot; meaningful while the slot's record is agreed.
    var agreed: SparseArena<AgreedSlot>
    private var serial: UInt32 = 0
    /// Copied into a slot that is taken: making one anew costs more than the copy.
    let blank = ObservationRecord()
    /// Bytes of answers in slots that are not free.
    private(set) var heldBytes = 0

    init(_ view: ObservationView) {
        self.view = view
        self.free = SparseArena(capacity: view.count)
        self.freeCount = view.count
        self.agreed = SparseArena(capacity: view.count)
        for slot in 0..<view.count { self.free[slot] = UInt32(view.count - 1 - slot) }
    }

    /// A slot for a new observation, its record empty; `nil`: all are in use.
    mutating func take() -> UInt32? {
        while let slot = self.view.reclaim() { self.give(slot) }
        guard self.freeCount > 0 else { return nil }
        self.freeCount &-= 1
        let slot = self.free[self.freeCount]
        self.serial &+= 1
        self.view[slot] = self.blank
        self.view[slot].serial = self.serial
        return slot
    }

    /// A slot is free again.
    mutating func give(_ slot: UInt32) {
        precondition(self.freeCount < self.view.count, "slot \(slot) given back twice")
        self.heldBytes &-= Int(self.view[slot].heldBytes)
        // Compare threads trim what they give back; an agreed slot comes from the worker itself.
        if self.view[slot].isAgreed { self.view.trim(slot) }
        self.view[slot].heldBytes = 0
        self.free[self.freeCount] = slot
        self.freeCount &+= 1
    }

    /// Counts bytes against the worker's budget; `false`: it is spent.
    mutating func hold(_ slot: UInt32, _ count: Int) -> Bool {
        guard self.heldBytes &+ count <= Limits.observedBytesMax else { return false }
        self.heldBytes &+= count
        self.view[slot].heldBytes &+= Int32(count)
        return true
    }
}
