// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4, "What hostile or broken peers get": requests that other servers read otherwise.
///
/// `Tests/Corpora/requests.txt` has every byte of the grammar; here each attack with a name has its
/// row against the binary: its status, its counter, and what the origin has seen.
@Suite("Hostile requests")
struct HostileRequestTests {
    /// One attack.
    private struct Row {
        var name: String
        var bytes: String
        /// 400 and so on: refused before routing and counted; 200: passed on.
        var status: Int
        /// What stands in the origin's copy, and what must not.
        var has: [String] = []
        var lacks: [String] = []
        /// The counter that tells it, when it is not the one of malformed requests.
        var counter: String?
    }

    private static let fields = "Host: edge.example\r\nX-Tenant-Id: acme\r\n"

    private static func get(_ target: String) -> String {
        "GET /charts\(target) HTTP/1.1\r\n\(Self.fields)\r\n"
    }

    private static func post(_ extra: String, _ body: String, version: String = "1.1") -> String {
        "POST /charts/a HTTP/\(version)\r\n\(Self.fields)\(extra)\r\n\r\n\(body)"
    }

    private static let chunked = "Transfer-Encoding: chunked"
    private static let smuggled = "GET /admin HTTP/1.1\r\nHost: x\r\n\r\n"

    private static let targets: [Row] = [
        Row(name: "CVE-2023-45539: # in the target", bytes: get("/a#/admin"), status: 400),
        Row(name: "# behind a query", bytes: get("/a?b#c"), status: 400),
        Row(name: "encoded dots", bytes: get("/%2e%2e/admin"), status: 400),
        Row(name: "half encoded dots", bytes: get("/.%2E/admin"), status: 400),
        Row(name: "dots with a path parameter", bytes: get("/..;/admin"), status: 400),
        Row(name: "dots with an encoded parameter", bytes: get("/..%3bx/admin"), status: 400),
        Row(
            name: "twice encoded dots stay data",
            bytes: get("/%252e%252e/a"),
            status: 200,
            has: ["/%252e%252e/a "]
        ),
        Row(
            name: "a path parameter stays",
            bytes: get("/a;v=1/b"),
            status: 200,
            has: ["GET /a;v=1/b "]
        ),
        Row(
            name: "plain dots are taken away",
            bytes: get("/a/../b"),
            status: 200,
            has: ["GET /b "],
            lacks: [".."]
        ),
        Row(name: "dots above the route", bytes: get("/../../etc"), status: 400),
        Row(name: "a backslash", bytes: get("/..\\admin"), status: 400),
        Row(name: "an encoded NUL", bytes: get("/a%00b"), status: 400),
        Row(name: "an encoded line break", bytes: get("/a%0d%0aX:y"), status: 400),
        Row(
            name: "an encoded slash",
            bytes: get("/a%2f..%2fadmin"),
            status: 400,
            counter: nil
        ),
        Row(
            name: "an encoded slash alone",
            bytes: get("/a%2fb"),
            status: 400,
            counter: "banyan_encoded_slash_refused_total"
        ),
        Row(
            name: "two slashes",
            bytes: get("//admin"),
            status: 400,
            counter: "banyan_double_slash_refused_total"
        ),
        Row(name: "a space in the target", bytes: get("/a b"), status: 400),
        Row(
            name: "userinfo",
            bytes: "GET http://a@edge.example/charts/a HTTP/1.1\r\n\(fields)\r\n",
            status: 400
        ),
    ]

