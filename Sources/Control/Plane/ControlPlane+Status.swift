// SPDX-License-Identifier: Apache-2.0

public import Documents
import Migration
import Store
import Synchronization

extension ControlPlane {
    /// Rows of a status answer at most.
    static let statusRowsMax = 1_000

    /// Where cells stand.
    public func status(
        cells: String?,
        includesUntouched: Bool
    ) throws(AdminProblem) -> StatusReport {
        let edge = try self.current()
        var pattern: CellPattern?
        if let cells { pattern = try ControlPlane.pattern(cells) }
        let names = try self.names(pattern, includesUntouched: includesUntouched, edge)
        let state = self.state.withLock { $0 }
        let health = self.standings.health
        var report = StatusReport()
        report.edge = self.configuration.edgeName
        report.version = productVersion
        report.generation = self.standings.book.generation
        report.snapshot = edge.snapshot.serial
        report.workers = state.port?.workerCount ?? 0
        report.isDraining = state.isDraining
        report.loadedMilliseconds = state.loadedMilliseconds
        report.reloadProblem = state.reloadProblem
        report.storeProblem = health.storeError?.text ?? health.journalError?.text
        report.tenants = edge.files.set.tenants.count
        report.routes = edge.files.set.routes.count
        if cells == nil {
            report.endpoints = Array(
                self.upstreams.status.prefix(ControlPlane.statusRowsMax)
            )
            for index in report.endpoints.indices {
                let number = report.endpoints[index].number
                report.endpoints[index].ejectedWorkers =
                    state.port?.ejectedWorkers(endpoint: number) ?? 0
            }
        }
        let blind = Dictionary(
            self.standings.book.divergences.filter(\.isDiverged).map {
                ($0.cell, $0.sinceMilliseconds)
            },
            uniquingKeysWith: { first, _ in first }
        )
        report.leftOut = max(0, names.count - ControlPlane.statusRowsMax)
        report.cells = names.prefix(ControlPlane.statusRowsMax).map {
            self.row($0, edge, blindSince: blind[$0])
        }
        if let port = state.port { self.addStreams(port.streams(), state.numbers, &report.cells) }
        return report
    }

    /// Streams go to the row of their cell, or to that of their migration's `*`.
    private func addStreams(
        _ counts: [StreamCount],
        _ numbers: SnapshotNumbers,
        _ rows: inout [CellStatus]
    ) {
        guard !counts.isEmpty else { return }
        var places: [CellNumber: Int] = [:]
        for (place, row) in rows.enumerated() {
            guard let migration = numbers.migrations.known(row.migration) else { continue }
            let tenant = row.tenant == "*" ? 0 : numbers.tenants.known(row.tenant)
            guard let tenant else { continue }
            places[CellNumber(tenant: tenant, migration: migration)] = place
        }
        var sums: [Int: [StreamCount]] = [:]
        for var count in counts {
            let everyone = CellNumber(tenant: 0, migration: count.cell.migration)
            guard let place = places[count.cell] ?? places[everyone] else { continue }
            count.cell = everyone
            sums[place, default: []].append(count)
        }
        for (place, list) in sums {
            rows[place].streams = StreamCount.merged([list]).map {
                CellStreams(
                    kind: $0.kind.word,
                    origin: "\($0.origin.word)",
                    isLeftBehind: $0.isPrevious,
                    count: $0.count,
                    oldestMilliseconds: $0.oldestMilliseconds
                )
            }
            .sorted { ($0.origin, $0.kind) < ($1.origin, $1.kind) }
        }
    }

    /// An empty delta through every worker's mailbox: what a flip costs in memory at least, and
    /// which workers do not answer now.
    public func workers() throws(AdminProblem) -> DocumentValue {
        guard let port = self.state.withLock({ $0.port }) else {
            throw AdminProblem(.unavailable, "the edge is starting")
        }
        let answers = port.apply(Delta(generation: 0, changes: []))
        return [
            "confirmed": .integer(answers.confirmed), "total": .integer(port.workerCount),
            "silent": .list(answers.silent.map { .integer($0) }),
            "elapsedNanoseconds": .integer(answers.elapsedNanoseconds),
        ]
    }

