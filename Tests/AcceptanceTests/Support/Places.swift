// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where things lie: the package, the built binary, shared data.
enum Places {
    /// The package's root folder.
    static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The `banyan` under test: BANYAN_BINARY, else the one built beside this test bundle.
    static let binary: URL = {
        if let path = ProcessInfo.processInfo.environment["BANYAN_BINARY"], !path.isEmpty {
            return URL(fileURLWithPath: path)
        }
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let beside = tests.deletingLastPathComponent().appendingPathComponent("banyan")
        if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
        return package.appendingPathComponent(".build/debug/banyan")
    }()

    /// The optimised `banyan` (`make build`), for what a debug build does otherwise: it boxes
    /// values, copies, and is slow.
    ///
    /// `nil` (and a line that says so) where it is absent, and under a sanitizer.
    static func optimisedBinary() -> URL? {
        guard Sanitizer.leavesAlone("the optimised banyan") else { return nil }
        let environment = ProcessInfo.processInfo.environment
        let given = environment["BANYAN_BINARY"].map { URL(fileURLWithPath: $0) }
        let built = Self.package.appendingPathComponent(".build/release/banyan")
        if let given, !given.path.contains("/debug/") { return given }
        if FileManager.default.isExecutableFile(atPath: built.path) { return built }
        print("skipped: no optimised banyan (make build)")
        return nil
    }

    /// A folder of shared test data, or `nil` (and a line that says so) where it is absent.
    static func shared(_ name: String) -> URL? {
        let environment = ProcessInfo.processInfo.environment
        let root =
            environment["BANYAN_SHARED"].map { URL(fileURLWithPath: $0) }
            ?? package.deletingLastPathComponent().appendingPathComponent("shared")
        let folder = root.appendingPathComponent("data").appendingPathComponent(name)
        if FileManager.default.fileExists(atPath: folder.path) { return folder }
        print("skipped: no shared data \"\(name)\" (BANYAN_SHARED)")
        return nil
    }

    /// Whether the long forms are asked for (`make soak`).
    static var isSoak: Bool { ProcessInfo.processInfo.environment["BANYAN_SOAK"] != nil }
}

/// A folder of its own that is removed with its owner.
final class TemporaryFolder: Sendable {
    let url: URL
    var path: String { self.url.path }

    /// Under /tmp and short: a Unix socket's path has at most 107 bytes.
    init() throws {
        let name = "banyan-\(UUID().uuidString.prefix(8))"
        self.url = URL(fileURLWithPath: "/tmp").appendingPathComponent(name)
        try FileManager.default.createDirectory(at: self.url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: self.url) }

    /// The path of something inside.
    func path(_ name: String) -> String { self.url.appendingPathComponent(name).path }

    /// Writes a file, with the folders above it; its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let file = self.url.appendingPathComponent(name)
        let folder = file.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    /// A file's text; empty when there is none.
    func read(_ name: String) -> String {
        (try? String(contentsOfFile: self.path(name), encoding: .utf8)) ?? ""
    }
}
