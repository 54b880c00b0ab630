// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Parity
import Wire

// Upgrade is a word between two neighbours (RFC 9110 7.8): Banyan asks the origin for what the
// client asks Banyan for, or removes it. Only an origin that was asked can switch, and only by a
// proper 101; until then the client's further bytes stay where they are (CVE-2026-2833).

extension Reactor {
    /// A request with an `Upgrade` field: what of it may be asked of the origin.
    ///
    /// Its fields must be in `requestFields`.
    mutating func noteUpgrade(_ head: RequestHead, _ bytes: ByteWindow, _ exchange: inout Exchange)
    {
        if asksForWebSocket(bytes, self.requestFields, head) {
            exchange.isWebSocket = true
        } else if let token = upgradeToken(bytes, self.requestFields, head) {
            exchange.upgradeToken = token
        } else {
            self.counters.count(.upgradesRemoved)
            return
        }
        exchange.upgrade = .asked
        exchange.isLasting = true
    }

    /// Whether a request is answered at once: the worker has too many tunnels, or it is an extended
    /// CONNECT (RFC 8441), which cannot go on without its tunnel.
    mutating func refusesUpgrade(_ exchange: Handle) -> Bool {
        let e = exchange.index
        if self.exchanges[e].upgrade == .none {
            guard self.exchanges[e].isStream else { return false }
            self.answer(exchange, status: 501, code: "UPGRADE_REFUSED")
            return true
        }
        guard self.tunnelCount >= Limits.tunnelsMax else { return false }
        self.counters.count(.tunnelsShed)
        self.answer(exchange, status: 503, code: "TUNNELS_FULL")
        return true
    }

    /// Whether the route lets a connection change to that protocol; if not, `Upgrade` is removed.
    ///
    /// `false`: the exchange was answered.
    mutating func checkUpgrade(
        _ exchange: Handle,
        _ view: SnapshotView,
        _ route: RouteRecord
    ) -> Bool {
        let e = exchange.index
        guard self.exchanges[e].upgrade == .asked else { return true }
        let isAllowed =
            self.exchanges[e].isWebSocket
            ? route.allowsWebSocket : view.allowsUpgrade(route, self.upgradeWindow(e))
        if isAllowed { return true }
        self.removeUpgrade(e)
        return !self.refusesUpgrade(exchange)
    }

    mutating func removeUpgrade(_ e: UInt32) {
        self.exchanges[e].upgrade = .none
        self.exchanges[e].isWebSocket = false
        self.exchanges[e].isLasting = false
        self.counters.count(.upgradesRemoved)
    }

    /// The protocol asked for, when it is not WebSocket.
    private func upgradeWindow(_ e: UInt32) -> ByteWindow {
        let token = self.exchanges[e].upgradeToken
        return self.headWindow(e).slice(Int(token.start), Int(token.length))
    }

    private func appendUpgrade(_ e: UInt32, _ writer: inout ByteWriter) {
        writer.append("connection: upgrade\r\nupgrade: ")
        if self.exchanges[e].isWebSocket {
            // What the client wrote may be a list of more.
            writer.append("websocket")
        } else {
            writer.append(self.upgradeWindow(e))
        }
        writer.append("\r\n")
    }

    /// Takes off a decision what a stream must never have: a copy, a second read, and for a tunnel
    /// rescue too, since its origin may have acted before it failed.
    mutating func leaveStreamAlone(_ e: UInt32, _ decision: inout Decision) {
        if !self.exchanges[e].isLasting, self.readFields(e),
            asksForEvents(self.headWindow(e), self.requestFields)
        {
            self.exchanges[e].isLasting = true
        }
        guard self.exchanges[e].isLasting else { return }
        decision.makesCopy = false
        decision.asksBoth = false
        decision.isBlind = false
        if self.exchanges[e].upgrade == .asked { decision.mayBeRescued = false }
    }

    /// The answer turns out to be an event stream: it has no deadline but silence, and no copy.
    mutating func noteAnswerStream(_ e: UInt32, _ bytes: ByteWindow) {
        guard self.exchanges[e].kind == .client, isEventStream(bytes, self.answerFields) else {
            return
        }
        self.exchanges[e].isLasting = true
        self.exchanges[e].totalDeadline = 0
        self.exchanges[e].idleTimeout = max(
            self.exchanges[e].idleTimeout,
            UInt32(self.limits.tunnelIdleMilliseconds)
        )
        if self.exchanges[e].copyState == .due { self.exchanges[e].copyState = .none }
        self.endObservation(e, .stream)
        if let exchange = self.exchanges.handle(at: e) { self.bookStream(exchange) }
    }

    /// `Connection` and `Upgrade` for an origin that is asked to switch.
    func writeUpgrade(_ e: UInt32, _ writer: inout ByteWriter) {
        guard self.exchanges[e].upgrade == .asked else { return }
        self.appendUpgrade(e, &writer)
    }

