// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

extension Reactor {
    /// A whole head is there: it is parsed, becomes an exchange, is matched, decided and sent.
    mutating func beginExchange(_ handle: Handle, headLength: Int) {
        let d = handle.index
        let input = self.downstreams[d].input
        let bytes = self.blocks.window(
            input.block,
            Int(input.start),
            Int(input.start) + headLength
        )
        var head: RequestHead
        self.fieldsOwner = .none
        do throws(WireError) {
            head = try parseRequestHead(bytes, into: &self.requestFields)
        } catch {
            self.counters.count(.requestsMalformed)
            self.refuse(handle, status: error.status)
            return
        }
        var exchange = Exchange()
        exchange.isStream = self.downstreams[d].transport == .stream
        if head.asksForUpgrade { self.noteUpgrade(head, bytes, &exchange) }
        if exchange.isStream, !self.streams[Int(d)].hasEnded, head.framing == .none,
            exchange.upgrade == .none
        {
            // Content of a length that nobody has told: its end is the stream's (RFC 9113 8.1).
            head.framing = .untilClose
        }
        exchange.downstream = handle
        exchange.head = head
        exchange.listener = self.downstreams[d].listener
        exchange.isTrusted = self.downstreams[d].isTrusted
        exchange.isSecure = self.downstreams[d].isSecure
        exchange.peerText = self.downstreams[d].peerText
        exchange.peerTextCount = self.downstreams[d].peerTextCount
        exchange.snapshotSlot = self.snapshots.current
        exchange.startNanoseconds = self.nowNanoseconds
        exchange.isSafe = head.method.isSafe
        switch head.framing {
        case .none: exchange.isRequestComplete = true
        case .untilClose: break
        case .length(let count):
            exchange.requestRemaining = count
            exchange.isRequestComplete = count == 0
        case .chunked: break
        }
        guard let x = self.exchanges.insert(exchange) else {
            self.refuse(handle, status: 503)
            return
        }
        self.fieldsOwner = x
        self.snapshots.retain(exchange.snapshotSlot)
        self.downstreams[d].exchange = x
        self.downstreams[d].step = .exchange
        self.downstreams[d].requests &+= 1
        self.downstreams[d].closesAfterAnswer = !head.keepsAlive
        self.counters.raise(.requestsInFlight)
        guard self.keepHead(d, x.index, headLength) else {
            self.fail(x, .outOfResources)
            return
        }
        self.startRateWindow(d)
        if head.asksForUpgrade, self.refusesUpgrade(x) { return }
        self.matchExchange(x)
    }

    /// The head's block goes to the exchange, which may have to send it again; what came behind
    /// the head moves to a block of its own.
    private mutating func keepHead(_ d: UInt32, _ e: UInt32, _ headLength: Int) -> Bool {
        var input = self.downstreams[d].input
        self.exchanges[e].headStart = input.start
        input.start &+= Int32(headLength)
        if input.isEmpty {
            self.exchanges[e].headBlock = input.block
            self.downstreams[d].input = BlockCursor()
            return true
        }
        guard let block = self.blocks.take() else { return false }
        self.exchanges[e].headBlock = input.block
        var writer = self.blocks.writer(block, from: 0)
        writer.append(self.blocks.window(input.block, Int(input.start), Int(input.end)))
        self.downstreams[d].input = BlockCursor(block: block, start: 0, end: Int32(writer.position))
        return true
    }
}
