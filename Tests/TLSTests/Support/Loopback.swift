// SPDX-License-Identifier: Apache-2.0
import Foundation
import TLS
import Testing

/// TCP on loopback, and waiting for it.
enum Loopback {
    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func with<Result>(
        _ address: inout sockaddr_in,
        _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// A listening socket on a port that the kernel chose.
    static func listen() throws -> (fd: Int32, port: UInt16) {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var own = self.address(0)
        try #require(self.with(&own) { bind(fd, $0, $1) } == 0)
        try #require(Foundation.listen(fd, 8) == 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try #require(self.with(&own) { pointer, _ in getsockname(fd, pointer, &size) } == 0)
        return (fd, UInt16(bigEndian: own.sin_port))
    }

    /// A connected, non-blocking socket.
    static func connect(port: UInt16) throws -> Int32 {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var peer = self.address(port)
        try #require(self.with(&peer) { Foundation.connect(fd, $0, $1) } == 0)
        _ = fcntl(fd, F_SETFL, O_NONBLOCK)
        return fd
    }

    /// Waits until the socket can be read or written; `false` after ten seconds.
    static func wait(_ fd: Int32, toWrite: Bool = false) -> Bool {
        var entry = pollfd(fd: fd, events: Int16(toWrite ? POLLOUT : POLLIN), revents: 0)
        return poll(&entry, 1, 10_000) == 1
    }

    /// Carries a handshake to its end.
    static func shake(_ table: inout TLSSessionTable, _ fd: Int32) -> TLSStep {
        while true {
            let step = table.handshake(0)
            switch step {
            case .wantsRead: guard self.wait(fd) else { return step }
            case .wantsWrite: guard self.wait(fd, toWrite: true) else { return step }
            case .done, .ended, .failed: return step
            }
        }
    }

    /// Reads until the peer ends.
    static func read(_ table: inout TLSSessionTable, _ fd: Int32) -> String {
        var all: [UInt8] = []
        while true {
            let (result, bytes) = table.readBytes(0)
            all += bytes
            switch result {
            case .bytes: continue
            case .wantsRead: guard self.wait(fd) else { return "" }
            case .wantsWrite, .ended, .cut, .failed: return String(decoding: all, as: UTF8.self)
            }
        }
    }
}
