// SPDX-License-Identifier: Apache-2.0

/// The tables of the parity store, by version: a file of its own, so that counting never stands in
/// a flip's way and may be thrown away without losing a standing.
enum ParitySchema {
    static let version = 2

    /// Version 1.
    ///
    /// Names are numbered once: a year of rows repeats them millions of times.
    static let first = """
        CREATE TABLE names (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
        CREATE TABLE epochs (
            id INTEGER PRIMARY KEY, migration TEXT NOT NULL, number INTEGER NOT NULL,
            rule_set TEXT NOT NULL, legacy_build TEXT NOT NULL, modern_build TEXT NOT NULL,
            cause TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
            UNIQUE (migration, number)
        );
        CREATE TABLE operations (
            id INTEGER PRIMARY KEY, route INTEGER NOT NULL, operation INTEGER NOT NULL,
            UNIQUE (route, operation)
        );
        CREATE TABLE totals (
            epoch INTEGER NOT NULL, operation INTEGER NOT NULL, tenant INTEGER NOT NULL,
            wave INTEGER NOT NULL, counts BLOB NOT NULL,
            legacy_latency BLOB NOT NULL, modern_latency BLOB NOT NULL,
            first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
            PRIMARY KEY (epoch, operation, tenant)
        ) WITHOUT ROWID;
        CREATE TABLE differences (
            epoch INTEGER NOT NULL, operation INTEGER NOT NULL, pointer INTEGER NOT NULL,
            class INTEGER NOT NULL, severity INTEGER NOT NULL, counts BLOB NOT NULL,
            tenants TEXT NOT NULL, kinds BLOB NOT NULL, fingerprints TEXT NOT NULL,
            accepted_by TEXT NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
            PRIMARY KEY (epoch, operation, pointer, class)
        ) WITHOUT ROWID;
        CREATE TABLE series (
            epoch INTEGER NOT NULL, start_ms INTEGER NOT NULL, length_ms INTEGER NOT NULL,
            route INTEGER NOT NULL, counts BLOB NOT NULL,
            PRIMARY KEY (epoch, start_ms, length_ms, route)
        ) WITHOUT ROWID;
        """

    /// Version 2: since when ids are held one to one.
    static let second =
        "ALTER TABLE epochs ADD COLUMN identities_since_ms INTEGER NOT NULL DEFAULT 0"

    /// Makes the tables in an empty file, brings an earlier version up, refuses any later one.
    static func prepare(_ connection: borrowing SQLiteConnection) throws(StoreError) {
        if try StoreSchema.found(connection) < self.version {
            try connection.transaction { () throws(StoreError) in
                let found = try StoreSchema.found(connection)
                guard found < self.version else { return }
                if found < 1 { try connection.execute(self.first) }
                try connection.execute(self.second)
                try connection.execute("PRAGMA user_version = \(self.version)")
            }
        }
        try self.check(connection)
    }

    /// Accepts a file of this version alone.
    static func check(_ connection: borrowing SQLiteConnection) throws(StoreError) {
        let found = try StoreSchema.found(connection)
        guard found == self.version else { throw .schemaNewer(found: found, known: self.version) }
    }
}