    /// The cells to show, by migration and tenant, `*` first.
    private func names(
        _ pattern: CellPattern?,
        includesUntouched: Bool,
        _ edge: BuiltEdge
    ) throws(AdminProblem) -> [CellName] {
        let migrations = edge.resolved.stages.keys.sorted()
        let touched = self.standings.book.records(pattern ?? .everything).map(\.cell)
        switch pattern {
        case .cell(let cell):
            let isKnown =
                migrations.contains(cell.migration)
                && (cell.tenant == "*" || edge.resolved.rows[cell.tenant] != nil)
            guard isKnown || !touched.isEmpty else {
                throw AdminProblem(.nothingMatched, "no tenant and migration \(cell.text)")
            }
            return [cell]
        case .tenant(let tenant):
            guard edge.resolved.rows[tenant] != nil || !touched.isEmpty else {
                throw AdminProblem(.nothingMatched, "no document defines the tenant \(tenant)")
            }
            let all = migrations.map { CellName(tenant: tenant, migration: $0) }
            return Set(all + touched).sorted()
        case .migration(let migration):
            guard migrations.contains(migration) || !touched.isEmpty else {
                throw AdminProblem(.nothingMatched, "no route defines the migration \(migration)")
            }
            return self.names(of: [migration], touched, includesUntouched, edge)
        case .everything, nil:
            return self.names(of: migrations, touched, includesUntouched, edge)
        }
    }

    private func names(
        of migrations: [String],
        _ touched: [CellName],
        _ includesUntouched: Bool,
        _ edge: BuiltEdge
    ) -> [CellName] {
        var names = Set(touched)
        for migration in migrations {
            names.insert(CellName(tenant: "*", migration: migration))
            guard includesUntouched else { continue }
            for tenant in edge.resolved.rows.keys {
                names.insert(CellName(tenant: tenant, migration: migration))
            }
        }
        return names.sorted()
    }

    private func row(
        _ cell: CellName,
        _ edge: BuiltEdge,
        blindSince: UInt64?
    ) -> CellStatus {
        let book = self.standings.book
        let record = book.record(cell)
        let everyone = book.record(CellName(tenant: "*", migration: cell.migration))
        let standing = book.effective(cell)
        let source: String
        if record?.standing != nil {
            source = "cell"
        } else if cell.tenant != "*", everyone?.standing != nil {
            source = "*/\(cell.migration)"
        } else {
            let says = edge.resolved.resolution(cell)
            source =
                says?.stage == nil
                ? "nothing known"
                : says?.isLastKnown == true
                    ? "last known" : says?.isTargeted == true ? "flag targeting" : "flag default"
        }
        var row = CellStatus(
            tenant: cell.tenant,
            migration: cell.migration,
            stage: standing.stage.name,
            share: standing.share.text,
            source: source
        )
        row.isFrozen = (record?.isFrozen ?? false) || (everyone?.isFrozen ?? false)
        row.blindSinceMilliseconds = blindSince
        if let record {
            row.generation = record.generation
            row.sinceMilliseconds = record.sinceMilliseconds
            row.actor = record.actor
            row.reason = record.reason
            switch record.resume {
            case .none: break
            case .unstored: row.resume = "(flag)"
            case .standing(let standing): row.resume = standing.text
            }
        }
        return row
    }

    /// What would happen to a request.
    public func explain(_ order: ExplainOrder) throws(AdminProblem) -> DocumentValue {
        try self.explanation().explain(order)
    }

    /// The match, tenants and standings in force, for one request.
    func explanation() throws(AdminProblem) -> Explanation {
        let edge = try self.current()
        let numbers = self.state.withLock { $0.numbers }
        let blind = Set(self.standings.book.divergences.filter(\.isDiverged).map(\.cell))
        return Explanation(
            edge: edge,
            listeners: self.configuration.listeners,
            numbers: numbers,
            stored: { cell in
                guard let record = self.standings.book.record(cell) else {
                    return ExplainedStanding()
                }
                return ExplainedStanding(
                    standing: record.standing,
                    generation: record.generation,
                    isFrozen: record.isFrozen
                )
            },
            isDiverged: { blind.contains($0) },
            address: { [upstreams = self.upstreams] in upstreams.address($0) }
        )
    }
}
