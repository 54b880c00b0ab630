// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A stage that sends every client away is asked for by the migration's name, on a terminal.
@Suite("Prompt before redirect and gone")
struct PromptTests {
    private func edge() throws -> EdgeUnderTest {
        let migration = PlainMigration(
            name: "charts",
            legacy: "127.0.0.1:1",
            modern: "127.0.0.1:1"
        )
        var files = PlainMigration.files([migration], tenants: ["acme"])
        files["Routes/charts.yaml"] = migration.routeFile.replacingOccurrences(
            of: "stages: [legacy, shadow, live, modern]",
            with: "stages: [legacy, shadow, live, modern, redirect, gone]\n"
                + #"  redirect: { to: "/moved/{rest}" }"#
        )
        return try EdgeUnderTest(files: files)
    }

    /// A flip on a pseudo-terminal, answered with `words` when it asks.
    private func flip(
        _ edge: EdgeUnderTest,
        _ stage: String,
        answer words: String,
        _ more: [String] = []
    ) throws -> CommandResult {
        let flip = ["flip", "acme/charts", stage, "--reason", "test"] + more
        return try runCommand(
            "python3",
            ["-c", Self.terminal, words, Places.binary.path] + flip,
            directory: edge.folder.path
        )
    }

    private func stage(_ edge: EdgeUnderTest) throws -> String {
        let status = try edge.ask("/charts/a", tenant: "acme").status
        return [502: "origin", 307: "redirect", 308: "redirect", 410: "gone"][status] ?? "\(status)"
    }

    @Test func `the migration's name goes on, anything else changes nothing`() throws {
        let edge = try self.edge()
        for words in ["yes", "", "acme", "charts "] {
            let refused = try self.flip(edge, "redirect", answer: words)
            #expect(refused.status == 64, "\(words): \(refused.out)")
            #expect(refused.out.contains("Type charts to go on"))
            #expect(refused.out.contains("nothing was changed"))
            #expect(try self.stage(edge) == "origin")
        }
        let done = try self.flip(edge, "redirect", answer: "charts")
        #expect(done.status == 0, "\(done.out)")
        #expect(try self.stage(edge) == "redirect")
        #expect(try self.flip(edge, "gone", answer: "charts").status == 0)
        #expect(try self.stage(edge) == "gone")
    }

    @Test func `nobody is asked without a terminal, with --no-input, or for another stage`() throws
    {
        let edge = try self.edge()
        let piped = try edge.banyan(["flip", "acme/charts", "redirect", "--reason", "test"])
        #expect(piped.status == 64 && piped.error.contains("--confirm=charts"), "\(piped)")
        let silent = try self.flip(edge, "redirect", answer: "charts", ["--no-input"])
        #expect(silent.status == 64 && !silent.out.contains("Type charts"), "\(silent)")
        #expect(try self.stage(edge) == "origin")
        let modern = try self.flip(edge, "modern", answer: "")
        #expect(modern.status == 0 && !modern.out.contains("Type "), "\(modern)")
        // The red button asks nobody, terminal or not.
        let back = try runCommand(
            "python3",
            ["-c", Self.terminal, "", Places.binary.path, "rollback", "acme/charts"],
            directory: edge.folder.path
        )
        #expect(back.status == 0 && !back.out.contains("Type "), "\(back)")
    }

    /// Runs a program on a terminal of its own; answers when it is asked to type something.
    private static let terminal = """
        import os, pty, sys
        child, fd = pty.fork()
        if child == 0: os.execv(sys.argv[2], sys.argv[2:])
        said, answered = b"", False
        while True:
            try: part = os.read(fd, 4096)
            except OSError: break
            if not part: break
            said += part
            if not answered and b"to go on: " in said:
                os.write(fd, sys.argv[1].encode() + b"\\n")
                answered = True
        sys.stdout.write(said.decode())
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
}
