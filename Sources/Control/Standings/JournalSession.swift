// SPDX-License-Identifier: Apache-2.0

internal import Bytes
internal import Migration
internal import Store

/// What the edge's own disk knew when it started.
struct RecoveredCopy: Sendable {
    var saved: SavedState?
    var entries: [JournalEntry]
    /// There was no journal before.
    var isFresh: Bool
    /// The journal could not be opened.
    var error: StoreError?
    /// The newest saved copy was damaged: the one before it was taken.
    var isSavedDamaged: Bool

    /// Whether the last edge stopped in order, as far as the journal tells.
    var isCleanStop: Bool { self.entries.last?.act.kind == .stopped }
}

/// The journal thread's own: the journal, the saved copy, and the acts that the store still needs.
struct JournalSession: ~Copyable {
    private let folder: String
    private let bytes: Int
    private let operations: FileOperations
    private let book: StandingBook
    private let saved: LastKnownGood
    private var journal: Journal?
    /// Acts that must stay in the journal, because the store has not taken them.
    private var waiting: [JournalEntry] = []
    /// Why the journal does not take anything; `nil`: it does.
    private(set) var error: StoreError?

    init(folder: String, bytes: Int, operations: FileOperations, book: StandingBook) {
        self.folder = folder
        self.bytes = bytes
        self.operations = operations
        self.book = book
        self.saved = LastKnownGood(folder: folder, operations: operations)
    }

    /// Reads what is on disk.
    ///
    /// Once, first.
    mutating func recover() -> RecoveredCopy {
        let loaded = self.saved.load()
        var copy = RecoveredCopy(
            saved: loaded.state,
            entries: [],
            isFresh: true,
            error: nil,
            isSavedDamaged: loaded.isCurrentDamaged
        )
        do throws(StoreError) {
            let journal = try Journal(
                folder: self.folder,
                bytes: self.bytes,
                operations: self.operations
            )
            copy.entries = journal.entries
            copy.isFresh = journal.isFresh
            self.journal = consume journal
        } catch {
            self.error = error
            copy.error = error
        }
        self.waiting = copy.entries.filter { $0.act.kind.isAudited }
        return copy
    }

    /// Appends an act; on disk when this succeeds.
    ///
    /// - Parameter isInStore: the store has it already, so compaction may drop it.
    mutating func append(_ act: Act, isInStore: Bool) -> StoreError? {
        let entry = JournalEntry(act: act, head: self.book.withState { $0.head })
        if !isInStore && act.kind.isAudited { self.waiting.append(entry) }
        do throws(StoreError) {
            try self.appendNow(entry)
            return nil
        } catch {
            self.error = error
            return error
        }
    }

    private mutating func appendNow(_ entry: JournalEntry) throws(StoreError) {
        if self.journal?.isNearlyFull ?? false { try? self.compact() }
        guard self.journal != nil else { throw .journalFailed }
        try self.journal?.append(entry)
    }

    /// The store has these acts now.
    mutating func taken(_ generations: [UInt64]) {
        let taken = Set(generations)
        self.waiting.removeAll { taken.contains($0.act.generation) }
    }

    /// Saves everything and keeps only what the store has not taken.
    mutating func compact() throws(StoreError) {
        try self.saved.save(self.book.saved)
        guard self.journal != nil else { throw .journalFailed }
        try self.journal?.compact(keeping: self.waiting)
    }

    /// After a failure: opens the journal again and writes what must be in it, in a fresh segment.
    mutating func repair() {
        guard self.error != nil else { return }
        do throws(StoreError) {
            self.journal = nil
            let journal = try Journal(
                folder: self.folder,
                bytes: self.bytes,
                operations: self.operations
            )
            self.journal = consume journal
            try self.compact()
            self.error = nil
        } catch {
            self.journal = nil
            self.error = error
        }
    }
}
