// SPDX-License-Identifier: Apache-2.0

import Foundation
import Migration
import Testing

@testable import Proxy

@Suite("Deadlines of clients")
struct DeadlinesTests {
    private static func limits() -> EdgeLimits {
        var limits = EdgeLimits()
        limits.headTimeoutMilliseconds = 200
        limits.idleTimeoutMilliseconds = 200
        limits.rateWindowMilliseconds = 200
        // In a window: 200 bytes of a body, 200,000 of an answer.
        limits.bodyRateBytesPerSecondMin = 1_000
        limits.readRateBytesPerSecondMin = 1_000_000
        return limits
    }

    private static func edge(_ origin: RawOrigin) throws -> TestEdge {
        try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: origin.port,
            modern: origin.port,
            limits: DeadlinesTests.limits()
        )
    }

    private static func echo() throws -> RawOrigin {
        try RawOrigin { connection in
            while let head = connection.readHead() {
                guard connection.readContent(of: head) != nil else { return }
                connection.send(ok("ok"))
            }
        }
    }

    @Test func `a slow head and a slow content have 408`() throws {
        let edge = try DeadlinesTests.edge(DeadlinesTests.echo())
        let starts = [
            "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\nX: ",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12",
        ]
        for start in starts {
            let client = try TestClient(port: edge.port)
            client.send(start)
            var reader = AnswerReader(client)
            #expect(reader.next().status == 408, Comment(rawValue: start))
        }
        #expect(edge.plane.total(.clientsTooSlow) == UInt64(starts.count))
        try edge.expectNothingLeft(upstreamsMax: 40, "slow clients")
    }

    @Test func `a content that comes fast enough may take many windows`() throws {
        let edge = try DeadlinesTests.edge(DeadlinesTests.echo())
        let client = try TestClient(port: edge.port)
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6000\r\n\r\n")
        for _ in 0..<20 {
            client.send([UInt8](repeating: 0x61, count: 300))
            Thread.sleep(forTimeInterval: 0.05)
        }
        var reader = AnswerReader(client)
        #expect(reader.next().text == "ok")
        #expect(edge.plane.total(.clientsTooSlow) == 0)
    }

    @Test func `a kept connection without a request is closed, not answered`() throws {
        let edge = try DeadlinesTests.edge(DeadlinesTests.echo())
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(reader.next().text == "ok")
        #expect(client.readAll() == "")
        #expect(edge.plane.total(.clientsTooSlow) == 0)
    }

    @Test func `a reader that takes too little is cut, and holds no connection to the origin`()
        throws
    {
        let origin = try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
            let part = [UInt8](repeating: 0x61, count: 1 << 18)
            while connection.send(part) {}
        }
        let edge = try DeadlinesTests.edge(origin)
        let client = try TestClient(port: edge.port)
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(client.readHeadOnly().contains("200 OK"))
        // It reads no more: the window is full, nothing moves, the time is over.
        try waitUntil { edge.plane.total(.clientsTooSlow) == 1 }
        try edge.expectNothingLeft(upstreamsMax: 0, "a slow reader")
        // What is cut short never looks complete.
        #expect(client.readAll() == nil)
    }
}
