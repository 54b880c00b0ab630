// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernel
import Migration
import Synchronization
import Testing

@testable import Proxy

@Suite("Shadows that go wrong")
struct ShadowFaultTests {
    /// Copies that have come to an end, in whatever way.
    private static func accounted(_ plane: DataPlane) -> UInt64 {
        [
            WorkerCounter.copiesAnswered, .copiesFailed, .copiesTimedOut, .copiesShedQueue,
            .copiesShedBody, .copiesShedBreaker, .copiesShedAborted,
        ].reduce(0) { $0 + plane.total($1) }
    }

    private static func route() -> RouteModel {
        var route = TestEdge.route("r", prefix: "/")
        route.shadow.timeoutMilliseconds = 400
        route.safe = [OperationModel(method: "POST", path: "/find")]
        return route
    }

    private static let shadow = ["r": [StageResolution(stage: .shadow, isTargeted: false)]]

    @Test func `no shadow peer can hurt a client, and every copy is accounted for`() throws {
        let peers: [(String, @Sendable (RawConnection) -> Void)] = [
            ("dead", { _ in }), ("resets", { $0.resetsOnClose() }),
            ("black hole", { $0.waitForEnd() }),
            (
                "one byte at a time",
                {
                    for byte in ok("slowly").utf8 {
                        guard $0.send([byte]) else { return }
                        Thread.sleep(forTimeInterval: 0.1)
                    }
                }
            ),
            (
                "a storm of 500",
                { connection in
                    while connection.readHead() != nil {
                        connection.send("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")
                    }
                }
            ),
            ("nonsense", { $0.send("nonsense\r\n\r\n") }),
            (
                "a flood",
                { connection in
                    guard connection.readHead() != nil else { return }
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
                    let part = [UInt8](repeating: 0x61, count: 1 << 18)
                    while connection.send(part) {}
                }
            ),
        ]
        for (name, act) in peers {
            let situation = Comment(rawValue: name)
            let legacy = try TestOrigin { _ in ok("legacy") }
            let modern = try RawOrigin { act($0) }
            let edge = try TestEdge(
                routes: [ShadowFaultTests.route()],
                legacy: legacy.port,
                modern: modern.port,
                stages: ShadowFaultTests.shadow
            )
            do {
                let client = try TestClient(port: edge.port)
                var reader = AnswerReader(client)
                for number in 0..<60 {
                    client.send("GET /\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
                    #expect(reader.next().text == "legacy", situation)
                }
            }
            try waitUntil { ShadowFaultTests.accounted(edge.plane) == 60 }
            #expect(edge.plane.total(.copiesDue) == 60, situation)
            #expect(edge.plane.total(.upstreamFailures) == 0, situation)
            try edge.expectNothingLeft(upstreamsMax: 40, situation)
        }
    }

    @Test func `a port that refuses opens the breaker`() throws {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let edge = try TestEdge(
            routes: [ShadowFaultTests.route()],
            legacy: legacy.port,
            modern: 1,
            stages: ShadowFaultTests.shadow
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        for _ in 0..<100 {
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(reader.next().text == "legacy")
        }
        try waitUntil { ShadowFaultTests.accounted(edge.plane) == 100 }
        #expect(edge.plane.total(.copiesShedBreaker) > 0)
    }

    @Test func `an open breaker lets one copy try, and an answer to it closes the breaker`() throws
    {
        let isBack = Mutex(false)
        let asked = Mutex(0)
        let legacy = try TestOrigin { _ in ok("legacy") }
        let modern = try RawOrigin { connection in
            while connection.readHead() != nil {
                asked.withLock { $0 += 1 }
                guard isBack.withLock({ $0 }) else {
                    connection.waitForEnd()
                    return
                }
                connection.send(ok("modern"))
            }
        }
        var limits = EdgeLimits()
        limits.shadowFailuresMax = 4
        limits.shadowBreakerMilliseconds = 100
        let edge = try TestEdge(
            routes: [ShadowFaultTests.route()],
            legacy: legacy.port,
            modern: modern.port,
            stages: ShadowFaultTests.shadow,
            limits: limits
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        func ask(_ count: Int) {
            for _ in 0..<count {
                client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(reader.next().text == "legacy")
            }
        }
        // Four copies time out after 400 ms each, all at once: the breaker opens.
        ask(4)
        try waitUntil { edge.plane.total(.copiesTimedOut) == 4 }
        ask(10)
        try waitUntil { edge.plane.total(.copiesShedBreaker) == 10 }
        // The pause is over: of many copies one goes, and while it hangs no other does.
        Thread.sleep(forTimeInterval: 0.15)
        ask(50)
        try waitUntil { asked.withLock { $0 } == 5 }
        try waitUntil { edge.plane.total(.copiesShedBreaker) == 10 + 49 }
        try waitUntil { edge.plane.total(.copiesTimedOut) == 5 }
        ask(1)
        try waitUntil { edge.plane.total(.copiesShedBreaker) == 10 + 49 + 1 }
        // It comes back: the next probe is answered, and all copies go again.
        isBack.withLock { $0 = true }
        Thread.sleep(forTimeInterval: 0.15)
        ask(1)
        try waitUntil { edge.plane.total(.copiesAnswered) == 1 }
        ask(20)
        try waitUntil { edge.plane.total(.copiesAnswered) == 21 }
        try waitUntil { edge.plane.total(.copiesShedBreaker) == 60 }
    }

    @Test func `the client has its last byte before the copy's first`() throws {
        let firstOfCopy = Mutex<UInt64>(0)
        // More than every buffer between the origin and the client holds.
        let content = String(repeating: "a", count: 48_000_000)
        let legacy = try TestOrigin { _ in ok(content) }
        let modern = try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            firstOfCopy.withLock { $0 = monotonicNanoseconds() }
            connection.send(ok("copy"))
            connection.waitForEnd()
        }
        let edge = try TestEdge(
            routes: [ShadowFaultTests.route()],
            legacy: legacy.port,
            modern: modern.port,
            stages: ShadowFaultTests.shadow
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        // The client does not read yet: the last byte cannot have been taken, so no copy goes out.
        Thread.sleep(forTimeInterval: 0.3)
        #expect(firstOfCopy.withLock { $0 } == 0)
        #expect(edge.plane.total(.copiesDue) == 0)
        #expect(reader.next().content.count == content.count)
        try waitUntil { edge.plane.total(.copiesAnswered) == 1 }
        #expect(firstOfCopy.withLock { $0 } > 0)
    }

    @Test func `contents of safe requests are copied up to the limit`() throws {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let modern = try TestOrigin { _ in ok("modern") }
        let edge = try TestEdge(
            routes: [ShadowFaultTests.route()],
            legacy: legacy.port,
            modern: modern.port,
            stages: ShadowFaultTests.shadow
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        for size in [0, 1, 20_000, 65_536, 65_537] {
            let content = String(repeating: "0123456789", count: 7_000).prefix(size)
            client.send(
                "POST /find HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\n\r\n\(content)"
            )
            #expect(reader.next().text == "legacy")
        }
        client.send("POST /write HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        #expect(reader.next().text == "legacy")
        try waitUntil { ShadowFaultTests.accounted(edge.plane) == 5 }
        #expect(edge.plane.total(.copiesShedBody) == 1)
        #expect(edge.plane.total(.copiesAnswered) == 4)
        let sizes = modern.requests.map { request in
            request.components(separatedBy: "\r\n\r\n").dropFirst().joined().utf8.count
        }
        #expect(sizes.sorted() == [0, 1, 20_000, 65_536])
    }
}
