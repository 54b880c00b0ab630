// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import TLS

extension Reactor {
    /// Gets the exchange a connection to the origin it asks: an idle one, a new one, or a place in
    /// the queue.
    ///
    /// `isFresh`: not an idle one (a second attempt after a lost race).
    mutating func reach(_ exchange: Handle, isFresh: Bool = false) {
        let e = exchange.index
        guard self.passUpstreamBreaker(e) else {
            self.fail(exchange, .breakerOpen)
            return
        }
        guard let pool = self.choosePool(e) else {
            self.fail(exchange, .connectFailed)
            return
        }
        self.takePlace(e, pool: pool)
        if self.pools[pool].speaksHTTP2 {
            self.reachStream(exchange, pool: pool)
            return
        }
        if !isFresh, self.pools[pool].firstIdle != .max {
            let u = self.pools[pool].firstIdle
            self.removeIdle(u)
            self.upstreams[u].isReused = true
            self.attach(exchange, u)
            return
        }
        if self.hasRoomForConnection(e, pool: pool) {
            self.connect(exchange, pool: pool)
            return
        }
        _ = self.queueForPool(exchange, pool: pool)
    }

    /// Puts the exchange into the pool's queue; `false`: it is full, the exchange has failed.
    mutating func queueForPool(_ exchange: Handle, pool: Int) -> Bool {
        let e = exchange.index
        if let refusal = self.refusalOfWaiting(e, pool: pool) {
            self.fail(exchange, refusal)
            return false
        }
        self.enqueueWaiting(e, pool: pool)
        if self.exchanges[e].kind == .client {
            // Nothing but the client's timer watches the total deadline of one that waits.
            self.startRateWindow(self.exchanges[e].downstream.index)
        }
        return true
    }

    /// The next exchange of a pool's queue whose time is not over; the others end here.
    mutating func takeWaiting(pool: Int) -> Handle? {
        while let waiting = self.dequeueWaiting(pool: pool) {
            guard let exchange = self.exchanges.handle(at: waiting) else { continue }
            let total = self.exchanges[waiting].totalDeadline
            guard total > 0, total <= self.nowMilliseconds else { return exchange }
            self.fail(exchange, .totalTimedOut)
        }
        return nil
    }

    private mutating func connect(_ exchange: Handle, pool: Int) {
        let e = exchange.index
        guard self.pools[pool].address.length > 0 else {
            self.fail(exchange, .noAddress)
            return
        }
        guard let handle = self.openUpstream(pool, exchange: exchange) else {
            self.fail(exchange, .connectFailed)
            return
        }
        self.exchanges[e].upstream = handle
        self.startTry(e)
        self.setUpstreamDeadline(handle.index, after: self.exchanges[e].connectTimeout)
        if self.upstreams[handle.index].canWrite { self.connected(handle) }
    }

    /// Starts a connection to the pool's endpoint; `nil`: it cannot be had.
    ///
    /// `canWrite`: it is up already.
    mutating func openUpstream(_ pool: Int, exchange: Handle) -> Handle? {
        let fd: Int32
        let isConnected: Bool
        do throws(Errno) {
            (fd, isConnected) = try startConnect(to: self.pools[pool].address)
        } catch {
            return nil
        }
        var connection = UpstreamConnection(fd: fd, pool: UInt32(pool))
        connection.addressSerial = self.pools[pool].addressSerial
        connection.exchange = exchange
        connection.canWrite = isConnected
        guard let handle = self.upstreams.insert(connection) else {
            closeDescriptor(fd)
            return nil
        }
        do throws(Errno) {
            try self.poller.add(fd, token: EventToken(.upstream, handle).word)
        } catch {
            self.upstreams.remove(handle)
            closeDescriptor(fd)
            return nil
        }
        self.pools[pool].count &+= 1
        self.countConnection(pool: pool, isMore: true)
        self.counters.count(.upstreamConnects)
        self.counters.raise(.upstreamConnectionsOpen)
        return handle
    }

