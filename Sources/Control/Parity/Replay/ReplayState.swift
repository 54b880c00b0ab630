// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Glibc
import Store

/// Where a replay stands, on disk: written to a new file that takes the old one's name, so that
/// whoever is killed leaves one or the other, whole.
public struct ReplayState: Sendable, Hashable {
    /// Names the run towards the edge, which remembers its rows.
    public var run: String
    /// How the file is read.
    public var format: ReplayFormat
    /// Bytes of the file whose rows are all done with.
    public var offset: UInt64 = 0
    /// Rows in these bytes.
    public var rows = 0
    /// Digest of these bytes.
    public var digest = [UInt8](repeating: 0, count: 32)
    /// Rows beyond that are done with too.
    public var doneBeyond: [Int] = []
    /// What came out.
    public var totals = ReplayTotals()
    /// Length of the error file that goes with it.
    public var errorBytes: UInt64 = 0
    /// The file was read to its end, or to `--limit`.
    public var isComplete = false
    /// Rows above ``rows`` and ``doneBeyond`` up to this one may have been observed by a process
    /// that ended before it could say so; 0: none.
    public var claimedRow = 0

    /// The start of a run.
    public init(run: String, format: ReplayFormat) {
        self.run = run
        self.format = format
    }

    /// A state from its file's bytes; `nil`: it is none.
    public init?(json bytes: [UInt8]) {
        guard let node = try? DocumentNode.parse(json: bytes, file: "state"),
            node["version"]?.integer == 1, let run = node["run"]?.text,
            let format = node["format"]?.text.flatMap(ReplayFormat.init),
            let offset = node["offset"]?.integer, offset >= 0, let rows = node["rows"]?.integer,
            let hex = node["digest"]?.text, let digest = ReplayState.bytes(hex),
            let errorBytes = node["errorBytes"]?.integer, errorBytes >= 0,
            let totals = node["totals"]
        else { return nil }
        self.init(run: run, format: format)
        self.offset = UInt64(offset)
        self.rows = rows
        self.digest = digest
        self.doneBeyond = node["doneBeyond"]?.items?.compactMap(\.integer) ?? []
        self.totals = ReplayTotals(totals)
        self.errorBytes = UInt64(errorBytes)
        self.isComplete = node["isComplete"]?.bool ?? false
        self.claimedRow = node["claimedRow"]?.integer ?? 0
    }

    /// The state as it is written.
    public var json: [UInt8] {
        let document: DocumentValue = [
            "version": 1, "run": .string(self.run), "format": .string(self.format.rawValue),
            "offset": .integer(self.offset), "rows": .integer(self.rows),
            "digest": .string(Digest(bytes: self.digest)?.hex ?? ""),
            "doneBeyond": .list(self.doneBeyond.sorted().map { .integer($0) }),
            "claimedRow": .integer(self.claimedRow),
            "errorBytes": .integer(self.errorBytes), "isComplete": .bool(self.isComplete),
            "totals": self.totals.document,
        ]
        return document.jsonBytes + [0x0a]
    }

    private static func bytes(_ hex: String) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            let pair = String(decoding: digits[index...index + 1], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}

/// Writes a file so that its name always stands for a whole one.
///
/// - Throws: `StoreError.file` with the call that failed.
func replaceFile(
    _ path: String,
    with bytes: [UInt8],
    operations: FileOperations = .kernel
) throws(StoreError) {
    let temporary = path + ".new"
    let fd = operations.open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard fd >= 0 else { throw .file(FileError(.open, -fd)) }
    var done = 0
    var failure: FileError?
    while done < bytes.count, failure == nil {
        let wrote = operations.write(fd, bytes[done...], done)
        if wrote == Int(-EINTR) { continue }
        if wrote > 0 {
            done += wrote
        } else {
            failure = FileError(.write, wrote == 0 ? EIO : Int32(-wrote))
        }
    }
    if failure == nil {
        let synced = operations.syncData(fd)
        if synced != 0 { failure = FileError(.sync, -synced) }
    }
    operations.close(fd)
    if let failure { throw .file(failure) }
    let renamed = operations.rename(temporary, path)
    guard renamed == 0 else { throw .file(FileError(.rename, -renamed)) }
}
