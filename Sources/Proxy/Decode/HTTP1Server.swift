// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import Wire

/// What a read from a client came to.
enum ReadOutcome: BitwiseCopyable {
    /// New bytes are in the input block.
    case progress
    /// Nothing now.
    case blocked
    /// The client has ended its direction, or the connection is broken.
    case ended
}

extension Reactor {
    /// Something happened on a client's connection.
    mutating func downstreamReady(_ handle: Handle, _ event: ReadyEvent) {
        let index = handle.index
        if event.isReadable { self.downstreams[index].canRead = true }
        if event.isWritable { self.downstreams[index].canWrite = true }
        if event.isPeerEnded { self.downstreams[index].isPeerEnded = true }
        if event.isBroken, self.downstreams[index].step == .carrier {
            self.endCarrier(handle)
            return
        }
        if event.isBroken, self.downstreams[index].step == .exchange,
            !self.isHalfClosedTunnel(self.downstreams[index].exchange)
        {
            // Reset by the client: nobody will read the answer, and a half-sent body stays half.
            self.counters.count(.clientsGone)
            self.fail(self.downstreams[index].exchange, .clientGone)
            return
        }
        self.driveDownstream(handle)
    }

    /// Carries a client's connection on as far as it goes now.
    mutating func driveDownstream(_ handle: Handle) {
        while self.downstreams.isLive(handle) {
            switch self.downstreams[handle.index].step {
            case .handshake:
                guard self.driveHandshake(handle) else { return }
            case .idle, .head:
                guard self.readHead(handle) else { return }
            case .carrier:
                self.driveCarrier(handle)
                return
            case .exchange:
                self.pumpExchange(self.downstreams[handle.index].exchange)
                return
            case .linger:
                self.readLinger(handle)
                return
            }
        }
    }

    /// Reads and parses the next head.
    ///
    /// `false`: nothing more to do now (or the connection is gone).
    private mutating func readHead(_ handle: Handle) -> Bool {
        let index = handle.index
        // What is buffered may already be a whole pipelined request.
        if self.downstreams[index].input.isEmpty || self.downstreams[index].step == .head {
            switch self.readDownstream(index) {
            case .progress: break
            case .blocked:
                if self.downstreams[index].input.isEmpty { self.releaseInput(index) }
                return false
            case .ended:
                self.closeDownstream(handle)
                return false
            }
        }
        if self.downstreams[index].step == .idle {
            self.downstreams[index].step = .head
            self.downstreams[index].scanned = 0
            self.downstreams[index].deadline =
                self.nowMilliseconds &+ UInt64(self.limits.headTimeoutMilliseconds)
            self.armDownstream(index)
        }
        if self.downstreams[index].requests == 0 {
            switch self.readPreface(index) {
            case .other: break
            case .unfinished:
                return self.downstreams[index].canRead || self.downstreams[index].isPeerEnded
            case .whole: return self.openCarrier(handle)
            }
        }
        do throws(WireError) {
            guard let length = try self.headLength(index) else {
                // Not whole: read more, unless the socket has nothing more.
                return self.downstreams[index].canRead || self.downstreams[index].isPeerEnded
            }
            self.beginExchange(handle, headLength: length)
            return true
        } catch {
            self.counters.count(.requestsMalformed)
            self.refuse(handle, status: error.status)
            return false
        }
    }

    /// Bytes of the head that the input begins with, or `nil` when it is not whole.
    private mutating func headLength(_ index: UInt32) throws(WireError) -> Int? {
        var input = self.downstreams[index].input
        let window = self.blocks.window(input.block, Int(input.start), Int(input.end))
        let skipped = try leadingEmptyLines(window)
        let left = window.count - skipped
        // Dropped one by one they could never be too many: they stay until something follows.
        if left == 0 || (left == 1 && window[skipped] == 0x0d) { return nil }
        if skipped > 0 {
            input.start &+= Int32(skipped)
            self.downstreams[index].input = input
            self.downstreams[index].scanned = 0
        }
        let rest = window.slice(skipped, window.count - skipped)
        let length = try requestHeadEnd(rest, scannedFrom: Int(self.downstreams[index].scanned))
        if length == nil { self.downstreams[index].scanned = Int32(rest.count) }
        return length
    }

