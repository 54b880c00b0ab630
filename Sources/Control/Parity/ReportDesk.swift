// SPDX-License-Identifier: Apache-2.0

import Documents
public import Migration
public import Parity

/// What reports read of the ledger.
public protocol ParityReading: Sendable {
    /// Migrations that were ever observed, by name.
    func migrations() -> [String]

    /// All that is known of an epoch (`nil`: the current one) up to now; `nil`: nothing is.
    ///
    /// `tenants`: only these in the totals; empty: all.
    func snapshot(
        migration: String,
        epoch: UInt64?,
        tenants: [String]
    ) throws(ParityLedgerError) -> ParitySnapshot?
}

extension ParityLedger: ParityReading {}

/// What somebody wants to know about a migration's parity.
public struct ReportQuery: Hashable, Sendable {
    /// Stage flag key.
    public var migration: String
    /// Tenants in scope; empty: all.
    public var tenants: [String] = []
    /// An epoch's number; `nil`: the current one.
    public var epoch: UInt64?
    /// Charts and differences since: `14d` before the last observation, or a date; `nil`: all.
    public var since: String?

    /// A query about all tenants.
    public init(migration: String) { self.migration = migration }
}

/// Answers questions about parity from the ledger, the files in force and the audit's head.
public struct ReportDesk: Sendable {
    private let ledger: any ParityReading
    private let set: RouteSet
    /// Generation of the standings.
    public var generation: UInt64 = 0
    /// Head of the audit's chain, hex.
    public var auditHead = ""

    /// A desk over a ledger and the files in force.
    public init(ledger: any ParityReading, set: RouteSet) {
        self.ledger = ledger
        self.set = set
    }

    // MARK: Report

    /// The report that `query` asks for.
    ///
    /// "Now" is the last observation's time, so that the same store gives the same report.
    public func report(_ query: ReportQuery) throws(AdminProblem) -> ParityReport {
        let snapshot = try self.snapshot(query)
        return ParityReport(try self.sources(query, snapshot, now: nil))
    }

    /// One row per migration, with the verdict as of `nowUnixMilliseconds`: traffic that has
    /// stopped shows here.
    public func overview(
        migration: String?,
        tenants: [String],
        nowUnixMilliseconds: Int64
    ) throws(AdminProblem) -> [ParityReport] {
        let names = migration.map { [$0] } ?? self.migrations
        var reports: [ParityReport] = []
        for name in names {
            var query = ReportQuery(migration: name)
            query.tenants = tenants
            let snapshot = try self.snapshot(query)
            reports.append(
                ParityReport(try self.sources(query, snapshot, now: nowUnixMilliseconds))
            )
        }
        return reports
    }

    /// Rules that the evidence speaks for.
    public func suggestions(
        _ query: ReportQuery,
        minimum: UInt64
    ) throws(AdminProblem) -> [RuleSuggestion] {
        suggestedRules(PointerEvidence.all(of: try self.snapshot(query)), minimum: minimum)
    }

    // MARK: Sources

    private var migrations: [String] {
        Set(self.set.routes.map(\.migration) + self.ledger.migrations()).sorted()
    }

    private func snapshot(_ query: ReportQuery) throws(AdminProblem) -> ParitySnapshot {
        guard self.migrations.contains(query.migration) else {
            throw AdminProblem(
                .nothingMatched,
                "no route defines the migration \(query.migration)",
                hint: nearestName(query.migration, among: self.migrations)
                    .map { "did you mean \($0)?" } ?? "banyan parity status shows what there is"
            )
        }
        let found: ParitySnapshot?
        do throws(ParityLedgerError) {
            found = try self.ledger.snapshot(
                migration: query.migration,
                epoch: query.epoch,
                tenants: query.tenants
            )
        } catch {
            throw AdminProblem(
                .storeUnavailable,
                "the parity store cannot be read: \(error.text)",
                hint: "see Runbooks/store-unavailable.md"
            )
        }
        if let epoch = query.epoch, found == nil {
            throw AdminProblem(
                .nothingMatched,
                "\(query.migration) has no epoch \(epoch)",
                hint: "banyan parity report \(query.migration) lists its epochs"
            )
        }
        try self.checkTenants(query, found)
        return found ?? ReportDesk.nothing(query.migration)
    }

