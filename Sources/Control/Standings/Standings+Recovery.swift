// SPDX-License-Identifier: Apache-2.0

internal import Bytes
internal import Migration
internal import Store
internal import Synchronization

/// Start and stop. The journal is replayed before anybody listens.
extension Standings {
    /// Saved copy, then journal, then store; what the store has missed is given to it.
    func recover() throws {
        let copy = self.journal.call(waitMilliseconds: 600_000) { $0.recover() }
        guard let copy else { throw StoreError.journalFailed }
        self.book.withState { state in
            if let saved = copy.saved {
                _ = state.merge(saved)
                state.head = saved.head
            }
            for entry in copy.entries {
                state.apply(entry.act)
                if entry.head.count > state.head.count { state.head = entry.head }
            }
        }
        let heads = Set([copy.saved?.head].compactMap { $0 } + copy.entries.map { $0.head })
        let hasCopy = copy.saved != nil || !copy.entries.isEmpty
        let acts = copy.entries.map { $0.act }.filter { $0.kind.isAudited }
        let store = self.store.call(waitMilliseconds: 600_000) { session in
            session.add(acts)
            self.drain(&session, isLate: true)
            return (error: session.error, wasClean: session.wasCleanStop)
        }
        guard let store else { throw StoreError.journalFailed }
        if let error = store.error {
            if case .schemaNewer = error { throw error }
            // Nothing is known without the store: starting would put every tenant at its default.
            if !hasCopy { throw error }
        }
        let wasUnclean =
            copy.isFresh ? (hasCopy || !(store.wasClean ?? true)) : !copy.isCleanStop
        self.shared.withLock { shared in
            shared.knownHeads = Array(heads)
            shared.health.wasUnclean = wasUnclean
            shared.health.journalError = copy.error
            shared.needsDivergence = wasUnclean
            if copy.isSavedDamaged {
                shared.health.notes.append("the last saved copy was damaged, the one before served")
            }
        }
        self.begin()
    }

    /// Marks the journal as running, on a fresh saved copy.
    private func begin() {
        let started = Act(
            .started,
            generation: self.book.generation,
            timeMilliseconds: self.now(),
            actor: "banyan"
        )
        let error = self.journal.call(waitMilliseconds: 600_000) { session -> StoreError? in
            // A copy that cannot be saved (full disk) leaves the journal as it is: both are valid.
            try? session.compact()
            return session.append(started, isInStore: true)
        }
        self.shared.withLock { $0.health.journalError = error ?? .journalFailed }
    }

    /// Takes what a snapshot says, before it is published.
    ///
    /// The first time after an unclean stop, cells whose writes go to modern are marked diverged.
    public func adopt(_ guide: StandingGuide) {
        self.book.adopt(guide)
        let isDue = self.shared.withLock { shared in
            defer { shared.needsDivergence = false }
            return shared.needsDivergence
        }
        guard isDue else { return }
        self.markDiverged(actor: "banyan", reason: "unclean stop") { _ in true }
    }

    /// Takes the workers' diverged flags into book, journal and store.
    ///
    /// Call it every few seconds.
    public func collectDivergences() {
        guard let port = self.port, self.book.withState({ $0 }).mayHaveNewDivergence(port) else {
            return
        }
        self.markDiverged(actor: "banyan", reason: "first write on modern") {
            port.isDiverged(self.numbers.number(of: $0))
        }
    }

    /// Notes the cells whose writes go to modern and that `isDue` names, unless they are noted.
    private func markDiverged(
        actor: String,
        reason: String,
        isDue: (CellName) -> Bool
    ) {
        let state = self.book.withState { $0 }
        let due = state.cellsWritingToModern(.everything, isDue: isDue)
        guard !due.isEmpty else { return }
        let now = self.now()
        let act = self.book.withState { state in
            var act = Act(
                .diverged,
                generation: state.nextGeneration(),
                timeMilliseconds: now,
                actor: actor,
                reason: reason
            )
            act.divergences = due.sorted()
            state.apply(act)
            return act
        }
        if let port = self.port {
            for cell in due { port.setDiverged(true, self.numbers.number(of: cell)) }
        }
        _ = self.record(act, isInStore: false)
        _ = self.hand(act)
    }

    /// An orderly stop, after the last exchange: everything on disk, the markers set.
    public func stop() {
        self.collectDivergences()
        let isFinished =
            self.store.call(waitMilliseconds: Limits.storeWaitMilliseconds) { session in
                self.drain(&session, isLate: true)
                return session.finish()
            } ?? false
        let stopped = Act(
            .stopped,
            generation: self.book.generation,
            timeMilliseconds: self.now(),
            actor: "banyan"
        )
        _ = self.journal.call(waitMilliseconds: Limits.storeWaitMilliseconds) { session in
            try? session.compact()
            return session.append(stopped, isInStore: true) == nil && isFinished
        }
        self.store.stop(waitMilliseconds: Limits.storeWaitMilliseconds)
        self.journal.stop(waitMilliseconds: Limits.storeWaitMilliseconds)
    }
}

extension StandingState {
    /// Whether the workers have marked more cells than are noted: only then is it worth a look at
    /// every cell that there is.
    func mayHaveNewDivergence(_ port: any DataPlanePort) -> Bool {
        guard let marked = port.divergedCount else { return true }
        return marked != self.divergences.values.count { $0.isDiverged }
    }

    /// Cells of a pattern whose writes are sent to modern under `data: forward`, that `isDue` names
    /// and that are not noted yet.
    ///
    /// It may look at every cell that there is: call it on a copy, outside the book's lock.
    func cellsWritingToModern(
        _ pattern: CellPattern,
        isDue: (CellName) -> Bool
    ) -> [CellName] {
        var found: [CellName] = []
        func look(_ cell: CellName) {
            guard isDue(cell), !(self.divergences[cell]?.isDiverged ?? false),
                self.guide.migration(cell.migration).sendsWritesToModern(self.effective(cell))
            else { return }
            found.append(cell)
        }
        if case .cell(let cell) = pattern {
            look(cell)
            return found
        }
        for cell in self.cells.keys where pattern.covers(cell) { look(cell) }
        for (migration, guide) in self.guide.migrations where guide.data == .forward {
            for tenant in ["*"] + self.guide.tenants {
                let cell = CellName(tenant: tenant, migration: migration)
                if pattern.covers(cell), self.cells[cell] == nil { look(cell) }
            }
        }
        return found
    }
}
