// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents

/// Collects the problems of one run over all files, bounded by `Limits.problemsMax`.
final class Findings {
    private(set) var problems: [Problem] = []
    /// Whether something could not be read, so that names may be missing which are defined there.
    var isIncomplete = false
    /// The folder that relative paths in route files are seen from: that of `banyan.yaml`.
    var folder = ""
    /// Names of other things that the files use, to be looked up when all files are read.
    var references: [Reference] = []

    func add(_ problem: Problem) {
        guard self.problems.count < Limits.problemsMax else { return }
        self.problems.append(problem)
    }

    /// The problems by file in the order of the files, each file's in reading order.
    func sorted(files: [String]) -> [Problem] {
        var order: [String: Int] = [:]
        for (index, file) in files.enumerated() where order[file] == nil { order[file] = index }
        return self.problems.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            let places = (order[a.file] ?? .max, order[b.file] ?? .max)
            if places.0 != places.1 { return places.0 < places.1 }
            if a.position != b.position { return a.position < b.position }
            return left.offset < right.offset
        }.map(\.element)
    }
}

/// A name that a file uses and that another place defines.
struct Reference {
    enum Kind {
        case upstream
        case stageFlag
        case entitlementFlag
    }

    var kind: Kind
    var name: String
    var file: String
    var node: DocumentNode
}

/// Which kind of file is read: decides what is said about a key that belongs in another one.
enum FileKind {
    case routes
    case configuration

    /// Where a key that is unknown here belongs.
    func home(of key: String) -> String? {
        switch self {
        case .routes:
            if ConfigurationFile.keys.contains(key) { return "banyan.yaml" }
            if ["variants", "defaultVariant", "targeting", "$evaluators"].contains(key) {
                return "a flag document (FeatureFlags/*.json)"
            }
        case .configuration:
            if RouteFile.keys.contains(key) { return "a route file (Routes/*.yaml)" }
        }
        return nil
    }
}
