// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A DNS server on a port of the loopback, for tests: UDP, and TCP for what was truncated.
///
/// Every question goes through one closure, which may change its mind at any time.
public final class NameServer: @unchecked Sendable {
    /// What it says to a question.
    public enum Reply: Sendable {
        /// Addresses (4 or 16 bytes) that fit the type asked for, with their TTL in seconds.
        case addresses([[UInt8]], ttl: UInt32)
        /// An alias for another name, and that name's addresses.
        case alias(String, aliasTTL: UInt32, [[UInt8]], ttl: UInt32)
        /// A response code: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED.
        case code(UInt8)
        /// No answer at all.
        case silence
        /// Over UDP an empty answer with TC set; over TCP the addresses.
        case truncated([[UInt8]], ttl: UInt32)
        /// Bytes behind the header and the question as they came, and the number of answers told.
        case raw([UInt8], count: UInt16)
        /// A datagram of its own making; the first two bytes become the question's id.
        case datagram([UInt8])
    }

    /// The port, of UDP and TCP.
    public let port: Int
    private let udp: Int32
    private let tcp: Int32
    private let lock = NSLock()
    private var answer: @Sendable (String, UInt16) -> Reply
    private var asked: [String] = []
    private var isStopping = false
    private let ended = DispatchSemaphore(value: 0)

    /// Starts to answer; `answer` gets the name in lower case and the type (1: A, 28: AAAA).
    public init(answer: @escaping @Sendable (String, UInt16) -> Reply) {
        self.answer = answer
        var made: (udp: Int32, tcp: Int32, port: Int) = (-1, -1, 0)
        // The same port must be free for both.
        for _ in 0..<64 where made.port == 0 {
            let udp = NameServer.bound(Int32(SOCK_DGRAM.rawValue), port: 0)
            let port = NameServer.port(of: udp)
            let tcp = NameServer.bound(Int32(SOCK_STREAM.rawValue), port: port)
            guard tcp >= 0, listen(tcp, 16) == 0 else {
                close(udp)
                if tcp >= 0 { close(tcp) }
                continue
            }
            made = (udp, tcp, port)
        }
        precondition(made.port > 0, "no port is free for UDP and TCP")
        self.udp = made.udp
        self.tcp = made.tcp
        self.port = made.port
        Thread.detachNewThread { [self] in self.run() }
    }

    /// `127.0.0.1:port`, as `dns.servers` takes it.
    public var address: String { "127.0.0.1:\(self.port)" }

    /// Answers otherwise from now on.
    public func set(_ answer: @escaping @Sendable (String, UInt16) -> Reply) {
        self.lock.withLock { self.answer = answer }
    }

    /// Every name of every question so far.
    public var questions: [String] { self.lock.withLock { self.asked } }

    /// Ends it.
    public func stop() {
        self.lock.withLock { self.isStopping = true }
        self.ended.wait()
        close(self.udp)
        close(self.tcp)
    }

