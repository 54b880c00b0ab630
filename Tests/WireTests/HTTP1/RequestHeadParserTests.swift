// SPDX-License-Identifier: Apache-2.0
import Bytes
import Corpora
import Testing
import Wire

@Suite("Request heads")
struct RequestHeadParserTests {
    @Test func `every request of the corpus gets the verdict that its row names`() throws {
        let rows = try corpusRows("requests.txt")
        #expect(rows.count >= 200)
        for row in rows {
            var stream = RequestStream(row.bytes, piece: row.bytes.count)
            #expect(stream.verdicts() == row.expected, Comment(rawValue: row.name))
        }
    }

    /// A fault may be seen earlier, and so as another one, when the bytes come slowly; which
    /// messages are good, and after how many the connection is given up, may not differ.
    @Test func `every request of the corpus is judged alike when it comes byte by byte`() throws {
        for row in try corpusRows("requests.txt") {
            var stream = RequestStream(row.bytes, piece: 1)
            #expect(
                Self.outline(stream.verdicts()) == Self.outline(row.expected),
                Comment(rawValue: row.name)
            )
        }
    }

    private static func outline(_ verdicts: String) -> [String] {
        verdicts.split(separator: ",").map { $0.contains(" ") ? "refused" : String($0) }
    }

    @Test func `the parts of a head are where they stand`() throws {
        let text =
            "POST /api/v1/x?y=1&z HTTP/1.1\r\nHost: Acme.Example:8080\r\nExpect: 100-continue\r\n"
            + "TE: trailers\r\nUpgrade: websocket\r\nContent-Length: 42\r\n\r\n"
        try Self.parse(text) { head, request, fields in
            func part(_ range: HeadRange) -> String {
                head.slice(Int(range.start), Int(range.length)).text
            }
            #expect(request.method == .post)
            #expect(part(request.methodRange) == "POST")
            #expect(part(request.path) == "/api/v1/x")
            #expect(part(request.query) == "y=1&z")
            #expect(request.hasQuery)
            #expect(part(request.authority) == "Acme.Example:8080")
            #expect(part(request.host) == "Acme.Example")
            #expect(request.versionMinor == 1)
            #expect(request.framing == .length(42))
            #expect(request.expectsContinue)
            #expect(request.acceptsTrailers)
            #expect(request.asksForUpgrade)
            #expect(request.keepsAlive)
            #expect(request.length == text.utf8.count)
            #expect(fields.count == 5)
            #expect(fields[0].name == .host)
            #expect(part(HeadRange(Int(fields[0].nameStart), Int(fields[0].nameLength))) == "Host")
            #expect(fields[2].isHopByHop && fields[3].isHopByHop)
            #expect(!fields[0].isHopByHop && !fields[1].isHopByHop && !fields[4].isHopByHop)
        }
    }

    @Test func `the target names path, query and authority in every form`() throws {
        let rows: [(String, path: String, query: String?, authority: String, server: Bool)] = [
            ("GET / HTTP/1.1", "/", nil, "a", false),
            ("GET /? HTTP/1.1", "/", "", "a", false),
            ("GET /a?b?c HTTP/1.1", "/a", "b?c", "a", false),
            ("GET http://a/x?y HTTP/1.1", "/x", "y", "a", false),
            ("GET HTTP://A HTTP/1.1", "/", nil, "A", false),
            ("GET http://a:80?q HTTP/1.1", "/", "q", "a:80", false),
            ("OPTIONS * HTTP/1.1", "*", nil, "a", true),
            ("OPTIONS http://a HTTP/1.1", "/", nil, "a", true),
            ("OPTIONS http://a/ HTTP/1.1", "/", nil, "a", false),
            ("OPTIONS http://a?q HTTP/1.1", "/", "q", "a", false),
        ]
        for row in rows {
            try Self.parse("\(row.0)\r\nHost: a\r\n\r\n") { head, request, _ in
                func part(_ range: HeadRange) -> String {
                    head.slice(Int(range.start), Int(range.length)).text
                }
                let comment = Comment(rawValue: row.0)
                #expect(part(request.path) == row.path, comment)
                #expect((request.hasQuery ? part(request.query) : nil) == row.query, comment)
                #expect(part(request.authority) == row.authority, comment)
                #expect(request.asksServer == row.server, comment)
            }
        }
    }

    @Test func `whether the connection lives on follows version and options`() throws {
        let rows: [(String, String, Bool)] = [
            ("1.1", "", true), ("1.0", "", false),
            ("1.1", "Connection: close\r\n", false), ("1.0", "Connection: close\r\n", false),
            ("1.1", "Connection: keep-alive\r\n", true),
            ("1.0", "Connection: Keep-Alive\r\n", true),
            ("1.1", "Connection: x, CLOSE\r\n", false),
            ("1.0", "Connection: x,keep-alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
            ("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false),
            ("1.1", "Connection: x\r\nConnection: y, close\r\n", false),
            ("1.1", "Connection: closed\r\n", true), ("1.1", "X: close\r\n", true),
            ("1.0", "Proxy-Connection: keep-alive\r\n", false),
        ]
        for (version, field, expected) in rows {
            try Self.parse("GET / HTTP/\(version)\r\nHost: a\r\n\(field)\r\n") { _, request, _ in
                #expect(request.keepsAlive == expected, "\(version) \(field)")
            }
        }
    }

    @Test func `an expectation waits only in 1.1 and only with content`() throws {
        for (line, length, expected) in [
            ("1.1", "Content-Length: 1\r\n", true), ("1.0", "Content-Length: 1\r\n", false),
            ("1.1", "", false),
        ] {
            let text = "PUT / HTTP/\(line)\r\nHost: a\r\nExpect: 100-continue\r\n\(length)\r\n"
            try Self.parse(text) { _, request, _ in
                #expect(request.expectsContinue == expected, "\(line) \(length)")
            }
        }
    }

    @Test func `a head with any one byte changed is parsed or refused, its slots in range`() {
        let text =
            "POST http://a.example/x?y HTTP/1.1\r\nHost: a.example\r\nConnection: X-A, close\r\n"
            + "X-A: b\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nX_Y: \"z\"\r\n\r\n"
        let bytes = Array(text.utf8)
        for index in bytes.indices {
            for value in UInt8.min...UInt8.max {
                var changed = bytes
                changed[index] = value
                withWindow(changed) { head in
                    var fields = FieldTable()
                    guard let request = try? parseRequestHead(head, into: &fields) else { return }
                    #expect(request.path.end <= head.count && request.query.end <= head.count)
                    for field in 0..<fields.count {
                        let slot = fields[field]
                        #expect(Int(slot.lineEnd) <= head.count && slot.nameLength > 0)
                    }
                }
            }
        }
    }

    @Test func `a head that ends anywhere is refused, never read beyond`() {
        let bytes = Array("GET /a?b HTTP/1.1\r\nHost: a\r\nConnection: b, c\r\nb: d\r\n\r\n".utf8)
        for count in 0..<bytes.count {
            withWindow(Array(bytes[..<count])) { head in
                var fields = FieldTable()
                #expect((try? parseRequestHead(head, into: &fields)) == nil, "\(count)")
            }
        }
    }

    static func parse(
        _ text: String,
        _ body: (ByteWindow, RequestHead, borrowing FieldTable) -> Void
    ) throws {
        try withWindow(Array(text.utf8)) { head in
            var fields = FieldTable()
            let request = try parseRequestHead(head, into: &fields)
            body(head, request, fields)
        }
    }
}