    /// A tenant that no file names and nobody has seen is a typing error.
    private func checkTenants(
        _ query: ReportQuery,
        _ found: ParitySnapshot?
    ) throws(AdminProblem) {
        guard !query.tenants.isEmpty else { return }
        let known = Set(self.set.tenants.map(\.id)).union(found?.totals.map(\.tenant) ?? [])
        for tenant in query.tenants where !known.contains(tenant) {
            throw AdminProblem(
                .nothingMatched,
                "no document defines the tenant \(tenant)",
                hint: nearestName(tenant, among: known.sorted()).map { "did you mean \($0)?" }
                    ?? "banyan tenants list shows them"
            )
        }
    }

    private static func nothing(_ migration: String) -> ParitySnapshot {
        ParitySnapshot(
            epoch: ParityEpoch(
                number: 0,
                migration: migration,
                ruleSetHash: "",
                legacyBuild: "",
                modernBuild: "",
                cause: "nothing was observed",
                startUnixMilliseconds: 0,
                endUnixMilliseconds: 0
            ),
            earlier: [],
            totals: [],
            differences: [],
            series: []
        )
    }

    private func sources(
        _ query: ReportQuery,
        _ snapshot: ParitySnapshot,
        now: Int64?
    ) throws(AdminProblem) -> ReportSources {
        let routes = self.set.routes.filter { $0.migration == query.migration }
        let last = snapshot.totals.map(\.lastUnixMilliseconds).max() ?? 0
        let first = snapshot.totals.map(\.firstUnixMilliseconds).filter { $0 > 0 }.min() ?? last
        let expected = ReportDesk.operations(of: routes)
        var policy = GatePolicy(routes: routes)
        policy.expiredRules = ReportDesk.expired(routes, atUnixSeconds: (now ?? last) / 1_000)
        var scope = VerdictScope(
            tenants: query.tenants,
            expectedOperations: expected,
            nowUnixMilliseconds: now ?? last
        )
        for tenant in self.set.tenants where query.tenants.contains(tenant.id) {
            scope.waves[tenant.id] = tenant.labels["wave"]
        }
        let alpha = policy.alpha
        var sources = ReportSources(
            snapshot: snapshot,
            verdict: ReportVerdict(
                parityVerdict(snapshot, scope: scope, policy: policy),
                policy: policy,
                observedMilliseconds: last - first
            ),
            upperBound: { EProcess.upperBound($0, of: $1, alpha: alpha) },
            isBeyondNoise: { PairedTest(candidateOnly: $0, noiseOnly: $1).isAlarm }
        )
        sources.tenants = query.tenants
        sources.generation = self.generation
        sources.auditHead = self.auditHead
        sources.rules = routes.flatMap { route in
            route.parity.rules.map { (route: route.name, rule: $0) }
        }
        sources.hasIdentifiers = routes.contains { route in
            !route.parity.presets.isEmpty
                || route.parity.rules.contains {
                    if case .identifier = $0.kind { true } else { false }
                }
        }
        sources.expected = expected
        sources.coverageRequired = policy.coverage
        // 1 - 0.9999 is not the double nearest to 0.0001.
        sources.mismatchLimit = (policy.mismatchLimit * 1e12).rounded() / 1e12
        sources.sinceUnixMilliseconds = try ReportDesk.instant(query.since, before: last)
        return sources
    }

    /// Reads that the routes offer: of each match its method, GET where it takes all.
    static func operations(of routes: [RouteModel]) -> [ParityOperation] {
        var found: Set<ParityOperation> = []
        for route in routes {
            for match in route.matches {
                let safe = Set(route.safe.map(\.method) + ["GET", "HEAD", "OPTIONS"])
                let method = match.method ?? "GET"
                guard safe.contains(method) else { continue }
                found.insert(
                    ParityOperation(route: route.name, operation: "\(method) \(match.path)")
                )
            }
        }
        return found.sorted()
    }

    private static func expired(_ routes: [RouteModel], atUnixSeconds now: Int64) -> [String] {
        routes.flatMap(\.parity.rules).compactMap { rule in
            guard case .ignore(_, _, let expires?) = rule.kind, expires <= now else { return nil }
            return "ignore \(rule.path) (\(shortPlace(rule.origin)))"
        }.sorted()
    }

    private static func instant(
        _ since: String?,
        before last: Int64
    ) throws(AdminProblem) -> Int64? {
        guard let since else { return nil }
        if let seconds = Quantity.unixSeconds(since) { return seconds * 1_000 }
        guard let span = Quantity.milliseconds(since) else {
            throw AdminProblem(
                .invalid,
                "since is a span or a date, not \"\(printable(since))\"",
                hint: "write it like 14d, 12h or 2026-11-01"
            )
        }
        return max(0, last - Int64(span))
    }
}
