// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import Parity
import Wire

extension Reactor {
    /// The last byte of the answer is with the kernel (or a copy's answer is drained).
    mutating func finishExchange(_ exchange: Handle) {
        let e = exchange.index
        let downstream = self.exchanges[e].downstream
        self.finishUpstream(e)
        if self.exchanges[e].kind == .copy {
            self.finishCopy(exchange)
            return
        }
        let isAborted = self.exchanges[e].isAborted
        let isRequestComplete = self.exchanges[e].isRequestComplete
        self.endExchange(exchange)
        guard self.downstreams.isLive(downstream) else { return }
        if isAborted {
            self.abortDownstream(downstream)
        } else {
            self.continueDownstream(downstream, isRequestComplete: isRequestComplete)
        }
    }

    /// The connection goes back to its pool if both messages ended as they should, else it closes.
    private mutating func finishUpstream(_ e: UInt32) {
        let upstream = self.exchanges[e].upstream
        self.exchanges[e].upstream = .none
        self.leavePlace(e)
        let isSent = self.exchanges[e].isRequestComplete && self.exchanges[e].requestDirect == 0
        self.dropRequestDirect(e)
        guard self.upstreams.isLive(upstream) else { return }
        let u = upstream.index
        let isClean =
            self.exchanges[e].keepsUpstream && isSent && self.upstreams[u].output.isEmpty
            // Bytes behind a complete answer belong to nobody: never to the next exchange.
            && self.upstreams[u].input.isEmpty && !self.upstreams[u].isPeerEnded
            && self.exchanges[e].upstreamFraming != .untilClose
            && Int(self.upstreams[u].requests) < Limits.requestsPerUpstreamConnectionMax
            && self.upstreams[u].transport != .stream && !self.hasStrayBytes(u)
        self.upstreams[u].exchange = .none
        if isClean {
            self.releaseUpstream(upstream)
        } else {
            self.closeUpstream(upstream)
        }
    }

    /// The last read filled its room: whether the socket holds more than the answer.
    mutating func hasStrayBytes(_ u: UInt32) -> Bool {
        guard self.upstreams[u].canRead else { return false }
        self.upstreams[u].canRead = false
        return self.receiveUpstream(u, self.scratch, 0, 1) != .wouldBlock
    }

    /// The exchange is over for the client: counted, logged, and either gone or a copy from now on.
    mutating func endExchange(_ exchange: Handle) {
        let e = exchange.index
        self.uncountDecision(e)
        self.endWriter(e)
        self.leaveTunnel(e)
        self.unbookStream(e)
        self.counters.lower(.requestsInFlight)
        let downstream = self.exchanges[e].downstream
        if self.downstreams.isLive(downstream) {
            self.downstreams[downstream.index].exchange = .none
        }
        self.leaveHeldSlot(e)
        self.noteConditional(e)
        let makesCopy = self.prepareCopy(e)
        self.tally(e)
        self.exchanges[e].downstream = .none
        if makesCopy {
            self.startCopy(exchange)
        } else {
            self.endClientSide(e)
            self.dropExchange(exchange)
        }
    }

    /// The write of a recent writer is over: from now its user is read from there for a while.
    mutating func endWriter(_ e: UInt32) {
        guard self.exchanges[e].hasWriter else { return }
        self.exchanges[e].hasWriter = false
        self.writers.endWrite(
            self.exchanges[e].writerKey,
            self.exchanges[e].decision.origin,
            nowMilliseconds: self.nowMilliseconds,
            settleMilliseconds: self.exchanges[e].settleMilliseconds
        )
    }

    /// Frees an exchange and all it holds.
    mutating func dropExchange(_ exchange: Handle) {
        let e = exchange.index
        self.detachUpstream(e)
        self.endObservation(e, .draining)
        self.giveTee(e)
        if self.exchanges[e].headBlock != .none { self.blocks.give(self.exchanges[e].headBlock) }
        if self.exchanges[e].pathBlock != .none { self.blocks.give(self.exchanges[e].pathBlock) }
        self.dropTrailers(e)
        self.snapshots.release(self.exchanges[e].snapshotSlot)
        if self.fieldsOwner == exchange { self.fieldsOwner = .none }
        self.exchanges.remove(exchange)
    }

    /// What becomes of a client's connection after an answer.
    private mutating func continueDownstream(_ handle: Handle, isRequestComplete: Bool) {
        let d = handle.index
        if self.downstreams[d].transport == .stream {
            self.finishStream(handle)
            return
        }
        if self.downstreams[d].closesAfterAnswer || self.isDraining {
            // With bytes unread a close would reset the answer away: linger.
            if isRequestComplete, self.downstreams[d].input.isEmpty,
                !self.downstreams[d].canRead || self.downstreams[d].isPeerEnded
            {
                self.closeDownstream(handle)
            } else {
                self.startLinger(handle)
            }
            return
        }
        self.downstreams[d].step = .idle
        self.downstreams[d].scanned = 0
        self.downstreams[d].deadline =
            self.nowMilliseconds &+ UInt64(self.limits.idleTimeoutMilliseconds)
        self.armDownstream(d)
        if !self.downstreams[d].input.isEmpty || self.downstreams[d].canRead
            || self.downstreams[d].isPeerEnded
        {
            self.resume(handle)
        } else {
            self.releaseInput(d)
        }
    }
}
