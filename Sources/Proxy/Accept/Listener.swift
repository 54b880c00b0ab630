// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration

extension Reactor {
    /// Takes the connections that wait on a listener.
    ///
    /// Bounded per wake-up, so that a flood of connections cannot starve those that are open;
    /// listeners are level-triggered, so the rest comes up again.
    mutating func acceptWaiting(_ number: Int) {
        guard number < self.listeners.count, !self.isDraining else { return }
        let listener = self.listeners[number]
        var left = 64
        while left > 0 {
            left &-= 1
            do throws(Errno) {
                guard let (fd, peer) = try accept(listener.fd) else { return }
                self.admit(fd, peer, listener)
            } catch {
                // Out of descriptors or memory: those that are open matter more.
                self.counters.count(.connectionsRefused)
                return
            }
        }
    }

    /// Begins to take connections.
    mutating func openListeners() {
        for (index, listener) in self.listeners.enumerated() {
            let token = EventToken(.listener, Handle(index: UInt32(index), serial: 1))
            do throws(Errno) {
                try self.poller.addLevel(listener.fd, token: token.word)
            } catch {
                fatalError("worker \(self.worker) cannot listen: \(error.text)")
            }
        }
    }

    private mutating func admit(_ fd: Int32, _ peer: SocketAddress, _ listener: ListenerState) {
        var connection = DownstreamConnection(fd: fd, listener: listener.number)
        connection.deadline = self.nowMilliseconds &+ UInt64(self.limits.headTimeoutMilliseconds)
        connection.isTrusted = self.edge.isTrusted(peer, listener: Int(listener.number))
        renderPeer(peer, &connection)
        guard self.downstreams.count < Limits.downstreamConnectionsMax,
            let handle = self.downstreams.insert(connection)
        else {
            self.counters.count(.connectionsRefused)
            closeDescriptor(fd)
            return
        }
        setNoDelay(fd)
        do throws(Errno) {
            try self.poller.add(fd, token: EventToken(.downstream, handle).word)
        } catch {
            self.counters.count(.connectionsRefused)
            self.downstreams.remove(handle)
            closeDescriptor(fd)
            return
        }
        self.counters.count(.connectionsAccepted)
        self.counters.raise(.connectionsOpen)
        self.armDownstream(handle.index)
        self.beginTLS(handle)
    }

    /// Stops accepting; idle connections close, the others after their answer.
    mutating func startDraining(withinMilliseconds: Int) {
        guard !self.isDraining else { return }
        // Both sides of a WebSocket still have to answer their Close frame.
        let within = UInt64(max(withinMilliseconds, 0))
        self.drainClosesAt =
            self.nowMilliseconds &+ within
            &- min(within / 2, UInt64(Limits.tunnelCloseMilliseconds))
        // Connections that the kernel has taken already are served, not reset.
        for number in self.listeners.indices { self.acceptWaiting(number) }
        self.isDraining = true
        for listener in self.listeners {
            self.poller.remove(listener.fd)
            closeDescriptor(listener.fd)
        }
        self.listeners = []
        for index in 0..<UInt32(self.downstreams.touchedCount) {
            guard let handle = self.downstreams.handle(at: index) else { continue }
            // A request may be on its way on a kept connection: it is still answered, with
            // `Connection: close`, before the connection is given up.
            if self.downstreams[handle.index].step == .carrier {
                self.drainCarrier(handle)
                continue
            }
            guard self.downstreams[handle.index].step == .idle else { continue }
            self.downstreams[index].deadline =
                self.nowMilliseconds &+ UInt64(self.limits.drainIdleMilliseconds)
            self.armDownstream(index)
        }
    }

    /// Releases everything; the worker ends.
    mutating func closeEverything() {
        for index in 0..<UInt32(self.downstreams.touchedCount) {
            guard let handle = self.downstreams.handle(at: index) else { continue }
            if self.downstreams[index].step == .carrier {
                self.endCarrier(handle)
            } else {
                self.abortDownstream(handle)
            }
        }
        for index in 0..<UInt32(self.exchanges.touchedCount) {
            guard let handle = self.exchanges.handle(at: index) else { continue }
            self.dropExchange(handle)
        }
        for index in 0..<UInt32(self.upstreams.touchedCount) {
            guard let handle = self.upstreams.handle(at: index) else { continue }
            self.closeUpstream(handle)
        }
        for listener in self.listeners { closeDescriptor(listener.fd) }
        self.listeners = []
    }
}

/// Writes the peer's address without port as RFC 7239 wants it inside: `192.0.2.1`,
/// `2001:db8:0:...`.
private func renderPeer(_ peer: SocketAddress, _ connection: inout DownstreamConnection) {
    var at = 0
    func isMapped() -> Bool {
        for index in 0..<10 where peer.addressByte(index) != 0 { return false }
        return peer.addressByte(10) == 0xff && peer.addressByte(11) == 0xff
    }
    func put(_ byte: UInt8, _ connection: inout DownstreamConnection) {
        connection.peerText[at] = byte
        at += 1
    }
    if isMapped() {
        for index in 12..<16 {
            if index > 12 { put(0x2e, &connection) }
            let value = peer.addressByte(index)
            if value >= 100 { put(0x30 + value / 100, &connection) }
            if value >= 10 { put(0x30 + value / 10 % 10, &connection) }
            put(0x30 + value % 10, &connection)
        }
    } else {
        for group in 0..<8 {
            if group > 0 { put(0x3a, &connection) }
            let high = peer.addressByte(group * 2)
            let low = peer.addressByte(group * 2 + 1)
            var hasDigit = false
            for nibble in [high >> 4, high & 15, low >> 4, low & 15] {
                guard hasDigit || nibble > 0 else { continue }
                hasDigit = true
                put(nibble < 10 ? 0x30 + nibble : 0x57 + nibble, &connection)
            }
            if !hasDigit { put(0x30, &connection) }
        }
    }
    connection.peerTextCount = UInt8(at)
}
