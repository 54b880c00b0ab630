// SPDX-License-Identifier: Apache-2.0

public import Migration

/// What `flip --resume` goes back to: where a cell stood before its last rollback.
public enum ResumePoint: Hashable, Sendable {
    /// The cell has not been rolled back since its last flip.
    case none
    /// Nothing was stored: the flag decided.
    case unstored
    /// It stood there.
    case standing(Standing)
}

/// All that is kept of one touched cell.
public struct StandingRecord: Hashable, Sendable {
    /// The cell.
    public var cell: CellName
    /// Where it stands; `nil`: nothing stored, the flag decides (a freeze or a resume left it so).
    public var standing: Standing?
    /// Whether writes are refused.
    public var isFrozen: Bool
    /// The generation of the last change.
    public var generation: UInt64
    /// When that was, ms since 1970.
    public var sinceMilliseconds: UInt64
    /// Who did it.
    public var actor: String
    /// Why, as given.
    public var reason: String?
    /// Where `flip --resume` goes.
    public var resume: ResumePoint

    /// A record of a cell that was never touched.
    public init(cell: CellName) {
        self.cell = cell
        self.standing = nil
        self.isFrozen = false
        self.generation = 0
        self.sinceMilliseconds = 0
        self.actor = ""
        self.reason = nil
        self.resume = .none
    }

    /// A record for tests and readers: who and when can follow.
    public init(cell: CellName, standing: Standing?, generation: UInt64) {
        self.init(cell: cell)
        self.standing = standing
        self.generation = generation
    }
}

/// Whether writes of a cell went to modern while legacy did not see them (design.md 2).
public struct DivergenceRecord: Hashable, Sendable {
    /// The cell.
    public var cell: CellName
    /// `false`: declared reconciled.
    public var isDiverged: Bool
    /// The generation of the note: the highest wins.
    public var generation: UInt64
    /// When, ms since 1970.
    public var sinceMilliseconds: UInt64

    /// A note from its parts.
    public init(cell: CellName, isDiverged: Bool, generation: UInt64, sinceMilliseconds: UInt64) {
        self.cell = cell
        self.isDiverged = isDiverged
        self.generation = generation
        self.sinceMilliseconds = sinceMilliseconds
    }
}

/// A tenant that was added at run time.
public struct StoredTenant: Hashable, Sendable {
    /// The id.
    public var id: String
    /// Labels that flags may target.
    public var labels: [String: String]
    /// Hosts that mean it.
    public var hosts: [String]
    /// Other words for it.
    public var aliases: [String]

    /// A tenant from its parts.
    public init(id: String, labels: [String: String], hosts: [String], aliases: [String]) {
        self.id = id
        self.labels = labels
        self.hosts = hosts
        self.aliases = aliases
    }
}
