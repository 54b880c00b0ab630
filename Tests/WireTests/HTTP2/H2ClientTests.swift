// SPDX-License-Identifier: Apache-2.0
import Bytes
import Corpora
import Testing
import Wire

/// What an upstream sends, and what comes of the request on stream 1.
private struct Row: Sendable {
    let name: String
    let bytes: [UInt8]
    /// GOAWAY's code; 0: the connection lives on.
    var goAway: UInt32 = 0
    /// How the stream ended; nil: it did not.
    var closed: UInt32?
    /// Statuses that were told.
    var told: [UInt32] = []
}

private func head(_ status: String, _ fields: [UInt8] = [], _ flags: UInt8 = 4) -> [UInt8] {
    H2Frames.headers(1, H2Frames.field(":status", status) + fields, flags)
}

private func field(_ name: String, _ value: String) -> [UInt8] { H2Frames.field(name, value) }

private let protocolError = H2Code.protocolError

/// Faults of an upstream that speaks HTTP/2 (RFC 9113, sections at the name).
private let rows = [
    Row(name: "a whole answer", bytes: head("200", [], 5), closed: 0, told: [200]),
    Row(
        name: "content and trailers",
        bytes: head("200") + H2Frames.data(1, [1, 2])
            + H2Frames.headers(1, field("grpc-status", "0")),
        closed: 0,
        told: [200]
    ), Row(name: "6.5.2 ENABLE_PUSH by a server", bytes: H2Frames.settings([(2, 1)]), goAway: 1),
    Row(
        name: "6.6 PUSH_PROMISE though it is switched off",
        bytes: H2Frames.frame(5, 4, 1, H2Frames.word(2) + H2Frames.start()),
        goAway: 1
    ),
    Row(
        name: "5.1 DATA on a stream that was not asked for",
        bytes: H2Frames.data(3, [1]),
        goAway: 1
    ),
    Row(name: "5.1 HEADERS on one", bytes: H2Frames.get(3), goAway: 1),
    Row(name: "5.1.1 HEADERS on a server's stream", bytes: H2Frames.get(2), goAway: 1),
    Row(name: "8.1 content before the head", bytes: H2Frames.data(1, [1], 1), goAway: 1),
    Row(name: "8.1 only interim heads", bytes: head("103", [], 5), closed: protocolError),
    Row(
        name: "8.1 an interim head, then all",
        bytes: head("103") + head("204", [], 5),
        closed: 0,
        told: [103, 204]
    ),
    Row(
        name: "8.1 trailers that end nothing",
        bytes: head("200") + H2Frames.headers(1, field("x-a", "1"), 4),
        closed: protocolError,
        told: [200]
    ),
    Row(
        name: "8.1.1 short of Content-Length",
        bytes: head("200", field("content-length", "3")) + H2Frames.data(1, [1], 1),
        closed: protocolError,
        told: [200]
    ),
    Row(
        name: "8.1.1 beyond Content-Length",
        bytes: head("200", field("content-length", "1")) + H2Frames.data(1, [1, 2], 1),
        closed: protocolError,
        told: [200]
    ),
    Row(
        name: "8.2.1 an upper-case name",
        bytes: head("200", field("X-a", "1")),
        closed: protocolError
    ),
    Row(
        name: "8.2.1 CR LF in a value",
        bytes: head("200", field("x-a", "1\r\nx: 2")),
        closed: protocolError
    ),
    Row(
        name: "8.2.2 Transfer-Encoding",
        bytes: head("200", field("transfer-encoding", "chunked")),
        closed: protocolError
    ),
    Row(
        name: "8.2.2 Connection",
        bytes: head("200", field("connection", "close")),
        closed: protocolError
    ),
    Row(
        name: "8.3.2 no :status",
        bytes: H2Frames.headers(1, field("x-a", "1"), 4),
        closed: protocolError
    ),
    Row(
        name: "8.3.2 :status twice",
        bytes: head("200", field(":status", "200")),
        closed: protocolError
    ),
    Row(name: "8.3.2 a :status of two digits", bytes: head("20"), closed: protocolError),
    Row(name: "8.3.2 a :status of letters", bytes: head("2xx"), closed: protocolError),
    Row(name: "8.3.2 a :status of 600", bytes: head("600"), closed: protocolError),
    Row(name: "8.3.2 a :status of 099", bytes: head("099"), closed: protocolError),
    Row(
        name: "8.3 a :path in an answer",
        bytes: head("200", field(":path", "/")),
        closed: protocolError
    ),
    Row(name: "8.6 an unasked 101", bytes: head("101"), closed: protocolError),
    Row(
        name: "7541 an index beyond the tables",
        bytes: head("200", [0xff, 0x80, 1]),
        goAway: H2Code.compression
    ),
    Row(name: "5.4.2 the server resets", bytes: H2Frames.reset(1, 2), closed: 2),
    Row(
        name: "6.8 GOAWAY before the request",
        bytes: H2Frames.frame(7, 0, 0, H2Frames.word(0) + H2Frames.word(0)),
        closed: H2Code.refusedStream
    ),
]

