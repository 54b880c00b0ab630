// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Python, asked line by line for what it thinks of the same texts.
enum PythonOracle {
    /// `.build/oracles`, made by `make deps-test`: Python with deepdiff; `nil` when it is not
    /// there.
    static var withPackages: String? {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appendingPathComponent(".build/oracles/bin/python").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    /// The answers of `program` to `lines`, one line each.
    static func ask(
        _ program: String,
        _ lines: [String],
        python: String = "/usr/bin/python3"
    ) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("banyan-oracle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let questions = folder.appendingPathComponent("questions")
        let answers = folder.appendingPathComponent("answers")
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: questions)
        try Data().write(to: answers)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", program]
        process.standardInput = try FileHandle(forReadingFrom: questions)
        process.standardOutput = try FileHandle(forWritingTo: answers)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw OracleFailed() }
        return try String(contentsOf: answers, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// Bytes as Python reads them back: hexadecimal.
    static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

struct OracleFailed: Error {}
