// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

// The one place that turns an error into what the client sees: a second attempt, legacy's answer,
// Banyan's own answer, or a connection that is cut.

extension Reactor {
    /// The exchange met an error.
    ///
    /// `onReused`: on a connection that had served before.
    mutating func fail(_ exchange: Handle, _ error: ExchangeError, onReused: Bool = false) {
        guard self.exchanges.isLive(exchange) else { return }
        let e = exchange.index
        if self.exchanges[e].answer != .complete { self.noteError(e, error, onReused: onReused) }
        self.detachUpstream(e)
        if self.exchanges[e].kind == .copy {
            self.failCopy(exchange, error)
            return
        }
        self.dropHold(e)
        if self.exchanges[e].answer != .waiting {
            self.cutShort(exchange, error)
            return
        }
        switch error {
        case .clientGone, .clientTooSlow, .clientBadBody:
            self.endForClient(exchange, error)
            return
        default: break
        }
        if error.isBeforeRequest, self.reachNextEndpoint(exchange) {
            return
        }
        if error.mayBeLostRace, onReused, self.mayRetry(e) {
            self.counters.count(.retries)
            self.exchanges[e].isRetried = true
            self.startAgain(e)
            self.reach(exchange, isFresh: true)
            return
        }
        if self.retryElsewhere(exchange, error) { return }
        if error.isUpstreamFault, self.mayRescue(e) {
            self.rescue(exchange)
            return
        }
        self.counters.count(.upstreamFailures)
        self.failPart(e)
        self.exchanges[e].failure = error
        self.answer(exchange, status: error.status, code: error.code)
    }

    /// Modern answered 5xx at `live`, or a call's status that says the same: legacy is asked
    /// instead.
    ///
    /// `true`: it is being asked.
    mutating func rescueStatus(_ exchange: Handle) -> Bool {
        let e = exchange.index
        guard self.exchanges[e].kind == .client, self.mayRescue(e) else { return false }
        // What is left of modern's answer is of no use: the connection goes.
        self.detachUpstream(e)
        self.rescue(exchange)
        return true
    }

    /// RFC 9110 9.2.2: only idempotent requests are sent twice, and only when all of the request
    /// can be sent again and nothing of an answer has come.
    private func mayRetry(_ e: UInt32) -> Bool {
        !self.exchanges[e].isRetried && !self.exchanges[e].hasAnswerBytes
            && (self.exchanges[e].isSafe || self.exchanges[e].head.method.isIdempotent)
            && self.canSendAgain(e)
    }

    private func mayRescue(_ e: UInt32) -> Bool {
        self.exchanges[e].decision.mayBeRescued && !self.exchanges[e].isRescued
            && self.exchanges[e].origin == .modern && self.canSendAgain(e)
            && (self.exchanges[e].totalDeadline == 0
                || self.exchanges[e].totalDeadline > self.nowMilliseconds)
    }

    func canSendAgain(_ e: UInt32) -> Bool {
        switch self.exchanges[e].head.framing {
        case .none: true
        case .length(0): true
        case .length, .chunked, .untilClose:
            self.exchanges[e].requestBytes == 0 || self.exchanges[e].tee == .full
        }
    }

    /// The request starts again from its first byte.
    mutating func startAgain(_ e: UInt32) {
        self.exchanges[e].requestDirect = 0
        self.exchanges[e].isUpstreamDeaf = false
        self.forgetCall(e)
        self.exchanges[e].teeSent = 0
        self.exchanges[e].sendsTee = self.exchanges[e].tee == .full
    }

    /// Legacy answers in modern's place; counted, in the log, never hidden (design.md 2).
    private mutating func rescue(_ exchange: Handle) {
        let e = exchange.index
        guard let hit = self.exchanges[e].hit else { return }
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        self.counters.count(.rescues)
        self.failPart(e)
        self.exchanges[e].isRescued = true
        self.forgetAttempts(e)
        self.exchanges[e].isRetried = false
        // A rescued exchange sends no second copy: legacy has already been asked.
        if self.exchanges[e].copyState == .due { self.exchanges[e].copyState = .none }
        self.exchanges[e].origin = .legacy
        self.exchanges[e].upstreamIndex = view.route(hit.route).legacyUpstream
        self.startAgain(e)
        self.reach(exchange)
    }

    /// Takes the exchange off its upstream connection, or out of a queue.
    mutating func detachUpstream(_ e: UInt32) {
        if self.exchanges[e].isWaiting {
            self.removeWaiting(e, pool: Int(self.exchanges[e].pool))
        }
        self.leavePlace(e)
        self.exchanges[e].isUnreached = false
        let upstream = self.exchanges[e].upstream
        self.exchanges[e].upstream = .none
        self.dropRequestDirect(e)
        self.exchanges[e].answerDirect = 0
        guard self.upstreams.isLive(upstream) else { return }
        self.upstreams[upstream.index].exchange = .none
        self.closeUpstream(upstream)
    }

    /// The answer's head has gone out: what follows can only be cut, so that nobody takes a part
    /// for the whole (RFC 9112 8).
    private mutating func cutShort(_ exchange: Handle, _ error: ExchangeError) {
        let e = exchange.index
        let downstream = self.exchanges[e].downstream
        self.counters.count(
            error == .clientGone || error == .clientTooSlow ? .clientsGone : .answersCutShort
        )
        self.exchanges[e].failure = error
        self.exchanges[e].isAborted = true
        if error.isUpstreamFault { self.failPart(e) }
        // Bytes that are already with the kernel stay readable; the reset marks the cut.
        self.endExchange(exchange)
        if self.downstreams.isLive(downstream) { self.abortDownstream(downstream) }
    }

    /// The client is at fault before any answer: told if it may still listen, then closed.
    private mutating func endForClient(_ exchange: Handle, _ error: ExchangeError) {
        let e = exchange.index
        self.exchanges[e].failure = error
        guard error != .clientGone else {
            self.cutShort(exchange, error)
            return
        }
        let downstream = self.exchanges[e].downstream
        self.downstreams[downstream.index].closesAfterAnswer = true
        self.answer(exchange, status: error.status, code: problemCode(of: error.status))
    }
}
