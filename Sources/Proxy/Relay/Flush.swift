// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel

/// What sending came to.
enum FlushOutcome: BitwiseCopyable {
    /// Everything is with the kernel.
    case done
    /// The socket takes no more for now.
    case blocked
    /// The connection is broken.
    case failed
}

extension Reactor {
    /// Sends to the client: its output block, then the part of the upstream's block that goes
    /// without a copy, in one call.
    mutating func flushDownstream(_ d: UInt32) -> FlushOutcome {
        let exchange = self.downstreams[d].exchange
        let e = self.exchanges.isLive(exchange) ? exchange.index : UInt32.max
        while true {
            var output = self.downstreams[d].output
            let direct = e == .max ? 0 : Int(self.exchanges[e].answerDirect)
            if output.isEmpty, direct == 0 {
                if output.block != .none {
                    self.blocks.give(output.block)
                    self.downstreams[d].output = BlockCursor()
                }
                return .done
            }
            guard self.downstreams[d].canWrite else { return .blocked }
            let first = self.window(output)
            var second = first.slice(0, 0)
            if direct > 0 {
                let input = self.upstreams[self.exchanges[e].upstream.index].input
                second = self.blocks.window(
                    input.block,
                    Int(input.start),
                    Int(input.start) + direct
                )
            }
            switch self.sendDownstream(d, first, second) {
            case .bytes(let count):
                let fromOutput = min(count, output.count)
                output.start &+= Int32(fromOutput)
                self.downstreams[d].output = output
                self.downstreams[d].windowBytes &+= UInt64(count)
                if count > fromOutput { self.advanceAnswer(e, by: count - fromOutput) }
                if count < first.count + second.count, self.isDownstreamShortTelling(d) {
                    self.downstreams[d].canWrite = false
                }
            case .wouldBlock:
                self.downstreams[d].canWrite = false
                return .blocked
            case .end, .failed:
                return .failed
            }
        }
    }

    /// Sends to the upstream: its output block, then the part of the client's block that goes
    /// without a copy, in one call.
    mutating func flushUpstream(_ u: UInt32) -> FlushOutcome {
        let exchange = self.upstreams[u].exchange
        let e = self.exchanges.isLive(exchange) ? exchange.index : UInt32.max
        while true {
            var output = self.upstreams[u].output
            let direct = e == .max ? 0 : Int(self.exchanges[e].requestDirect)
            if output.isEmpty, direct == 0 {
                if output.block != .none {
                    self.blocks.give(output.block)
                    self.upstreams[u].output = BlockCursor()
                }
                return .done
            }
            guard self.upstreams[u].canWrite else { return .blocked }
            let first = self.window(output)
            var second = first.slice(0, 0)
            if direct > 0 {
                let input = self.downstreams[self.exchanges[e].downstream.index].input
                second = self.blocks.window(
                    input.block,
                    Int(input.start),
                    Int(input.start) + direct
                )
            }
            switch self.sendUpstream(u, first, second) {
            case .bytes(let count):
                let fromOutput = min(count, output.count)
                output.start &+= Int32(fromOutput)
                self.upstreams[u].output = output
                if count > fromOutput { self.advanceRequest(e, by: count - fromOutput) }
                if e != .max { self.countProgress(e, u, direct: direct) }
                if count < first.count + second.count, self.isUpstreamShortTelling(u) {
                    self.upstreams[u].canWrite = false
                }
            case .wouldBlock:
                self.upstreams[u].canWrite = false
                return .blocked
            case .end, .failed:
                return .failed
            }
        }
    }

    /// The bytes of a cursor; any empty window when there is no block.
    private func window(_ cursor: BlockCursor) -> ByteWindow {
        cursor.block == .none
            ? self.blocks.window(self.scratch, 0, 0)
            : self.blocks.window(cursor.block, Int(cursor.start), Int(cursor.end))
    }

    /// An upstream that takes a body, however slowly, is not silent: its deadline starts again with
    /// each part, and the wait for the first byte begins when all is sent.
    private mutating func countProgress(_ e: UInt32, _ u: UInt32, direct: Int) {
        guard self.exchanges[e].answer == .waiting,
            direct > 0 || !self.exchanges[e].isRequestComplete
        else { return }
        let isSent = self.exchanges[e].isRequestComplete && self.exchanges[e].requestDirect == 0
        self.setUpstreamDeadline(
            u,
            after: isSent ? self.exchanges[e].firstByteTimeout : self.exchanges[e].idleTimeout
        )
    }

    private mutating func advanceAnswer(_ e: UInt32, by count: Int) {
        precondition(count <= Int(self.exchanges[e].answerDirect), "\(count) bytes too many")
        self.exchanges[e].answerDirect &-= Int32(count)
        let u = self.exchanges[e].upstream.index
        self.upstreams[u].input.start &+= Int32(count)
    }

    private mutating func advanceRequest(_ e: UInt32, by count: Int) {
        precondition(count <= Int(self.exchanges[e].requestDirect), "\(count) bytes too many")
        self.exchanges[e].requestDirect &-= Int32(count)
        let d = self.exchanges[e].downstream.index
        self.downstreams[d].input.start &+= Int32(count)
    }
}