    private static let framing: [Row] = [
        Row(
            name: "CVE-2023-25725: an empty field name",
            bytes: post(": x\r\nContent-Length: 5", "12345"),
            status: 400
        ),
        Row(
            name: "CL.TE",
            bytes: post("Content-Length: 6\r\n\(chunked)", "0\r\n\r\nG"),
            status: 400
        ),
        Row(name: "TE.CL", bytes: post("\(chunked)\r\nContent-Length: 4", "5c\r\n"), status: 400),
        Row(
            name: "TE.TE",
            bytes: post("\(chunked)\r\nTransfer-Encoding: x", "0\r\n\r\n"),
            status: 400
        ),
        Row(
            name: "TE with a space",
            bytes: post("Transfer-Encoding : chunked", "0\r\n\r\n"),
            status: 400
        ),
        Row(
            name: "TE with a tab",
            bytes: post("Transfer-Encoding:\tchunked", "0\r\n\r\n"),
            status: 200
        ),
        Row(name: "TE behind a bare LF", bytes: post("X: y\n\(chunked)", "0\r\n\r\n"), status: 400),
        Row(
            name: "CL.CL",
            bytes: post("Content-Length: 5\r\nContent-Length: 6", "12345"),
            status: 400
        ),
        Row(name: "CL list", bytes: post("Content-Length: 5, 5", "12345"), status: 400),
        Row(name: "CL with a sign", bytes: post("Content-Length: +5", "12345"), status: 400),
        Row(
            name: "CL.0: a request in the content",
            bytes: post("Content-Length: \(smuggled.utf8.count)", smuggled),
            status: 200,
            has: ["POST /a "]
        ),
        Row(
            name: "GET with content that is a request",
            bytes: "GET /charts/a HTTP/1.1\r\n\(fields)"
                + "Content-Length: \(smuggled.utf8.count)\r\n\r\n\(smuggled)",
            status: 200,
            has: ["GET /a ", "content-length: \(smuggled.utf8.count)\r\n"]
        ),
        Row(
            name: "CVE-2026-2835: HTTP/1.0 with Transfer-Encoding",
            bytes: post(chunked, "0\r\n\r\n", version: "1.0"),
            status: 400
        ),
        Row(
            name: "HTTP/1.0, kept, with Transfer-Encoding",
            bytes: post(
                "Connection: keep-alive\r\n\(chunked)",
                "0\r\n\r\n\(smuggled)",
                version: "1.0"
            ),
            status: 400
        ),
        Row(
            name: "CVE-2023-39326: chunk extensions are not passed on",
            bytes: post(chunked, "2;a=b\r\nab\r\n0;c\r\n\r\n"),
            status: 200,
            has: ["2\r\nab\r\n0\r\n\r\n"],
            lacks: ["a=b", ";c"]
        ),
        Row(
            name: "CVE-2023-39326: many chunk extensions",
            bytes: post(chunked, "1;" + String(repeating: "a=b;", count: 100) + "\r\na\r\n"),
            status: 400
        ),
        Row(
            name: "a chunk extension with LF",
            bytes: post(chunked, "2;a\nab\r\n0\r\n\r\n"),
            status: 400
        ),
        Row(
            name: "a chunk size that overflows",
            bytes: post(chunked, "10000000000000002\r\nab"),
            status: 400
        ),
        Row(
            name: "Connection takes the length away",
            bytes: post("Connection: content-length\r\nContent-Length: 5", "12345"),
            status: 400
        ),
        Row(
            name: "Connection takes an identity away",
            bytes: "GET /charts/a HTTP/1.1\r\n\(fields)Connection: X-Forwarded-For\r\n\r\n",
            status: 200,
            has: ["x-forwarded-for: 127.0.0.1"]
        ),
        Row(name: "two Hosts", bytes: post("Host: other", ""), status: 400),
        Row(name: "a folded field", bytes: post("X: a\r\n b", ""), status: 400),
        Row(name: "NUL in a value", bytes: post("X: a\0b", ""), status: 400),
    ]

    /// Nothing that looks like a tunnel is one unless the origin has said 101 (CVE-2026-2833).
    private static let upgrades: [Row] = [
        Row(
            name: "Upgrade with a body",
            bytes: post("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5", "12345"),
            status: 0
        ),
        Row(
            name: "Upgrade with chunks",
            bytes: post(
                "Connection: upgrade\r\nUpgrade: websocket\r\n\(chunked)",
                "2\r\nab\r\n0\r\n\r\n"
            ),
            status: 0
        ),
        Row(
            name: "Upgrade with a smuggled request behind",
            bytes: "GET /charts/a HTTP/1.1\r\n\(fields)Connection: upgrade\r\nUpgrade: h2c\r\n"
                + "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
            status: 200,
            lacks: ["upgrade", "http2-settings"]
        ),
    ]

    @Test func `every named attack has its status, its counter, and does not reach the origin`()
        throws
    {
        let origin = try PeerProgram.origin("noting_origin.py")
        let migration = PlainMigration(
            name: "charts",
            legacy: origin.address,
            modern: origin.address
        )
        let edge = try EdgeUnderTest(files: PlainMigration.files([migration], tenants: ["acme"]))
        for row in Self.targets + Self.framing + Self.upgrades {
            try self.check(row, edge, origin)
        }
        #expect(edge.child.isRunning)
    }

    private func check(_ row: Row, _ edge: EdgeUnderTest, _ origin: PeerOrigin) throws {
        let situation = Comment(rawValue: row.name)
        let counter = row.counter ?? "banyan_http_requests_malformed_total"
        let before = try edge.metric(counter)
        let seen = origin.child.out.count
        let connection = try BlockingConnection(port: edge.port)
        #expect(connection.send(Array(row.bytes.utf8)), situation)
        let answer = connection.receive()
        let status = answer.flatMap { Int($0.secondWord) } ?? 0
        guard row.status != 0 else {
            // Refused, or taken as an ordinary request with its content; never a tunnel.
            #expect(status == 400 || status == 200 || status == 501, situation)
            return
        }
        #expect(status == row.status, situation)
        guard row.status == 200 else {
            #expect(origin.child.out.count == seen, "the origin has seen it: \(row.name)")
            // What was framed in doubt ends the connection; a refused path does not.
            if row.bytes.hasPrefix("POST") {
                #expect(connection.receive() == nil, "kept: \(row.name)")
            }
            #expect(try edge.metric(counter) == before + 1, situation)
            return
        }
        let copy = Self.text(answer?.body ?? [])
        for word in row.has { #expect(copy.contains(word), "\(row.name): \(copy)") }
        for word in row.lacks {
            #expect(!copy.lowercased().contains(word), "\(row.name): \(copy)")
        }
        #expect(
            !copy.contains("GET /admin") || copy.hasPrefix("POST /a ") || copy.hasPrefix("GET /a ")
        )
    }

    /// What hexadecimal digits spell.
    private static func text(_ digits: [UInt8]) -> String {
        let text = String(decoding: digits, as: UTF8.self)
        let bytes = stride(from: 0, to: text.utf8.count - 1, by: 2).map { at -> UInt8 in
            let start = text.index(text.startIndex, offsetBy: at)
            return UInt8(text[start..<text.index(start, offsetBy: 2)], radix: 16) ?? 0
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
