// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Migration
import Testing

@testable import Proxy

@Suite("Streams across flips")
struct StreamMoveTests {
    private static func edge(
        _ legacy: Int,
        _ modern: Int,
        _ rule: StreamRule,
        drain: Int = 0,
        limits: EdgeLimits = EdgeLimits()
    ) throws -> TestEdge {
        var route = TestEdge.route("r", prefix: "/")
        route.streams.rule = rule
        route.streams.drainMilliseconds = drain
        return try TestEdge(routes: [route], legacy: legacy, modern: modern, limits: limits)
    }

    /// An origin that sends a server's frames, and what comes behind the handshake in `received`.
    private static func silent() throws -> RawOrigin {
        try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            connection.send(WebSocketPeer.accepting)
            connection.waitForEnd()
        }
    }

    /// An event stream that never ends.
    private static func events(type: String = "text/event-stream") throws -> RawOrigin {
        try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "9\r\ndata: 1\n\n\r\n"
            )
            connection.waitForEnd()
        }
    }

    private static func openEvents(_ edge: TestEdge) throws -> TestClient {
        let client = try TestClient(port: edge.port)
        client.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(client.read(until: "data: 1\n\n\r\n").hasPrefix("HTTP/1.1 200"))
        return client
    }

    private static func left(_ edge: TestEdge) -> Int {
        edge.plane.streams(timeoutMilliseconds: 5_000).filter(\.isPrevious).reduce(0) {
            $0 + $1.count
        }
    }

    /// The first bytes of a server's Close frame with 1012.
    private static let restart: [UInt8] = [0x88, 17, 3, 0xf4] + Array("service restart".utf8)

    @Test func `pin leaves a WebSocket where it is, and tells that it is left behind`() throws {
        let legacy = try WebSocketPeer.echo()
        let edge = try Self.edge(legacy.port, legacy.port, .pin)
        let client = try WebSocketPeer.open(edge)
        let stream = try #require(edge.plane.streams(timeoutMilliseconds: 5_000).first)
        #expect(stream.kind == .tunnel && stream.origin == .legacy && !stream.isPrevious)
        for generation in 1...40 {
            let stage: Stage = generation % 2 == 1 ? .modern : .legacy
            edge.put("*", "r", Standing(stage), generation: UInt64(generation))
            client.send("\(generation % 10)")
            #expect(client.read(exactly: 1) == Array("\(generation % 10)".utf8))
            #expect(Self.left(edge) == generation % 2)
        }
        #expect(edge.plane.total(.tunnelsMoved) == 0)
    }

    @Test func `close ends a WebSocket with a Close frame to both sides`() throws {
        let legacy = try Self.silent()
        let edge = try Self.edge(legacy.port, legacy.port, .close)
        let client = try WebSocketPeer.open(edge)
        edge.put("*", "r", Standing(.modern), generation: 1)
        #expect(client.read(exactly: 19) == Self.restart)
        // The client's answer is not awaited for long, but it may come.
        client.send(WebSocketPeer.frame(0x88, [3, 0xf4], isClient: true))
        try waitUntil { legacy.connections[0].received.suffix(8).starts(with: [0x88, 0x82]) }
        client.shutdownWrite()
        #expect(client.read() == [])
        try edge.expectNothingLeft(upstreamsMax: 0, "closed")
        #expect(edge.plane.total(.tunnelsMoved) == 1)
    }

    @Test func `a Close frame waits for the end of a message, and never stands inside a frame`()
        throws
    {
        let whole = WebSocketPeer.frame(0x81, [UInt8](repeating: 0x61, count: 1_000))
        let rows: [(String, [[UInt8]], Int)] = [
            // The frame's rest comes while Banyan waits: it is relayed whole, then closed.
            ("inside a frame", [Array(whole.prefix(500)), Array(whole.dropFirst(500))], 1_004),
            // A message in parts that never ends: between two of its frames.
            ("inside a message", [WebSocketPeer.frame(0x01, [1, 2, 3])], 5),
        ]
        for (name, parts, count) in rows {
            let origin = try RawOrigin { connection in
                guard connection.readHead() != nil else { return }
                connection.send(WebSocketPeer.accepting)
                for (index, part) in parts.enumerated() {
                    if index > 0 { Thread.sleep(forTimeInterval: 0.1) }
                    connection.send(part)
                    // The go-ahead of the test: the flip is through.
                    if index == 0 { _ = connection.readMore() }
                }
                connection.waitForEnd()
            }
            let edge = try Self.edge(origin.port, origin.port, .close)
            let client = try WebSocketPeer.open(edge)
            let first = client.read(exactly: parts[0].count)
            #expect(first == parts[0], Comment(rawValue: name))
            client.send(Array(WebSocketPeer.frame(0x82, [9], isClient: true).prefix(3)))
            edge.put("*", "r", Standing(.modern), generation: 1)
            let rest = client.read(exactly: count - parts[0].count + 19)
            #expect(Array(rest.suffix(19)) == Self.restart, Comment(rawValue: name))
            #expect(first + rest.dropLast(19) == parts.flatMap { $0 }, Comment(rawValue: name))
        }
    }

    @Test func `a WebSocket that stays inside a frame is cut within the second`() throws {
        let origin = try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            connection.send(WebSocketPeer.accepting)
            connection.send([0x82, 100, 1, 2, 3])
            connection.waitForEnd()
        }
        let edge = try Self.edge(origin.port, origin.port, .close)
        let client = try WebSocketPeer.open(edge)
        #expect(client.read(exactly: 5).count == 5)
        edge.put("*", "r", Standing(.modern), generation: 1)
        #expect(client.read() == nil, "a reset, and no byte of ours")
        try edge.expectNothingLeft(upstreamsMax: 0, "cut")
    }

    @Test func `drain closes after its time, and a cell that moves back keeps its streams`() throws
    {
        let legacy = try WebSocketPeer.echo()
        let edge = try Self.edge(legacy.port, legacy.port, .drain, drain: 400)
        let client = try WebSocketPeer.open(edge)
        edge.put("*", "r", Standing(.modern), generation: 1)
        edge.put("*", "r", Standing(.legacy), generation: 2)
        Thread.sleep(forTimeInterval: 0.8)
        let frame = WebSocketPeer.frame(0x81, [])
        // The echo of unmasked frames: a server's to the client, none of a client's.
        client.send(frame)
        #expect(client.read(exactly: 2) == frame)
        #expect(Self.left(edge) == 0 && edge.plane.total(.tunnelsMoved) == 0)

        let silent = try Self.silent()
        let second = try Self.edge(silent.port, silent.port, .drain, drain: 400)
        let drained = try WebSocketPeer.open(second)
        let start = Date()
        second.put("*", "r", Standing(.modern), generation: 1)
        #expect(drained.read(exactly: 19) == Self.restart)
        #expect(Date().timeIntervalSince(start) >= 0.39)
    }

    @Test func `close cuts an event stream, never as if it were complete`() throws {
        for (rule, drain) in [(StreamRule.close, 0), (.drain, 300)] {
            let legacy = try Self.events()
            let edge = try Self.edge(legacy.port, legacy.port, rule, drain: drain)
            let client = try Self.openEvents(edge)
            let start = Date()
            edge.put("*", "r", Standing(.modern), generation: 1)
            #expect(client.read() == nil, "a reset, no last chunk")
            #expect(Date().timeIntervalSince(start) >= Double(drain) / 1_000 - 0.01)
            try edge.expectNothingLeft(upstreamsMax: 0, "cut")
            #expect(edge.plane.total(.streamsMoved) == 1)
        }
    }

    @Test func `an ordinary answer is finished, and counts as a stream once it has lasted`() throws
    {
        let legacy = try Self.events(type: "text/plain")
        var limits = EdgeLimits()
        limits.rateWindowMilliseconds = 200
        let edge = try Self.edge(legacy.port, legacy.port, .close, limits: limits)
        let client = try Self.openEvents(edge)
        edge.put("*", "r", Standing(.modern), generation: 1)
        Thread.sleep(forTimeInterval: 1)
        #expect(edge.plane.total(.streamsMoved) == 0, "too young to be a stream")
        #expect(client.read() == nil, "cut when it is one")
        #expect(edge.plane.total(.streamsMoved) == 1)
    }

    @Test func `while a share of users is served by an origin, nothing is left behind there`()
        throws
    {
        let legacy = try WebSocketPeer.echo()
        let edge = try Self.edge(legacy.port, legacy.port, .close)
        let client = try WebSocketPeer.open(edge)
        let part = Standing(.live, share: Share(permyriad: 9_900) ?? .all)
        edge.put("*", "r", part, generation: 1)
        Thread.sleep(forTimeInterval: 0.3)
        client.send("x")
        #expect(client.read(exactly: 1) == [0x78])
        #expect(Self.left(edge) == 0)
    }

    @Test func `an event stream outlives the total deadline, and is never copied or compared`()
        throws
    {
        let legacy = try Self.events()
        let modern = try TestOrigin { _ in ok("copy") }
        var route = TestEdge.route("r", prefix: "/")
        route.timeouts.totalMilliseconds = 300
        route.timeouts.idleMilliseconds = 300
        let edge = try TestEdge(routes: [route], legacy: legacy.port, modern: modern.port)
        edge.put("*", "r", Standing(.shadow), generation: 1)
        do {
            let client = try Self.openEvents(edge)
            Thread.sleep(forTimeInterval: 1)
            #expect(edge.plane.total(.answersCutShort) == 0)
            client.resetsOnClose()
        }
        try edge.expectNothingLeft(upstreamsMax: 0, "events")
        #expect(edge.plane.total(.copiesDue) == 0 && modern.requests.isEmpty)
        #expect(edge.plane.total(.observations) == 1)
        let seen = try #require(edge.plane.takeObservation())
        #expect(seen.exchange.observation.reason == .stream)
    }

    @Test func `an edge that stops closes WebSockets with 1001 before its time is over`() throws {
        let legacy = try Self.silent()
        let edge = try Self.edge(legacy.port, legacy.port, .pin)
        let client = try WebSocketPeer.open(edge)
        let start = Date()
        edge.plane.drain(withinMilliseconds: 1_000)
        #expect(client.read(exactly: 4) == [0x88, 12, 3, 0xe9])
        #expect(Date().timeIntervalSince(start) >= 0.45)
        client.send(WebSocketPeer.frame(0x88, [3, 0xe9], isClient: true))
        client.shutdownWrite()
        #expect(edge.plane.join(timeoutMilliseconds: 5_000))
        #expect(edge.plane.total(.tunnelsDrained) == 1)
    }

    @Test func `a route names the protocols that its connections may change to`() throws {
        let origin = try RawOrigin { connection in
            while let head = connection.readHead(), !head.lowercased().contains("\r\nupgrade: ") {
                connection.send(ok("plain"))
            }
            connection.send("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: Foo/2\r\n\r\n")
            while let part = connection.takePart() { guard connection.send(part) else { return } }
        }
        var route = TestEdge.route("r", prefix: "/")
        route.upgrades = ["foo/2"]
        let edge = try TestEdge(routes: [route], legacy: origin.port, modern: origin.port)
        let client = try TestClient(port: edge.port)
        client.send("POST /a HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: foo/2\r\n\r\n")
        #expect(client.readHeadOnly().lowercased().contains("\r\nupgrade: foo/2\r\n"))
        client.send("own words")
        #expect(client.read(exactly: 9) == Array("own words".utf8))
        // No frames, so no Close frame: a move can only cut it.
        for request in [
            WebSocketPeer.request("/b"),
            "GET /c HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: bar\r\n\r\n",
        ] {
            let other = try TestClient(port: edge.port)
            other.send(request)
            var reader = AnswerReader(other)
            #expect(reader.next().text == "plain", Comment(rawValue: request))
        }
        #expect(edge.plane.total(.upgradesRemoved) == 2)
    }
}
