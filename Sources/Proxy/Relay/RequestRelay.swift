// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

/// Bodies up to this many bytes are copied behind the head, so that one plain send takes both.
let copiedBodyBytesMax = 4_096

extension Reactor {
    /// Moves an exchange on in both directions, as far as it goes now.
    mutating func pumpExchange(_ exchange: Handle) {
        guard self.exchanges.isLive(exchange) else { return }
        if self.exchanges[exchange.index].upgrade == .open {
            self.pumpTunnel(exchange)
            return
        }
        if self.upstreams.isLive(self.exchanges[exchange.index].upstream) {
            guard self.pumpRequest(exchange) else { return }
        }
        self.pumpAnswer(exchange)
    }

    /// Moves the request towards the upstream.
    ///
    /// `false`: the exchange has taken another way.
    private mutating func pumpRequest(_ exchange: Handle) -> Bool {
        let e = exchange.index
        let upstream = self.exchanges[e].upstream
        let u = upstream.index
        guard self.upstreams[u].step == .busy else { return true }
        if self.hasBodyAtHand(e, u) {
            // Body bytes that came with the head go out with it: one send for both.
            guard self.takeBody(e, u) != .ended else { return false }
        }
        var turns = 0
        while true {
            turns &+= 1
            if turns > self.turnsMax(e) {
                self.giveWay(exchange)
                return true
            }
            switch self.flushUpstream(u) {
            case .done: break
            case .blocked: return true
            case .failed:
                // The answer may be there already: an upstream may answer early and close.
                if self.upstreams[u].canRead || self.upstreams[u].isPeerEnded {
                    self.upstreams[u].canWrite = false
                    self.stopRequest(e)
                    return true
                }
                self.failUpstream(upstream, .closedBeforeHead)
                return false
            }
            if self.exchanges[e].isRequestComplete {
                if self.upstreams[u].transport == .stream, self.exchanges[e].upgrade == .none {
                    self.endUpstreamStream(u)
                }
                return true
            }
            switch self.takeBody(e, u) {
            case .progress: break
            case .blocked: return true
            case .ended: return false
            }
        }
    }

    /// Whether a head waits to be sent, and part of the body is there already.
    private func hasBodyAtHand(_ e: UInt32, _ u: UInt32) -> Bool {
        guard !self.exchanges[e].isRequestComplete, self.exchanges[e].requestDirect == 0,
            !self.upstreams[u].output.isEmpty,
            Limits.blockBytes - Int(self.upstreams[u].output.end) > 1_024
        else { return false }
        if self.exchanges[e].sendsTee { return true }
        let downstream = self.exchanges[e].downstream
        return self.downstreams.isLive(downstream)
            && !self.downstreams[downstream.index].input.isEmpty
    }

    /// The upstream takes no more of the body: what comes is not relayed, the connection not kept.
    private mutating func stopRequest(_ e: UInt32) {
        self.exchanges[e].keepsUpstream = false
        self.exchanges[e].isUpstreamDeaf = true
        self.dropRequestDirect(e)
        let u = self.exchanges[e].upstream.index
        self.upstreams[u].output.start = self.upstreams[u].output.end
    }

    /// Body bytes that were taken but never sent leave the client's input: left there, they would
    /// be read as the next request.
    mutating func dropRequestDirect(_ e: UInt32) {
        let count = self.exchanges[e].requestDirect
        guard count > 0 else { return }
        self.exchanges[e].requestDirect = 0
        let downstream = self.exchanges[e].downstream
        guard self.downstreams.isLive(downstream) else { return }
        self.downstreams[downstream.index].input.start &+= count
    }

    /// Puts the next part of the body up for sending.
    ///
    /// `.ended`: the exchange has failed.
    private mutating func takeBody(_ e: UInt32, _ u: UInt32) -> ReadOutcome {
        if self.exchanges[e].isUpstreamDeaf { return .blocked }
        if self.exchanges[e].sendsTee { return self.takeTee(e, u) }
        let d = self.exchanges[e].downstream.index
        if self.downstreams[d].input.isEmpty {
            switch self.readDownstream(d) {
            case .progress: break
            case .blocked: return .blocked
            case .ended:
                if self.exchanges[e].head.framing == .untilClose, self.hasStreamEnded(d) {
                    return self.endRaw(e, u)
                }
                self.fail(self.downstreams[d].exchange, .clientGone)
                return .ended
            }
        }
        guard self.takeUpstreamOutput(u) else {
            self.fail(self.downstreams[d].exchange, .outOfResources)
            return .ended
        }
        switch self.exchanges[e].head.framing {
        case .chunked: return self.takeChunked(e, u, d)
        case .untilClose: self.takeRaw(e, u, d)
        case .none, .length: self.takeLength(e, u, d)
        }
        return .progress
    }

