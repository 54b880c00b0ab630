// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration

/// One worker's view of an upstream as a whole: plain numbers, by the upstream's stable number.
///
/// Zero is the state of an upstream that nobody has asked.
struct UpstreamState: BitwiseCopyable {
    /// The endpoint whose turn it is.
    var turn: UInt32 = 0
    /// Clients' exchanges in work, waiting ones included.
    var requests: UInt32 = 0
    /// Clients' exchanges that wait for a connection.
    var pending: UInt32 = 0
    /// Connections for clients.
    var connections: UInt32 = 0
    var window = RetryWindow()
}

extension Reactor {
    /// The upstream that an exchange asks now.
    func upstreamRecord(_ e: UInt32) -> UpstreamRecord {
        self.snapshots.view(self.exchanges[e].snapshotSlot)
            .upstream(self.exchanges[e].upstreamIndex)
    }

    // MARK: Places

    /// The exchange has a place at an endpoint from now on: it counts as its load.
    mutating func takePlace(_ e: UInt32, pool: Int) {
        self.exchanges[e].place = UInt32(pool)
        self.pools[pool].inFlight &+= 1
        guard pool & 1 == 0 else { return }
        self.upstreamStates[Int(self.pools[pool].upstream)].requests &+= 1
    }

    /// The exchange has left its endpoint.
    mutating func leavePlace(_ e: UInt32) {
        guard self.exchanges[e].place != .max else { return }
        let pool = Int(self.exchanges[e].place)
        self.exchanges[e].place = .max
        precondition(self.pools[pool].inFlight > 0, "pool \(pool): more left than came")
        self.pools[pool].inFlight &-= 1
        guard pool & 1 == 0 else { return }
        self.upstreamStates[Int(self.pools[pool].upstream)].requests &-= 1
    }

    /// One more, or one less, of a pool's exchanges waits; those of copies count in their own pool
    /// only.
    mutating func countPending(pool: Int, isMore: Bool) {
        guard pool & 1 == 0 else { return }
        let upstream = Int(self.pools[pool].upstream)
        self.upstreamStates[upstream].pending &+= isMore ? 1 : UInt32.max
        let word = MetricsLayout.endpoint(self.pools[pool].endpoint, .pending)
        self.counters.add(word, isMore ? 1 : UInt64.max)
    }

    /// One more, or one less, connection of a pool is open.
    mutating func countConnection(pool: Int, isMore: Bool) {
        guard pool & 1 == 0 else { return }
        let upstream = Int(self.pools[pool].upstream)
        self.upstreamStates[upstream].connections &+= isMore ? 1 : UInt32.max
    }
}
