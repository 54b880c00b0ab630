// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Proxy

extension TestEdge {
    /// Waits until nothing of any client is left: no connection, exchange or block.
    ///
    /// `upstreamsMax`: how many upstream connections may be kept.
    func expectNothingLeft(upstreamsMax: UInt64, _ situation: Comment) throws {
        do {
            try waitUntil {
                self.plane.total(.connectionsOpen) == 0 && self.plane.total(.requestsInFlight) == 0
                    && self.plane.total(.blocksUsed) == 0
            }
        } catch {
            let counts =
                "\(self.plane.total(.connectionsOpen)) connections, "
                + "\(self.plane.total(.requestsInFlight)) requests, "
                + "\(self.plane.total(.blocksUsed)) blocks"
            Issue.record("left: \(counts); \(situation)")
        }
        #expect(self.plane.total(.upstreamConnectionsOpen) <= upstreamsMax, situation)
    }
}
