// SPDX-License-Identifier: Apache-2.0

public import Parity

/// What a report is built from.
public struct ReportSources: Sendable {
    /// The ledger's sums of one epoch.
    public var snapshot: ParitySnapshot
    /// Tenants in scope; empty: all.
    public var tenants: [String] = []
    /// Charts and differences from here on, ms since 1970; `nil`: the whole epoch.
    ///
    /// Sums and verdict stay those of the epoch: a window that is chosen after a look at the data
    /// would void the statistics.
    public var sinceUnixMilliseconds: Int64?
    /// Generation of the standings.
    public var generation: UInt64 = 0
    /// Head of the audit's hash chain, hex.
    public var auditHead = ""
    /// Rules of the migration's routes, with the route's name.
    public var rules: [(route: String, rule: ParityRule)] = []
    /// Whether a rule or preset holds ids one to one.
    public var hasIdentifiers = false
    /// Operations that the routes offer.
    public var expected: [ParityOperation] = []
    /// Comparisons that each tenant x operation needs.
    public var coverageRequired: UInt64 = 30
    /// The mismatch rate that the gate allows.
    public var mismatchLimit = 0.0001
    /// The verdict over the same snapshot.
    public var verdict: ReportVerdict
    /// Anytime-valid upper bound of the rate behind `mismatches` in `trials`.
    public var upperBound: @Sendable (_ mismatches: UInt64, _ trials: UInt64) -> Double
    /// Whether modern differs more often than legacy from itself, by the paired test.
    public var isBeyondNoise: @Sendable (_ candidateOnly: UInt64, _ noiseOnly: UInt64) -> Bool

    /// Sources with nothing but a snapshot, its verdict and the two tests.
    public init(
        snapshot: ParitySnapshot,
        verdict: ReportVerdict,
        upperBound: @escaping @Sendable (UInt64, UInt64) -> Double,
        isBeyondNoise: @escaping @Sendable (UInt64, UInt64) -> Bool
    ) {
        self.snapshot = snapshot
        self.verdict = verdict
        self.upperBound = upperBound
        self.isBeyondNoise = isBeyondNoise
    }
}

extension ParityReport {
    /// Spans of a chart at most: more than can be told apart on a page.
    static let spansMax = 120

    /// A report from its sources; pure.
    public init(_ sources: ReportSources) {
        let snapshot = sources.snapshot
        let scope = Set(sources.tenants)
        let cells = snapshot.totals.filter { scope.isEmpty || scope.contains($0.tenant) }
            .sorted {
                ($0.route, $0.operation, $0.tenant) < ($1.route, $1.operation, $1.tenant)
            }
        let operations = ParityReport.operations(of: cells)
        let all = ParityTotals.sum(cells)
        self.migration = snapshot.epoch.migration
        self.tenants = scope.sorted()
        self.epoch = snapshot.epoch
        self.earlier = snapshot.earlier.sorted { $0.number < $1.number }
        self.hasIdentifiers = sources.hasIdentifiers
        self.fromUnixMilliseconds = all.firstUnixMilliseconds
        self.toUnixMilliseconds = all.lastUnixMilliseconds
        self.sinceUnixMilliseconds = sources.sinceUnixMilliseconds
        self.generation = sources.generation
        self.auditHead = sources.auditHead
        self.verdict = sources.verdict
        self.all = all
        self.operations = operations
        self.cells = cells
        self.coverageRequired = sources.coverageRequired
        let seen = Set(
            operations.filter { $0.observed > 0 }.map {
                ParityOperation(route: $0.route, operation: $0.operation)
            }
        )
        self.neverExercised = Set(sources.expected).subtracting(seen).sorted()
        self.differences = ParityReport.differences(sources, scope, operations)
        self.accepted = ParityReport.accepted(
            sources,
            at: all.lastUnixMilliseconds / 1_000,
            scope
        )
        self.latency =
            [ReportLatency(all, route: "", operation: "")]
            + operations.map { ReportLatency($0, route: $0.route, operation: $0.operation) }
        self.series = ParityReport.series(sources)
        self.mismatchLimit = sources.mismatchLimit
    }

    private static func operations(of cells: [ParityTotals]) -> [ParityTotals] {
        var groups: [ParityOperation: [ParityTotals]] = [:]
        for cell in cells {
            groups[ParityOperation(route: cell.route, operation: cell.operation), default: []]
                .append(cell)
        }
        return groups.sorted { $0.key < $1.key }.map { key, parts in
            ParityTotals.sum(parts, route: key.route, operation: key.operation)
        }
    }

    // MARK: Differences

    /// Kinds of differences in scope.
    ///
    /// Their counts are over all tenants: the ledger names tenants of a difference, not counts.
    private static func inScope(
        _ sources: ReportSources,
        _ scope: Set<String>
    ) -> [ParityDifferenceTotals] {
        sources.snapshot.differences.filter { difference in
            let isRecent =
                sources.sinceUnixMilliseconds.map { difference.lastUnixMilliseconds >= $0 } ?? true
            return isRecent
                && (scope.isEmpty || difference.tenants.contains(where: { scope.contains($0) }))
        }
    }

