// SPDX-License-Identifier: Apache-2.0

import Bytes

/// What one worker knows of one cell.
///
/// All zero: nothing stored, nothing seen.
public struct CellState: BitwiseCopyable, Sendable {
    /// Bits: present 1, frozen 1, stage 3, share 14, generation 45.
    private var word: UInt64 = 0
    /// Wall clock of the last request that this worker decided for legacy, ms since 1970; 0: none.
    public var lastLegacyMilliseconds: UInt64 = 0
    /// Exchanges of this worker in flight, by origin.
    public var inFlightLegacy: UInt32 = 0
    /// Exchanges of this worker in flight, by origin.
    public var inFlightModern: UInt32 = 0
    /// Writes that this worker sent to modern.
    public var modernWrites: UInt64 = 0

    /// A cell of which nothing is stored.
    public init() {}

    /// The stored standing, or `nil`.
    public var standing: Standing? {
        guard self.word >> 63 == 1, let stage = Stage(rawValue: UInt8(self.word >> 59 & 7)),
            let share = Share(permyriad: Int(self.word >> 45 & 0x3fff))
        else { return nil }
        return Standing(stage, share: share)
    }

    /// Whether writes are refused.
    public var isFrozen: Bool { self.word >> 62 & 1 == 1 }

    /// The generation of the last change.
    public var generation: UInt64 { self.word & (1 << 45 - 1) }

    /// Takes a change, unless it is not newer than the last one (design.md 7.2).
    public mutating func apply(_ change: CellChange, generation: UInt64) {
        precondition(generation < 1 << 45, "generation \(generation)")
        guard generation > self.generation else { return }
        var word = generation
        if change.isFrozen { word |= 1 << 62 }
        if let standing = change.standing {
            word |= 1 << 63
            word |= UInt64(standing.stage.rawValue) << 59
            word |= UInt64(standing.share.permyriad) << 45
        }
        self.word = word
    }
}

/// The standings of one worker: its own table over all cells, changed by deltas only.
///
/// One row per migration, so that touching many tenants of one migration touches few pages.
public struct StandingTable: ~Copyable {
    private var cells: SparseArena<CellState>

    /// An empty table over every cell that one edge can have.
    public init() {
        self.cells = SparseArena(capacity: Limits.tenantsMax * Limits.migrationsMax)
    }

    private static func index(_ cell: CellNumber) -> Int {
        precondition(
            cell.tenant < Limits.tenantsMax && cell.migration < Limits.migrationsMax,
            "cell \(cell.tenant)/\(cell.migration)"
        )
        return Int(cell.migration) &* Limits.tenantsMax &+ Int(cell.tenant)
    }

    /// What is known of a cell.
    public subscript(cell: CellNumber) -> CellState {
        _read { yield self.cells[StandingTable.index(cell)] }
        _modify { yield &self.cells[StandingTable.index(cell)] }
    }
}
