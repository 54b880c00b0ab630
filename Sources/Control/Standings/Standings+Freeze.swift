// SPDX-License-Identifier: Apache-2.0

internal import Kernel
internal import Migration
public import Store

/// Freezing writes (503) and the other acts that take effect at once and are recorded after.
extension Standings {
    /// Refuses or allows writes.
    ///
    /// `*/MIGRATION` freezes its default, which holds for all its tenants; unfreezing it frees
    /// every tenant's own freeze too.
    public func freeze(
        _ pattern: CellPattern,
        isFrozen: Bool,
        order: ActOrder
    ) throws(StandingError) -> StandingChange {
        let start = monotonicNanoseconds()
        let now = self.now()
        let result = self.book.withState {
            state -> Result<(act: Act, steps: [CellStep]), StandingError> in
            do throws(StandingError) {
                try state.checkKnown(pattern)
                var plan: [CellName: Standing?] = [:]
                for cell in state.freezeCells(pattern, isFrozen: isFrozen)
                where state.record(cell).isFrozen != isFrozen {
                    plan[cell] = .some(state.cells[cell]?.standing)
                }
                guard !plan.isEmpty else { throw .unchanged }
                var act = StandingBook.act(
                    isFrozen ? .freeze : .unfreeze,
                    &state,
                    plan: plan,
                    order: order,
                    now: now
                )
                for index in act.cells.indices { act.cells[index].after.isFrozen = isFrozen }
                let steps = StandingBook.steps(act, state)
                StandingBook.overtake(pattern, by: act, &state)
                state.apply(act)
                return .success((act, steps))
            } catch {
                return .failure(error)
            }
        }
        let (act, steps) = try result.get()
        var change = self.finish(act, pattern: pattern, steps: steps, since: start)
        if !isFrozen {
            for migration in Set(act.cells.map { $0.after.cell.migration }).sorted()
            where self.book.record(CellName(tenant: "*", migration: migration))?.isFrozen ?? false {
                change.warnings.append("*/\(migration) is still frozen, and that holds for all")
            }
        }
        return change
    }

    /// Declares cells reconciled: both origins hold the same records again.
    public func reconcile(
        _ pattern: CellPattern,
        order: ActOrder
    ) throws(StandingError) -> StandingChange {
        let start = monotonicNanoseconds()
        let now = self.now()
        let act = self.book.withState { state -> Act? in
            let cells = state.divergences.values.filter {
                $0.isDiverged && pattern.covers($0.cell)
            }
            if cells.isEmpty { return nil }
            var act = Act(
                .reconciled,
                generation: state.nextGeneration(),
                timeMilliseconds: now,
                actor: order.actor,
                reason: order.reason
            )
            act.divergences = cells.map { $0.cell }.sorted()
            state.apply(act)
            return act
        }
        guard let act else { throw .unchanged }
        if let port = self.port {
            for cell in act.divergences { port.setDiverged(false, self.numbers.number(of: cell)) }
        }
        var change = self.finish(act, pattern: pattern, steps: [], since: start)
        change.diverged = []
        return change
    }

    /// Adds or changes a tenant at run time; the caller publishes a snapshot with it.
    public func putTenant(_ tenant: StoredTenant, order: ActOrder) -> StandingChange {
        self.change(.tenantAdded, tenant, order: order)
    }

    /// Takes a tenant away that was added at run time.
    public func removeTenant(
        _ id: String,
        order: ActOrder
    ) throws(StandingError) -> StandingChange {
        guard let tenant = self.book.withState({ $0.tenants[id] }) else { throw .unknownTenant(id) }
        return self.change(.tenantRemoved, tenant, order: order)
    }

    private func change(
        _ kind: ActKind,
        _ tenant: StoredTenant,
        order: ActOrder
    ) -> StandingChange {
        let start = monotonicNanoseconds()
        let now = self.now()
        let act = self.book.withState { state in
            var act = Act(
                kind,
                generation: state.nextGeneration(),
                timeMilliseconds: now,
                actor: order.actor,
                reason: order.reason
            )
            act.tenant = tenant
            state.apply(act)
            return act
        }
        return self.finish(act, pattern: .tenant(tenant.id), steps: [], since: start)
    }
}

extension StandingState {
    /// The cells whose own freeze an order is about.
    func freezeCells(_ pattern: CellPattern, isFrozen: Bool) -> [CellName] {
        switch pattern {
        case .cell(let cell): return [cell]
        case .tenant(let tenant):
            return self.migrations(pattern).map { CellName(tenant: tenant, migration: $0) }
        case .migration, .everything:
            let rest = self.migrations(pattern).map { CellName(tenant: "*", migration: $0) }
            return isFrozen ? rest : rest + self.cells.keys.filter { pattern.covers($0) }
        }
    }
}
