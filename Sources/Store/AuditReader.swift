// SPDX-License-Identifier: Apache-2.0

/// Reads the audit on a connection of its own, so that reading never waits for the writer.
public struct AuditReader: ~Copyable {
    private let connection: SQLiteConnection

    /// Opens the store at `path` for reading.
    public init(path: String) throws(StoreError) {
        let connection = try SQLiteConnection.open(
            path: path,
            creates: false,
            isReadOnly: true,
            busyMilliseconds: 1_000
        )
        let found = try StoreSchema.found(connection)
        guard found == StoreSchema.version else {
            throw .schemaNewer(found: found, known: StoreSchema.version)
        }
        self.connection = connection
    }

    /// The last `limit` lines, oldest first.
    public func tail(_ limit: Int) throws(StoreError) -> [AuditLine] {
        let rows = try self.connection.prepare(
            "SELECT sequence, entry, hash FROM audit ORDER BY sequence DESC LIMIT ?1"
        )
        try rows.bind(Int64(limit), at: 1)
        var lines: [AuditLine] = []
        while try rows.step() { lines.append(try self.line(rows)) }
        return lines.reversed()
    }

    /// Lines after number `sequence`, oldest first, at most `limit`: to follow the audit.
    public func lines(after sequence: UInt64, limit: Int) throws(StoreError) -> [AuditLine] {
        let rows = try self.connection.prepare(
            "SELECT sequence, entry, hash FROM audit WHERE sequence > ?1 ORDER BY sequence LIMIT ?2"
        )
        try rows.bind(Int64(clamping: sequence), at: 1)
        try rows.bind(Int64(limit), at: 2)
        var lines: [AuditLine] = []
        while try rows.step() { lines.append(try self.line(rows)) }
        return lines
    }

    /// Follows the whole chain and checks it against heads that were seen elsewhere.
    public func verify(known: [AuditHead]) throws(StoreError) -> AuditVerdict {
        var chain = AuditChain(start: try self.connection.auditStart(), known: known)
        let rows = try self.connection.prepare(
            "SELECT sequence, entry, hash FROM audit ORDER BY sequence"
        )
        while try rows.step() {
            if !chain.take(try self.line(rows)) { break }
        }
        return chain.verdict()
    }

    private func line(_ row: borrowing SQLiteStatement) throws(StoreError) -> AuditLine {
        guard let hash = Digest(bytes: row.bytes(2)) else { throw .unreadable }
        return AuditLine(sequence: UInt64(row.integer(0)), entry: row.bytes(1), hash: hash)
    }
}
