// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Parity
import Wire

// Upgrade is a word between two neighbours (RFC 9110 7.8): Banyan asks the origin for what the
// client asks Banyan for, or removes it. Only an origin that was asked can switch, and only by a
// proper 101; until then the client's further bytes stay where they are (CVE-2026-2833).

/// The token of WebSocket requests; what the client wrote may be a list.
private let webSocketToken: StaticString = "websocket"

extension Reactor {
    /// A request with an `Upgrade` field: what of it may be asked of the origin.
    ///
    /// Its fields must be in `requestFields`.
    mutating func noteUpgrade(_ head: RequestHead, _ bytes: ByteWindow, _ exchange: inout Exchange)
    {
        if asksForWebSocket(bytes, self.requestFields, head) {
            exchange.upgrade = .asked
            exchange.isWebSocket = true
            exchange.isStream = true
        } else {
            self.counters.count(.upgradesRemoved)
        }
    }

    /// Takes off a decision what a stream must never have: a copy, a second read, and for a tunnel
    /// rescue too, since its origin may have acted before it failed.
    mutating func leaveStreamAlone(_ e: UInt32, _ decision: inout Decision) {
        if !self.exchanges[e].isStream, self.readFields(e),
            asksForEvents(self.headWindow(e), self.requestFields)
        {
            self.exchanges[e].isStream = true
        }
        guard self.exchanges[e].isStream else { return }
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
        self.exchanges[e].isStream = true
        self.exchanges[e].totalDeadline = 0
        self.exchanges[e].idleTimeout = max(
            self.exchanges[e].idleTimeout,
            UInt32(self.limits.tunnelIdleMilliseconds)
        )
        if self.exchanges[e].copyState == .due { self.exchanges[e].copyState = .none }
        self.endObservation(e, .stream)
    }

    /// `Connection` and `Upgrade` for an origin that is asked to switch.
    func writeUpgrade(_ e: UInt32, _ writer: inout ByteWriter) {
        guard self.exchanges[e].upgrade == .asked else { return }
        writer.append("connection: upgrade\r\nupgrade: ")
        writer.append(webSocketToken)
        writer.append("\r\n")
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
            switchesToWebSocket(bytes, self.answerFields, head)
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
        writer.append("\r\nconnection: upgrade\r\nupgrade: ")
        writer.append(webSocketToken)
        writer.append("\r\n\r\n")
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
    }

    /// The gauge of open tunnels that this one counts in.
    func openCounter(_ e: UInt32) -> WorkerCounter {
        self.exchanges[e].origin == .legacy ? .tunnelsOpenLegacy : .tunnelsOpenModern
    }

    /// A tunnel takes no place of the requests' connections: idle WebSockets must not keep requests
    /// from their origin.
    private mutating func leavePool(_ upstream: Handle) {
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
