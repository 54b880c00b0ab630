// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Kernel
public import Parity
import Store
import Synchronization

/// Counts observations: in memory at once, in the parity store every second.
///
///     observation ──▶ repeat? ──▶ epoch ──▶ pending batch ──(1 s)──▶ parity.db
///
/// What the store cannot take waits in memory, bounded; what a kill takes away (at most the last
/// second) is counted as `unobserved(edge_stopped)` by the next start. Thread-safe; ``add(_:)``
/// never waits for a disk.
public final class ParityLedger: ObservationSink {
    struct State {
        var migrations: [String: MigrationCounts] = [:]
        var seen: [String: SeenRequests] = [:]
        /// Requests that are remembered, of all routes.
        var seenCount = 0
        /// Milliseconds, by route.
        var windows: [String: Int] = [:]
        var pendingRows = 0
        var figures = LedgerFigures()
        /// The store's epochs are known; until then nothing is written, because an epoch's number
        /// could be another's.
        var isLoaded = false
        /// What an earlier process had not written, until there is an epoch to count it in.
        var left: [String: UInt64] = [:]
    }

    let state = Mutex(State())
    let keys: ParityKeys
    private let unflushed: UnflushedCounts
    private let writer: SerialThread<ParityStoreSession>

    /// Opens the ledger on its three files: store, keys, and the counts that survive a kill.
    ///
    /// A store that is damaged is put aside and begun anew; one that cannot be opened now is tried
    /// again with every flush.
    ///
    /// - Throws: what keeps the key file or the counts from being opened.
    public init(paths: ParityPaths) throws {
        self.keys = try ParityKeys(path: paths.keys)
        let (unflushed, left) = try UnflushedCounts.open(path: paths.unflushed)
        self.unflushed = unflushed
        let made = Mutex<ParityLedger?>(nil)
        let session = ParityStoreSession.State(path: paths.store)
        self.writer = try SerialThread(
            name: "banyan-parity",
            tickMilliseconds: Limits.parityFlushMilliseconds,
            make: { ParityStoreSession(session) },
            tick: { store in
                made.withLock { $0 }?.flush(&store)
                made.withLock { $0 }?.makeRoom(&store)
            }
        )
        self.release = { made.withLock { $0 = nil } }
        self.begin(left: left)
        made.withLock { $0 = self }
    }

    private let release: @Sendable () -> Void

    /// Epochs of an earlier run go on where the rules and builds are the same.
    private func begin(left: [String: UInt64]) {
        self.state.withLock { state in
            state.left = left
            // A second kill before the first flush loses them no more than the first did.
            for (migration, count) in left {
                self.unflushed.add(Int64(count), migration: migration)
            }
        }
        _ = self.writer.call(waitMilliseconds: 5_000) { self.load(&$0) }
    }

    /// Learns which epochs the store has; `false`: it cannot be read yet, so nobody knows.
    private func load(_ store: inout ParityStoreSession) -> Bool {
        if self.state.withLock({ $0.isLoaded }) { return true }
        guard let found = store.known() else { return false }
        _ = store.takeReplaced()
        self.state.withLock { state in
            for (migration, known) in found {
                state.migrations[migration, default: MigrationCounts(migration, [])]
                    .adopt(known.epochs, kinds: known.kinds)
            }
            let now = Int64(wallMilliseconds())
            for (migration, count) in state.left {
                state.migrations[migration, default: MigrationCounts(migration, [])]
                    .addLost(count, .edgeStopped, route: "", now: now)
            }
            state.left = [:]
            state.isLoaded = true
        }
        return true
    }

    // MARK: Counting

    /// What a migration's answers are compared by; another hash than the epoch's begins a new one.
    public func setRuleSet(migration: String, hash: String) {
        let now = Int64(wallMilliseconds())
        self.state.withLock { state in
            state.migrations[migration, default: MigrationCounts(migration, [])]
                .setRuleSet(hash, now: now)
        }
    }

