// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: every pointer passed to the kernel covers exactly the bytes named
// beside it, and lives through the call.

public import Bytes
import CLinux
import Glibc

/// What a read or write came to.
public enum IOResult: BitwiseCopyable, Sendable, Equatable {
    /// That many bytes, at least one.
    case bytes(Int)
    /// The peer has ended its direction (reads only).
    case end
    /// Not now.
    case wouldBlock
    /// The connection is broken.
    case failed(Errno)
}

/// Reads into [`start`, `end`) of a block.
public func receive(
    _ fd: Int32,
    into pool: borrowing BlockPool,
    _ block: BlockIndex,
    _ start: Int,
    _ end: Int
) -> IOResult {
    precondition(start >= 0 && start < end && end <= Limits.blockBytes, "\(start)..<\(end)")
    let base = unsafe pool.pointer(block)
    while true {
        // SAFETY: [start, end) lies inside the block.
        let count = unsafe recv(fd, base + start, end - start, 0)
        if count > 0 { return .bytes(count) }
        if count == 0 { return .end }
        switch errno {
        case EAGAIN: return .wouldBlock
        case EINTR: continue
        default: return .failed(.last)
        }
    }
}

/// Sends `first`, then `second`, in one call; either may be empty, not both.
public func send(_ fd: Int32, _ first: ByteWindow, _ second: ByteWindow) -> IOResult {
    precondition(first.count + second.count > 0, "nothing to send")
    while true {
        let count: Int
        if second.isEmpty || first.isEmpty {
            let only = first.isEmpty ? second : first
            // SAFETY: the window covers its count bytes.
            count = unsafe send(fd, only.base, only.count, Int32(MSG_NOSIGNAL))
        } else {
            count = unsafe sendTwo(fd, first, second)
        }
        if count >= 0 { return .bytes(count) }
        switch errno {
        case EAGAIN: return .wouldBlock
        case EINTR: continue
        default: return .failed(.last)
        }
    }
}

@unsafe
private func sendTwo(_ fd: Int32, _ first: ByteWindow, _ second: ByteWindow) -> Int {
    var parts = (
        unsafe iovec(
            iov_base: UnsafeMutableRawPointer(mutating: first.base),
            iov_len: first.count
        ),
        unsafe iovec(
            iov_base: UnsafeMutableRawPointer(mutating: second.base),
            iov_len: second.count
        )
    )
    return unsafe withUnsafeMutablePointer(to: &parts) { pointer in
        unsafe pointer.withMemoryRebound(to: iovec.self, capacity: 2) { vector in
            var message = unsafe msghdr()
            unsafe message.msg_iov = vector
            unsafe message.msg_iovlen = 2
            return unsafe sendmsg(fd, &message, Int32(MSG_NOSIGNAL))
        }
    }
}

/// Ends this side's direction: the peer reads to its end.
public func shutdownWrite(_ fd: Int32) { _ = shutdown(fd, Int32(SHUT_WR)) }

/// Makes the coming close a reset: the peer learns that the message was cut short.
public func resetOnClose(_ fd: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    // SAFETY: the kernel reads one `linger`.
    _ = unsafe setsockopt(
        fd,
        SOL_SOCKET,
        SO_LINGER,
        &option,
        socklen_t(MemoryLayout<linger>.size)
    )
}

/// A small option that is a C int.
public func setOption(_ fd: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
    var value = value
    // SAFETY: the kernel reads one int.
    _ = unsafe setsockopt(fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
}

/// No delay of small writes (Nagle): every send here is a whole step of a message.
public func setNoDelay(_ fd: Int32) { setOption(fd, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

/// A listening, non-blocking socket.
///
/// `sharesPort`: several workers listen on the same port.
public func listen(
    on address: SocketAddress,
    sharesPort: Bool,
    backlog: Int32 = 4_096
) throws(Errno) -> FileDescriptor {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let number = socket(address.family, type, 0)
    guard number >= 0 else { throw .last }
    let fd = FileDescriptor(owning: number)
    if address.family != AF_UNIX {
        setOption(number, SOL_SOCKET, SO_REUSEADDR, 1)
        if sharesPort { setOption(number, SOL_SOCKET, SO_REUSEPORT, 1) }
        if address.family == AF_INET6 { setOption(number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
    }
    let bound = unsafe address.withPointer { unsafe bind(number, $0, $1) }
    guard bound == 0, Glibc.listen(number, backlog) == 0 else { throw .last }
    return fd
}

/// The address a socket is bound to: tells which port the kernel chose.
public func localAddress(of fd: Int32) -> SocketAddress {
    var address = SocketAddress()
    _ = unsafe address.fill { unsafe getsockname(fd, $0, $1) }
    return address
}

/// The next waiting connection, non-blocking, and its peer; `nil` when none waits.
public func accept(_ listener: Int32) throws(Errno) -> (fd: Int32, peer: SocketAddress)? {
    let flags = Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    while true {
        var peer = SocketAddress()
        let fd = unsafe peer.fill { unsafe banyan_accept4(listener, $0, $1, flags) }
        if fd >= 0 { return (fd, peer) }
        switch errno {
        case EAGAIN: return nil
        // Errors of a connection that is gone before it was taken (accept(2)).
        case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH: continue
        default: throw .last
        }
    }
}

/// Begins a non-blocking TCP connect: the socket, and whether it is connected already.
public func startConnect(to address: SocketAddress) throws(Errno) -> (fd: Int32, done: Bool) {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let fd = socket(address.family, type, 0)
    guard fd >= 0 else { throw .last }
    if address.family != AF_UNIX { setNoDelay(fd) }
    let result = unsafe address.withPointer { unsafe connect(fd, $0, $1) }
    if result == 0 { return (fd, true) }
    let error = Errno.last
    if error == .inProgress { return (fd, false) }
    closeDescriptor(fd)
    throw error
}

/// The pending error of a socket (how a connect ended); 0 for none.
public func pendingError(of fd: Int32) -> Errno {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    // SAFETY: the kernel writes one int.
    let result = unsafe getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size)
    return result == 0 ? Errno(value) : .last
}

/// The user and process at the other end of a Unix socket, or `nil` when the kernel does not say.
public func peerCredentials(of fd: Int32) -> (process: Int32, user: UInt32, group: UInt32)? {
    var process: Int32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0
    guard unsafe banyan_peer_credentials(fd, &process, &user, &group) == 0 else { return nil }
    return (process, user, group)
}
