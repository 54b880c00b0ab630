// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import Synchronization
import Testing
import Wire

@testable import Control

/// An HTTP/2 server by prior knowledge that answers every request in one way.
private final class HTTP2Origin: Sendable {
    /// What it answers.
    struct Answer: Sendable {
        var head: String
        var body: [UInt8] = []
        var trailers: String?
        /// It resets the stream instead.
        var resets = false
    }

    let address: SocketAddress
    let seen = Mutex<[String]>([])
    private let listener: FileDescriptor
    private let isStopping = Mutex(false)
    private let ended = Latch(count: 1)

    init(_ answer: Answer) throws {
        let wanted = try resolve(host: "127.0.0.1", port: 0)[0]
        self.listener = try listen(on: wanted, sharesPort: false)
        self.address = localAddress(of: self.listener.number)
        try CoreThread(name: "h2-origin") { [self] in
            while !self.isStopping.withLock({ $0 }) {
                guard waitUntilReady(self.listener.number, for: .reading, timeoutMilliseconds: 20),
                    let (fd, _) = try? accept(self.listener.number)
                else { continue }
                let connection = FileDescriptor(owning: fd)
                try? self.serve(connection, answer)
            }
            self.ended.countDown()
        }.detach()
    }

    func stop() {
        self.isStopping.withLock { $0 = true }
        _ = self.ended.wait(timeoutMilliseconds: 5_000)
    }

    private func serve(_ fd: borrowing FileDescriptor, _ answer: Answer) throws {
        let line = try HTTP2Line(answer)
        while true {
            let output = line.output()
            if !output.isEmpty {
                let result = writeBlocking(fd.number, output, timeoutMilliseconds: 1_000)
                guard case .bytes = result else { return }
            }
            var bytes: [UInt8] = []
            let result = readBlocking(
                fd.number,
                into: &bytes,
                atMost: 65_536,
                timeoutMilliseconds: 2_000
            )
            guard case .bytes = result else { return }
            line.receive(bytes)
            self.seen.withLock { $0 += line.seen }
            line.seen = []
        }
    }
}

/// One connection of an ``HTTP2Origin``.
private final class HTTP2Line {
    var session: H2Session
    var seen: [String] = []
    private let answer: HTTP2Origin.Answer
    private let body: UnsafeMutablePointer<UInt8>

    init(_ answer: HTTP2Origin.Answer) throws {
        self.session = try H2Session(role: .server, limits: H2Limits())
        self.answer = answer
        self.body = .allocate(capacity: max(1, answer.body.count))
        self.body.update(from: answer.body, count: answer.body.count)
    }

    deinit { self.body.deallocate() }

    func output() -> [UInt8] {
        var pool = BlockPool(capacity: 1)
        var bytes: [UInt8] = []
        guard let block = pool.take() else { return [] }
        while true {
            var writer = pool.writer(block, from: 0)
            do throws(H2Error) { try self.session.pull(into: &writer) } catch { return bytes }
            guard writer.position > 0 else { return bytes }
            bytes += pool.window(block, 0, writer.position).array
        }
    }

    func receive(_ bytes: [UInt8]) {
        var asked: [Int32] = []
        withWindow(bytes) { window in
            do throws(H2Error) {
                try self.session.receive(window, nowMilliseconds: 1)
            } catch { return }
            while let event = self.session.nextEvent() {
                switch event.kind {
                case .head:
                    self.seen.append(self.session.text(event).text)
                    if event.endsStream { asked.append(event.stream) }
                case .data:
                    let part = window.slice(Int(event.offset), Int(event.count)).array
                    self.seen.append("\(part)")
                    self.session.consume(event.stream, Int(event.count))
                case .end: asked.append(event.stream)
                default: break
                }
            }
        }
        for stream in asked { self.reply(stream) }
    }

    private func reply(_ stream: Int32) {
        guard !self.answer.resets else {
            self.session.reset(stream, code: 2)
            return
        }
        let isBare = self.answer.body.isEmpty && self.answer.trailers == nil
        withWindow(Array(self.answer.head.utf8)) { head in
            do throws(H2Error) {
                try self.session.submitAnswer(stream, head: head, endsStream: isBare)
            } catch { Issue.record("no answer: \(error)") }
        }
        guard !isBare else { return }
        let window = ByteWindow(base: self.body, count: self.answer.body.count)
        let isLast = self.answer.trailers == nil
        self.session.offer(stream, window, window.slice(0, 0), isLast: isLast)
        if let trailers = self.answer.trailers {
            withWindow(Array(trailers.utf8)) { self.session.offerTrailers(stream, $0) }
        }
    }
}

@Suite("gRPC health")
struct GRPCHealthTests {
    private static let head = "HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\n\r\n"
    private static let fine = "grpc-status: 0\r\n"

    private func look(
        _ answer: HTTP2Origin.Answer,
        _ kind: ActiveHealthModel.Kind = .grpc
    ) throws -> (EndpointProblem?, [String]) {
        let origin = try HTTP2Origin(answer)
        defer { origin.stop() }
        var rules = ActiveHealthModel(kind)
        rules.service = "care.Plans"
        rules.timeoutMilliseconds = 5_000
        var check = EndpointCheck(
            number: 1,
            address: origin.address,
            host: "care.test",
            rules: rules
        )
        check.speaksHTTP2 = true
        let problem = lookAtEndpoint(check)
        return (problem, origin.seen.withLock { $0 })
    }

