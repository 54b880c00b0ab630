// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration
import Store
import Synchronization

extension ControlPlane {
    /// Moves cells through the gate.
    public func flip(_ order: FlipOrder) throws(AdminProblem) -> ActReport {
        let pattern = try ControlPlane.pattern(order.cells)
        let act = ActOrder(actor: order.actor, reason: order.reason)
        let target = order.isResume ? nil : try self.target(of: order, pattern)
        let change: StandingChange
        do throws(StandingError) {
            if let target {
                change = try self.standings.flip(
                    pattern,
                    to: target,
                    order: act,
                    ifGeneration: order.ifGeneration
                )
            } else {
                change = try self.standings.resume(pattern, order: act)
            }
        } catch {
            throw self.refusal(error)
        }
        self.state.withLock { $0.flips += 1 }
        return self.report(change, "flip")
    }

    /// Moves cells back; asks nobody.
    public func rollback(_ order: CellOrder) throws(AdminProblem) -> ActReport {
        let pattern = try ControlPlane.pattern(order.cells)
        let target = try order.to.map { text throws(AdminProblem) in
            try ControlPlane.standing(text)
        }
        let change: StandingChange
        do throws(StandingError) {
            change = try self.standings.rollback(
                pattern,
                to: target ?? Standing(.legacy),
                order: ActOrder(actor: order.actor, reason: order.reason)
            )
        } catch {
            throw self.refusal(error)
        }
        self.state.withLock { $0.rollbacks += 1 }
        return self.report(change, "rollback")
    }

    /// Refuses writes, or allows them again.
    public func freeze(_ order: CellOrder, isFrozen: Bool) throws(AdminProblem) -> ActReport {
        let pattern = try ControlPlane.pattern(order.cells)
        do throws(StandingError) {
            let change = try self.standings.freeze(
                pattern,
                isFrozen: isFrozen,
                order: ActOrder(actor: order.actor, reason: order.reason)
            )
            return self.report(change, isFrozen ? "freeze" : "unfreeze")
        } catch {
            throw self.refusal(error)
        }
    }

    // MARK: Orders

    static func pattern(_ text: String) throws(AdminProblem) -> CellPattern {
        guard let pattern = CellPattern(text: text) else {
            throw AdminProblem(
                .invalid,
                "\"\(text)\" is no cell",
                hint: "cells are TENANT/MIGRATION, */MIGRATION or TENANT/*"
            )
        }
        return pattern
    }

    private static func standing(_ text: String) throws(AdminProblem) -> Standing {
        guard let standing = Standing(text: text) else {
            let words = Stage.allCases.map(\.name).joined(separator: " ")
            throw AdminProblem(
                .invalid,
                "\"\(text)\" is no stage",
                hint: "stages: \(words); with a share: live=5%"
            )
        }
        return standing
    }

    /// The target of a flip; `redirect` and `gone` need the migration's name once more.
    private func target(
        of order: FlipOrder,
        _ pattern: CellPattern
    ) throws(AdminProblem) -> Standing {
        let target = try ControlPlane.standing(order.to ?? "")
        guard target.stage >= .redirect else { return target }
        let migration: String
        switch pattern {
        case .cell(let cell): migration = cell.migration
        case .migration(let name): migration = name
        case .tenant, .everything:
            throw AdminProblem(
                .invalid,
                "\(target.stage.name) is for one migration at a time",
                hint: "name TENANT/MIGRATION or */MIGRATION"
            )
        }
        guard order.confirmation == migration else {
            throw AdminProblem(
                .confirmationRequired,
                "\(target.stage.name) sends every client away: it needs confirmation",
                hint: "pass --confirm=\(migration)"
            )
        }
        return target
    }

    // MARK: Answers

    /// A refusal with the nearest name where one was not known.
    private func refusal(_ error: StandingError) -> AdminProblem {
        var problem = ControlPlane.problem(of: error)
        let resolved = self.state.withLock { $0.edge?.resolved }
        switch error {
        case .unknownMigration(let name):
            let near = nearestName(name, among: (resolved?.stages.keys).map(Array.init) ?? [])
            if let near { problem.hint = "did you mean \(near)?" }
        case .unknownTenant(let name):
            let near = nearestName(name, among: (resolved?.rows.keys).map(Array.init) ?? [])
            if let near { problem.hint = "did you mean \(near)?" }
        default: break
        }
        return problem
    }