    private mutating func takeLength(_ e: UInt32, _ u: UInt32, _ d: UInt32) {
        let input = self.downstreams[d].input
        let count = Int(min(UInt64(input.count), self.exchanges[e].requestRemaining))
        let bytes = self.blocks.window(input.block, Int(input.start), Int(input.start) + count)
        self.tee(e, bytes)
        self.exchanges[e].requestBytes &+= UInt64(count)
        self.exchanges[e].requestRemaining &-= UInt64(count)
        if self.exchanges[e].requestRemaining == 0 { self.completeRequest(e) }
        let output = self.upstreams[u].output
        if count <= copiedBodyBytesMax, Limits.blockBytes - Int(output.end) >= count {
            var writer = self.blocks.writer(output.block, from: Int(output.end))
            writer.append(bytes)
            self.upstreams[u].output.end = Int32(writer.position)
            self.downstreams[d].input.start &+= Int32(count)
        } else {
            self.exchanges[e].requestDirect = Int32(count)
        }
    }

    /// Content of a stream whose length nobody has told.
    private mutating func takeRaw(_ e: UInt32, _ u: UInt32, _ d: UInt32) {
        let input = self.downstreams[d].input
        let output = self.upstreams[u].output
        let room = Limits.blockBytes - Int(output.end) - 64
        let count = min(input.count, room)
        let bytes = self.blocks.window(input.block, Int(input.start), Int(input.start) + count)
        self.tee(e, bytes)
        self.exchanges[e].requestBytes &+= UInt64(count)
        self.downstreams[d].input.start &+= Int32(count)
        var writer = self.blocks.writer(output.block, from: Int(output.end))
        if self.upstreams[u].transport == .stream {
            writer.append(bytes)
        } else {
            appendChunk(bytes, &writer)
        }
        self.upstreams[u].output.end = Int32(writer.position)
    }

    /// The stream has ended, and so has its content.
    private mutating func endRaw(_ e: UInt32, _ u: UInt32) -> ReadOutcome {
        guard self.takeUpstreamOutput(u) else { return .blocked }
        self.appendLastRequestChunk(u)
        self.completeRequest(e)
        return .progress
    }

    /// The end of a chunked request, where the upstream needs one.
    private mutating func appendLastRequestChunk(_ u: UInt32) {
        guard self.upstreams[u].transport != .stream else { return }
        let output = self.upstreams[u].output
        var writer = self.blocks.writer(output.block, from: Int(output.end))
        writer.append("0\r\n\r\n")
        self.upstreams[u].output.end = Int32(writer.position)
    }

    private mutating func takeChunked(_ e: UInt32, _ u: UInt32, _ d: UInt32) -> ReadOutcome {
        let input = self.downstreams[d].input
        let output = self.upstreams[u].output
        // What is decoded in one step must fit behind what waits already, with its framing.
        let room = Limits.blockBytes - Int(output.end) - 64
        let count = min(input.count, room)
        let window = self.blocks.window(input.block, Int(input.start), Int(input.start) + count)
        let step: ChunkStep
        do throws(WireError) {
            step = try self.exchanges[e].requestDecoder.step(window)
        } catch {
            self.counters.count(.requestsMalformed)
            self.fail(self.downstreams[d].exchange, .clientBadBody)
            return .ended
        }
        self.downstreams[d].input.start &+= Int32(step.consumed)
        if step.payloadLength > 0 {
            let payload = window.slice(step.payloadStart, step.payloadLength)
            self.tee(e, payload)
            self.exchanges[e].requestBytes &+= UInt64(step.payloadLength)
            var writer = self.blocks.writer(output.block, from: Int(output.end))
            if self.upstreams[u].transport == .stream {
                writer.append(payload)
            } else {
                appendChunk(payload, &writer)
            }
            self.upstreams[u].output.end = Int32(writer.position)
        }
        if step.isFinished {
            self.appendLastRequestChunk(u)
            self.completeRequest(e)
            return .progress
        }
        guard step.consumed == 0 else { return .progress }
        // An unfinished chunk line: only more bytes help.
        switch self.readDownstream(d) {
        case .progress: return .progress
        case .blocked: return .blocked
        case .ended:
            self.fail(self.downstreams[d].exchange, .clientGone)
            return .ended
        }
    }

