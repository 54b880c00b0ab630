// SPDX-License-Identifier: Apache-2.0

public import Parity

/// A rule that accepts a difference, and what it hid.
public struct ReportAcceptance: Sendable, Hashable {
    /// Route name.
    public var route: String
    /// Pointer pattern.
    public var path: String
    /// Who answers for it.
    public var owner: String
    /// Why it may differ.
    public var reason: String
    /// When it ends, seconds since 1970; `nil`: never.
    public var expiresUnixSeconds: Int64?
    /// File and line.
    public var origin: String
    /// Whether it had ended when the last observation was made: it blocks a GO.
    public var isExpired: Bool
    /// Exchanges with a difference that it accepted.
    public var count: UInt64
    /// Places that it accepted differences at, ascending.
    public var pointers: [String]
}

/// A kind of difference with the numbers that it is judged by.
public struct ReportDifference: Sendable, Hashable {
    /// The ledger's sums.
    public var sums: ParityDifferenceTotals
    /// Exchanges of its operation that were compared.
    public var compared: UInt64
    /// A/A re-reads of its operation.
    public var noiseReads: UInt64
    /// What the paired test says.
    public var noise: ReportNoise
}

/// What legacy's differences with itself say about a difference (parity.md e).
public enum ReportNoise: String, Sendable, Hashable {
    /// Legacy was not read twice: nothing is known.
    case unknown
    /// Legacy never differs from itself here.
    case none
    /// Legacy differs from itself here, and modern not significantly more often.
    case alike
    /// Modern differs significantly more often than legacy from itself.
    case beyond

    /// For people.
    var text: String {
        switch self {
        case .unknown: "legacy not re-read"
        case .none: "legacy is steady here"
        case .alike: "no more than legacy with itself"
        case .beyond: "more than legacy with itself"
        }
    }
}

/// Latency quantiles of both origins over the same exchanges.
public struct ReportLatency: Sendable, Hashable {
    /// Route name; empty: all.
    public var route: String
    /// Operation; empty: all.
    public var operation: String
    /// Answers of legacy that were timed.
    public var legacyCount: UInt64
    /// Answers of modern that were timed.
    public var modernCount: UInt64
    /// Microseconds by ``quantiles``; empty without answers.
    public var legacy: [UInt64]
    /// Microseconds by ``quantiles``; empty without answers.
    public var modern: [UInt64]

    /// The quantiles that are shown, with their names.
    public static let quantiles: [(share: Double, name: String)] = [
        (0.5, "p50"), (0.9, "p90"), (0.95, "p95"), (0.99, "p99"), (0.999, "p99.9"),
    ]
}

/// One span of time of the charts, all routes together.
public struct ReportSpan: Sendable, Hashable {
    /// ms since 1970.
    public var startUnixMilliseconds: Int64
    /// Its length.
    public var lengthMilliseconds: Int64
    /// By outcome.
    public var outcomes: [UInt64]
    /// Mismatches that count in a gate.
    public var gateMismatches: UInt64
    /// Upper bound of the mismatch rate with everything up to its end; not finite: unknown.
    public var upperBound: Double
}

/// Everything that is known about one migration's parity in one epoch, ready to be written.
///
/// Built from a snapshot of the ledger and the route files alone; no clock, no random number: the
/// same store gives the same report, byte for byte, in every form.
public struct ParityReport: Sendable, Hashable {
    /// Stage flag key.
    public var migration: String
    /// Tenants in scope, ascending; empty: all.
    public var tenants: [String]
    /// The epoch that is reported.
    public var epoch: ParityEpoch
    /// Earlier epochs, oldest first.
    public var earlier: [ParityEpoch]
    /// Whether a rule or preset holds ids one to one.
    public var hasIdentifiers = false
    /// First observation, ms since 1970; 0: none.
    public var fromUnixMilliseconds: Int64
    /// Last observation, ms since 1970; 0: none.
    public var toUnixMilliseconds: Int64
    /// Charts and differences from here on, ms since 1970; `nil`: the whole epoch.
    public var sinceUnixMilliseconds: Int64?
    /// Generation of the standings when it was built.
    public var generation: UInt64
    /// Head of the audit's hash chain, hex; empty: not known.
    public var auditHead: String
    /// The verdict.
    public var verdict: ReportVerdict
    /// Sums over everything in scope.
    public var all: ParityTotals
    /// Sums by operation, over the tenants in scope.
    public var operations: [ParityTotals]
    /// Sums by route, operation and tenant.
    public var cells: [ParityTotals]
    /// Comparisons that each tenant x operation needs.
    public var coverageRequired: UInt64
    /// Operations that nobody has used.
    public var neverExercised: [ParityOperation]
    /// Differences that no rule accepts, the worst first.
    public var differences: [ReportDifference]
    /// Rules that accept differences.
    public var accepted: [ReportAcceptance]
    /// Latencies: everything first, then each operation.
    public var latency: [ReportLatency]
    /// The charts' spans, oldest first.
    public var series: [ReportSpan]
    /// The mismatch rate that the gate allows: a line in the chart.
    public var mismatchLimit: Double

    /// Comparisons that count: match, mismatch, modern_failed.
    public var compared: UInt64 { self.all.compared }

    /// Tenant x operation pairs that have enough comparisons.
    public var coveredCells: Int {
        self.cells.count { $0.compared >= self.coverageRequired }
    }
}

extension ParityTotals {
    /// Observations that count in a gate (parity.md f): match, mismatch and modern_failed.
    public var compared: UInt64 {
        self[.match] + self[.mismatch] + self[.modernFailed]
    }

    /// All observations, compared or not; repeats are not in here.
    public var observed: UInt64 { self.outcomes.reduce(0, +) }

    /// The same without what tells tenants or operations apart, for sums.
    static func sum(
        _ parts: some Sequence<ParityTotals>,
        route: String = "",
        operation: String = ""
    ) -> ParityTotals {
        var total = ParityTotals(tenant: "", wave: "", route: route, operation: operation)
        for part in parts { total.include(part) }
        return total
    }

    private mutating func include(_ other: ParityTotals) {
        for index in self.outcomes.indices { self.outcomes[index] += other.outcomes[index] }
        for index in self.unobserved.indices { self.unobserved[index] += other.unobserved[index] }
        self.gateMismatches += other.gateMismatches
        self.zeroTolerance += other.zeroTolerance
        self.legacyErrors += other.legacyErrors
        self.modernErrors += other.modernErrors
        self.bothErrors += other.bothErrors
        self.noiseReads += other.noiseReads
        self.noiseDiffered += other.noiseDiffered
        self.pairedCandidateOnly += other.pairedCandidateOnly
        self.pairedNoiseOnly += other.pairedNoiseOnly
        self.legacyLatency.merge(other.legacyLatency)
        self.modernLatency.merge(other.modernLatency)
        if other.firstUnixMilliseconds > 0 {
            self.firstUnixMilliseconds =
                self.firstUnixMilliseconds == 0
                ? other.firstUnixMilliseconds
                : min(self.firstUnixMilliseconds, other.firstUnixMilliseconds)
        }
        self.lastUnixMilliseconds = max(self.lastUnixMilliseconds, other.lastUnixMilliseconds)
    }
}
