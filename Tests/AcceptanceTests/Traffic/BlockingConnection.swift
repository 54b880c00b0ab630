// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// Nanoseconds of the clock that all of one machine's processes share and that never jumps.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// A message as it came: its head's lines and its body, which Content-Length measured.
struct PlainMessage {
    var lines: [Substring]
    var bodyCount: Int
    var body: [UInt8]

    /// The second word of the first line: an answer's status, a request's target.
    var secondWord: Substring {
        let words = self.lines[0].split(separator: " ")
        return words.count > 1 ? words[1] : ""
    }

    /// The first value of a field; `name` in lower case with its colon.
    func field(_ name: String) -> Substring? {
        for line in self.lines.dropFirst() where line.utf8.count > name.utf8.count {
            guard line.prefix(name.utf8.count).lowercased() == name else { continue }
            return line.dropFirst(name.utf8.count).trimmingPrefix(" ")
        }
        return nil
    }
}

/// A blocking stream socket with a reader of plain HTTP/1.1 messages; one thread's own.
final class BlockingConnection {
    let fd: Int32
    private var buffer: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 65_536)

    init(fd: Int32) {
        self.fd = fd
        // A sanitizer makes a reload under load take longer than that.
        var time = timeval(tv_sec: Sanitizer.name == nil ? 20 : 200, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        var one: Int32 = 1
        setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(self.fd) }

    /// A connection to 127.0.0.1.
    convenience init(port: Int) throws {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(fd)
            throw AcceptanceError("connect to port \(port): errno \(errno)")
        }
        self.init(fd: fd)
    }

    /// A connection to a Unix socket.
    convenience init(path: String) throws {
        let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            close(fd)
            throw AcceptanceError("connect to \(path): errno \(errno)")
        }
        self.init(fd: fd)
    }

    /// Sends everything; `false` when the peer is gone.
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(self.fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Whether something has come that was not taken.
    var hasBytes: Bool {
        var byte: UInt8 = 0
        return !self.buffer.isEmpty
            || recv(self.fd, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) > 0
    }

    /// The next message; `nil` when the peer has ended, stays silent, or speaks otherwise.
    func receive() -> PlainMessage? {
        var headCount = self.headEnd(from: 0)
        while headCount == nil {
            let seen = max(0, self.buffer.count - 3)
            guard self.read() else { return nil }
            headCount = self.headEnd(from: seen)
        }
        guard let headCount else { return nil }
        let head = String(decoding: self.buffer[..<(headCount - 4)], as: UTF8.self)
        var message = PlainMessage(lines: head.split(separator: "\r\n"), bodyCount: 0, body: [])
        message.bodyCount = message.field("content-length:").flatMap { Int($0) } ?? 0
        while self.buffer.count < headCount + message.bodyCount {
            guard self.read() else { return nil }
        }
        message.body = Array(self.buffer[headCount..<(headCount + message.bodyCount)])
        self.buffer.removeFirst(headCount + message.bodyCount)
        return message
    }

    private func headEnd(from start: Int) -> Int? {
        self.buffer.withUnsafeBytes { all in
            guard let base = all.baseAddress else { return nil }
            var at = start
            while at + 4 <= all.count, let found = memchr(base + at, 0x0d, all.count - at - 3) {
                at = UnsafeRawPointer(found) - base
                if memcmp(base + at, "\r\n\r\n", 4) == 0 { return at + 4 }
                at += 1
            }
            return nil
        }
    }

    private func read() -> Bool {
        let count = recv(self.fd, &self.chunk, self.chunk.count, 0)
        guard count > 0 else { return false }
        self.buffer.append(contentsOf: self.chunk[..<count])
        return true
    }
}

/// `127.0.0.1:port`.
func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}

/// A thread whose end can be waited for.
final class JoinableThread: Sendable {
    private let ended = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () -> Void) {
        let ended = self.ended
        let thread = Thread {
            body()
            ended.signal()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    func join() { self.ended.wait() }
}
