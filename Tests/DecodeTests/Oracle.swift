// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A program that is not ours, asked for the same result.
enum Oracle {
    /// What `command` (found in PATH) writes when it reads `input`.
    static func run(
        _ command: [String],
        input: [UInt8]
    ) throws -> (status: Int32, output: [UInt8]) {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("banyan-decode-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let inputFile = folder.appendingPathComponent("in")
        let outputFile = folder.appendingPathComponent("out")
        try Data(input).write(to: inputFile)
        try Data().write(to: outputFile)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, Array(try Data(contentsOf: outputFile)))
    }

    /// What a Python program makes of `input`; Debian's Python, whose packages the Makefile
    /// installs.
    static func python(_ program: String, _ input: [UInt8]) throws -> [UInt8] {
        let prelude = "import sys,gzip,zlib;b=sys.stdin.buffer.read();w=sys.stdout.buffer.write;"
        let result = try run(["/usr/bin/python3", "-c", prelude + program], input: input)
        guard result.status == 0 else { throw OracleFailed(program: program) }
        return result.output
    }
}

struct OracleFailed: Error {
    let program: String
}
