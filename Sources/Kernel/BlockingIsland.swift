// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: every pointer passed to the kernel covers exactly the bytes named
// beside it, and lives through the call.

import Glibc

/// Which way a waiting thread wants to go on.
public enum SocketDirection: BitwiseCopyable, Sendable {
    /// Until there is something to read, or the peer has ended.
    case reading
    /// Until there is room to write.
    case writing
}

/// Waits until a descriptor is ready; `false` when `timeoutMilliseconds` have passed (-1: never).
///
/// For threads of the control plane, which may block; a worker never does.
public func waitUntilReady(
    _ fd: Int32,
    for direction: SocketDirection,
    timeoutMilliseconds: Int
) -> Bool {
    let deadline = monotonicNanoseconds() &+ UInt64(max(0, timeoutMilliseconds)) &* 1_000_000
    var left = Int32(clamping: timeoutMilliseconds)
    while true {
        let events = direction == .reading ? Int16(POLLIN) | 0x2000 : Int16(POLLOUT)
        var entry = pollfd(fd: fd, events: events, revents: 0)
        // SAFETY: one initialised entry.
        let count = unsafe poll(&entry, 1, left)
        if count > 0 { return true }
        if count == 0 { return false }
        guard errno == EINTR else { return true }
        if timeoutMilliseconds >= 0 {
            let now = monotonicNanoseconds()
            guard now < deadline else { return false }
            left = Int32(clamping: (deadline - now) / 1_000_000 + 1)
        }
    }
}

/// Reads what there is, at most `count` bytes, behind the end of `bytes`; waits for the first.
///
/// `wouldBlock` means that `timeoutMilliseconds` have passed without a byte.
public func readBlocking(
    _ fd: Int32,
    into bytes: inout [UInt8],
    atMost count: Int,
    timeoutMilliseconds: Int
) -> IOResult {
    precondition(count > 0, "\(count)")
    while true {
        guard waitUntilReady(fd, for: .reading, timeoutMilliseconds: timeoutMilliseconds) else {
            return .wouldBlock
        }
        var result = 0
        let part = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
            // SAFETY: the buffer has room for count bytes.
            result = unsafe recv(fd, buffer.baseAddress, count, Int32(MSG_DONTWAIT))
            length = max(0, result)
        }
        if result > 0 {
            bytes.append(contentsOf: part)
            return .bytes(result)
        }
        if result == 0 { return .end }
        switch errno {
        case EAGAIN, EINTR: continue
        default: return .failed(.last)
        }
    }
}

/// Sends all bytes; `wouldBlock` means that the peer took none for `timeoutMilliseconds`, or not
/// all until `deadlineNanoseconds` on the monotonic clock (`.max`: no end).
public func writeBlocking(
    _ fd: Int32,
    _ bytes: [UInt8],
    timeoutMilliseconds: Int,
    deadlineNanoseconds: UInt64 = .max
) -> IOResult {
    var sent = 0
    while sent < bytes.count {
        let count = unsafe bytes.withUnsafeBytes { buffer -> Int in
            guard let base = buffer.baseAddress else { return 0 }
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            // SAFETY: [sent, count) lies inside the array.
            return unsafe send(fd, base + sent, bytes.count - sent, flags)
        }
        if count >= 0 {
            sent += count
            continue
        }
        switch errno {
        case EINTR: continue
        case EAGAIN:
            var wait = timeoutMilliseconds
            if deadlineNanoseconds != .max {
                let now = monotonicNanoseconds()
                guard now < deadlineNanoseconds else { return .wouldBlock }
                wait = min(wait, Int((deadlineNanoseconds - now) / 1_000_000) + 1)
            }
            guard waitUntilReady(fd, for: .writing, timeoutMilliseconds: wait)
            else { return .wouldBlock }
        default: return .failed(.last)
        }
    }
    return .bytes(sent)
}

/// Connects and waits for it: an open, non-blocking socket.
public func connectBlocking(
    to address: SocketAddress,
    timeoutMilliseconds: Int
) throws(Errno) -> FileDescriptor {
    let start = try startConnect(to: address)
    let fd = FileDescriptor(owning: start.fd)
    if start.done { return fd }
    guard waitUntilReady(fd.number, for: .writing, timeoutMilliseconds: timeoutMilliseconds) else {
        throw Errno(ETIMEDOUT)
    }
    let error = pendingError(of: fd.number)
    guard error.number == 0 else { throw error }
    return fd
}

/// Ends the reading direction: a thread that waits there sees the end.
public func shutdownRead(_ fd: Int32) { _ = shutdown(fd, Int32(SHUT_RD)) }

/// Ends both directions: a thread that reads or writes there stops.
public func shutdownBoth(_ fd: Int32) { _ = shutdown(fd, Int32(SHUT_RDWR)) }

/// Removes a socket's file; nothing happens when there is none.
public func removeSocketFile(_ path: String) { _ = unsafe unlink(path) }

/// Says who may connect to a Unix socket: mode bits of its file.
public func setSocketMode(_ path: String, _ mode: UInt32) { _ = unsafe chmod(path, mode) }

/// Lets the calling thread pause: for control threads between two looks at something.
public func sleepThread(milliseconds: UInt32) { usleep(milliseconds * 1_000) }