    private static func bound(_ type: Int32, port: Int) -> Int32 {
        let fd = socket(AF_INET, type, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7f00_0001).bigEndian)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(fd)
            return -1
        }
        return fd
    }

    private static func port(of fd: Int32) -> Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &size) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private func run() {
        while !self.lock.withLock({ self.isStopping }) {
            var entries = [
                pollfd(fd: self.udp, events: Int16(POLLIN), revents: 0),
                pollfd(fd: self.tcp, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&entries, 2, 50) > 0 else { continue }
            if entries[0].revents != 0 { self.answerDatagram() }
            if entries[1].revents != 0 { self.answerConnection() }
        }
        self.ended.signal()
    }

    private func answerDatagram() {
        var buffer = [UInt8](repeating: 0, count: 2_048)
        var peer = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &peer) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(self.udp, &buffer, buffer.count, Int32(MSG_DONTWAIT), $0, &size)
            }
        }
        guard count > 0, let bytes = self.message(Array(buffer[..<count]), isTCP: false) else {
            return
        }
        _ = withUnsafePointer(to: &peer) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(self.udp, bytes, bytes.count, 0, $0, size)
            }
        }
    }

    private func answerConnection() {
        let fd = accept(self.tcp, nil, nil)
        guard fd >= 0 else { return }
        defer { close(fd) }
        var wait = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var buffer: [UInt8] = []
        // Until the peer has what it wants: one connection may carry several questions.
        while true {
            while buffer.count >= 2, buffer.count >= 2 + Int(buffer[0]) << 8 + Int(buffer[1]) {
                let length = Int(buffer[0]) << 8 + Int(buffer[1])
                let question = Array(buffer[2..<(2 + length)])
                buffer.removeFirst(2 + length)
                guard let bytes = self.message(question, isTCP: true) else { return }
                let sent = [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)] + bytes
                _ = send(fd, sent, sent.count, Int32(MSG_NOSIGNAL))
            }
            var part = [UInt8](repeating: 0, count: 2_048)
            let count = recv(fd, &part, part.count, 0)
            guard count > 0 else { return }
            buffer += part[..<count]
        }
    }

    // MARK: Messages (RFC 1035 4.1)

    private func message(_ question: [UInt8], isTCP: Bool) -> [UInt8]? {
        guard question.count > 12, let (name, type, end) = NameServer.question(question) else {
            return nil
        }
        let reply = self.lock.withLock {
            self.asked.append(name)
            return self.answer(name, type)
        }
        let asked = Array(question[12..<end])
        func head(_ flags: UInt16, _ count: UInt16) -> [UInt8] {
            [
                question[0], question[1], UInt8(flags >> 8), UInt8(flags & 0xff), 0, 1,
                UInt8(count >> 8), UInt8(count & 0xff), 0, 0, 0, 0,
            ] + asked
        }
        func fitting(_ addresses: [[UInt8]]) -> [[UInt8]] {
            addresses.filter { $0.count == (type == 1 ? 4 : 16) }
        }
        func records(_ addresses: [[UInt8]], _ ttl: UInt32, owner: [UInt8]) -> [UInt8] {
            addresses.flatMap { NameServer.record(owner, type: type, ttl: ttl, $0) }
        }
        switch reply {
        case .silence: return nil
        case .code(let code): return head(0x8180 | UInt16(code), 0)
        case .addresses(let all, let ttl):
            let found = fitting(all)
            return head(0x8180, UInt16(found.count)) + records(found, ttl, owner: [0xc0, 12])
        case .alias(let target, let aliasTTL, let all, let ttl):
            let found = fitting(all)
            let owner = NameServer.encoded(target)
            return head(0x8180, UInt16(found.count + 1))
                + NameServer.record([0xc0, 12], type: 5, ttl: aliasTTL, owner)
                + records(found, ttl, owner: owner)
        case .truncated(let all, let ttl):
            guard isTCP else { return head(0x8380, 0) }
            let found = fitting(all)
            return head(0x8180, UInt16(found.count)) + records(found, ttl, owner: [0xc0, 12])
        case .raw(let bytes, let count): return head(0x8180, count) + bytes
        case .datagram(let bytes):
            return Array(question[..<2]) + bytes.dropFirst(2)
        }
    }

    private static func question(_ bytes: [UInt8]) -> (String, UInt16, Int)? {
        var labels: [String] = []
        var at = 12
        while at < bytes.count, bytes[at] != 0 {
            let length = Int(bytes[at])
            guard at + 1 + length < bytes.count else { return nil }
            labels.append(String(decoding: bytes[(at + 1)..<(at + 1 + length)], as: UTF8.self))
            at += 1 + length
        }
        guard at + 5 <= bytes.count else { return nil }
        let type = UInt16(bytes[at + 1]) << 8 | UInt16(bytes[at + 2])
        return (labels.joined(separator: ".").lowercased(), type, at + 5)
    }

    /// A record as it stands in a message.
    public static func record(
        _ owner: [UInt8],
        type: UInt16,
        ttl: UInt32,
        _ data: [UInt8]
    ) -> [UInt8] {
        owner + [UInt8(type >> 8), UInt8(type & 0xff), 0, 1]
            + [24, 16, 8, 0].map { UInt8(ttl >> $0 & 0xff) }
            + [UInt8(data.count >> 8), UInt8(data.count & 0xff)] + data
    }

    /// A name as it stands in a message, without compression.
    public static func encoded(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }
}
