// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import TLS

/// Timer nodes: downstream connections first, then upstream ones.
private func upstreamNode(_ index: UInt32) -> UInt32 {
    UInt32(Limits.downstreamConnectionsMax) &+ index
}

extension Reactor {
    /// Nodes of the worker's timer wheel.
    static var timerNodes: Int {
        Limits.downstreamConnectionsMax + Limits.upstreamConnectionsMax
    }

    /// Sees to it that the wheel comes up no later than the connection's deadline.
    ///
    /// Deadlines mostly move back: then the entry stays where it is and is re-armed when it comes
    /// up.
    mutating func armDownstream(_ index: UInt32) {
        let deadline = self.downstreams[index].deadline
        let armed = self.downstreams[index].armed
        guard deadline > 0, armed == 0 || deadline < armed else { return }
        self.downstreams[index].armed = deadline
        self.timers.arm(index, deadlineMilliseconds: deadline)
    }

    /// The same for an upstream connection.
    mutating func armUpstream(_ index: UInt32) {
        let deadline = self.upstreams[index].deadline
        let armed = self.upstreams[index].armed
        guard deadline > 0, armed == 0 || deadline < armed else { return }
        self.upstreams[index].armed = deadline
        self.timers.arm(upstreamNode(index), deadlineMilliseconds: deadline)
    }

    /// Takes a connection's entry out before its slot is freed.
    mutating func disarmDownstream(_ index: UInt32) {
        self.downstreams[index].armed = 0
        self.timers.cancel(index)
    }

    /// Takes a connection's entry out before its slot is freed.
    mutating func disarmUpstream(_ index: UInt32) {
        self.upstreams[index].armed = 0
        self.timers.cancel(upstreamNode(index))
    }

    /// Carries out every deadline that is over.
    mutating func expireTimers() {
        while let node = self.timers.popExpired(nowMilliseconds: self.nowMilliseconds) {
            if node < UInt32(Limits.downstreamConnectionsMax) {
                self.expireDownstream(node)
            } else {
                self.expireUpstream(node &- UInt32(Limits.downstreamConnectionsMax))
            }
        }
    }

    private mutating func expireDownstream(_ index: UInt32) {
        guard let handle = self.downstreams.handle(at: index) else { return }
        self.downstreams[index].armed = 0
        guard self.downstreams[index].deadline > 0 else { return }
        if self.downstreams[index].deadline > self.nowMilliseconds {
            self.armDownstream(index)
            return
        }
        switch self.downstreams[index].step {
        case .handshake:
            self.countTLSFailure(.timeout)
            self.closeDownstream(handle)
        case .carrier:
            self.expireCarrier(handle)
        case .idle:
            self.closeDownstream(handle)
        case .head:
            self.counters.count(.clientsTooSlow)
            self.refuse(handle, status: 408)
        case .linger:
            self.closeDownstream(handle)
        case .exchange:
            self.reviewExchange(handle)
        }
    }

    /// Ends a rate window of an exchange: whether the client is the slow side, and too slow.
    private mutating func reviewExchange(_ handle: Handle) {
        let index = handle.index
        let exchange = self.downstreams[index].exchange
        guard self.exchanges.isLive(exchange) else { return }
        let e = exchange.index
        // A tunnel is watched on its origin's connection.
        if self.exchanges[e].upgrade == .open { return }
        if self.releaseLate(exchange) || self.cutMoved(exchange) { return }
        if self.exchanges[e].totalDeadline > 0,
            self.exchanges[e].totalDeadline <= self.nowMilliseconds
        {
            self.fail(exchange, .totalTimedOut)
            return
        }
        let moved = self.downstreams[index].windowBytes
        let isSending =
            !self.downstreams[index].output.isEmpty
            || self.exchanges[e].answerDirect > 0
        // Only a client that we wait for can be too slow: it reads late, or its body is due.
        let waitsForReader = isSending && !self.downstreams[index].canWrite
        let waitsForBody =
            !self.exchanges[e].isRequestComplete && !isSending
            && self.exchanges[e].requestDirect == 0 && !self.downstreams[index].canRead
            && self.upstreamTakesBody(e)
        let rate =
            waitsForReader
            ? self.limits.readRateBytesPerSecondMin : self.limits.bodyRateBytesPerSecondMin
        let least = UInt64(rate) * UInt64(self.limits.rateWindowMilliseconds) / 1_000
        if waitsForReader || waitsForBody, moved < least {
            self.counters.count(.clientsTooSlow)
            self.fail(exchange, .clientTooSlow)
            return
        }
        self.bookIfLong(exchange)
        self.startRateWindow(index)
    }

