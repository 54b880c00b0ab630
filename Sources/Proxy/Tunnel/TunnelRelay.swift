// SPDX-License-Identifier: Apache-2.0

import Bytes
import Wire

// Bytes go through a tunnel as they came: at most a block waits in each direction, nothing more is
// read before it is sent, and an idle tunnel holds no block. Frames of a WebSocket are followed by
// their headers only, so that a Close frame of ours never stands inside of one.

extension Reactor {
    /// Moves a tunnel's bytes in both directions, as far as they go now.
    mutating func pumpTunnel(_ exchange: Handle) {
        var turns = 0
        while self.exchanges.isLive(exchange) {
            turns &+= 1
            if turns > Limits.blocksPerTurn {
                self.giveWay(exchange)
                return
            }
            let isUpMoved = self.pumpUp(exchange)
            guard self.exchanges.isLive(exchange) else { return }
            let isDownMoved = self.pumpDown(exchange)
            guard self.exchanges.isLive(exchange) else { return }
            if isUpMoved || isDownMoved { continue }
            self.settleTunnel(exchange)
            return
        }
    }

    /// From the client to the origin.
    ///
    /// `false`: nothing moves now.
    private mutating func pumpUp(_ exchange: Handle) -> Bool {
        let e = exchange.index
        let d = self.exchanges[e].downstream.index
        let u = self.exchanges[e].upstream.index
        switch self.flushUpstream(u) {
        case .done: break
        case .blocked: return false
        case .failed:
            // The origin may have said its last word before it closed: that is still relayed.
            self.dropRequestDirect(e)
            self.upstreams[u].output.start = self.upstreams[u].output.end
            self.upstreams[u].canWrite = false
            if self.tunnels[Int(e)].up == .relaying { self.tunnels[Int(e)].up = .dropping }
            self.exchanges[e].isUpstreamDeaf = true
        }
        guard self.tunnels[Int(e)].up != .ended else { return false }
        if self.closesUpNow(e) {
            self.injectUp(e, u)
            return true
        }
        if self.downstreams[d].input.isEmpty {
            guard self.downstreams[d].input.block != .none || self.takeInput(d) else {
                self.endTunnel(exchange, .outOfResources, cuts: true)
                return false
            }
            switch self.readDownstream(d) {
            case .progress: break
            case .blocked:
                self.releaseInput(d)
                return false
            case .ended:
                self.releaseInput(d)
                self.tunnels[Int(e)].up = .ended
                if !self.exchanges[e].isUpstreamDeaf { self.endUpstreamWriting(u) }
                return true
            }
        }
        let input = self.downstreams[d].input
        let bytes = self.blocks.window(input.block, Int(input.start), Int(input.end))
        guard self.tunnels[Int(e)].up == .relaying else {
            _ = self.tunnels[Int(e)].upFrames.take(bytes)
            self.downstreams[d].input.start = input.end
            return true
        }
        let count = self.takeFrames(e, bytes, up: true)
        self.exchanges[e].requestBytes &+= UInt64(count)
        self.counters.add(WorkerCounter.tunnelBytesUp.rawValue, UInt64(count))
        self.exchanges[e].requestDirect = Int32(count)
        self.tunnels[Int(e)].movedAt = self.nowMilliseconds
        return true
    }

    /// From the origin to the client.
    ///
    /// `false`: nothing moves now, or the tunnel is over.
    private mutating func pumpDown(_ exchange: Handle) -> Bool {
        let e = exchange.index
        let d = self.exchanges[e].downstream.index
        let u = self.exchanges[e].upstream.index
        switch self.flushDownstream(d) {
        case .done: break
        case .blocked: return false
        case .failed:
            self.endTunnel(exchange, .clientGone, cuts: true)
            return false
        }
        guard self.tunnels[Int(e)].down != .ended else { return false }
        if self.closesDownNow(e) {
            self.injectDown(e, d)
            return true
        }
        if self.upstreams[u].input.isEmpty {
            guard self.upstreams[u].input.block != .none || self.takeUpstreamInput(u) else {
                self.endTunnel(exchange, .outOfResources, cuts: true)
                return false
            }
            switch self.readUpstream(u) {
            case .progress: break
            case .blocked:
                self.releaseUpstreamInput(u)
                return false
            case .ended:
                self.releaseUpstreamInput(u)
                self.tunnels[Int(e)].down = .ended
                self.endDownstreamWriting(d)
                return true
            case .broken:
                self.endTunnel(exchange, .upstreamGone, cuts: true)
                return false
            }
        }
        let input = self.upstreams[u].input
        let bytes = self.blocks.window(input.block, Int(input.start), Int(input.end))
        guard self.tunnels[Int(e)].down == .relaying else {
            _ = self.tunnels[Int(e)].downFrames.take(bytes)
            self.upstreams[u].input.start = input.end
            return true
        }
        let count = self.takeFrames(e, bytes, up: false)
        self.exchanges[e].answerBytes &+= UInt64(count)
        self.counters.add(WorkerCounter.tunnelBytesDown.rawValue, UInt64(count))
        self.exchanges[e].answerDirect = Int32(count)
        self.tunnels[Int(e)].movedAt = self.nowMilliseconds
        return true
    }

    /// How many of the bytes go on now: all, or those up to where a Close frame may stand.
    private mutating func takeFrames(_ e: UInt32, _ bytes: ByteWindow, up: Bool) -> Int {
        guard self.tunnels[Int(e)].isWebSocket else { return bytes.count }
        let boundary = self.closingBoundary(e)
        return up
            ? self.tunnels[Int(e)].upFrames.take(bytes, upTo: boundary)
            : self.tunnels[Int(e)].downFrames.take(bytes, upTo: boundary)
    }

    private mutating func takeInput(_ d: UInt32) -> Bool {
        guard let block = self.blocks.take() else { return false }
        self.downstreams[d].input = BlockCursor(block: block)
        return true
    }

    private mutating func takeUpstreamInput(_ u: UInt32) -> Bool {
        guard let block = self.blocks.take() else { return false }
        self.upstreams[u].input = BlockCursor(block: block)
        return true
    }

    private mutating func releaseUpstreamInput(_ u: UInt32) {
        let block = self.upstreams[u].input.block
        guard block != .none, self.upstreams[u].input.isEmpty else { return }
        self.blocks.give(block)
        self.upstreams[u].input = BlockCursor()
    }
}
