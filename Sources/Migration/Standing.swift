// SPDX-License-Identifier: Apache-2.0

/// Share of a tenant's users, in 1/10,000.
public struct Share: BitwiseCopyable, Sendable, Hashable, Comparable {
    /// 0 to 10,000.
    public let permyriad: UInt16

    /// A share, or `nil` above 10,000.
    public init?(permyriad: Int) {
        guard (0...10_000).contains(permyriad) else { return nil }
        self.permyriad = UInt16(permyriad)
    }

    /// All users.
    public static let all = Share(unchecked: 10_000)

    private init(unchecked permyriad: UInt16) { self.permyriad = permyriad }

    /// By size.
    public static func < (a: Share, b: Share) -> Bool { a.permyriad < b.permyriad }
}

/// A stage and the share of users that have reached it; the others are one stage earlier.
public struct Standing: BitwiseCopyable, Sendable, Hashable {
    /// The stage.
    public let stage: Stage
    /// Who has reached it.
    ///
    /// Below 100 % only at `live`, `modern`, `shadow` and `dual`.
    public let share: Share

    /// A standing from its parts.
    public init(_ stage: Stage, share: Share = .all) {
        self.stage = stage
        self.share = share
    }
}

/// A cell by the numbers that one edge gave to its tenant and migration, for its whole life.
///
/// Tenant 0 is `*`: every tenant without a standing of its own, and requests of no known tenant.
public struct CellNumber: BitwiseCopyable, Sendable, Hashable {
    /// The tenant's number; 0 is `*`.
    public let tenant: UInt32
    /// The migration's number.
    public let migration: UInt32

    /// A cell from its two numbers.
    public init(tenant: UInt32, migration: UInt32) {
        self.tenant = tenant
        self.migration = migration
    }
}

/// A cell by name: `acme/virtual-care`.
///
/// Tenant `*` is the migration's stored default.
public struct CellName: Hashable, Sendable, Comparable {
    /// The tenant's id, or `*`.
    public let tenant: String
    /// The migration's name.
    public let migration: String

    /// A cell from its two names.
    public init(tenant: String, migration: String) {
        self.tenant = tenant
        self.migration = migration
    }

    /// As commands write it.
    public var text: String { "\(self.tenant)/\(self.migration)" }

    /// By migration, then tenant.
    public static func < (a: CellName, b: CellName) -> Bool {
        (a.migration, a.tenant) < (b.migration, b.tenant)
    }
}

/// One change of one cell inside a delta.
public struct CellChange: BitwiseCopyable, Sendable, Hashable {
    /// Which cell.
    public let cell: CellNumber
    /// Where it stands from now on; `nil`: its stored standing is taken away (flags decide again).
    public let standing: Standing?
    /// Whether writes are refused (503).
    public let isFrozen: Bool

    /// A change from its parts.
    public init(cell: CellNumber, standing: Standing?, isFrozen: Bool) {
        self.cell = cell
        self.standing = standing
        self.isFrozen = isFrozen
    }
}
