// SPDX-License-Identifier: Apache-2.0
import Bytes
import Corpora
import Testing
import Wire

@Suite("HTTP/2 session")
struct H2SessionTests {
    @Test func `a request and its answer cross with content and trailers`() throws {
        let (client, server) = try h2Pair()
        let stream = try client.request(
            "POST /a?b=c HTTP/1.1\r\nHost: a.example\r\nTE: trailers\r\nX-A: 1\r\n"
                + "Connection: close\r\n\r\n",
            ends: false
        )
        client.offer(stream, "hello ", "world", last: true)
        exchange(client, server)
        #expect(
            server.take() == [
                H2Seen(
                    kind: .head,
                    stream: 1,
                    text: "POST /a?b=c HTTP/1.1\r\nhost: a.example\r\nx-a: 1\r\n"
                        + "te: trailers\r\n\r\n"
                ), H2Seen(kind: .data, stream: 1, text: "hello world"),
                H2Seen(kind: .end, stream: 1),
            ]
        )
        #expect(client.taken(stream) == 11)
        #expect(client.isFinished(stream))
        server.session.setTag(1, 42)
        try server.answer(1, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        try server.answer(1, "HTTP/1.1 200 OK\r\nContent-Type: x/y\r\n\r\n")
        server.offer(1, "answer")
        exchange(client, server)
        server.session.offerTrailers(1, server.keep("grpc-status: 0\r\nHost: evil\r\n"))
        exchange(client, server)
        #expect(
            client.take() == [
                H2Seen(
                    kind: .head,
                    stream: 1,
                    tag: 7,
                    code: 103,
                    text: "HTTP/1.1 103 \r\nlink: </a>\r\n\r\n"
                ),
                H2Seen(
                    kind: .head,
                    stream: 1,
                    tag: 7,
                    code: 200,
                    text: "HTTP/1.1 200 \r\ncontent-type: x/y\r\n\r\n"
                ), H2Seen(kind: .data, stream: 1, tag: 7, text: "answer"),
                H2Seen(kind: .trailers, stream: 1, tag: 7, text: "grpc-status: 0\r\n"),
                H2Seen(kind: .end, stream: 1, tag: 7), H2Seen(kind: .closed, stream: 1, tag: 7),
            ]
        )
        #expect(server.take() == [H2Seen(kind: .closed, stream: 1, tag: 42)])
        #expect(server.openStreams == 0 && client.openStreams == 0)
        #expect(server.isFinished(1))
    }

    @Test func `a head without content ends its stream and tells no end`() throws {
        let (client, server) = try h2Pair()
        _ = try client.request("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        exchange(client, server)
        try server.answer(1, "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", ends: true)
        exchange(client, server)
        #expect(
            server.take() == [
                H2Seen(
                    kind: .head,
                    stream: 1,
                    endsStream: true,
                    text: "GET / HTTP/1.1\r\nhost: a.example\r\n\r\n"
                ), H2Seen(kind: .closed, stream: 1),
            ]
        )
        #expect(
            client.take() == [
                H2Seen(
                    kind: .head,
                    stream: 1,
                    tag: 7,
                    code: 204,
                    endsStream: true,
                    text: "HTTP/1.1 204 \r\n\r\n"
                ), H2Seen(kind: .closed, stream: 1, tag: 7),
            ]
        )
    }

    @Test func `an extended CONNECT is a WebSocket's opening at both ends`() throws {
        let (client, server) = try h2Pair()
        #expect(client.allowsConnect)
        let stream = try client.request(
            "GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        exchange(client, server)
        let head = try #require(server.take().first)
        #expect(head.extendedConnect && !head.endsStream)
        #expect(
            head.text.hasPrefix(
                "GET /chat HTTP/1.1\r\nhost: a.example\r\nconnection: upgrade\r\n"
                    + "upgrade: websocket\r\nsec-websocket-key: "
            )
        )
        #expect(head.text.hasSuffix("==\r\nsec-websocket-version: 13\r\n\r\n"))
        try server.answer(
            1,
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Accept: x\r\n\r\n"
        )
        server.offer(1, "down")
        client.offer(stream, "up")
        exchange(client, server)
        #expect(
            client.take() == [
                H2Seen(
                    kind: .head,
                    stream: 1,
                    tag: 7,
                    code: 101,
                    extendedConnect: true,
                    text: "HTTP/1.1 101 \r\nconnection: upgrade\r\nupgrade: websocket\r\n"
                        + "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
                ), H2Seen(kind: .data, stream: 1, tag: 7, text: "down"),
            ]
        )
        #expect(server.take() == [H2Seen(kind: .data, stream: 1, text: "up")])
    }

    @Test func `content waits for the reader and moves on when it is consumed`() throws {
        let (client, server) = try h2Pair()
        server.consumes = false
        let stream = try client.request("PUT / HTTP/1.1\r\nHost: a\r\n\r\n", ends: false)
        let content = String(repeating: "x", count: 200_000)
        client.offer(stream, content, last: true)
        exchange(client, server)
        #expect(client.taken(stream) == Limits.h2StreamWindowBytes)
        #expect(!client.isFinished(stream))
        server.session.consume(1, 40_000)
        exchange(client, server)
        #expect(client.taken(stream) == 40_000)
        server.session.consume(1, 65_535)
        exchange(client, server)
        #expect(client.taken(stream) == 65_535)
    }

    @Test(arguments: [2_048, 4_000, 16_384])
    func `frames are whole in blocks of any size`(room: Int) throws {
        let (client, server) = try h2Pair()
        let stream = try client.request("PUT / HTTP/1.1\r\nHost: a\r\n\r\n", ends: false)
        client.offer(
            stream,
            String(repeating: "x", count: 30_000),
            String(repeating: "y", count: 20_000),
            last: true
        )
        exchange(client, server, room: room)
        let content = server.take().filter { $0.kind == .data }.map(\.text).joined()
        #expect(
            content == String(repeating: "x", count: 30_000) + String(repeating: "y", count: 20_000)
        )
        #expect(client.isFinished(stream))
    }

    @Test func `the preface and a head are owed until they are whole, nothing else is`() throws {
        let server = try H2Peer(.server)
        func owes(_ bytes: [UInt8], _ name: Comment, _ isOwed: Bool) {
            server.receive(bytes)
            #expect(server.isInHead == isOwed, name)
        }
        #expect(server.isInHead)
        owes(Array(H2Frames.preface.prefix(10)), "a part of the preface", true)
        owes(Array(H2Frames.preface.dropFirst(10)), "no SETTINGS yet", true)
        owes(H2Frames.settings([]), "SETTINGS", false)
        let head = H2Frames.headers(1, H2Frames.start(), 0)
        owes(Array(head.prefix(12)), "a part of HEADERS", true)
        owes(Array(head.dropFirst(12)), "HEADERS without END_HEADERS", true)
        owes(H2Frames.continuation(1, [], 0), "CONTINUATION without END_HEADERS", true)
        let last = H2Frames.continuation(1, H2Frames.field("x-a", "1"), 4)
        owes(Array(last.dropLast()), "all but a byte of the last", true)
        owes(Array(last.suffix(1)), "a head", false)
        owes(Array(H2Frames.data(1, [1, 2, 3]).dropLast()), "a part of DATA", false)
        #expect(server.failure == nil)
    }
}
