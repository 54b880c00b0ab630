// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: `events` has `capacity` entries, of which the first `ready` were
// written by the last epoll_wait.

import CLinux
import Glibc

/// What is ready on a descriptor.
public struct ReadyEvent: BitwiseCopyable, Sendable {
    /// The word given at registration.
    public let token: UInt64
    private let flags: UInt32

    fileprivate init(token: UInt64, flags: UInt32) {
        self.token = token
        self.flags = flags
    }

    /// Data, or the peer's end, can be read.
    public var isReadable: Bool { self.flags & (0x001 | 0x2000 | 0x010 | 0x008) != 0 }
    /// Data can be written.
    public var isWritable: Bool { self.flags & (0x004 | 0x008 | 0x010) != 0 }
    /// The peer has ended its direction (RDHUP), or both are gone (HUP, ERR).
    public var isPeerEnded: Bool { self.flags & (0x2000 | 0x010 | 0x008) != 0 }
    /// The connection is broken (ERR) or gone both ways (HUP).
    public var isBroken: Bool { self.flags & (0x008 | 0x010) != 0 }
}

/// Edge-triggered readiness from epoll: a descriptor is registered once, for both directions.
@safe
public struct EpollPoller: ~Copyable {
    private let fd: FileDescriptor
    private let events: UnsafeMutablePointer<epoll_event>
    private let capacity: Int

    /// A poller that takes at most `capacity` events at a time.
    public init(capacity: Int) throws(Errno) {
        let number = epoll_create1(Int32(bitPattern: 0x80000))
        guard number >= 0 else { throw .last }
        self.fd = FileDescriptor(owning: number)
        unsafe self.events = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit { unsafe self.events.deallocate() }

    /// Registers a connection: in, out and peer's end, by edge.
    public func add(_ fd: Int32, token: UInt64) throws(Errno) {
        try self.control(fd, token: token, events: 0x001 | 0x004 | 0x2000 | (1 << 31))
    }

    /// Registers a listener or an eventfd: in, by level, so that what was left waits again.
    public func addLevel(_ fd: Int32, token: UInt64) throws(Errno) {
        try self.control(fd, token: token, events: 0x001)
    }

    private func control(_ fd: Int32, token: UInt64, events: UInt32) throws(Errno) {
        var event = unsafe epoll_event()
        unsafe event.events = events
        unsafe event.data.u64 = token
        guard unsafe epoll_ctl(self.fd.number, EPOLL_CTL_ADD, fd, &event) == 0 else {
            throw .last
        }
    }

    /// Takes a descriptor out (closing it does the same).
    public func remove(_ fd: Int32) {
        var event = unsafe epoll_event()
        _ = unsafe epoll_ctl(self.fd.number, EPOLL_CTL_DEL, fd, &event)
    }

    /// Waits up to `timeoutMilliseconds` (-1: for ever); how many events are ready.
    public mutating func wait(timeoutMilliseconds: Int32) -> Int {
        let count = unsafe epoll_wait(
            self.fd.number,
            self.events,
            Int32(self.capacity),
            timeoutMilliseconds
        )
        if count < 0 {
            precondition(errno == EINTR, "epoll_wait: \(Errno.last.text)")
            return 0
        }
        return Int(count)
    }

    /// Event `index` of the last wait.
    public func event(_ index: Int) -> ReadyEvent {
        precondition(index >= 0 && index < self.capacity, "event \(index)")
        let event = unsafe self.events[index]
        return unsafe ReadyEvent(token: event.data.u64, flags: event.events)
    }
}
