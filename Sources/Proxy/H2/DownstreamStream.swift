// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import Wire

// One request of an HTTP/2 client: a slot without a socket. Its head comes as HTTP/1.1 text, its
// content raw; what the steps of a request put up for sending goes to the carrier's session.

extension Reactor {
    /// The slot of an event's stream, if it still has one.
    func downstreamStream(_ event: H2Event, of carrier: Handle) -> Handle? {
        guard event.tag != .max, let handle = self.downstreams.handle(at: event.tag),
            self.downstreams[event.tag].transport == .stream,
            self.streams[Int(event.tag)].carrier == carrier,
            self.streams[Int(event.tag)].id == event.stream
        else { return nil }
        return handle
    }

    /// A request's head is there: it gets a slot and goes the way of all requests.
    mutating func beginStream(_ carrier: Handle, _ event: H2Event) {
        let d = carrier.index
        let text = self.h2Downstreams[d].text(event)
        var connection = DownstreamConnection(fd: -1, listener: self.downstreams[d].listener)
        connection.transport = .stream
        connection.step = .head
        connection.isTrusted = self.downstreams[d].isTrusted
        connection.isSecure = self.downstreams[d].isSecure
        connection.hasNames = self.downstreams[d].hasNames
        connection.peerText = self.downstreams[d].peerText
        connection.peerTextCount = self.downstreams[d].peerTextCount
        connection.canRead = event.endsStream
        guard text.count <= Limits.blockBytes, let block = self.blocks.take() else {
            self.refuseStream(carrier, event.stream)
            return
        }
        var writer = self.blocks.writer(block, from: 0)
        writer.append(text)
        connection.input = BlockCursor(block: block, start: 0, end: Int32(writer.position))
        guard self.downstreams.count < Limits.downstreamConnectionsMax,
            let handle = self.downstreams.insert(connection)
        else {
            self.blocks.give(block)
            self.refuseStream(carrier, event.stream)
            return
        }
        var state = StreamState()
        state.carrier = carrier
        state.id = event.stream
        state.hasEnded = event.endsStream
        self.streams[Int(handle.index)] = state
        self.linkStream(handle.index, to: d)
        self.h2Downstreams[d].setTag(event.stream, handle.index)
        self.counters.count(.h2Streams)
        self.beginExchange(handle, headLength: text.count)
    }

    /// No room: nothing of it was looked at, so the client may send it again (RFC 9113 8.7).
    private mutating func refuseStream(_ carrier: Handle, _ id: Int32) {
        self.counters.count(.h2StreamsRefused)
        self.h2Downstreams[carrier.index].reset(id, code: 7)
    }

    private mutating func linkStream(_ s: UInt32, to d: UInt32) {
        let first = self.carriers[Int(d)].firstStream
        self.streams[Int(s)].next = first
        self.streams[Int(s)].previous = 0
        if first != 0 { self.streams[Int(first - 1)].previous = s + 1 }
        self.carriers[Int(d)].firstStream = s + 1
        if self.carriers[Int(d)].streamCount == 0 { self.watchCarrier(d) }
        self.carriers[Int(d)].streamCount &+= 1
    }

    private mutating func unlinkStream(_ s: UInt32) {
        let d = Int(self.streams[Int(s)].carrier.index)
        let next = self.streams[Int(s)].next
        let previous = self.streams[Int(s)].previous
        if previous != 0 {
            self.streams[Int(previous - 1)].next = next
        } else {
            self.carriers[d].firstStream = next
        }
        if next != 0 { self.streams[Int(next - 1)].previous = previous }
        self.carriers[d].streamCount &-= 1
        self.carriers[d].idleSinceMilliseconds = self.nowMilliseconds
    }

    /// The next block of content, for the input of the slot.
    mutating func readStream(_ s: UInt32) -> ReadOutcome {
        guard self.downstreams[s].input.isEmpty else { return .blocked }
        guard let (cursor, content) = self.streams[Int(s)].popBlock() else {
            self.downstreams[s].canRead = false
            return self.streams[Int(s)].hasEnded || self.streams[Int(s)].isGone ? .ended : .blocked
        }
        if self.downstreams[s].input.block != .none {
            self.blocks.give(self.downstreams[s].input.block)
        }
        self.downstreams[s].input = cursor
        self.downstreams[s].windowBytes &+= UInt64(content)
        let carrier = self.streams[Int(s)].carrier
        self.h2Downstreams[carrier.index].consume(self.streams[Int(s)].id, content)
        self.resume(carrier)
        return .progress
    }

    /// The client has sent all of a request whose length it did not tell.
    func hasStreamEnded(_ d: UInt32) -> Bool {
        self.downstreams[d].transport == .stream && self.streams[Int(d)].hasEnded
            && !self.streams[Int(d)].isBroken
    }

    /// Puts bytes up for sending: the head as such, then content.
    ///
    /// What has left since the last time is told first; the session takes the rest when it may.
    mutating func sendStream(
        _ s: UInt32,
        _ first: ByteWindow,
        _ second: ByteWindow
    ) -> IOResult {
        let carrier = self.streams[Int(s)].carrier
        let id = self.streams[Int(s)].id
        if self.streams[Int(s)].isBroken { return .failed(.connectionLost) }
        // Both directions ended without error: all that was offered has left.
        if self.streams[Int(s)].isGone { return .bytes(first.count + second.count) }
        if !self.streams[Int(s)].hasHead { return self.sendStreamHead(s, first, second) }
        if self.streams[Int(s)].isOffered {
            let count = self.h2Downstreams[carrier.index].taken(id)
            if count > 0 { return .bytes(count) }
        }
        let isLast = self.isAnswerWhole(s)
        self.h2Downstreams[carrier.index].offer(id, first, second, isLast: isLast)
        self.streams[Int(s)].isOffered = true
        self.streams[Int(s)].hasSentEnd = isLast
        self.resume(carrier)
        return .wouldBlock
    }

