// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A command of a page, and what the page says that it prints.
struct ConsoleCommand: Equatable {
    /// The heading (`## ...`) that it stands under.
    var heading: String
    var command: String
    var expected: [String]
    var exit: Int32
}

/// The commands of a Markdown page's `console` blocks; the grammar stands in Runbooks/README.md.
func consoleCommands(of page: String) -> [ConsoleCommand] {
    var commands: [ConsoleCommand] = []
    var heading = ""
    var fence: String?
    for line in page.components(separatedBy: "\n") {
        if line.hasPrefix("```") {
            fence = fence == nil ? String(line.dropFirst(3)) : nil
        } else if fence == nil {
            if line.hasPrefix("## ") { heading = String(line.dropFirst(3)) }
        } else if fence == "console" {
            if line.hasPrefix("$ ") {
                var command = String(line.dropFirst(2))
                var exit: Int32 = 0
                if let mark = command.range(of: "   # exit ") {
                    exit = Int32(command[mark.upperBound...]) ?? -1
                    command = String(command[..<mark.lowerBound])
                }
                commands.append(
                    ConsoleCommand(heading: heading, command: command, expected: [], exit: exit)
                )
            } else if !line.isEmpty, !commands.isEmpty {
                commands[commands.count - 1].expected.append(line)
            }
        }
    }
    return commands
}

/// The first expected line that is not in the output, in order; `nil` when all are.
func firstMissing(_ expected: [String], in output: String) -> String? {
    var lines = output.components(separatedBy: "\n")[...]
    for wanted in expected where wanted != "..." {
        let parts = wanted.components(separatedBy: "...").map {
            NSRegularExpression.escapedPattern(for: $0.trimmingCharacters(in: .whitespaces))
        }
        let pattern = "^\\s*" + parts.joined(separator: ".*") + "\\s*$"
        guard
            let found = lines.firstIndex(where: {
                $0.range(of: pattern, options: .regularExpression) != nil
            })
        else { return wanted }
        lines = lines[(found + 1)...]
    }
    return nil
}

/// `banyan sample tour --isolated`: sample services and an edge on free ports.
final class TourUnderTest: Sendable {
    let child: ChildProcess
    /// The folder of its `banyan.yaml`.
    let folder: String
    private let addresses: [(written: String, real: String)]

    init() throws {
        self.child = try ChildProcess(
            Places.binary.path,
            ["sample", "tour", "--isolated"],
            directory: Places.package.path
        )
        _ = try self.child.waitForOutput("^Ready\\.", seconds: 60)
        self.folder = try self.child.waitForOutput("^ +cd (/.*)$")[1]
        let places = [
            ("127.0.0.1:8080", "^edge on (.*)$"),
            ("127.0.0.1:9901", "^its health and metrics on (.*)$"),
            ("127.0.0.1:9101", "^sample digital-communication .* on (.*)$"),
            ("127.0.0.1:9102", "^sample virtual-care-service .* on (.*)$"),
            ("127.0.0.1:9103", "^sample care-plan-service .* on (.*)$"),
            ("127.0.0.1:9104", "^sample patient-portal-service .* on (.*)$"),
        ]
        let child = self.child
        self.addresses = try places.map { written, pattern in
            (written: written, real: try child.waitForOutput(pattern)[1])
        }
    }

    /// A text of a page with the addresses of this world.
    func real(_ text: String) -> String {
        self.addresses.reduce(text) { $0.replacingOccurrences(of: $1.written, with: $1.real) }
    }

    /// Runs a line of a page.
    func shell(_ command: String) throws -> CommandResult {
        let programs = Places.binary.deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return try runCommand(
            "/bin/sh",
            ["-c", self.real(command)],
            environment: ["PATH": "\(programs):\(path)"],
            directory: self.folder
        )
    }
}
