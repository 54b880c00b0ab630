// SPDX-License-Identifier: Apache-2.0

public import Migration
public import Store
internal import Synchronization

/// Who does something, why, and when: the same for every act.
public struct ActOrder: Sendable {
    /// Who: the peer of the admin socket, or an operator's name.
    public var actor: String
    /// Why.
    public var reason: String?

    /// An order from its parts.
    public init(actor: String, reason: String? = nil) {
        self.actor = actor
        self.reason = reason
    }
}

/// The edge's own truth about standings, in memory: what workers are told comes from here.
///
/// One lock, held for reading and changing values only, never over disk or network. Generations
/// are allotted under it, so their order is the order of what happened.
public final class StandingBook: Sendable {
    private let state = Mutex(StandingState())

    init() {}

    func withState<Value>(
        _ body: (inout sending StandingState) throws -> sending Value
    ) rethrows
        -> sending Value
    {
        try self.state.withLock(body)
    }

    // MARK: Reading

    /// What is kept of a cell; `nil`: never touched.
    public func record(_ cell: CellName) -> StandingRecord? {
        self.state.withLock { $0.cells[cell] }
    }

    /// Every touched cell that a pattern covers, by name.
    public func records(_ pattern: CellPattern = .everything) -> [StandingRecord] {
        self.state.withLock { state in state.cells.values.filter { pattern.covers($0.cell) } }
            .sorted { $0.cell < $1.cell }
    }

    /// Where requests of a cell are decided, by stored standings and flags.
    public func effective(_ cell: CellName) -> Standing {
        self.state.withLock { $0.effective(cell) }
    }

    /// The last generation that was allotted.
    public var generation: UInt64 { self.state.withLock { $0.generation } }

    /// Notes on diverged cells, by name.
    public var divergences: [DivergenceRecord] {
        self.state.withLock { Array($0.divergences.values) }.sorted { $0.cell < $1.cell }
    }

    /// Tenants that were added at run time, by id.
    public var tenants: [StoredTenant] {
        self.state.withLock { Array($0.tenants.values) }.sorted { $0.id < $1.id }
    }

    /// Everything, as it is saved.
    public var saved: SavedState { self.state.withLock { $0.saved } }

    /// Takes what the last snapshot says; before it is published.
    public func adopt(_ guide: StandingGuide) { self.state.withLock { $0.guide = guide } }

    // MARK: Acts

    /// An act over planned cells, with a generation of its own; nothing is changed yet.
    static func act(
        _ kind: ActKind,
        _ state: inout StandingState,
        plan: [CellName: Standing?],
        order: ActOrder,
        now: UInt64
    ) -> Act {
        let generation = state.nextGeneration()
        var act = Act(
            kind,
            generation: generation,
            timeMilliseconds: now,
            actor: order.actor,
            reason: order.reason
        )
        for (cell, standing) in plan.sorted(by: { $0.key < $1.key }) {
            let before = state.record(cell)
            var after = before
            after.standing = standing
            after.generation = generation
            after.sinceMilliseconds = now
            after.actor = order.actor
            after.reason = order.reason
            act.cells.append(CellAct(before: before, after: after))
        }
        return act
    }

    /// Steps as people read them: flags counted in.
    ///
    /// Before the act is applied.
    static func steps(_ act: Act, _ state: StandingState) -> [CellStep] {
        let own = Dictionary(
            act.cells.map { ($0.after.cell, $0.after.standing) },
            uniquingKeysWith: { _, last in last }
        )
        return act.cells.map { part in
            let cell = part.after.cell
            let rest = CellName(tenant: "*", migration: cell.migration)
            let after =
                part.after.standing ?? own[rest].flatMap { $0 }
                ?? (own[rest] == nil && cell != rest ? state.cells[rest]?.standing : nil)
                ?? Standing(state.guide.resolve(cell) ?? .legacy)
            return CellStep(cell: cell, before: state.effective(cell), after: after)
        }
    }
}
