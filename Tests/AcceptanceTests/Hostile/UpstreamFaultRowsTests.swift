// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4, "Done when" 5: whatever an origin does, the client has a right status or can tell that
/// its answer is not whole, and the next request is served.
@Suite("Faults of origins")
struct UpstreamFaultRowsTests {
    @Test func `every fault, method and kind of body has its outcome over HTTP 1`() throws {
        let origin = try PeerProgram.origin("fault_origin.py")
        let edge = try EdgeUnderTest(files: Self.files(origin, []))
        let rows = try PeerProgram.rows("fault_rows.py", ["\(edge.port)", "h1"])
        #expect(rows.wrong == [])
        #expect(rows["rows"] > 1_700)
        try Self.expectNothingLeft(edge, rows)
    }

    @Test func `every fault of an HTTP 1 origin has its outcome for clients of HTTP 2`() throws {
        guard let python = PeerProgram.python() else { return }
        let origin = try PeerProgram.origin("fault_origin.py")
        let edge = try EdgeUnderTest(files: Self.files(origin, []))
        let rows = try PeerProgram.rows("fault_rows.py", ["\(edge.port)", "h2"], python: python)
        #expect(rows.wrong == [])
        #expect(rows["rows"] > 1_700)
        try Self.expectNothingLeft(edge, rows)
    }

    @Test(arguments: ["h1", "h2"])
    func `every fault of an HTTP 2 origin has its outcome`(client: String) throws {
        guard let python = PeerProgram.python() else { return }
        let origin = try PeerProgram.origin("h2_fault_origin.py", python: python)
        let edge = try EdgeUnderTest(files: Self.files(origin, ["protocol: http2"]))
        let rows = try PeerProgram.rows(
            "fault_rows.py",
            ["\(edge.port)", client, "h2_fault_table"],
            python: python
        )
        #expect(rows.wrong == [])
        #expect(rows["rows"] > 700)
        try Self.expectNothingLeft(edge, rows)
    }

    /// One route of `/charts` with short deadlines to the origin.
    static func files(_ origin: PeerOrigin, _ upstream: [String]) -> [String: String] {
        let migration = PlainMigration(
            name: "charts",
            legacy: origin.address,
            modern: origin.address,
            upstream: upstream,
            route: ["timeouts: { connect: 2s, firstByte: 1500ms, idle: 1500ms, total: 4s }"]
        )
        return PlainMigration.files([migration], tenants: ["acme"])
    }

    /// It runs, every failure is counted once, and nothing that failed holds memory or sockets.
    static func expectNothingLeft(_ edge: EdgeUnderTest, _ rows: PeerRows) throws {
        #expect(edge.child.isRunning)
        #expect(try edge.metric("banyan_answers_cut_short_total") == rows["cuts"])
        #expect(try edge.metric("banyan_upstream_failures_total") >= rows["problems"])
        for gauge in ["http_requests_in_flight", "connections_open", "blocks_used"] {
            try waitUntil("banyan_\(gauge) is 0") { try edge.metric("banyan_\(gauge)") == 0 }
        }
    }
}
