// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// design.md 4: a tenant header counts from a trusted peer only, and agrees with the other sources.
@Suite("Trusted tenant header")
struct TrustedHeaderTests {
    private func edge(_ origin: PythonOrigin, trusted: String) throws -> EdgeUnderTest {
        let migration = PlainMigration(
            name: "charts",
            legacy: origin.address,
            modern: origin.address
        )
        return try EdgeUnderTest(
            files: PlainMigration.files([migration], tenants: ["acme", "globex"]),
            trustedPeers: trusted
        )
    }

    /// What the origin was told of the tenant; the status where there was no answer of the origin.
    private func told(_ edge: EdgeUnderTest, _ options: [String]) throws -> String {
        let answer = try edge.ask("/charts/a", options)
        guard answer.status == 200 else { return "\(answer.status)" }
        let object = try JSONSerialization.jsonObject(with: answer.body) as? [String: Any]
        let fields = object?["headers"] as? [[String]] ?? []
        let values = fields.filter { $0[0].lowercased() == "x-tenant-id" }.map { $0[1] }
        return values.joined(separator: ",")
    }

    @Test func `from a trusted peer the header names the tenant, and must agree with the host`()
        throws
    {
        let origin = try PythonOrigin.telling(name: "legacy")
        let edge = try self.edge(origin, trusted: "127.0.0.0/8")
        let header = ["-H", "X-Tenant-Id: acme"]
        #expect(try self.told(edge, header) == "acme")
        #expect(try self.told(edge, header + ["-H", "Host: acme.care.example"]) == "acme")
        #expect(try self.told(edge, header + ["-H", "Host: globex.care.example"]) == "403")
        #expect(try self.told(edge, header + ["-H", "X-Tenant-Id: globex"]) == "403")
        #expect(try self.told(edge, ["-H", "X-Tenant-Id: nobody"]) == "403")
        let metrics = try curl([edge.observe("/metrics")]).text
        #expect(!metrics.contains("banyan_tenant_conflicts_total 0"))
    }

    @Test func `from any other peer the header is removed and says nothing`() throws {
        let origin = try PythonOrigin.telling(name: "legacy")
        let edge = try self.edge(origin, trusted: "192.0.2.0/24")
        #expect(try self.told(edge, ["-H", "X-Tenant-Id: acme"]) == "403")
        let forged = ["-H", "Host: globex.care.example", "-H", "X-Tenant-Id: acme"]
        #expect(try self.told(edge, forged) == "globex")
        let metrics = try curl([edge.observe("/metrics")]).text
        #expect(metrics.contains("banyan_tenant_conflicts_total 0"))
        #expect(!metrics.contains("banyan_identity_fields_removed_total 0"))
    }
}
