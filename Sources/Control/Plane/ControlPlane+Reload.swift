// SPDX-License-Identifier: Apache-2.0

public import Documents
import Foundation
import Migration
import Store
import Synchronization

/// A cell that nobody has touched and that new files put elsewhere.
struct FlagMove: Hashable, Sendable {
    var cell: CellName
    var from: Stage
    var to: Stage
    var isForward: Bool { self.to > self.from }
}

extension ControlPlane {
    /// Loads the files again, all or nothing (design.md 5): SIGHUP and `banyan reload`.
    ///
    /// Untouched cells that move are a flip with generation and audit; forward needs a `reason` in
    /// the flag's metadata. What is refused leaves everything as it was.
    public func reload(actor: String) throws(AdminProblem) -> DocumentValue {
        do throws(AdminProblem) {
            let report = try self.oneAtATime { () throws(AdminProblem) in
                try self.tryReload(actor: actor)
            }
            let now = self.now()
            self.state.withLock { state in
                state.reloadProblem = nil
                state.reloadMilliseconds = now
                state.loadedMilliseconds = now
            }
            return report
        } catch {
            let now = self.now()
            self.state.withLock { state in
                state.reloadProblem = error.findings.first ?? error.detail
                state.reloadMilliseconds = now
            }
            throw error
        }
    }

    private func tryReload(actor: String) throws(AdminProblem) -> DocumentValue {
        let old = try self.current()
        let edge: BuiltEdge
        do throws(FilesRefused) {
            edge = try self.build(try self.loadFiles(), runtime: self.standings.book.tenants)
        } catch {
            throw ControlPlane.problem(of: error)
        }
        try self.checkStages(edge)
        let moves = self.moves(from: old, to: edge)
        let reason = try self.reason(for: moves, edge)
        var notes = edge.notes
        let unread = edge.files.configuration?.sections(unlike: self.configuration) ?? []
        if !unread.isEmpty {
            notes.append(
                "restart needed: banyan.yaml has changed in \(unread.joined(separator: ", "))"
            )
        }
        if !self.publish(edge) {
            notes.append("not every worker has taken the snapshot within 1 s")
        }
        self.saved?.save(edge.files)
        var value: DocumentValue = [
            "snapshot": .integer(edge.snapshot.serial),
            "routes": .integer(edge.files.set.routes.count),
            "tenants": .integer(edge.files.set.tenants.count),
        ]
        if !moves.isEmpty {
            let change = self.standings.recordFlagMoves(
                moves.map(\.cell),
                order: ActOrder(actor: actor, reason: FlagMove.reason(moves, reason))
            )
            notes.append(
                "\(moves.count) untouched cells moved with their flags: "
                    + "generation \(change.generation)"
            )
            value.set("generation", .integer(change.generation))
            value.set("moved", .list(moves.prefix(ActReport.cellsMax).map(\.document)))
        }
        value.set("warnings", .list(FilesRefused(edge.files.warnings + edge.warnings).lines))
        value.set("notes", .list(notes))
        return value
    }

    /// Standings outlive files: a stage in which somebody stands may not be taken out of a route.
    private func checkStages(_ edge: BuiltEdge) throws(AdminProblem) {
        let lost = self.standings.book.withState { state in
            state.cells.values.filter { record in
                guard let stage = record.standing?.stage,
                    let guide = edge.guide.migrations[record.cell.migration]
                else { return false }
                return !guide.stages.contains(stage)
            }.map { "\($0.cell.text) stands at \($0.standing?.text ?? "")" }.sorted()
        }
        guard !lost.isEmpty else { return }
        throw AdminProblem(
            .filesInvalid,
            "the set takes away stages in which cells stand: "
                + lost.prefix(3).joined(separator: ", ")
                + (lost.count > 3 ? " and \(lost.count - 3) more" : ""),
            hint: "move the cells first, or leave the stage in `stages`",
            findings: Array(lost.prefix(ActReport.cellsMax))
        )
    }

    /// A refusal of files as the API tells it.
    static func problem(of refusal: FilesRefused) -> AdminProblem {
        let count = refusal.problems.count { $0.severity == .error }
        return AdminProblem(
            .filesInvalid,
            "\(count) error\(count == 1 ? "" : "s"); nothing was applied, the old set stays in force",
            hint: "banyan validate shows every finding with its place",
            findings: refusal.lines
        )
    }

