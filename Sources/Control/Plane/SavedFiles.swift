// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Store

/// The last set of files that was taken, kept beside the journal: what an edge starts from when the
/// files are invalid (design.md 9).
///
/// One JSON document with a digest, replaced as a whole. A copy that cannot be saved is no error:
/// the edge then starts from valid files only.
public struct SavedFiles: Sendable {
    private let path: String

    /// The copy in the edge's state folder.
    public init(folder: String) { self.path = folder + "/files.json" }

    /// Keeps a set that was taken, unless it is kept already or is the copy itself.
    public func save(_ set: EdgeSet) {
        guard !set.isSavedCopy, !set.files.isEmpty else { return }
        let list: DocumentValue = .list(
            set.files.map {
                [
                    "name": .string($0.name),
                    "text": .string(String(decoding: $0.bytes, as: UTF8.self)),
                ]
            }
        )
        let body = list.json
        let document: DocumentValue = [
            "digest": .string(Digest(of: Array(body.utf8)).hex), "files": list,
        ]
        let bytes = Data(document.jsonBytes)
        if let kept = try? Data(contentsOf: URL(fileURLWithPath: self.path)), kept == bytes {
            return
        }
        try? bytes.write(to: URL(fileURLWithPath: self.path), options: .atomic)
    }

    /// The copy as a checked set; `nil`: there is none that is whole and valid.
    @Sendable public func load() -> EdgeSet? {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: self.path)),
            let document = try? DocumentNode.parse(json: Array(data), file: self.path),
            let items = document["files"],
            document["digest"]?.text == Digest(of: items.value.jsonBytes).hex
        else { return nil }
        var routes: [SourceFile] = []
        var flags: [SourceFile] = []
        var configurationPath: String?
        for item in items.items ?? [] {
            guard let name = item["name"]?.text, let text = item["text"]?.text else { return nil }
            let file = SourceFile(name: name, bytes: Array(text.utf8))
            if name.hasSuffix(".json") {
                flags.append(file)
            } else if SavedFiles.isConfiguration(file) {
                configurationPath = name
            } else {
                routes.append(file)
            }
        }
        let files = EdgeFiles.check(
            routes: routes,
            flags: flags,
            configurationPath: configurationPath
        )
        guard var set = try? EdgeSet(files) else { return nil }
        set.isSavedCopy = true
        return set
    }

    /// The configuration itself has been read already; only its folders are taken from the copy.
    private static func isConfiguration(_ file: SourceFile) -> Bool {
        !String(decoding: file.bytes, as: UTF8.self).contains("kind:")
    }
}
