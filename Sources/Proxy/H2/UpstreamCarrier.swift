// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import TLS
import Wire

// An HTTP/2 connection to an endpoint. Exchanges get slots without sockets
// (`H2/UpstreamStream.swift`); a pool opens another connection when the peer takes no more streams.

extension Reactor {
    /// Gets the exchange a stream of the pool's endpoint, or a place in the queue until there is
    /// one.
    mutating func reachStream(_ exchange: Handle, pool: Int) {
        if let carrier = self.openCarrier(of: pool) {
            self.beginUpstreamStream(exchange, carrier)
            return
        }
        guard self.queueForPool(exchange, pool: pool) else { return }
        guard !self.isCarrierComing(pool), self.pools[pool].count < self.pools[pool].countMax
        else { return }
        self.connectCarrier(pool)
    }

    /// A connection of the pool that takes another stream.
    private mutating func openCarrier(of pool: Int) -> Handle? {
        var next = self.pools[pool].firstCarrier
        while next != .max {
            let u = next
            next = self.upstreams[u].nextIdle
            guard self.upstreams[u].step == .carrier, !self.upstreamCarriers[Int(u)].isEnding,
                Int(self.upstreamCarriers[Int(u)].streamCount)
                    < self.h2Upstreams[u].peerStreamsMax,
                self.h2Upstreams[u].takesRequests
            else { continue }
            return self.upstreams.handle(at: u)
        }
        return nil
    }

    private func isCarrierComing(_ pool: Int) -> Bool {
        var next = self.pools[pool].firstCarrier
        while next != .max {
            if self.upstreams[next].step != .carrier { return true }
            next = self.upstreams[next].nextIdle
        }
        return false
    }

    private mutating func connectCarrier(_ pool: Int) {
        guard let handle = self.openUpstream(pool, exchange: .none) else {
            self.failWaiting(pool, .connectFailed)
            return
        }
        let u = handle.index
        self.upstreamCarriers[Int(u)] = CarrierState()
        self.upstreams[u].isCarrier = true
        self.upstreams[u].nextIdle = self.pools[pool].firstCarrier
        self.upstreams[u].previousIdle = .max
        if self.upstreams[u].nextIdle != .max {
            self.upstreams[self.upstreams[u].nextIdle].previousIdle = u
        }
        self.pools[pool].firstCarrier = u
        if self.upstreams[u].canWrite {
            self.connected(handle)
        } else {
            self.upstreams[u].deadline =
                self.nowMilliseconds &+ UInt64(Limits.h2ConnectTimeoutMilliseconds)
            self.armUpstream(u)
        }
    }

    /// The connection is up: the session begins, and those that wait get their streams.
    mutating func beginCarrier(_ handle: Handle) {
        let u = handle.index
        do throws(H2Error) {
            try self.h2Upstreams.open(u, role: .client, limits: H2Limits())
        } catch {
            self.failUpstream(handle, .connectFailed)
            return
        }
        self.upstreams[u].step = .carrier
        self.upstreams[u].canWrite = true
        self.upstreams[u].deadline =
            self.nowMilliseconds &+ UInt64(self.limits.upstreamKeepIdleMilliseconds)
        self.armUpstream(u)
        self.callWaiting(Int(self.upstreams[u].pool))
        if self.upstreams.isLive(handle) { self.driveUpstreamCarrier(handle) }
    }

    /// A connection that never came up: those that wait for it learn it.
    mutating func failCarrier(_ handle: Handle, _ error: ExchangeError) {
        let pool = Int(self.upstreams[handle.index].pool)
        // First out of the way: an exchange that tries again must not queue behind it.
        self.removeCarrier(handle.index)
        self.upstreams[handle.index].isCarrier = false
        self.failWaiting(pool, error, self.upstreams[handle.index].tlsFailure)
        self.closeUpstream(handle)
    }

    /// Takes a connection out of its pool's list.
    mutating func removeCarrier(_ u: UInt32) {
        let pool = Int(self.upstreams[u].pool)
        let next = self.upstreams[u].nextIdle
        let previous = self.upstreams[u].previousIdle
        if previous != .max {
            self.upstreams[previous].nextIdle = next
        } else {
            self.pools[pool].firstCarrier = next
        }
        if next != .max { self.upstreams[next].previousIdle = previous }
        self.upstreams[u].nextIdle = .max
        self.upstreams[u].previousIdle = .max
    }

    /// Gives an empty input block back.
    private mutating func releaseUpstreamInput(_ u: UInt32) {
        guard self.upstreams[u].input.block != .none, self.upstreams[u].input.isEmpty
        else { return }
        self.blocks.give(self.upstreams[u].input.block)
        self.upstreams[u].input = BlockCursor()
    }

    /// Whether the exchange's answer comes over HTTP/2.
    func isUpstreamStream(_ e: UInt32) -> Bool {
        let upstream = self.exchanges[e].upstream
        return self.upstreams.isLive(upstream)
            && self.upstreams[upstream.index].transport == .stream
    }

