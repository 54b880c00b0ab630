// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the handle is open from init to deinit, used by one thread at a time
// (the owner's: the struct is not copyable), and every statement of it is finalised before it.

import CSQLite

/// An open SQLite database with one owner: WAL, `synchronous=FULL`, foreign keys, a short wait for
/// locks.
///
/// Closes when it goes.
@safe
public struct SQLiteConnection: ~Copyable {
    private let handle: OpaquePointer

    /// Opens `path`, creating the file when `creates`.
    ///
    /// - Throws: `sqlite` with kind `absent`, `corrupt`, `readOnly`, `locked`, `full` or `input`.
    public static func open(
        path: String,
        creates: Bool = true,
        isReadOnly: Bool = false,
        busyMilliseconds: Int32
    ) throws(StoreError) -> SQLiteConnection {
        var flags = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
        if creates && !isReadOnly { flags |= SQLITE_OPEN_CREATE }
        let connection = try SQLiteConnection(path: path, flags: flags)
        unsafe sqlite3_busy_timeout(connection.handle, busyMilliseconds)
        if !isReadOnly {
            // FULL: the WAL is synced at every commit, so what was acknowledged is on disk.
            try connection.execute("PRAGMA journal_mode = WAL")
            try connection.execute("PRAGMA synchronous = FULL")
            try connection.execute("PRAGMA foreign_keys = ON")
        }
        try connection.execute("PRAGMA trusted_schema = OFF")
        return connection
    }

    private init(path: String, flags: Int32) throws(StoreError) {
        var opened: OpaquePointer?
        let all = flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let result = unsafe sqlite3_open_v2(path, &opened, all, nil)
        guard result == SQLITE_OK, let handle = unsafe opened else {
            unsafe sqlite3_close_v2(opened)
            throw .sqlite(SQLiteError(code: result))
        }
        unsafe self.handle = handle
    }

    deinit { unsafe sqlite3_close_v2(self.handle) }

    /// Runs SQL text without parameters, any number of statements.
    public func execute(_ text: String) throws(StoreError) {
        let result = unsafe sqlite3_exec(self.handle, text, nil, nil, nil)
        guard result == SQLITE_OK else { throw .sqlite(SQLiteError(code: result)) }
    }

    /// Compiles one statement.
    public func prepare(_ text: String) throws(StoreError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let result = unsafe sqlite3_prepare_v3(self.handle, text, -1, 0, &statement, nil)
        guard result == SQLITE_OK, let prepared = unsafe statement else {
            throw .sqlite(SQLiteError(code: result))
        }
        return unsafe SQLiteStatement(owning: prepared)
    }

    /// Runs `body` in one write transaction: committed when it returns, undone when it throws.
    public func transaction<Value>(
        _ body: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try self.execute("BEGIN IMMEDIATE")
        do throws(StoreError) {
            let value = try body()
            try self.execute("COMMIT")
            return value
        } catch {
            // A failed COMMIT may leave the transaction open (locked) or have ended it (full).
            if unsafe sqlite3_get_autocommit(self.handle) == 0 {
                _ = unsafe sqlite3_exec(self.handle, "ROLLBACK", nil, nil, nil)
            }
            throw error
        }
    }
}
