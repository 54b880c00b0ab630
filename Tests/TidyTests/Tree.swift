// SPDX-License-Identifier: Apache-2.0
import Foundation

/// One text file of the repository: what every check is given.
struct SourceFile: Sendable {
    /// Path from the package root, with slashes.
    let path: String
    /// The whole text.
    let text: String

    var name: String { String(self.path.split(separator: "/").last ?? "") }
    var folders: [String] { self.path.split(separator: "/").dropLast().map(String.init) }
    var isSwift: Bool { self.path.hasSuffix(".swift") }
    var lines: [Substring] { self.text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The module of a file under Sources, or `nil`.
    var module: String? {
        let folders = self.folders
        guard folders.count >= 2, folders[0] == "Sources" else { return nil }
        return folders[1]
    }

    /// A table, generated or of test vectors, that says so in its first five lines: may be long.
    var isTable: Bool {
        self.lines.prefix(5).contains {
            $0.hasPrefix("// Generated") || $0.hasPrefix("// Table:")
        }
    }
}

/// A place where a rule is broken.
struct Finding: CustomStringConvertible, Equatable {
    let path: String
    let line: Int
    let text: String

    var description: String { "\(self.path):\(self.line): \(self.text)" }
}

/// The repository as it lies on disk, without what was built.
enum Tree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Every text file, in order of path.
    static let files: [SourceFile] = {
        let skipped: Set<String> = [".build", ".git", ".swiftpm"]
        let base = Self.root.path(percentEncoded: false)
        guard let walk = FileManager.default.enumerator(atPath: base) else { return [] }
        var files: [SourceFile] = []
        while let path = walk.nextObject() as? String {
            if skipped.contains(path) {
                walk.skipDescendants()
                continue
            }
            // Binary test data is no text: it has no words to check.
            guard let data = FileManager.default.contents(atPath: base + "/" + path),
                let text = String(data: data, encoding: .utf8)
            else { continue }
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: base + "/" + path, isDirectory: &isFolder)
            if !isFolder.boolValue { files.append(SourceFile(path: path, text: text)) }
        }
        return files.sorted { $0.path < $1.path }
    }()

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: Self.root.appending(path: path).path)
    }
}

/// Findings as one comment, one a line.
func listed(_ findings: [Finding]) -> String {
    "\n" + findings.prefix(40).map(\.description).joined(separator: "\n")
}
