// SPDX-License-Identifier: Apache-2.0

public import Bytes
public import Parity

/// The parity store: what was counted, by epoch, in one SQLite file beside the standings.
///
/// It holds no value of a record: pointer templates, classes, kinds, length classes, and keyed
/// fingerprints. One owner on one thread; everything here may block on the disk.
public struct ParityStore: ~Copyable {
    let connection: SQLiteConnection
    /// Numbers of names that were looked up before; the table only grows.
    private var names: [String: Int64] = [:]
    private var operations: [[Int64]: Int64] = [:]

    /// Opens the store at `path`, making it when it is not there.
    ///
    /// - Throws: `sqlite`, or `schemaNewer` for a file that a later banyan wrote.
    public init(
        path: String,
        creates: Bool = true,
        busyMilliseconds: Int = Limits.storeBusyMilliseconds
    ) throws(StoreError) {
        let connection = try SQLiteConnection.open(
            path: path,
            creates: creates,
            busyMilliseconds: Int32(busyMilliseconds)
        )
        // A kill loses nothing that was committed; a power cut may lose the last seconds, which
        // were going to be counted as unobserved. A sync a second is not worth that.
        try connection.execute("PRAGMA synchronous = NORMAL")
        try ParitySchema.prepare(connection)
        self.connection = connection
    }

    /// Opens the store at `path` for reading alone; an edge may be writing to it.
    ///
    /// - Throws: `sqlite`, with kind `absent` where there is none; `schemaNewer` for a file of
    /// another version, an earlier one too: only an edge brings it up.
    public init(readingFrom path: String) throws(StoreError) {
        let connection = try SQLiteConnection.open(
            path: path,
            creates: false,
            isReadOnly: true,
            busyMilliseconds: Int32(Limits.storeBusyMilliseconds)
        )
        try ParitySchema.check(connection)
        self.connection = connection
    }

    // MARK: Epochs

    /// All epochs of a migration, oldest first, with their numbers in this file.
    public func epochs(
        of migration: String
    ) throws(StoreError) -> [(id: Int64, epoch: ParityEpoch)] {
        let statement = try self.connection.prepare(
            """
            SELECT id, number, rule_set, legacy_build, modern_build, cause, start_ms, end_ms,
                identities_since_ms
            FROM epochs WHERE migration = ?1 ORDER BY number
            """
        )
        try statement.bind(migration, at: 1)
        var found: [(id: Int64, epoch: ParityEpoch)] = []
        while try statement.step() {
            var epoch = ParityEpoch(
                number: UInt64(clamping: statement.integer(1)),
                migration: migration,
                ruleSetHash: statement.text(2) ?? "",
                legacyBuild: statement.text(3) ?? "",
                modernBuild: statement.text(4) ?? "",
                cause: statement.text(5) ?? "",
                startUnixMilliseconds: statement.integer(6),
                endUnixMilliseconds: statement.integer(7)
            )
            epoch.identitiesSinceUnixMilliseconds = statement.integer(8)
            found.append((statement.integer(0), epoch))
        }
        return found
    }

    /// Migrations that were ever observed, by name.
    public func migrations() throws(StoreError) -> [String] {
        let statement = try self.connection.prepare(
            "SELECT DISTINCT migration FROM epochs ORDER BY migration"
        )
        var found: [String] = []
        while try statement.step() { found.append(statement.text(0) ?? "") }
        return found
    }

    /// Writes epochs as they are now; known ones (by migration and number) are replaced.
    private func put(_ epoch: ParityEpoch) throws(StoreError) -> Int64 {
        let write = try self.connection.prepare(
            """
            INSERT INTO epochs
                (migration, number, rule_set, legacy_build, modern_build, cause, start_ms, end_ms,
                identities_since_ms)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (migration, number) DO UPDATE SET
                rule_set = ?3, legacy_build = ?4, modern_build = ?5, cause = ?6, start_ms = ?7,
                end_ms = ?8, identities_since_ms = ?9
            RETURNING id
            """
        )
        try write.bind(epoch.migration, at: 1)
        try write.bind(Int64(epoch.number), at: 2)
        try write.bind(epoch.ruleSetHash, at: 3)
        try write.bind(epoch.legacyBuild, at: 4)
        try write.bind(epoch.modernBuild, at: 5)
        try write.bind(epoch.cause, at: 6)
        try write.bind(epoch.startUnixMilliseconds, at: 7)
        try write.bind(epoch.endUnixMilliseconds, at: 8)
        try write.bind(epoch.identitiesSinceUnixMilliseconds, at: 9)
        guard try write.step() else { throw .sqlite(SQLiteError(code: 1)) }
        let id = write.integer(0)
        while try write.step() {}
        return id
    }

    // MARK: Flush

    /// Adds batches to their epochs, all in one transaction; epochs are written as they are now.
    public mutating func add(
        _ batches: [(epoch: ParityEpoch, batch: ParityBatch)]
    ) throws(StoreError) {
        try self.connection.execute("BEGIN IMMEDIATE")
        do throws(StoreError) {
            for (epoch, batch) in batches {
                let id = try self.put(epoch)
                try self.addTotals(batch, epoch: id)
                try self.addDifferences(batch, epoch: id)
                try self.addSeries(batch, epoch: id)
            }
            try self.connection.execute("COMMIT")
        } catch {
            // Names that were numbered in an undone transaction do not exist.
            self.names = [:]
            self.operations = [:]
            try? self.connection.execute("ROLLBACK")
            throw error
        }
    }