    /// Repeats of a request of a route within its window are one observation.
    ///
    /// `windows`: milliseconds by route, of all routes there are; others are forgotten.
    public func setWindows(_ windows: [String: Int]) {
        self.state.withLock { state in
            state.windows = windows
            state.seen = state.seen.filter { windows[$0.key] != nil }
            state.seenCount = state.seen.values.reduce(0) { $0 + $1.count }
        }
    }

    /// Begins a new epoch by request: records were migrated, or reconciled.
    public func beginEpoch(migration: String, cause: String) {
        let now = Int64(wallMilliseconds())
        self.state.withLock { state in
            state.migrations[migration, default: MigrationCounts(migration, [])]
                .beginEpoch(cause: cause, now: now)
        }
    }

    /// The number of a migration's open epoch; 0: none.
    public func epochNumber(of migration: String) -> UInt64 {
        self.state.withLock { $0.migrations[migration]?.epoch?.number ?? 0 }
    }

    /// Counts observations of which nothing is known but the route and why.
    public func addUnobserved(
        _ count: UInt64,
        _ reason: UnobservedReason,
        migration: String,
        route: String,
        unixMilliseconds: Int64
    ) {
        self.state.withLock { state in
            state.migrations[migration, default: MigrationCounts(migration, [])]
                .addLost(count, reason, route: route, now: unixMilliseconds)
            state.figures.unobserved[Int(reason.rawValue)] += count
            self.unflushed.add(Int64(count), migration: migration)
        }
    }

    /// Counts one observation; its plaintext is gone when this returns.
    public func add(_ observation: ParityObservation) {
        self.state.withLock { state in
            var observation = observation
            self.markRepeat(&observation, &state)
            let name = observation.migration
            var counts = state.migrations.removeValue(forKey: name) ?? MigrationCounts(name, [])
            counts.add(
                observation,
                keys: self.keys,
                isFull: state.pendingRows >= Limits.parityPendingRowsMax,
                rows: &state.pendingRows
            )
            state.migrations[name] = counts
            state.figures.count(observation)
            self.unflushed.add(1, migration: name)
        }
    }

    private func markRepeat(_ observation: inout ParityObservation, _ state: inout State) {
        guard observation.outcome != .unobserved else { return }
        let route = observation.route
        let isBad = observation.outcome == .mismatch || observation.outcome == .modernFailed
        var seen = state.seen.removeValue(forKey: route) ?? SeenRequests()
        let before = seen.count
        // A route with a flood of requests must not take away what the others need.
        let most =
            state.seenCount < Limits.parityDigestsMax
            ? Limits.parityDigestsMax : Limits.parityDigestsMax / max(state.windows.count, 1)
        let isNew = seen.isNew(
            observation.requestDigest,
            isBad: isBad,
            unixMilliseconds: observation.unixMilliseconds,
            windowMilliseconds: state.windows[route] ?? ParityModel().windowMilliseconds,
            most: most
        )
        state.seenCount += seen.count - before
        state.seen[route] = seen
        guard !isNew else { return }
        observation.outcome = .unobserved
        observation.reason = .repeated
        observation.differences = []
        observation.hasNoise = false
        observation.noise = []
    }

    // MARK: Flushing

    private func flush(_ store: inout ParityStoreSession) {
        guard self.load(&store) else { return self.countFailure(store.problem) }
        if store.takeReplaced() { self.beginAnew() }
        let taken = self.state.withLock { state in
            state.pendingRows = 0
            return state.migrations.keys.sorted().flatMap { name in
                state.migrations[name]?.takePending() ?? []
            }
        }
        guard !taken.isEmpty else { return }
        if store.add(taken) {
            self.state.withLock { state in
                for (epoch, batch) in taken {
                    self.unflushed.add(-Int64(batch.count), migration: epoch.migration)
                }
                state.figures.storeProblem = ""
            }
        } else {
            let problem = store.problem
            self.state.withLock { state in
                for (epoch, batch) in taken {
                    state.migrations[epoch.migration]?.giveBack(epoch, batch)
                    state.pendingRows += batch.totals.count
                }
            }
            self.countFailure(problem)
        }
    }

