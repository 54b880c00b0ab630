// SPDX-License-Identifier: Apache-2.0

internal import Documents
internal import Migration

/// One line of the audit, as it is chained: canonical JSON (RFC 8785) of who did what, when, why.
///
/// Numbers that could pass 2^53 are written as texts, so that the canonical form keeps them.
enum AuditEntry {
    /// The entry of an act that arrives now as number `sequence`.
    ///
    /// - Parameter isLate: it was done while the store was away and comes from the journal.
    static func value(of act: Act, sequence: UInt64, isLate: Bool) -> DocumentValue {
        var value = DocumentValue.fields([
            ("sequence", .integer(sequence)), ("kind", .string(act.kind.word)),
            ("generation", .integer(act.generation)), ("time", .integer(act.timeMilliseconds)),
            ("actor", .string(act.actor)),
        ])
        if let reason = act.reason { value.set("reason", .string(reason)) }
        if act.isUngated { value.set("ungated", true) }
        if isLate { value.set("late", true) }
        if let overtakes = act.overtakes { value.set("overtakes", .integer(overtakes)) }
        if !act.cells.isEmpty { value.set("cells", .list(act.cells.map { self.value(of: $0) })) }
        if !act.divergences.isEmpty {
            value.set("diverged", .list(act.divergences.map { $0.text }))
        }
        if let tenant = act.tenant { value.set("tenant", self.value(of: tenant)) }
        return value
    }

    private static func value(of cell: CellAct) -> DocumentValue {
        .fields([
            ("cell", .string(cell.after.cell.text)),
            ("expected", .integer(cell.before.generation)),
            ("before", self.value(of: cell.before)), ("after", self.value(of: cell.after)),
        ])
    }

    private static func value(of record: StandingRecord) -> DocumentValue {
        var value = DocumentValue.fields([("frozen", .bool(record.isFrozen))])
        if let standing = record.standing {
            value.set("stage", .string(standing.stage.name))
            value.set("permyriad", .integer(standing.share.permyriad))
        }
        return value
    }

    private static func value(of tenant: StoredTenant) -> DocumentValue {
        .fields([
            ("id", .string(tenant.id)), ("hosts", .list(tenant.hosts)),
            ("aliases", .list(tenant.aliases)),
            (
                "labels",
                .fields(tenant.labels.sorted { $0.key < $1.key }.map { ($0, .string($1)) })
            ),
        ])
    }

    /// The first entry of a store that was rebuilt: it names the chain that it goes on from.
    static func rebuilt(
        from head: AuditHead,
        sequence: UInt64,
        generation: UInt64,
        timeMilliseconds: UInt64
    ) -> DocumentValue {
        .fields([
            ("sequence", .integer(sequence)), ("kind", "rebuilt"), ("actor", "banyan"),
            ("generation", .integer(generation)), ("time", .integer(timeMilliseconds)),
            ("previousCount", .integer(head.count)), ("previousHead", .string(head.hash.hex)),
        ])
    }

    /// The bytes that are hashed.
    static func bytes(of value: DocumentValue) -> [UInt8] {
        // Every number here comes from an integer, so the canonical form exists.
        (try? value.canonicalJSON()) ?? []
    }
}
