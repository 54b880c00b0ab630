// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Testing

/// Sample services, and an edge with one tenant at `shadow`.
final class SampleParityWorld {
    /// The other origin of every migration.
    enum OtherOrigin {
        /// The sample's modern services.
        case modern
        /// Legacy once more: whatever differs is noise.
        case legacyItself
    }

    /// What is known of one place.
    struct Place {
        var count = 0
        var noiseCount = 0
        var candidateOnly = 0
        var noiseOnly = 0
        /// As the report judges it: `none`, `alike`, `beyond`, `unknown`.
        var noise = ""
    }

    let edge: EdgeUnderTest
    /// `HOST:PORT` of the services.
    let legacy: String
    let modern: String
    private let services: [ChildProcess]
    private var asked: [String: Int] = [:]

    init(_ migrations: [String] = ["virtual-care"], other: OtherOrigin = .modern) throws {
        let services = try ["legacy", "modern"].map { origin in
            try ChildProcess(
                Places.binary.path,
                ["sample", origin, "--listen", "127.0.0.1:0"]
            )
        }
        let addresses = try services.map { try $0.waitForOutput("on (127\\.0\\.0\\.1:[0-9]+)")[1] }
        self.services = services
        self.legacy = addresses[0]
        self.modern = addresses[1]
        let isItself = other == .legacyItself
        var files = PlainMigration.files(
            migrations.map {
                PlainMigration(name: $0, legacy: addresses[0], modern: addresses[1])
            },
            tenants: ["acme"]
        )
        for name in migrations {
            files["Routes/\(name).yaml"] = Self.routeFile(
                name,
                legacy: addresses[0],
                modern: addresses[isItself ? 0 : 1],
                path: isItself ? Self.legacyPath : "/api/v1/virtual-care/sessions/{id}"
            )
        }
        self.edge = try EdgeUnderTest(
            files: files,
            binary: Places.optimisedBinary() ?? Places.binary
        )
        for name in migrations {
            let flip = try self.edge.banyan(["flip", "acme/\(name)", "shadow", "--reason", "t"])
            #expect(flip.status == 0, "\(flip.error)")
        }
    }

    private static let legacyPath = "/api/v1/digital-communication/virtual-sessions/{id}"

    private static func routeFile(
        _ name: String,
        legacy: String,
        modern: String,
        path: String
    ) -> String {
        // The sample's origins differ in every answer: looking again would only cost time.
        """
        apiVersion: banyan.dev/v1
        kind: Upstream
        metadata: { name: \(name)-legacy }
        spec: { endpoints: ["\(legacy)"] }
        ---
        apiVersion: banyan.dev/v1
        kind: Upstream
        metadata: { name: \(name)-modern }
        spec: { endpoints: ["\(modern)"] }
        ---
        apiVersion: banyan.dev/v1
        kind: MigrationRoute
        metadata: { name: \(name) }
        spec:
          matches: [{ path: { type: Template, value: "/\(name)/{id}" } }]
          legacy: { upstream: \(name)-legacy, path: "\(legacyPath)" }
          modern: { upstream: \(name)-modern, path: "\(path)" }
          parity:
            again: 100%
            againPerMinute: 60000
            rechecks: \(legacy == modern ? 1 : 0)
            recheckAfter: 1ms
            zeroTolerance: [/patientId]
            json:
              instant:
                - { path: /scheduledAt, skew: 0s }
                - { path: "/participants/*/joinedAt", skew: 0s }

        """
    }

    // MARK: Services

    /// Puts faults (JSON, one or a list) in force in a service.
    func plant(_ faults: String, in service: String? = nil) throws {
        let url = "http://\(service ?? self.modern)/_sample/fault"
        let answer = try curl(["-X", "PUT", "-d", faults, url])
        #expect(answer.status == 200, "\(faults): \(answer.text)")
    }

