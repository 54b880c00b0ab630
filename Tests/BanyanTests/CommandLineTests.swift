// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Synchronization
import Testing

@testable import Banyan

/// What a command line wrote, and how it ended.
struct CommandResult {
    var code: ExitCode
    var out: String
    var error: String
}

/// Runs a command line in this process.
func run(
    _ arguments: [String],
    environment: [String: String] = [:],
    usesColour: Bool = false
) -> CommandResult {
    let out = Mutex("")
    let error = Mutex("")
    let code = withExtendedLifetime(0) {
        let output = CommandOutput(
            usesColour: usesColour,
            isInteractive: false,
            out: { text in out.withLock { $0 += text } },
            error: { text in error.withLock { $0 += text } }
        )
        return runCommandLine(
            arguments,
            environment: environment,
            output: output,
            timeZone: TimeZone(identifier: "UTC") ?? .current
        )
    }
    return CommandResult(
        code: code,
        out: out.withLock { $0 },
        error: error.withLock { $0 }
    )
}

@Suite("Command line")
struct CommandLineTests {
    @Test func `wrong usage ends with 64 and a message that names the way on`() {
        let table: [([String], String)] = [
            (["flp"], #"unknown command "flp". Did you mean "flip"?"#),
            (["zzzzzz"], #"unknown command "zzzzzz"."#),
            (["tenants", "ad"], #"unknown command "ad". Did you mean "add"?"#),
            (["tenants"], #""tenants" needs one of: list, add, remove"#),
            (["status", "--sokcet", "x"], #"unknown option "--sokcet". Did you mean "--socket"?"#),
            (["status", "-x"], #"unknown option "-x"."#),
            (["status", "--socket"], "--socket needs a value: PATH"),
            (["status", "--all=1"], "--all takes no value"),
            (["status", "-o", "json", "-o", "json"], "--output is given twice"),
            (["status", "-o", "yaml"], #"--output is table or json, not "yaml""#),
            (["status", "a/b", "c/d"], #"unexpected argument "c/d""#),
            (["rollback"], "rollback needs CELL [--to STAGE[=SHARE]]"),
            (["rollback", "a/b/c"], #""a/b/c" is no cell"#),
            (["rollback", "*"], #""*" is no cell"#),
            (["flip", "a/b"], "flip needs CELL STAGE[=SHARE], or --resume CELL"),
            (["flip", "--resume", "a/b", "c"], "--resume knows the stage"),
            (["flip", "a/b", "redirect"], "pass --confirm=b"),
            (["flip", "a/b", "gone", "--confirm", "c"], #"--confirm says "c", the cell "b""#),
            (["audit", "tail", "-n", "0"], "--lines is a number from 1 to 1000"),
            (["tenants", "add", "a", "--label", "x"], "--label is NAME=VALUE"),
            (["--socket", "x", "status"], #"option "--socket" stands before the command"#),
            (["status", "\u{1b}[2J/x", "y"], #"unexpected argument "y""#),
            ([], "Commands:"),
        ]
        for (arguments, message) in table {
            let result = run(arguments)
            #expect(result.code == .usage, "\(arguments)")
            #expect(result.error.contains(message), "\(arguments): \(result.error)")
            #expect(result.out == "", "\(arguments)")
        }
    }

    @Test func `options are read in every spelling`() throws {
        let parser = CommandParser(commands: allCommands)
        let spellings: [[String]] = [
            ["audit", "tail", "-n", "5"], ["audit", "tail", "-n5"], ["audit", "tail", "-n=5"],
            ["audit", "tail", "--lines", "5"], ["audit", "tail", "--lines=5"],
        ]
        for arguments in spellings {
            guard case .run(let parsed) = try parser.parse(arguments) else {
                Issue.record("\(arguments)")
                continue
            }
            #expect(parsed.value("--lines") == "5", "\(arguments)")
        }
        let arguments = ["tenants", "add", "--host", "a", "--host=b", "--", "-odd"]
        guard case .run(let parsed) = try parser.parse(arguments) else {
            Issue.record("no command")
            return
        }
        #expect(parsed.positionals == ["-odd"])
        #expect(parsed.values("--host") == ["a", "b"])
    }

    @Test func `help is shown wherever it is asked for`() {
        for arguments in [
            ["flip", "--help"], ["flip", "-h"], ["-h", "flip"], ["help", "flip"],
            ["flip", "a/b", "--bogus", "--help"],
        ] {
            let result = run(arguments)
            #expect(result.code == .done, "\(arguments)")
            #expect(result.out.contains("Usage: banyan flip CELL STAGE[=SHARE]"), "\(arguments)")
        }
        #expect(run(["--help"]).out.contains("Commands:"))
        #expect(run(["tenants", "--help"]).out.contains("banyan tenants COMMAND"))
        #expect(run(["help", "audit"]).code == .done)
    }

    @Test func `every command has usage, two examples, options and exit codes in its help`() {
        for spec in allCommands {
            let text = CommandHelp.command(spec)
            #expect(spec.examples.count >= 2, "\(spec.name)")
            for example in spec.examples {
                #expect(example.command.contains("banyan \(spec.name)"), "\(example.command)")
            }
            for heading in ["Usage: banyan \(spec.name)", "Examples:", "Options:", "Exit codes:"] {
                #expect(text.contains(heading), "\(spec.name)")
            }
            #expect(spec.summary.hasSuffix("."), "\(spec.name)")
            for line in text.split(separator: "\n") { #expect(line.count <= 110, "\(line)") }
            #expect(run(["help"] + spec.words).out == text, "\(spec.name)")
        }
    }

    @Test func `examples of help texts are understood by the parser`() throws {
        let parser = CommandParser(commands: allCommands)
        for spec in allCommands {
            for example in spec.examples {
                for part in example.command.components(separatedBy: " && ") {
                    let words = shellWords(part)
                    #expect(words.first == "banyan", "\(part)")
                    guard case .run(let parsed) = try parser.parse(Array(words.dropFirst())) else {
                        Issue.record("\(part)")
                        continue
                    }
                    #expect(allCommands.contains { $0.name == parsed.spec.name }, "\(part)")
                }
            }
        }
    }

    @Test func `an edge that is not there is exit 69`() {
        let path = NSTemporaryDirectory() + "none-\(UUID().uuidString.prefix(8)).sock"
        for arguments in [["status"], ["rollback", "a/b"], ["audit", "verify"], ["reload"]] {
            let result = run(arguments, environment: ["BANYAN_SOCKET": path])
            #expect(result.code == .unreachable, "\(arguments)")
            #expect(result.error.contains("no edge at \(path)"), "\(result.error)")
        }
    }

    @Test func `the version is one line or one document`() {
        #expect(run(["version"]).out == "banyan \(productVersion)\n")
        #expect(
            run(["version", "-o", "json"]).out == "{\n  \"version\": \"\(productVersion)\"\n}\n"
        )
        #expect(run(["--version"]).out == "banyan \(productVersion)\n")
    }
}

/// A command's words as a shell splits them, quotes removed.
func shellWords(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var quote: Character?
    for character in text {
        if let open = quote {
            if character == open { quote = nil } else { word.append(character) }
        } else if character == "'" || character == "\"" {
            quote = character
        } else if character == " " {
            if !word.isEmpty { words.append(word) }
            word = ""
        } else {
            word.append(character)
        }
    }
    return word.isEmpty ? words : words + [word]
}
