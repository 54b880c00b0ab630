// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 3: recorded requests and probes compare two origins while all traffic is still on legacy.
@Suite("Replay and probes", .serialized)
struct ReplayTests {
    /// Both sample services, and an edge whose cells all stand at `legacy`.
    private final class World {
        let legacy: ChildProcess
        let modern: ChildProcess
        let legacyAddress: String
        let modernAddress: String
        let edge: EdgeUnderTest

        init(parity: String = "again: 0%\n    rechecks: 0") throws {
            let services = try ["legacy", "modern"].map { origin in
                try ChildProcess(
                    Places.binary.path,
                    ["sample", origin, "--listen", "127.0.0.1:0"]
                )
            }
            self.legacy = services[0]
            self.modern = services[1]
            self.legacyAddress = try self.legacy.waitForOutput(" on (127.0.0.1:[0-9]+)$")[1]
            self.modernAddress = try self.modern.waitForOutput(" on (127.0.0.1:[0-9]+)$")[1]
            let plans = PlainMigration(
                name: "fhir",
                legacy: self.legacyAddress,
                modern: self.modernAddress
            )
            var files = PlainMigration.files([plans], tenants: ["acme", "globex"])
            files["Routes/fhir.yaml"] =
                plans.routeFile
                .replacingOccurrences(of: "path: \"/{rest}\"", with: "path: \"/fhir/{rest}\"")
                + "  parity:\n    \(parity)\n"
            self.edge = try EdgeUnderTest(files: files, workers: 1)
        }

        /// Requests that an origin has got since it was last asked to forget them.
        func asked(_ address: String) throws -> Int {
            let text = try curl(["http://\(address)/_sample/requests"]).text
            let counts = try JSONSerialization.jsonObject(with: Data(text.utf8))
            return (counts as? [String: Any])?["total"] as? Int ?? -1
        }

        /// Starts a replay that a test may kill.
        func startReplay(_ arguments: [String]) throws -> ChildProcess {
            try ChildProcess(
                Places.binary.path,
                ["parity", "replay"] + arguments,
                directory: self.edge.folder.path
            )
        }
    }

    private static func list(_ count: Int) -> String {
        (1...count).map { "/fhir/r4/CarePlan/cp-\($0 + 1_000)?n=\($0) acme\n" }.joined()
    }

    @Test func `a replay killed three times observes every row exactly once`() throws {
        let world = try World()
        try world.edge.folder.write("list", Self.list(400))
        for share in [60, 150, 260] {
            let replay = try world.startReplay(["list", "--rate", "200", "--concurrency", "4"])
            try waitUntil("row \(share) has arrived") {
                try world.asked(world.legacyAddress) > share
            }
            replay.signal(SIGKILL)
            #expect(try replay.waitForEnd() == 128 + SIGKILL)
        }
        let last = try world.edge.banyan([
            "parity", "replay", "list", "--rate", "400", "-o", "json",
        ])
        #expect(last.status == 0, "\(last)")
        #expect(last.error.contains("goes on after row "))
        let result = try JSONSerialization.jsonObject(with: Data(last.out.utf8))
        let totals = try #require(result as? [String: Any])
        #expect(totals["observed"] as? Int == 400)
        #expect(totals["isComplete"] as? Bool == true)
        #expect(try world.asked(world.legacyAddress) == 400)
        #expect(try world.asked(world.modernAddress) == 400)
        let again = try world.edge.banyan(["parity", "replay", "list"])
        #expect(again.status == 0 && again.error.contains("were replayed already"))
        #expect(try world.asked(world.legacyAddress) == 400)
        // Killed and resumed, it is one run of one person.
        let audit = try world.edge.banyan(["audit", "tail", "-o", "json"])
        let orders = audit.out.components(separatedBy: "\"replay_ordered\"").count - 1
        #expect(orders == 1, "\(audit.out)")
    }

    @Test func `an edge that is killed in the middle is waited for, and the replay ends whole`()
        throws
    {
        let world = try World()
        try world.edge.folder.write("list", Self.list(200))
        let replay = try world.startReplay(["list", "--rate", "200", "-o", "json"])
        try waitUntil("row 50 has arrived") { try world.asked(world.legacyAddress) > 50 }
        world.edge.child.signal(SIGKILL)
        try world.edge.child.waitForEnd()
        try world.edge.restart()
        #expect(try replay.waitForEnd(seconds: 60) == 0, "\(replay.error)")
        let result = try JSONSerialization.jsonObject(with: Data(replay.out.utf8))
        #expect((result as? [String: Any])?["observed"] as? Int == 200)
        // Only what was under way when the edge died is asked again.
        let asked = try world.asked(world.legacyAddress)
        #expect((200...202).contains(asked), "\(asked)")
    }