    /// A refusal of standings as the API tells it.
    static func problem(of error: StandingError) -> AdminProblem {
        switch error {
        case .unknownMigration, .unknownTenant, .unchanged, .nothingToResume:
            AdminProblem(.nothingMatched, error.text, hint: "banyan status shows what there is")
        case .reasonNeeded:
            AdminProblem(
                .reasonRequired,
                "a forward flip is ungated until gates exist: it needs a reason",
                hint: "pass --reason TEXT"
            )
        case .conflict, .overtaken:
            AdminProblem(.conflict, error.text, hint: "banyan status shows where it stands now")
        case .storeUnavailable, .storeSilent:
            AdminProblem(
                .storeUnavailable,
                error.text,
                hint: "a rollback works without the store; see Runbooks/store-unavailable.md"
            )
        default:
            AdminProblem(.refused, error.text)
        }
    }

    /// A change as the API reports it.
    func report(_ change: StandingChange, _ act: String) -> ActReport {
        var report = ActReport(act: act, generation: change.generation, actor: change.actor)
        report.reason = change.reason
        report.cellCount = change.steps.count
        report.cells = change.steps.prefix(ActReport.cellsMax).map {
            CellMove(cell: $0.cell.text, from: $0.before.text, to: $0.after.text)
        }
        let answers = change.acknowledgement
        report.confirmed = answers.confirmed
        report.workers = change.workerCount
        report.silent = answers.silent
        report.elapsedNanoseconds = answers.elapsedNanoseconds
        report.durableNanoseconds = change.elapsedNanoseconds
        report.lastLegacyMilliseconds = answers.lastLegacyMilliseconds
        report.inFlightLegacy = answers.inFlightLegacy
        report.inFlightModern = answers.inFlightModern
        report.tunnelsLeft = answers.tunnelsLeft
        report.streamsLeft = answers.streamsLeft
        report.isRecorded = change.recorded != .notRecorded
        report.isUngated = change.isUngated
        // Quotes only where a shell needs them.
        let undo = change.undo
        if !undo.isEmpty {
            report.undo = undo.contains("*") ? undo : undo.replacing("'", with: "")
        }
        if change.kind == .rollback { self.addRollback(change, &report) }
        self.addNotes(change, &report)
        return report
    }

    /// What a rollback leaves behind: writes on modern, redirects in caches.
    private func addRollback(_ change: StandingChange, _ report: inout ActReport) {
        guard let set = self.state.withLock({ $0.edge?.files.set }) else { return }
        let migrations = Set(change.steps.map(\.cell.migration))
        let routes = set.routes.filter { migrations.contains($0.migration) }
        if routes.contains(where: { $0.data == .forward }) {
            report.writesLeftBehind = change.acknowledgement.modernWrites
        }
        let redirected = Set(
            change.steps.filter { $0.before.stage == .redirect && $0.after.stage < .redirect }
                .map(\.cell.migration)
        )
        let redirects = routes.filter { redirected.contains($0.migration) }.compactMap(\.redirect)
        if let longest = redirects.map(\.maxAgeSeconds).max(), longest > 0 {
            report.redirectsClearMilliseconds = self.now() + UInt64(longest) * 1_000
        }
        for redirect in redirects where !redirect.isServedHere {
            let host = redirect.hostname ?? "another host"
            report.notes.append(
                "redirects went to \(host), which no listener serves: clients that cached one stay "
                    + "there until its max-age (\(redirect.maxAgeSeconds) s) is over"
            )
        }
    }

    private func addNotes(_ change: StandingChange, _ report: inout ActReport) {
        if change.recorded == .journal {
            report.notes.append("the store is behind: the audit entry follows from the journal")
        }
        if !change.diverged.isEmpty {
            let names = change.diverged.prefix(3).map(\.text).joined(separator: ", ")
            let more = change.diverged.count > 3 ? " and \(change.diverged.count - 3) more" : ""
            report.notes.append("diverged, legacy is stale: \(names)\(more)")
        }
        // What the change says beyond the facts that the report has fields for.
        let known = Set(StandingUndo.warnings(change))
        report.notes += change.warnings.filter { !known.contains($0) }
    }
}
