// SPDX-License-Identifier: Apache-2.0
import Bytes
import Corpora
import Testing
import Wire

@Suite("HTTP/2 heads")
struct H2HeadTests {
    /// The text that a server tells of a header block.
    static func text(_ block: [UInt8], pieces: Int = 16_384) throws -> String? {
        let server = try H2Peer(.server)
        server.receive(H2Frames.opening + H2Frames.headers(1, block), pieces: pieces)
        return server.take().first { $0.kind == .head }?.text
    }

    @Test(arguments: [16_384, 1, 3])
    func `crumbs of a cookie are one field again, wherever they stand`(pieces: Int) throws {
        let block =
            H2Frames.start() + H2Frames.field("cookie", "a=1") + H2Frames.field("x-a", "1")
            + H2Frames.field("cookie", "b=2") + H2Frames.field("cookie", "c=3")
        let text = try Self.text(block, pieces: pieces)
        #expect(
            text
                == "GET / HTTP/1.1\r\nhost: a.example\r\ncookie: a=1; b=2; c=3\r\nx-a: 1\r\n\r\n"
        )
        let adjacent =
            H2Frames.start() + H2Frames.field("x-a", "1") + H2Frames.field("cookie", "a=1")
            + H2Frames.field("cookie", "b=2")
        #expect(
            try Self.text(adjacent, pieces: pieces)
                == "GET / HTTP/1.1\r\nhost: a.example\r\nx-a: 1\r\ncookie: a=1; b=2\r\n\r\n"
        )
    }

    @Test func `pseudo-header fields may come in any order`() throws {
        let block =
            H2Frames.field(":authority", "a.example:8443") + H2Frames.field(":path", "/x?y")
            + H2Frames.field(":scheme", "https") + H2Frames.field(":method", "PATCH")
        #expect(try Self.text(block) == "PATCH /x?y HTTP/1.1\r\nhost: a.example:8443\r\n\r\n")
    }

    @Test func `Host stands in for an authority that is left out`() throws {
        let block =
            H2Frames.start(authority: nil) + H2Frames.field("x-a", "1")
            + H2Frames.field("host", "b.example")
        #expect(try Self.text(block) == "GET / HTTP/1.1\r\nx-a: 1\r\nhost: b.example\r\n\r\n")
    }

    @Test func `heads that end within a read, and one that does not, keep their texts`() throws {
        let server = try H2Peer(.server)
        let long = H2Frames.field("x-long", String(repeating: "l", count: 3_000))
        let bytes =
            H2Frames.opening + H2Frames.get(1) + H2Frames.get(3)
            + H2Frames.headers(5, H2Frames.start(path: "/five") + long + H2Frames.field("y", "z"))
            + H2Frames.get(7)
        server.receive(bytes, pieces: 700)
        let texts = server.take().filter { $0.kind == .head }.map(\.text)
        #expect(texts.count == 4)
        #expect(
            texts[2] == "GET /five HTTP/1.1\r\nhost: a.example\r\nx-long: "
                + String(repeating: "l", count: 3_000) + "\r\ny: z\r\n\r\n"
        )
        #expect(texts[3] == "GET / HTTP/1.1\r\nhost: a.example\r\n\r\n")
    }

    @Test func `trailers that frame, route or name a client are left out`() throws {
        let server = try H2Peer(.server)
        let names = [
            "grpc-status", "host", "content-length", "authorization", "cookie", "x-tenant-id",
            "x_tenant_id", "x-user-id", "forwarded", "x-forwarded-for", "banyan-shadow", "trailer",
            "x-checksum",
        ]
        server.receive(
            H2Frames.opening + H2Frames.post(1) + H2Frames.data(1, [1])
                + H2Frames.headers(1, names.flatMap { H2Frames.field($0, "1") })
        )
        let trailers = server.take().first { $0.kind == .trailers }
        #expect(trailers?.text == "grpc-status: 1\r\nx-checksum: 1\r\n")
    }

    @Test func `answers lose what belongs to one connection`() throws {
        let (client, server) = try h2Pair()
        let stream = try client.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        exchange(client, server)
        try server.answer(
            stream,
            "HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
                + "Transfer-Encoding: chunked\r\nUpgrade: h2c\r\nETag: \"A\"\r\n\r\n",
            ends: true
        )
        exchange(client, server)
        #expect(
            client.take().first?.text == "HTTP/1.1 200 \r\netag: \"A\"\r\n\r\n"
        )
    }

    @Test func `text that is no head is refused before it is sent`() throws {
        let (client, server) = try h2Pair()
        for head in [
            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r2\r\n\r\n",
            "GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            #expect(throws: H2Error.badHead, "\(head)") { _ = try client.request(head) }
        }
        let stream = try client.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        exchange(client, server)
        for head in [
            "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
            "HTTP/1.1 999 X\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\nb\r\n\r\n",
        ] {
            #expect(throws: H2Error.badHead, "\(head)") { try server.answer(stream, head) }
        }
        try server.answer(stream, "HTTP/1.1 200 OK\r\n\r\n", ends: true)
        #expect(throws: H2Error.unusable) {
            try server.answer(stream, "HTTP/1.1 200 OK\r\n\r\n", ends: true)
        }
        exchange(client, server)
        #expect(client.take().map(\.code) == [200, 0])
    }

    @Test func `an absolute target and a server's asterisk become :path`() throws {
        let (client, server) = try h2Pair()
        _ = try client.request("GET http://b.example/p?q HTTP/1.1\r\nHost: b.example\r\n\r\n")
        _ = try client.request("OPTIONS * HTTP/1.1\r\nHost: b.example\r\n\r\n")
        exchange(client, server)
        #expect(
            server.take().map { $0.text.split(separator: "\r\n").first } == [
                "GET /p?q HTTP/1.1", "OPTIONS * HTTP/1.1",
            ]
        )
    }

    @Test func `the accept value is that of RFC 6455 1.3`() {
        let accept = withWindow(Array("dGhlIHNhbXBsZSBub25jZQ==".utf8)) {
            WebSocketHandshake.accept(for: $0)
        }
        #expect(self.text(accept) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        let key = self.text(WebSocketHandshake.key())
        #expect(key.hasSuffix("==") && key != self.text(WebSocketHandshake.key()))
    }

    private func text<let count: Int>(_ bytes: InlineArray<count, UInt8>) -> String {
        String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
}
