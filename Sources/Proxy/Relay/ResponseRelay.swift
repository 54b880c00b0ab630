// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import Wire

extension Reactor {
    /// Moves the answer towards the client (or into the void, for a copy).
    mutating func pumpAnswer(_ exchange: Handle) {
        let e = exchange.index
        var turns = 0
        while self.exchanges.isLive(exchange) {
            turns &+= 1
            if turns > self.turnsMax(e) {
                self.giveWay(exchange)
                return
            }
            if self.exchanges[e].kind == .client {
                switch self.flushDownstream(self.exchanges[e].downstream.index) {
                case .done: break
                case .blocked: return
                case .failed:
                    self.counters.count(.clientsGone)
                    self.fail(exchange, .clientGone)
                    return
                }
            }
            switch self.exchanges[e].hold {
            case .none: break
            case .holding:
                // A whole answer is in the slot already.
                if self.exchanges[e].answer != .complete { self.releaseIfLong(exchange) }
                if self.exchanges[e].hold != .holding { continue }
                // Complete and not yet compared: the word of the compare threads, or the budget's
                // end, goes on from here.
                if self.exchanges[e].answer == .complete { return }
            case .serving:
                if self.takeFromSlot(e) { continue }
            }
            if self.exchanges[e].answer == .complete {
                if self.hasOutput(e) || self.takeAnswerEnd(e) { continue }
                self.finishExchange(exchange)
                return
            }
            let upstream = self.exchanges[e].upstream
            guard self.upstreams.isLive(upstream), self.upstreams[upstream.index].step == .busy
            else { return }
            guard self.takeAnswer(exchange, upstream) else { return }
        }
    }

    /// Whether bytes for the client wait to be sent.
    private func hasOutput(_ e: UInt32) -> Bool {
        let downstream = self.exchanges[e].downstream
        guard self.downstreams.isLive(downstream) else { return false }
        return !self.downstreams[downstream.index].output.isEmpty
    }

    /// Steps in a row; a step moves at most a block.
    func turnsMax(_ e: UInt32) -> Int {
        self.exchanges[e].kind == .client ? Limits.blocksPerTurn : Limits.copyBlocksPerTurn
    }

    /// Takes the next part of the answer.
    ///
    /// `false`: nothing now, or the exchange took another way.
    private mutating func takeAnswer(_ exchange: Handle, _ upstream: Handle) -> Bool {
        let e = exchange.index
        let u = upstream.index
        if self.upstreams[u].input.isEmpty || self.upstreams[u].scanned > 0 {
            switch self.readUpstream(u) {
            case .progress:
                self.exchanges[e].hasAnswerBytes = true
                if self.exchanges[e].answer == .streaming {
                    self.setUpstreamDeadline(u, after: self.exchanges[e].idleTimeout)
                }
            case .blocked:
                return false
            case .ended:
                self.upstreamEnded(exchange, upstream, cleanly: true)
                return false
            case .broken:
                self.upstreamEnded(exchange, upstream, cleanly: false)
                return false
            }
        }
        switch self.exchanges[e].answer {
        case .waiting:
            guard self.takeAnswerHead(exchange, upstream) else { return false }
            guard self.exchanges.isLive(exchange), self.exchanges[e].upgrade == .open else {
                return true
            }
            self.pumpTunnel(exchange)
            return false
        case .streaming:
            return self.takeAnswerBody(exchange, upstream)
        case .complete:
            return true
        }
    }

    /// The upstream has closed: complete for a close-delimited answer, a failure otherwise.
    private mutating func upstreamEnded(
        _ exchange: Handle,
        _ upstream: Handle,
        cleanly: Bool
    ) {
        let e = exchange.index
        guard self.exchanges[e].answer == .streaming else {
            self.failUpstream(upstream, .closedBeforeHead)
            return
        }
        // A reset is never the end of a close-delimited answer (RFC 9112 8).
        guard cleanly, self.exchanges[e].upstreamFraming == .untilClose else {
            self.failUpstream(upstream, .cutShort)
            return
        }
        self.completeAnswer(e)
        self.pumpAnswer(exchange)
    }

