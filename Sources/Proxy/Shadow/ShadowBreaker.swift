// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration

// The breaker of an upstream's copies: an origin that fails costs clients' workers nothing but a
// count, and one that comes back is found by a single copy, not by the full stream.
//
//     closed ──(failures in a row)──▶ open ──(pause)──▶ half open: one probe
//        ▲                              ▲                  │        │
//        └──────────── an answer ───────┼──────────────────┘        │
//                                       └────── it failed ──────────┘

/// The pool whose record holds an upstream's breaker: that of its first endpoint's copies.
func breakerPool(_ view: SnapshotView, _ upstream: UInt32) -> Int {
    let number = view.endpoint(view.upstream(upstream).firstEndpoint).number
    return Int(UpstreamPool.number(endpoint: number, isCopy: true))
}

extension Reactor {
    /// Whether no copy may be made now: the pause is not over, or the probe has not come back.
    func breakerRefuses(_ pool: Int) -> Bool {
        let open = self.pools[pool].openUntil
        return open > 0 && (open > self.nowMilliseconds || self.pools[pool].isProbed)
    }

    /// A copy starts: where the breaker is open and the pause is over, it is the probe.
    mutating func passBreaker(_ e: UInt32) {
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let pool = breakerPool(view, self.exchanges[e].upstreamIndex)
        self.exchanges[e].breaker = UInt32(pool)
        self.exchanges[e].isProbe = self.pools[pool].openUntil > 0
        if self.exchanges[e].isProbe { self.pools[pool].isProbed = true }
    }

    /// A copy was answered: its origin lives.
    mutating func closeBreaker(_ e: UInt32) {
        let pool = Int(self.exchanges[e].breaker)
        self.pools[pool].failures = 0
        self.pools[pool].openUntil = 0
    }

    /// A copy failed: one failure too many in a row, or that of the probe, begins a pause.
    mutating func countFailure(_ e: UInt32) {
        let pool = Int(self.exchanges[e].breaker)
        self.pools[pool].failures &+= 1
        let isOpen = self.pools[pool].openUntil > 0
        // Copies that were on their way when it opened do not make the pause longer.
        guard
            isOpen
                ? self.exchanges[e].isProbe
                : self.pools[pool].failures >= UInt32(self.limits.shadowFailuresMax)
        else { return }
        self.pools[pool].openUntil =
            self.nowMilliseconds &+ UInt64(self.limits.shadowBreakerMilliseconds)
    }

    /// A copy is over, however: the next one may be the probe.
    mutating func endProbe(_ e: UInt32) {
        guard self.exchanges[e].isProbe else { return }
        self.exchanges[e].isProbe = false
        self.pools[Int(self.exchanges[e].breaker)].isProbed = false
    }
}
