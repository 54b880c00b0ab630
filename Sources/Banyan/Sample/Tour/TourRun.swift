// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Executes the tour's lines one after the other and checks what they print.
struct TourRun {
    let folder: TourFolder
    let output: CommandOutput

    /// Runs all lines; whether every expectation held.
    func run(_ lines: [TourLine]) throws(CommandFailure) -> Bool {
        var failures = 0
        for line in lines {
            let command = self.folder.real(line.command)
            self.output.line("\n# \(line.title)\n$ \(command)")
            let result = try self.shell(command)
            self.output.write(result.text)
            for complaint in TourRun.complaints(line, result.text, exit: result.exit) {
                failures += 1
                self.output.line("FAILED: \(complaint)")
            }
        }
        self.output.line("\n\(lines.count) lines, \(failures) failures")
        return failures == 0
    }

    /// What is not as the line says it must be.
    static func complaints(_ line: TourLine, _ text: String, exit: Int32) -> [String] {
        var complaints: [String] = []
        if exit != line.exit { complaints.append("exit code \(exit), expected \(line.exit)") }
        // Field lines end in CRLF; `$` shall match there too.
        let plain = text.replacingOccurrences(of: "\r\n", with: "\n")
        for pattern in line.expects {
            let wanted = try? NSRegularExpression(pattern: pattern, options: .anchorsMatchLines)
            let range = NSRange(plain.startIndex..., in: plain)
            if wanted?.firstMatch(in: plain, range: range) == nil {
                complaints.append("nothing matches /\(pattern)/")
            }
        }
        return complaints
    }

    /// A line in `/bin/sh`, in the folder of `banyan.yaml`, with this program in PATH.
    private func shell(_ command: String) throws(CommandFailure) -> (text: String, exit: Int32) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.currentDirectoryURL = URL(fileURLWithPath: self.folder.path)
        var environment = ProcessInfo.processInfo.environment
        let programs = (TourWorld.executable as NSString).deletingLastPathComponent
        environment["PATH"] = programs + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
        environment["BANYAN_SOCKET"] = nil
        environment["BANYAN_CONFIG"] = nil
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        do {
            try process.run()
            // Reads to the end first: a full pipe would hold the line up for ever.
            let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return (String(decoding: bytes, as: UTF8.self), process.terminationStatus)
        } catch {
            throw CommandFailure(.failed, "/bin/sh cannot be run: \(error)")
        }
    }
}
