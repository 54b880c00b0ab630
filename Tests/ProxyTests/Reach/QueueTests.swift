// SPDX-License-Identifier: Apache-2.0

import Foundation
import Migration
import Testing

@testable import Proxy

@Suite("Queues of upstreams")
struct QueueTests {
    @Test func `requests wait for the one connection and are served one after the other`() throws {
        let origin = try TestOrigin { ok("of " + String($0.split(separator: " ")[1])) }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: origin.port,
            modern: origin.port,
            connectionsMax: 1
        )
        let clients = try (0..<50).map { _ in try TestClient(port: edge.port) }
        for (number, client) in clients.enumerated() {
            client.send("GET /\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
        }
        for (number, client) in clients.enumerated() {
            var reader = AnswerReader(client)
            #expect(reader.next().text == "of /\(number)")
        }
        #expect(edge.plane.total(.upstreamConnects) == 1)
    }

    @Test func `who waits past the total deadline has 504 in time, and holds nobody up`() throws {
        let origin = try RawOrigin { connection in
            guard let head = connection.readHead() else { return }
            if head.contains("/stuck") { connection.waitForEnd() }
            connection.send(ok("served"))
            connection.waitForEnd()
        }
        var route = TestEdge.route("r", prefix: "/")
        route.timeouts.firstByteMilliseconds = 1_500
        route.timeouts.totalMilliseconds = 1_500
        let edge = try TestEdge(
            routes: [route],
            legacy: origin.port,
            modern: origin.port,
            connectionsMax: 1
        )
        let start = ContinuousClock().now
        let clients = try (0..<20).map { _ in try TestClient(port: edge.port) }
        for client in clients { client.send("GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n") }
        for client in clients {
            var reader = AnswerReader(client)
            #expect(reader.next().status == 504)
        }
        // The rate window alone would have come up after ten seconds.
        #expect(ContinuousClock().now - start < .seconds(6))
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        client.send("GET /fine HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(reader.next().text == "served")
    }

    @Test func `copies that wait past their time are dropped and counted`() throws {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let modern = try RawOrigin { $0.waitForEnd() }
        var route = TestEdge.route("r", prefix: "/")
        route.shadow.timeoutMilliseconds = 300
        let edge = try TestEdge(
            routes: [route],
            legacy: legacy.port,
            modern: modern.port,
            stages: ["r": [StageResolution(stage: .shadow, isTargeted: false)]],
            connectionsMax: 1
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        for _ in 0..<100 {
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(reader.next().text == "legacy")
        }
        let ends: [WorkerCounter] = [
            .copiesTimedOut, .copiesShedBreaker, .copiesShedQueue, .copiesFailed,
        ]
        try waitUntil { ends.reduce(0) { $0 + edge.plane.total($1) } == 100 }
        #expect(edge.plane.total(.copiesTimedOut) > 0)
    }
}
