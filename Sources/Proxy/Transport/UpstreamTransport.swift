// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel

extension Reactor {
    /// Reads what the origin has sent into [`start`, `end`) of a block.
    mutating func receiveUpstream(
        _ u: UInt32,
        _ block: BlockIndex,
        _ start: Int,
        _ end: Int
    ) -> IOResult {
        switch self.upstreams[u].transport {
        case .plain: receive(self.upstreams[u].fd, into: self.blocks, block, start, end)
        }
    }

    /// Sends `first`, then `second`, to the origin; either may be empty, not both.
    mutating func sendUpstream(
        _ u: UInt32,
        _ first: ByteWindow,
        _ second: ByteWindow
    ) -> IOResult {
        switch self.upstreams[u].transport {
        case .plain: send(self.upstreams[u].fd, first, second)
        }
    }

    /// Whether a short read or write tells that the socket has, or takes, no more for now.
    ///
    /// Then only an event brings more, and the call that would say so is saved.
    func isUpstreamShortTelling(_ u: UInt32) -> Bool { self.upstreams[u].transport == .plain }

    /// Releases what carries the slot.
    mutating func closeUpstreamTransport(_ u: UInt32) {
        switch self.upstreams[u].transport {
        case .plain: closeDescriptor(self.upstreams[u].fd)
        }
    }
}
