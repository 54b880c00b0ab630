// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Store

/// Why a file cannot be replayed at all.
public enum ReplayInputError: Error, Sendable, Equatable {
    /// It cannot be opened or read.
    case unreadable(String)
    /// A CSV file's first line has no `url` and no `path`.
    case noColumns
    /// An HAR file without `log.entries`.
    case noEntries
    /// It is not the file that the state belongs to.
    case changed
}

/// Reads the rows of a file from its begin, one at a time, in bounded memory.
///
/// Every row comes with the digest of all bytes before its end, so that a state file can say which
/// beginning of which file it stands for; a log may have grown since.
public final class ReplayInput {
    /// How it is read.
    public let format: ReplayFormat
    /// Rows read so far.
    public private(set) var rows = 0
    /// Bytes up to the last row's end.
    public private(set) var offset: UInt64 = 0
    /// Digest of those bytes.
    public private(set) var digest = [UInt8](repeating: 0, count: 32)

    private let handle: FileHandle
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    private var reader: ReplayRowReader
    private var scanner: HARScanner?

    /// Opens a file; without a format it is told from the file's begin.
    public init(
        path: String,
        format: ReplayFormat? = nil,
        defaults: ReplayDefaults = ReplayDefaults()
    ) throws(ReplayInputError) {
        do {
            self.handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        } catch {
            throw .unreadable(error.localizedDescription)
        }
        var head: [UInt8] = []
        if format == nil {
            head = Array((try? self.handle.read(upToCount: 65_536)) ?? Data())
            try? self.handle.seek(toOffset: 0)
        }
        self.format = format ?? ReplayInput.guess(head)
        self.reader = ReplayRowReader(format: self.format, defaults: defaults)
        if self.format == .har { self.scanner = HARScanner() }
        if self.format == .csv { try self.readColumns() }
    }

    /// The next row; `nil` at the end.
    public func next() throws(ReplayInputError) -> ReplayRow? {
        self.format == .har ? try self.nextEntry() : try self.nextLine()
    }

    /// Reads on to where a state file stands.
    ///
    /// - Throws: `changed` when the bytes before `offset` are others than they were.
    public func skip(to offset: UInt64, rows: Int, digest: [UInt8]) throws(ReplayInputError) {
        while self.offset < offset {
            guard try self.next() != nil else { throw .changed }
        }
        guard self.offset == offset, self.rows == rows, self.digest == digest else {
            throw .changed
        }
    }

    // MARK: Format

    /// The format of a file, by its first bytes.
    static func guess(_ head: [UInt8]) -> ReplayFormat {
        let lines = head.split(separator: 0x0a, maxSplits: 64, omittingEmptySubsequences: true)
        let line = lines.first { $0.contains { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d } } ?? []
        let text = String(decoding: line.prefix(4_096), as: UTF8.self)
        let first = text.drop { $0 == " " || $0 == "\t" || $0 == "\u{feff}" }
        if first.hasPrefix("{") {
            if text.contains("\"http.request.method\"") || text.contains("\"banyan.origin\"") {
                return .banyan
            }
            let isObject = ["\"url\"", "\"path\""].contains { text.contains($0) }
            return isObject && !text.contains("\"log\"") ? .jsonl : .har
        }
        if text.contains("\""), text.contains(" HTTP/") { return .nginx }
        let columns = text.lowercased().split { $0 == "," || $0 == "\r" || $0 == "\"" }
        if columns.contains(where: { ["url", "path"].contains($0) }) { return .csv }
        return .text
    }

    private func readColumns() throws(ReplayInputError) {
        guard let line = try self.line(), !line.isTooLong else { throw .noColumns }
        self.advance(line.taken)
        let text = String(decoding: line.text, as: UTF8.self).drop { $0 == "\u{feff}" }
        let names = separatedValues(String(text))?.map { name in
            String(name.lowercased().filter { $0 != " " })
        }
        guard let names, names.contains("url") || names.contains("path") else { throw .noColumns }
        self.reader.columns = names
    }

    // MARK: Lines

    private struct Line {
        var text: [UInt8]
        var taken: [UInt8]
        var isTooLong = false
    }

