// SPDX-License-Identifier: Apache-2.0

internal import Bytes
internal import Migration
internal import Store

/// The store thread's own: the open store when there is one, and the acts that it has missed.
///
/// Whatever happens to the file (locked, read-only, damaged, full, gone), acts stay in the backlog
/// until the store has them; a flip is committed only after everything before it.
struct StoreSession: ~Copyable {
    private let path: String
    private let operations: FileOperations
    private let book: StandingBook
    private let now: @Sendable () -> UInt64
    private var store: StandingStore?
    private var identity: FileIdentity?
    private var backlog: [Act] = []
    /// Acts whose audit entry was dropped at `Limits.storeBacklogMax`; standings are never lost.
    private(set) var droppedActs = 0
    /// The last error; `nil`: the store has everything.
    private(set) var error: StoreError?
    /// Whether the store said, when it was first opened, that the last edge stopped in order.
    private(set) var wasCleanStop: Bool?
    /// Whether the last commit failed in a way that may have left it in the file.
    private(set) var isInDoubt = false
    /// What recovery wants said.
    private(set) var notes: [String] = []

    init(
        path: String,
        operations: FileOperations,
        book: StandingBook,
        now: @escaping @Sendable () -> UInt64
    ) {
        self.path = path
        self.operations = operations
        self.book = book
        self.now = now
    }

    /// Acts that wait for the store.
    var waiting: Int { self.backlog.count }

    /// Adds acts that have happened; `drain` gives them to the store.
    mutating func add(_ acts: [Act]) {
        self.backlog += acts
        if self.backlog.count > Limits.storeBacklogMax {
            let excess = self.backlog.count - Limits.storeBacklogMax
            self.backlog.removeFirst(excess)
            self.droppedActs += excess
        }
    }

    /// Brings the store up to date.
    ///
    /// Returns the generations that it has taken just now.
    ///
    /// - Parameter isLate: these acts were done while the store was away.
    mutating func drain(isLate: Bool) -> [UInt64] {
        do throws(StoreError) {
            try self.open()
            guard !self.backlog.isEmpty, self.store != nil else { return [] }
            let head = try self.absorb(isLate: isLate || self.error != nil)
            let taken = self.backlog.map { $0.generation }
            self.backlog = []
            self.note(head)
            return taken
        } catch {
            self.fail(error)
            return []
        }
    }

    /// Commits a flip: compare-and-set, after everything that happened before it.
    ///
    /// A failed sync leaves ``isInDoubt``: the commit may be on disk, and recovery would find it.
    mutating func commit(_ act: Act) -> Result<(head: AuditHead, taken: [UInt64]), StoreError> {
        self.isInDoubt = false
        let taken = self.drain(isLate: false)
        if !self.backlog.isEmpty || self.store == nil {
            return .failure(self.error ?? .sqlite(SQLiteError(code: 14)))
        }
        do throws(StoreError) {
            let head = try self.commitNow(act)
            self.note(head)
            return .success((head, taken))
        } catch {
            if case .conflict = error { return .failure(error) }
            if case .sqlite(let failure) = error { self.isInDoubt = failure.kind == .input }
            self.fail(error)
            return .failure(error)
        }
    }

    /// An orderly stop: everything in the file, the marker set.
    mutating func finish() -> Bool {
        _ = self.drain(isLate: true)
        guard self.backlog.isEmpty else { return false }
        do throws(StoreError) {
            try self.finishNow()
            self.store = nil
            return true
        } catch {
            self.fail(error)
            return false
        }
    }

    // MARK: Steps

    private func absorb(isLate: Bool) throws(StoreError) -> AuditHead {
        switch self.store {
        case .some(let store): try store.absorb(self.backlog, isLate: isLate)
        case nil: throw .sqlite(SQLiteError(code: 14))
        }
    }

    private func commitNow(_ act: Act) throws(StoreError) -> AuditHead {
        switch self.store {
        case .some(let store): try store.commit(act)
        case nil: throw .sqlite(SQLiteError(code: 14))
        }
    }

    private func finishNow() throws(StoreError) {
        switch self.store {
        case .some(let store):
            try store.markCleanStop(true)
            try store.checkpoint()
        case nil: throw .sqlite(SQLiteError(code: 14))
        }
    }