    /// Untouched cells of migrations and tenants in both sets that the new one puts elsewhere.
    func moves(from old: BuiltEdge, to new: BuiltEdge) -> [FlagMove] {
        var moves: [FlagMove] = []
        let tenants = new.files.set.tenants.map(\.id)
        let sameRows = old.resolved.rows == new.resolved.rows
        for (migration, column) in new.resolved.stages.sorted(by: { $0.key < $1.key }) {
            guard let before = old.resolved.stages[migration] else { continue }
            if sameRows, before == column { continue }
            let everyone = self.standings.book.record(CellName(tenant: "*", migration: migration))
            guard everyone?.standing == nil else { continue }
            for (row, tenant) in (tenants + ["*"]).enumerated() {
                if tenant != "*", old.resolved.rows[tenant] == nil { continue }
                let cell = CellName(tenant: tenant, migration: migration)
                let from = old.resolved.resolution(cell)?.stage ?? .legacy
                let to = column[row].stage ?? .legacy
                guard from != to, self.standings.book.record(cell)?.standing == nil else {
                    continue
                }
                moves.append(FlagMove(cell: cell, from: from, to: to))
            }
        }
        return moves
    }

    /// The reasons that the flags of forward moves give; refuses moves without one, naming them.
    private func reason(
        for moves: [FlagMove],
        _ edge: BuiltEdge
    ) throws(AdminProblem) -> String? {
        var reasons: [String] = []
        var unexplained: [FlagMove] = []
        for (migration, group) in Dictionary(grouping: moves, by: \.cell.migration).sorted(
            by: { $0.key < $1.key })
        {
            let text = edge.files.flags.flag(migration)?.metadata("reason")?.text ?? ""
            if !text.isEmpty {
                if !reasons.contains(text) { reasons.append(text) }
            } else {
                unexplained += group.filter(\.isForward)
            }
        }
        guard unexplained.isEmpty else {
            let names = unexplained.prefix(5).map(\.text).joined(separator: ", ")
            let more = unexplained.count > 5 ? " and \(unexplained.count - 5) more" : ""
            throw AdminProblem(
                .filesInvalid,
                "the set would move untouched cells forward: \(names)\(more)",
                hint: "say why in the flag's metadata (\"reason\"), or flip the cells",
                findings: unexplained.prefix(ActReport.cellsMax).map(\.text)
            )
        }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }
}

extension FlagMove {
    /// The move in words: `acme/virtual-care legacy -> live`.
    var text: String { "\(self.cell.text) \(self.from.name) -> \(self.to.name)" }

    /// What the audit says of moves by flags: such cells have no standing of their own that it
    /// could name.
    static func reason(_ moves: [FlagMove], _ given: String?) -> String {
        let groups = Dictionary(grouping: moves) { "\($0.from.name) -> \($0.to.name)" }
        let words = groups.sorted { $0.key < $1.key }.map { steps, cells in
            "\(steps) (\(cells.count) by flag)"
        }
        return ([given].compactMap { $0 } + words).joined(separator: "; ")
    }

    var document: DocumentValue {
        [
            "cell": .string(self.cell.text), "from": .string(self.from.name),
            "to": .string(self.to.name),
        ]
    }
}

extension Standings {
    /// Records that cells without a stored standing stand elsewhere now, by their flags.
    ///
    /// It is a flip with generation and audit. The caller has adopted the guide that says so.
    func recordFlagMoves(_ cells: [CellName], order: ActOrder) -> StandingChange {
        let start = self.now()
        let act = self.book.withState { state -> Act in
            var plan: [CellName: Standing?] = [:]
            // One that was flipped meanwhile has its own standing and is no longer the flag's.
            for cell in cells where state.record(cell).standing == nil { plan[cell] = .some(nil) }
            var act = StandingBook.act(.flip, &state, plan: plan, order: order, now: start)
            act.isUngated = true
            state.apply(act)
            return act
        }
        return self.finish(act, pattern: .everything, steps: [], since: 0)
    }
}
