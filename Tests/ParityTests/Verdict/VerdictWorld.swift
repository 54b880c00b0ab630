// SPDX-License-Identifier: Apache-2.0

import Parity

/// An epoch that is GO as it stands, to be spoiled in one way by each row of a table.
struct VerdictWorld {
    static let start: Int64 = 1_780_000_000_000
    static let day: Int64 = 86_400_000

    var rows: [ParityTotals]
    var epoch: ParityEpoch
    var scope: VerdictScope
    var policy = GatePolicy()

    /// One tenant, one operation, 36,000 matches in ten days.
    init() {
        self.epoch = ParityEpoch(
            number: 3,
            migration: "care-plans",
            ruleSetHash: "ab12",
            legacyBuild: "3.9",
            modernBuild: "1.1",
            cause: "build",
            startUnixMilliseconds: Self.start,
            endUnixMilliseconds: 0
        )
        self.scope = VerdictScope(nowUnixMilliseconds: Self.start + 10 * Self.day)
        self.rows = [Self.row()]
    }

    /// A row of matches, each origin as fast as the other.
    static func row(
        _ matches: UInt64 = 36_000,
        tenant: String = "acme",
        wave: String = "",
        route: String = "plans",
        operation: String = "GET /plans/{id}"
    ) -> ParityTotals {
        var row = ParityTotals(tenant: tenant, wave: wave, route: route, operation: operation)
        row[.match] = matches
        row.legacyLatency = Self.latencies(matches, microseconds: 20_000)
        row.modernLatency = Self.latencies(matches, microseconds: 20_000)
        row.firstUnixMilliseconds = Self.start
        row.lastUnixMilliseconds = Self.start + 10 * Self.day
        return row
    }

    /// So many latencies in 100 steps up to twice the one given.
    static func latencies(_ count: UInt64, microseconds: UInt32) -> ParityHistogram {
        var histogram = ParityHistogram()
        for step in UInt64(0)..<100 {
            let part = count / 100 + (step < count % 100 ? 1 : 0)
            let cell = ParityHistogram.cell(
                ofMicroseconds: microseconds + microseconds / 100 * UInt32(step)
            )
            if part > 0 { histogram.cells[cell, default: 0] += part }
        }
        return histogram
    }

    /// The one row of the first tenant and operation.
    var row: ParityTotals {
        get { self.rows[0] }
        set { self.rows[0] = newValue }
    }

    /// Some of the matches turned into something else.
    mutating func turn(_ count: UInt64, into outcome: ObservationOutcome, row: Int = 0) {
        self.rows[row][.match] -= count
        self.rows[row][outcome] += count
        if outcome == .mismatch { self.rows[row].gateMismatches += count }
        if outcome == .modernFailed { self.rows[row].modernErrors += count }
        if outcome == .legacyFailed { self.rows[row].legacyErrors += count }
        if outcome == .bothFailed { self.rows[row].bothErrors += count }
    }

    /// Observations that were not compared.
    mutating func unobserved(_ count: UInt64, _ reason: UnobservedReason, row: Int = 0) {
        self.rows[row][.unobserved] += count
        self.rows[row].unobserved[Int(reason.rawValue)] += count
    }

    var snapshot: ParitySnapshot {
        ParitySnapshot(
            epoch: self.epoch,
            earlier: [],
            totals: self.rows,
            differences: [],
            series: []
        )
    }

    var verdict: ParityVerdict {
        parityVerdict(self.snapshot, scope: self.scope, policy: self.policy)
    }
}