    private func countFailure(_ problem: String) {
        self.state.withLock { state in
            state.figures.storeProblem = problem
            state.figures.failedFlushes += 1
        }
    }

    /// What an epoch had counted is in the file that was put aside: its number must not stand for
    /// less than it says.
    private func beginAnew() {
        for migration in self.migrations() { self.beginEpoch(migration: migration, cause: "store") }
    }

    /// Old epochs become sums; keys whose fingerprints are all gone are destroyed.
    private func makeRoom(_ store: inout ParityStoreSession) {
        let history = store.compact(
            now: Int64(wallMilliseconds()),
            monotonicMilliseconds: Int64(monotonicNanoseconds() / 1_000_000)
        )
        for (migration, epoch) in history {
            _ = try? self.keys.shred(migration: migration, upTo: epoch)
        }
    }

    /// Writes what waits now; `false` when the store did not take it in time.
    @discardableResult
    public func flush(waitMilliseconds: Int = 5_000) -> Bool {
        self.writer.call(waitMilliseconds: waitMilliseconds) { store in
            self.flush(&store)
            return store.problem.isEmpty
        } ?? false
    }

    /// Writes what waits, and ends; `false` when the store did not take it in time.
    @discardableResult
    public func stop(waitMilliseconds: Int = 5_000) -> Bool {
        let isFlushed = self.flush(waitMilliseconds: waitMilliseconds)
        let isEnded = self.writer.stop(waitMilliseconds: waitMilliseconds)
        self.release()
        return isFlushed && isEnded
    }

    /// Destroys the keys of fingerprints of a tenant (`nil`: of all) and a migration (`nil`: of
    /// all); how many were destroyed.
    ///
    /// - Throws: what kept the key file from being replaced.
    public func shred(tenant: String?, migration: String?) throws -> Int {
        try self.keys.shred(tenant: tenant, migration: migration)
    }

    // MARK: Reading

    /// All that is known of an epoch (`nil`: the current one) up to now; `nil`: nothing is.
    ///
    /// - Throws: the store's error, for people.
    public func snapshot(
        migration: String,
        epoch: UInt64? = nil,
        tenants: [String] = []
    ) throws(ParityLedgerError) -> ParitySnapshot? {
        let answer = self.writer.call(waitMilliseconds: 30_000) { store in
            self.flush(&store)
            return store.snapshot(migration: migration, epoch: epoch, tenants: tenants)
        }
        switch answer {
        case .none: throw ParityLedgerError(text: "the parity store did not answer in time")
        case .some(.failure(let error)): throw error
        case .some(.success(let snapshot)): return snapshot
        }
    }

    /// Migrations that were ever observed, by name.
    public func migrations() -> [String] {
        self.state.withLock { $0.migrations.keys.sorted() }
    }

    /// What was counted since the start, for metrics.
    public var figures: LedgerFigures { self.state.withLock { $0.figures } }
}

/// Where a ledger keeps its files.
public struct ParityPaths: Sendable {
    /// The parity store.
    public var store: String
    /// Keys of fingerprints.
    public var keys: String
    /// Counts that survive a kill.
    public var unflushed: String

    /// The files' usual names in a folder: `parity.db`, `parity.keys`, `parity.unflushed`.
    public init(folder: String) {
        self.store = folder + "/parity.db"
        self.keys = folder + "/parity.keys"
        self.unflushed = folder + "/parity.unflushed"
    }
}

/// Why the ledger cannot answer, for people.
public struct ParityLedgerError: Error, Sendable, CustomStringConvertible {
    /// One line.
    public var text: String

    /// The line.
    public var description: String { self.text }
}