    /// No fault is in force in modern's services any more.
    func heal() throws {
        let answer = try curl(["-X", "DELETE", "http://\(self.modern)/_sample/fault"])
        #expect(answer.status == 204)
    }

    /// Changes the records that are read, in both services, as a migration of data does.
    func change() throws {
        for number in 0..<Self.records {
            for (service, path) in [
                (self.legacy, "/api/v1/digital-communication/virtual-sessions"),
                (self.modern, "/api/v1/virtual-care/sessions"),
            ] {
                let answer = try curl([
                    "-X", "PATCH", "-H", "X-Tenant-Id: acme", "-d", #"{"status":"moved"}"#,
                    "http://\(service)\(path)/vs-\(1_001 + number)",
                ])
                #expect(answer.status == 200, "\(answer.text)")
            }
        }
    }

    // MARK: Traffic

    private static let records = 12

    /// Reads records, each time another request, and waits until all are compared and read again.
    ///
    /// In portions that the queue of re-reads holds, so that none is left out.
    func read(_ count: Int, of migration: String = "virtual-care") throws {
        var left = count
        while left > 0 {
            let portion = min(left, 200)
            let first = self.asked[migration] ?? 0
            let result = try runCommand(
                "python3",
                ["-c", Self.readScript, "\(self.edge.port)", migration, "\(first)", "\(portion)"],
                seconds: 120
            )
            #expect(result.status == 0, "\(result.error)")
            self.asked[migration] = first + portion
            left -= portion
            try waitUntil("\(first + portion) reads are compared", seconds: 120) {
                try self.observed(migration) >= first + portion
            }
        }
    }

    private func report(_ migration: String) throws -> DocumentNode? {
        let answer = try self.edge.banyan(["parity", "report", migration, "--format", "json"])
        guard answer.status == 0 else { return nil }
        return try DocumentNode.parse(json: answer.out, file: "report")
    }

    private func observed(_ migration: String) throws -> Int {
        let outcomes = try self.report(migration)?["outcomes"]
        return Self.outcomes.reduce(0) { $0 + (outcomes?[$1]?.integer ?? 0) }
    }

    /// Every sampled exchange ends in one of them.
    private static let outcomes = [
        "match", "mismatch", "modern_failed", "legacy_failed", "both_failed", "raced", "unobserved",
    ]

    /// Second reads of legacy, and those that differed from the first.
    func noise(of migration: String) throws -> (reads: Int, differed: Int) {
        let noise = try self.report(migration)?["noise"]
        return (noise?["reads"]?.integer ?? 0, noise?["differed"]?.integer ?? 0)
    }

    /// What is known, by pointer and class.
    func places(_ migration: String = "virtual-care") throws -> [String: Place] {
        let answer = try self.edge.banyan([
            "parity", "diff", migration, "--limit", "1000", "-o", "json",
        ])
        guard answer.status == 0 else { return [:] }
        let document = try DocumentNode.parse(json: answer.out, file: "diff")
        var places: [String: Place] = [:]
        for row in document["differences"]?.items ?? [] {
            let name = "\(row["pointer"]?.text ?? "") \(row["class"]?.text ?? "")"
            var place = places[name] ?? Place()
            place.count += row["count"]?.integer ?? 0
            place.noiseCount += row["noiseCount"]?.integer ?? 0
            place.candidateOnly += row["candidateOnly"]?.integer ?? 0
            place.noiseOnly += row["noiseOnly"]?.integer ?? 0
            place.noise = row["noise"]?.text ?? ""
            places[name] = place
        }
        return places
    }

    private static let readScript = """
        import http.client, sys
        port, migration = int(sys.argv[1]), sys.argv[2]
        first, count = int(sys.argv[3]), int(sys.argv[4])
        edge = http.client.HTTPConnection("127.0.0.1", port)
        for number in range(first, first + count):
            edge.request("GET", f"/{migration}/vs-{1001 + number % 12}?n={number}",
                         headers={"Host": "acme.care.example"})
            answer = edge.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
        """
}
