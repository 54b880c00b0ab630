// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Wire

/// What came of one request over HTTP/2, as far as a check needs it.
struct HTTP2Answer {
    /// Status of the final head; 0: none came.
    var status = 0
    /// `grpc-status` of trailers, or of a head that ends the stream.
    var grpcStatus: Int?
    /// The first bytes of the content.
    var body: [UInt8] = []
    /// The stream has ended as it should.
    var isComplete = false
}

/// One request as the only stream of a new connection, by prior knowledge or behind ALPN.
struct CheckHTTP2: ~Copyable {
    private var session: H2Session
    private var answer = HTTP2Answer()
    private var isOver = false
    /// The final head is all that is asked for.
    private let needsHeadOnly: Bool
    private var pool = BlockPool(capacity: 1)

    /// A session that has said nothing yet.
    private init(needsHeadOnly: Bool) throws(EndpointProblem) {
        self.session = try CheckHTTP2.open()
        self.needsHeadOnly = needsHeadOnly
    }

    private static func open() throws(EndpointProblem) -> H2Session {
        do throws(H2Error) {
            return try H2Session(role: .client, limits: H2Limits())
        } catch {
            throw .unreachable("HTTP/2 cannot be spoken here")
        }
    }

    /// Sends `head` (HTTP/1.1 text) and `body`; what was answered.
    static func ask(
        _ line: inout CheckLine,
        head: [UInt8],
        body: [UInt8],
        needsHeadOnly: Bool
    ) throws(EndpointProblem) -> HTTP2Answer {
        // Both stay where they are until the exchange is over.
        let result = withWindow(head) { headWindow in
            withWindow(body) { bodyWindow -> Result<HTTP2Answer, EndpointProblem> in
                do throws(EndpointProblem) {
                    var exchange = try CheckHTTP2(needsHeadOnly: needsHeadOnly)
                    try exchange.run(&line, headWindow, bodyWindow)
                    return .success(exchange.answer)
                } catch {
                    return .failure(error)
                }
            }
        }
        return try result.get()
    }

    private mutating func run(
        _ line: inout CheckLine,
        _ head: ByteWindow,
        _ body: ByteWindow
    ) throws(EndpointProblem) {
        do throws(H2Error) {
            let stream = try self.session.submitRequest(
                head: head,
                isSecure: line.isSecure,
                endsStream: body.isEmpty,
                tag: 0
            )
            if !body.isEmpty {
                self.session.offer(stream, body, body.slice(0, 0), isLast: true)
            }
        } catch {
            throw .malformed
        }
        var received = 0
        while !self.isOver {
            try self.send(&line)
            guard received < Limits.healthAnswerBytesMax * 4 else { throw .malformed }
            var bytes: [UInt8] = []
            try line.read(into: &bytes, atMost: Limits.healthAnswerBytesMax)
            received += bytes.count
            try self.take(bytes)
        }
        // The peer may let go of the connection in order; whether it hears of it is its affair.
        self.session.finishShutdown()
        try? self.send(&line)
    }

    private mutating func send(_ line: inout CheckLine) throws(EndpointProblem) {
        guard let block = self.pool.take() else { throw .malformed }
        defer { self.pool.give(block) }
        while true {
            var writer = self.pool.writer(block, from: 0)
            do throws(H2Error) {
                try self.session.pull(into: &writer)
            } catch {
                throw .malformed
            }
            let count = writer.position
            guard count > 0 else { return }
            try line.write(self.pool.window(block, 0, count).array)
        }
    }

    private mutating func take(_ bytes: [UInt8]) throws(EndpointProblem) {
        let now = monotonicNanoseconds() / 1_000_000
        let isFine = withWindow(bytes) { window -> Bool in
            do throws(H2Error) {
                try self.session.receive(window, nowMilliseconds: now)
            } catch {
                return false
            }
            while let event = self.session.nextEvent() { self.take(event, window) }
            return true
        }
        guard isFine, self.isOver || !self.session.isOver else { throw .malformed }
    }

    private mutating func take(_ event: H2Event, _ window: ByteWindow) {
        switch event.kind {
        case .head:
            guard event.code >= 200 else { return }
            self.answer.status = Int(event.code)
            if event.endsStream {
                self.answer.grpcStatus = CheckHTTP2.grpcStatus(self.session.text(event).text)
                self.answer.isComplete = true
            }
            self.isOver = event.endsStream || self.needsHeadOnly
        case .data:
            let room = Limits.healthAnswerBytesMax - self.answer.body.count
            let part = window.slice(Int(event.offset), min(Int(event.count), room))
            self.answer.body += part.array
            self.session.consume(event.stream, Int(event.count))
        case .trailers:
            self.answer.grpcStatus = CheckHTTP2.grpcStatus(self.session.text(event).text)
        case .end:
            self.answer.isComplete = true
            self.isOver = true
        case .closed: self.isOver = true
        case .goAway, .settings, .pingAcknowledged: return
        }
    }

    /// The value of `grpc-status` among field lines.
    private static func grpcStatus(_ text: String) -> Int? {
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":"),
                line[..<colon].lowercased() == "grpc-status"
            else { continue }
            return Int(line[line.index(after: colon)...].filter { $0 != " " })
        }
        return nil
    }
}
