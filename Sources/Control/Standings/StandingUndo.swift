// SPDX-License-Identifier: Apache-2.0

internal import Migration
internal import Store

/// What a change tells about itself: the command that undoes it, and what needs attention.
enum StandingUndo {
    static func command(_ act: Act, pattern: CellPattern, steps: [CellStep]) -> String {
        switch act.kind {
        case .flip:
            let targets = Set(steps.map { $0.before })
            guard targets.count == 1, let target = targets.first, target != Standing(.legacy)
            else { return "banyan rollback '\(pattern.text)'" }
            return "banyan rollback '\(pattern.text)' --to \(target.text)"
        case .rollback: return "banyan flip --resume '\(pattern.text)' --reason TEXT"
        case .freeze: return "banyan unfreeze '\(pattern.text)'"
        case .unfreeze: return "banyan freeze '\(pattern.text)'"
        default: return ""
        }
    }

    static func warnings(_ change: StandingChange) -> [String] {
        var warnings: [String] = []
        let silent = change.acknowledgement.silent.map(String.init).joined(separator: ", ")
        if !silent.isEmpty {
            warnings.append("not confirmed by worker \(silent): it may still use the old standing")
        }
        switch change.recorded {
        case .store: break
        case .journal: warnings.append("the store is behind: the audit entry follows")
        case .notRecorded:
            warnings.append("NOT RECORDED: neither journal nor store took it; a restart forgets it")
        }
        if change.kind == .rollback, change.acknowledgement.modernWrites > 0 {
            warnings.append(
                "\(change.acknowledgement.modernWrites) writes stay behind on modern"
            )
        }
        if !change.diverged.isEmpty {
            let names = change.diverged.prefix(3).map { $0.text }.joined(separator: ", ")
            let more = change.diverged.count > 3 ? " and \(change.diverged.count - 3) more" : ""
            warnings.append("diverged, legacy is stale: \(names)\(more)")
        }
        return warnings
    }
}