    /// Reads what the client has sent into its input block.
    mutating func readDownstream(_ index: UInt32) -> ReadOutcome {
        if self.downstreams[index].transport == .stream { return self.readStream(index) }
        guard self.downstreams[index].canRead || self.downstreams[index].isPeerEnded else {
            return .blocked
        }
        if self.downstreams[index].input.block == .none {
            guard let block = self.blocks.take() else { return .ended }
            self.downstreams[index].input = BlockCursor(block: block)
        }
        var input = self.downstreams[index].input
        if input.isEmpty {
            input.start = 0
            input.end = 0
        } else if Int(input.end) == Limits.blockBytes, input.start > 0 {
            input.end = Int32(self.blocks.compact(input.block, Int(input.start), Int(input.end)))
            input.start = 0
        }
        let room = Limits.blockBytes - Int(input.end)
        guard room > 0 else { return .blocked }
        let result = self.receiveDownstream(
            index,
            input.block,
            Int(input.end),
            Limits.blockBytes
        )
        switch result {
        case .bytes(let count):
            // A short read has emptied the socket; the peer's end still has to be read as such.
            self.downstreams[index].canRead =
                count == room || self.downstreams[index].isPeerEnded
                || !self.isDownstreamShortTelling(index)
            input.end &+= Int32(count)
            self.downstreams[index].input = input
            self.downstreams[index].windowBytes &+= UInt64(count)
            return .progress
        case .wouldBlock:
            self.downstreams[index].canRead = false
            self.downstreams[index].input = input
            return .blocked
        case .end, .failed:
            self.downstreams[index].canRead = false
            self.downstreams[index].isPeerEnded = true
            self.downstreams[index].input = input
            return .ended
        }
    }

    /// Gives the input block back when nothing is in it: an idle connection holds no block.
    mutating func releaseInput(_ index: UInt32) {
        let block = self.downstreams[index].input.block
        guard block != .none, self.downstreams[index].input.isEmpty else { return }
        self.blocks.give(block)
        self.downstreams[index].input = BlockCursor()
    }

    /// Answers a request that never became an exchange, and closes.
    mutating func refuse(_ handle: Handle, status: UInt16) {
        let index = handle.index
        self.downstreams[index].closesAfterAnswer = true
        guard let block = self.takeOutput(index) else {
            self.abortDownstream(handle)
            return
        }
        var writer = self.blocks.writer(block, from: Int(self.downstreams[index].output.end))
        appendProblem(
            status: status,
            code: problemCode(of: status),
            isHead: false,
            closes: true,
            &writer
        )
        self.downstreams[index].output.end = Int32(writer.position)
        self.tallyRefused(index, status: status)
        self.startLinger(handle)
    }

    /// The output block, taken when there is none yet.
    mutating func takeOutput(_ index: UInt32) -> BlockIndex? {
        let block = self.downstreams[index].output.block
        if block != .none { return block }
        guard let block = self.blocks.take() else { return nil }
        self.downstreams[index].output = BlockCursor(block: block)
        return block
    }

    /// Sends what is left, ends our direction, and drops what the client still sends for a while.
    mutating func startLinger(_ handle: Handle) {
        let index = handle.index
        self.downstreams[index].step = .linger
        self.downstreams[index].lingerBytes = 0
        self.downstreams[index].deadline =
            self.nowMilliseconds &+ UInt64(self.limits.lingerMilliseconds)
        self.armDownstream(index)
        self.readLinger(handle)
    }

    private mutating func readLinger(_ handle: Handle) {
        let index = handle.index
        switch self.flushDownstream(index) {
        case .failed:
            self.closeDownstream(handle)
            return
        case .blocked:
            return
        case .done: break
        }
        if self.downstreams[index].transport == .stream {
            self.finishStream(handle)
            return
        }
        if self.downstreams[index].lingerBytes == 0 {
            self.endDownstreamWriting(index)
        }
        while true {
            self.downstreams[index].input.start = self.downstreams[index].input.end
            switch self.readDownstream(index) {
            case .progress:
                let count = Int32(self.downstreams[index].input.count)
                self.downstreams[index].lingerBytes &+= max(count, 1)
                if Int(self.downstreams[index].lingerBytes) > Limits.lingerBytesMax {
                    self.closeDownstream(handle)
                    return
                }
            case .blocked:
                return
            case .ended:
                self.closeDownstream(handle)
                return
            }
        }
    }

    /// Closes a client's connection and releases what it holds.
    ///
    /// Its exchange must be gone.
    mutating func closeDownstream(_ handle: Handle) {
        let index = handle.index
        if self.downstreams[index].transport == .stream {
            self.abortStream(handle, code: 8)
            return
        }
        precondition(
            !self.exchanges.isLive(self.downstreams[index].exchange),
            "closed under an exchange"
        )
        self.disarmDownstream(index)
        if self.downstreams[index].input.block != .none {
            self.blocks.give(self.downstreams[index].input.block)
        }
        if self.downstreams[index].output.block != .none {
            self.blocks.give(self.downstreams[index].output.block)
        }
        self.closeDownstreamTransport(index)
        self.downstreams.remove(handle)
        self.counters.lower(.connectionsOpen)
    }

    /// Closes with a reset: what the client has so far is not a whole answer.
    mutating func abortDownstream(_ handle: Handle) {
        let exchange = self.downstreams[handle.index].exchange
        if self.exchanges.isLive(exchange) {
            self.downstreams[handle.index].exchange = .none
            self.exchanges[exchange.index].downstream = .none
        }
        if self.downstreams[handle.index].transport == .stream {
            self.abortStream(handle, code: 2)
            return
        }
        self.cutDownstreamTransport(handle.index)
        self.closeDownstream(handle)
    }
}
