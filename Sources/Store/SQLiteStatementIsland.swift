// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the statement is finalised once, by its owner; bound values are copied
// by SQLite (transient); column memory is copied before the next call on the statement.

import CSQLite

/// One compiled statement with one owner; finalised when it goes.
@safe
public struct SQLiteStatement: ~Copyable {
    private let handle: OpaquePointer

    /// SQLITE_TRANSIENT is a cast in a macro, which Swift does not import: -1 means "copy it".
    private static var transient: sqlite3_destructor_type {
        unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }

    init(owning handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe sqlite3_finalize(self.handle) }

    private func check(_ result: Int32) throws(StoreError) {
        guard result == SQLITE_OK else { throw .sqlite(SQLiteError(code: result)) }
    }

    /// Binds a text, or NULL, to parameter `index` (from 1).
    public func bind(_ text: String?, at index: Int32) throws(StoreError) {
        guard let text else { return try self.check(unsafe sqlite3_bind_null(self.handle, index)) }
        let count = Int32(text.utf8.count)
        try self.check(
            unsafe sqlite3_bind_text(self.handle, index, text, count, SQLiteStatement.transient)
        )
    }

    /// Binds an integer, or NULL, to parameter `index` (from 1).
    public func bind(_ number: Int64?, at index: Int32) throws(StoreError) {
        guard let number else {
            return try self.check(unsafe sqlite3_bind_null(self.handle, index))
        }
        try self.check(unsafe sqlite3_bind_int64(self.handle, index, number))
    }

    /// Binds bytes to parameter `index` (from 1).
    public func bind(_ bytes: [UInt8], at index: Int32) throws(StoreError) {
        try self.check(
            unsafe sqlite3_bind_blob(
                self.handle,
                index,
                bytes,
                Int32(bytes.count),
                SQLiteStatement.transient
            )
        )
    }

    /// The next row: `false` at the end.
    public func step() throws(StoreError) -> Bool {
        switch unsafe sqlite3_step(self.handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw .sqlite(SQLiteError(code: code))
        }
    }

    /// Runs to the end and makes the statement ready for the next run.
    public func run() throws(StoreError) {
        defer { self.reset() }
        while try self.step() {}
    }

    /// Ready for the next run; bound values stay.
    ///
    /// The last step has already told its error.
    public func reset() { unsafe sqlite3_reset(self.handle) }

    /// Whether column `index` (from 0) is NULL.
    public func isNull(_ index: Int32) -> Bool {
        unsafe sqlite3_column_type(self.handle, index) == SQLITE_NULL
    }

    /// An integer column.
    public func integer(_ index: Int32) -> Int64 { unsafe sqlite3_column_int64(self.handle, index) }

    /// A column of bytes; empty when NULL.
    public func bytes(_ index: Int32) -> [UInt8] {
        guard let start = unsafe sqlite3_column_blob(self.handle, index) else { return [] }
        let count = unsafe Int(sqlite3_column_bytes(self.handle, index))
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    /// A text column; NULL is `nil`, bytes that are no UTF-8 become replacement characters.
    public func text(_ index: Int32) -> String? {
        self.isNull(index) ? nil : String(decoding: self.bytes(index), as: UTF8.self)
    }
}
