// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4, "Done when" 1: every MUST of RFC 9113 and RFC 7541 that a client can provoke.
///
/// The rows stand in `Tests/Peers/h2_rules.py`, as bytes, with what has to follow.
@Suite("Rules of HTTP 2")
struct H2RulesTests {
    @Test func `every rule that a client can break has its answer, in clear text and over TLS`()
        throws
    {
        guard let python = PeerProgram.python(), let certificates = try Certificates.make() else {
            return
        }
        let origin = try PeerProgram.origin("noting_origin.py")
        let world = try SecureEdge(
            certificates,
            [SecureEdge.Way(name: "charts", address: origin.address)]
        )
        for arguments in [
            ["\(world.edge.port)"], ["\(world.tlsPort)", world.certificates.authority],
        ] {
            let rows = try PeerProgram.rows("h2_rows.py", arguments, python: python)
            #expect(rows.wrong == [], "\(arguments.count == 1 ? "clear" : "TLS")")
            #expect(rows["rows"] > 220)
        }
        #expect(world.edge.child.isRunning)
        for gauge in ["http_requests_in_flight", "connections_open", "blocks_used"] {
            try waitUntil("banyan_\(gauge) is 0") { try world.edge.metric("banyan_\(gauge)") == 0 }
        }
    }
}
