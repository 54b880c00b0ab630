// SPDX-License-Identifier: Apache-2.0

import Bytes
import Parity
import Store

/// One migration's open epoch, and what was counted in it (and in ones that have just ended) since
/// the last flush.
struct MigrationCounts {
    private let migration: String
    /// Epochs with something to write, the open one last.
    private var pending: [(epoch: ParityEpoch, batch: ParityBatch)] = []
    private(set) var epoch: ParityEpoch?
    /// The highest number that was ever given.
    private var lastNumber: UInt64
    private var builds = BuildHistory()
    /// The open epoch was begun by an earlier process, whose table of ids is gone.
    private var isResumed = false
    /// Kinds of differences that the open epoch knows, in the store or in what waits.
    private var kinds: Set<ParityDifferenceKey> = []

    /// Goes on with the last of `epochs` when it is open; `kinds`: of differences it has.
    init(
        _ migration: String,
        _ epochs: [ParityEpoch],
        kinds: Set<ParityDifferenceKey> = []
    ) {
        self.migration = migration
        self.lastNumber = epochs.last?.number ?? 0
        self.builds = BuildHistory(epochs)
        guard let last = epochs.last, last.endUnixMilliseconds == 0 else { return }
        self.epoch = last
        self.kinds = kinds
        self.isResumed = true
    }

    /// Learns epochs that the store had all along and that could not be read until now.
    ///
    /// What was counted meanwhile goes on with the last of them where rules and builds agree, and
    /// follows it otherwise: never is it added to an epoch of other rules.
    mutating func adopt(_ epochs: [ParityEpoch], kinds: Set<ParityDifferenceKey> = []) {
        let known = MigrationCounts(self.migration, epochs, kinds: kinds)
        guard let first = self.pending.first?.epoch, let last = epochs.last else {
            if !epochs.isEmpty { self = known }
            return
        }
        let goesOn =
            last.endUnixMilliseconds == 0 && last.ruleSetHash == first.ruleSetHash
            && BuildHistory.agree(last.legacyBuild, first.legacyBuild)
            && BuildHistory.agree(last.modernBuild, first.modernBuild)
        let offset = goesOn ? last.number - 1 : last.number
        for index in self.pending.indices {
            self.pending[index].epoch.number += offset
            // Made under the key of the number that it had.
            for key in self.pending[index].batch.differences.keys {
                self.pending[index].batch.differences[key]?.fingerprints = []
            }
        }
        self.lastNumber += offset
        if goesOn {
            self.pending[0].epoch.startUnixMilliseconds = last.startUnixMilliseconds
            self.pending[0].epoch.cause = last.cause
            self.pending[0].epoch.identitiesSinceUnixMilliseconds = first.startUnixMilliseconds
            if self.pending.count == 1 { self.kinds.formUnion(kinds) }
        } else {
            if first.cause == "first" {
                self.pending[0].epoch.cause =
                    last.ruleSetHash == first.ruleSetHash ? "build" : "rules"
            }
            if last.endUnixMilliseconds == 0 {
                var ended = last
                ended.endUnixMilliseconds = max(
                    first.startUnixMilliseconds,
                    last.startUnixMilliseconds + 1
                )
                self.pending.insert((ended, ParityBatch()), at: 0)
            }
        }
        self.takeBuilds(known)
        self.epoch = self.pending.last?.epoch
    }

    /// Builds of epochs that were not known: those of this run are the current ones.
    private mutating func takeBuilds(_ known: MigrationCounts) {
        self.builds.adopt(known.builds)
        guard let index = self.pending.indices.last else { return }
        self.pending[index].epoch.legacyBuild = self.builds.legacyText
        self.pending[index].epoch.modernBuild = self.builds.modernText
    }

    // MARK: Epochs

    mutating func setRuleSet(_ hash: String, now: Int64) {
        guard let epoch = self.epoch else {
            self.open(cause: self.lastNumber == 0 ? "first" : "rules", hash: hash, now: now)
            return
        }
        guard epoch.ruleSetHash != hash else { return }
        self.close(now)
        self.open(cause: "rules", hash: hash, now: now)
    }

    mutating func beginEpoch(cause: String, now: Int64) {
        let hash = self.epoch?.ruleSetHash ?? ""
        self.close(now)
        self.open(cause: cause, hash: hash, now: now)
    }