    private static func differences(
        _ sources: ReportSources,
        _ scope: Set<String>,
        _ operations: [ParityTotals]
    ) -> [ReportDifference] {
        let byOperation = Dictionary(
            operations.map { (ParityOperation(route: $0.route, operation: $0.operation), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let found = self.inScope(sources, scope).filter { $0.severity != .accepted }
        return found.sorted(by: isWorse).map { sums in
            let key = ParityOperation(route: sums.route, operation: sums.operation)
            let reads = byOperation[key]?.noiseReads ?? 0
            let isBeyond = sources.isBeyondNoise(sums.candidateOnly, sums.noiseOnly)
            let noise: ReportNoise =
                reads == 0 ? .unknown : sums.noiseCount == 0 ? .none : isBeyond ? .beyond : .alike
            return ReportDifference(
                sums: sums,
                compared: byOperation[key]?.compared ?? 0,
                noiseReads: reads,
                noise: noise
            )
        }
    }

    /// The worse severity first, then the more frequent, then by name.
    private static func isWorse(
        _ a: ParityDifferenceTotals,
        _ b: ParityDifferenceTotals
    ) -> Bool {
        if a.severity != b.severity { return a.severity > b.severity }
        if a.count != b.count { return a.count > b.count }
        if a.route != b.route { return a.route < b.route }
        return (a.operation, a.pointer, a.difference.rawValue)
            < (b.operation, b.pointer, b.difference.rawValue)
    }

    /// Every ignore rule, also one that accepted nothing: somebody should take it away.
    private static func accepted(
        _ sources: ReportSources,
        at nowUnixSeconds: Int64,
        _ scope: Set<String>
    ) -> [ReportAcceptance] {
        let found = self.inScope(sources, scope).filter { $0.severity == .accepted }
        var list: [ReportAcceptance] = []
        for (route, rule) in sources.rules {
            guard case .ignore(let owner, let reason, let expires) = rule.kind else { continue }
            let hidden = found.filter {
                $0.route == route && $0.acceptedBy == "ignore \(rule.path)"
            }
            list.append(
                ReportAcceptance(
                    route: route,
                    path: rule.path,
                    owner: owner,
                    reason: reason,
                    expiresUnixSeconds: expires,
                    origin: shortPlace(rule.origin),
                    isExpired: expires.map { $0 <= nowUnixSeconds } ?? false,
                    count: hidden.reduce(0) { $0 + $1.count },
                    pointers: Set(hidden.map(\.pointer)).sorted()
                )
            )
        }
        return list.sorted { ($0.route, $0.path, $0.origin) < ($1.route, $1.path, $1.origin) }
    }

    // MARK: Charts

    /// All routes together, in spans that are few enough for a chart.
    private static func series(_ sources: ReportSources) -> [ReportSpan] {
        let rows = sources.snapshot.series.sorted {
            ($0.startUnixMilliseconds, $0.route) < ($1.startUnixMilliseconds, $1.route)
        }
        guard let first = rows.first, let last = rows.last else { return [] }
        let hour: Int64 = 3_600_000
        let reach = last.startUnixMilliseconds + last.lengthMilliseconds
        let start = max(first.startUnixMilliseconds, sources.sinceUnixMilliseconds ?? 0)
        let least = rows.map(\.lengthMilliseconds).max() ?? hour
        let lengths = [1, 6, 24, 168, 720, 8_760].map { $0 * hour }
        let length =
            lengths.first { $0 >= least && (reach - start) / $0 < Int64(spansMax) } ?? 8_760 * hour
        var spans: [Int64: ReportSpan] = [:]
        for row in rows {
            let begin = row.startUnixMilliseconds - row.startUnixMilliseconds % length
            var span =
                spans[begin]
                ?? ReportSpan(
                    startUnixMilliseconds: begin,
                    lengthMilliseconds: length,
                    outcomes: [UInt64](repeating: 0, count: ObservationOutcome.allCases.count),
                    gateMismatches: 0,
                    upperBound: .nan
                )
            for index in span.outcomes.indices { span.outcomes[index] += row.outcomes[index] }
            span.gateMismatches += row.gateMismatches
            spans[begin] = span
        }
        var result: [ReportSpan] = []
        var (mismatches, trials): (UInt64, UInt64) = (0, 0)
        for begin in spans.keys.sorted() {
            guard var span = spans[begin] else { continue }
            func outcome(_ one: ObservationOutcome) -> UInt64 { span.outcomes[Int(one.rawValue)] }
            mismatches += span.gateMismatches + outcome(.modernFailed)
            trials += outcome(.match) + outcome(.mismatch) + outcome(.modernFailed)
            if trials > 0 { span.upperBound = sources.upperBound(mismatches, trials) }
            if begin + length > start { result.append(span) }
        }
        return result
    }
}

/// `Routes/virtual-care.yaml:21` of a longer path: the same on every machine.
func shortPlace(_ origin: String) -> String {
    origin.split(separator: "/").suffix(2).joined(separator: "/")
}

extension ReportLatency {
    /// Quantiles of an operation's histograms.
    init(_ totals: ParityTotals, route: String, operation: String) {
        self.init(
            route: route,
            operation: operation,
            legacyCount: totals.legacyLatency.count,
            modernCount: totals.modernLatency.count,
            legacy: ReportLatency.values(totals.legacyLatency),
            modern: ReportLatency.values(totals.modernLatency)
        )
    }

    private static func values(_ histogram: ParityHistogram) -> [UInt64] {
        let count = histogram.count
        guard count > 0 else { return [] }
        let cells = histogram.cells.sorted { $0.key < $1.key }
        return self.quantiles.map { share, _ in
            let rank = max(1, UInt64((share * Double(count)).rounded(.up)))
            var below: UInt64 = 0
            for (cell, number) in cells {
                below += number
                if below >= rank { return UInt64(ParityHistogram.microseconds(ofCell: cell)) }
            }
            return 0
        }
    }
}