    /// The socket is connected: TLS begins, where the endpoint has it.
    mutating func connected(_ handle: Handle) {
        let u = handle.index
        let endpoint = Int(self.upstreams[u].pool / 2)
        guard endpoint < self.transports.endpoints.count,
            let context = self.transports.endpoints[endpoint].tls
        else {
            self.ready(handle)
            return
        }
        self.upstreams[u].step = .handshake
        self.upstreams[u].isSecure = true
        guard self.tlsUpstreams.connect(u, context, fd: self.upstreams[u].fd) else {
            self.failUpstream(handle, .tlsFailed)
            return
        }
        self.upstreams[u].transport = .tls
        self.driveUpstreamHandshake(handle)
    }

    /// Carries TLS with an origin on.
    private mutating func driveUpstreamHandshake(_ handle: Handle) {
        let u = handle.index
        switch self.tlsUpstreams.handshake(u) {
        case .wantsRead, .wantsWrite: break
        case .done:
            self.upstreams[u].canRead = true
            guard !self.upstreams[u].isCarrier || self.tlsUpstreams.alpn(u) == .http2 else {
                self.refuseTLS(handle, .noSharedProtocol)
                return
            }
            self.ready(handle)
        case .ended, .failed:
            self.refuseTLS(handle, self.tlsUpstreams.failure(u))
        }
    }

    private mutating func refuseTLS(_ handle: Handle, _ failure: TLSFailure) {
        let exchange = self.upstreams[handle.index].exchange
        self.counters.count(.tlsUpstreamsFailed)
        self.counters.add(MetricsLayout.tlsFailure(failure.rawValue), 1)
        self.upstreams[handle.index].tlsFailure = failure
        if self.exchanges.isLive(exchange) {
            self.exchanges[exchange.index].tlsFailure = failure
        }
        self.failUpstream(handle, .tlsFailed)
    }

    /// The connection may be used.
    private mutating func ready(_ handle: Handle) {
        let u = handle.index
        if self.upstreams[u].isCarrier {
            self.beginCarrier(handle)
            return
        }
        let exchange = self.upstreams[u].exchange
        guard self.exchanges.isLive(exchange) else {
            self.closeUpstream(handle)
            return
        }
        self.attach(exchange, u)
    }

    /// Something happened on an upstream connection.
    mutating func upstreamReady(_ handle: Handle, _ event: ReadyEvent) {
        let u = handle.index
        if event.isReadable { self.upstreams[u].canRead = true }
        if event.isWritable { self.upstreams[u].canWrite = true }
        if event.isPeerEnded { self.upstreams[u].isPeerEnded = true }
        switch self.upstreams[u].step {
        case .connecting:
            self.finishConnect(handle)
        case .handshake:
            self.driveUpstreamHandshake(handle)
        case .carrier:
            self.driveUpstreamCarrier(handle)
        case .idle:
            // Bytes or an end on an idle connection: in no case is it fit for another exchange.
            guard event.isReadable || event.isPeerEnded else { return }
            // TLS has words of its own, session tickets for one (RFC 8446 4.6.1).
            if self.upstreams[u].transport == .tls, !event.isPeerEnded, !self.hasStrayBytes(u) {
                return
            }
            self.closeUpstream(handle)
        case .busy:
            let exchange = self.upstreams[u].exchange
            guard self.exchanges.isLive(exchange) else {
                self.closeUpstream(handle)
                return
            }
            self.pumpExchange(exchange)
        }
    }

    private mutating func finishConnect(_ handle: Handle) {
        let u = handle.index
        let error = pendingError(of: self.upstreams[u].fd)
        guard error.number == 0 else {
            self.failUpstream(handle, .connectFailed)
            return
        }
        guard self.upstreams[u].canWrite else { return }
        self.connected(handle)
    }

    /// The connection is up and belongs to the exchange: its head goes out.
    mutating func attach(_ exchange: Handle, _ u: UInt32) {
        let e = exchange.index
        guard let handle = self.upstreams.handle(at: u) else { return }
        self.upstreams[u].step = .busy
        self.upstreams[u].exchange = exchange
        self.upstreams[u].canWrite = true
        self.upstreams[u].scanned = 0
        self.upstreams[u].requests &+= 1
        self.exchanges[e].upstream = handle
        self.exchanges[e].hasAnswerBytes = false
        self.exchanges[e].interimCount = 0
        self.exchanges[e].upstreamStartNanoseconds = self.nowNanoseconds
        self.beginAttempt(e)
        guard self.writeRequestHead(e, u) else {
            self.fail(exchange, .headTooLong)
            return
        }
        self.setUpstreamDeadline(u, after: self.exchanges[e].firstByteTimeout)
        self.pumpExchange(exchange)
    }