    private func nextLine() throws(ReplayInputError) -> ReplayRow? {
        while let line = try self.line() {
            self.advance(line.taken)
            if !line.isTooLong, self.reader.isSkipped(line.text) { continue }
            if line.isTooLong { return self.row(.failure(.tooLong)) }
            do throws(ReplayRowProblem) {
                var row = self.row(.success(try self.reader.request(line.text)))
                row.isPattern =
                    self.format == .banyan
                    && !String(decoding: line.text, as: UTF8.self).contains("\"url.path\"")
                return row
            } catch {
                return self.row(.failure(error))
            }
        }
        return nil
    }

    private func row(_ request: Result<ExplainOrder, ReplayRowProblem>) -> ReplayRow {
        self.rows += 1
        return ReplayRow(
            number: self.rows,
            endOffset: self.offset,
            prefixDigest: self.digest,
            request: request
        )
    }

    private func advance(_ bytes: [UInt8]) {
        self.offset += UInt64(bytes.count)
        self.digest = Digest(of: self.digest + bytes).bytes
    }

    /// The next line without its end; of one that is too long, nothing is kept.
    private func line() throws(ReplayInputError) -> Line? {
        var scanned = self.start
        while true {
            if let end = self.buffer[scanned...].firstIndex(of: 0x0a) {
                return self.take(through: end + 1)
            }
            scanned = self.buffer.count
            if self.buffer.count - self.start > Limits.replayRowBytesMax {
                return try self.takeLong()
            }
            guard try self.fill() else { break }
            scanned -= self.start
            scanned = max(scanned, 0)
            self.compact()
        }
        guard self.start < self.buffer.count else { return nil }
        return self.take(through: self.buffer.count)
    }

    private func take(through end: Int) -> Line {
        let taken = Array(self.buffer[self.start..<end])
        self.start = end
        var text = taken
        if text.last == 0x0a { text.removeLast() }
        if text.last == 0x0d { text.removeLast() }
        return Line(text: text, taken: taken)
    }

    /// Passes over a line that is too long, in pieces.
    private func takeLong() throws(ReplayInputError) -> Line {
        while true {
            if let end = self.buffer[self.start...].firstIndex(of: 0x0a) {
                let last = self.take(through: end + 1)
                return Line(text: [], taken: last.taken, isTooLong: true)
            }
            self.advance(Array(self.buffer[self.start...]))
            self.buffer = []
            self.start = 0
            guard try self.fill() else { return Line(text: [], taken: [], isTooLong: true) }
        }
    }

    private func compact() {
        guard self.start > 0 else { return }
        self.buffer.removeFirst(self.start)
        self.start = 0
    }

    private func fill() throws(ReplayInputError) -> Bool {
        guard !self.isAtEnd else { return false }
        do {
            guard let data = try self.handle.read(upToCount: 65_536), !data.isEmpty else {
                self.isAtEnd = true
                return false
            }
            self.buffer += data
            return true
        } catch {
            throw .unreadable(error.localizedDescription)
        }
    }

    // MARK: HAR

    private func nextEntry() throws(ReplayInputError) -> ReplayRow? {
        while true {
            var step = HARScanner.Step.more
            var used = 0
            while used < self.buffer.count - self.start, step == .more {
                step = self.scanner?.take(self.buffer[self.start + used]) ?? .end
                used += 1
            }
            self.advance(Array(self.buffer[self.start..<self.start + used]))
            self.start += used
            switch step {
            case .entry(let bytes): return self.entryRow(bytes)
            case .tooLong: return self.row(.failure(.tooLong))
            case .end: return nil
            case .more: break
            }
            self.compact()
            guard try self.fill() else {
                // Cut off within an entry: what was whole has been told.
                guard self.scanner?.hasEntries == true else { throw .noEntries }
                guard self.scanner?.isOpen == true else { return nil }
                self.scanner?.close()
                return self.row(.failure(.malformed))
            }
        }
    }

    private func entryRow(_ bytes: [UInt8]) -> ReplayRow {
        do throws(ReplayRowProblem) {
            return self.row(.success(try self.reader.request(bytes)))
        } catch {
            return self.row(.failure(error))
        }
    }
}