    /// A new rate window, capped by the exchange's total deadline.
    mutating func startRateWindow(_ index: UInt32) {
        self.downstreams[index].windowBytes = 0
        var deadline = self.nowMilliseconds &+ UInt64(self.limits.rateWindowMilliseconds)
        let exchange = self.downstreams[index].exchange
        if self.exchanges.isLive(exchange) {
            let total = self.exchanges[exchange.index].totalDeadline
            if total > 0, total < deadline { deadline = max(total, self.nowMilliseconds &+ 1) }
            let held = self.exchanges[exchange.index].holdDeadline
            if held > 0, held < deadline { deadline = held }
            let cut = self.exchanges[exchange.index].cutsAt
            if cut > 0, cut < deadline { deadline = max(cut, self.nowMilliseconds &+ 1) }
        }
        self.downstreams[index].deadline = deadline
        self.armDownstream(index)
    }

    private func upstreamTakesBody(_ e: UInt32) -> Bool {
        let upstream = self.exchanges[e].upstream
        guard self.upstreams.isLive(upstream) else { return false }
        return self.upstreams[upstream.index].step == .busy
            && self.upstreams[upstream.index].output.isEmpty
    }

    private mutating func expireUpstream(_ index: UInt32) {
        guard let handle = self.upstreams.handle(at: index) else { return }
        self.upstreams[index].armed = 0
        guard self.upstreams[index].deadline > 0 else { return }
        if self.upstreams[index].deadline > self.nowMilliseconds {
            self.armUpstream(index)
            return
        }
        switch self.upstreams[index].step {
        case .idle:
            self.closeUpstream(handle)
        case .connecting, .handshake:
            self.failUpstream(handle, .connectTimedOut)
        case .carrier:
            self.expireUpstreamCarrier(handle)
        case .busy:
            self.expireBusy(handle)
        }
    }

    private mutating func expireBusy(_ handle: Handle) {
        let exchange = self.upstreams[handle.index].exchange
        guard self.exchanges.isLive(exchange) else {
            self.closeUpstream(handle)
            return
        }
        let e = exchange.index
        if self.exchanges[e].upgrade == .open {
            self.reviewTunnel(exchange)
            return
        }
        let total = self.exchanges[e].totalDeadline
        if total > 0, total <= self.nowMilliseconds {
            self.failUpstream(handle, .totalTimedOut)
        } else if self.exchanges[e].answer == .waiting {
            // Waiting for the client's body is not the upstream's fault; its rate is watched there.
            if !self.exchanges[e].isRequestComplete,
                self.upstreams[handle.index].output.isEmpty,
                self.exchanges[e].requestDirect == 0
            {
                self.setUpstreamDeadline(handle.index, after: self.exchanges[e].firstByteTimeout)
            } else if !self.waitsOnAfterTry(handle.index, e) {
                self.doubtCarrier(handle)
                self.failUpstream(handle, .firstByteTimedOut)
            }
        } else if self.exchanges[e].answer == .complete || self.isBlockedByClient(e) {
            self.setUpstreamDeadline(handle.index, after: self.exchanges[e].idleTimeout)
        } else {
            self.failUpstream(handle, .cutShort)
        }
    }

    private func isBlockedByClient(_ e: UInt32) -> Bool {
        let downstream = self.exchanges[e].downstream
        guard self.downstreams.isLive(downstream) else { return false }
        return !self.downstreams[downstream.index].output.isEmpty
            || self.exchanges[e].answerDirect > 0
    }

    /// Sets what an upstream connection is given from now, capped by its exchange's total deadline.
    mutating func setUpstreamDeadline(_ index: UInt32, after milliseconds: UInt32) {
        var deadline = self.nowMilliseconds &+ UInt64(max(milliseconds, 1))
        let exchange = self.upstreams[index].exchange
        if self.exchanges.isLive(exchange) {
            let total = self.exchanges[exchange.index].totalDeadline
            if total > 0, total < deadline { deadline = max(total, self.nowMilliseconds &+ 1) }
            deadline = self.cappedByTry(deadline, exchange.index)
        }
        self.upstreams[index].deadline = deadline
        self.armUpstream(index)
    }
}
