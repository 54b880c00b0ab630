// SPDX-License-Identifier: Apache-2.0

public import Migration

/// What a migration's routes say that standings depend on.
public struct MigrationGuide: Sendable, Hashable {
    /// The stages that it uses, in order.
    public var stages: [Stage]
    /// Which way its records flow.
    public var data: DataDirection

    /// A guide from its parts.
    public init(stages: [Stage], data: DataDirection = .forward) {
        self.stages = stages
        self.data = data
    }

    /// The last stage in use that is not after `stage`; the first one when there is none.
    func floor(_ stage: Stage) -> Stage {
        self.stages.last { $0 <= stage } ?? self.stages.first ?? .legacy
    }

    /// Whether a write at this standing is sent to modern while legacy may not see it.
    ///
    /// Below 100 % writes stay where the earlier stage sends them (design.md 2).
    func sendsWritesToModern(_ standing: Standing) -> Bool {
        guard self.data == .forward else { return false }
        if standing.share == .all { return standing.stage >= .live }
        let earlier = StageTransition(stages: self.stages).stage(before: standing.stage)
        return earlier >= .live && earlier < standing.stage
    }
}

/// What files and flags say about cells, as of the last snapshot: standings read nothing else of
/// it.
public struct StandingGuide: Sendable {
    /// By name.
    public var migrations: [String: MigrationGuide]
    /// Ids of all tenants.
    public let tenants: [String]
    private let tenantSet: Set<String>
    /// What the stage flag says for a cell without a stored standing; tenant `*`: its default.
    ///
    /// `nil`: doubt.
    public var resolve: @Sendable (CellName) -> Stage?

    /// A guide from its parts.
    public init(
        migrations: [String: MigrationGuide],
        tenants: [String],
        resolve: @escaping @Sendable (CellName) -> Stage?
    ) {
        self.migrations = migrations
        self.tenants = tenants
        self.tenantSet = Set(tenants)
        self.resolve = resolve
    }

    /// Before the first snapshot: nothing is known, everything is at legacy.
    public static let none = StandingGuide(migrations: [:], tenants: [], resolve: { _ in nil })

    /// Of a migration whose files are gone: every stage, so that it can still be taken back.
    static let unknownMigration = MigrationGuide(stages: Stage.allCases)

    func hasTenant(_ id: String) -> Bool { self.tenantSet.contains(id) }

    func migration(_ name: String) -> MigrationGuide {
        self.migrations[name] ?? StandingGuide.unknownMigration
    }
}