    /// Reads what the upstream has sent into its input block.
    mutating func readUpstream(_ u: UInt32) -> UpstreamRead {
        self.upstreams[u].transport == .stream
            ? self.readUpstreamStream(u) : self.readUpstreamSocket(u)
    }

    /// Reads what is on a socket into the input block.
    mutating func readUpstreamSocket(_ u: UInt32) -> UpstreamRead {
        guard self.upstreams[u].canRead || self.upstreams[u].isPeerEnded else { return .blocked }
        if self.upstreams[u].input.block == .none {
            guard let block = self.blocks.take() else { return .broken }
            self.upstreams[u].input = BlockCursor(block: block)
        }
        var input = self.upstreams[u].input
        if input.isEmpty {
            input.start = 0
            input.end = 0
        } else if Int(input.end) == Limits.blockBytes, input.start > 0 {
            input.end = Int32(self.blocks.compact(input.block, Int(input.start), Int(input.end)))
            input.start = 0
        }
        let room = Limits.blockBytes - Int(input.end)
        guard room > 0 else { return .broken }
        let result = self.receiveUpstream(
            u,
            input.block,
            Int(input.end),
            Limits.blockBytes
        )
        switch result {
        case .bytes(let count):
            self.upstreams[u].canRead =
                count == room || self.upstreams[u].isPeerEnded || !self.isUpstreamShortTelling(u)
            input.end &+= Int32(count)
            self.upstreams[u].input = input
            return .progress
        case .wouldBlock:
            self.upstreams[u].canRead = false
            self.upstreams[u].input = input
            return .blocked
        case .end:
            self.upstreams[u].input = input
            return .ended
        case .failed:
            self.upstreams[u].input = input
            return .broken
        }
    }

    // MARK: Body

    mutating func takeAnswerBody(_ exchange: Handle, _ upstream: Handle) -> Bool {
        let e = exchange.index
        let u = upstream.index
        switch self.exchanges[e].upstreamFraming {
        case .none:
            self.completeAnswer(e)
        case .length:
            let count = Int(
                min(UInt64(self.upstreams[u].input.count), self.exchanges[e].answerRemaining)
            )
            if self.awaitsEnd(e, u) {
                if self.upstreamStreams[Int(u)].isGone { self.failUpstream(upstream, .cutShort) }
                return false
            }
            self.exchanges[e].answerRemaining &-= UInt64(count)
            guard self.forward(e, u, count) else { return false }
            if self.exchanges[e].answerRemaining == 0 { self.completeAnswer(e) }
        case .untilClose:
            let room = self.encodedRoom(e)
            let count = min(self.upstreams[u].input.count, room)
            guard self.forward(e, u, count) else { return false }
        case .chunked:
            return self.takeAnswerChunks(exchange, upstream)
        }
        return true
    }

    private mutating func takeAnswerChunks(_ exchange: Handle, _ upstream: Handle) -> Bool {
        let e = exchange.index
        let u = upstream.index
        let input = self.upstreams[u].input
        let count = min(input.count, self.encodedRoom(e))
        let window = self.blocks.window(input.block, Int(input.start), Int(input.start) + count)
        let step: ChunkStep
        do throws(WireError) {
            step = try self.exchanges[e].answerDecoder.step(window)
        } catch {
            self.failUpstream(upstream, .cutShort)
            return false
        }
        guard self.keepAnswerTrailers(exchange, window, step) else { return false }
        if step.payloadLength > 0 {
            self.upstreams[u].input.start &+= Int32(step.payloadStart)
            guard self.forward(e, u, step.payloadLength) else { return false }
            self.upstreams[u].input.start &+=
                Int32(step.consumed - step.payloadStart - step.payloadLength)
        } else {
            self.upstreams[u].input.start &+= Int32(step.consumed)
        }
        // An unfinished chunk line: only more bytes help.
        self.upstreams[u].scanned = step.consumed == 0 && !step.isFinished ? 1 : 0
        if step.isFinished { self.completeAnswer(e) }
        return true
    }

