// SPDX-License-Identifier: Apache-2.0

import Bytes
import Wire

// Trailer fields (RFC 9110 6.5). Those of an answer go to HTTP/2 clients, and to HTTP/1.1 clients
// that have sent `TE: trailers` and get chunks. Those of an HTTP/2 client's request go to HTTP/2
// origins, when no length was told before. Everything else drops them, which a recipient may; and
// what frames, routes, authenticates or controls never passes (`isTrailerFit`).

extension Reactor {
    // MARK: Of a request

    /// Keeps what came behind a request's content.
    mutating func keepRequestTrailers(_ stream: Handle, _ lines: ByteWindow) {
        let exchange = self.downstreams[stream.index].exchange
        guard self.exchanges.isLive(exchange) else { return }
        let e = exchange.index
        guard self.exchanges[e].head.framing == .untilClose, !self.exchanges[e].isRequestComplete,
            self.exchanges[e].requestTrailers == .none, !lines.isEmpty,
            lines.count <= Limits.blockBytes
        else { return }
        guard let block = self.blocks.take() else {
            self.fail(exchange, .outOfResources)
            return
        }
        var writer = self.blocks.writer(block, from: 0)
        writer.append(lines)
        self.exchanges[e].requestTrailers = block
        self.exchanges[e].requestTrailerCount = Int32(lines.count)
    }

    /// The trailers of a request, for an origin over HTTP/2; `nil`: there are none.
    func requestTrailerLines(_ exchange: Handle) -> ByteWindow? {
        guard self.exchanges.isLive(exchange) else { return nil }
        let block = self.exchanges[exchange.index].requestTrailers
        guard block != .none else { return nil }
        let count = self.exchanges[exchange.index].requestTrailerCount
        return self.blocks.window(block, 0, Int(count))
    }

    /// A second side's own copy; `false`: no block is left.
    mutating func copyRequestTrailers(from e: UInt32, to s: UInt32) -> Bool {
        guard let handle = self.exchanges.handle(at: e),
            let lines = self.requestTrailerLines(handle)
        else { return true }
        guard let block = self.blocks.take() else { return false }
        var writer = self.blocks.writer(block, from: 0)
        writer.append(lines)
        self.exchanges[s].requestTrailers = block
        return true
    }

    // MARK: Of an answer

    /// Whether the client gets trailers.
    private func takesTrailers(_ e: UInt32) -> Bool {
        // A held answer is served from its slot, which has no place for them: else one origin's
        // trailers could follow the other's content.
        guard self.exchanges[e].kind == .client, self.exchanges[e].hold == .none else {
            return false
        }
        return self.exchanges[e].isStream
            || (self.exchanges[e].head.acceptsTrailers
                && self.exchanges[e].answerFraming == .chunked)
    }

    /// Keeps trailer fields of a chunked answer as they come in.
    ///
    /// `false`: no block is left, and the exchange has failed.
    mutating func keepAnswerTrailers(
        _ exchange: Handle,
        _ window: ByteWindow,
        _ step: ChunkStep
    ) -> Bool {
        let e = exchange.index
        guard step.trailerLength > 0, self.takesTrailers(e) else { return true }
        if self.exchanges[e].answerTrailers == .none {
            guard let block = self.blocks.take() else {
                self.fail(exchange, .outOfResources)
                return false
            }
            self.exchanges[e].answerTrailers = block
            self.exchanges[e].answerTrailerCount = 0
        }
        var writer = self.blocks.writer(
            self.exchanges[e].answerTrailers,
            from: Int(self.exchanges[e].answerTrailerCount)
        )
        writer.append(window.slice(step.trailerStart, step.trailerLength))
        precondition(!writer.overflowed, "the decoder bounds the section below a block")
        self.exchanges[e].answerTrailerCount = Int32(writer.position)
        return true
    }

    /// The answer is complete: its trailers go to a client that takes them.
    mutating func passTrailers(_ e: UInt32) {
        let upstream = self.exchanges[e].upstream
        let downstream = self.exchanges[e].downstream
        guard self.takesTrailers(e), self.downstreams.isLive(downstream) else { return }
        if self.upstreams.isLive(upstream), self.upstreams[upstream.index].transport == .stream {
            let s = Int(upstream.index)
            guard self.upstreamStreams[s].trailers != 0 else { return }
            self.exchanges[e].answerTrailers = self.upstreamStreams[s].trailers - 1
            self.exchanges[e].answerTrailerCount = self.upstreamStreams[s].trailerCount
            self.upstreamStreams[s].trailers = 0
            self.upstreamStreams[s].trailerCount = 0
        }
        guard self.exchanges[e].isStream, self.exchanges[e].answerTrailers != .none else { return }
        // The session leaves out what may not pass.
        let d = Int(downstream.index)
        self.streams[d].trailers = self.exchanges[e].answerTrailers + 1
        self.streams[d].trailerCount = self.exchanges[e].answerTrailerCount
        self.exchanges[e].answerTrailers = .none
    }

    /// The end of a chunked answer (RFC 9112 7.1), trailers included.
    mutating func endChunks(_ e: UInt32, _ d: UInt32) {
        let lines = self.exchanges[e].answerTrailers
        guard lines != .none else {
            self.appendLastChunk(e, d)
            return
        }
        guard let block = self.blocks.take() else {
            // As they came they are nothing that a client may see.
            self.blocks.give(lines)
            self.exchanges[e].answerTrailers = .none
            self.exchanges[e].isAborted = true
            return
        }
        var writer = self.blocks.writer(block, from: 0)
        writer.append("0\r\n")
        writer.appendTrailers(
            of: self.blocks.window(lines, 0, Int(self.exchanges[e].answerTrailerCount))
        )
        writer.append("\r\n")
        self.blocks.give(lines)
        self.exchanges[e].answerTrailers = .none
        guard !writer.overflowed else {
            // HTTP/2 lets a section be longer than what is sent on.
            self.blocks.give(block)
            self.appendLastChunk(e, d)
            return
        }
        self.exchanges[e].answerTrailers = block
        self.exchanges[e].answerTrailerCount = Int32(writer.position)
    }

    /// Everything else of a complete answer has been sent: its end is put up, if it is a block of
    /// its own.
    mutating func takeAnswerEnd(_ e: UInt32) -> Bool {
        let downstream = self.exchanges[e].downstream
        let block = self.exchanges[e].answerTrailers
        guard block != .none, self.downstreams.isLive(downstream) else { return false }
        let d = downstream.index
        if self.downstreams[d].output.block != .none {
            self.blocks.give(self.downstreams[d].output.block)
        }
        self.downstreams[d].output = BlockCursor(
            block: block,
            start: 0,
            end: self.exchanges[e].answerTrailerCount
        )
        self.exchanges[e].answerTrailers = .none
        return true
    }

    /// Gives the blocks back.
    mutating func dropTrailers(_ e: UInt32) {
        if self.exchanges[e].requestTrailers != .none {
            self.blocks.give(self.exchanges[e].requestTrailers)
            self.exchanges[e].requestTrailers = .none
        }
        if self.exchanges[e].answerTrailers != .none {
            self.blocks.give(self.exchanges[e].answerTrailers)
            self.exchanges[e].answerTrailers = .none
        }
    }
}
