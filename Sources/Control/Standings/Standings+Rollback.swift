// SPDX-License-Identifier: Apache-2.0

internal import Kernel
public import Migration
internal import Store

/// The red button: memory and workers first, then the journal, then the store. Nothing holds it up.
extension Standings {
    /// Moves cells back to `target`, or to the last stage in use before it; cells that are not past
    /// it stay, and flips of them that are under way become conflicts.
    ///
    /// - Throws: `unknownMigration` or `unknownTenant` only.
    public func rollback(
        _ pattern: CellPattern,
        to target: Standing = Standing(.legacy),
        order: ActOrder
    ) throws(StandingError) -> StandingChange {
        let start = monotonicNanoseconds()
        let now = self.now()
        let diverging = self.divergedNow(pattern)
        let result = self.book.withState {
            state -> Result<(act: Act, steps: [CellStep]), StandingError> in
            do throws(StandingError) {
                try state.checkKnown(pattern)
                let plan = try state.rollbackPlan(pattern, to: target)
                var act = StandingBook.act(
                    .rollback,
                    &state,
                    plan: plan,
                    order: order,
                    now: now
                )
                act.setResumePoints()
                act.divergences = diverging.filter { !(state.divergences[$0]?.isDiverged ?? false) }
                let steps = StandingBook.steps(act, state)
                StandingBook.overtake(pattern, by: act, &state)
                state.apply(act)
                return .success((act, steps))
            } catch {
                return .failure(error)
            }
        }
        let (act, steps) = try result.get()
        return self.finish(act, pattern: pattern, steps: steps, since: start)
    }

    /// Cells that the workers have marked since the last look: the rollback's record carries them.
    private func divergedNow(_ pattern: CellPattern) -> [CellName] {
        guard let port = self.port else { return [] }
        let state = self.book.withState { $0 }
        guard state.mayHaveNewDivergence(port) else { return [] }
        return state.cellsWritingToModern(pattern) {
            port.isDiverged(self.numbers.number(of: $0))
        }
    }
}

extension StandingState {
    /// What a rollback stores: every cell that the pattern names gets its generation.
    func rollbackPlan(
        _ pattern: CellPattern,
        to target: Standing
    ) throws(StandingError) -> [CellName: Standing?] {
        var plan = try self.plan(pattern, touchesAll: true) {
            (_, now, guide) throws(StandingError) in
            let rules = StageTransition(stages: guide.stages)
            var wanted = target
            if guide.floor(target.stage) != target.stage {
                wanted = Standing(guide.floor(target.stage))
            } else if target.share < .all, target.stage == .legacy || target.stage >= .redirect {
                wanted = Standing(target.stage)
            }
            return rules.direction(from: now, to: wanted) == .backward ? wanted : now
        }
        // Cells of flips under way get the generation too, so that after a crash the rollback wins
        // over a flip that was committed but never took effect.
        for flight in self.flights.values {
            for cell in flight.cells where pattern.covers(cell) && plan[cell] == nil {
                plan[cell] = .some(self.cells[cell]?.standing)
            }
        }
        return plan
    }
}

extension Act {
    /// Remembers where each moved cell stood, for `flip --resume`.
    mutating func setResumePoints() {
        for index in self.cells.indices {
            let before = self.cells[index].before
            guard before.standing != self.cells[index].after.standing else { continue }
            self.cells[index].after.resume = before.standing.map { .standing($0) } ?? .unstored
        }
    }
}
