// SPDX-License-Identifier: Apache-2.0

public import Migration

/// What somebody did; the word of the audit.
public enum ActKind: UInt8, Hashable, Sendable, CaseIterable {
    /// Cells moved forward.
    case flip = 1
    /// Cells moved back.
    case rollback = 2
    /// Writes refused from now on.
    case freeze = 3
    /// Writes allowed again.
    case unfreeze = 4
    /// A committed flip that a rollback overtook: its other cells were put back.
    case overtaken = 5
    /// Cells took their first write on modern.
    case diverged = 6
    /// Cells declared reconciled.
    case reconciled = 7
    /// The store was rebuilt, or brought up to date, from the edge's copy.
    case recovered = 8
    /// A tenant was added or changed.
    case tenantAdded = 9
    /// A tenant was taken away.
    case tenantRemoved = 10
    /// Body samples of a route may be taken until a time (compliance.md (i) 2).
    case sampleGranted = 13
    /// No more samples under a grant.
    case sampleRevoked = 14
    /// A sealed sample was written.
    case sampleWritten = 15
    /// Keys of fingerprints were destroyed.
    case keysShredded = 16
    /// Somebody has a file of requests replayed at both origins.
    case replayOrdered = 17
    /// Somebody has probes made now, beside their schedule.
    case probeOrdered = 18
    /// The edge started (journal only).
    case started = 11
    /// The edge stopped in order (journal only).
    case stopped = 12

    /// The word of the audit.
    public var word: String {
        switch self {
        case .flip: "flip"
        case .rollback: "rollback"
        case .freeze: "freeze"
        case .unfreeze: "unfreeze"
        case .overtaken: "overtaken"
        case .diverged: "diverged"
        case .reconciled: "reconciled"
        case .recovered: "recovered"
        case .tenantAdded: "tenant_added"
        case .tenantRemoved: "tenant_removed"
        case .sampleGranted: "sample_granted"
        case .sampleRevoked: "sample_revoked"
        case .sampleWritten: "sample_written"
        case .keysShredded: "keys_shredded"
        case .replayOrdered: "replay_ordered"
        case .probeOrdered: "probe_ordered"
        case .started: "started"
        case .stopped: "stopped"
        }
    }

    /// Whether it belongs in the audit; the others only mark the journal.
    public var isAudited: Bool { self != .started && self != .stopped }
}

/// One cell's part of an act.
public struct CellAct: Hashable, Sendable {
    /// Where it stood before; its generation is what compare-and-set expects.
    public var before: StandingRecord
    /// Where it stands after.
    public var after: StandingRecord

    /// A part from its two ends.
    public init(before: StandingRecord, after: StandingRecord) {
        self.before = before
        self.after = after
    }
}

/// Something that was done once, under one generation: what the journal keeps and the audit tells.
public struct Act: Hashable, Sendable {
    /// What.
    public var kind: ActKind
    /// Its generation; no other act of the edge has it.
    public var generation: UInt64
    /// When it was done, ms since 1970.
    public var timeMilliseconds: UInt64
    /// Who.
    public var actor: String
    /// Why, as given.
    public var reason: String?
    /// A forward flip without a gate's verdict.
    public var isUngated: Bool
    /// The flip that an `overtaken` act undoes.
    public var overtakes: UInt64?
    /// The standings that changed.
    public var cells: [CellAct]
    /// Cells that are diverged from now on; of `reconciled`: that no longer are.
    public var divergences: [CellName]
    /// The tenant of `tenantAdded` and `tenantRemoved`.
    public var tenant: StoredTenant?

    /// An act without cells.
    public init(
        _ kind: ActKind,
        generation: UInt64,
        timeMilliseconds: UInt64,
        actor: String,
        reason: String? = nil,
        cells: [CellAct] = []
    ) {
        self.kind = kind
        self.generation = generation
        self.timeMilliseconds = timeMilliseconds
        self.actor = actor
        self.reason = reason
        self.isUngated = false
        self.overtakes = nil
        self.cells = cells
        self.divergences = []
        self.tenant = nil
    }
}

/// Where a chain of audit entries ends: how many, and the hash of the last.
public struct AuditHead: Hashable, Sendable {
    /// Entries ever chained, those of earlier stores included.
    public var count: UInt64
    /// The hash of the last entry, `h_count`.
    public var hash: Digest

    /// A head from its parts.
    public init(count: UInt64, hash: Digest) {
        self.count = count
        self.hash = hash
    }

    /// Before the first entry.
    public static let none = AuditHead(count: 0, hash: .zero)
}
