// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import Wire

// One exchange on an HTTP/2 connection to an origin: a slot without a socket, whose answer comes as
// HTTP/1.1 text and raw content.

extension Reactor {
    /// The slot of an event's stream, if it still has one.
    func upstreamStream(_ event: H2Event, of carrier: Handle) -> Handle? {
        guard event.tag != .max, let handle = self.upstreams.handle(at: event.tag),
            self.upstreams[event.tag].transport == .stream,
            self.upstreamStreams[Int(event.tag)].carrier == carrier,
            self.upstreamStreams[Int(event.tag)].id == event.stream
        else { return nil }
        return handle
    }

    /// The exchange gets a stream of a connection, and its head goes out.
    mutating func beginUpstreamStream(_ exchange: Handle, _ carrier: Handle) {
        let u = carrier.index
        var connection = UpstreamConnection(fd: -1, pool: self.upstreams[u].pool)
        connection.transport = .stream
        connection.exchange = exchange
        connection.isSecure = self.upstreams[u].isSecure
        connection.isReused = self.upstreams[u].requests > 0
        guard let handle = self.upstreams.insert(connection) else {
            self.fail(exchange, .outOfResources)
            return
        }
        var state = StreamState()
        state.carrier = carrier
        state.isListed = true
        self.upstreamStreams[Int(handle.index)] = state
        let first = self.upstreamCarriers[Int(u)].firstStream
        self.upstreamStreams[Int(handle.index)].next = first
        if first != 0 { self.upstreamStreams[Int(first - 1)].previous = handle.index + 1 }
        self.upstreamCarriers[Int(u)].firstStream = handle.index + 1
        self.upstreamCarriers[Int(u)].streamCount &+= 1
        self.upstreamCarriers[Int(u)].hasMoved = true
        self.upstreams[u].requests &+= 1
        if Int(self.upstreams[u].requests) >= Limits.requestsPerUpstreamConnectionMax {
            self.upstreamCarriers[Int(u)].isEnding = true
        }
        self.attach(exchange, handle.index)
    }

    /// Reads the next block of the answer into the slot's input.
    mutating func readUpstreamStream(_ s: UInt32) -> UpstreamRead {
        let state = Int(s)
        if !self.upstreams[s].input.isEmpty {
            // A head that spans blocks is put together; content never needs more to go on.
            guard self.upstreams[s].scanned > 0 else { return .blocked }
            return self.joinUpstreamStream(s)
        }
        guard let (cursor, content) = self.upstreamStreams[state].popBlock() else {
            self.upstreams[s].canRead = false
            if self.upstreamStreams[state].isBroken { return .broken }
            return self.upstreamStreams[state].hasEnded ? .ended : .blocked
        }
        if self.upstreams[s].input.block != .none {
            self.blocks.give(self.upstreams[s].input.block)
        }
        self.upstreams[s].input = cursor
        self.consumeUpstreamStream(s, content)
        return .progress
    }

    private mutating func joinUpstreamStream(_ s: UInt32) -> UpstreamRead {
        guard let (cursor, content) = self.upstreamStreams[Int(s)].popBlock() else {
            self.upstreams[s].canRead = false
            return self.upstreamStreams[Int(s)].isGone ? .broken : .blocked
        }
        defer { self.blocks.give(cursor.block) }
        var input = self.upstreams[s].input
        input.end = Int32(self.blocks.compact(input.block, Int(input.start), Int(input.end)))
        input.start = 0
        var writer = self.blocks.writer(input.block, from: Int(input.end))
        writer.append(self.blocks.window(cursor.block, 0, Int(cursor.end)))
        guard !writer.overflowed else { return .broken }
        input.end = Int32(writer.position)
        self.upstreams[s].input = input
        self.consumeUpstreamStream(s, content)
        return .progress
    }

    private mutating func consumeUpstreamStream(_ s: UInt32, _ count: Int) {
        let carrier = self.upstreamStreams[Int(s)].carrier
        guard self.upstreams.isLive(carrier) else { return }
        self.h2Upstreams[carrier.index].consume(self.upstreamStreams[Int(s)].id, count)
        self.resumeUpstream(carrier)
    }

    /// The origin has ended its stream, and nothing but what was taken came on it.
    func hasEndedWithHead(_ u: UInt32) -> Bool {
        self.upstreams[u].transport == .stream && self.upstreams[u].input.isEmpty
            && self.upstreamStreams[Int(u)].hasEnded && self.upstreamStreams[Int(u)].queued == 0
            && self.upstreamStreams[Int(u)].trailers == 0
    }

    /// Whether all of an answer's length is here, and its end has to be waited for.
    ///
    /// More could come: content is whole only when the origin has ended its stream (RFC 9113
    /// 8.1.1).
    func awaitsEnd(_ e: UInt32, _ u: UInt32) -> Bool {
        guard self.upstreams[u].transport == .stream, !self.upstreamStreams[Int(u)].hasEnded,
            case .length = self.exchanges[e].upstreamFraming
        else { return false }
        return UInt64(self.upstreams[u].input.count) >= self.exchanges[e].answerRemaining
    }