    /// The answer is complete and the connection is in order: next exchange, or idle.
    mutating func releaseUpstream(_ handle: Handle) {
        let u = handle.index
        self.upstreams[u].exchange = .none
        self.giveUpstreamBlocks(u)
        let pool = Int(self.upstreams[u].pool)
        guard self.upstreams[u].addressSerial == self.pools[pool].addressSerial else {
            // The endpoint has moved: whoever waits gets a connection to where it is now.
            self.closeUpstream(handle)
            return
        }
        if let exchange = self.takeWaiting(pool: pool) {
            self.upstreams[u].isReused = true
            self.attach(exchange, u)
            return
        }
        if self.isDraining || !self.pools[pool].hasAddress {
            self.closeUpstream(handle)
            return
        }
        self.upstreams[u].step = .idle
        self.pushIdle(u)
        self.upstreams[u].deadline =
            self.nowMilliseconds &+ UInt64(self.limits.upstreamKeepIdleMilliseconds)
        self.armUpstream(u)
    }

    mutating func giveUpstreamBlocks(_ u: UInt32) {
        if self.upstreams[u].input.block != .none {
            self.blocks.give(self.upstreams[u].input.block)
            self.upstreams[u].input = BlockCursor()
        }
        if self.upstreams[u].output.block != .none {
            self.blocks.give(self.upstreams[u].output.block)
            self.upstreams[u].output = BlockCursor()
        }
    }

    /// Closes an upstream connection.
    ///
    /// Its exchange, if any, must have been taken off it.
    ///
    /// A place has come free: the first exchange of the queue gets a connection of its own. One
    /// that cannot be had at all leaves the place to the next, or nobody would ever call it.
    mutating func closeUpstream(_ handle: Handle) {
        let u = handle.index
        let pool = Int(self.upstreams[u].pool)
        if self.upstreams[u].transport == .stream {
            self.closeUpstreamStream(handle)
            return
        }
        if self.upstreams[u].isCarrier { self.removeCarrier(u) }
        let hasLeftPool = self.upstreams[u].hasLeftPool
        if self.upstreams[u].step == .idle { self.removeIdle(u) }
        self.disarmUpstream(u)
        self.giveUpstreamBlocks(u)
        self.closeUpstreamTransport(u)
        self.upstreams.remove(handle)
        self.counters.lower(.upstreamConnectionsOpen)
        if !hasLeftPool { self.freePlace(pool) }
    }

    /// A connection of the pool is gone: who waits may have its place.
    mutating func freePlace(_ pool: Int) {
        precondition(self.pools[pool].count > 0, "pool \(pool): closed more than opened")
        self.pools[pool].count &-= 1
        self.countConnection(pool: pool, isMore: false)
        // Each is called once: it may have to wait again, here or elsewhere.
        var left = self.pools[pool].waitingCount
        while left > 0, self.pools[pool].count < self.pools[pool].countMax,
            let exchange = self.takeWaiting(pool: pool)
        {
            left &-= 1
            self.reach(exchange)
        }
    }

    /// An upstream connection failed: it closes, and its exchange learns why.
    mutating func failUpstream(_ handle: Handle, _ error: ExchangeError) {
        let exchange = self.upstreams[handle.index].exchange
        self.upstreams[handle.index].exchange = .none
        if self.upstreams[handle.index].isCarrier, self.upstreams[handle.index].step != .carrier {
            self.failCarrier(handle, error)
            return
        }
        guard self.exchanges.isLive(exchange) else {
            self.closeUpstream(handle)
            return
        }
        let isReused = self.upstreams[handle.index].isReused
        self.exchanges[exchange.index].upstream = .none
        self.closeUpstream(handle)
        self.fail(exchange, error, onReused: isReused)
    }
}