    private mutating func note(_ head: AuditHead) {
        self.error = nil
        self.book.withState { $0.head = head }
    }

    private mutating func fail(_ error: StoreError) {
        self.error = error
        // A damaged file or a failing disk is opened again; a lock or a full disk passes by itself.
        if case .sqlite(let failure) = error {
            switch failure.kind {
            case .corrupt, .input, .absent, .readOnly: self.store = nil
            case .locked, .full, .other: break
            }
        }
    }

    /// Opens the store unless the open one is still the file at the path.
    mutating func open() throws(StoreError) {
        let there = self.operations.identity(self.path)
        if self.store != nil {
            if there == self.identity { return }
            self.notes.append("the store's file was taken away while it was open")
            self.store = nil
        }
        let made = self.operations.makeFolder(FileOperations.folder(of: self.path))
        guard made == 0 else { throw .file(FileError(.makeFolder, -made)) }
        let reconciled = try self.reconciled(mayRebuild: true)
        self.identity = self.operations.identity(self.path)
        self.note(reconciled.head)
        self.store = consume reconciled.store
    }

    private struct Opened: ~Copyable {
        var store: StandingStore
        var head: AuditHead
    }

    /// Opens the file and compares it with the copy in memory; a damaged, foreign or older one is
    /// set aside and built again from the copy.
    private mutating func reconciled(mayRebuild: Bool) throws(StoreError) -> Opened {
        let copy = self.book.saved
        let hasCopy = copy.generation > 0
        do throws(StoreError) {
            let store = try StandingStore(path: self.path)
            try store.checkIntegrity()
            let stored = try store.state()
            if self.wasCleanStop == nil { self.wasCleanStop = try store.isCleanStop() }
            let isEmpty = stored.head.count == 0 && stored.generation == 0
            let follows = try store.contains(copy.head)
            if !isEmpty && follows {
                try self.learn(stored)
                _ = try store.absorb(self.backlog, isLate: true)
                try store.markCleanStop(false)
                let head = try self.catchUp(store)
                return Opened(store: store, head: head)
            }
            if isEmpty {
                var head = stored.head
                if hasCopy {
                    self.notes.append("the store was empty: built again from the edge's copy")
                    head = try self.rebuild(store, from: copy)
                }
                try store.markCleanStop(false)
                return Opened(store: store, head: head)
            }
        } catch {
            guard case .sqlite(let failure) = error, failure.kind == .corrupt, hasCopy, mayRebuild
            else { throw error }
        }
        guard mayRebuild else { throw .damaged }
        try self.setAside()
        return try self.reconciled(mayRebuild: false)
    }

    /// What the store knows and the copy does not.
    private func learn(_ stored: SavedState) throws(StoreError) {
        self.book.withState { state in
            _ = state.merge(stored)
            state.head = stored.head
        }
    }

    /// Cells that the copy has newer than the store, without an act in the journal that says so.
    private func catchUp(_ store: borrowing StandingStore) throws(StoreError) -> AuditHead {
        let stored = try store.state()
        let known = Dictionary(
            stored.standings.map { ($0.cell, $0.generation) },
            uniquingKeysWith: { max($0, $1) }
        )
        let copy = self.book.saved
        let isBehind = copy.standings.contains { $0.generation > known[$0.cell] ?? 0 }
        return isBehind ? try self.rebuild(store, from: copy) : stored.head
    }

    private func rebuild(
        _ store: borrowing StandingStore,
        from copy: SavedState
    ) throws(StoreError) -> AuditHead {
        let generation = self.book.withState { $0.nextGeneration() }
        return try store.rebuild(
            from: copy,
            generation: generation,
            timeMilliseconds: self.now()
        )
    }

    /// Keeps the file that cannot be used under another name, as evidence.
    private mutating func setAside() throws(StoreError) {
        let suffix = ".aside-\(self.now())"
        self.notes.append("the store was damaged or older: kept as \(suffix), built again")
        for part in ["", "-wal", "-shm"] {
            let result = self.operations.rename(self.path + part, self.path + suffix + part)
            guard result == 0 || result == -2 else { throw .file(FileError(.rename, -result)) }
        }
    }
}