    /// Puts bytes up for sending: the request's head as such, then content.
    mutating func sendUpstreamStream(
        _ s: UInt32,
        _ first: ByteWindow,
        _ second: ByteWindow
    ) -> IOResult {
        let state = Int(s)
        let carrier = self.upstreamStreams[state].carrier
        if self.upstreamStreams[state].isGone { return .failed(.connectionLost) }
        let exchange = self.upstreams[s].exchange
        let isWhole =
            self.exchanges.isLive(exchange) && self.exchanges[exchange.index].isRequestComplete
            // What asks for a tunnel ends only with it.
            && self.exchanges[exchange.index].upgrade == .none
            // Trailers follow.
            && self.exchanges[exchange.index].requestTrailers == .none
        if !self.upstreamStreams[state].hasHead {
            guard let length = first.headEnd(from: 0) else {
                preconditionFailure("a request that does not begin with a whole head")
            }
            let endsStream = isWhole && length == first.count && second.isEmpty
            do throws(H2Error) {
                self.upstreamStreams[state].id = try self.h2Upstreams[carrier.index].submitRequest(
                    head: first.slice(0, length),
                    isSecure: self.upstreams[s].isSecure,
                    endsStream: endsStream,
                    tag: s
                )
            } catch {
                return .failed(.connectionLost)
            }
            self.upstreamStreams[state].hasHead = true
            self.upstreamStreams[state].hasSentEnd = endsStream
            self.resumeUpstream(carrier)
            return .bytes(length)
        }
        let id = self.upstreamStreams[state].id
        if self.upstreamStreams[state].isOffered {
            let count = self.h2Upstreams[carrier.index].taken(id)
            if count > 0 { return .bytes(count) }
        }
        self.h2Upstreams[carrier.index].offer(id, first, second, isLast: isWhole)
        self.upstreamStreams[state].isOffered = true
        self.upstreamStreams[state].hasSentEnd = isWhole
        self.resumeUpstream(carrier)
        return .wouldBlock
    }

    /// All of the request is with the session: its end goes behind it.
    mutating func endUpstreamStream(_ s: UInt32) {
        let state = Int(s)
        guard self.upstreamStreams[state].hasHead, !self.upstreamStreams[state].hasSentEnd,
            !self.upstreamStreams[state].isGone
        else { return }
        let carrier = self.upstreamStreams[state].carrier
        let id = self.upstreamStreams[state].id
        if let lines = self.requestTrailerLines(self.upstreams[s].exchange) {
            self.h2Upstreams[carrier.index].offerTrailers(id, lines)
        } else {
            let nothing = self.blocks.window(self.scratch, 0, 0)
            self.h2Upstreams[carrier.index].offer(id, nothing, nothing, isLast: true)
        }
        self.upstreamStreams[state].hasSentEnd = true
        self.resumeUpstream(carrier)
    }

    /// An answer did not come: a connection on which nothing at all came since it was asked gets no
    /// new streams, for it may be dead.
    mutating func doubtCarrier(_ handle: Handle) {
        let s = handle.index
        guard self.upstreams[s].transport == .stream,
            self.upstreams.isLive(self.upstreamStreams[Int(s)].carrier)
        else { return }
        let carrier = Int(self.upstreamStreams[Int(s)].carrier.index)
        let exchange = self.upstreams[s].exchange
        guard self.exchanges.isLive(exchange),
            self.upstreamCarriers[carrier].receivedNanoseconds
                < self.exchanges[exchange.index].upstreamStartNanoseconds
        else { return }
        self.upstreamCarriers[carrier].isEnding = true
    }

    /// Frees the slot of a stream; what the origin still sends on it is of no use.
    mutating func closeUpstreamStream(_ handle: Handle) {
        let s = handle.index
        let state = Int(s)
        let carrier = self.upstreamStreams[state].carrier
        let u = carrier.index
        let pool = Int(self.upstreams[s].pool)
        let unread = self.upstreamStreams[state].dropQueue(&self.blocks)
        // Its connection may have ended before it.
        let isCarried = self.upstreamStreams[state].isListed
        if self.upstreamStreams[state].hasHead, isCarried {
            let id = self.upstreamStreams[state].id
            self.h2Upstreams[u].consume(id, unread)
            let isOver =
                self.upstreamStreams[state].hasEnded && self.h2Upstreams[u].isFinished(id)
            // CANCEL: nobody reads it any more (RFC 9113 7).
            if !self.upstreamStreams[state].isGone, !isOver {
                self.h2Upstreams[u].reset(id, code: 8)
            }
            self.h2Upstreams[u].setTag(id, .max)
        }
        if isCarried { self.unlinkUpstreamStream(s) }
        self.disarmUpstream(s)
        self.giveUpstreamBlocks(s)
        self.upstreams.remove(handle)
        guard isCarried else { return }
        self.resumeUpstream(carrier)
        self.callWaiting(pool)
    }

    /// Takes a stream out of its connection's list.
    mutating func unlinkUpstreamStream(_ s: UInt32) {
        let carrier = Int(self.upstreamStreams[Int(s)].carrier.index)
        let next = self.upstreamStreams[Int(s)].next
        let previous = self.upstreamStreams[Int(s)].previous
        if previous != 0 {
            self.upstreamStreams[Int(previous - 1)].next = next
        } else {
            self.upstreamCarriers[carrier].firstStream = next
        }
        if next != 0 { self.upstreamStreams[Int(next - 1)].previous = previous }
        self.upstreamStreams[Int(s)].next = 0
        self.upstreamStreams[Int(s)].previous = 0
        self.upstreamStreams[Int(s)].isListed = false
        self.upstreamCarriers[carrier].streamCount &-= 1
    }
}
