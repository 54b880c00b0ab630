// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

// How a tunnel ends: both sides end in order; one breaks; nothing moves for too long; or Banyan
// closes it, because its cell has moved or the edge stops. Then a WebSocket gets a Close frame in
// each direction, between two messages if one ends soon, else between two frames, else it is cut.

extension Reactor {
    /// Begins to close a tunnel; it is over within `Limits.tunnelCloseMilliseconds`.
    mutating func closeTunnel(_ exchange: Handle, _ reason: TunnelEnd) {
        let e = Int(exchange.index)
        guard self.tunnels[e].closing == nil else { return }
        guard self.tunnels[e].isWebSocket, !self.tunnels[e].upFrames.isBroken,
            !self.tunnels[e].downFrames.isBroken
        else {
            self.endTunnel(exchange, reason, cuts: true)
            return
        }
        self.tunnels[e].closing = reason
        self.tunnels[e].closesAt = self.nowMilliseconds
        self.pumpTunnel(exchange)
    }

    /// Where a Close frame may stand now.
    func closingBoundary(_ e: UInt32) -> FrameBoundary {
        guard self.tunnels[Int(e)].closing != nil else { return .none }
        let passed = self.nowMilliseconds &- self.tunnels[Int(e)].closesAt
        return passed < UInt64(Limits.tunnelMessageGraceMilliseconds) ? .message : .frame
    }

    /// Whether the origin gets a Close frame at this point of the client's bytes.
    func closesUpNow(_ e: UInt32) -> Bool {
        let tunnel = self.tunnels[Int(e)]
        guard tunnel.closing != nil, tunnel.isWebSocket, tunnel.up == .relaying else {
            return false
        }
        return tunnel.upFrames.hasClose || tunnel.upFrames.isAt(self.closingBoundary(e))
    }

    /// Whether the client gets a Close frame at this point of the origin's bytes.
    func closesDownNow(_ e: UInt32) -> Bool {
        let tunnel = self.tunnels[Int(e)]
        guard tunnel.closing != nil, tunnel.isWebSocket, tunnel.down == .relaying else {
            return false
        }
        return tunnel.downFrames.hasClose || tunnel.downFrames.isAt(self.closingBoundary(e))
    }

    /// Ends the client's direction with a Close frame, unless the client has sent one itself.
    mutating func injectUp(_ e: UInt32, _ u: UInt32) {
        self.tunnels[Int(e)].up = .dropping
        guard !self.tunnels[Int(e)].upFrames.hasClose, self.takeUpstreamOutput(u) else { return }
        let output = self.upstreams[u].output
        var writer = self.blocks.writer(output.block, from: Int(output.end))
        let key = UInt32(truncatingIfNeeded: self.nextRandom() >> 16)
        writer.appendClientClose(code: 1_001, key: key)
        self.upstreams[u].output.end = Int32(writer.position)
    }

    /// Ends the origin's direction with a Close frame, unless the origin has sent one itself.
    mutating func injectDown(_ e: UInt32, _ d: UInt32) {
        self.tunnels[Int(e)].down = .dropping
        guard !self.tunnels[Int(e)].downFrames.hasClose, let block = self.takeOutput(d) else {
            return
        }
        var writer = self.blocks.writer(block, from: Int(self.downstreams[d].output.end))
        if self.tunnels[Int(e)].closing == .moved {
            writer.appendServerClose(code: 1_012, reason: "service restart")
        } else {
            writer.appendServerClose(code: 1_001, reason: "going away")
        }
        self.downstreams[d].output.end = Int32(writer.position)
    }

    /// Nothing moves now: the tunnel is over, or waits.
    mutating func settleTunnel(_ exchange: Handle) {
        let e = exchange.index
        let tunnel = self.tunnels[Int(e)]
        if tunnel.up == .ended, tunnel.down == .ended {
            self.endTunnel(exchange, tunnel.closing ?? .done, cuts: false)
            return
        }
        if let reason = tunnel.closing, tunnel.up != .relaying, tunnel.down != .relaying,
            tunnel.up == .ended || tunnel.upFrames.hasClose,
            tunnel.down == .ended || tunnel.downFrames.hasClose,
            self.isTunnelFlushed(e)
        {
            self.endTunnel(exchange, reason, cuts: false)
            return
        }
        self.armTunnel(e)
    }

    private func isTunnelFlushed(_ e: UInt32) -> Bool {
        self.downstreams[self.exchanges[e].downstream.index].output.isEmpty
            && self.upstreams[self.exchanges[e].upstream.index].output.isEmpty
    }

