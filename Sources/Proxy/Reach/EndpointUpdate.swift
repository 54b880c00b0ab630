// SPDX-License-Identifier: Apache-2.0

import Bytes
public import Kernel

/// What has changed about endpoints while the routes stayed: where they are, whether they are well.
///
/// It comes behind the snapshot that names the endpoints, through the same mailbox.
public struct EndpointUpdate: Sendable {
    /// One endpoint.
    public struct Entry: Sendable {
        /// The endpoint's number, the same over reloads.
        public var number: UInt32
        /// Where it is now; `nil`: its name has no address.
        public var address: SocketAddress?
        /// What the last active checks have found; `true` where nobody looks.
        public var isHealthy: Bool

        /// An entry from its parts.
        public init(number: UInt32, address: SocketAddress?, isHealthy: Bool) {
            self.number = number
            self.address = address
            self.isHealthy = isHealthy
        }
    }

    /// The endpoints that have changed, each once.
    public var entries: [Entry]

    /// An update from its entries.
    public init(_ entries: [Entry]) { self.entries = entries }
}

extension Reactor {
    /// Takes new addresses and verdicts; what is in work goes on where it is.
    ///
    /// Endpoints of no snapshot so far are left alone.
    mutating func take(_ update: EndpointUpdate) {
        for entry in update.entries {
            precondition(Int(entry.number) < Limits.endpointsMax, "endpoint \(entry.number)")
            for isCopy in [false, true] {
                let pool = Int(UpstreamPool.number(endpoint: entry.number, isCopy: isCopy))
                guard self.pools[pool].hasAddress else { continue }
                self.move(pool: pool, to: entry.address ?? SocketAddress())
                self.setHealth(pool, isHealthy: entry.isHealthy)
            }
            self.publishHealth(entry.number)
        }
    }

    /// A check's verdict: who comes back begins slowly, who waits at one that is ill chooses again.
    private mutating func setHealth(_ pool: Int, isHealthy: Bool) {
        guard self.pools[pool].isUnhealthy == isHealthy else { return }
        self.pools[pool].isUnhealthy = !isHealthy
        if isHealthy {
            // A check that has looked knows more than the memory of earlier failures.
            self.pools[pool].failuresInRow = 0
            self.pools[pool].ejectedUntil = 0
            self.pools[pool].slowStartFrom = self.nowMilliseconds
        } else {
            self.moveWaiting(pool)
        }
    }

    /// New connections of a pool go elsewhere from now on; idle ones close, since who listens at
    /// the old address may be somebody else tomorrow.
    ///
    /// Busy ones close when their answer is complete (``UpstreamConnection/addressSerial``). What
    /// was learnt of the old address is forgotten.
    private mutating func move(pool: Int, to address: SocketAddress) {
        guard self.pools[pool].address != address else { return }
        self.pools[pool].address = address
        self.pools[pool].addressSerial &+= 1
        self.pools[pool].failuresInRow = 0
        self.pools[pool].ejections = 0
        self.pools[pool].ejectedUntil = 0
        self.pools[pool].slowStartFrom = self.nowMilliseconds
        while self.pools[pool].firstIdle != .max,
            let idle = self.upstreams.handle(at: self.pools[pool].firstIdle)
        {
            self.closeUpstream(idle)
        }
        var carrier = self.pools[pool].firstCarrier
        while carrier != .max {
            let next = self.upstreams[carrier].nextIdle
            self.upstreamCarriers[Int(carrier)].isEnding = true
            // One without a stream closes at once, the others with their last one.
            if self.upstreams[carrier].step == .carrier,
                let handle = self.upstreams.handle(at: carrier)
            {
                self.resumeUpstream(handle)
            }
            carrier = next
        }
        if address.length == 0 { self.moveWaiting(pool) }
    }
}
