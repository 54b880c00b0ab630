// SPDX-License-Identifier: Apache-2.0

import Corpora
import Foundation
import Migration
import Testing

@testable import Proxy

@Suite("Upstreams that go wrong")
struct UpstreamFaultTests {
    /// A route whose deadlines are short, over everything.
    private static func route() -> RouteModel {
        var route = TestEdge.route("r", prefix: "/")
        route.timeouts.connectMilliseconds = 2_000
        route.timeouts.firstByteMilliseconds = 400
        route.timeouts.idleMilliseconds = 400
        route.timeouts.totalMilliseconds = 1_500
        return route
    }

    /// Serves `/fault/N` with what `act` does for N, everything else with its own path.
    private static func origin(
        readsContent: @escaping @Sendable (Int) -> Bool,
        _ act: @escaping @Sendable (Int, RawConnection) -> Bool
    ) throws -> RawOrigin {
        try RawOrigin { connection in
            while let head = connection.readHead() {
                let path = String(head.split(separator: " ")[1])
                let number = path.hasPrefix("/fault/") ? Int(path.dropFirst(7)) : nil
                guard let number else {
                    guard connection.readContent(of: head) != nil else { return }
                    connection.send(ok("of \(path)"))
                    continue
                }
                if readsContent(number), connection.readContent(of: head) == nil { return }
                guard act(number, connection) else { return }
            }
        }
    }

    private static func expect(
        _ answer: WireAnswer,
        _ outcome: FaultOutcome,
        _ situation: Comment
    ) {
        switch outcome {
        case .problem(let status):
            #expect(answer.isComplete, situation)
            #expect(answer.status == status, situation)
            #expect(answer.head.contains("application/problem+json"), situation)
        case .answer(let status, let text):
            #expect(answer.isComplete, situation)
            #expect(answer.status == status, situation)
            #expect(answer.text == text, situation)
        case .cut:
            #expect(!answer.isComplete, situation)
        }
    }

    @Test func `every fault has its status or a cut, and the next request is served`() throws {
        let faults = UpstreamFault.all
        #expect(faults.count >= 60)
        let origin = try UpstreamFaultTests.origin(readsContent: { faults[$0].readsContent }) {
            faults[$0].act($1)
        }
        let edge = try TestEdge(
            routes: [UpstreamFaultTests.route()],
            legacy: origin.port,
            modern: origin.port
        )
        let content = String(repeating: "0123456789", count: 5_000)
        for (number, fault) in faults.enumerated() {
            for method in ["GET", "POST"] {
                let situation = Comment(rawValue: "\(method): \(fault.name)")
                let framing =
                    method == "GET" ? "\r\n" : "Content-Length: \(content.count)\r\n\r\n\(content)"
                let client = try TestClient(port: edge.port)
                var reader = AnswerReader(client)
                client.send("\(method) /fault/\(number) HTTP/1.1\r\nHost: x\r\n\(framing)")
                let answer = reader.next()
                UpstreamFaultTests.expect(answer, fault.outcome, situation)
                if case .cut = fault.outcome { continue }
                guard !answer.head.lowercased().contains("connection: close") else { continue }
                client.send("GET /next/\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(reader.next().text == "of /next/\(number)", situation)
            }
        }
        try edge.expectNothingLeft(upstreamsMax: 4, "after all faults")
    }

    @Test func `every malformed head of the corpus gives 502 and leaves nothing behind`() throws {
        let rows = try corpusRows("responses.txt").filter { !$0.expected.hasPrefix("OK") }
        #expect(rows.count > 70)
        let origin = try UpstreamFaultTests.origin(readsContent: { _ in true }) {
            $1.send(rows[$0].bytes)
            return !rows[$0].expected.hasPrefix("INCOMPLETE")
        }
        let edge = try TestEdge(
            routes: [UpstreamFaultTests.route()],
            legacy: origin.port,
            modern: origin.port
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        for (number, row) in rows.enumerated() {
            let situation = Comment(rawValue: row.name)
            let method = row.name.hasPrefix("HEAD") ? "HEAD" : "GET"
            client.send("\(method) /fault/\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
            let answer = reader.next(isHead: method == "HEAD")
            #expect(answer.status == 502 && answer.isComplete, situation)
            client.send("GET /next/\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(reader.next().text == "of /next/\(number)", situation)
        }
        #expect(edge.plane.total(.upstreamFailures) == UInt64(rows.count))
    }

    @Test func `a length on an answer to HEAD is passed on without content`() throws {
        let origin = try UpstreamFaultTests.origin(readsContent: { _ in true }) {
            $1.send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")
        }
        let edge = try TestEdge(
            routes: [UpstreamFaultTests.route()],
            legacy: origin.port,
            modern: origin.port
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        client.send("HEAD /fault/0 HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(reader.next(isHead: true).head.contains("content-length: 1234\r\n"))
        client.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(reader.next().text == "of /next")
        #expect(edge.plane.total(.upstreamConnects) == 1, "the upstream connection lives on")
    }

    @Test func `a kept connection that dies is retried once for what may be sent twice`() throws {
        // The first request of a connection is served, the second meets its end.
        let origin = try RawOrigin { connection in
            guard let head = connection.readHead() else { return }
            guard connection.readContent(of: head) != nil else { return }
            connection.send(ok("first"))
            _ = connection.readHead()
        }
        let edge = try TestEdge(
            routes: [UpstreamFaultTests.route()],
            legacy: origin.port,
            modern: origin.port
        )
        for (request, status) in [
            ("GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 200),
            ("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 200),
            ("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", 502),
        ] {
            let client = try TestClient(port: edge.port)
            var reader = AnswerReader(client)
            while edge.plane.total(.upstreamConnectionsOpen) == 0 {
                client.send("GET /warm HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(reader.next().status == 200)
            }
            client.send(request)
            let situation = Comment(rawValue: request)
            #expect(reader.next().status == status, situation)
        }
        #expect(edge.plane.total(.retries) == 2)
    }
}
