// SPDX-License-Identifier: Apache-2.0

import Bytes
import Parity
import Store

/// Adds one observation to a batch: sums, differences with fingerprints, the hour's series.
///
/// Here plaintext ends: what goes into the batch is templates, classes, kinds, lengths and keyed
/// fingerprints.
struct ObservationCounter {
    private let observation: ParityObservation
    private let epoch: ParityEpoch
    private let keys: ParityKeys

    init(_ observation: ParityObservation, epoch: ParityEpoch, keys: ParityKeys) {
        self.observation = observation
        self.epoch = epoch
        self.keys = keys
    }

    /// Counts.
    ///
    /// `kinds`: differences that this epoch knows; beyond the bound all are one.
    mutating func count(into batch: inout ParityBatch, kinds: inout Set<ParityDifferenceKey>) {
        batch.count += 1
        let key = ParityTotalsKey(
            route: self.observation.route,
            operation: self.observation.operation,
            tenant: self.observation.tenant
        )
        let fresh = ParityTotals(
            tenant: key.tenant,
            wave: self.observation.wave,
            route: key.route,
            operation: key.operation
        )
        self.count(&batch.totals[key, default: fresh])
        if self.observation.reason != .repeated { self.countTime(&batch) }
        self.countDifferences(&batch, &kinds)
    }

    private var isGateMismatch: Bool {
        self.observation.outcome == .mismatch
            && self.observation.differences.contains { $0.severity.countsAsMismatch }
    }

    private func count(_ totals: inout ParityTotals) {
        let observation = self.observation
        if !observation.wave.isEmpty { totals.wave = observation.wave }
        let time = observation.unixMilliseconds
        if totals.firstUnixMilliseconds == 0 { totals.firstUnixMilliseconds = time }
        totals.firstUnixMilliseconds = min(totals.firstUnixMilliseconds, time)
        totals.lastUnixMilliseconds = max(totals.lastUnixMilliseconds, time)
        if observation.outcome == .unobserved {
            totals.unobserved[Int(observation.reason.rawValue)] += 1
        }
        // A repeat is neither evidence nor missing evidence.
        guard observation.reason != .repeated else { return }
        totals[observation.outcome] += 1
        if self.isGateMismatch { totals.gateMismatches += 1 }
        if observation.differences.contains(where: { $0.severity == .zeroTolerance }) {
            totals.zeroTolerance += 1
        }
        self.countErrors(&totals)
        if observation.legacyMicroseconds > 0, observation.legacyStatus > 0 {
            totals.legacyLatency.add(microseconds: observation.legacyMicroseconds)
        }
        if observation.modernMicroseconds > 0, observation.modernStatus > 0 {
            totals.modernLatency.add(microseconds: observation.modernMicroseconds)
        }
        guard observation.hasNoise else { return }
        totals.noiseReads += 1
        let isNoisy = observation.noise.contains { $0.severity.countsAsMismatch }
        let isDifferent = observation.differences.contains { $0.severity.countsAsMismatch }
        if isNoisy { totals.noiseDiffered += 1 }
        if isDifferent, !isNoisy { totals.pairedCandidateOnly += 1 }
        if isNoisy, !isDifferent { totals.pairedNoiseOnly += 1 }
    }

    private func countErrors(_ totals: inout ParityTotals) {
        let isLegacyError =
            self.observation.outcome == .legacyFailed || self.observation.legacyStatus >= 500
        let isModernError =
            self.observation.outcome == .modernFailed || self.observation.modernStatus >= 500
        switch (isLegacyError, isModernError, self.observation.outcome) {
        case (_, _, .unobserved): break
        case (_, _, .bothFailed), (true, true, _): totals.bothErrors += 1
        case (true, false, _): totals.legacyErrors += 1
        case (false, true, _): totals.modernErrors += 1
        case (false, false, _): break
        }
    }