    /// Bytes of body that one step may put into the client's output block, framing included.
    private func encodedRoom(_ e: UInt32) -> Int {
        let downstream = self.exchanges[e].downstream
        guard self.downstreams.isLive(downstream) else { return Limits.blockBytes }
        let output = self.downstreams[downstream.index].output
        return Limits.blockBytes - Int(output.end) - 64
    }

    /// Puts `count` bytes at the start of the upstream's input up for sending, in the client's
    /// framing.
    private mutating func forward(_ e: UInt32, _ u: UInt32, _ count: Int) -> Bool {
        guard count > 0 else { return true }
        self.exchanges[e].answerBytes &+= UInt64(count)
        if self.exchanges[e].observation != .max {
            let input = self.upstreams[u].input
            self.captureBody(
                e,
                self.blocks.window(input.block, Int(input.start), Int(input.start) + count)
            )
        }
        guard self.exchanges[e].kind == .client, self.exchanges[e].hold == .none else {
            self.upstreams[u].input.start &+= Int32(count)
            return self.exchanges[e].kind == .client || self.countDrained(e)
        }
        let d = self.exchanges[e].downstream.index
        let input = self.upstreams[u].input
        let bytes = self.blocks.window(input.block, Int(input.start), Int(input.start) + count)
        guard let block = self.takeOutput(d) else {
            self.fail(self.downstreams[d].exchange, .outOfResources)
            return false
        }
        let end = Int(self.downstreams[d].output.end)
        if self.goesDirect(e),
            count > copiedBodyBytesMax
                || Limits.blockBytes - end < count
        {
            self.exchanges[e].answerDirect = Int32(count)
            return true
        }
        var writer = self.blocks.writer(block, from: end)
        if self.exchanges[e].answerFraming == .chunked {
            appendChunk(bytes, &writer)
        } else {
            writer.append(bytes)
        }
        precondition(!writer.overflowed, "a body step larger than its room")
        self.downstreams[d].output.end = Int32(writer.position)
        self.upstreams[u].input.start &+= Int32(count)
        return true
    }

    /// Whether content may be sent from the upstream's block: not when its framing has to change.
    ///
    /// A chunk's framing is stepped over behind its payload, which must have been copied by then.
    private func goesDirect(_ e: UInt32) -> Bool {
        self.exchanges[e].answerFraming == .length
            || (self.exchanges[e].isStream && self.exchanges[e].upstreamFraming != .chunked)
    }

    /// All of the answer was taken from the upstream.
    mutating func completeAnswer(_ e: UInt32) {
        precondition(self.exchanges[e].answer != .complete, "completed twice")
        self.exchanges[e].answer = .complete
        // What is left of it is the client's to read: no move cuts a whole answer short.
        self.exchanges[e].cutsAt = 0
        if self.exchanges[e].isCall { self.judgeEnd(e) }
        self.passTrailers(e)
        self.endPart(e)
        if self.exchanges[e].hold == .holding {
            self.holdComplete(e)
            return
        }
        guard self.exchanges[e].kind == .client, self.exchanges[e].answerFraming == .chunked else {
            return
        }
        self.endChunks(e, self.exchanges[e].downstream.index)
    }
}

/// What a read from an upstream came to.
enum UpstreamRead: BitwiseCopyable {
    case progress
    case blocked
    case ended
    case broken
}

/// Appends one chunk (RFC 9112 7.1): size, CRLF, data, CRLF.
func appendChunk(_ payload: ByteWindow, _ writer: inout ByteWriter) {
    writer.append(hex: UInt64(payload.count))
    writer.append("\r\n")
    writer.append(payload)
    writer.append("\r\n")
}
