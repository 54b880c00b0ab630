// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation

/// The error file of a replay: one JSON object a line, with the row's number and the reason, and
/// never what stands in the row.
final class ReplayErrors {
    private let handle: FileHandle
    /// Its length.
    private(set) var bytes: UInt64

    /// Opens the file and cuts off what was written after the state file.
    init(path: String, keeping bytes: UInt64) throws {
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(
                atPath: path,
                contents: nil,
                attributes: [.posixPermissions: 0o600]
            )
        }
        self.handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let length = try self.handle.seekToEnd()
        self.bytes = min(bytes, length)
        try self.handle.truncate(atOffset: self.bytes)
        try self.handle.seek(toOffset: self.bytes)
    }

    /// A row that could not be read or sent, or that an origin has not answered.
    func write(row: Int, reason: String, detail: String) throws {
        let document: DocumentValue = [
            "row": .integer(row), "reason": .string(reason), "detail": .string(detail),
        ]
        let line = document.jsonBytes + [0x0a]
        try self.handle.write(contentsOf: Data(line))
        self.bytes += UInt64(line.count)
    }
}
