// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel

extension Reactor {
    /// Reads what the client has sent into [`start`, `end`) of a block.
    mutating func receiveDownstream(
        _ d: UInt32,
        _ block: BlockIndex,
        _ start: Int,
        _ end: Int
    ) -> IOResult {
        switch self.downstreams[d].transport {
        case .plain: receive(self.downstreams[d].fd, into: self.blocks, block, start, end)
        }
    }

    /// Sends `first`, then `second`, to the client; either may be empty, not both.
    mutating func sendDownstream(
        _ d: UInt32,
        _ first: ByteWindow,
        _ second: ByteWindow
    ) -> IOResult {
        switch self.downstreams[d].transport {
        case .plain: send(self.downstreams[d].fd, first, second)
        }
    }

    /// Whether a short read or write tells that the socket has, or takes, no more for now.
    ///
    /// Then only an event brings more, and the call that would say so is saved.
    func isDownstreamShortTelling(_ d: UInt32) -> Bool { self.downstreams[d].transport == .plain }

    /// Ends our direction: the client reads to its end.
    mutating func endDownstreamWriting(_ d: UInt32) {
        switch self.downstreams[d].transport {
        case .plain: shutdownWrite(self.downstreams[d].fd)
        }
    }

    /// Releases what carries the slot.
    mutating func closeDownstreamTransport(_ d: UInt32) {
        switch self.downstreams[d].transport {
        case .plain: closeDescriptor(self.downstreams[d].fd)
        }
    }

    /// Makes the close that follows a cut: the client learns that the answer is not whole.
    mutating func cutDownstreamTransport(_ d: UInt32) {
        switch self.downstreams[d].transport {
        case .plain: resetOnClose(self.downstreams[d].fd)
        }
    }
}
