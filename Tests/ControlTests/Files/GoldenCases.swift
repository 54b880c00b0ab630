// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation

/// Cases of `Tests/Golden`: one text file with the files of a set and what is said about them.
///
/// `=== NAME` begins a file, `=== report` the expected text. `UPDATE_GOLDEN=1` writes the latter
/// anew; read the difference like code.
struct GoldenCase {
    let name: String
    let url: URL
    var files: [SourceFile] = []
    var expected = ""

    static var isUpdating: Bool { ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" }

    static func all(of folder: String) throws -> [GoldenCase] {
        let url = packageRoot.appendingPathComponent("Tests/Golden/\(folder)")
        return try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
            .filter { $0.hasSuffix(".txt") }
            .map { try GoldenCase(url.appendingPathComponent($0)) }
    }

    private init(_ url: URL) throws {
        self.name = url.deletingPathExtension().lastPathComponent
        self.url = url
        let text = try String(contentsOf: url, encoding: .utf8)
        var current: String?
        var lines: [Substring] = []
        func close() {
            guard let current else { return }
            let body = lines.map { $0 + "\n" }.joined()
            if current == "report" {
                self.expected = body
            } else {
                self.files.append(SourceFile(name: current, bytes: Array(body.utf8)))
            }
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("=== ") {
                close()
                current = String(line.dropFirst(4))
                lines = []
            } else {
                lines.append(line)
            }
        }
        if lines.last == "" { lines.removeLast() }
        close()
    }

    /// Compares, or writes `actual` as what is expected from now on; lines that differ, for people.
    func difference(to actual: String) throws -> String? {
        if GoldenCase.isUpdating {
            var text = ""
            for file in self.files {
                text += "=== \(file.name)\n" + String(decoding: file.bytes, as: UTF8.self)
            }
            try (text + "=== report\n" + actual).write(
                to: self.url,
                atomically: true,
                encoding: .utf8
            )
            return nil
        }
        guard actual != self.expected else { return nil }
        let old = self.expected.split(separator: "\n", omittingEmptySubsequences: false)
        let new = actual.split(separator: "\n", omittingEmptySubsequences: false)
        var text = ""
        for change in new.difference(from: old) {
            switch change {
            case .remove(let offset, let line, _): text += "-\(offset + 1): \(line)\n"
            case .insert(let offset, let line, _): text += "+\(offset + 1): \(line)\n"
            }
        }
        return text
    }
}

/// The folder of Package.swift.
let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

extension GoldenCase {
    /// The report about this case's files; the time is left at 0.
    var report: String {
        let configuration = self.files.first { $0.name.hasSuffix("banyan.yaml") }
        let flags = self.files.filter { $0.name.hasSuffix(".json") }
        let routes = self.files.filter { file in
            file.name != configuration?.name && file.name.hasSuffix(".yaml")
        }
        let files = EdgeFiles.check(
            configuration: configuration,
            routes: routes,
            flags: flags.isEmpty ? nil : flags
        )
        return files.report(elapsedMilliseconds: 0).text(.human)
    }
}
