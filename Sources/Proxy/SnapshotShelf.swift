// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import TLS

/// The snapshots that this worker routes by, and those that older exchanges still need.
///
/// Views and counts are plain values in flat arrays: the hot path reads a view by its slot and
/// never touches a reference. References move only when mail is read.
struct SnapshotShelf: ~Copyable {
    private var owners: [Snapshot?]
    private var views: [SnapshotView]
    private var counts: SparseArena<Int32>
    /// Slot of the snapshot that new requests are matched by.
    private(set) var current: UInt16

    /// A shelf with its first snapshot.
    init(_ snapshot: Snapshot) {
        self.owners = [snapshot]
        self.views = [snapshot.view]
        // One for each value of a slot's number; only touched ones cost memory.
        self.counts = SparseArena(capacity: Int(UInt16.max) + 1)
        self.current = 0
    }

    /// The snapshot of a slot that is current or retained.
    func view(_ slot: UInt16) -> SnapshotView { self.views[Int(slot)] }

    /// An exchange begins with this snapshot.
    mutating func retain(_ slot: UInt16) { self.counts[Int(slot)] &+= 1 }

    /// An exchange of this snapshot is over.
    ///
    /// The reference itself goes when mail is read next.
    mutating func release(_ slot: UInt16) {
        precondition(self.counts[Int(slot)] > 0, "snapshot slot \(slot) released once too often")
        self.counts[Int(slot)] &-= 1
    }

    /// New requests are matched by this snapshot from now on.
    mutating func replace(with snapshot: Snapshot) {
        for slot in self.owners.indices
        where self.counts[slot] == 0 && slot != Int(self.current) {
            self.owners[slot] = nil
        }
        if self.counts[Int(self.current)] == 0 {
            self.owners[Int(self.current)] = snapshot
            self.views[Int(self.current)] = snapshot.view
            return
        }
        let free = self.owners.indices.first { self.owners[$0] == nil }
        let slot = free ?? self.owners.count
        if free == nil {
            self.owners.append(snapshot)
            self.views.append(snapshot.view)
        } else {
            self.owners[slot] = snapshot
            self.views[slot] = snapshot.view
        }
        self.current = UInt16(slot)
    }
}

extension Reactor {
    /// Routes by a new snapshot from now on; pools of its endpoints are made ready.
    mutating func take(_ snapshot: Snapshot) {
        self.snapshots.replace(with: snapshot)
        self.preparePools(snapshot.view)
        self.reviewStreams(snapshot.view)
        self.counters.count(.snapshots)
    }

    /// Applies a delta to this worker's standings; what it knows of the cells goes back.
    mutating func apply(_ delta: Delta) -> DeltaReceipt.Figures {
        var figures = DeltaReceipt.Figures()
        for change in delta.changes {
            self.standings[change.cell].apply(change, generation: delta.generation)
            let state = self.standings[change.cell]
            figures.lastLegacyMilliseconds = max(
                figures.lastLegacyMilliseconds,
                state.lastLegacyMilliseconds
            )
            figures.inFlightLegacy += Int(state.inFlightLegacy)
            figures.inFlightModern += Int(state.inFlightModern)
            figures.modernWrites += state.modernWrites
        }
        if self.streamBook.count > 0 { self.moveStreams(delta, &figures) }
        self.counters.count(.deltas)
        return figures
    }
}
