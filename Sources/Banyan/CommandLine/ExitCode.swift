// SPDX-License-Identifier: Apache-2.0

/// How a command ended; the numbers never change meaning (reference/experience.md B5).
enum ExitCode: Int32, CaseIterable, Sendable {
    case done = 0
    case failed = 1
    case nothingMatched = 3
    case refused = 4
    case conflict = 5
    case unconfirmed = 6
    case usage = 64
    case unreachable = 69
    case permission = 77
    case configuration = 78

    /// What it means, for help texts.
    var meaning: String {
        switch self {
        case .done: "done"
        case .failed: "failed, or something is invalid"
        case .nothingMatched: "nothing matched"
        case .refused: "refused by the gate (NO-GO)"
        case .conflict: "conflict: somebody moved the cell meanwhile"
        case .unconfirmed: "applied, but not confirmed by every worker or NOT RECORDED"
        case .usage: "wrong usage; the message names what to pass"
        case .unreachable: "the edge or its store cannot be reached"
        case .permission: "not permitted for this user"
        case .configuration: "the configuration is invalid"
        }
    }
}
