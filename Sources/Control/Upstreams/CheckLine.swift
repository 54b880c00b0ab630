// SPDX-License-Identifier: Apache-2.0

import Bytes
import Glibc
import Kernel
import TLS

/// A connection for one check, with one deadline for all that happens on it; over TLS where the
/// upstream speaks it.
struct CheckLine: ~Copyable {
    private let fd: FileDescriptor
    private let deadlineNanoseconds: UInt64
    /// Whether what is said is encrypted.
    let isSecure: Bool
    private var sessions: TLSSessionTable?
    private var pool: BlockPool

    /// Connects, and shakes hands where `tls` says how the endpoint is verified.
    static func open(
        to address: SocketAddress,
        timeoutMilliseconds: Int,
        tls: TLSClientContext? = nil
    ) throws(EndpointProblem) -> CheckLine {
        let deadline = monotonicNanoseconds() &+ UInt64(timeoutMilliseconds) &* 1_000_000
        var line = CheckLine(
            fd: try CheckLine.connect(to: address, timeoutMilliseconds: timeoutMilliseconds),
            deadlineNanoseconds: deadline,
            isSecure: tls != nil
        )
        if let tls { try line.shakeHands(tls) }
        return line
    }

    private init(fd: consuming FileDescriptor, deadlineNanoseconds: UInt64, isSecure: Bool) {
        self.fd = fd
        self.deadlineNanoseconds = deadlineNanoseconds
        self.isSecure = isSecure
        self.sessions = isSecure ? TLSSessionTable(capacity: 1) : nil
        self.pool = BlockPool(capacity: 1)
    }

    private static func connect(
        to address: SocketAddress,
        timeoutMilliseconds: Int
    ) throws(EndpointProblem) -> FileDescriptor {
        do {
            return try connectBlocking(to: address, timeoutMilliseconds: timeoutMilliseconds)
        } catch {
            throw CheckLine.problem(error)
        }
    }

    private mutating func shakeHands(_ context: TLSClientContext) throws(EndpointProblem) {
        let isOpen = self.sessions?.connect(0, context, fd: self.fd.number) ?? false
        guard isOpen else { throw .tls("no memory") }
        while true {
            switch self.sessions?.handshake(0) ?? .failed {
            case .done: return
            case .wantsRead: try self.wait(.reading)
            case .wantsWrite: try self.wait(.writing)
            case .ended: throw .closed
            case .failed: throw self.tlsProblem
            }
        }
    }

    private var tlsProblem: EndpointProblem {
        mutating get { .tls("\(self.sessions?.failure(0).text ?? "failed")") }
    }

    /// Milliseconds that are left.
    private func left() throws(EndpointProblem) -> Int {
        let now = monotonicNanoseconds()
        guard now < self.deadlineNanoseconds else { throw .timedOut }
        return Int((self.deadlineNanoseconds - now) / 1_000_000) + 1
    }

    private func wait(_ direction: SocketDirection) throws(EndpointProblem) {
        let left = try self.left()
        guard waitUntilReady(self.fd.number, for: direction, timeoutMilliseconds: left) else {
            throw .timedOut
        }
    }

    // MARK: Bytes

    /// Sends all bytes.
    mutating func write(_ bytes: [UInt8]) throws(EndpointProblem) {
        if self.isSecure {
            try self.writeSecurely(bytes)
            return
        }
        let result = writeBlocking(self.fd.number, bytes, timeoutMilliseconds: try self.left())
        switch result {
        case .bytes: return
        case .wouldBlock: throw .timedOut
        case .end: throw .closed
        case .failed(let error): throw CheckLine.problem(error)
        }
    }

    private mutating func writeSecurely(_ bytes: [UInt8]) throws(EndpointProblem) {
        var sent = 0
        while sent < bytes.count {
            let result = withWindow(bytes) { window in
                self.sessions?.write(
                    0,
                    window.slice(sent, window.count - sent),
                    window.slice(0, 0)
                ) ?? .failed
            }
            switch result {
            case .bytes(let count): sent += count
            case .wantsRead: try self.wait(.reading)
            case .wantsWrite: try self.wait(.writing)
            case .failed: throw self.tlsProblem
            }
        }
    }

    /// Appends what comes next, at least one byte.
    mutating func read(into bytes: inout [UInt8], atMost count: Int) throws(EndpointProblem) {
        if self.isSecure {
            try self.readSecurely(into: &bytes, atMost: count)
            return
        }
        let result = readBlocking(
            self.fd.number,
            into: &bytes,
            atMost: count,
            timeoutMilliseconds: try self.left()
        )
        switch result {
        case .bytes: return
        case .wouldBlock: throw .timedOut
        case .end: throw .closed
        case .failed(let error): throw CheckLine.problem(error)
        }
    }

    private mutating func readSecurely(
        into bytes: inout [UInt8],
        atMost count: Int
    ) throws(EndpointProblem) {
        guard let block = self.pool.take() else { throw .tls("no memory") }
        defer { self.pool.give(block) }
        while true {
            let end = min(count, Limits.blockBytes)
            switch self.sessions?.read(0, into: self.pool, block, 0, end) ?? .failed {
            case .bytes(let got):
                bytes += self.pool.window(block, 0, got).array
                return
            case .wantsRead: try self.wait(.reading)
            case .wantsWrite: try self.wait(.writing)
            case .ended, .cut: throw .closed
            case .failed: throw self.tlsProblem
            }
        }
    }

    private static func problem(_ error: Errno) -> EndpointProblem {
        switch error.number {
        case ECONNREFUSED: .refused
        case ETIMEDOUT: .timedOut
        case ECONNRESET, EPIPE: .closed
        // A Unix socket that is not there, or whose queue is full.
        case ENOENT: .refused
        default: .unreachable(error.text)
        }
    }
}