    /// Exchanges of the queue get the streams that are free.
    mutating func callWaiting(_ pool: Int) {
        while self.pools[pool].waitingCount > 0, let carrier = self.openCarrier(of: pool) {
            guard let exchange = self.takeWaiting(pool: pool) else { return }
            self.beginUpstreamStream(exchange, carrier)
        }
        guard self.pools[pool].waitingCount > 0, !self.isCarrierComing(pool),
            self.pools[pool].count < self.pools[pool].countMax
        else { return }
        self.connectCarrier(pool)
    }

    /// No connection can be had: those that wait learn it at once.
    private mutating func failWaiting(
        _ pool: Int,
        _ error: ExchangeError,
        _ failure: TLSFailure = .none
    ) {
        while let exchange = self.takeWaiting(pool: pool) {
            self.exchanges[exchange.index].tlsFailure = failure
            self.fail(exchange, error)
        }
    }

    /// Moves frames both ways, as far as it goes now.
    mutating func driveUpstreamCarrier(_ handle: Handle) {
        let u = handle.index
        var turns = 0
        while self.flushUpstreamCarrier(handle) {
            guard self.upstreams[u].output.isEmpty else { return }
            turns &+= 1
            if turns > Limits.blocksPerTurn {
                self.resumeUpstream(handle)
                return
            }
            switch self.readUpstreamSocket(u) {
            case .progress:
                guard self.takeUpstreamFrames(handle) else { return }
            case .blocked:
                self.releaseUpstreamInput(u)
                if self.h2Upstreams[u].isOver
                    || (self.upstreamCarriers[Int(u)].isEnding
                        && self.upstreamCarriers[Int(u)].streamCount == 0)
                {
                    self.endUpstreamCarrier(handle, .closedBeforeHead)
                }
                return
            case .ended, .broken:
                self.endUpstreamCarrier(handle, .closedBeforeHead)
                return
            }
        }
    }

    private mutating func takeUpstreamFrames(_ handle: Handle) -> Bool {
        guard !self.takeEvents(handle) else { return true }
        _ = self.flushUpstreamCarrier(handle)
        if self.upstreams.isLive(handle) { self.endUpstreamCarrier(handle, .badHead) }
        return false
    }

    /// Hands what was read to the session, and its events to the streams.
    ///
    /// `false`: it breaks the protocol.
    private mutating func takeEvents(_ handle: Handle) -> Bool {
        let u = handle.index
        let input = self.upstreams[u].input
        let bytes = self.blocks.window(input.block, Int(input.start), Int(input.end))
        self.upstreamCarriers[Int(u)].hasMoved = true
        self.upstreamCarriers[Int(u)].receivedNanoseconds = self.nowNanoseconds
        do throws(H2Error) {
            try self.h2Upstreams[u].receive(bytes, nowMilliseconds: self.nowMilliseconds)
        } catch {
            return false
        }
        while let event = self.h2Upstreams[u].nextEvent() {
            self.takeUpstream(event, of: handle, bytes)
        }
        self.upstreams[u].input.start = input.end
        return true
    }

    private mutating func takeUpstream(
        _ event: H2Event,
        of carrier: Handle,
        _ bytes: ByteWindow
    ) {
        let u = carrier.index
        if event.kind == .goAway { self.upstreamCarriers[Int(u)].isEnding = true }
        guard let stream = self.upstreamStream(event, of: carrier) else {
            if event.kind == .data {
                self.h2Upstreams[u].consume(event.stream, Int(event.count))
            }
            return
        }
        let s = stream.index
        switch event.kind {
        case .head:
            let text = self.h2Upstreams[u].text(event)
            guard self.upstreamStreams[Int(s)].append(text, isHead: true, &self.blocks) else {
                self.failUpstream(stream, .outOfResources)
                return
            }
            if event.endsStream { self.upstreamStreams[Int(s)].hasEnded = true }
        case .data:
            let content = bytes.slice(Int(event.offset), Int(event.count))
            guard self.upstreamStreams[Int(s)].append(content, isHead: false, &self.blocks) else {
                self.failUpstream(stream, .outOfResources)
                return
            }
        case .trailers:
            let lines = self.h2Upstreams[u].text(event)
            guard self.upstreamStreams[Int(s)].keepTrailers(lines, &self.blocks) else {
                self.failUpstream(stream, .outOfResources)
                return
            }
        case .end:
            self.upstreamStreams[Int(s)].hasEnded = true
        case .closed:
            self.upstreamStreams[Int(s)].isGone = true
            if !self.upstreamStreams[Int(s)].hasEnded {
                self.upstreamStreams[Int(s)].isBroken = true
                // REFUSED_STREAM: nothing of it was looked at (RFC 9113 8.7).
                if event.code == 7 { self.upstreams[s].isReused = true }
            }
        case .goAway, .settings, .pingAcknowledged:
            return
        }
        self.upstreams[s].canRead = true
        self.wake(self.upstreams[s].exchange)
    }

