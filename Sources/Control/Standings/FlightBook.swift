// SPDX-License-Identifier: Apache-2.0

internal import Migration
internal import Store

/// How a committed flip ended in memory.
enum FlightEnd: Sendable {
    /// It stands.
    case stands
    /// A rollback was faster: the act that puts its other cells back.
    case overtaken(cell: CellName, rollback: UInt64, putBack: Act)
}

extension StandingBook {
    /// Registers a flip before its transaction, so that a rollback can overtake it from now on.
    func takeOff(
        _ pattern: CellPattern,
        order: ActOrder,
        now: UInt64,
        plan: (StandingState) throws(StandingError) -> [CellName: Standing?]
    ) throws(StandingError) -> (act: Act, steps: [CellStep]) {
        let result = self.withState {
            state -> Result<(act: Act, steps: [CellStep]), StandingError> in
            do throws(StandingError) {
                let planned = try plan(state)
                var act = StandingBook.act(.flip, &state, plan: planned, order: order, now: now)
                act.isUngated = true
                for index in act.cells.indices { act.cells[index].after.resume = .none }
                state.flights[act.generation] = FlightState(
                    cells: Set(act.cells.map { $0.after.cell }),
                    pattern: pattern
                )
                return .success((act, StandingBook.steps(act, state)))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Takes a committed flip into memory unless a rollback has overtaken it.
    func land(_ act: Act, now: UInt64) -> FlightEnd {
        self.withState { state in
            if let end = StandingBook.overtaken(act, &state, now: now) { return end }
            state.apply(act)
            return .stands
        }
    }

    /// Ends a flip that was applied; a rollback that came since takes it back whole.
    func park(_ act: Act, now: UInt64) -> FlightEnd {
        self.withState { state in
            defer { state.flights[act.generation] = nil }
            return StandingBook.overtaken(act, &state, now: now) ?? .stands
        }
    }

    /// Forgets a flip that never was committed.
    ///
    /// The rollback that overtook it meanwhile, if one did.
    @discardableResult
    func cancel(_ act: Act) -> (cell: CellName, rollback: UInt64)? {
        self.withState { $0.flights.removeValue(forKey: act.generation)?.overtaken }
    }

    /// Undoes a flip that was committed after its caller had given it up, or that may have been.
    func abandon(_ act: Act, now: UInt64) -> Act {
        self.withState { state in
            state.flights[act.generation] = nil
            return StandingBook.putBack(
                act,
                &state,
                reason: "given up: the store was silent, or failed",
                now
            )
        }
    }

    /// The end of an overtaken flip: its cells that nobody else has moved go back where they were.
    private static func overtaken(
        _ act: Act,
        _ state: inout StandingState,
        now: UInt64
    ) -> FlightEnd? {
        guard let overtaken = state.flights[act.generation]?.overtaken else { return nil }
        state.flights[act.generation] = nil
        let putBack = StandingBook.putBack(
            act,
            &state,
            reason: "overtaken by generation \(overtaken.rollback)",
            now
        )
        return .overtaken(
            cell: overtaken.cell,
            rollback: overtaken.rollback,
            putBack: putBack
        )
    }

    private static func putBack(
        _ act: Act,
        _ state: inout StandingState,
        reason: String,
        _ now: UInt64
    ) -> Act {
        let generation = state.nextGeneration()
        var putBack = Act(
            .overtaken,
            generation: generation,
            timeMilliseconds: now,
            actor: act.actor,
            reason: reason
        )
        putBack.overtakes = act.generation
        for cell in act.cells {
            let current = state.record(cell.after.cell)
            guard current.generation <= act.generation else { continue }
            var after = cell.before
            after.generation = generation
            after.sinceMilliseconds = now
            putBack.cells.append(CellAct(before: current, after: after))
        }
        state.apply(putBack)
        return putBack
    }

    /// Marks every flip under way that a rollback or freeze touches.
    static func overtake(_ pattern: CellPattern, by act: Act, _ state: inout StandingState) {
        for (generation, flight) in state.flights where flight.pattern.overlaps(pattern) {
            let cell = act.cells.first { flight.cells.contains($0.after.cell) }?.after.cell
            guard let named = cell ?? flight.cells.min() else { continue }
            state.flights[generation]?.overtaken = (named, act.generation)
        }
    }
}
