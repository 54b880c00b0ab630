// SPDX-License-Identifier: Apache-2.0

public import Migration

/// What SQLite answered instead of doing what it was asked.
public struct SQLiteError: Error, Hashable, Sendable {
    /// What that means for the store.
    public enum Kind: Sendable {
        /// Another connection holds the lock.
        case locked
        /// The file or its folder cannot be written.
        case readOnly
        /// The file is damaged, or is no database.
        case corrupt
        /// No space, or a limit of file size.
        case full
        /// Reading, writing or syncing failed.
        case input
        /// The file cannot be opened.
        case absent
        /// Anything else: our own mistake.
        case other
    }

    /// The extended result code.
    public let code: Int32

    /// An error from SQLite's extended result code.
    public init(code: Int32) { self.code = code }

    /// What the code means for the store (sqlite.org/rescode.html).
    public var kind: Kind {
        switch self.code & 0xff {
        case 5, 6, 17: .locked
        case 8, 3, 23: .readOnly
        case 11, 26: .corrupt
        case 13: .full
        case 10: .input
        case 14: .absent
        default: .other
        }
    }

    /// One line for people.
    public var text: String {
        switch self.kind {
        case .locked: "the store is locked by another process"
        case .readOnly: "the store cannot be written"
        case .corrupt: "the store is damaged"
        case .full: "no space is left for the store"
        case .input: "the store's disk failed (SQLite \(self.code))"
        case .absent: "the store cannot be opened"
        case .other: "the store failed (SQLite \(self.code))"
        }
    }
}

/// A file call that failed, with its error number.
public struct FileError: Error, Hashable, Sendable {
    /// Which call.
    public enum Call: String, Sendable {
        /// `open`
        case open
        /// `pread`
        case read
        /// `pwrite`
        case write
        /// `fdatasync` or `fsync`
        case sync
        /// `fstat`
        case size
        /// `rename`
        case rename
        /// `unlink`
        case remove
        /// `mkdir`
        case makeFolder
    }

    /// Which call.
    public let call: Call
    /// `errno`.
    public let number: Int32

    /// An error from its parts.
    public init(_ call: Call, _ number: Int32) {
        self.call = call
        self.number = number
    }
}

/// A cell that is not where the caller thought.
public struct CellConflict: Error, Hashable, Sendable {
    /// The cell.
    public let cell: CellName
    /// The generation that the caller knew; 0: nothing stored.
    public let expected: UInt64
    /// The generation that the store holds; 0: nothing stored.
    public let found: UInt64

    /// A conflict from its parts.
    public init(cell: CellName, expected: UInt64, found: UInt64) {
        self.cell = cell
        self.expected = expected
        self.found = found
    }
}

/// Everything that can go wrong in `Store`.
public enum StoreError: Error, Hashable, Sendable {
    /// SQLite refused.
    case sqlite(SQLiteError)
    /// A file call failed.
    case file(FileError)
    /// The store was written by a later banyan: its schema version and the one known here.
    case schemaNewer(found: Int, known: Int)
    /// Compare-and-set: a cell was changed by somebody else.
    case conflict(CellConflict)
    /// A row that this version cannot read.
    case unreadable
    /// An earlier append or sync failed: nothing more is promised until the next start.
    case journalFailed
    /// No room until the store has taken what waits.
    case journalFull
    /// One record is longer than a segment.
    case recordTooLong
    /// A saved copy does not match its checksum.
    case damaged

    /// One line for people.
    public var text: String {
        switch self {
        case .sqlite(let error): error.text
        case .file(let error): "\(error.call.rawValue) failed (errno \(error.number))"
        case .schemaNewer(let found, let known):
            "the store has schema \(found), this banyan knows \(known)"
        case .conflict(let conflict):
            "\(conflict.cell.text) is at generation \(conflict.found), not \(conflict.expected)"
        case .unreadable: "the store holds a row that this banyan cannot read"
        case .journalFailed: "the journal has failed"
        case .journalFull: "the journal is full"
        case .recordTooLong: "the act is too long for the journal"
        case .damaged: "the saved copy is damaged"
        }
    }
}
