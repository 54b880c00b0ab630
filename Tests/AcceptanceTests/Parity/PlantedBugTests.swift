// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Testing

/// Issue 3: bugs that keep an answer whole and spoil what it says, planted into the sample's modern
/// service, are found by class and field.
@Suite("Planted bugs", .serialized) struct PlantedBugTests {
    /// The bug, how many distinct reads it is given, and what has to be found.
    private static let rows: [(bug: String, reads: Int, pointer: String, class: String)] = [
        ("wrongPatient", 40, "/patientId", "value"),
        ("droppedField", 40, "/status", "missing"),
        ("reorderedArray", 40, "/participants", "order"),
        ("numberPrecision", 40, "/rating", "value"),
        ("timeZone", 40, "/scheduledAt", "skew"),
        ("staleCache", 40, "/status", "value"),
        ("wrongStatus,rate=0.0002", 5_001, "status", "status"),
    ]

    @Test func `each planted bug is found, with its class and its field`() throws {
        let world = try SampleParityWorld()
        var known = try world.counts()
        for row in Self.rows {
            let situation = Comment(rawValue: row.bug)
            try world.plant(row.bug)
            try world.read(row.reads)
            let now = try world.counts()
            let place = "\(row.pointer) \(row.class)"
            let found = (now[place] ?? 0) - (known[place] ?? 0)
            #expect(found > 0, situation)
            if row.bug.hasPrefix("wrongStatus") { #expect(found == 1, situation) }
            known = now
        }
        // The same reads without a bug find nothing more in those places.
        try world.heal()
        try world.read(60)
        let healed = try world.counts()
        for row in Self.rows {
            let place = "\(row.pointer) \(row.class)"
            #expect(healed[place] == known[place], "\(place)")
        }
        let verdict = try world.edge.banyan(["parity", "report", "virtual-care", "--exit-code"])
        #expect(verdict.status == 4)
    }
}

/// Sample services, and an edge with one tenant at `shadow`.
final class SampleParityWorld {
    let edge: EdgeUnderTest
    private let services: [ChildProcess]
    private let modern: String
    private var asked = 0

    init() throws {
        let services = try ["legacy", "modern"].map { origin in
            try ChildProcess(
                Places.binary.path,
                ["sample", origin, "--listen", "127.0.0.1:0"]
            )
        }
        let addresses = try services.map { try $0.waitForOutput("on (127\\.0\\.0\\.1:[0-9]+)")[1] }
        self.services = services
        self.modern = addresses[1]
        var files = PlainMigration.files(
            [PlainMigration(name: "virtual-care", legacy: addresses[0], modern: addresses[1])],
            tenants: ["acme"]
        )
        files["Routes/virtual-care.yaml"] = """
            apiVersion: banyan.dev/v1
            kind: Upstream
            metadata: { name: old }
            spec: { endpoints: ["\(addresses[0])"] }
            ---
            apiVersion: banyan.dev/v1
            kind: Upstream
            metadata: { name: modern }
            spec: { endpoints: ["\(addresses[1])"] }
            ---
            apiVersion: banyan.dev/v1
            kind: MigrationRoute
            metadata: { name: virtual-care }
            spec:
              matches: [{ path: { type: Template, value: "/visits/{id}" } }]
              legacy: { upstream: old, path: "/api/v1/digital-communication/virtual-sessions/{id}" }
              modern: { upstream: modern, path: "/api/v1/virtual-care/sessions/{id}" }
              parity:
                again: 0%
                recheckAfter: 1ms
                zeroTolerance: [/patientId]
                json:
                  instant:
                    - { path: /scheduledAt, skew: 0s }
                    - { path: "/participants/*/joinedAt", skew: 0s }

            """
        self.edge = try EdgeUnderTest(
            files: files,
            binary: Places.optimisedBinary() ?? Places.binary
        )
        let flip = try self.edge.banyan(["flip", "acme/virtual-care", "shadow", "--reason", "t"])
        #expect(flip.status == 0, "\(flip.error)")
    }

    func plant(_ flag: String) throws {
        let parts = flag.split(separator: ",")
        var fields = ["\"kind\": \"\(parts[0])\""]
        for part in parts.dropFirst() {
            let halves = part.split(separator: "=")
            fields.append("\"\(halves[0])\": \(halves[1])")
        }
        let body = "{" + fields.joined(separator: ", ") + "}"
        let answer = try curl(["-X", "PUT", "-d", body, "http://\(self.modern)/_sample/fault"])
        #expect(answer.status == 200, "\(answer.text)")
    }

    func heal() throws {
        let answer = try curl(["-X", "DELETE", "http://\(self.modern)/_sample/fault"])
        #expect(answer.status == 204)
    }

    /// Reads records, each time another request, and waits until all are compared.
    func read(_ count: Int) throws {
        let result = try runCommand(
            "python3",
            ["-c", Self.readScript, "\(self.edge.port)", "\(self.asked)", "\(count)"],
            seconds: 120
        )
        #expect(result.status == 0, "\(result.error)")
        self.asked += count
        try waitUntil("\(count) reads are compared", seconds: 120) {
            try self.observed() >= self.asked
        }
    }

    private func report() throws -> DocumentNode? {
        let answer = try self.edge.banyan(["parity", "report", "virtual-care", "--format", "json"])
        guard answer.status == 0 else { return nil }
        return try DocumentNode.parse(json: answer.out, file: "report")
    }

    private func observed() throws -> Int {
        var sum = 0
        for item in try self.report()?["outcomes"]?.items ?? [] {
            sum += item["count"]?.integer ?? 0
        }
        for member in try self.report()?["outcomes"]?.members ?? [] {
            sum += member.node.integer ?? 0
        }
        return sum
    }

    /// Exchanges by pointer and class.
    func counts() throws -> [String: Int] {
        let answer = try self.edge.banyan([
            "parity", "diff", "virtual-care", "--limit", "1000", "-o", "json",
        ])
        guard answer.status == 0 else { return [:] }
        let document = try DocumentNode.parse(json: answer.out, file: "diff")
        var counts: [String: Int] = [:]
        for row in document["differences"]?.items ?? [] {
            let place = "\(row["pointer"]?.text ?? "") \(row["class"]?.text ?? "")"
            counts[place, default: 0] += row["count"]?.integer ?? 0
        }
        return counts
    }

    private static let readScript = """
        import http.client, sys, time
        port, first, count = (int(text) for text in sys.argv[1:])
        edge = http.client.HTTPConnection("127.0.0.1", port)
        for number in range(first, first + count):
            edge.request("GET", f"/visits/vs-{1001 + number % 12}?n={number}",
                         headers={"Host": "acme.care.example"})
            answer = edge.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
        """
}
