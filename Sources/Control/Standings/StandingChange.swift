// SPDX-License-Identifier: Apache-2.0

public import Migration
public import Store

/// Where an act is on disk when the call returns.
public enum Recorded: String, Sendable, Hashable {
    /// In the store, with its audit entry.
    case store
    /// In the edge's journal; the store gets it when it can.
    case journal
    /// Applied only: neither store nor journal took it.
    case notRecorded = "NOT RECORDED"
}

/// One cell as a change tells it.
public struct CellStep: Sendable, Hashable {
    /// The cell.
    public var cell: CellName
    /// Where it stood, flags counted in.
    public var before: Standing
    /// Where it stands now, flags counted in.
    public var after: Standing
}

/// What a flip, rollback, freeze or resume did: everything that a command prints.
public struct StandingChange: Sendable {
    /// What was done.
    public var kind: ActKind
    /// The cells as they were named.
    public var pattern: CellPattern
    /// Its generation.
    public var generation: UInt64
    /// The cells that moved, by name.
    public var steps: [CellStep]
    /// What the workers answered.
    public var acknowledgement: Acknowledgement
    /// Workers that were asked.
    public var workerCount: Int
    /// From the call to the return, disk included.
    public var elapsedNanoseconds: UInt64
    /// Where it is on disk.
    public var recorded: Recorded
    /// Cells whose records on legacy are stale.
    public var diverged: [CellName]
    /// A forward step without a gate's verdict.
    public var isUngated: Bool
    /// Lines that the user should see.
    public var warnings: [String]
    /// The command that undoes it.
    public var undo: String
    /// Who did it.
    public var actor: String
    /// Why.
    public var reason: String?

    /// Whether every worker answered and the act is on disk.
    public var isConfirmed: Bool {
        self.acknowledgement.confirmed == self.workerCount && self.recorded != .notRecorded
    }

    /// 0, or 6: applied but unconfirmed or not recorded.
    public var exitCode: Int32 { self.isConfirmed ? 0 : 6 }
}
