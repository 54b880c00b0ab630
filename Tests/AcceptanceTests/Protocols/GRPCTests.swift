// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4: gRPC passes end to end, between a client and a server of grpcio.
@Suite("gRPC")
struct GRPCTests {
    /// A route for the echo service and for health, whose paths cannot have a prefix.
    private static func routeFile(_ address: String, _ upstream: [String]) -> String {
        let members = ["endpoints: [\"\(address)\"]", "protocol: http2"] + upstream
        return """
            apiVersion: banyan.dev/v1
            kind: Upstream
            metadata: { name: grpc }
            spec: { \(members.joined(separator: ", ")) }
            ---
            apiVersion: banyan.dev/v1
            kind: MigrationRoute
            metadata: { name: plain }
            spec:
              matches:
                - path: { type: PathPrefix, value: "/banyan.test.Echo" }
                - path: { type: PathPrefix, value: "/grpc.health.v1.Health" }
              legacy: { upstream: grpc }
              modern: { upstream: grpc }
              stages: [legacy, shadow, live, modern]
              tenant: required

            """
    }

    @Test func `every kind of call passes end to end, in clear text and over TLS`() throws {
        guard let python = PeerProgram.python(), let certificates = try Certificates.make() else {
            return
        }
        let leaf = [certificates.path("edge.pem"), certificates.path("edge.key")]
        for (name, more, upstream) in [
            ("clear", [], []), ("secure", leaf, [certificates.upstream()]),
        ] {
            let origin = try PeerProgram.origin("grpc_origin.py", [name] + more, python: python)
            // The flag of the route `plain` comes with a migration of that name.
            let unused = SecureEdge.Way(name: "plain", address: origin.address)
            let world = try SecureEdge(
                certificates,
                [unused],
                files: ["Routes/plain.yaml": Self.routeFile(origin.address, upstream)]
            )
            for arguments in [
                ["\(world.edge.port)", name],
                ["\(world.tlsPort)", name, certificates.authority],
            ] {
                let rows = try PeerProgram.rows("grpc_rows.py", arguments, python: python)
                #expect(rows.wrong == [], "\(name)")
                #expect(rows["rows"] == 24, "\(name)")
            }
            #expect(world.edge.child.isRunning)
        }
    }
}
