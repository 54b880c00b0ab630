// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4: endpoints are looked at, by http, tcp and gRPC.
@Suite("Health checks", .serialized)
struct HealthCheckTests {
    private func active(_ fields: String) -> String {
        "health: { active: { \(fields), interval: 100ms, healthyAfter: 1, unhealthyAfter: 2 } }"
    }

    private func wait(
        _ edge: EdgeUnderTest,
        _ states: [String],
        _ why: String? = nil
    ) throws {
        try waitUntil("\(states) \(why ?? "")") {
            let rows = try edge.endpoints(of: "charts-legacy")
            return rows.map(\.state) == states
                && (why == nil || rows.contains { $0.reason?.contains(why ?? "") == true })
        }
    }

    @Test func `an endpoint that is killed is told within a few checks, and when it is back`()
        throws
    {
        let ports = try freePorts(1)
        let first = try LoadOrigin(name: "first")
        var second: LoadOrigin? = try LoadOrigin(name: "second", port: ports[0])
        let edge = try upstreamEdge(
            endpoints: "\"\(first.address)\", \"127.0.0.1:\(ports[0])\"",
            [self.active("type: tcp")]
        )
        try self.wait(edge, ["healthy", "healthy"])
        let client = SteadyClient(
            port: edge.port,
            path: "/charts/a",
            fields: "X-Tenant-Id: acme\r\n"
        )
        client.start()
        try waitUntil("both serve") { first.readCount > 20 && (second?.readCount ?? 0) > 20 }
        second = nil
        try self.wait(edge, ["healthy", "unhealthy"], "connection refused")
        let table = try edge.banyan(["status"]).out
        #expect(table.contains("connection refused"))
        second = try LoadOrigin(name: "second", port: ports[0])
        try self.wait(edge, ["healthy", "healthy"])
        try waitUntil("the second serves again") { (second?.readCount ?? 0) > 20 }
        let result = client.finish()
        #expect(result.failed.isEmpty, "\(result.failed.prefix(3))")
    }

    @Test func `a gRPC server of another make says how it is`() throws {
        guard let python = PeerProgram.python() else { return }
        let origin = try PeerProgram.origin("grpc_origin.py", ["care"], python: python)
        let well = try upstreamEdge(
            endpoints: "\"\(origin.address)\"",
            [self.active("type: grpc")]
        )
        try self.wait(well, ["healthy"])
        let unknown = try upstreamEdge(
            endpoints: "\"\(origin.address)\"",
            [self.active("type: grpc, service: care.Nobody")]
        )
        try self.wait(unknown, ["unhealthy"], "gRPC status 5")
        origin.child.signal(SIGKILL)
        try self.wait(well, ["unhealthy"], "connection refused")
    }
}
