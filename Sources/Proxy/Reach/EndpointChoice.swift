// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import Wire

/// What is asked of an endpoint before it is chosen, best first.
private enum Demand: Int {
    /// Fit, with a connection to be had at once, and past its slow start (by chance before).
    case ready
    /// Fit: healthy and not ejected.
    case fit
    /// With an address: better than no answer.
    case any
}

extension Reactor {
    /// Chooses an endpoint of the upstream that the exchange asks now, by the upstream's policy.
    ///
    /// One that has failed this exchange is not chosen again while there is another. Its pool, or
    /// `nil` when the upstream has no endpoint.
    mutating func choosePool(_ e: UInt32) -> Int? {
        let index = self.exchanges[e].upstreamIndex
        guard index != .max else { return nil }
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let upstream = view.upstream(index)
        guard upstream.endpointCount > 0 else { return nil }
        let turn = upstream.endpointCount == 1 ? 0 : self.chooseTurn(e, view, upstream)
        self.exchanges[e].endpoint = upstream.firstEndpoint &+ turn
        let pool = self.clientPool(view, upstream, turn) | (self.exchanges[e].kind == .copy ? 1 : 0)
        self.exchanges[e].pool = UInt32(pool)
        return pool
    }

    private mutating func chooseTurn(
        _ e: UInt32,
        _ view: SnapshotView,
        _ upstream: UpstreamRecord
    ) -> UInt32 {
        switch upstream.policy.balance {
        case .roundRobin: break
        case .leastRequest:
            if let turn = self.drawTurn(e, view, upstream) { return turn }
        case .consistentHash:
            if let turn = self.hashTurn(e, view, upstream) { return turn }
        }
        return self.takeTurn(e, view, upstream)
    }

    // MARK: Taking turns

    private mutating func takeTurn(
        _ e: UInt32,
        _ view: SnapshotView,
        _ upstream: UpstreamRecord
    ) -> UInt32 {
        let state = Int(upstream.number)
        let count = upstream.endpointCount
        let start = self.upstreamStates[state].turn
        var demand = Demand.ready
        while true {
            for step in 0..<count {
                let turn = (start &+ step) % count
                guard self.suits(e, view, upstream, turn, demand) else { continue }
                // Behind the chosen one, so that who was passed over gives no second turn to its
                // neighbour. A further attempt is nobody's turn.
                if self.exchanges[e].tried == 0 {
                    self.upstreamStates[state].turn = (turn &+ 1) % count
                }
                if demand == .any { self.countPanic(e, upstream) }
                return turn
            }
            guard let next = Demand(rawValue: demand.rawValue + 1) else { return start % count }
            demand = next
        }
    }

    /// None of an upstream's endpoints is fit: all are used, as if they were.
    private func countPanic(_ e: UInt32, _ upstream: UpstreamRecord) {
        guard self.exchanges[e].kind == .client, self.exchanges[e].tried == 0 else { return }
        self.counters.add(MetricsLayout.upstream(upstream.number, .panics), 1)
    }

    // MARK: The less loaded of two

    private mutating func drawTurn(
        _ e: UInt32,
        _ view: SnapshotView,
        _ upstream: UpstreamRecord
    ) -> UInt32? {
        for _ in 0..<Limits.endpointDrawsMax {
            let pair = twoChoices(self.nextRandom(), of: upstream.endpointCount)
            let hasFirst = self.suits(e, view, upstream, pair.first, .fit)
            let hasSecond = self.suits(e, view, upstream, pair.second, .fit)
            guard hasFirst, hasSecond else {
                if hasFirst || hasSecond { return hasFirst ? pair.first : pair.second }
                continue
            }
            let copy = self.exchanges[e].kind == .copy ? 1 : 0
            let first = self.clientPool(view, upstream, pair.first)
            let second = self.clientPool(view, upstream, pair.second)
            let isSecond = isLessLoaded(
                self.pools[second | copy].inFlight,
                percent: self.percent(second, upstream),
                than: self.pools[first | copy].inFlight,
                percent: self.percent(first, upstream)
            )
            return isSecond ? pair.second : pair.first
        }
        return nil
    }

