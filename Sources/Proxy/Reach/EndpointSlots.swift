// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import TLS

extension Reactor {
    /// Gives every endpoint's pools their address and bounds; connections there stay.
    ///
    /// `isFirst`: the worker starts, and nobody comes back to anything.
    mutating func preparePools(_ view: SnapshotView, isFirst: Bool = false) {
        for index in 0..<view.upstreamCount {
            let upstream = view.upstream(index)
            for turn in 0..<upstream.endpointCount {
                let endpoint = view.endpoint(upstream.firstEndpoint &+ turn)
                for isCopy in [false, true] {
                    let pool = Int(
                        UpstreamPool.number(endpoint: endpoint.number, isCopy: isCopy)
                    )
                    self.prepare(pool, endpoint, view, isFirst: isFirst)
                    self.pools[pool].upstream = upstream.number
                    self.pools[pool].countMax =
                        isCopy
                        ? UInt32(Limits.shadowConnectionsPerUpstreamMax)
                        : upstream.connectionsMax
                    self.pools[pool].speaksHTTP2 =
                        Int(endpoint.number) < self.transports.endpoints.count
                        && self.transports.endpoints[Int(endpoint.number)].speaksHTTP2
                    self.pools[pool].pendingMax =
                        isCopy ? UInt32(Limits.shadowQueueMax) : upstream.policy.pendingMax
                }
                self.publishHealth(endpoint.number)
            }
        }
    }

    private mutating func prepare(
        _ pool: Int,
        _ endpoint: EndpointRecord,
        _ view: SnapshotView,
        isFirst: Bool
    ) {
        if !self.pools[pool].hasAddress {
            self.pools[pool] = UpstreamPool()
            self.pools[pool].hasAddress = true
            self.pools[pool].endpoint = endpoint.number
            self.pools[pool].slowStartFrom = isFirst ? 0 : self.nowMilliseconds
        }
        guard self.pools[pool].address.length == 0 else { return }
        // Later addresses come as updates, newer than any snapshot.
        self.pools[pool].address = SocketAddress(bytes: view.window(endpoint.address).array)
    }

    /// Gauges of one endpoint.
    mutating func publishHealth(_ number: UInt32) {
        let pool = self.pools[Int(UpstreamPool.number(endpoint: number, isCopy: false))]
        let state: EndpointHealth =
            pool.address.length == 0 ? .noAddress : pool.isUnhealthy ? .unhealthy : .healthy
        self.counters.store(MetricsLayout.endpoint(number, .health), UInt64(state.rawValue))
    }
}
