// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4, "Done when" 1: every way in before every way out, with clients and origins not ours.
@Suite("Protocols in pairs")
struct PairingTests {
    @Test func `HTTP 1 and 2, clear and TLS, carry every exchange to origins of each kind`() throws
    {
        guard let python = PeerProgram.python(), let certificates = try Certificates.make() else {
            return
        }
        let origins = try SecureEdge.echoes(certificates, python)
        let world = try SecureEdge(certificates, origins.ways)
        let rows = try PeerProgram.rows(
            "pairing_rows.py",
            world.arguments + origins.ways.map { "/\($0.name)" },
            python: python
        )
        #expect(rows.wrong == [])
        #expect(rows["rows"] > 500)
        #expect(world.edge.child.isRunning)
        for gauge in ["http_requests_in_flight", "connections_open", "blocks_used"] {
            try waitUntil("banyan_\(gauge) is 0") { try world.edge.metric("banyan_\(gauge)") == 0 }
        }
    }
}
