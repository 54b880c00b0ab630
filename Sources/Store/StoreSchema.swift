// SPDX-License-Identifier: Apache-2.0

/// The tables of the store, by version.
///
/// A store of a later version is refused, never changed.
enum StoreSchema {
    static let version = 1

    /// Version 1.
    ///
    /// Text keys, so that a person with `sqlite3` can read them at 3 a.m.
    static let first = """
        CREATE TABLE standings (
            tenant TEXT NOT NULL, migration TEXT NOT NULL,
            stage TEXT, share_permyriad INTEGER CHECK (share_permyriad BETWEEN 0 AND 10000),
            frozen INTEGER NOT NULL CHECK (frozen IN (0, 1)),
            generation INTEGER NOT NULL CHECK (generation > 0),
            since_ms INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT,
            resume TEXT NOT NULL, resume_permyriad INTEGER,
            PRIMARY KEY (migration, tenant)
        ) WITHOUT ROWID;
        CREATE TABLE divergences (
            tenant TEXT NOT NULL, migration TEXT NOT NULL,
            diverged INTEGER NOT NULL CHECK (diverged IN (0, 1)),
            generation INTEGER NOT NULL, since_ms INTEGER NOT NULL,
            PRIMARY KEY (migration, tenant)
        ) WITHOUT ROWID;
        CREATE TABLE tenants (
            id TEXT PRIMARY KEY, labels TEXT NOT NULL, hosts TEXT NOT NULL, aliases TEXT NOT NULL,
            generation INTEGER NOT NULL, removed INTEGER NOT NULL CHECK (removed IN (0, 1))
        ) WITHOUT ROWID;
        CREATE TABLE audit (
            sequence INTEGER PRIMARY KEY, generation INTEGER NOT NULL UNIQUE,
            entry TEXT NOT NULL, hash BLOB NOT NULL CHECK (length(hash) = 32)
        );
        CREATE TABLE meta (name TEXT PRIMARY KEY, number INTEGER, hash BLOB) WITHOUT ROWID;
        INSERT INTO meta VALUES ('audit_start', 0, zeroblob(32));
        INSERT INTO meta VALUES ('last_generation', 0, NULL);
        INSERT INTO meta VALUES ('clean_stop', 1, NULL);
        """

    /// Makes the tables in an empty file, accepts this version, refuses any later one.
    static func prepare(_ connection: borrowing SQLiteConnection) throws(StoreError) {
        if try self.found(connection) == 0 {
            try connection.transaction { () throws(StoreError) in
                // Asked again under the lock: another process may have been first.
                guard try self.found(connection) == 0 else { return }
                try connection.execute(self.first)
                try connection.execute("PRAGMA user_version = \(self.version)")
            }
        }
        let found = try self.found(connection)
        guard found == self.version else { throw .schemaNewer(found: found, known: self.version) }
    }

    static func found(_ connection: borrowing SQLiteConnection) throws(StoreError) -> Int {
        let statement = try connection.prepare("PRAGMA user_version")
        return try statement.step() ? Int(statement.integer(0)) : 0
    }
}
