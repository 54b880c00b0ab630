// SPDX-License-Identifier: Apache-2.0

import Bytes
public import Kernel
public import Parity

/// Asks origins over connections that are kept, for one thread that sends many requests: replay and
/// probes.
///
/// Every exchange has one deadline from connect to the answer's last byte, and a bound of bytes.
public final class OriginSession {
    /// The whole life of one exchange.
    public var deadlineMilliseconds = Limits.syntheticDeadlineMilliseconds
    /// Bytes of an answer's body, as it is sent.
    ///
    /// Beyond: ``AnswerEnd/tooLarge``.
    public var bodyBytesMax = Limits.observedBodyBytesMax

    private var links: [[UInt8]: Link] = [:]

    /// A kept connection.
    private final class Link {
        let fd: FileDescriptor
        var connection: ControlConnection

        init(_ fd: consuming FileDescriptor, _ milliseconds: Int, _ bodyBytesMax: Int) {
            let number = fd.number
            self.fd = fd
            self.connection = ControlConnection(
                fd: number,
                idleTimeoutMilliseconds: milliseconds,
                messageTimeoutMilliseconds: milliseconds,
                bodyBytesMax: bodyBytesMax
            )
        }
    }

    /// A session without connections.
    public init() {}

    /// Sends a request as it stands (head with its empty line, and body) and reads the answer.
    ///
    /// A failure of any kind is an answer that ended as ``AnswerEnd/failed``: it is a finding, not
    /// an error of ours. A kept connection that the origin has closed meanwhile is replaced once,
    /// so `head` must be of a request that may be sent twice.
    public func send(
        _ head: [UInt8],
        body: [UInt8] = [],
        isHead: Bool = false,
        to address: SocketAddress
    ) -> CapturedAnswer {
        let start = monotonicNanoseconds()
        let deadline = start + UInt64(self.deadlineMilliseconds) * 1_000_000
        var answer = CapturedAnswer(end: .failed)
        for _ in 0..<2 {
            let isKept = self.links[address.bytes] != nil
            do throws(ControlMessageError) {
                answer = try self.exchange(head + body, isHead, address, deadline)
                break
            } catch {
                self.links[address.bytes] = nil
                if case .refused(413, _) = error {
                    answer = CapturedAnswer(end: .tooLarge)
                    break
                }
                guard isKept, case .ended = error else { break }
            }
        }
        let passed = (monotonicNanoseconds() - start) / 1_000
        answer.microseconds = UInt32(clamping: max(passed, 1))
        return answer
    }

    private func exchange(
        _ bytes: [UInt8],
        _ isHead: Bool,
        _ address: SocketAddress,
        _ deadline: UInt64
    ) throws(ControlMessageError) -> CapturedAnswer {
        let link: Link
        if let kept = self.links.removeValue(forKey: address.bytes) {
            link = kept
        } else {
            do {
                let fd = try connectBlocking(
                    to: address,
                    timeoutMilliseconds: min(self.deadlineMilliseconds, 2_000)
                )
                setNoDelay(fd.number)
                link = Link(fd, self.deadlineMilliseconds, self.bodyBytesMax)
            } catch { throw .timedOut }
        }
        link.connection.deadlineNanoseconds = deadline
        // An early answer may end the write: what was answered tells.
        _ = writeBlocking(
            link.fd.number,
            bytes,
            timeoutMilliseconds: self.deadlineMilliseconds,
            deadlineNanoseconds: deadline
        )
        var answer = CapturedAnswer(end: .complete)
        let keeps = try readOriginAnswer(&link.connection, isHead: isHead, into: &answer)
        if keeps, self.links.count < Limits.syntheticConnectionsMax {
            self.links[address.bytes] = link
        }
        return answer
    }
}