@Suite("HTTP/2 upstreams")
struct H2ClientTests {
    @Test(arguments: [16_384, 1])
    func `what an upstream does wrong ends its stream or connection`(pieces: Int) throws {
        for row in rows {
            let client = try H2Peer(.client)
            _ = try client.request("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            _ = client.output()
            client.receive(
                H2Frames.settings([]) + H2Frames.settingsAcknowledgement + row.bytes,
                pieces: pieces
            )
            var output = client.output()
            client.receive([])
            output += client.output()
            let frames = H2Frame.take(from: &output)
            let seen = client.take()
            let goAway = frames.first { $0.type == 7 }?.code ?? 0
            #expect(goAway == row.goAway, "\(row.name)")
            #expect(seen.last { $0.kind == .closed }?.code == row.closed, "\(row.name)")
            #expect(seen.filter { $0.kind == .head }.map(\.code) == row.told, "\(row.name)")
        }
    }

    @Test func `a GOAWAY is told and no request is taken any more`() throws {
        let (client, server) = try h2Pair()
        #expect(client.takesRequests && client.peerStreamsMax == Limits.h2StreamsMax)
        let stream = try client.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        exchange(client, server)
        server.session.beginShutdown()
        exchange(client, server)
        #expect(!client.takesRequests)
        server.session.finishShutdown()
        try server.answer(stream, "HTTP/1.1 200 OK\r\n\r\n", ends: true)
        exchange(client, server)
        let seen = client.take()
        #expect(seen.filter { $0.kind == .goAway }.map(\.stream) == [.max, 1])
        #expect(seen.last == H2Seen(kind: .closed, stream: 1, tag: 7))
        #expect(client.isOver && server.isOver)
        #expect(throws: H2Error.unusable) {
            _ = try client.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        }
    }

    @Test func `a WebSocket is not opened where the upstream does not speak RFC 8441`() throws {
        let client = try H2Peer(.client)
        _ = client.output()
        client.receive(H2Frames.settings([]))
        #expect(throws: H2Error.connectRefused) {
            _ = try client.request(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
        }
    }

    @Test func `a PING is answered and told`() throws {
        let (client, server) = try h2Pair()
        client.session.ping()
        exchange(client, server)
        #expect(client.take().map(\.kind) == [.pingAcknowledged])
    }

    @Test func `requests beyond the upstream's streams wait, a reset one is never sent`() throws {
        var few = H2Limits()
        few.streamsMax = 1
        let (client, server) = try h2Pair(server: few)
        let head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        let first = try client.request(head)
        let second = try client.request(head)
        let third = try client.request(head)
        client.session.reset(second, code: 8)
        exchange(client, server)
        #expect(server.take().map(\.stream) == [first])
        #expect(client.take() == [H2Seen(kind: .closed, stream: second, tag: 7, code: 8)])
        try server.answer(first, "HTTP/1.1 200 OK\r\n\r\n", ends: true)
        exchange(client, server)
        #expect(server.take().map(\.stream) == [first, third])
    }
}
