// SPDX-License-Identifier: Apache-2.0

internal import Documents
internal import Migration

/// Rows of the store as values.
enum StoreRows {
    static func standings(
        _ connection: borrowing SQLiteConnection
    ) throws(StoreError) -> [StandingRecord] {
        let rows = try connection.prepare(
            """
            SELECT tenant, migration, stage, share_permyriad, frozen, generation, since_ms, actor,
                reason, resume, resume_permyriad FROM standings
            """
        )
        var records: [StandingRecord] = []
        while try rows.step() {
            guard let tenant = rows.text(0), let migration = rows.text(1) else {
                throw .unreadable
            }
            var record = StandingRecord(cell: CellName(tenant: tenant, migration: migration))
            if let stage = rows.text(2) {
                record.standing = try self.standing(stage, share: rows.integer(3))
            }
            record.isFrozen = rows.integer(4) == 1
            record.generation = UInt64(rows.integer(5))
            record.sinceMilliseconds = UInt64(max(0, rows.integer(6)))
            record.actor = rows.text(7) ?? ""
            record.reason = rows.text(8)
            switch rows.text(9) {
            case "none": record.resume = .none
            case "unstored": record.resume = .unstored
            case let stage?:
                record.resume = .standing(try self.standing(stage, share: rows.integer(10)))
            case nil: throw .unreadable
            }
            records.append(record)
        }
        return records
    }

    private static func standing(
        _ stage: String,
        share: Int64
    ) throws(StoreError) -> Standing {
        guard let stage = Stage(name: stage), let share = Share(permyriad: Int(share)) else {
            throw .unreadable
        }
        return Standing(stage, share: share)
    }

    static func divergences(
        _ connection: borrowing SQLiteConnection
    ) throws(StoreError) -> [DivergenceRecord] {
        let rows = try connection.prepare(
            "SELECT tenant, migration, diverged, generation, since_ms FROM divergences"
        )
        var records: [DivergenceRecord] = []
        while try rows.step() {
            records.append(
                DivergenceRecord(
                    cell: CellName(tenant: rows.text(0) ?? "", migration: rows.text(1) ?? ""),
                    isDiverged: rows.integer(2) == 1,
                    generation: UInt64(max(0, rows.integer(3))),
                    sinceMilliseconds: UInt64(max(0, rows.integer(4)))
                )
            )
        }
        return records
    }

    static func tenants(
        _ connection: borrowing SQLiteConnection
    ) throws(StoreError) -> [StoredTenant] {
        let rows = try connection.prepare(
            "SELECT id, labels, hosts, aliases FROM tenants WHERE removed = 0 ORDER BY id"
        )
        var tenants: [StoredTenant] = []
        while try rows.step() {
            let columns = [rows.text(1), rows.text(2), rows.text(3)].map { self.value($0) }
            guard let id = rows.text(0), let members = columns[0]?.members,
                let hosts = columns[1]?.items, let aliases = columns[2]?.items
            else { throw .unreadable }
            tenants.append(
                StoredTenant(
                    id: id,
                    labels: Dictionary(
                        members.map { ($0.key, $0.node.text ?? "") },
                        uniquingKeysWith: { first, _ in first }
                    ),
                    hosts: hosts.compactMap { $0.text },
                    aliases: aliases.compactMap { $0.text }
                )
            )
        }
        return tenants
    }

    private static func value(_ text: String?) -> DocumentValue? {
        guard let text else { return nil }
        return try? DocumentNode.parse(json: text, file: "store").value
    }
}

extension SQLiteConnection {
    /// Where the audit of this store begins: at nothing, or at the head of the store before.
    func auditStart() throws(StoreError) -> AuditHead {
        let start = try self.prepare("SELECT number, hash FROM meta WHERE name = 'audit_start'")
        guard try start.step(), let hash = Digest(bytes: start.bytes(1)) else {
            throw .unreadable
        }
        return AuditHead(count: UInt64(start.integer(0)), hash: hash)
    }
}