    @Test func `a day of nginx's log and an HAR are compared, bad rows are told by number`() throws
    {
        let world = try World()
        let lines = (1...8).map { number in
            let method = number == 3 ? "POST" : "GET"
            return "10.0.0.9 - - [21/Nov/2026:07:00:00 +0000] "
                + "\"\(method) /fhir/r4/CarePlan/cp-100\(number) HTTP/1.1\" 200 17 \"-\" \"curl\""
        }
        let rows =
            lines + [
                "garbage with MRN-77123",
                lines[0].replacingOccurrences(
                    of: "/fhir/r4/CarePlan/cp-1001",
                    with: "/none/MRN-77123"
                ),
            ]
        try world.edge.folder.write("nginx.log", rows.joined(separator: "\n") + "\n")
        let dry = try world.edge.banyan([
            "parity", "replay", "nginx.log", "--tenant", "acme", "--dry-run",
        ])
        #expect(dry.status == 0 && dry.out.contains("7 would be asked of both origins"), "\(dry)")
        #expect(try world.asked(world.legacyAddress) == 0)
        let run = try world.edge.banyan([
            "parity", "replay", "nginx.log", "--tenant", "acme", "--rate", "100",
        ])
        #expect(run.status == 0 && run.out.contains("10 rows, 7 observed"), "\(run)")
        #expect(run.out.contains("skipped"))
        let errors = world.edge.folder.read("nginx.log.replay-errors")
        #expect(errors.contains(#""row":9,"reason":"malformed""#))
        #expect(errors.contains(#""row":10,"reason":"no_route""#))
        #expect(!errors.contains("MRN") && !run.out.contains("MRN") && !run.error.contains("MRN"))

        let entries = (1...3).map { number in
            #"{"request":{"method":"GET","url":"http://globex.care.example/fhir/r4/CarePlan/"#
                + #"cp-100\#(number)","headers":[{"name":":path","value":"/"},"#
                + #"{"name":"Accept","value":"*/*"}]},"response":{"content":{"text":"]}"}}}"#
        }
        let har = #"{"log":{"version":"1.2","entries":[\#(entries.joined(separator: ","))]}}"#
        try world.edge.folder.write("page.har", har)
        let second = try world.edge.banyan(["parity", "replay", "page.har", "--rate", "100"])
        #expect(second.status == 0 && second.out.contains("3 rows, 3 observed"), "\(second)")
        #expect(try world.asked(world.modernAddress) == 10)
    }

