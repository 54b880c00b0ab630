// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel

/// One worker's connections to one endpoint for one purpose, as numbers and list heads.
///
/// Pools are numbered `2 * endpoint + purpose`, where the endpoint's number never changes while the
/// edge lives: a reload keeps connections. Client traffic and copies have separate pools, so a
/// shadow can never take a client's connection.
struct UpstreamPool: BitwiseCopyable {
    /// Head of the idle connections, last used first.
    var firstIdle = UInt32.max
    var idleCount: UInt32 = 0
    /// Connections, whatever they do.
    var count: UInt32 = 0
    var countMax: UInt32 = 0
    /// Exchanges that wait for a connection, at most.
    var pendingMax: UInt32 = 0
    /// Exchanges that have a place here: they wait, connect, or are served.
    var inFlight: UInt32 = 0
    /// Queue of exchanges that wait for a connection.
    var firstWaiting = UInt32.max
    var lastWaiting = UInt32.max
    var waitingCount: UInt32 = 0
    /// The breaker of an upstream's copies: failures in a row (`Shadow/ShadowBreaker.swift`).
    var failures: UInt32 = 0
    /// Open: no copy is made until then (worker ms); 0: closed.
    var openUntil: UInt64 = 0
    /// Half open: one copy is on its way to see whether the origin is back.
    var isProbed = false
    /// First of its HTTP/2 connections, those that come up included.
    var firstCarrier = UInt32.max
    var speaksHTTP2 = false
    /// Where the endpoint is; empty: its name has no address now.
    var address = SocketAddress()
    /// Grows with every other address: connections of an earlier one are not used again.
    var addressSerial: UInt32 = 0
    /// Active checks have found the endpoint unwell.
    var isUnhealthy = false
    /// A snapshot has named the endpoint.
    var hasAddress = false
    /// Stable numbers of whose pool this is.
    var endpoint: UInt32 = 0
    var upstream: UInt32 = 0

    // What clients' exchanges have learnt (`EndpointHealth.swift`), in the record for clients.

    var failuresInRow: UInt32 = 0
    /// Ejections in a row.
    var ejections: UInt32 = 0
    /// Out until then (worker ms); what was, stays there.
    var ejectedUntil: UInt64 = 0
    var ejectedForMilliseconds: UInt64 = 0
    /// When it came, or comes, back (worker ms); 0: it was there from the start.
    var slowStartFrom: UInt64 = 0

    /// The number of the pool of an endpoint for clients or for copies.
    static func number(endpoint: UInt32, isCopy: Bool) -> UInt32 {
        endpoint &* 2 &+ (isCopy ? 1 : 0)
    }
}

extension Reactor {
    /// Puts a connection at the head of its pool's idle list.
    mutating func pushIdle(_ index: UInt32) {
        let pool = Int(self.upstreams[index].pool)
        let first = self.pools[pool].firstIdle
        self.upstreams[index].nextIdle = first
        self.upstreams[index].previousIdle = .max
        if first != .max { self.upstreams[first].previousIdle = index }
        self.pools[pool].firstIdle = index
        self.pools[pool].idleCount &+= 1
    }

    /// Takes a connection out of its pool's idle list.
    mutating func removeIdle(_ index: UInt32) {
        let pool = Int(self.upstreams[index].pool)
        let next = self.upstreams[index].nextIdle
        let previous = self.upstreams[index].previousIdle
        if previous != .max {
            self.upstreams[previous].nextIdle = next
        } else {
            self.pools[pool].firstIdle = next
        }
        if next != .max { self.upstreams[next].previousIdle = previous }
        self.upstreams[index].nextIdle = .max
        self.upstreams[index].previousIdle = .max
        precondition(self.pools[pool].idleCount > 0, "pool \(pool): more idle than counted")
        self.pools[pool].idleCount &-= 1
    }

    /// Appends an exchange to its pool's queue.
    mutating func enqueueWaiting(_ exchange: UInt32, pool: Int) {
        self.exchanges[exchange].nextWaiting = .max
        self.exchanges[exchange].isWaiting = true
        let last = self.pools[pool].lastWaiting
        if last != .max {
            self.exchanges[last].nextWaiting = exchange
        } else {
            self.pools[pool].firstWaiting = exchange
        }
        self.pools[pool].lastWaiting = exchange
        self.pools[pool].waitingCount &+= 1
        self.countPending(pool: pool, isMore: true)
    }

    /// Takes the first exchange of a pool's queue.
    mutating func dequeueWaiting(pool: Int) -> UInt32? {
        let first = self.pools[pool].firstWaiting
        guard first != .max else { return nil }
        self.removeWaiting(first, pool: pool)
        return first
    }

    /// Takes an exchange out of its pool's queue.
    ///
    /// Linear in the queue; only for cancelled exchanges.
    mutating func removeWaiting(_ exchange: UInt32, pool: Int) {
        precondition(self.exchanges[exchange].isWaiting, "exchange \(exchange) waits nowhere")
        let next = self.exchanges[exchange].nextWaiting
        if self.pools[pool].firstWaiting == exchange {
            self.pools[pool].firstWaiting = next
            if next == .max { self.pools[pool].lastWaiting = .max }
        } else {
            var before = self.pools[pool].firstWaiting
            while self.exchanges[before].nextWaiting != exchange {
                before = self.exchanges[before].nextWaiting
            }
            self.exchanges[before].nextWaiting = next
            if next == .max { self.pools[pool].lastWaiting = before }
        }
        self.exchanges[exchange].isWaiting = false
        self.exchanges[exchange].nextWaiting = .max
        self.pools[pool].waitingCount &-= 1
        self.countPending(pool: pool, isMore: false)
    }
}
