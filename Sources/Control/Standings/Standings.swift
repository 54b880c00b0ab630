// SPDX-License-Identifier: Apache-2.0

public import Bytes
internal import Kernel
public import Migration
public import Store
internal import Synchronization

/// Where standings live on disk.
public struct StandingPaths: Sendable {
    /// The SQLite file.
    public var store: String
    /// Folder of journal and saved copies.
    public var state: String

    /// Paths from their parts.
    public init(store: String, state: String) {
        self.store = store
        self.state = state
    }
}

/// How the store and the journal are, for `status`, `readyz` and metrics.
public struct StandingsHealth: Sendable {
    /// Why the store does not take acts; `nil`: it does.
    public var storeError: StoreError?
    /// Why the journal does not; `nil`: it does.
    public var journalError: StoreError?
    /// Acts that wait for the store.
    public var waitingActs = 0
    /// Acts whose audit entry was dropped because too many waited.
    public var droppedActs = 0
    /// What recovery found, one line each.
    public var notes: [String] = []
    /// The edge did not stop in order the last time.
    public var wasUnclean = false
}

/// All standings of one edge: the book in memory, the store and journal behind it, the workers
/// before it.
///
/// Flips, rollbacks and freezes are functions of this, each in its own file.
///
///     flip      store ──▶ book ──▶ workers ──▶ journal ──▶ return
///     rollback  book ──▶ workers ──▶ journal ──▶ return        (store: when it can)
///
/// Any thread may call; no call holds a lock while it waits.
public final class Standings: Sendable {
    /// The truth in memory.
    public let book = StandingBook()
    /// Numbers of cells, shared with the snapshot compiler.
    public let numbers: EdgeNumbers
    /// Audit heads that this edge has seen outside the store: for `audit verify`.
    public var knownHeads: [AuditHead] {
        self.shared.withLock { $0.knownHeads } + [self.book.withState { $0.head }]
    }

    let now: @Sendable () -> UInt64
    let store: SerialThread<StoreSession>
    let journal: SerialThread<JournalSession>
    let shared: Mutex<Shared>

    struct Shared {
        var port: (any DataPlanePort)?
        var health = StandingsHealth()
        var knownHeads: [AuditHead] = []
        var needsDivergence = false
        /// Acts on their way to the store's thread.
        var handed = 0
    }

    /// How the store and the journal are.
    public var health: StandingsHealth { self.shared.withLock { $0.health } }

    /// Starts from disk: saved copy, journal and store, the highest generation per cell wins.
    ///
    /// - Parameter now: milliseconds since 1970, for the time of acts.
    /// - Throws: `StoreError` when nothing is known without the store and the store cannot be used,
    ///   or a later banyan wrote it; `Errno` when no thread can be started.
    public init(
        paths: StandingPaths,
        numbers: EdgeNumbers = EdgeNumbers(),
        journalBytes: Int = Limits.journalBytes,
        operations: FileOperations = .kernel,
        now: @escaping @Sendable () -> UInt64
    ) throws {
        self.numbers = numbers
        self.now = now
        self.shared = Mutex(Shared())
        let book = self.book
        self.journal = try SerialThread(
            name: "banyan-journal",
            tickMilliseconds: Limits.storeRetryMilliseconds,
            make: {
                JournalSession(
                    folder: paths.state,
                    bytes: journalBytes,
                    operations: operations,
                    book: book
                )
            },
            tick: { $0.repair() }
        )
        let doors = StoreDoors()
        self.store = try SerialThread(
            name: "banyan-store",
            tickMilliseconds: Limits.storeRetryMilliseconds,
            make: {
                StoreSession(path: paths.store, operations: operations, book: book, now: now)
            },
            tick: { session in doors.tick.withLock { $0 }?(&session) }
        )
        do {
            try self.recover()
        } catch {
            self.journal.stop(waitMilliseconds: Limits.storeWaitMilliseconds)
            self.store.stop(waitMilliseconds: Limits.storeWaitMilliseconds)
            throw error
        }
        doors.tick.withLock { tick in
            tick = { [weak self] session in self?.drain(&session, isLate: true) }
        }
    }

    /// The tick needs the finished object, which needs the thread first.
    private final class StoreDoors: Sendable {
        let tick = Mutex<SerialThread<StoreSession>.Job?>(nil)
    }

    // MARK: Doors

    /// Puts the workers behind the standings and tells them every stored one.
    @discardableResult
    public func attach(_ port: any DataPlanePort) -> Acknowledgement {
        self.shared.withLock { $0.port = port }
        for note in self.book.divergences where note.isDiverged {
            port.setDiverged(true, self.numbers.number(of: note.cell))
        }
        return port.apply(self.everything())
    }

