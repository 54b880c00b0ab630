// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Runbooks", .serialized)
struct RunbookTests {
    /// Runs every command of a page; what must happen around a heading is the caller's.
    private func rehearse(
        _ name: String,
        before: (_ heading: String, _ world: TourUnderTest) throws -> Void = { _, _ in }
    ) throws {
        let file = Places.package.appendingPathComponent("Runbooks/\(name).md")
        let page = try String(contentsOf: file, encoding: .utf8)
        let commands = consoleCommands(of: page)
        #expect(commands.count > 4)
        let world = try TourUnderTest()
        var heading = ""
        for step in commands {
            if step.heading != heading {
                heading = step.heading
                try before(heading, world)
            }
            let result = try world.shell(step.command)
            let output = result.out + result.error
            let comment = Comment(rawValue: "\(name), \(heading): \(step.command)\n\(output)")
            #expect(result.status == step.exit, comment)
            let missing = firstMissing(step.expected.map(world.real), in: output)
            #expect(missing == nil, comment)
        }
    }

    @Test func `the cutover page does what it says`() throws {
        try self.rehearse("cutover")
    }

    @Test func `the rollback page does what it says`() throws {
        try self.rehearse("rollback")
    }

    @Test func `the pages of parity's alerts do what they say`() throws {
        for name in ["ParityZeroTolerance", "ParityBelowGate", "ParityNotObserved"] {
            try self.rehearse(name)
        }
    }

    @Test func `the page on an unavailable store does what it says`() throws {
        let lock = """
            import signal, sqlite3, sys
            store = sqlite3.connect(sys.argv[1], isolation_level=None)
            store.execute("BEGIN EXCLUSIVE")
            print("locked", flush=True)
            signal.pause()
            """
        var holder: ChildProcess?
        try self.rehearse("store-unavailable") { heading, world in
            switch heading {
            case "Diagnosis":
                let path = world.folder + "/.banyan/banyan.db"
                let child = try ChildProcess("python3", ["-c", lock, path])
                _ = try child.waitForOutput("^locked")
                holder = child
            case "Verify":
                holder?.signal(SIGTERM)
                try holder?.waitForEnd()
            default: break
            }
        }
        #expect(holder?.isRunning == false)
    }

    @Test func `a page's commands, expectations and exit codes are read`() {
        let page = """
            ## Diagnosis
            ```sh
            $ not this
            ```
            ```console
            $ one --two
            a ... c

            ...
            $ two   # exit 4
            ```
            """
        #expect(
            consoleCommands(of: page) == [
                ConsoleCommand(
                    heading: "Diagnosis",
                    command: "one --two",
                    expected: ["a ... c", "..."],
                    exit: 0
                ),
                ConsoleCommand(heading: "Diagnosis", command: "two", expected: [], exit: 4),
            ]
        )
    }

    @Test func `an expectation that is missing or out of order is found`() {
        let output = "one  b c\ntwo\nthree\n"
        #expect(firstMissing(["one ... c", "three"], in: output) == nil)
        #expect(firstMissing(["...", "two"], in: output) == nil)
        #expect(firstMissing(["three", "one ... c"], in: output) == "one ... c")
        #expect(firstMissing(["on"], in: output) == "on")
    }
}