    private func percent(_ pool: Int, _ upstream: UpstreamRecord) -> UInt32 {
        slowStartPercent(
            nowMilliseconds: self.nowMilliseconds,
            since: self.pools[pool].slowStartFrom,
            slowStartMilliseconds: upstream.policy.slowStartMilliseconds
        )
    }

    // MARK: By a key

    /// The endpoint that the request's key leads to, or the one that stands in for it.
    ///
    /// `nil`: the request has no key, or no endpoint is fit.
    private mutating func hashTurn(
        _ e: UInt32,
        _ view: SnapshotView,
        _ upstream: UpstreamRecord
    ) -> UInt32? {
        guard let hash = self.hashKey(e, view, upstream) else { return nil }
        for attempt in 0..<UInt32(Limits.endpointDrawsMax) {
            guard let turn = view.hashedEndpoint(upstream, hash, attempt: attempt) else {
                return nil
            }
            if self.suits(e, view, upstream, turn, .fit) { return turn }
        }
        // Many are away: the one with the highest score for this key, so that again only the keys
        // of those that come and go move.
        var best: UInt32?
        var bestScore: UInt64 = 0
        for turn in 0..<upstream.endpointCount where self.suits(e, view, upstream, turn, .fit) {
            let key = view.endpoint(upstream.firstEndpoint &+ turn).key
            let score = foldedMultiply(hash ^ key, 0x9e37_79b9_7f4a_7c15)
            guard best == nil || score > bestScore else { continue }
            best = turn
            bestScore = score
        }
        return best
    }

    // MARK: Fitness

    /// The pool for clients of an endpoint: its record holds the endpoint's state.
    func clientPool(_ view: SnapshotView, _ upstream: UpstreamRecord, _ turn: UInt32) -> Int {
        let number = view.endpoint(upstream.firstEndpoint &+ turn).number
        return Int(UpstreamPool.number(endpoint: number, isCopy: false))
    }

    private mutating func suits(
        _ e: UInt32,
        _ view: SnapshotView,
        _ upstream: UpstreamRecord,
        _ turn: UInt32,
        _ demand: Demand
    ) -> Bool {
        guard self.exchanges[e].tried & turnBit(turn) == 0 else { return false }
        let pool = self.clientPool(view, upstream, turn)
        guard self.pools[pool].address.length > 0 else { return false }
        guard demand != .any else { return true }
        guard !self.pools[pool].isUnhealthy,
            self.pools[pool].ejectedUntil <= self.nowMilliseconds
        else { return false }
        guard demand == .ready else { return true }
        let own = self.exchanges[e].kind == .copy ? pool | 1 : pool
        guard self.pools[own].firstIdle != .max || self.pools[own].count < self.pools[own].countMax
        else { return false }
        guard self.pools[pool].slowStartFrom > 0, upstream.policy.slowStartMilliseconds > 0 else {
            return true
        }
        let percent = self.percent(pool, upstream)
        return percent >= 100 || self.nextRandom() % 100 < UInt64(percent)
    }

    /// Whether an endpoint is left that has not failed this exchange.
    ///
    /// `isFit`: one that is healthy and not ejected.
    mutating func hasUntried(_ e: UInt32, isFit: Bool) -> Bool {
        guard self.exchanges[e].upstreamIndex != .max else { return false }
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let upstream = self.upstreamRecord(e)
        guard upstream.endpointCount > 1 else { return false }
        for turn in 0..<upstream.endpointCount
        where self.suits(e, view, upstream, turn, isFit ? .fit : .any) {
            return true
        }
        return false
    }

    /// The endpoint that is asked now has failed this exchange.
    mutating func markTried(_ e: UInt32) {
        let turn = self.exchanges[e].endpoint &- self.upstreamRecord(e).firstEndpoint
        self.exchanges[e].tried |= turnBit(turn)
    }
}

/// An endpoint's bit in an exchange's set of those that have failed it.
///
/// Beyond 64 they share bits: one that has not failed may be passed over, never the reverse.
func turnBit(_ turn: UInt32) -> UInt64 { 1 << UInt64(turn & 63) }
