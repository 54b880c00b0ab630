// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Kernel
import Synchronization

/// One connection that an upstream of a test has taken: bytes in, bytes out, every way to end it.
final class RawConnection: @unchecked Sendable {
    let fd: Int32
    private var buffered: [UInt8] = []
    private let all = Mutex<[UInt8]>([])

    /// Everything that came, in order; a test may look while the connection's thread reads.
    var received: [UInt8] { self.all.withLock { $0 } }

    init(fd: Int32) {
        self.fd = fd
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Reads more; `false` at the end.
    func readMore() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(self.fd, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        self.buffered += chunk.prefix(count)
        self.all.withLock { $0 += chunk.prefix(count) }
        return true
    }

    /// The next head with its empty line, or `nil` at the end.
    func readHead() -> String? {
        let mark: [UInt8] = [13, 10, 13, 10]
        while true {
            if let end = RawConnection.find(mark, in: self.buffered) {
                let head = self.buffered.prefix(end + 4)
                self.buffered.removeFirst(end + 4)
                return String(decoding: head, as: UTF8.self)
            }
            guard self.readMore() else { return nil }
        }
    }

    /// The content that belongs to a head, framing included; `nil` when the peer ends before it.
    func readContent(of head: String) -> [UInt8]? {
        let folded = head.lowercased()
        if let field = folded.range(of: "\r\ncontent-length: ") {
            let count = Int(folded[field.upperBound...].prefix { $0.isNumber }) ?? 0
            while self.buffered.count < count { guard self.readMore() else { return nil } }
            let content = Array(self.buffered.prefix(count))
            self.buffered.removeFirst(count)
            return content
        }
        guard folded.contains("\r\ntransfer-encoding: chunked") else { return [] }
        while true {
            if let end = self.chunkedEnd() {
                let content = Array(self.buffered.prefix(end))
                self.buffered.removeFirst(end)
                return content
            }
            guard self.readMore() else { return nil }
        }
    }

    /// Bytes of the whole chunked content that the buffer begins with, or `nil`.
    private func chunkedEnd() -> Int? {
        var at = 0
        while let line = RawConnection.find([13, 10], in: Array(self.buffered[at...])) {
            let digits = String(decoding: self.buffered[at..<at + line], as: UTF8.self)
            guard let count = Int(digits.prefix { $0.isHexDigit }, radix: 16) else { return nil }
            at += line + 2 + count + 2
            guard at <= self.buffered.count else { return nil }
            if count == 0 { return at }
        }
        return nil
    }

    /// What has come, or comes next, and is kept nowhere; `nil` at the end.
    func takePart() -> [UInt8]? {
        if !self.buffered.isEmpty {
            defer { self.buffered = [] }
            return self.buffered
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        let count = recv(self.fd, &chunk, chunk.count, 0)
        return count > 0 ? Array(chunk.prefix(count)) : nil
    }

    /// Sends all of it; `false` when the peer has gone.
    @discardableResult
    func send(_ text: String) -> Bool { self.send(Array(text.utf8)) }

    @discardableResult
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

    /// The next close is a reset.
    func resetsOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            self.fd,
            SOL_SOCKET,
            SO_LINGER,
            &option,
            socklen_t(MemoryLayout<linger>.size)
        )
    }

    /// Waits until the peer has ended or reset the connection.
    func waitForEnd() { while self.readMore() {} }

    static func find(_ mark: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= mark.count else { return nil }
        for at in 0...(bytes.count - mark.count) where bytes[at] == mark[0] {
            if bytes[at..<at + mark.count].elementsEqual(mark) { return at }
        }
        return nil
    }
}

/// An upstream whose every connection is served by a closure, on a thread of its own.
final class RawOrigin: Sendable {
    let port: Int
    private let listener: Int32
    private let taken = Mutex<[RawConnection]>([])

    init(backlog: Int32 = 512, _ serve: @escaping @Sendable (RawConnection) -> Void) throws {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        Glibc.listen(fd, backlog)
        self.listener = fd
        self.port = localAddress(of: fd).port
        Thread.detachNewThread { [self] in
            while true {
                let taken = Glibc.accept(fd, nil, nil)
                guard taken >= 0 else { return }
                let connection = RawConnection(fd: taken)
                self.taken.withLock { $0.append(connection) }
                Thread.detachNewThread {
                    serve(connection)
                    Glibc.close(connection.fd)
                }
            }
        }
    }

    /// Connections taken so far, in order.
    var connections: [RawConnection] { self.taken.withLock { $0 } }

    deinit { Glibc.close(self.listener) }
}
