// SPDX-License-Identifier: Apache-2.0

/// What one migration's observations are counted under: a new one starts when rules, builds or
/// data change (parity.md f3 v).
public struct ParityEpoch: Sendable, Hashable {
    /// From 1 within its migration; it only grows.
    public var number: UInt64
    /// Stage flag key.
    public var migration: String
    /// SHA-256 of the rule set, hex.
    public var ruleSetHash: String
    /// Legacy's build id; empty: unknown.
    public var legacyBuild: String
    /// Modern's build id; empty: unknown.
    public var modernBuild: String
    /// Why it started: `first`, `rules`, `build`, `data`, or a text of whoever asked.
    public var cause: String
    /// ms since 1970 of its first observation.
    public var startUnixMilliseconds: Int64
    /// ms since 1970 of its last; 0: it is open.
    public var endUnixMilliseconds: Int64
    /// ms since 1970 from which on ids are held one to one: the table lives in memory, so an edge
    /// that starts anew within an epoch learns anew; 0: from the epoch's begin.
    public var identitiesSinceUnixMilliseconds: Int64 = 0

    /// An epoch from its parts.
    public init(
        number: UInt64,
        migration: String,
        ruleSetHash: String,
        legacyBuild: String,
        modernBuild: String,
        cause: String,
        startUnixMilliseconds: Int64,
        endUnixMilliseconds: Int64
    ) {
        self.number = number
        self.migration = migration
        self.ruleSetHash = ruleSetHash
        self.legacyBuild = legacyBuild
        self.modernBuild = modernBuild
        self.cause = cause
        self.startUnixMilliseconds = startUnixMilliseconds
        self.endUnixMilliseconds = endUnixMilliseconds
    }
}

/// Sums of one tenant x operation in one epoch.
public struct ParityTotals: Sendable, Hashable {
    /// Tenant id; empty: no tenant.
    public var tenant: String
    /// Wave label; empty: none.
    public var wave: String
    /// Route name.
    public var route: String
    /// Method and path template.
    public var operation: String
    /// Observations by ``ObservationOutcome`` raw value, 7 of them; repeats are not in here.
    public var outcomes: [UInt64]
    /// Observations that were not compared by ``UnobservedReason`` raw value, one each.
    public var unobserved: [UInt64]
    /// Mismatches whose worst difference counts in a gate
    /// (``DifferenceSeverity/countsAsMismatch``).
    public var gateMismatches: UInt64
    /// Observations with a zero-tolerance difference.
    public var zeroTolerance: UInt64
    /// Errors (5xx, no answer) of legacy alone, of modern alone, of both.
    public var legacyErrors: UInt64
    /// See ``legacyErrors``.
    public var modernErrors: UInt64
    /// See ``legacyErrors``.
    public var bothErrors: UInt64
    /// A/A re-reads, and how many of them differed.
    public var noiseReads: UInt64
    /// See ``noiseReads``.
    public var noiseDiffered: UInt64
    /// Paired test: candidate differed and legacy agreed with itself (parity.md e).
    public var pairedCandidateOnly: UInt64
    /// Paired test: legacy differed with itself and the candidate agreed.
    public var pairedNoiseOnly: UInt64
    /// Legacy's latencies.
    public var legacyLatency: ParityHistogram
    /// Modern's latencies.
    public var modernLatency: ParityHistogram
    /// ms since 1970 of the first observation.
    public var firstUnixMilliseconds: Int64
    /// ms since 1970 of the last observation.
    public var lastUnixMilliseconds: Int64

    /// Nothing counted yet.
    public init(tenant: String, wave: String, route: String, operation: String) {
        self.tenant = tenant
        self.wave = wave
        self.route = route
        self.operation = operation
        self.outcomes = [UInt64](repeating: 0, count: ObservationOutcome.allCases.count)
        self.unobserved = [UInt64](repeating: 0, count: UnobservedReason.allCases.count)
        self.gateMismatches = 0
        self.zeroTolerance = 0
        self.legacyErrors = 0
        self.modernErrors = 0
        self.bothErrors = 0
        self.noiseReads = 0
        self.noiseDiffered = 0
        self.pairedCandidateOnly = 0
        self.pairedNoiseOnly = 0
        self.legacyLatency = ParityHistogram()
        self.modernLatency = ParityHistogram()
        self.firstUnixMilliseconds = 0
        self.lastUnixMilliseconds = 0
    }

    /// Observations with this outcome.
    public subscript(outcome: ObservationOutcome) -> UInt64 {
        get { self.outcomes[Int(outcome.rawValue)] }
        set { self.outcomes[Int(outcome.rawValue)] = newValue }
    }
}

/// A latency histogram: log-linear, 8 steps per doubling, sparse.
public struct ParityHistogram: Sendable, Hashable {
    /// Count by cell number (``cell(ofMicroseconds:)``), ascending.
    public var cells: [UInt16: UInt64]

    /// Empty.
    public init() { self.cells = [:] }

    /// The cell of a latency: 8 per doubling, so within 12.5 %.
    public static func cell(ofMicroseconds value: UInt32) -> UInt16 {
        guard value >= 8 else { return UInt16(value) }
        let top = 31 - value.leadingZeroBitCount
        return UInt16((top - 2) * 8 + Int((value >> (UInt32(top) - 3)) & 7))
    }

