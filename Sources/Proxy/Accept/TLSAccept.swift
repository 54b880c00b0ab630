// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import TLS

extension Reactor {
    /// Begins TLS on a new connection, where its listener has it.
    mutating func beginTLS(_ handle: Handle) {
        let d = handle.index
        let number = Int(self.downstreams[d].listener)
        guard number < self.transports.listeners.count,
            let context = self.transports.listeners[number].tls
        else { return }
        self.downstreams[d].isSecure = true
        self.downstreams[d].transport = .tls
        self.downstreams[d].step = .handshake
        self.downstreams[d].deadline =
            self.nowMilliseconds &+ UInt64(Limits.tlsHandshakeTimeoutMilliseconds)
        self.armDownstream(d)
        guard self.tlsDownstreams.accept(d, context, fd: self.downstreams[d].fd) else {
            self.countTLSFailure(.internalError)
            self.downstreams[d].transport = .plain
            self.closeDownstream(handle)
            return
        }
        // The client's first words come by an event.
    }

    /// Counts a client's handshake that came to nothing, by its reason.
    mutating func countTLSFailure(_ failure: TLSFailure) {
        // A close_notify instead of a handshake leaves no error behind.
        let reason = failure == .none ? TLSFailure.cut : failure
        self.counters.add(MetricsLayout.clientTLSFailure(reason.rawValue), 1)
    }

    /// Carries a handshake on.
    ///
    /// `true`: it is complete, and what follows can be read.
    mutating func driveHandshake(_ handle: Handle) -> Bool {
        let d = handle.index
        switch self.tlsDownstreams.handshake(d) {
        case .wantsRead:
            self.downstreams[d].canRead = false
            return false
        case .wantsWrite:
            self.downstreams[d].canWrite = false
            return false
        case .ended, .failed:
            self.countTLSFailure(self.tlsDownstreams.failure(d))
            self.closeDownstream(handle)
            return false
        case .done:
            self.counters.count(.tlsHandshakes)
            self.keepClientNames(d)
            // What came with the last flight is in the session: no event tells of it.
            self.downstreams[d].canRead = true
            self.downstreams[d].canWrite = true
            self.downstreams[d].step = .idle
            self.downstreams[d].deadline =
                self.nowMilliseconds &+ UInt64(self.limits.headTimeoutMilliseconds)
            self.armDownstream(d)
            if self.tlsDownstreams.alpn(d) == .http2 { return self.openCarrier(handle) }
            return true
        }
    }
}