    private mutating func addTotals(
        _ batch: ParityBatch,
        epoch: Int64
    ) throws(StoreError) {
        let read = try self.connection.prepare(
            """
            SELECT counts, legacy_latency, modern_latency, first_ms, last_ms FROM totals
            WHERE epoch = ?1 AND operation = ?2 AND tenant = ?3
            """
        )
        let write = try self.connection.prepare(
            "INSERT OR REPLACE INTO totals VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        )
        for (key, added) in batch.totals {
            let operation = try self.operation(key.route, key.operation)
            let tenant = try self.name(key.tenant)
            var sum = added
            try read.bind(epoch, at: 1)
            try read.bind(operation, at: 2)
            try read.bind(tenant, at: 3)
            if try read.step() {
                var before = ParityTotals(tenant: "", wave: "", route: "", operation: "")
                before.counts = ParityCodec.counts(read.bytes(0), atLeast: before.counts.count)
                before.legacyLatency = ParityCodec.histogram(read.bytes(1))
                before.modernLatency = ParityCodec.histogram(read.bytes(2))
                before.firstUnixMilliseconds = read.integer(3)
                before.lastUnixMilliseconds = read.integer(4)
                sum.merge(before)
            }
            read.reset()
            try write.bind(epoch, at: 1)
            try write.bind(operation, at: 2)
            try write.bind(tenant, at: 3)
            try write.bind(try self.name(sum.wave), at: 4)
            try write.bind(ParityCodec.bytes(sum.counts), at: 5)
            try write.bind(ParityCodec.bytes(sum.legacyLatency), at: 6)
            try write.bind(ParityCodec.bytes(sum.modernLatency), at: 7)
            try write.bind(sum.firstUnixMilliseconds, at: 8)
            try write.bind(sum.lastUnixMilliseconds, at: 9)
            try write.run()
        }
    }

    private mutating func addDifferences(
        _ batch: ParityBatch,
        epoch: Int64
    ) throws(StoreError) {
        let read = try self.connection.prepare(
            "SELECT \(ParityRows.differenceColumns) FROM differences "
                + "WHERE epoch = ?1 AND operation = ?2 AND pointer = ?3 AND class = ?4"
        )
        let write = try self.connection.prepare(
            """
            INSERT OR REPLACE INTO differences
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """
        )
        for (key, added) in batch.differences {
            let operation = try self.operation(key.route, key.operation)
            let pointer = try self.name(key.pointer)
            var sum = added
            try read.bind(epoch, at: 1)
            try read.bind(operation, at: 2)
            try read.bind(pointer, at: 3)
            try read.bind(Int64(key.difference.rawValue), at: 4)
            if try read.step() {
                sum = ParityRows.difference(read, from: 0, key)
                sum.merge(added)
            }
            read.reset()
            try write.bind(epoch, at: 1)
            try write.bind(operation, at: 2)
            try write.bind(pointer, at: 3)
            try write.bind(Int64(key.difference.rawValue), at: 4)
            try ParityRows.bind(sum, to: write, from: 5)
            try write.run()
        }
    }

    private mutating func addSeries(
        _ batch: ParityBatch,
        epoch: Int64
    ) throws(StoreError) {
        let read = try self.connection.prepare(
            """
            SELECT counts FROM series
            WHERE epoch = ?1 AND start_ms = ?2 AND length_ms = ?3 AND route = ?4
            """
        )
        let write = try self.connection.prepare(
            "INSERT OR REPLACE INTO series VALUES (?1, ?2, ?3, ?4, ?5)"
        )
        for (key, added) in batch.series {
            let route = try self.name(key.route)
            var sum = added
            try read.bind(epoch, at: 1)
            try read.bind(key.startUnixMilliseconds, at: 2)
            try read.bind(key.lengthMilliseconds, at: 3)
            try read.bind(route, at: 4)
            if try read.step() { sum.merge(ParityRows.time(read.bytes(0), key)) }
            read.reset()
            try write.bind(epoch, at: 1)
            try write.bind(key.startUnixMilliseconds, at: 2)
            try write.bind(key.lengthMilliseconds, at: 3)
            try write.bind(route, at: 4)
            try write.bind(ParityCodec.bytes(sum.outcomes + [sum.gateMismatches]), at: 5)
            try write.run()
        }
    }

    // MARK: Names

    mutating func name(_ text: String) throws(StoreError) -> Int64 {
        if let known = self.names[text] { return known }
        let write = try self.connection.prepare(
            "INSERT INTO names (text) VALUES (?1) ON CONFLICT DO UPDATE SET text = ?1 RETURNING id"
        )
        try write.bind(text, at: 1)
        guard try write.step() else { throw .sqlite(SQLiteError(code: 1)) }
        let id = write.integer(0)
        while try write.step() {}
        if self.names.count < Limits.parityNamesMax { self.names[text] = id }
        return id
    }

    private mutating func operation(
        _ route: String,
        _ operation: String
    ) throws(StoreError) -> Int64 {
        let key = [try self.name(route), try self.name(operation)]
        if let known = self.operations[key] { return known }
        let write = try self.connection.prepare(
            """
            INSERT INTO operations (route, operation) VALUES (?1, ?2)
            ON CONFLICT DO UPDATE SET route = ?1 RETURNING id
            """
        )
        try write.bind(key[0], at: 1)
        try write.bind(key[1], at: 2)
        guard try write.step() else { throw .sqlite(SQLiteError(code: 1)) }
        let id = write.integer(0)
        while try write.step() {}
        if self.operations.count < Limits.parityNamesMax { self.operations[key] = id }
        return id
    }
}
