// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

// A copy is the exchange itself, gone on after its client was served: it keeps the head's block and
// the teed body, and asks the other origin over a pool of its own. Nothing of it can reach a
// client.

extension Reactor {
    /// Whether the exchange that ends now goes on as a copy; what is shed is counted with its
    /// reason.
    mutating func prepareCopy(_ e: UInt32) -> Bool {
        guard self.exchanges[e].copyState == .due else { return false }
        self.counters.count(.copiesDue)
        if let counter = self.refusalAfterAnswer(e) {
            self.counters.count(counter)
            self.exchanges[e].copyState = .shed
            self.endShedCopy(e, counter.unobservedReason)
            return false
        }
        self.exchanges[e].copyState = .sent
        return true
    }

    private func refusalAfterAnswer(_ e: UInt32) -> WorkerCounter? {
        if self.exchanges[e].isAborted || self.exchanges[e].answeredBy == .banyan {
            return .copiesShedAborted
        }
        // A dual read that was not begun by now never had its request's body whole.
        return self.exchanges[e].decision.asksBoth ? .copiesShedBody : self.refusalOfCopy(e)
    }

    /// Why no copy of this exchange may be sent now; `nil`: one may.
    func refusalOfCopy(_ e: UInt32) -> WorkerCounter? {
        let hasBody =
            self.exchanges[e].head.framing != .none
            && self.exchanges[e].head.framing != .length(0)
        if hasBody, self.exchanges[e].tee != .full { return .copiesShedBody }
        if self.isDraining || self.shadowBlocks + 4 > Limits.shadowBlocksMax {
            return .copiesShedQueue
        }
        let other = self.exchanges[e].decision.origin.other
        guard let hit = self.exchanges[e].hit else { return .copiesShedQueue }
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let route = view.route(hit.route)
        let upstream = other == .legacy ? route.legacyUpstream : route.modernUpstream
        guard upstream != .max else { return .copiesShedQueue }
        let pool = breakerPool(view, upstream)
        if self.breakerRefuses(pool) { return .copiesShedBreaker }
        if Int(self.pools[pool].waitingCount) >= Limits.shadowQueueMax { return .copiesShedQueue }
        return nil
    }

    /// The exchange becomes its own copy and asks the other origin.
    mutating func startCopy(_ exchange: Handle) {
        guard let hit = self.exchanges[exchange.index].hit else { return }
        self.exchanges[exchange.index].kind = .copy
        self.prepareCopyOf(exchange.index, hit)
        self.reach(exchange)
    }

    /// Makes an exchange ask the other origin from its first byte, within a copy's bounds.
    mutating func prepareCopyOf(_ e: UInt32, _ hit: RouteHit) {
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let route = view.route(hit.route)
        let other = self.exchanges[e].decision.origin.other
        self.exchanges[e].origin = other
        self.exchanges[e].upstreamIndex =
            other == .legacy ? route.legacyUpstream : route.modernUpstream
        self.exchanges[e].answer = .waiting
        self.forgetCall(e)
        self.exchanges[e].answerBytes = 0
        self.exchanges[e].isRetried = false
        self.exchanges[e].isRescued = false
        self.forgetAttempts(e)
        self.exchanges[e].hasAnswerBytes = false
        self.exchanges[e].isUpstreamDeaf = false
        self.exchanges[e].upstreamStartNanoseconds = 0
        self.exchanges[e].sendsTee = self.exchanges[e].tee == .full
        self.exchanges[e].copyBlocks = self.exchanges[e].tee == .full ? 4 : 2
        self.shadowBlocks += Int(self.exchanges[e].copyBlocks)
        self.passBreaker(e)
        let timeout = UInt32(route.shadowTimeoutMilliseconds)
        self.setTimeouts(
            e,
            connect: min(route.connectTimeoutMilliseconds, timeout),
            firstByte: timeout,
            idle: timeout,
            total: timeout
        )
    }

    /// A copy has its whole answer.
    mutating func finishCopy(_ exchange: Handle) {
        let e = exchange.index
        self.counters.count(.copiesAnswered)
        if self.exchanges[e].status >= 500 || self.exchanges[e].callStatus.httpStatus >= 500 {
            self.counters.count(.copiesServerError)
        }
        self.endObservation(e)
        self.closeBreaker(e)
        self.dropCopy(exchange)
    }

    /// A copy's upstream failed.
    ///
    /// Several in a row open the breaker, so that a dead origin costs nothing but a count.
    mutating func failCopy(_ exchange: Handle, _ error: ExchangeError) {
        let e = exchange.index
        switch error {
        case .totalTimedOut, .firstByteTimedOut: self.counters.count(.copiesTimedOut)
        case .poolExhausted: self.counters.count(.copiesShedQueue)
        default: self.counters.count(.copiesFailed)
        }
        self.endFailedCopy(e, error)
        if error != .poolExhausted { self.countFailure(e) }
        self.dropCopy(exchange)
    }

    private mutating func dropCopy(_ exchange: Handle) {
        self.endProbe(exchange.index)
        self.shadowBlocks -= Int(self.exchanges[exchange.index].copyBlocks)
        self.dropExchange(exchange)
    }

    /// A copy's answer is drained up to a bound.
    ///
    /// `false`: it was too much, and the copy is gone.
    mutating func countDrained(_ e: UInt32) -> Bool {
        guard self.exchanges[e].answerBytes > UInt64(Limits.shadowAnswerBytesMax),
            let exchange = self.exchanges.handle(at: e)
        else { return true }
        self.fail(exchange, .cutShort)
        return false
    }
}