    /// One delta with every stored standing.
    public func everything() -> Delta {
        let (records, generation) = self.book.withState { state in
            (Array(state.cells.values), state.generation)
        }
        return Delta(generation: generation, changes: records.map { self.change($0) })
    }

    func change(_ record: StandingRecord) -> CellChange {
        CellChange(
            cell: self.numbers.number(of: record.cell),
            standing: record.standing,
            isFrozen: record.isFrozen
        )
    }

    var port: (any DataPlanePort)? { self.shared.withLock { $0.port } }

    /// Tells the workers an act and waits for their answers.
    func tellWorkers(_ act: Act) -> Acknowledgement {
        guard let port = self.port else { return Acknowledgement() }
        return port.apply(
            Delta(generation: act.generation, changes: act.cells.map { self.change($0.after) })
        )
    }

    // MARK: Disk

    /// Appends to the journal within a bounded time; `false`: it is not there.
    func record(_ act: Act, isInStore: Bool) -> Bool {
        let error = self.journal.call(waitMilliseconds: Limits.journalWaitMilliseconds) {
            session -> StoreError? in session.append(act, isInStore: isInStore)
        }
        self.shared.withLock { $0.health.journalError = error ?? .journalFailed }
        guard case .some(nil) = error else { return false }
        self.shared.withLock { $0.health.journalError = nil }
        return true
    }

    /// Gives an act that has happened to the store's thread; the answer comes when it was tried.
    func hand(_ act: Act) -> Answer<Bool> {
        let answer = Answer<Bool>()
        // Counted from here on, so that "nothing waits" is never said too early.
        self.shared.withLock { shared in
            shared.handed += 1
            shared.health.waitingActs += 1
        }
        let isTaken = self.store.submit { session in
            session.add([act])
            self.shared.withLock { $0.handed -= 1 }
            self.drain(&session, isLate: false)
            answer.give(session.waiting == 0)
        }
        if !isTaken { answer.give(false) }
        return answer
    }

    /// On the store's thread: gives it what waits and tells the journal what it has taken.
    func drain(_ session: inout StoreSession, isLate: Bool) {
        let taken = session.drain(isLate: isLate)
        self.noteHealth(session)
        if !taken.isEmpty { self.journal.submit { $0.taken(taken) } }
    }

    func noteHealth(_ session: borrowing StoreSession) {
        self.shared.withLock { shared in
            shared.health.storeError = session.error
            shared.health.waitingActs = session.waiting + shared.handed
            shared.health.droppedActs = session.droppedActs
            shared.health.notes = session.notes
        }
    }

    /// Does an act at once: it is in the book already; workers, then journal, then store.
    func finish(
        _ act: Act,
        pattern: CellPattern,
        steps: [CellStep],
        since start: UInt64
    )
        -> StandingChange
    {
        let acknowledgement = self.tellWorkers(act)
        if act.kind == .rollback, let port = self.port {
            port.forgetWriters(act.cells.map { self.numbers.number(of: $0.after.cell) })
        }
        let isJournalled = self.record(act, isInStore: false)
        let isHealthy = self.shared.withLock { $0.health.storeError == nil }
        let answer = self.hand(act)
        // An ill store is waited for only when it is the last hope for the record.
        let wait =
            isJournalled
            ? (isHealthy ? Limits.rollbackStoreWaitMilliseconds : 0)
            : Limits.journalWaitMilliseconds
        let isStored = answer.wait(milliseconds: wait) ?? false
        var change = StandingChange(
            kind: act.kind,
            pattern: pattern,
            generation: act.generation,
            steps: steps,
            acknowledgement: acknowledgement,
            workerCount: self.port?.workerCount ?? 0,
            elapsedNanoseconds: monotonicNanoseconds() - start,
            recorded: isStored ? .store : isJournalled ? .journal : .notRecorded,
            diverged: self.diverged(among: act),
            isUngated: act.isUngated,
            warnings: [],
            undo: StandingUndo.command(act, pattern: pattern, steps: steps),
            actor: act.actor,
            reason: act.reason
        )
        change.warnings = StandingUndo.warnings(change)
        return change
    }

    /// Cells of an act that are diverged, by the book or by the workers.
    func diverged(among act: Act) -> [CellName] {
        let noted = self.book.withState { state in
            act.cells.map { $0.after.cell }.filter {
                state.divergences[$0]?.isDiverged ?? false
            }
        }
        return Array(Set(noted + act.divergences)).sorted()
    }
}
