// SPDX-License-Identifier: Apache-2.0

public import Migration
public import Store

/// Why a change of standings was refused, or did not stand.
public enum StandingError: Error, Sendable, Equatable {
    /// No route file defines this migration.
    case unknownMigration(String)
    /// No document defines this tenant.
    case unknownTenant(String)
    /// The stages do not allow it.
    case transition(CellName, StageTransitionError)
    /// A flip moves forward: the cell is already past the target.
    case backward(CellName, from: Standing, to: Standing)
    /// Nothing would change.
    case unchanged
    /// Until gates exist a forward step needs a reason.
    case reasonNeeded
    /// Nothing was rolled back since the last flip.
    case nothingToResume
    /// A cell was changed by somebody else.
    case conflict(CellConflict)
    /// A rollback of this cell overtook the flip: none of its cells moved, or they were put back.
    case overtaken(cell: CellName, flip: UInt64, rollback: UInt64)
    /// The store cannot take the flip now: nothing moved.
    case storeUnavailable(StoreError)
    /// The store did not answer in time: nothing moved, and what it may still commit is undone.
    case storeSilent

    /// The exit code of `banyan` (experience.md B5).
    public var exitCode: Int32 {
        switch self {
        case .unknownMigration, .unknownTenant, .unchanged, .nothingToResume: 3
        case .transition, .backward: 1
        case .reasonNeeded: 4
        case .conflict, .overtaken: 5
        case .storeUnavailable, .storeSilent: 69
        }
    }

    /// A stable word for JSON.
    public var code: String {
        switch self {
        case .unknownMigration: "unknown_migration"
        case .unknownTenant: "unknown_tenant"
        case .transition: "transition_refused"
        case .backward: "backward"
        case .unchanged: "unchanged"
        case .reasonNeeded: "reason_needed"
        case .nothingToResume: "nothing_to_resume"
        case .conflict: "conflict"
        case .overtaken: "overtaken"
        case .storeUnavailable: "store_unavailable"
        case .storeSilent: "store_silent"
        }
    }

    /// One line for people.
    public var text: String {
        switch self {
        case .unknownMigration(let name): "no route defines the migration \(name)"
        case .unknownTenant(let name): "no document defines the tenant \(name)"
        case .transition(let cell, let error): "\(cell.text): \(StandingError.text(error))"
        case .backward(let cell, let from, let to):
            "\(cell.text) is at \(from.text), past \(to.text): use "
                + "banyan rollback \(cell.text) --to \(to.text)"
        case .unchanged: "nothing to change: every cell is there already"
        case .reasonNeeded: "a forward step is ungated: say why with --reason"
        case .nothingToResume: "nothing was rolled back since the last flip"
        case .conflict(let conflict):
            "conflict: \(conflict.cell.text) is at generation \(conflict.found), "
                + "not \(conflict.expected)"
        case .overtaken(let cell, let flip, let rollback):
            "conflict: \(cell.text) was changed by generation \(rollback) "
                + "while generation \(flip) was under way"
        case .storeUnavailable(let error): "\(error.text); nothing was moved"
        case .storeSilent: "the store does not answer; nothing was moved"
        }
    }

    private static func text(_ error: StageTransitionError) -> String {
        switch error {
        case .stageNotUsed(let stage, let used):
            "\(stage.name) is not one of its stages: "
                + used.map { $0.name }.joined(separator: ", ")
        case .skips(let stages):
            "skips \(stages.map { $0.name }.joined(separator: ", "))"
        case .jumpBelowAll: "a jump over a stage is at 100%"
        case .shareNotAllowed(let stage): "\(stage.name) takes no share"
        case .unchanged(let standing): "is at \(standing.text) already"
        case .notBackward(let from, let to): "\(from.text) to \(to.text) is not backward"
        }
    }
}