    @Test func `a service that serves is well; everything else has its name`() throws {
        typealias Answer = HTTP2Origin.Answer
        let rows: [(String, Answer, EndpointProblem?)] = [
            (
                "serving",
                Answer(head: Self.head, body: [0, 0, 0, 0, 2, 8, 1], trailers: Self.fine),
                nil
            ),
            (
                "not serving",
                Answer(head: Self.head, body: [0, 0, 0, 0, 2, 8, 2], trailers: Self.fine),
                .notServing
            ),
            (
                "unknown", Answer(head: Self.head, body: [0, 0, 0, 0, 0], trailers: Self.fine),
                .notServing
            ),
            (
                "no such service, trailers only",
                Answer(head: "HTTP/1.1 200 OK\r\ngrpc-status: 5\r\n\r\n"), .grpcStatus(5)
            ),
            (
                "unavailable behind a message",
                Answer(
                    head: Self.head,
                    body: [0, 0, 0, 0, 2, 8, 1],
                    trailers: "grpc-status: 14\r\ngrpc-message: a secret\r\n"
                ), .grpcStatus(14)
            ),
            ("no status", Answer(head: Self.head, body: [0, 0, 0, 0, 2, 8, 1]), .malformed),
            (
                "no message", Answer(head: Self.head, body: [0, 0, 0, 0, 9], trailers: Self.fine),
                .malformed
            ),
            ("not gRPC", Answer(head: "HTTP/1.1 404 Not Found\r\n\r\n"), .status(404)),
            ("reset", Answer(head: "", resets: true), .closed),
        ]
        for (situation, answer, expected) in rows {
            #expect(try self.look(answer).0 == expected, "\(situation)")
        }
    }

    @Test func `the request is the one that gRPC asks for`() throws {
        let answer = HTTP2Origin.Answer(
            head: Self.head,
            body: [0, 0, 0, 0, 2, 8, 1],
            trailers: Self.fine
        )
        let (_, seen) = try self.look(answer)
        let head = try #require(seen.first)
        #expect(head.hasPrefix("POST /grpc.health.v1.Health/Check HTTP/1.1\r\nhost: care.test\r\n"))
        #expect(head.contains("content-type: application/grpc\r\n"))
        #expect(head.contains("te: trailers\r\n"))
        let name = Array("care.Plans".utf8)
        #expect(seen.dropFirst() == ["\([0, 0, 0, 0, 12, 0x0a, 10] + name)"])
    }

    @Test func `an http check speaks HTTP/2 where the upstream does`() throws {
        let rows: [(String, EndpointProblem?)] = [
            ("HTTP/1.1 204 No Content\r\n\r\n", nil), ("HTTP/1.1 503 No\r\n\r\n", .status(503)),
        ]
        for (head, expected) in rows {
            let (problem, seen) = try self.look(HTTP2Origin.Answer(head: head), .http)
            #expect(problem == expected && seen.first?.hasPrefix("GET / HTTP/1.1\r\n") == true)
        }
    }

    @Test func `a peer that does not speak HTTP/2 fails in time`() throws {
        for script in [
            ScriptedPeer.Script.answer("HTTP/1.1 400 Bad Request\r\n\r\n"), .silence, .close,
        ] {
            let peer = try ScriptedPeer(script)
            defer { peer.stop() }
            var rules = ActiveHealthModel(.grpc)
            rules.timeoutMilliseconds = 300
            let check = EndpointCheck(number: 1, address: peer.address, host: "a", rules: rules)
            #expect(lookAtEndpoint(check) != nil, "\(script)")
        }
    }

    @Test func `messages are read strictly, unknown fields skipped`() {
        let rows: [([UInt8], UInt64?)] = [
            ([8, 1], 1), ([], 0), ([8, 0x81, 1], 129), ([0x12, 2, 65, 66, 8, 1], 1),
            ([0x1d, 1, 2, 3, 4, 8, 2], 2), ([0x11, 1, 2, 3, 4, 5, 6, 7, 8], 0), ([8], nil),
            ([8, 0x80], nil), ([0x12, 9, 1], nil), ([0x0b], nil), ([0x1d, 1], nil),
            ([8] + [UInt8](repeating: 0xff, count: 10), nil),
            ([0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], nil),
        ]
        for (message, status) in rows {
            #expect(GRPCHealth.status([0, 0, 0, 0, UInt8(message.count)] + message) == status)
        }
        #expect(GRPCHealth.status([1, 0, 0, 0, 2, 8, 1]) == nil, "compressed")
        #expect(GRPCHealth.status([0, 0, 0, 0, 3, 8, 1]) == nil, "cut short")
        let long = String(repeating: "a", count: 200)
        let request = GRPCHealth.request(service: long)
        #expect(request.count == 5 + 3 + 200 && request[..<8] == [0, 0, 0, 0, 203, 0x0a, 0xc8, 1])
        #expect(GRPCHealth.request(service: "") == [0, 0, 0, 0, 0])
    }
}