    /// Ends a tunnel: in order, or by a cut that the client can tell from an end.
    mutating func endTunnel(_ exchange: Handle, _ reason: TunnelEnd, cuts: Bool) {
        let e = exchange.index
        let downstream = self.exchanges[e].downstream
        self.tunnels[Int(e)].end = reason
        self.exchanges[e].isAborted = cuts
        let isClientEnded = self.tunnels[Int(e)].up == .ended
        let isOriginEnded = self.tunnels[Int(e)].down == .ended
        self.endExchange(exchange)
        guard self.downstreams.isLive(downstream) else { return }
        if cuts {
            self.abortDownstream(downstream)
        } else if isClientEnded, isOriginEnded,
            self.downstreams[downstream.index].transport != .stream
        {
            self.closeDownstream(downstream)
        } else {
            // The client may not have read our Close frame yet: its own bytes must not reset it.
            self.startLinger(downstream)
        }
    }

    /// The exchange of a tunnel is over, however: its figures go with it.
    mutating func leaveTunnel(_ e: UInt32) {
        guard self.exchanges[e].upgrade == .open else { return }
        self.tunnelCount -= 1
        self.counters.lower(self.openCounter(e))
        self.counters.raise(.requestsInFlight)
        let end =
            self.tunnels[Int(e)].end
            ?? (self.exchanges[e].failure?.isUpstreamFault == true
                ? .upstreamGone : .clientGone)
        self.tunnels[Int(e)].end = end
        self.counters.count(end.counter)
    }

    /// Whether a hang-up may be no more than both directions' orderly ends.
    func isHalfClosedTunnel(_ exchange: Handle) -> Bool {
        self.exchanges.isLive(exchange) && self.exchanges[exchange.index].upgrade == .open
            && self.tunnels[Int(exchange.index)].down == .ended
    }

    // MARK: Deadlines

    /// Sets when the tunnel is looked at next: its idle time, or what its closing waits for.
    mutating func armTunnel(_ e: UInt32) {
        let u = self.exchanges[e].upstream.index
        self.upstreams[u].deadline = self.tunnelDeadline(e)
        self.armUpstream(u)
    }

    private func tunnelDeadline(_ e: UInt32) -> UInt64 {
        let tunnel = self.tunnels[Int(e)]
        if tunnel.closing != nil {
            // The grace may be over between two looks.
            let grace = tunnel.closesAt &+ UInt64(Limits.tunnelMessageGraceMilliseconds)
            let boundary = tunnel.closesAt &+ UInt64(Limits.tunnelBoundaryMilliseconds)
            let close = tunnel.closesAt &+ UInt64(Limits.tunnelCloseMilliseconds)
            if self.nowMilliseconds < grace { return grace }
            if tunnel.up == .relaying || tunnel.down == .relaying { return boundary }
            return close
        }
        let idle = self.idleDeadline(tunnel)
        return tunnel.closesAt > 0 ? min(idle, tunnel.closesAt) : idle
    }

    private func idleDeadline(_ tunnel: TunnelState) -> UInt64 {
        let isHalf = tunnel.up != .relaying || tunnel.down != .relaying
        let idle = self.limits.tunnelIdleMilliseconds
        return tunnel.movedAt
            &+ UInt64(isHalf ? min(idle, Limits.tunnelHalfClosedMilliseconds) : idle)
    }

    /// A deadline of a tunnel may be over.
    mutating func reviewTunnel(_ exchange: Handle) {
        let e = exchange.index
        let tunnel = self.tunnels[Int(e)]
        let now = self.nowMilliseconds
        guard let reason = tunnel.closing else {
            if tunnel.closesAt > 0, tunnel.closesAt <= now {
                self.closeTunnel(exchange, .moved)
            } else if self.idleDeadline(tunnel) <= now {
                self.closeTunnel(exchange, .idle)
            } else {
                self.armTunnel(e)
            }
            return
        }
        let passed = now &- tunnel.closesAt
        let waitsForBoundary = tunnel.up == .relaying || tunnel.down == .relaying
        if passed >= UInt64(Limits.tunnelCloseMilliseconds)
            || (waitsForBoundary && passed >= UInt64(Limits.tunnelBoundaryMilliseconds))
        {
            // Both have their Close frame: only an answer to it is missing.
            let isTold = !waitsForBoundary && self.isTunnelFlushed(e)
            self.endTunnel(exchange, reason, cuts: !isTold)
            return
        }
        self.pumpTunnel(exchange)
    }
}