    private mutating func close(_ now: Int64) {
        guard var epoch = self.epoch else { return }
        epoch.endUnixMilliseconds = max(now, epoch.startUnixMilliseconds + 1)
        self.change(epoch)
        self.epoch = nil
        self.kinds = []
        self.isResumed = false
    }

    private mutating func open(cause: String, hash: String, now: Int64) {
        self.lastNumber += 1
        let epoch = ParityEpoch(
            number: self.lastNumber,
            migration: self.migration,
            ruleSetHash: hash,
            legacyBuild: self.builds.legacyText,
            modernBuild: self.builds.modernText,
            cause: cause,
            startUnixMilliseconds: now,
            endUnixMilliseconds: 0
        )
        self.epoch = epoch
        self.change(epoch)
    }

    /// An epoch's row is written anew with the next flush.
    private mutating func change(_ epoch: ParityEpoch) {
        if let index = self.pending.lastIndex(where: { $0.epoch.number == epoch.number }) {
            self.pending[index].epoch = epoch
        } else {
            self.pending.append((epoch, ParityBatch()))
        }
    }

    /// `false`: an answer of another build than the epoch's; it counts nowhere.
    private mutating func takeBuilds(_ observation: ParityObservation) -> Bool {
        guard !observation.legacyBuild.isEmpty || !observation.modernBuild.isEmpty else {
            return true
        }
        switch self.builds.take(observation) {
        case .current: break
        case .other: return false
        case .changed: self.beginEpoch(cause: "build", now: observation.unixMilliseconds)
        case .named:
            guard var epoch = self.epoch else { break }
            epoch.legacyBuild = self.builds.legacyText
            epoch.modernBuild = self.builds.modernText
            self.epoch = epoch
            self.change(epoch)
        }
        return true
    }

    // MARK: Counting

    mutating func add(
        _ given: ParityObservation,
        keys: ParityKeys,
        isFull: Bool,
        rows: inout Int
    ) {
        var observation = given
        if self.epoch == nil {
            self.open(cause: "first", hash: "", now: observation.unixMilliseconds)
        }
        if !self.takeBuilds(observation) {
            observation.outcome = .unobserved
            observation.reason = .otherBuild
            observation.differences = []
            observation.hasNoise = false
        }
        if self.isResumed {
            self.isResumed = false
            self.epoch?.identitiesSinceUnixMilliseconds = observation.unixMilliseconds
        }
        guard let epoch = self.epoch else { return }
        if isFull { observation.tenant = "" }
        self.change(epoch)
        let index = self.pending.count - 1
        let before = self.pending[index].batch.totals.count
        var counter = ObservationCounter(observation, epoch: epoch, keys: keys)
        counter.count(into: &self.pending[index].batch, kinds: &self.kinds)
        rows += self.pending[index].batch.totals.count - before
    }

    /// Observations of which only the number is left.
    mutating func addLost(
        _ count: UInt64,
        _ reason: UnobservedReason,
        route: String,
        now: Int64
    ) {
        if self.epoch == nil { self.open(cause: "first", hash: "", now: now) }
        guard let epoch = self.epoch else { return }
        self.change(epoch)
        let key = ParityTotalsKey(route: route, operation: "", tenant: "")
        var totals = ParityTotals(tenant: "", wave: "", route: route, operation: "")
        totals[.unobserved] = count
        totals.unobserved[Int(reason.rawValue)] = count
        totals.firstUnixMilliseconds = now
        totals.lastUnixMilliseconds = now
        var batch = ParityBatch()
        batch.totals[key] = totals
        batch.count = count
        self.pending[self.pending.count - 1].batch.merge(batch)
    }

    // MARK: Flushing

    /// What is to be written; it is no longer here.
    mutating func takePending() -> [(epoch: ParityEpoch, batch: ParityBatch)] {
        let taken = self.pending
        self.pending = []
        return taken
    }

    /// The store did not take it: it goes with the next flush.
    mutating func giveBack(_ epoch: ParityEpoch, _ batch: ParityBatch) {
        if let index = self.pending.firstIndex(where: { $0.epoch.number == epoch.number }) {
            self.pending[index].batch.merge(batch)
        } else {
            self.pending.insert((epoch, batch), at: 0)
        }
    }
}