    /// A 101: the exchange becomes a tunnel, if it asked for just that.
    ///
    /// `false`: it was not asked for, and the exchange has taken another way.
    mutating func takeSwitch(
        _ exchange: Handle,
        _ upstream: Handle,
        _ head: ResponseHead,
        _ bytes: ByteWindow
    ) -> Bool {
        let e = exchange.index
        guard self.exchanges[e].kind == .client, self.exchanges[e].upgrade == .asked,
            self.isProperSwitch(e, head, bytes)
        else {
            self.counters.count(.switchesRefused)
            self.failUpstream(upstream, .badHead)
            return false
        }
        guard self.writeSwitch(e, head, bytes) else {
            self.failUpstream(upstream, .badHead)
            return false
        }
        self.openTunnel(exchange, upstream)
        return true
    }

    private func isProperSwitch(
        _ e: UInt32,
        _ head: ResponseHead,
        _ bytes: ByteWindow
    ) -> Bool {
        self.exchanges[e].isWebSocket
            ? switchesToWebSocket(bytes, self.answerFields, head)
            : switchesProtocol(bytes, self.answerFields, head, to: self.upgradeWindow(e))
    }

    /// The 101 as the client gets it: always HTTP/1.1, the origin's fields, our own two.
    private mutating func writeSwitch(
        _ e: UInt32,
        _ head: ResponseHead,
        _ bytes: ByteWindow
    ) -> Bool {
        let d = self.exchanges[e].downstream.index
        guard let block = self.takeOutput(d) else { return false }
        var writer = self.blocks.writer(block, from: Int(self.downstreams[d].output.end))
        writer.appendStatusLine(
            status: 101,
            reason: bytes.slice(Int(head.reason.start), Int(head.reason.length))
        )
        writer.appendFields(of: bytes, self.answerFields, dropping: HeaderMask.answer)
        writer.append("via: 1.1 ")
        writer.append(self.edge.name)
        writer.append("\r\n")
        self.appendUpgrade(e, &writer)
        writer.append("\r\n")
        guard !writer.overflowed else { return false }
        self.downstreams[d].output.end = Int32(writer.position)
        return true
    }

    /// From here bytes are relayed as they come.
    ///
    /// The tunnel gives back what only a request needs: its head, its place in the upstream's pool,
    /// its deadlines. The write that an unsafe upgrade counts as is over: what a tunnel does later
    /// nobody can tell, so its user's reads are not held to its origin for as long as it lasts.
    private mutating func openTunnel(_ exchange: Handle, _ upstream: Handle) {
        let e = exchange.index
        let d = self.exchanges[e].downstream.index
        self.exchanges[e].upgrade = .open
        self.exchanges[e].answer = .streaming
        self.exchanges[e].status = 101
        self.exchanges[e].answeredBy = self.exchanges[e].origin == .legacy ? .legacy : .modern
        self.exchanges[e].keepsUpstream = false
        self.exchanges[e].totalDeadline = 0
        self.exchanges[e].upstreamNanoseconds =
            self.nowNanoseconds &- self.exchanges[e].upstreamStartNanoseconds
        self.noteAnswer(e, status: 101)
        var tunnel = TunnelState()
        tunnel.isWebSocket = self.exchanges[e].isWebSocket
        tunnel.movedAt = self.nowMilliseconds
        self.tunnels[Int(e)] = tunnel
        self.tunnelCount += 1
        self.downstreams[d].deadline = 0
        self.giveRequest(exchange)
        self.endWriter(e)
        self.counters.lower(.requestsInFlight)
        self.counters.count(.tunnelsOpened)
        self.counters.raise(self.openCounter(e))
        self.leavePool(upstream)
        self.armTunnel(e)
        self.bookStream(exchange)
    }

    /// The gauge of open tunnels that this one counts in.
    func openCounter(_ e: UInt32) -> WorkerCounter {
        self.exchanges[e].origin == .legacy ? .tunnelsOpenLegacy : .tunnelsOpenModern
    }

    /// A tunnel takes no place of the requests' connections: idle WebSockets must not keep requests
    /// from their origin.
    private mutating func leavePool(_ upstream: Handle) {
        // A stream of an HTTP/2 connection never counted there.
        guard self.upstreams[upstream.index].transport != .stream else { return }
        self.upstreams[upstream.index].hasLeftPool = true
        self.freePlace(Int(self.upstreams[upstream.index].pool))
    }

    /// Blocks that held the request go back: an idle tunnel holds none.
    private mutating func giveRequest(_ exchange: Handle) {
        let e = exchange.index
        self.giveTee(e)
        if self.exchanges[e].headBlock != .none { self.blocks.give(self.exchanges[e].headBlock) }
        if self.exchanges[e].pathBlock != .none { self.blocks.give(self.exchanges[e].pathBlock) }
        self.exchanges[e].headBlock = .none
        self.exchanges[e].pathBlock = .none
        if self.fieldsOwner == exchange { self.fieldsOwner = .none }
    }
}
