// SPDX-License-Identifier: Apache-2.0

import Glibc
import Kernel

/// A connection for one check, with one deadline for all that happens on it.
struct CheckLine: ~Copyable {
    private let fd: FileDescriptor
    private let deadlineNanoseconds: UInt64

    /// Connects.
    init(to address: SocketAddress, timeoutMilliseconds: Int) throws(EndpointProblem) {
        self.deadlineNanoseconds =
            monotonicNanoseconds() &+ UInt64(timeoutMilliseconds) &* 1_000_000
        do {
            self.fd = try connectBlocking(to: address, timeoutMilliseconds: timeoutMilliseconds)
        } catch {
            throw CheckLine.problem(error)
        }
    }

    /// Whether what is said is encrypted.
    var isSecure: Bool { false }

    /// Milliseconds that are left.
    private func left() throws(EndpointProblem) -> Int {
        let now = monotonicNanoseconds()
        guard now < self.deadlineNanoseconds else { throw .timedOut }
        return Int((self.deadlineNanoseconds - now) / 1_000_000) + 1
    }

    /// Sends all bytes.
    mutating func write(_ bytes: [UInt8]) throws(EndpointProblem) {
        let result = writeBlocking(self.fd.number, bytes, timeoutMilliseconds: try self.left())
        switch result {
        case .bytes: return
        case .wouldBlock: throw .timedOut
        case .end: throw .closed
        case .failed(let error): throw CheckLine.problem(error)
        }
    }

    /// Appends what comes next, at least one byte.
    mutating func read(into bytes: inout [UInt8], atMost count: Int) throws(EndpointProblem) {
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