    @Test func `Banyan's own access log says which of its rows can be replayed`() throws {
        let world = try World()
        for path in ["/fhir/r4/CarePlan/cp-1001", "/fhir/r4/CarePlan?status=active"] {
            #expect(try world.edge.ask(path, tenant: "acme").status == 200)
        }
        try waitUntil("the log has both") { try world.edge.accessLog().count >= 2 }
        let run = try world.edge.banyan(["parity", "replay", "access.log"])
        #expect(run.status == 0, "\(run)")
        #expect(run.out.contains("no_path"))
        #expect(
            run.out.contains("an access log keeps the route's pattern, neither ids nor queries")
        )
        #expect(run.out.contains("2 rows, 0 observed"))
    }

    @Test func `a replay keeps its rate`() throws {
        let world = try World()
        try world.edge.folder.write("list", Self.list(60))
        let start = Date()
        let run = try world.edge.banyan([
            "parity", "replay", "list", "--rate", "30", "--concurrency", "16",
        ])
        #expect(run.status == 0)
        #expect(Date().timeIntervalSince(start) >= 59.0 / 30)
    }

    @Test func `tenants are verified by probes with all their traffic on legacy`() throws {
        let world = try World(
            parity: """
                again: 0%
                    rechecks: 0
                    probes:
                      - name: plans
                        path: "/fhir/r4/CarePlan?status=active"
                        every: 1s
                        expect: { count: bundle }
                        compare: count
                      - name: one-plan
                        path: "/fhir/r4/CarePlan/{plan}"
                        variables: { plan: [cp-1001, cp-1002] }
                        tenants: [acme]
                """
        )
        let once = try world.edge.banyan(["parity", "probe", "--once", "--rate", "100"])
        #expect(once.out.contains("4 reads, 0 to look at") && once.status == 0, "\(once)")
        #expect(once.out.contains("agree"))
        let status = try world.edge.banyan(["status"])
        #expect(!status.out.contains("modern"), "all stand at legacy: \(status.out)")
        // The edge makes them by itself, too.
        try waitUntil("a scheduled read has been made") {
            try world.asked(world.modernAddress) > 6
        }
        // Modern loses what it had: a probe of it says so, a client would not have seen it.
        let fault = #"{"kind":"status500"}"#
        _ = try curl(["-X", "PUT", "-d", fault, "http://\(world.modernAddress)/_sample/fault"])
        let broken = try world.edge.banyan(["parity", "probe", "acme/fhir", "--once"])
        #expect(broken.status == 1 && broken.out.contains("modern_failed"), "\(broken)")
        #expect(try world.edge.ask("/fhir/r4/CarePlan/cp-1001", tenant: "acme").status == 200)
        #expect(try world.edge.banyan(["parity", "probe", "nobody/fhir"]).status == 3)
    }

    @Test func `without an edge a replay counts into its store, and never asks a row twice`()
        throws
    {
        let world = try World()
        world.edge.child.signal(SIGTERM)
        try world.edge.child.waitForEnd()
        try world.edge.folder.write("list", Self.list(120))
        let dry = try world.edge.banyan(["parity", "replay", "list", "--dry-run"])
        #expect(dry.status == 0 && dry.out.contains("120 would be asked"), "\(dry)")
        let replay = try world.startReplay(["list", "--rate", "60", "--concurrency", "4"])
        try waitUntil("row 40 has arrived") { try world.asked(world.legacyAddress) > 40 }
        replay.signal(SIGKILL)
        try replay.waitForEnd()
        let before = try world.asked(world.legacyAddress)
        let rest = try world.edge.banyan([
            "parity", "replay", "list", "--rate", "400", "-o", "json",
        ])
        #expect(rest.status == 0 && rest.error.contains("no edge is running"), "\(rest)")
        let result = try JSONSerialization.jsonObject(with: Data(rest.out.utf8))
        let totals = try #require(result as? [String: Any])
        let inDoubt = totals["inDoubt"] as? Int ?? -1
        #expect(totals["rows"] as? Int == 120)
        // What the killed run had claimed: a second's worth, and its threads' rows.
        #expect((1...66).contains(inDoubt), "\(inDoubt)")
        // Never twice: what the killed run had asked is not asked again.
        let asked = try world.asked(world.legacyAddress)
        #expect(asked <= 120 && asked >= 120 - inDoubt, "\(before), \(inDoubt), \(asked)")
        #expect(try world.edge.banyan(["parity", "probe", "--socket", "none.sock"]).status == 69)
        // The edge counts on in the same store.
        try world.edge.restart()
        #expect(try world.edge.ask("/fhir/r4/CarePlan/cp-1001", tenant: "acme").status == 200)
    }

    @Test func `nothing of a replayed request stays on disk`() throws {
        let world = try World()
        let secrets = ["MRN-5502193", "tok_9f3c2e71b0a", "Okonkwo"]
        try world.edge.folder.write(
            "elsewhere/list.jsonl",
            """
            {"url": "/fhir/r4/CarePlan/\(secrets[0])?name=\(secrets[2])", "tenant": "acme", \
            "headers": {"Authorization": "Bearer \(secrets[1])"}}

            """
        )
        let list = world.edge.folder.path("elsewhere/list.jsonl")
        let run = try world.edge.banyan([
            "parity", "replay", list, "--state", "r.state", "--errors", "r.errors",
        ])
        #expect(run.status == 0, "\(run)")
        #expect(try world.asked(world.modernAddress) == 1)
        world.edge.child.signal(SIGTERM)
        try world.edge.child.waitForEnd()
        try FileManager.default.removeItem(atPath: list)
        for secret in secrets {
            let found = try runCommand("grep", ["-rl", secret, world.edge.folder.path])
            #expect(found.status == 1 && found.out.isEmpty, "\(found.out)")
        }
    }
}
