// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 2, "Done when" 6: what an exchange costs in allocations.
@Suite("Allocations of an exchange")
struct AllocationTests {
    @Test func `an exchange with rewrite, tenant, shadow, log and metrics allocates nothing`()
        throws
    {
        guard let binary = Places.optimisedBinary() else { return }
        let legacy = try LoadOrigin(name: "legacy")
        let modern = try LoadOrigin(name: "modern")
        let migration = PlainMigration(
            name: "charts",
            legacy: legacy.address,
            modern: modern.address
        )
        let counter = try AllocationCounter()
        let edge = try EdgeUnderTest(
            files: PlainMigration.files([migration], tenants: ["acme"]),
            environment: counter.environment,
            binary: binary
        )
        let flip = try edge.banyan(["flip", "acme/charts", "shadow", "--reason", "test"])
        #expect(flip.status == 0, "\(flip.error)")

        // What grows once (pools, tables, the list of mail) has grown after this.
        try self.exchange(200, edge, modern)
        #expect(counter.worker > 0, "workers are counted")
        let before = counter.worker
        try self.exchange(100, edge, modern)
        let afterFew = counter.worker
        try self.exchange(1_000, edge, modern)
        let afterMany = counter.worker
        #expect(afterFew - before == 0, "of 100 exchanges")
        #expect(afterMany - afterFew == 0, "of 1,000 exchanges")
        // The exchanges were what the name says.
        let metrics = try curl([edge.observe("/metrics")]).text
        #expect(metrics.contains(#"banyan_shadow_requests_total{result="answered"} 2600"#))
        try waitUntil("the log has every line") {
            lineCount(edge.folder.path("access.log")) == 2_600
        }
        let line = try #require(try edge.accessLog().last)
        #expect(line["banyan.tenant"] as? String == "acme")
    }

    /// `count` reads on each of two connections, until their copies are answered too.
    private func exchange(_ count: Int, _ edge: EdgeUnderTest, _ modern: LoadOrigin) throws {
        let copies = modern.copies
        for number in 0..<2 {
            let connection = try BlockingConnection(port: edge.port)
            for index in 0..<count {
                let request = """
                    GET /charts/items/\(index)?page=2 HTTP/1.1\r
                    Host: edge.example\r
                    X-Tenant-Id: acme\r
                    Cookie: site_user=u\(number)\r
                    Want-Bytes: 1000\r\n\r\n
                    """
                guard connection.send(Array(request.utf8)), let answer = connection.receive(),
                    answer.secondWord == "200", answer.bodyCount == 1_000,
                    answer.field("origin-name:") == "legacy"
                else { throw AcceptanceError("request \(index) was not answered by legacy") }
            }
        }
        try waitUntil("every copy is taken") { modern.copies == copies + 2 * count }
    }
}
