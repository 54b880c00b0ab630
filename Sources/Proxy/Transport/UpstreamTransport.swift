// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import TLS
import Wire

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
        case .tls: ioResult(self.tlsUpstreams.read(u, into: self.blocks, block, start, end))
        case .stream: preconditionFailure("a stream has no socket")
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
        case .tls: ioResult(self.tlsUpstreams.write(u, first, second))
        case .stream: self.sendUpstreamStream(u, first, second)
        }
    }

    /// Whether a short read or write tells that the socket has, or takes, no more for now.
    ///
    /// Then only an event brings more, and the call that would say so is saved.
    func isUpstreamShortTelling(_ u: UInt32) -> Bool { self.upstreams[u].transport == .plain }

    /// Ends our direction: the origin reads to its end.
    mutating func endUpstreamWriting(_ u: UInt32) {
        switch self.upstreams[u].transport {
        case .plain: break
        case .tls: self.tlsUpstreams.endWriting(u)
        case .stream:
            self.endUpstreamStream(u)
            return
        }
        shutdownWrite(self.upstreams[u].fd)
    }

    /// Releases what carries the slot.
    mutating func closeUpstreamTransport(_ u: UInt32) {
        if self.upstreams[u].step == .carrier { self.h2Upstreams.close(u) }
        if self.upstreams[u].transport == .tls {
            self.tlsUpstreams.endWriting(u)
            self.tlsUpstreams.close(u)
        }
        closeDescriptor(self.upstreams[u].fd)
    }
}
