// SPDX-License-Identifier: Apache-2.0

internal import Bytes
internal import Kernel
public import Migration
internal import Store
internal import Synchronization

/// Flips: the store first, then memory and workers. What is returned from is on disk.
extension Standings {
    /// Moves cells forward to `target`; cells of a pattern that are past it stay.
    ///
    /// - Parameter ifGeneration: refuses (`conflict`) when a cell was changed after it.
    public func flip(
        _ pattern: CellPattern,
        to target: Standing,
        order: ActOrder,
        ifGeneration: UInt64? = nil
    ) throws(StandingError) -> StandingChange {
        try self.fly(pattern, order: order) { state throws(StandingError) in
            let plan = try state.flipPlan(pattern, to: target, hasReason: order.reason != nil)
            for cell in plan.keys.sorted() {
                let found = state.record(cell).generation
                guard let ifGeneration, found > ifGeneration else { continue }
                throw .conflict(CellConflict(cell: cell, expected: ifGeneration, found: found))
            }
            return plan
        }
    }

    /// Moves cells back to where they stood before their last rollback (`flip --resume`).
    public func resume(
        _ pattern: CellPattern,
        order: ActOrder
    ) throws(StandingError) -> StandingChange {
        try self.fly(pattern, order: order) { state throws(StandingError) in
            try state.resumePlan(pattern)
        }
    }

    private func fly(
        _ pattern: CellPattern,
        order: ActOrder,
        plan: (StandingState) throws(StandingError) -> [CellName: Standing?]
    ) throws(StandingError) -> StandingChange {
        let start = monotonicNanoseconds()
        // Without gates every forward step is ungated and says why (design.md 6).
        guard let reason = order.reason, !reason.isEmpty else { throw .reasonNeeded }
        let flight = try self.book.takeOff(pattern, order: order, now: self.now(), plan: plan)
        try self.commit(flight.act)
        try self.check(self.book.land(flight.act, now: self.now()), flight.act)
        let acknowledgement = self.tellWorkers(flight.act)
        let isJournalled = self.record(flight.act, isInStore: true)
        try self.check(self.book.park(flight.act, now: self.now()), flight.act)
        var change = StandingChange(
            kind: .flip,
            pattern: pattern,
            generation: flight.act.generation,
            steps: flight.steps,
            acknowledgement: acknowledgement,
            workerCount: self.port?.workerCount ?? 0,
            elapsedNanoseconds: monotonicNanoseconds() - start,
            recorded: .store,
            diverged: self.diverged(among: flight.act),
            isUngated: flight.act.isUngated,
            warnings: [],
            undo: StandingUndo.command(flight.act, pattern: pattern, steps: flight.steps),
            actor: order.actor,
            reason: order.reason
        )
        change.warnings = StandingUndo.warnings(change)
        if !isJournalled {
            change.warnings.append("the journal did not take it: only the store has this flip")
        }
        return change
    }

    private enum Claim {
        case waiting
        case committing
        case abandoned
        case done
    }

    /// A claim that caller and store thread share.
    private final class ClaimTicket: Sendable {
        let state = Mutex(Claim.waiting)
    }

    /// The transaction, within a bounded time.
    ///
    /// One that is given up is undone if it still commits.
    private func commit(_ act: Act) throws(StandingError) {
        let ticket = ClaimTicket()
        let answer = Answer<StoreError?>()
        let isTaken = self.store.submit { session in
            let goesOn = ticket.state.withLock { claim in
                if claim == .abandoned { return false }
                claim = .committing
                return true
            }
            guard goesOn else {
                self.book.cancel(act)
                return
            }
            let error = self.commit(act, &session)
            let isAbandoned = ticket.state.withLock { claim in
                defer { claim = .done }
                return claim == .abandoned
            }
            if session.isInDoubt {
                // What could not be synced may be in the file all the same: the next one who opens
                // it would find a flip that was refused. A newer generation says where it stands.
                self.putBack(self.book.abandon(act, now: self.now()))
            } else if isAbandoned {
                if error == nil {
                    self.putBack(self.book.abandon(act, now: self.now()))
                } else {
                    self.book.cancel(act)
                }
            }
            answer.give(error)
        }
        let result: StoreError??
        if isTaken {
            var got = answer.wait(milliseconds: Limits.storeWaitMilliseconds)
            if got == nil {
                let isDone = ticket.state.withLock { claim in
                    if claim == .done { return true }
                    claim = .abandoned
                    return false
                }
                if isDone { got = answer.wait(milliseconds: Limits.storeWaitMilliseconds) }
            }
            result = got
        } else {
            result = .some(.journalFailed)
        }
        switch result {
        case .some(nil): return
        case nil:
            // The store's thread ends the flight; a skipped one was never committed.
            throw .storeSilent
        case .some(let error?):
            let overtaken = self.book.cancel(act)
            if let overtaken {
                throw .overtaken(
                    cell: overtaken.cell,
                    flip: act.generation,
                    rollback: overtaken.rollback
                )
            }
            if case .conflict(let conflict) = error { throw .conflict(conflict) }
            throw .storeUnavailable(error)
        }
    }

