// SPDX-License-Identifier: Apache-2.0

public import Bytes
internal import Glibc
internal import Migration

/// The edge's own record of what was done, on disk before it is acknowledged, store or not.
///
/// Two files of the same size, written full of zeros when they are made: appending never needs a
/// new block, so it works on a full disk. One of them is current; compaction writes what must stay
/// into the other one and then gives that one the higher epoch. One owner, one thread at a time.
///
/// A failed write or sync is final: what the kernel did with the pages is not known (it may have
/// dropped them and report success next time), so the journal refuses everything until it is opened
/// again and has read back what is really there.
public struct Journal: ~Copyable, Sendable {
    private let segments: Segments
    private let segmentBytes: Int
    private var current: Int
    private var epoch: UInt64
    private var sequence: UInt64
    private var end: Int
    private var last: Digest
    /// Whether an append or sync has failed since it was opened.
    public private(set) var hasFailed = false
    /// What was found when it was opened, in order.
    public let entries: [JournalEntry]
    /// Whether it was made just now: there was no journal before.
    public let isFresh: Bool

    // Not private: under cross-module optimisation the metadata of a private one is looked for by
    // the importing module and not found by the linker (Swift 6.3.1).
    struct Segments: ~Copyable, Sendable {
        let first: StateFile
        let second: StateFile

        func write(_ bytes: [UInt8], to segment: Int, at offset: Int) throws(StoreError) {
            if segment == 0 {
                try self.first.write(bytes, at: offset)
            } else {
                try self.second.write(bytes, at: offset)
            }
        }

        func syncData(_ segment: Int) throws(StoreError) {
            if segment == 0 { try self.first.syncData() } else { try self.second.syncData() }
        }
    }

    /// Opens the journal in `folder`, or makes it there.
    ///
    /// - Throws: `file` when the disk refuses (no space for a first journal, for example).
    public init(
        folder: String,
        bytes: Int = Limits.journalBytes,
        operations: FileOperations = .kernel
    ) throws(StoreError) {
        let made = operations.makeFolder(folder)
        guard made == 0 else { throw .file(FileError(.makeFolder, -made)) }
        let size = bytes / 2
        precondition(size > 1_024, "journal of \(bytes) bytes")
        let first = try Journal.segment(folder + "/journal.0", bytes: size, operations: operations)
        let second = try Journal.segment(folder + "/journal.1", bytes: size, operations: operations)
        try operations.syncFolder(folder)
        let contents = [try first.read(at: 0, count: size), try second.read(at: 0, count: size)]
        let epochs = contents.map { JournalSegment.epoch(of: $0) }
        let current = (epochs[1] ?? 0) > (epochs[0] ?? 0) ? 1 : 0
        if epochs[current] == nil {
            try first.write(JournalSegment.header(epoch: 1), at: 0)
            try first.syncData()
        }
        let epoch = epochs[current] ?? 1
        let found = JournalSegment.payloads(
            in: epochs[current] == nil ? [] : contents[current],
            epoch: epoch
        )
        var entries: [JournalEntry] = []
        for payload in found.payloads { entries.append(try JournalEntry(payload: payload)) }
        self.segments = Segments(first: first, second: second)
        self.segmentBytes = size
        self.isFresh = epochs == [nil, nil]
        self.current = current
        self.epoch = epoch
        self.sequence = UInt64(found.payloads.count)
        self.end = found.end
        self.last = found.last
        self.entries = entries
    }

    /// Opens one segment and fills it with zeros up to its size, so that every block is there.
    private static func segment(
        _ path: String,
        bytes: Int,
        operations: FileOperations
    ) throws(StoreError) -> StateFile {
        let file = try StateFile(path, flags: O_RDWR | O_CREAT, operations: operations)
        let piece = [UInt8](repeating: 0, count: 65_536)
        var at = try file.size()
        guard at < bytes else { return file }
        while at < bytes {
            let count = min(piece.count, bytes - at)
            try file.write(Array(piece[..<count]), at: at)
            at += count
        }
        try file.sync()
        return file
    }

    /// Bytes that are left before `journalFull`.
    public var bytesLeft: Int { self.segmentBytes - self.end }

    /// Whether compaction is due: three quarters of the segment are used.
    public var isNearlyFull: Bool { self.end > self.segmentBytes / 4 * 3 }

    /// Appends one act; on disk when this returns.
    ///
    /// - Throws: `journalFull` (nothing written), `file` (and from then on `journalFailed`).
    public mutating func append(_ entry: JournalEntry) throws(StoreError) {
        guard !self.hasFailed else { throw .journalFailed }
        let (frame, digest) = JournalSegment.frame(
            entry.payload,
            epoch: self.epoch,
            sequence: self.sequence,
            after: self.last
        )
        guard frame.count <= self.bytesLeft else {
            throw frame.count > self.segmentBytes - JournalSegment.headerBytes
                ? .recordTooLong : .journalFull
        }
        do throws(StoreError) {
            try self.segments.write(frame, to: self.current, at: self.end)
            try self.segments.syncData(self.current)
        } catch {
            self.hasFailed = true
            throw error
        }
        self.end += frame.count
        self.sequence += 1
        self.last = digest
    }

    /// Keeps only `kept`: everything else is in a saved copy by now.
    ///
    /// The other segment gets them first and its header last, each synced, so a power cut at any
    /// point leaves one whole journal.
    public mutating func compact(keeping kept: [JournalEntry]) throws(StoreError) {
        guard !self.hasFailed else { throw .journalFailed }
        let target = 1 - self.current
        var body: [UInt8] = []
        var last = JournalSegment.start(epoch: self.epoch + 1)
        for (sequence, entry) in kept.enumerated() {
            let (frame, digest) = JournalSegment.frame(
                entry.payload,
                epoch: self.epoch + 1,
                sequence: UInt64(sequence),
                after: last
            )
            body += frame
            last = digest
        }
        guard JournalSegment.headerBytes + body.count <= self.segmentBytes else {
            throw .journalFull
        }
        do throws(StoreError) {
            try self.segments.write(body, to: target, at: JournalSegment.headerBytes)
            try self.segments.syncData(target)
            try self.segments.write(
                JournalSegment.header(epoch: self.epoch + 1),
                to: target,
                at: 0
            )
            try self.segments.syncData(target)
        } catch {
            self.hasFailed = true
            throw error
        }
        self.current = target
        self.epoch += 1
        self.sequence = UInt64(kept.count)
        self.end = JournalSegment.headerBytes + body.count
        self.last = last
    }
}

/// One record of the journal: an act, and where the audit ended when it was written.
public struct JournalEntry: Hashable, Sendable {
    /// What was done.
    public var act: Act
    /// The store's audit head as far as it was known then: for `audit verify`.
    public var head: AuditHead

    /// An entry from its parts.
    public init(act: Act, head: AuditHead) {
        self.act = act
        self.head = head
    }

    init(payload: [UInt8]) throws(StoreError) {
        var reader = RecordReader(payload)
        self.head = try reader.head()
        self.act = try reader.act()
        guard reader.isAtEnd else { throw .damaged }
    }

    var payload: [UInt8] {
        var writer = RecordWriter()
        writer.put(self.head)
        writer.put(self.act)
        return writer.bytes
    }
}
