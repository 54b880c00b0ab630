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
    /// Builds of earlier epochs: their answers come late, and count nowhere.
    private var earlierBuilds: Set<String> = []
    private var legacyBuilds: [String: String] = [:]
    private var modernBuilds: [String: String] = [:]
    private var kinds: Set<ParityDifferenceKey> = []

    /// Goes on with the last of `epochs` when it is open.
    init(_ migration: String, _ epochs: [ParityEpoch]) {
        self.migration = migration
        self.lastNumber = epochs.last?.number ?? 0
        for epoch in epochs.dropLast() {
            self.earlierBuilds.formUnion(builds(epoch.legacyBuild, "l"))
            self.earlierBuilds.formUnion(builds(epoch.modernBuild, "m"))
        }
        guard let last = epochs.last, last.endUnixMilliseconds == 0 else { return }
        self.epoch = last
        self.legacyBuilds = pairs(last.legacyBuild)
        self.modernBuilds = pairs(last.modernBuild)
        for (route, build) in self.legacyBuilds { self.earlierBuilds.remove("l\(route)=\(build)") }
        for (route, build) in self.modernBuilds { self.earlierBuilds.remove("m\(route)=\(build)") }
    }

    /// Learns epochs that the store had all along and that could not be read until now.
    ///
    /// What was counted meanwhile goes on with the last of them where rules and builds agree, and
    /// follows it otherwise: never is it added to an epoch of other rules.
    mutating func adopt(_ epochs: [ParityEpoch]) {
        let known = MigrationCounts(self.migration, epochs)
        guard let first = self.pending.first?.epoch, let last = epochs.last else {
            if !epochs.isEmpty { self = known }
            return
        }
        let goesOn =
            last.endUnixMilliseconds == 0 && last.ruleSetHash == first.ruleSetHash
            && agree(pairs(last.legacyBuild), pairs(first.legacyBuild))
            && agree(pairs(last.modernBuild), pairs(first.modernBuild))
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
        self.earlierBuilds.formUnion(known.earlierBuilds)
        self.earlierBuilds.formUnion(builds(text(known.legacyBuilds), "l"))
        self.earlierBuilds.formUnion(builds(text(known.modernBuilds), "m"))
        self.legacyBuilds.merge(known.legacyBuilds) { mine, _ in mine }
        self.modernBuilds.merge(known.modernBuilds) { mine, _ in mine }
        self.earlierBuilds.subtract(builds(text(self.legacyBuilds), "l"))
        self.earlierBuilds.subtract(builds(text(self.modernBuilds), "m"))
        guard let index = self.pending.indices.last else { return }
        self.pending[index].epoch.legacyBuild = text(self.legacyBuilds)
        self.pending[index].epoch.modernBuild = text(self.modernBuilds)
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
    }

    private mutating func open(cause: String, hash: String, now: Int64) {
        self.lastNumber += 1
        let epoch = ParityEpoch(
            number: self.lastNumber,
            migration: self.migration,
            ruleSetHash: hash,
            legacyBuild: text(self.legacyBuilds),
            modernBuild: text(self.modernBuilds),
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

    /// `false`: an answer of a build that an earlier epoch has seen.
    private mutating func takeBuilds(_ observation: ParityObservation) -> Bool {
        let route = observation.route
        let fresh = [
            ("l", observation.legacyBuild, self.legacyBuilds[route]),
            ("m", observation.modernBuild, self.modernBuilds[route]),
        ].filter { !$0.1.isEmpty && $0.1 != $0.2 }
        guard !fresh.isEmpty else { return true }
        if fresh.contains(where: { self.earlierBuilds.contains("\($0.0)\(route)=\($0.1)") }) {
            return false
        }
        let isFirst = fresh.allSatisfy { $0.2 == nil }
        for (side, build, known) in fresh {
            if let known { self.earlierBuilds.insert("\(side)\(route)=\(known)") }
            if side == "l" {
                self.legacyBuilds[route] = build
            } else {
                self.modernBuilds[route] = build
            }
        }
        if isFirst, var epoch = self.epoch {
            // The first word about a build names the epoch that is running.
            epoch.legacyBuild = text(self.legacyBuilds)
            epoch.modernBuild = text(self.modernBuilds)
            self.epoch = epoch
            self.change(epoch)
        } else {
            self.beginEpoch(cause: "build", now: observation.unixMilliseconds)
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

/// Builds by route as an epoch stores them: `route=build`, sorted, joined.
private func text(_ builds: [String: String]) -> String {
    builds.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
}

private func pairs(_ text: String) -> [String: String] {
    var pairs: [String: String] = [:]
    for part in text.split(separator: " ") {
        let sides = part.split(separator: "=", maxSplits: 1)
        if sides.count == 2 { pairs[String(sides[0])] = String(sides[1]) }
    }
    return pairs
}

/// Whether no route has another build in `later`.
private func agree(_ known: [String: String], _ later: [String: String]) -> Bool {
    later.allSatisfy { route, build in (known[route] ?? build) == build }
}

private func builds(_ text: String, _ side: String) -> Set<String> {
    Set(pairs(text).map { "\(side)\($0.key)=\($0.value)" })
}
