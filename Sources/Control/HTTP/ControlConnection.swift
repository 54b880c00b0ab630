// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Wire

/// Why a message on a control connection cannot be taken.
enum ControlMessageError: Error, Equatable {
    /// The peer has ended or broken the connection, or nothing came in time before a message.
    case ended
    /// It stopped in the middle of a message.
    case timedOut
    /// It broke a rule; the status to answer and why.
    case refused(Int, String)
}

/// Reads whole messages from a descriptor, keeping what came too early for the next one.
struct ControlConnection {
    let fd: Int32
    let idleTimeoutMilliseconds: Int
    let messageTimeoutMilliseconds: Int
    let bodyBytesMax: Int
    /// When whatever is under way has to be over, on the monotonic clock; `.max`: never.
    var deadlineNanoseconds = UInt64.max
    private var pending: [UInt8] = []

    /// Whether the peer has sent more than what was taken.
    var hasPending: Bool { !self.pending.isEmpty }

    init(
        fd: Int32,
        idleTimeoutMilliseconds: Int,
        messageTimeoutMilliseconds: Int,
        bodyBytesMax: Int
    ) {
        self.fd = fd
        self.idleTimeoutMilliseconds = idleTimeoutMilliseconds
        self.messageTimeoutMilliseconds = messageTimeoutMilliseconds
        self.bodyBytesMax = bodyBytesMax
    }

    /// The next head: its first line and its fields; of a request, or of an answer to `method`.
    mutating func readHead(
        answering method: MethodToken? = nil
    ) throws(ControlMessageError) -> ControlHead {
        while true {
            if let method {
                if let head = try ControlHead.takeAnswer(&self.pending, to: method) { return head }
            } else if let head = try ControlHead.takeRequest(&self.pending) {
                return head
            }
            guard self.pending.count < Limits.headBytesMax else {
                throw .refused(431, "the head is longer than \(Limits.headBytesMax) bytes")
            }
            let isIdle = self.pending.isEmpty
            try self.readMore(
                timeoutMilliseconds: isIdle
                    ? self.idleTimeoutMilliseconds : self.messageTimeoutMilliseconds,
                isIdle: isIdle
            )
        }
    }

    /// The content that a head announces; `untilEnd`: an answer without length runs to the end.
    mutating func readBody(
        of head: ControlHead,
        untilEnd: Bool = false
    ) throws(ControlMessageError) -> [UInt8] {
        let codings = head.values("transfer-encoding")
        let lengths = head.values("content-length")
        guard codings.isEmpty || lengths.isEmpty else {
            throw .refused(400, "both Content-Length and Transfer-Encoding")
        }
        if !codings.isEmpty {
            guard codings.count == 1, codings[0].lowercased() == "chunked" else {
                throw .refused(501, "no transfer coding but chunked is known")
            }
            return try self.readChunks()
        }
        if let text = lengths.first {
            guard lengths.count == 1, !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
                let length = Int(text)
            else { throw .refused(400, "Content-Length is no number") }
            return try self.take(length)
        }
        guard untilEnd else { return [] }
        while self.pending.count <= self.bodyBytesMax {
            do {
                try self.readMore(
                    timeoutMilliseconds: self.messageTimeoutMilliseconds,
                    isIdle: false
                )
            } catch {
                // A peer that falls silent has not said that this was all.
                guard case .ended = error else { throw error }
                break
            }
        }
        guard self.pending.count <= self.bodyBytesMax else {
            throw .refused(413, "the content is longer than \(self.bodyBytesMax) bytes")
        }
        defer { self.pending = [] }
        return self.pending
    }

    private mutating func readChunks() throws(ControlMessageError) -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let line = try self.takeLine(bytesMax: Limits.chunkLineBytesMax)
            let digits = line.prefix { $0 != 0x3b }
            guard !digits.isEmpty, digits.count <= 8,
                let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0
            else { throw .refused(400, "a chunk size is no hexadecimal number") }
            guard body.count + size <= self.bodyBytesMax else {
                throw .refused(413, "the content is longer than \(self.bodyBytesMax) bytes")
            }
            if size == 0 { break }
            body += try self.take(size)
            guard try self.takeLine(bytesMax: 0).isEmpty else {
                throw .refused(400, "a chunk does not end in CRLF")
            }
        }
        var trailerBytes = 0
        while true {
            let line = try self.takeLine(bytesMax: Limits.trailerBytesMax)
            if line.isEmpty { return body }
            trailerBytes += line.count
            guard trailerBytes <= Limits.trailerBytesMax else {
                throw .refused(400, "the trailer section is too long")
            }
        }
    }

    private mutating func take(_ count: Int) throws(ControlMessageError) -> [UInt8] {
        guard count <= self.bodyBytesMax else {
            throw .refused(413, "the content is longer than \(self.bodyBytesMax) bytes")
        }
        while self.pending.count < count {
            try self.readMore(
                timeoutMilliseconds: self.messageTimeoutMilliseconds,
                isIdle: false
            )
        }
        defer { self.pending.removeFirst(count) }
        return Array(self.pending.prefix(count))
    }

    /// A line without its CRLF, of at most `bytesMax` bytes.
    private mutating func takeLine(bytesMax: Int) throws(ControlMessageError) -> [UInt8] {
        while true {
            if let end = self.pending.firstIndex(of: 0x0a) {
                guard end > 0, self.pending[end - 1] == 0x0d, end - 1 <= bytesMax else {
                    throw .refused(400, "a line of the chunked coding is malformed")
                }
                defer { self.pending.removeFirst(end + 1) }
                return Array(self.pending.prefix(end - 1))
            }
            guard self.pending.count <= bytesMax + 1 else {
                throw .refused(400, "a line of the chunked coding is too long")
            }
            try self.readMore(
                timeoutMilliseconds: self.messageTimeoutMilliseconds,
                isIdle: false
            )
        }
    }

    private mutating func readMore(
        timeoutMilliseconds: Int,
        isIdle: Bool
    ) throws(ControlMessageError) {
        var wait = timeoutMilliseconds
        if self.deadlineNanoseconds != .max {
            let now = monotonicNanoseconds()
            guard now < self.deadlineNanoseconds else { throw .timedOut }
            wait = min(wait, Int((self.deadlineNanoseconds - now) / 1_000_000) + 1)
        }
        switch readBlocking(
            self.fd,
            into: &self.pending,
            atMost: Limits.blockBytes,
            timeoutMilliseconds: wait
        )
        {
        case .bytes: return
        case .wouldBlock: throw isIdle ? .ended : .timedOut
        case .end, .failed: throw .ended
        }
    }
}