    /// Sends frames until none wait or the socket takes no more.
    ///
    /// `false`: the connection is gone.
    private mutating func flushUpstreamCarrier(_ handle: Handle) -> Bool {
        let u = handle.index
        while true {
            if self.upstreams[u].output.isEmpty {
                guard self.h2Upstreams[u].hasOutput else { break }
                guard self.takeUpstreamOutput(u) else {
                    self.endUpstreamCarrier(handle, .outOfResources)
                    return false
                }
                let block = self.upstreams[u].output.block
                var writer = self.blocks.writer(block, from: 0)
                do throws(H2Error) {
                    try self.h2Upstreams[u].pull(into: &writer)
                } catch {
                    self.endUpstreamCarrier(handle, .outOfResources)
                    return false
                }
                self.upstreams[u].output = BlockCursor(
                    block: block,
                    start: 0,
                    end: Int32(writer.position)
                )
                self.settleUpstreamStreams(handle)
                if self.upstreams[u].output.isEmpty { break }
            }
            switch self.flushUpstream(u) {
            case .done: self.upstreamCarriers[Int(u)].hasMoved = true
            case .blocked: return true
            case .failed:
                self.readRestOfCarrier(handle)
                self.endUpstreamCarrier(handle, .closedBeforeHead)
                return false
            }
        }
        if self.upstreams[u].output.block != .none {
            self.blocks.give(self.upstreams[u].output.block)
            self.upstreams[u].output = BlockCursor()
        }
        return true
    }

    /// Reads what came before the origin went: answers may be among it.
    ///
    /// It ends at the streams' windows, which are not widened any more.
    private mutating func readRestOfCarrier(_ handle: Handle) {
        let u = handle.index
        self.upstreams[u].canRead = true
        while case .progress = self.readUpstreamSocket(u), self.takeEvents(handle) {}
    }

    private mutating func settleUpstreamStreams(_ handle: Handle) {
        let u = handle.index
        while let event = self.h2Upstreams[u].nextEvent() {
            guard event.kind == .closed, let stream = self.upstreamStream(event, of: handle)
            else { continue }
            self.upstreamStreams[Int(stream.index)].isGone = true
            if !self.upstreamStreams[Int(stream.index)].hasEnded {
                self.upstreamStreams[Int(stream.index)].isBroken = true
            }
            self.upstreams[stream.index].canRead = true
            self.upstreams[stream.index].canWrite = true
            self.wake(self.upstreams[stream.index].exchange)
        }
        var next = self.upstreamCarriers[Int(u)].firstStream
        while next != 0 {
            let s = next - 1
            next = self.upstreamStreams[Int(s)].next
            guard self.upstreamStreams[Int(s)].isOffered,
                self.h2Upstreams[u].hasTaken(self.upstreamStreams[Int(s)].id)
            else { continue }
            self.upstreams[s].canWrite = true
            self.wake(self.upstreams[s].exchange)
        }
    }

    /// The connection ends; its streams fail with it, but for those whose answer is here.
    mutating func endUpstreamCarrier(_ handle: Handle, _ error: ExchangeError) {
        let u = handle.index
        // First out of the list, so that second attempts do not come back here.
        self.upstreamCarriers[Int(u)].isEnding = true
        while self.upstreamCarriers[Int(u)].firstStream != 0 {
            let s = self.upstreamCarriers[Int(u)].firstStream - 1
            guard let stream = self.upstreams.handle(at: s) else {
                preconditionFailure("slot \(s) is in a carrier's list and not live")
            }
            self.unlinkUpstreamStream(s)
            self.upstreamStreams[Int(s)].isGone = true
            if !self.upstreamStreams[Int(s)].hasEnded {
                self.upstreamStreams[Int(s)].isBroken = true
                guard self.upstreamStreams[Int(s)].queued > 0 || !self.upstreams[s].input.isEmpty
                else {
                    self.failUpstream(stream, error)
                    continue
                }
            }
            // What came of it goes to the client before it learns of the end.
            self.upstreams[s].canRead = true
            self.wake(self.upstreams[s].exchange)
        }
        self.closeUpstream(handle)
    }

    /// Its time is over: an unused connection closes.
    mutating func expireUpstreamCarrier(_ handle: Handle) {
        let u = handle.index
        let isUsed = self.upstreamCarriers[Int(u)].streamCount > 0
        if !isUsed, !self.upstreamCarriers[Int(u)].hasMoved || self.isDraining {
            self.h2Upstreams[u].finishShutdown()
            guard self.flushUpstreamCarrier(handle) else { return }
            self.endUpstreamCarrier(handle, .closedBeforeHead)
            return
        }
        self.upstreamCarriers[Int(u)].hasMoved = false
        self.upstreams[u].deadline =
            self.nowMilliseconds &+ UInt64(self.limits.upstreamKeepIdleMilliseconds)
        self.armUpstream(u)
    }

    /// Has an upstream connection looked at once more, after the events in hand.
    mutating func resumeUpstream(_ handle: Handle) {
        guard !self.upstreams[handle.index].isResumed else { return }
        self.upstreams[handle.index].isResumed = true
        self.resumedUpstreams.append(handle)
    }
}
