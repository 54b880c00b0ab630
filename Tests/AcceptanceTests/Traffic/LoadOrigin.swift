// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// An origin in the test's own process: light enough for long load, and it remembers every write.
///
/// Each answer says `Origin-Name` and repeats `Request-Number`; its body has as many bytes as the
/// request's `Want-Bytes` asks for, and it waits for `Want-Pause` milliseconds.
final class LoadOrigin: Sendable {
    let name: String
    let port: Int
    private let listener: Int32
    private let book = Mutex(Book())

    private struct Book {
        /// Numbers of the writes that came, in order.
        var writes: [Int] = []
        var reads = 0
        var copies = 0
        /// Copies of requests that are no reads: there may be none.
        var copiedWrites = 0
    }

    /// `host` is the last byte of its address 127.0.0.x; port 0: the kernel chooses.
    init(name: String, host: UInt8 = 1, port: Int = 0) throws {
        self.name = name
        self.listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        // A port that was just served on may be served on again.
        var one: Int32 = 1
        setsockopt(self.listener, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var address = loopback(port)
        address.sin_addr.s_addr = (UInt32(0x7f00_0000) | UInt32(host)).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let fd = self.listener
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(fd, generic, length) == 0 ? getsockname(fd, generic, &length) : -1
            }
        }
        guard result == 0, listen(fd, 512) == 0 else { throw AcceptanceError("no origin port") }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        _ = JoinableThread { [weak self] in
            while true {
                let peer = accept(fd, nil, nil)
                guard peer >= 0 else { return }
                let connection = BlockingConnection(fd: peer)
                nonisolated(unsafe) let own = connection
                _ = JoinableThread { [weak self] in
                    while let message = own.receive(), let answer = self?.answer(message) {
                        guard own.send(answer) else { return }
                    }
                }
            }
        }
    }

    deinit {
        shutdown(self.listener, Int32(SHUT_RDWR))
        close(self.listener)
    }

    var address: String { "127.0.0.1:\(self.port)" }
    /// Numbers of the writes that it took.
    var writes: [Int] { self.book.withLock { $0.writes } }
    /// Reads that it took.
    var readCount: Int { self.book.withLock { $0.reads } }
    /// Shadow copies that it took.
    var copies: Int { self.book.withLock { $0.copies } }
    /// Shadow copies of writes.
    var copiedWrites: Int { self.book.withLock { $0.copiedWrites } }

    private func answer(_ message: PlainMessage) -> [UInt8] {
        let number = message.field("request-number:").flatMap { Int($0) } ?? -1
        let wanted = message.field("want-bytes:").flatMap { Int($0) } ?? 0
        if let pause = message.field("want-pause:").flatMap({ UInt32($0) }) {
            usleep(pause * 1_000)
        }
        let isRead = message.lines[0].hasPrefix("GET ")
        let isCopy = message.field("banyan-shadow:") != nil
        self.book.withLock { book in
            if isCopy {
                book.copies += 1
                if !isRead { book.copiedWrites += 1 }
            } else if isRead {
                book.reads += 1
            } else {
                book.writes.append(number)
            }
        }
        let head = """
            HTTP/1.1 200 OK\r\nOrigin-Name: \(self.name)\r\nRequest-Number: \(number)\r\n\
            Content-Length: \(wanted)\r\n\r\n
            """
        return Array(head.utf8) + [UInt8](repeating: 0x2e, count: wanted)
    }
}