    /// Whether nothing follows what is put up now.
    private func isAnswerWhole(_ s: UInt32) -> Bool {
        guard self.streams[Int(s)].trailers == 0 else { return false }
        let exchange = self.downstreams[s].exchange
        guard self.exchanges.isLive(exchange) else { return true }
        return self.exchanges[exchange.index].answer == .complete
            && self.exchanges[exchange.index].heldSlot == .max
    }

    private mutating func sendStreamHead(
        _ s: UInt32,
        _ first: ByteWindow,
        _ second: ByteWindow
    ) -> IOResult {
        let carrier = self.streams[Int(s)].carrier
        guard let length = first.headEnd(from: 0) else {
            preconditionFailure("an answer that does not begin with a whole head")
        }
        // A 101 is final: the session makes it the 200 of an extended CONNECT (RFC 8441 5).
        let isInterim =
            first.count > 11 && first[9] == 0x31 && !(first[10] == 0x30 && first[11] == 0x31)
        let endsStream =
            !isInterim && length == first.count && second.isEmpty && self.isAnswerWhole(s)
        do throws(H2Error) {
            try self.h2Downstreams[carrier.index].submitAnswer(
                self.streams[Int(s)].id,
                head: first.slice(0, length),
                endsStream: endsStream
            )
        } catch {
            return .failed(.connectionLost)
        }
        if !isInterim { self.streams[Int(s)].hasHead = true }
        if endsStream { self.streams[Int(s)].hasSentEnd = true }
        self.resume(carrier)
        return .bytes(length)
    }

    /// The answer is with the session to its last byte: the end goes behind it, the slot is free.
    mutating func finishStream(_ handle: Handle) {
        let s = Int(handle.index)
        let carrier = self.streams[s].carrier
        if !self.streams[s].isGone {
            let id = self.streams[s].id
            if self.streams[s].trailers != 0 {
                let lines = self.blocks.window(
                    self.streams[s].trailers - 1,
                    0,
                    Int(self.streams[s].trailerCount)
                )
                self.h2Downstreams[carrier.index].offerTrailers(id, lines)
            } else if !self.h2Downstreams[carrier.index].isFinished(id) {
                let nothing = self.blocks.window(self.scratch, 0, 0)
                self.h2Downstreams[carrier.index].offer(id, nothing, nothing, isLast: true)
            }
        }
        // Nothing of the slot is with the session any more: its end follows by itself.
        self.dropStream(handle, abandons: false)
        self.resume(carrier)
    }

    /// A tunnel's origin has ended: the end of our direction goes behind what was sent.
    mutating func endStreamWriting(_ s: UInt32) {
        guard self.streams[Int(s)].hasHead, !self.streams[Int(s)].hasSentEnd,
            !self.streams[Int(s)].isGone
        else { return }
        let carrier = self.streams[Int(s)].carrier
        let nothing = self.blocks.window(self.scratch, 0, 0)
        let id = self.streams[Int(s)].id
        self.h2Downstreams[carrier.index].offer(id, nothing, nothing, isLast: true)
        self.streams[Int(s)].hasSentEnd = true
        self.resume(carrier)
    }

    /// Cuts the answer: what the client has is not whole (RFC 9113 8.1.1).
    mutating func abortStream(_ handle: Handle, code: UInt32) {
        let s = Int(handle.index)
        let carrier = self.streams[s].carrier
        if !self.streams[s].isGone {
            self.h2Downstreams[carrier.index].reset(self.streams[s].id, code: code)
        }
        self.dropStream(handle, abandons: true)
        self.resume(carrier)
    }

    /// Frees the slot; its exchange must be gone.
    private mutating func dropStream(_ handle: Handle, abandons: Bool) {
        let s = handle.index
        precondition(
            !self.exchanges.isLive(self.downstreams[s].exchange),
            "dropped under an exchange"
        )
        let carrier = self.streams[Int(s)].carrier
        let id = self.streams[Int(s)].id
        let unread = self.streams[Int(s)].dropQueue(&self.blocks)
        if abandons { self.h2Downstreams[carrier.index].abandon(id) }
        self.h2Downstreams[carrier.index].consume(id, unread)
        self.h2Downstreams[carrier.index].setTag(id, .max)
        self.unlinkStream(s)
        self.disarmDownstream(s)
        if self.downstreams[s].input.block != .none {
            self.blocks.give(self.downstreams[s].input.block)
        }
        if self.downstreams[s].output.block != .none {
            self.blocks.give(self.downstreams[s].output.block)
        }
        self.downstreams.remove(handle)
    }

    /// The session says that a stream is gone.
    mutating func closeStream(_ event: H2Event, of carrier: Handle) {
        guard let stream = self.downstreamStream(event, of: carrier) else { return }
        self.streams[Int(stream.index)].isGone = true
        guard event.code != 0 || !self.streams[Int(stream.index)].hasSentEnd else {
            self.downstreams[stream.index].canWrite = true
            self.resume(stream)
            return
        }
        self.streams[Int(stream.index)].isBroken = true
        self.counters.count(.h2StreamsReset)
        self.loseStream(stream)
    }

    /// The client of a stream is gone, or cannot be served any more.
    mutating func loseStream(_ handle: Handle) {
        let exchange = self.downstreams[handle.index].exchange
        if self.exchanges.isLive(exchange) {
            self.counters.count(.clientsGone)
            self.fail(exchange, .clientGone)
        }
        if self.downstreams.isLive(handle) { self.abortStream(handle, code: 2) }
    }
}
