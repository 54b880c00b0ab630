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

    /// `calls`: Status and LateStatus, of which Status is declared safe, from two origins.
    private static func twoOrigins(_ legacy: PeerOrigin, _ modern: PeerOrigin) -> String {
        let upstreams = [("legacy", legacy, ""), ("modern", modern, passive)].map {
            name,
            at,
            more in
            """
            apiVersion: banyan.dev/v1
            kind: Upstream
            metadata: { name: calls-\(name) }
            spec: { endpoints: ["\(at.address)"], protocol: http2\(more) }
            ---

            """
        }
        return upstreams.joined() + """
            apiVersion: banyan.dev/v1
            kind: MigrationRoute
            metadata: { name: plain }
            spec:
              matches:
                - path: { type: PathPrefix, value: "/banyan.test.Echo" }
              legacy: { upstream: calls-legacy }
              modern: { upstream: calls-modern }
              stages: [legacy, shadow, live, modern]
              tenant: required
              data: shared
              safe: ["POST /banyan.test.Echo/Status"]

            """
    }

    /// An edge of one worker whose only route is `routeFile`.
    private static func edge(_ routeFile: String) throws -> EdgeUnderTest {
        // The flag of the route `plain` comes with a migration of that name.
        let unused = PlainMigration(name: "plain", legacy: "unused", modern: "unused")
        let files = PlainMigration.files([unused], tenants: ["acme"])
        return try EdgeUnderTest(
            files: files.merging(["Routes/plain.yaml": routeFile]) { $1 },
            workers: 1
        )
    }

    /// What comes of the calls `METHOD/STATUS`, in order.
    private static func calls(
        _ edge: EdgeUnderTest,
        _ python: String,
        _ words: [String]
    ) throws -> [String] {
        try PeerProgram.rows("grpc_calls.py", ["\(edge.port)"] + words, python: python).wrong
    }

    private static let passive = ", health: { passive: { failures: 100, ejectFor: 1s } }"

    @Test func `a call's status rescues at live, blames its endpoint, and is counted and logged`()
        throws
    {
        guard let python = PeerProgram.python() else { return }
        let origins = try ["legacy", "modern"].map {
            try PeerProgram.origin("grpc_origin.py", [$0], python: python)
        }
        let edge = try Self.edge(Self.twoOrigins(origins[0], origins[1]))
        for stage in ["shadow", "live"] {
            let flip = try edge.banyan(["flip", "acme/plain", stage, "--reason", "test"])
            #expect(flip.status == 0, "\(flip.error)")
        }
        // UNKNOWN, INTERNAL, UNAVAILABLE, DATA_LOSS are the origin's fault; the others are answers.
        // LateStatus is a POST that nobody has declared safe, and its first message has gone out.
        let seen = try Self.calls(
            edge,
            python,
            [
                "Status/0", "Status/2", "Status/13", "Status/14", "Status/15", "Status/4",
                "Status/5",
                "Status/12", "LateStatus/0", "LateStatus/14", "LateStatus/5",
            ]
        )
        #expect(
            seen == [
                "Status/0 modern OK", "Status/2 legacy OK", "Status/13 legacy OK",
                "Status/14 legacy OK", "Status/15 legacy OK", "Status/4  DEADLINE_EXCEEDED",
                "Status/5  NOT_FOUND", "Status/12  UNIMPLEMENTED", "LateStatus/0 modern OK",
                "LateStatus/14 modern UNAVAILABLE", "LateStatus/5 modern NOT_FOUND",
            ]
        )
        let page = try curl([edge.observe("/metrics")]).text
        func figure(_ line: String) -> Bool { page.contains("\n" + line + "\n") }
        #expect(try edge.metric("banyan_rescues_total") == 4)
        let calls = "banyan_grpc_calls_total{route=\"plain\",origin="
        for line in [
            "\"modern\",grpc_status=\"OK\"} 2", "\"legacy\",grpc_status=\"OK\"} 4",
            "\"modern\",grpc_status=\"DEADLINE_EXCEEDED\"} 1",
            "\"modern\",grpc_status=\"NOT_FOUND\"} 2",
            "\"modern\",grpc_status=\"UNIMPLEMENTED\"} 1",
            "\"modern\",grpc_status=\"UNAVAILABLE\"} 1",
        ] {
            #expect(figure(calls + line), "\(line)")
        }
        let failures = "banyan_upstream_endpoint_failures_total{upstream=\"calls-modern\""
        #expect(figure(failures + ",endpoint=\"0\"} 5"))
        try waitUntil("eleven records") { try edge.accessLog().count == 11 }
        let codes = try edge.accessLog().map { $0["rpc.grpc.status_code"] as? Int }
        #expect(codes == [0, 0, 0, 0, 0, 4, 5, 12, 0, 14, 5])
        let rescued = try edge.accessLog().map { $0["banyan.rescued"] as? Bool ?? false }
        #expect(rescued == [false, true, true, true, true] + .init(repeating: false, count: 6))
    }

    @Test func `an endpoint whose calls end UNAVAILABLE behind messages is ejected`() throws {
        guard let python = PeerProgram.python() else { return }
        let origins = try ["modern-a", "modern-b"].map {
            try PeerProgram.origin("grpc_origin.py", [$0], python: python)
        }
        let address = origins[0].address + "\", \"" + origins[1].address
        let passive = ["health: { passive: { failures: 3, ejectFor: 60s } }"]
        let edge = try Self.edge(Self.routeFile(address, passive))
        // Turn by turn: each endpoint fails twice, and an OK between makes good again.
        let failing = Array(repeating: "LateStatus/14", count: 4)
        let good = Array(repeating: "LateStatus/0", count: 2)
        _ = try Self.calls(edge, python, failing + good + failing)
        let name = "banyan_upstream_endpoint_ejections_total{upstream=\"grpc\",endpoint="
        let before = try curl([edge.observe("/metrics")]).text
        #expect(!before.contains(name + "\"0\"} 1") && !before.contains(name + "\"1\"} 1"))
        // One more failure for each: one of the two, not both, is out (half of them at most).
        _ = try Self.calls(edge, python, ["LateStatus/14", "LateStatus/14"])
        let after = try curl([edge.observe("/metrics")]).text
        #expect(after.contains(name + "\"0\"} 1") != after.contains(name + "\"1\"} 1"))
    }
}
