// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration

// Passive health: what clients' exchanges learn of an endpoint. Copies learn nothing for clients;
// they only stay away from where clients stay away.

extension ExchangeError {
    /// The endpoint is to blame: this counts towards its ejection.
    var isEndpointFault: Bool {
        switch self {
        case .connectFailed, .connectTimedOut, .tlsFailed, .closedBeforeHead, .badHead,
            .firstByteTimedOut:
            true
        case .noAddress, .poolExhausted, .breakerOpen, .outOfResources, .totalTimedOut, .cutShort,
            .clientGone, .clientBadBody, .clientTooSlow, .headTooLong, .streamMoved:
            false
        }
    }
}

extension Reactor {
    /// An endpoint has answered a client's request with a final head.
    mutating func noteAnswer(_ e: UInt32, status: UInt16) {
        guard self.exchanges[e].kind == .client else { return }
        if status >= 500 {
            self.noteFailure(e)
            return
        }
        let pool = Int(self.exchanges[e].pool)
        if self.pools[pool].failuresInRow != 0 { self.pools[pool].failuresInRow = 0 }
    }

    /// An error of an exchange, before anything of it is undone.
    ///
    /// `onReused`: a connection that was closed while it was given a request is no failure.
    mutating func noteError(_ e: UInt32, _ error: ExchangeError, onReused: Bool) {
        guard self.exchanges[e].kind == .client, self.exchanges[e].pool != .max else { return }
        if error.mayBeLostRace, onReused { return }
        // A body that breaks off was begun by an endpoint that lives; but it did not end it.
        guard error.isEndpointFault || (error == .cutShort && self.exchanges[e].place != .max)
        else { return }
        self.noteFailure(e)
    }

    private mutating func noteFailure(_ e: UInt32) {
        let pool = Int(self.exchanges[e].pool)
        self.pools[pool].failuresInRow &+= 1
        self.counters.add(MetricsLayout.endpoint(self.pools[pool].endpoint, .failures), 1)
        guard self.exchanges[e].upstreamIndex != .max else { return }
        let upstream = self.upstreamRecord(e)
        let least = UInt32(upstream.policy.ejectionFailures)
        guard least > 0, self.pools[pool].failuresInRow >= least,
            self.pools[pool].ejectedUntil <= self.nowMilliseconds
        else { return }
        self.eject(pool, upstream, self.snapshots.view(self.exchanges[e].snapshotSlot))
    }

    /// Takes an endpoint out for a while, unless too many are out already.
    private mutating func eject(_ pool: Int, _ upstream: UpstreamRecord, _ view: SnapshotView) {
        var count = 0
        var ejected = 0
        for turn in 0..<upstream.endpointCount {
            let other = self.clientPool(view, upstream, turn)
            guard self.pools[other].address.length > 0 else { continue }
            count += 1
            if self.pools[other].ejectedUntil > self.nowMilliseconds { ejected += 1 }
        }
        let most = ejectableCount(
            of: count,
            atMostPermyriad: upstream.policy.ejectedAtMostPermyriad
        )
        guard ejected < most else { return }
        let first = upstream.policy.ejectForMilliseconds
        // One that stood for as long as it was out has paid.
        let earlier = self.pools[pool].ejectedUntil
        if self.nowMilliseconds > earlier &+ self.pools[pool].ejectedForMilliseconds {
            self.pools[pool].ejections = 0
        }
        let time = ejectionMilliseconds(first: first, earlier: self.pools[pool].ejections)
        self.pools[pool].ejections &+= 1
        self.pools[pool].ejectedForMilliseconds = time
        self.pools[pool].ejectedUntil = self.nowMilliseconds &+ time
        self.pools[pool].slowStartFrom = self.pools[pool].ejectedUntil
        // On trial when it comes back: one more failure and it is out again.
        self.pools[pool].failuresInRow = UInt32(upstream.policy.ejectionFailures) &- 1
        let endpoint = self.pools[pool].endpoint
        self.counters.add(MetricsLayout.endpoint(endpoint, .ejections), 1)
        let word = MetricsLayout.endpoint(endpoint, .ejectedUntil)
        self.counters.store(word, self.pools[pool].ejectedUntil)
        self.moveWaiting(pool)
    }

    /// Exchanges that wait for an endpoint which is no longer fit, or gone, choose again.
    mutating func moveWaiting(_ pool: Int) {
        while let waiting = self.dequeueWaiting(pool: pool) {
            guard let exchange = self.exchanges.handle(at: waiting) else { continue }
            self.leavePlace(waiting)
            self.exchanges[waiting].isUnreached = true
            self.giveWay(exchange)
        }
    }
}