    /// The lowest latency of a cell, microseconds.
    public static func microseconds(ofCell cell: UInt16) -> UInt32 {
        guard cell >= 8 else { return UInt32(cell) }
        let top = UInt32(cell / 8) + 2
        return (8 + UInt32(cell % 8)) << (top - 3)
    }

    /// Counts one latency.
    public mutating func add(microseconds: UInt32) {
        self.cells[Self.cell(ofMicroseconds: microseconds), default: 0] += 1
    }

    /// Adds another histogram.
    public mutating func merge(_ other: ParityHistogram) {
        self.cells.merge(other.cells, uniquingKeysWith: +)
    }

    /// How many were counted.
    public var count: UInt64 { self.cells.values.reduce(0, +) }
}

/// Sums of one kind of difference in one epoch.
public struct ParityDifferenceTotals: Sendable, Hashable {
    /// Route name.
    public var route: String
    /// Method and path template.
    public var operation: String
    /// Pointer template.
    public var pointer: String
    /// In what way.
    public var difference: DifferenceClass
    /// How bad, at worst.
    public var severity: DifferenceSeverity
    /// Exchanges that have it.
    public var count: UInt64
    /// A/A re-reads in which legacy has it with itself.
    public var noiseCount: UInt64
    /// Paired test: candidate only, noise only.
    public var candidateOnly: UInt64
    /// See ``candidateOnly``.
    public var noiseOnly: UInt64
    /// Tenants that have it, at most 64 named, ascending.
    public var tenants: [String]
    /// What legacy had there, in the first example.
    public var legacyKind: ValueKind
    /// What modern had there, in the first example.
    public var modernKind: ValueKind
    /// Length class of legacy's value in the first example: 0, 1, 2, 4, 8 ...
    ///
    /// bytes, rounded up.
    public var legacyLengthClass: UInt32
    /// Length class of modern's.
    public var modernLengthClass: UInt32
    /// Keyed fingerprints of up to 5 pairs, hex `legacy:modern`, ascending.
    public var fingerprints: [String]
    /// Name of the rule that accepted it; empty: none.
    public var acceptedBy: String
    /// Exchanges whose pair had a hint, by bit of ``ParityHints``; short or empty: none counted.
    public var hinted: [UInt64] = []
    /// ms since 1970 of the first and last exchange with it.
    public var firstUnixMilliseconds: Int64
    /// See ``firstUnixMilliseconds``.
    public var lastUnixMilliseconds: Int64

    /// Nothing counted yet.
    public init(
        route: String,
        operation: String,
        pointer: String,
        difference: DifferenceClass,
        severity: DifferenceSeverity
    ) {
        self.route = route
        self.operation = operation
        self.pointer = pointer
        self.difference = difference
        self.severity = severity
        self.count = 0
        self.noiseCount = 0
        self.candidateOnly = 0
        self.noiseOnly = 0
        self.tenants = []
        self.legacyKind = .absent
        self.modernKind = .absent
        self.legacyLengthClass = 0
        self.modernLengthClass = 0
        self.fingerprints = []
        self.acceptedBy = ""
        self.firstUnixMilliseconds = 0
        self.lastUnixMilliseconds = 0
    }
}

/// Sums of one route in one span of time, for charts.
public struct ParityTimeTotals: Sendable, Hashable {
    /// ms since 1970 of its begin.
    public var startUnixMilliseconds: Int64
    /// Its length: an hour or a day.
    public var lengthMilliseconds: Int64
    /// Route name.
    public var route: String
    /// By outcome, 7 of them.
    public var outcomes: [UInt64]
    /// Mismatches that count in a gate.
    public var gateMismatches: UInt64

    /// From its parts.
    public init(
        startUnixMilliseconds: Int64,
        lengthMilliseconds: Int64,
        route: String,
        outcomes: [UInt64],
        gateMismatches: UInt64
    ) {
        self.startUnixMilliseconds = startUnixMilliseconds
        self.lengthMilliseconds = lengthMilliseconds
        self.route = route
        self.outcomes = outcomes
        self.gateMismatches = gateMismatches
    }
}

/// All that is known of one migration's epoch: what a report and a verdict are made from.
///
/// Every list is sorted by its key fields, so equal stores give equal snapshots.
public struct ParitySnapshot: Sendable, Hashable {
    /// The epoch.
    public var epoch: ParityEpoch
    /// Earlier epochs of the migration, oldest first.
    public var earlier: [ParityEpoch]
    /// By route, operation, tenant.
    public var totals: [ParityTotals]
    /// By route, operation, pointer, class.
    public var differences: [ParityDifferenceTotals]
    /// By time, route.
    public var series: [ParityTimeTotals]

    /// A snapshot from its parts.
    public init(
        epoch: ParityEpoch,
        earlier: [ParityEpoch],
        totals: [ParityTotals],
        differences: [ParityDifferenceTotals],
        series: [ParityTimeTotals]
    ) {
        self.epoch = epoch
        self.earlier = earlier
        self.totals = totals
        self.differences = differences
        self.series = series
    }
}
