// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Foundation

/// A file as it was read: kept for the lines in reports, and so that what is validated is what
/// runs.
public struct SourceFile: Sendable, Hashable {
    /// As the user named it.
    public var name: String
    /// Its bytes.
    public var bytes: [UInt8]

    /// A file from its parts.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

/// Reads files; what cannot be read is a finding.
struct SourceReader {
    let findings: Findings

    /// One file; `nil`, and a finding, when it cannot be read.
    func file(_ path: String) -> SourceFile? {
        do {
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            guard size <= Limits.documentBytesMax else {
                self.unreadable(path, "it has \(size) bytes, at most \(Limits.documentBytesMax)")
                return nil
            }
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            return SourceFile(name: path, bytes: Array(data))
        } catch {
            self.unreadable(path, self.reason(error))
            return nil
        }
    }

    /// The files of a folder with one of the endings, by name; hidden ones are left out.
    func folder(_ path: String, endings: [String]) -> [SourceFile] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            self.unreadable(path, self.reason(error))
            return []
        }
        let wanted = names.filter { name in
            !name.hasPrefix(".") && endings.contains { name.hasSuffix($0) }
        }.sorted()
        guard wanted.count <= Limits.routeFilesMax else {
            self.unreadable(path, "\(wanted.count) files, at most \(Limits.routeFilesMax)")
            return []
        }
        return wanted.compactMap { self.file(resolve($0, against: path)) }
    }

    private func unreadable(_ path: String, _ reason: String) {
        self.findings.isIncomplete = true
        let start = SourcePosition(line: 1, column: 1)
        self.findings.add(
            Problem(code: "R005", "cannot be read", file: path, at: start, notes: [reason])
        )
    }

    private func reason(_ error: any Error) -> String {
        let cocoa = error as NSError
        let underlying = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError
        switch (underlying ?? cocoa).code {
        case Int(ENOENT), CocoaError.fileReadNoSuchFile.rawValue,
            CocoaError.fileNoSuchFile.rawValue:
            return "there is no such file or folder"
        case Int(EACCES), CocoaError.fileReadNoPermission.rawValue: return "permission denied"
        default: return "the system says no (\((underlying ?? cocoa).code))"
        }
    }
}