    /// The whole body is taken: from now on the first-byte deadline runs.
    private mutating func completeRequest(_ e: UInt32) {
        self.exchanges[e].isRequestComplete = true
        if self.exchanges[e].tee == .filling { self.exchanges[e].tee = .full }
        if self.exchanges[e].decision.asksBoth, let exchange = self.exchanges.handle(at: e) {
            self.startSecondRead(exchange)
        }
        if self.exchanges[e].answer == .waiting {
            self.startTry(e)
            self.setUpstreamDeadline(
                self.exchanges[e].upstream.index,
                after: self.exchanges[e].firstByteTimeout
            )
        }
    }

    /// The output block of an upstream connection; `false` when there is none to be had.
    mutating func takeUpstreamOutput(_ u: UInt32) -> Bool {
        if self.upstreams[u].output.block != .none { return true }
        guard let block = self.blocks.take() else { return false }
        self.upstreams[u].output = BlockCursor(block: block)
        return true
    }

    // MARK: The tee

    /// Keeps a part of the body for a copy or for rescue, while it stays below the limit.
    private mutating func tee(_ e: UInt32, _ bytes: ByteWindow) {
        guard self.exchanges[e].tee == .filling else { return }
        let limit = Int(self.exchanges[e].teeLimit)
        guard Int(self.exchanges[e].teeCount) + bytes.count <= limit else {
            self.giveTee(e)
            self.exchanges[e].tee = .overflowed
            return
        }
        var done = 0
        while done < bytes.count {
            let at = Int(self.exchanges[e].teeCount)
            let slot = at / Limits.blockBytes
            if at % Limits.blockBytes == 0 {
                guard let block = self.blocks.take() else {
                    self.giveTee(e)
                    self.exchanges[e].tee = .overflowed
                    return
                }
                self.exchanges[e].teeBlocks[slot] = block
            }
            let offset = at % Limits.blockBytes
            let count = min(bytes.count - done, Limits.blockBytes - offset)
            var writer = self.blocks.writer(self.exchanges[e].teeBlocks[slot], from: offset)
            writer.append(bytes.slice(done, count))
            self.exchanges[e].teeCount &+= Int32(count)
            done += count
        }
    }

    /// Sends the next part of a teed body.
    private mutating func takeTee(_ e: UInt32, _ u: UInt32) -> ReadOutcome {
        let sent = Int(self.exchanges[e].teeSent)
        let total = Int(self.exchanges[e].teeCount)
        guard sent < total else {
            self.exchanges[e].isRequestComplete = true
            return .progress
        }
        guard self.takeUpstreamOutput(u) else { return .blocked }
        let output = self.upstreams[u].output
        let offset = sent % Limits.blockBytes
        let count = min(
            total - sent,
            Limits.blockBytes - offset,
            Limits.blockBytes - Int(output.end)
        )
        let block = self.exchanges[e].teeBlocks[sent / Limits.blockBytes]
        var writer = self.blocks.writer(output.block, from: Int(output.end))
        writer.append(self.blocks.window(block, offset, offset + count))
        self.upstreams[u].output.end = Int32(writer.position)
        self.exchanges[e].teeSent &+= Int32(count)
        if Int(self.exchanges[e].teeSent) == total { self.exchanges[e].isRequestComplete = true }
        return .progress
    }

    /// Gives the teed body up.
    mutating func giveTee(_ e: UInt32) {
        for slot in 0..<Limits.teedBlocksMax where self.exchanges[e].teeBlocks[slot] != .none {
            self.blocks.give(self.exchanges[e].teeBlocks[slot])
            self.exchanges[e].teeBlocks[slot] = .none
        }
        self.exchanges[e].teeCount = 0
    }
}
