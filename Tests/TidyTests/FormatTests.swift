// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// What the toolchain's formatter finds in a strict reading, under the root's `.swift-format`.
enum Formatter {
    static func findings(_ paths: [String]) throws -> String {
        let configuration = Tree.root.appending(path: ".swift-format").path
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["swift", "format", "lint", "--strict", "--parallel", "--recursive"]
            + ["--configuration", configuration] + paths
        process.currentDirectoryURL = Tree.root
        let pipe = Pipe()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self)
        return process.terminationStatus == 0 || !text.isEmpty
            ? text : "status \(process.terminationStatus)"
    }
}

@Suite("Format")
struct FormatTests {
    @Test func `every Swift file passes the formatter's strict reading`() throws {
        #expect(try Formatter.findings(["Sources", "Tests", "Package.swift"]) == "")
    }

    @Test func `a file that the formatter would change is found`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).swift")
        defer { try? FileManager.default.removeItem(at: file) }
        try "let a  = 1\n".write(to: file, atomically: true, encoding: .utf8)
        #expect(try Formatter.findings([file.path]).contains("Spacing"))
    }
}