    private func commit(_ act: Act, _ session: inout StoreSession) -> StoreError? {
        let result = session.commit(act)
        self.noteHealth(session)
        switch result {
        case .success(let done):
            if !done.taken.isEmpty { self.journal.submit { $0.taken(done.taken) } }
            return nil
        case .failure(let error): return error
        }
    }

    /// Turns an overtaken flight into its conflict, after its other cells went back.
    private func check(_ end: FlightEnd, _ act: Act) throws(StandingError) {
        guard case .overtaken(let cell, let rollback, let putBack) = end else { return }
        self.putBack(putBack)
        throw .overtaken(cell: cell, flip: act.generation, rollback: rollback)
    }

    private func putBack(_ act: Act) {
        _ = self.tellWorkers(act)
        _ = self.record(act, isInStore: false)
        _ = self.hand(act)
    }
}

extension StandingState {
    /// What a flip stores.
    func flipPlan(
        _ pattern: CellPattern,
        to target: Standing,
        hasReason: Bool
    ) throws(StandingError) -> [CellName: Standing?] {
        try self.checkKnown(pattern)
        let isOne = if case .cell = pattern { true } else { false }
        let plan = try self.plan(pattern, touchesAll: false) {
            (cell, now, guide) throws(StandingError) in
            let rules = StageTransition(stages: guide.stages)
            switch rules.direction(from: now, to: target) {
            case .none: return now
            case .backward:
                if isOne { throw .backward(cell, from: now, to: target) }
                return now
            case .forward: break
            }
            do throws(StageTransitionError) {
                try rules.checkFlip(from: now, to: target, hasReason: hasReason)
            } catch {
                throw .transition(cell, error)
            }
            return target
        }
        guard !plan.isEmpty else { throw .unchanged }
        return plan
    }

    /// What `flip --resume` stores.
    func resumePlan(_ pattern: CellPattern) throws(StandingError) -> [CellName: Standing?] {
        var plan: [CellName: Standing?] = [:]
        let records: [StandingRecord] =
            if case .cell(let cell) = pattern {
                [self.record(cell)]
            } else {
                self.cells.values.filter { pattern.covers($0.cell) }
            }
        for record in records {
            switch record.resume {
            case .none: continue
            case .unstored: plan[record.cell] = .some(nil)
            case .standing(let standing): plan[record.cell] = .some(standing)
            }
        }
        guard !plan.isEmpty else { throw .nothingToResume }
        return plan
    }

    /// Refuses names that no file defines, unless something is stored under them.
    func checkKnown(_ pattern: CellPattern) throws(StandingError) {
        func migration(_ name: String) throws(StandingError) {
            guard self.guide.migrations[name] == nil,
                !self.cells.keys.contains(where: { $0.migration == name })
            else { return }
            throw .unknownMigration(name)
        }
        func tenant(_ name: String) throws(StandingError) {
            guard !self.guide.hasTenant(name), self.tenants[name] == nil,
                !self.cells.keys.contains(where: { $0.tenant == name })
            else { return }
            throw .unknownTenant(name)
        }
        switch pattern {
        case .cell(let cell):
            try migration(cell.migration)
            try tenant(cell.tenant)
        case .migration(let name): try migration(name)
        case .tenant(let name): try tenant(name)
        case .everything: break
        }
    }
}
