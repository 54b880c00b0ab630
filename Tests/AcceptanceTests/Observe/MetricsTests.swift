// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 2: `/metrics` as Prometheus reads it, and what clients can do to it.
@Suite("Metrics of a running edge")
struct MetricsTests {
    /// In each of the three kinds: names of tenants, paths, methods.
    private static let names = 100_000

    @Test func `promtool is silent, and 100,000 tenants, paths and methods add no series`() throws {
        let legacy = try LoadOrigin(name: "legacy")
        let modern = try LoadOrigin(name: "modern")
        let migration = PlainMigration(
            name: "charts",
            legacy: legacy.address,
            modern: modern.address
        )
        let edge = try EdgeUnderTest(
            files: PlainMigration.files([migration], tenants: ["acme"]),
            binary: Places.optimisedBinary() ?? Places.binary
        )
        // Every combination of answerer, status class and method that the flood brings about.
        var random = SplitMix(state: 7)
        try self.flood(edge, 2_000, &random)
        // Verdicts come from the store, a moment after the start.
        try waitUntil("verdicts are there") {
            try curl([edge.observe("/metrics")]).text.contains("banyan_parity_verdict{")
        }
        let before = try self.series(edge)
        #expect(before.count > 50)
        try self.flood(edge, Self.names, &random)
        let after = try self.series(edge)
        #expect(after == before, "\(after.symmetricDifference(before).prefix(5))")
        // They were counted all the same.
        let page = try curl([edge.observe("/metrics")]).text
        let counted = page.split(separator: "\n").filter {
            $0.hasPrefix("banyan_http_requests_total{")
        }.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
        #expect(counted.reduce(0, +) == Self.names + 2_000)
        #expect(!page.contains("zz"))

        try edge.folder.write("page", page)
        let promtool = try runCommand(
            "/bin/sh",
            ["-c", "promtool check metrics < \(edge.folder.path("page"))"]
        )
        #expect(promtool.status == 0)
        #expect(promtool.out + promtool.error == "")
    }

    /// Sends requests whose tenant, path and method nobody has seen, a hundred in a row.
    private func flood(_ edge: EdgeUnderTest, _ count: Int, _ random: inout SplitMix) throws {
        let connection = try BlockingConnection(port: edge.port)
        for _ in 0..<(count / 100) {
            var text = ""
            for _ in 0..<100 {
                // A third is routed and known, a third unknown to the route, a third to nobody.
                let kind = random.next(below: 3)
                let word = "zz\(random.next(below: 1 << 40))"
                let method = kind == 0 ? "ZZ\(random.next(below: 1 << 40))" : "GET"
                let path = kind == 2 ? "/\(word)/\(word)" : "/charts/\(word)"
                text += """
                    \(method) \(path)?\(word)=\(word) HTTP/1.1\r
                    Host: \(word).example\r
                    X-Tenant-Id: \(kind == 0 ? "acme" : word)\r\n\r\n
                    """
            }
            guard connection.send(Array(text.utf8)) else { throw AcceptanceError("cut off") }
            for _ in 0..<100 where connection.receive() == nil {
                throw AcceptanceError("no answer")
            }
        }
    }

    /// Names and labels of the page's samples.
    private func series(_ edge: EdgeUnderTest) throws -> Set<Substring> {
        let page = try curl([edge.observe("/metrics")]).text
        return Set(
            page.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
                line.lastIndex(of: " ").map { line[..<$0] }
            }
        )
    }
}