    private func countTime(_ batch: inout ParityBatch) {
        let hour: Int64 = 3_600_000
        let start = self.observation.unixMilliseconds / hour * hour
        let key = ParityTimeKey(
            startUnixMilliseconds: start,
            lengthMilliseconds: hour,
            route: self.observation.route
        )
        let fresh = ParityTimeTotals(
            startUnixMilliseconds: start,
            lengthMilliseconds: hour,
            route: key.route,
            outcomes: [UInt64](repeating: 0, count: ObservationOutcome.allCases.count),
            gateMismatches: 0
        )
        let index = Int(self.observation.outcome.rawValue)
        batch.series[key, default: fresh].outcomes[index] += 1
        if self.isGateMismatch { batch.series[key]?.gateMismatches += 1 }
    }

    // MARK: Differences

    private func countDifferences(
        _ batch: inout ParityBatch,
        _ kinds: inout Set<ParityDifferenceKey>
    ) {
        let hasNoise = self.observation.hasNoise
        let noisy = hasNoise ? Set(self.observation.noise.map { self.key($0) }) : []
        let different = hasNoise ? Set(self.observation.differences.map { self.key($0) }) : []
        for difference in self.observation.differences {
            self.row(difference, &batch, &kinds) { row in
                row.count += 1
                for bit in difference.hints.bits {
                    while row.hinted.count <= bit { row.hinted.append(0) }
                    row.hinted[bit] += 1
                }
                if hasNoise, !noisy.contains(self.key(difference)) {
                    row.candidateOnly += 1
                }
                row.severity = max(row.severity, difference.severity)
                row.acceptedBy = difference.acceptedBy
                if row.fingerprints.count < 5 {
                    let pair = self.fingerprints(difference)
                    if !row.fingerprints.contains(pair) {
                        row.fingerprints = (row.fingerprints + [pair]).sorted()
                    }
                }
            }
        }
        for difference in self.observation.noise {
            self.row(difference, &batch, &kinds) { row in
                row.noiseCount += 1
                if !different.contains(self.key(difference)) { row.noiseOnly += 1 }
            }
        }
    }

    private func key(_ difference: ParityDifference) -> ParityDifferenceKey {
        ParityDifferenceKey(
            route: self.observation.route,
            operation: self.observation.operation,
            pointer: difference.pointer,
            difference: difference.difference
        )
    }

    private func row(
        _ difference: ParityDifference,
        _ batch: inout ParityBatch,
        _ kinds: inout Set<ParityDifferenceKey>,
        _ change: (inout ParityDifferenceTotals) -> Void
    ) {
        var key = self.key(difference)
        // What the batch has, the epoch knows.
        if batch.differences[key] == nil, !kinds.contains(key) {
            if kinds.count < Limits.parityDifferenceKindsMax {
                kinds.insert(key)
            } else {
                key.pointer = "(other)"
            }
        }
        let fresh = ParityDifferenceTotals(
            route: key.route,
            operation: key.operation,
            pointer: key.pointer,
            difference: key.difference,
            severity: difference.severity
        )
        self.count(difference, &batch.differences[key, default: fresh], change)
    }

    private func count(
        _ difference: ParityDifference,
        _ row: inout ParityDifferenceTotals,
        _ change: (inout ParityDifferenceTotals) -> Void
    ) {
        let time = self.observation.unixMilliseconds
        if row.firstUnixMilliseconds == 0 {
            row.firstUnixMilliseconds = time
            row.legacyKind = difference.legacyKind
            row.modernKind = difference.modernKind
            row.legacyLengthClass = lengthClass(difference.legacyValue.count)
            row.modernLengthClass = lengthClass(difference.modernValue.count)
        }
        row.lastUnixMilliseconds = max(row.lastUnixMilliseconds, time)
        let tenant = self.observation.tenant
        if !tenant.isEmpty, row.tenants.count < 64, !row.tenants.contains(tenant) {
            row.tenants = (row.tenants + [tenant]).sorted()
        }
        change(&row)
    }

    private func fingerprints(_ difference: ParityDifference) -> String {
        let sides = [difference.legacyValue, difference.modernValue].map {
            self.keys.fingerprint(
                $0,
                tenant: self.observation.tenant,
                migration: self.epoch.migration,
                epoch: self.epoch.number
            )
        }
        return sides.joined(separator: ":")
    }
}
