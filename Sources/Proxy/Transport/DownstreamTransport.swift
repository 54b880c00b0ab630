// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import TLS
import Wire

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
        case .tls: ioResult(self.tlsDownstreams.read(d, into: self.blocks, block, start, end))
        case .stream: preconditionFailure("a stream has no socket")
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
        case .tls: ioResult(self.tlsDownstreams.write(d, first, second))
        case .stream: self.sendStream(d, first, second)
        }
    }

    /// Whether a short read or write tells that the socket has, or takes, no more for now.
    ///
    /// Then only an event brings more, and the call that would say so is saved.
    func isDownstreamShortTelling(_ d: UInt32) -> Bool { self.downstreams[d].transport == .plain }

    /// Ends our direction: the client reads to its end.
    mutating func endDownstreamWriting(_ d: UInt32) {
        switch self.downstreams[d].transport {
        case .plain: break
        case .tls: self.tlsDownstreams.endWriting(d)
        case .stream:
            let exchange = self.downstreams[d].exchange
            if self.exchanges.isLive(exchange), self.exchanges[exchange.index].upgrade == .open {
                self.endStreamWriting(d)
            }
            return
        }
        shutdownWrite(self.downstreams[d].fd)
    }

    /// Releases what carries the slot.
    mutating func closeDownstreamTransport(_ d: UInt32) {
        if self.downstreams[d].step == .carrier { self.h2Downstreams.close(d) }
        if self.downstreams[d].transport == .tls {
            // A close that says so is no truncation (RFC 8446 6.1); a cut has reset the socket.
            if !self.downstreams[d].isCut { self.tlsDownstreams.endWriting(d) }
            self.tlsDownstreams.close(d)
        }
        closeDescriptor(self.downstreams[d].fd)
    }

    /// Makes the close that follows a cut: the client learns that the answer is not whole.
    mutating func cutDownstreamTransport(_ d: UInt32) {
        self.downstreams[d].isCut = true
        resetOnClose(self.downstreams[d].fd)
    }
}

/// A TLS read as the steps of a request see it.
///
/// An end without `close_notify` is a broken connection, never the end of a message
/// (RFC 8446 6.1).
func ioResult(_ read: TLSRead) -> IOResult {
    switch read {
    case .bytes(let count): .bytes(count)
    case .wantsRead, .wantsWrite: .wouldBlock
    case .ended: .end
    case .cut, .failed: .failed(.connectionLost)
    }
}

/// A TLS write as the steps of a request see it.
func ioResult(_ write: TLSWrite) -> IOResult {
    switch write {
    case .bytes(let count): .bytes(count)
    case .wantsRead, .wantsWrite: .wouldBlock
    case .failed: .failed(.connectionLost)
    }
}
