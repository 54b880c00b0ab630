// SPDX-License-Identifier: Apache-2.0

import Bytes
public import Kernel
public import Parity
import Wire

/// Asks an origin by itself, outside the data path: re-reads, replay and probes.
///
/// Blocking, one connection per request: it runs on threads of the control plane, at bounded rates.
/// Every exchange has one deadline from connect to the answer's last byte, and a bound of bytes.
public struct OriginClient: Sendable {
    /// The whole life of one exchange: an origin that sends a byte now and then holds no thread.
    public var timeoutMilliseconds = 10_000
    /// Bytes of an answer's body, as it is sent.
    ///
    /// Beyond: ``AnswerEnd/tooLarge``.
    public var bodyBytesMax = Limits.observedBodyBytesMax

    /// A client with the defaults.
    public init() {}

    /// Sends a request as it stands (head with its empty line, and body) and reads the answer.
    ///
    /// A failure of any kind is an answer that ended as ``AnswerEnd/failed``: it is a finding, not
    /// an error of ours.
    public func send(
        _ head: [UInt8],
        body: [UInt8] = [],
        isHead: Bool = false,
        to address: SocketAddress
    ) -> CapturedAnswer {
        let start = monotonicNanoseconds()
        let deadline = start + UInt64(self.timeoutMilliseconds) * 1_000_000
        func answer(_ end: AnswerEnd) -> CapturedAnswer {
            let passed = (monotonicNanoseconds() - start) / 1_000
            return CapturedAnswer(end: end, microseconds: UInt32(clamping: max(passed, 1)))
        }
        do {
            let fd = try connectBlocking(
                to: address,
                timeoutMilliseconds: self.timeoutMilliseconds
            )
            // An early answer may end the write: what was answered tells.
            _ = writeBlocking(
                fd.number,
                head + body,
                timeoutMilliseconds: self.timeoutMilliseconds,
                deadlineNanoseconds: deadline
            )
            var result = answer(.complete)
            var connection = ControlConnection(
                fd: fd.number,
                idleTimeoutMilliseconds: self.timeoutMilliseconds,
                messageTimeoutMilliseconds: self.timeoutMilliseconds,
                bodyBytesMax: self.bodyBytesMax
            )
            connection.deadlineNanoseconds = deadline
            _ = try readOriginAnswer(&connection, isHead: isHead, into: &result)
            result.microseconds = answer(.complete).microseconds
            return result
        } catch ControlMessageError.refused(413, _) {
            return answer(.tooLarge)
        } catch {
            return answer(.failed)
        }
    }
}

/// Reads one answer of an origin off a connection; whether the connection may be used again.
func readOriginAnswer(
    _ connection: inout ControlConnection,
    isHead: Bool,
    into answer: inout CapturedAnswer
) throws(ControlMessageError) -> Bool {
    let token: MethodToken = isHead ? .head : .get
    var head = try connection.readHead(answering: token)
    var interim = 0
    while head.firstLine.count > 1, head.firstLine[1].hasPrefix("1"),
        interim < Limits.interimResponsesMax
    {
        interim += 1
        head = try connection.readHead(answering: token)
    }
    guard head.firstLine.count > 1, head.firstLine[0].hasPrefix("HTTP/1."),
        let status = UInt16(head.firstLine[1]), status >= 200, status < 600
    else { throw .refused(502, "no status line") }
    answer.status = status
    answer.fields = head.fields.map { CapturedField($0.name.lowercased(), $0.value) }
    var isDelimited = true
    if !isHead, status != 204, status != 304 {
        answer.body = try connection.readBody(of: head, untilEnd: true)
        isDelimited =
            !head.values("content-length").isEmpty || !head.values("transfer-encoding").isEmpty
    }
    let options = head.values("connection").map { $0.lowercased() }
    let keeps = head.firstLine[0] == "HTTP/1.1" || options.contains("keep-alive")
    return isDelimited && keeps && !options.contains("close") && !connection.hasPending
}

/// A request's head as it may be sent again: marked as a copy, without conditions and ranges.
///
/// `nil` when it is no head of a request without content.
public func repeatableHead(_ head: [UInt8]) -> [UInt8]? {
    var lines = head.split(separator: 0x0a, omittingEmptySubsequences: false).map {
        $0.last == 0x0d ? $0.dropLast() : $0
    }
    guard let last = lines.indices.last, lines.count >= 3, lines[last].isEmpty,
        lines[last - 1].isEmpty
    else { return nil }
    let dropped = [
        "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
        "range",
        "expect", "banyan-shadow", "connection",
    ]
    lines.removeLast(2)
    let kept = lines.enumerated().filter { index, line in
        guard index > 0 else { return true }
        let name = String(decoding: line.prefix { $0 != 0x3a }, as: UTF8.self).lowercased()
        return !dropped.contains(name)
    }
    let text = kept.map { Array($0.element) + [0x0d, 0x0a] }.flatMap { $0 }
    return text + Array("banyan-shadow: 1\r\nconnection: close\r\n\r\n".utf8)
}
