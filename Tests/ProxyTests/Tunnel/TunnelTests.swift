// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Migration
import Synchronization
import Testing

@testable import Proxy

@Suite("Tunnel")
struct TunnelTests {
    private static func edge(
        _ legacy: Int,
        _ modern: Int? = nil,
        limits: EdgeLimits = EdgeLimits(),
        connectionsMax: Int = 1_024
    ) throws -> TestEdge {
        try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: legacy,
            modern: modern ?? legacy,
            connectionsMax: connectionsMax,
            limits: limits
        )
    }

    @Test func `a proper 101 opens a tunnel that changes nothing, and ends in order`() throws {
        let heads = Mutex<[String]>([])
        let origin = try RawOrigin { connection in
            guard let head = connection.readHead() else { return }
            heads.withLock { $0.append(head) }
            connection.send(
                WebSocketPeer.accepting.replacing("\r\n\r\n", with: "\r\nX-Kept: 1\r\n\r\n")
            )
            while let part = connection.takePart() { guard connection.send(part) else { return } }
        }
        let edge = try Self.edge(origin.port)
        let client = try TestClient(port: edge.port)
        client.send(WebSocketPeer.request("/ws", "Sec-WebSocket-Protocol: chat\r\n"))
        let head = client.readHeadOnly().lowercased()
        #expect(head.hasPrefix("http/1.1 101 switching protocols\r\n"))
        for field in ["connection: upgrade", "upgrade: websocket", "x-kept: 1", "via: 1.1 edge"] {
            #expect(head.contains("\r\n\(field)\r\n"), Comment(rawValue: field))
        }
        #expect(head.contains("sec-websocket-accept: "))
        let asked = heads.withLock { $0[0] }.lowercased()
        #expect(asked.contains("\r\nconnection: upgrade\r\nupgrade: websocket\r\n"))
        #expect(asked.contains("sec-websocket-key: dghlihnhbxbszsbub25jzq==\r\n"))
        #expect(asked.contains("sec-websocket-protocol: chat\r\n"))
        // Any bytes at all, frames or not, in parts of any size.
        let pattern = RepeatedBytes()
        for count in [1, 2, 100, 16_384, 16_385, 200_000] {
            let part =
                Array(pattern.bytes.prefix(count)) + pattern.bytes.prefix(max(0, count - 131_042))
            client.send(part)
            #expect(client.read(exactly: part.count) == part, "\(count) bytes")
        }
        #expect(edge.plane.total(.tunnelsOpenLegacy) == 1)
        #expect(edge.plane.total(.requestsInFlight) == 0)
        client.shutdownWrite()
        #expect(client.read() == [], "the origin's end comes through")
        try edge.expectNothingLeft(upstreamsMax: 0, "an orderly end")
        #expect(edge.plane.total(.tunnelsOpened) == 1 && edge.plane.total(.tunnelsDone) == 1)
        #expect(edge.plane.total(.tunnelsOpenLegacy) == 0)
        #expect(edge.plane.total(.upgradesRemoved) == 0)
    }

    @Test func `an idle tunnel holds no block and no place of the pool`() throws {
        let origin = try WebSocketPeer.echo()
        let edge = try Self.edge(origin.port, connectionsMax: 1)
        let clients = try (0..<8).map { _ in try WebSocketPeer.open(edge) }
        for client in clients {
            client.send("ping")
            #expect(client.read(exactly: 4) == Array("ping".utf8))
        }
        try waitUntil { edge.plane.total(.blocksUsed) == 0 }
        #expect(
            edge.plane.total(.tunnelsOpenLegacy) == 8,
            "one connection for requests, eight tunnels"
        )
    }

    @Test func `what the client sends before the 101 is held back until it`() throws {
        let early = Mutex<[UInt8]>([])
        let origin = try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            var poll = pollfd(fd: connection.fd, events: Int16(POLLIN), revents: 0)
            // Nothing may come before the answer, however long it takes.
            if Glibc.poll(&poll, 1, 200) > 0 { early.withLock { $0 = connection.takePart() ?? [] } }
            connection.send(WebSocketPeer.accepting)
            while let part = connection.takePart() { guard connection.send(part) else { return } }
        }
        let edge = try Self.edge(origin.port)
        let client = try TestClient(port: edge.port)
        client.send(WebSocketPeer.request() + "early bytes")
        #expect(client.readHeadOnly().hasPrefix("HTTP/1.1 101"))
        #expect(client.read(exactly: 11) == Array("early bytes".utf8))
        #expect(early.withLock { $0 } == [])
    }

    @Test func `bytes that the origin sends right behind its 101 arrive`() throws {
        let origin = try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            connection.send(WebSocketPeer.accepting + "welcome")
            connection.waitForEnd()
        }
        let edge = try Self.edge(origin.port)
        let client = try WebSocketPeer.open(edge)
        #expect(client.read(exactly: 7) == Array("welcome".utf8))
    }

    @Test func `a 101 that was not asked for, or is not proper, is 502`() throws {
        let rows: [(String, String, String)] = [
            ("unasked", "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n", WebSocketPeer.accepting),
            (
                "asked for something else",
                "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
                WebSocketPeer.accepting
            ),
            (
                "another protocol", WebSocketPeer.request(),
                WebSocketPeer.accepting.replacing("Upgrade: websocket", with: "Upgrade: h2c")
            ),
            (
                "no Connection", WebSocketPeer.request(),
                WebSocketPeer.accepting.replacing("Connection: Upgrade\r\n", with: "")
            ),
            (
                "no accept", WebSocketPeer.request(),
                WebSocketPeer.accepting.replacing("Sec-WebSocket-Accept", with: "X-Accept")
            ),
            (
                "with content", WebSocketPeer.request(),
                WebSocketPeer.accepting.replacing("\r\n\r\n", with: "\r\nContent-Length: 5\r\n\r\n")
            ),
        ]
        for (name, request, answer) in rows {
            let origin = try RawOrigin { connection in
                guard connection.readHead() != nil else { return }
                connection.send(answer)
                connection.send(ok("smuggled"))
                connection.waitForEnd()
            }
            let edge = try Self.edge(origin.port)
            let client = try TestClient(port: edge.port)
            var reader = AnswerReader(client)
            client.send(request)
            #expect(reader.next().status == 502, Comment(rawValue: name))
            #expect(edge.plane.total(.tunnelsOpened) == 0, Comment(rawValue: name))
            // Nothing of that origin's reaches the next request.
            client.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(reader.next().status == 502, Comment(rawValue: name))
        }
    }

    @Test func `a refused upgrade is an ordinary answer, and the connection lives on`() throws {
        let origin = try TestOrigin { request in
            request.contains("/ws")
                ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno" : ok("next")
        }
        let edge = try Self.edge(origin.port)
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        client.send(WebSocketPeer.request())
        let answer = reader.next()
        #expect(answer.status == 403 && answer.text == "no")
        client.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(reader.next().text == "next")
        #expect(edge.plane.total(.tunnelsOpened) == 0)
    }

    @Test func `an upgrade with content, of HTTP 1.0, or half a one is removed and counted`() throws
    {
        let origin = try TestOrigin { _ in ok("plain") }
        let edge = try Self.edge(origin.port)
        let asking = WebSocketPeer.asking
        let rows = [
            "GET /a HTTP/1.1\r\nHost: x\r\n\(asking)Content-Length: 4\r\n\r\nbody",
            "POST /b HTTP/1.1\r\nHost: x\r\n\(asking)Content-Length: 0\r\n\r\n",
            "GET /c HTTP/1.0\r\nHost: x\r\n\(asking)\r\n",
            "GET /d HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
            "GET /e HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        ]
        for (count, request) in rows.enumerated() {
            let client = try TestClient(port: edge.port)
            var reader = AnswerReader(client)
            client.send(request)
            #expect(reader.next().text == "plain", Comment(rawValue: request))
            #expect(edge.plane.total(.upgradesRemoved) == UInt64(count + 1))
        }
        for request in origin.requests {
            #expect(!request.lowercased().contains("\r\nupgrade:"), Comment(rawValue: request))
            #expect(!request.lowercased().contains("connection:"), Comment(rawValue: request))
        }
    }

    @Test func `each side's end reaches the other, and the other way stays open`() throws {
        let origin = try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            connection.send(WebSocketPeer.accepting)
            connection.waitForEnd()
            // The client has ended: what comes now must still reach it.
            connection.send("after your end")
        }
        let edge = try Self.edge(origin.port)
        let client = try WebSocketPeer.open(edge)
        client.send("x")
        client.shutdownWrite()
        #expect(client.readAll() == "after your end")
        try edge.expectNothingLeft(upstreamsMax: 0, "the client ended first")

        let other = try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            connection.send(WebSocketPeer.accepting + "last word")
            shutdown(connection.fd, Int32(SHUT_WR))
            connection.waitForEnd()
            connection.send("never")
        }
        let second = try Self.edge(other.port)
        let late = try WebSocketPeer.open(second)
        #expect(late.readAll() == "last word")
        late.send("still heard")
        late.shutdownWrite()
        try second.expectNothingLeft(upstreamsMax: 0, "the origin ended first")
        try waitUntil {
            String(decoding: other.connections[0].received, as: UTF8.self).hasSuffix("still heard")
        }
    }

    @Test func `a broken side breaks the other`() throws {
        let origin = try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            connection.send(WebSocketPeer.accepting)
            _ = connection.readMore()
            connection.resetsOnClose()
        }
        let edge = try Self.edge(origin.port)
        let client = try WebSocketPeer.open(edge)
        client.send("x")
        #expect(client.read() == nil, "a reset, never an end")
        try edge.expectNothingLeft(upstreamsMax: 0, "the origin broke off")
        #expect(edge.plane.total(.tunnelsUpstreamGone) == 1)

        let echo = try WebSocketPeer.echo()
        let second = try Self.edge(echo.port)
        do {
            let gone = try WebSocketPeer.open(second)
            gone.resetsOnClose()
        }
        try second.expectNothingLeft(upstreamsMax: 0, "the client broke off")
        #expect(second.plane.total(.tunnelsClientGone) == 1)
    }

    @Test func `a slow reader holds the sender back, in either direction`() throws {
        let pattern = RepeatedBytes()
        let total = 64 * 1_048_576
        let got = Mutex(0)
        let origin = try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            connection.send(WebSocketPeer.accepting)
            var sent = 0
            while sent < total {
                let part = pattern.part(at: sent, of: total)
                guard connection.send(part) else { return }
                sent += part.count
            }
            var count = 0
            while count < total, let part = connection.takePart() {
                if count % (16 * 1_048_576) < 65_536 { Thread.sleep(forTimeInterval: 0.2) }
                guard pattern.matches(part, at: count) else { return }
                count += part.count
                let now = count
                got.withLock { $0 = now }
            }
        }
        let edge = try Self.edge(origin.port)
        let client = try WebSocketPeer.open(edge)
        var mostBlocks: UInt64 = 0
        var count = 0
        while count < total {
            if count % (16 * 1_048_576) < 65_536 { Thread.sleep(forTimeInterval: 0.2) }
            mostBlocks = max(mostBlocks, edge.plane.total(.blocksUsed))
            guard let part = client.read(1 << 18), !part.isEmpty else { break }
            guard pattern.matches(part, at: count) else { break }
            count += part.count
        }
        #expect(count == total)
        var sent = 0
        while sent < total {
            let part = pattern.part(at: sent, of: total)
            client.send(part)
            sent += part.count
            mostBlocks = max(mostBlocks, edge.plane.total(.blocksUsed))
        }
        try waitUntil { got.withLock { $0 } == total }
        #expect(mostBlocks <= 4, "a block each way")
        #expect(edge.plane.total(.tunnelBytesUp) == UInt64(total))
        #expect(edge.plane.total(.tunnelBytesDown) == UInt64(total))
    }

    @Test func `a silent WebSocket is closed with a Close frame, other silence is not waited for`()
        throws
    {
        var limits = EdgeLimits()
        limits.tunnelIdleMilliseconds = 300
        let origin = try WebSocketPeer.echo()
        let edge = try Self.edge(origin.port, limits: limits)
        let client = try WebSocketPeer.open(edge)
        let frame = WebSocketPeer.frame(0x81, Array("hi".utf8), isClient: true)
        client.send(frame)
        // An echo of masked frames is no server's word: the tunnel is relayed, then cut.
        #expect(client.read(exactly: frame.count) == frame)
        #expect(client.read() == nil)
        try edge.expectNothingLeft(upstreamsMax: 0, "no frames")

        let silent = try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            connection.send(WebSocketPeer.accepting)
            connection.waitForEnd()
        }
        let second = try Self.edge(silent.port, limits: limits)
        let closed = try WebSocketPeer.open(second)
        #expect(closed.read(exactly: 4) == [0x88, 12, 3, 0xe9], "1001")
        #expect(closed.read(exactly: 10) == Array("going away".utf8))
        closed.send(WebSocketPeer.frame(0x88, [3, 0xe9], isClient: true))
        closed.shutdownWrite()
        // A masked Close frame to the origin.
        try waitUntil {
            silent.connections[0].received.suffix(8).prefix(2) == [0x88, 0x82]
        }
        try waitUntil { second.plane.total(.tunnelsIdle) == 1 }
        try second.expectNothingLeft(upstreamsMax: 0, "idle")
    }

    @Test func `a stage that copies and rescues leaves tunnels alone`() throws {
        let legacy = try WebSocketPeer.echo()
        let modern = try TestOrigin { _ in "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" }
        var route = TestEdge.route("r", prefix: "/", stages: [.legacy, .shadow, .dual, .live])
        route.safe = [OperationModel(method: "GET", path: "/ws")]
        let tenant = TenantModel(id: "acme", source: TestEdge.place)
        let edge = try TestEdge(
            routes: [route],
            tenants: [tenant],
            legacy: legacy.port,
            modern: modern.port
        )
        for (generation, stage) in [Stage.shadow, .dual].enumerated() {
            edge.put("*", "r", Standing(stage), generation: UInt64(generation + 1))
            let client = try WebSocketPeer.open(edge)
            client.send("x")
            #expect(client.read(exactly: 1) == [0x78])
            client.shutdownWrite()
            #expect(client.readAll() == "")
        }
        #expect(modern.requests.isEmpty)
        #expect(edge.plane.total(.copiesDue) == 0)
        edge.put("*", "r", Standing(.live), generation: 9)
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        client.send(WebSocketPeer.request())
        #expect(reader.next().status == 500, "modern's own word: a tunnel is not rescued")
        #expect(edge.plane.total(.rescues) == 0 && edge.plane.total(.copiesDue) == 0)
    }

    @Test func `an upgrade that no route calls safe moves with the writes`() throws {
        let legacy = try WebSocketPeer.echo()
        let modern = try WebSocketPeer.echo()
        let edge = try Self.edge(legacy.port, modern.port)
        let half = Standing(.live, share: Share(permyriad: 5_000) ?? .all)
        edge.put("*", "r", half, generation: 1)
        _ = try WebSocketPeer.open(edge)
        #expect(legacy.connections.count == 1 && modern.connections.isEmpty)
        edge.put("*", "r", Standing(.modern), generation: 2)
        _ = try WebSocketPeer.open(edge)
        #expect(modern.connections.count == 1)
    }
}
