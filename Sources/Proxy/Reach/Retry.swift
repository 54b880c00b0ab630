// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

// Further attempts at the same upstream. Three kinds, told apart because they may do different
// things: an endpoint that took no connection got nothing, so any request may go on to the next; a
// kept connection that closed as it was used (RFC 9112 9.3.1) is worth one fresh one; and an
// endpoint that failed an idempotent request is worth another endpoint, within a budget.

extension Reactor {
    /// Another endpoint of the same upstream, after one took no connection: nothing was sent yet,
    /// so any request may try it.
    ///
    /// `true`: it is being tried.
    mutating func reachNextEndpoint(_ exchange: Handle) -> Bool {
        let e = exchange.index
        guard self.exchanges[e].upstreamIndex != .max else { return false }
        self.markTried(e)
        self.exchanges[e].tryDeadline = 0
        guard self.exchanges[e].tried.nonzeroBitCount < Limits.upstreamAttemptsMax,
            self.hasUntried(e, isFit: false),
            !self.isTotalOver(e)
        else { return false }
        self.reach(exchange)
        return true
    }

    /// Another attempt after one that failed behind the connect, or was answered with `status`.
    ///
    /// `true`: it is being made; nothing of the failed one was forwarded.
    mutating func retryElsewhere(
        _ exchange: Handle,
        _ error: ExchangeError?,
        status: UInt16 = 0
    ) -> Bool {
        let e = exchange.index
        switch error {
        case .closedBeforeHead, .badHead, .firstByteTimedOut: break
        case nil: guard status >= 502, status <= 504 else { return false }
        default: return false
        }
        guard self.exchanges[e].kind == .client, self.mayTryAgain(e) else { return false }
        self.markTried(e)
        // An answer, even a bad one, is better than none: it is given up only for an endpoint
        // that is fit.
        let hasOther = self.hasUntried(e, isFit: error == nil)
        let upstream = self.upstreamRecord(e)
        guard hasOther || (error != nil && upstream.policy.repeatsAtSameEndpoint),
            self.takeRetry(upstream)
        else { return false }
        self.exchanges[e].attempts &+= 1
        self.exchanges[e].tryDeadline = 0
        self.counters.count(.retries)
        self.detachUpstream(e)
        self.startAgain(e)
        self.reach(exchange, isFresh: !hasOther)
        return true
    }

    /// Whether the request may be sent once more at all (RFC 9110 9.2.2), nothing of an answer
    /// having gone to the client.
    func mayTryAgain(_ e: UInt32) -> Bool {
        guard self.exchanges[e].answer == .waiting, self.exchanges[e].interimCount == 0,
            self.exchanges[e].upstreamIndex != .max,
            self.exchanges[e].isSafe || self.exchanges[e].head.method.isIdempotent,
            self.canSendAgain(e), !self.isTotalOver(e)
        else { return false }
        let most = self.upstreamRecord(e).policy.attempts
        return self.exchanges[e].attempts &+ 1 < most
    }

    /// An exchange turns to another upstream: attempts at the one before do not count there.
    mutating func forgetAttempts(_ e: UInt32) {
        self.exchanges[e].tried = 0
        self.exchanges[e].attempts = 0
        self.exchanges[e].isBudgeted = false
        self.exchanges[e].tryDeadline = 0
    }

    /// The exchange's head is about to go out to the endpoint that was chosen.
    mutating func beginAttempt(_ e: UInt32) {
        guard self.exchanges[e].kind == .client else { return }
        let endpoint = self.pools[Int(self.exchanges[e].pool)].endpoint
        self.counters.add(MetricsLayout.endpoint(endpoint, .requests), 1)
        if self.exchanges[e].tryDeadline == 0 { self.startTry(e) }
    }

    /// Whether the body of a request is kept since another endpoint may have to be asked.
    func mayHaveToRepeat(_ e: UInt32, _ view: SnapshotView) -> Bool {
        guard self.exchanges[e].isSafe || self.exchanges[e].head.method.isIdempotent,
            self.exchanges[e].upstreamIndex != .max
        else { return false }
        let upstream = view.upstream(self.exchanges[e].upstreamIndex)
        return upstream.policy.attempts > 1
            && (upstream.endpointCount > 1 || upstream.policy.repeatsAtSameEndpoint)
    }

    private func isTotalOver(_ e: UInt32) -> Bool {
        let total = self.exchanges[e].totalDeadline
        return total > 0 && total <= self.nowMilliseconds
    }

    /// Takes a retry out of the upstream's budget; `false`: it is used up, which is counted.
    private mutating func takeRetry(_ upstream: UpstreamRecord) -> Bool {
        let state = Int(upstream.number)
        let hasRoom = self.upstreamStates[state].window.hasRoom(
            nowMilliseconds: self.nowMilliseconds,
            permyriad: upstream.policy.retryBudgetPermyriad,
            floor: upstream.policy.retryBudgetFloor
        )
        guard hasRoom else {
            self.counters.add(MetricsLayout.upstream(upstream.number, .budgetExhausted), 1)
            return false
        }
        self.upstreamStates[state].window.countRetry()
        self.counters.add(MetricsLayout.upstream(upstream.number, .retries), 1)
        return true
    }

