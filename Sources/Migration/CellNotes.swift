// SPDX-License-Identifier: Apache-2.0

import Bytes

/// What all workers share about a cell: whether it has diverged, and the epoch of its recent
/// writers.
///
/// One word per possible cell, of which only touched pages exist: settle epoch 32 | diverged 1.
public final class CellNotes: Sendable {
    private let words: SharedWords

    /// Notes on no cell yet.
    public init() {
        self.words = SharedWords(capacity: CellNotesView.countIndex + 1)
    }

    /// A plain view for a worker; valid while the notes live.
    public var view: CellNotesView { CellNotesView(words: self.words.view) }
}

/// The notes without their reference.
public struct CellNotesView: BitwiseCopyable, Sendable {
    private let words: SharedWordsView

    fileprivate init(words: SharedWordsView) { self.words = words }

    /// Behind the cells: how many are marked.
    fileprivate static let countIndex = Limits.tenantsMax * Limits.migrationsMax

    /// How many cells are marked as diverged.
    public var divergedCount: Int { Int(self.words.load(CellNotesView.countIndex)) }

    private func count(_ change: UInt64) {
        var word = self.words.load(CellNotesView.countIndex)
        while !self.words.compareExchange(CellNotesView.countIndex, &word, word &+ change) {}
    }

    private func index(_ cell: CellNumber) -> Int {
        precondition(
            cell.tenant < Limits.tenantsMax && cell.migration < Limits.migrationsMax,
            "cell \(cell.tenant)/\(cell.migration)"
        )
        return Int(cell.migration) &* Limits.tenantsMax &+ Int(cell.tenant)
    }

    /// Whether the cell has taken a write on modern under `data: forward`.
    public func isDiverged(_ cell: CellNumber) -> Bool {
        self.words.load(self.index(cell)) & 1 == 1
    }

    /// Marks the cell before its write is sent; `true` when it was not marked before.
    @discardableResult
    public func markDiverged(_ cell: CellNumber) -> Bool {
        let index = self.index(cell)
        var word = self.words.load(index)
        while word & 1 == 0 {
            if self.words.compareExchange(index, &word, word | 1) {
                self.count(1)
                return true
            }
        }
        return false
    }

    /// Somebody has declared the cell's records reconciled.
    public func clearDiverged(_ cell: CellNumber) {
        let index = self.index(cell)
        var word = self.words.load(index)
        while word & 1 == 1 {
            if self.words.compareExchange(index, &word, word & ~1) {
                self.count(.max)
                return
            }
        }
    }

    /// The epoch that keys the cell's recent writers.
    public func settleEpoch(_ cell: CellNumber) -> UInt32 {
        UInt32(truncatingIfNeeded: self.words.load(self.index(cell)) >> 32)
    }

    /// A rollback: every recent writer of the cell is forgotten.
    public func clearWriters(_ cell: CellNumber) {
        let index = self.index(cell)
        var word = self.words.load(index)
        while !self.words.compareExchange(index, &word, word &+ (1 << 32)) {}
    }
}
