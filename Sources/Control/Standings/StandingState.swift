// SPDX-License-Identifier: Apache-2.0

internal import Migration
internal import Store

/// A flip between its generation and its end.
struct FlightState {
    var cells: Set<CellName>
    var pattern: CellPattern
    /// The rollback that overtook it.
    var overtaken: (cell: CellName, rollback: UInt64)?
}

/// What the book holds under its lock; values and pure functions only.
struct StandingState {
    var cells: [CellName: StandingRecord] = [:]
    var divergences: [CellName: DivergenceRecord] = [:]
    var tenants: [String: StoredTenant] = [:]
    var generation: UInt64 = 0
    var head = AuditHead.none
    var flights: [UInt64: FlightState] = [:]
    var guide = StandingGuide.none

    mutating func nextGeneration() -> UInt64 {
        self.generation += 1
        return self.generation
    }

    /// Where requests of the cell are decided: its own standing, the migration's, the flag's.
    func effective(_ cell: CellName) -> Standing {
        if let own = self.cells[cell]?.standing { return own }
        let rest = CellName(tenant: "*", migration: cell.migration)
        if cell.tenant != "*", let stored = self.cells[rest]?.standing { return stored }
        return Standing(self.guide.resolve(cell) ?? .legacy)
    }

    func record(_ cell: CellName) -> StandingRecord {
        self.cells[cell] ?? StandingRecord(cell: cell)
    }

    /// Migrations that a pattern covers; stored ones too, whose files may be gone.
    func migrations(_ pattern: CellPattern) -> [String] {
        switch pattern {
        case .cell(let cell): [cell.migration]
        case .migration(let migration): [migration]
        case .tenant, .everything:
            Set(self.guide.migrations.keys).union(self.cells.keys.map { $0.migration }).sorted()
        }
    }

    /// New stored standings that bring every cell of the pattern where `target` wants it.
    ///
    /// With `touchesAll` cells that stay where they are come too, to get the act's generation.
    /// - Parameter target: from where a cell stands to where it should stand.
    func plan(
        _ pattern: CellPattern,
        touchesAll: Bool,
        target: (CellName, Standing, MigrationGuide) throws(StandingError) -> Standing
    ) throws(StandingError) -> [CellName: Standing?] {
        var plan: [CellName: Standing?] = [:]
        for migration in self.migrations(pattern) {
            let guide = self.guide.migration(migration)
            switch pattern {
            case .cell(let cell):
                try self.plan(cell, guide, touchesAll, into: &plan, target)
            case .tenant(let tenant):
                let cell = CellName(tenant: tenant, migration: migration)
                try self.plan(cell, guide, touchesAll, into: &plan, target)
            case .migration, .everything:
                try self.planAll(migration, guide, touchesAll, into: &plan, target)
            }
        }
        return plan
    }

    private func plan(
        _ cell: CellName,
        _ guide: MigrationGuide,
        _ touchesAll: Bool,
        into plan: inout [CellName: Standing?],
        _ target: (CellName, Standing, MigrationGuide) throws(StandingError) -> Standing
    ) throws(StandingError) {
        let now = self.effective(cell)
        let wanted = try target(cell, now, guide)
        if wanted != now {
            plan[cell] = .some(wanted)
        } else if touchesAll {
            plan[cell] = .some(self.cells[cell]?.standing)
        }
    }

    /// The migration's default and all its tenants, with as few stored standings as say it.
    private func planAll(
        _ migration: String,
        _ guide: MigrationGuide,
        _ touchesAll: Bool,
        into plan: inout [CellName: Standing?],
        _ target: (CellName, Standing, MigrationGuide) throws(StandingError) -> Standing
    ) throws(StandingError) {
        let rest = CellName(tenant: "*", migration: migration)
        try self.plan(rest, guide, touchesAll, into: &plan, target)
        let restAfter = plan[rest].flatMap { $0 } ?? self.cells[rest]?.standing
        var tenants = Set(self.guide.tenants)
        for cell in self.cells.keys where cell.migration == migration && cell.tenant != "*" {
            tenants.insert(cell.tenant)
        }
        for tenant in tenants {
            let cell = CellName(tenant: tenant, migration: migration)
            let now = self.effective(cell)
            let wanted = try target(cell, now, guide)
            let own = self.cells[cell]?.standing
            let without = own ?? restAfter ?? now
            if wanted != without {
                plan[cell] = .some(wanted)
            } else if touchesAll, self.cells[cell] != nil {
                plan[cell] = .some(own)
            }
        }
    }

    /// Takes an act's cells into memory; an older one never replaces a newer.
    mutating func apply(_ act: Act) {
        for cell in act.cells where cell.after.generation > self.record(cell.after.cell).generation
        {
            self.cells[cell.after.cell] = cell.after
        }
        for cell in act.divergences
        where act.generation > (self.divergences[cell]?.generation ?? 0) {
            self.divergences[cell] = DivergenceRecord(
                cell: cell,
                isDiverged: act.kind != .reconciled,
                generation: act.generation,
                sinceMilliseconds: act.timeMilliseconds
            )
        }
        if let tenant = act.tenant {
            self.tenants[tenant.id] = act.kind == .tenantRemoved ? nil : tenant
        }
        self.generation = max(self.generation, act.generation)
    }

    /// Everything, to be saved.
    var saved: SavedState {
        var saved = SavedState()
        saved.generation = self.generation
        saved.head = self.head
        saved.standings = Array(self.cells.values)
        saved.divergences = Array(self.divergences.values)
        saved.tenants = Array(self.tenants.values)
        return saved
    }

    /// Takes a saved or stored state: the highest generation per cell wins.
    ///
    /// Cells that it changed.
    mutating func merge(_ saved: SavedState) -> [StandingRecord] {
        var changed: [StandingRecord] = []
        for record in saved.standings where record.generation > self.record(record.cell).generation
        {
            self.cells[record.cell] = record
            changed.append(record)
        }
        for divergence in saved.divergences
        where divergence.generation > (self.divergences[divergence.cell]?.generation ?? 0) {
            self.divergences[divergence.cell] = divergence
        }
        if saved.generation >= self.generation {
            self.tenants = Dictionary(
                saved.tenants.map { ($0.id, $0) },
                uniquingKeysWith: { first, _ in first }
            )
        }
        self.generation = max(self.generation, saved.generation)
        return changed
    }
}