    // MARK: One attempt's time

    /// The time of one attempt begins, where another may follow it.
    mutating func startTry(_ e: UInt32) {
        self.exchanges[e].tryDeadline = 0
        guard self.exchanges[e].kind == .client, self.exchanges[e].upstreamIndex != .max else {
            return
        }
        let perTry = self.upstreamRecord(e).policy.perTryMilliseconds
        guard perTry > 0, self.mayTryAgain(e) else { return }
        self.exchanges[e].tryDeadline = self.nowMilliseconds &+ UInt64(perTry)
    }

    /// A deadline of the upstream side, no later than the end of this attempt.
    ///
    /// A body that the client is still sending is not the endpoint's delay.
    func cappedByTry(_ deadline: UInt64, _ e: UInt32) -> UInt64 {
        let end = self.exchanges[e].tryDeadline
        guard end > 0, end < deadline, self.exchanges[e].answer == .waiting,
            self.exchanges[e].isRequestComplete, self.exchanges[e].requestDirect == 0
        else { return deadline }
        return max(end, self.nowMilliseconds &+ 1)
    }

    /// An attempt's time is over, not yet the route's: whether it is waited for, since no other
    /// attempt can be made.
    mutating func waitsOnAfterTry(_ u: UInt32, _ e: UInt32) -> Bool {
        let end = self.exchanges[e].tryDeadline
        guard end > 0, end <= self.nowMilliseconds else { return false }
        self.exchanges[e].tryDeadline = 0
        let waited =
            (self.nowNanoseconds &- self.exchanges[e].upstreamStartNanoseconds) / 1_000_000
        let allowed = UInt64(self.exchanges[e].firstByteTimeout)
        guard waited < allowed, !self.mayRetryNow(e) else { return false }
        self.setUpstreamDeadline(u, after: UInt32(allowed &- waited))
        return true
    }

    /// Whether another attempt would be made if this one failed now.
    private mutating func mayRetryNow(_ e: UInt32) -> Bool {
        guard self.mayTryAgain(e) else { return false }
        let upstream = self.upstreamRecord(e)
        let hasRoom = self.upstreamStates[Int(upstream.number)].window.hasRoom(
            nowMilliseconds: self.nowMilliseconds,
            permyriad: upstream.policy.retryBudgetPermyriad,
            floor: upstream.policy.retryBudgetFloor
        )
        let tried = self.exchanges[e].tried
        self.markTried(e)
        // One that is ejected is no reason to give up waiting.
        let hasOther = self.hasUntried(e, isFit: true)
        self.exchanges[e].tried = tried
        return hasRoom && (hasOther || upstream.policy.repeatsAtSameEndpoint)
    }

    // MARK: The breaker

    /// Whether the upstream takes one more request of this worker; the exchange gives up the place
    /// that it had.
    mutating func passUpstreamBreaker(_ e: UInt32) -> Bool {
        self.leavePlace(e)
        guard self.exchanges[e].kind == .client, self.exchanges[e].upstreamIndex != .max else {
            return true
        }
        let upstream = self.upstreamRecord(e)
        let state = Int(upstream.number)
        guard self.upstreamStates[state].requests < upstream.policy.breakerRequestsMax else {
            self.counters.add(MetricsLayout.upstream(upstream.number, .breakerOpen), 1)
            return false
        }
        if !self.exchanges[e].isBudgeted {
            self.exchanges[e].isBudgeted = true
            self.upstreamStates[state].window.countRequest(nowMilliseconds: self.nowMilliseconds)
        }
        return true
    }

    /// Whether a pool may open one more connection, for itself and for its upstream.
    ///
    /// The first connection of a pool is always allowed: who waits there would be called by nobody.
    func hasRoomForConnection(_ e: UInt32, pool: Int) -> Bool {
        guard self.pools[pool].count < self.pools[pool].countMax else { return false }
        guard pool & 1 == 0, self.pools[pool].count > 0 else { return true }
        return self.upstreamStates[Int(self.pools[pool].upstream)].connections
            < self.upstreamRecord(e).policy.breakerConnectionsMax
    }

    /// Why an exchange may not wait at a pool; `nil`: it may.
    mutating func refusalOfWaiting(_ e: UInt32, pool: Int) -> ExchangeError? {
        guard self.pools[pool].waitingCount < self.pools[pool].pendingMax else {
            return .poolExhausted
        }
        guard pool & 1 == 0 else { return nil }
        let upstream = self.upstreamRecord(e)
        guard
            self.upstreamStates[Int(upstream.number)].pending < upstream.policy.breakerPendingMax
        else {
            self.counters.add(MetricsLayout.upstream(upstream.number, .breakerOpen), 1)
            return .breakerOpen
        }
        return nil
    }
}
