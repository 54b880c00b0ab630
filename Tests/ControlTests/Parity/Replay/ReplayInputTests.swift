// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Control

@Suite("Replay input") struct ReplayInputTests {
    private static func read(
        _ text: String,
        _ format: ReplayFormat? = nil,
        _ defaults: ReplayDefaults = ReplayDefaults()
    ) throws -> (format: ReplayFormat, rows: [ReplayRow]) {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data(text.utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let input = try ReplayInput(path: url.path, format: format, defaults: defaults)
        var rows: [ReplayRow] = []
        while let row = try input.next() { rows.append(row) }
        return (input.format, rows)
    }

    /// Rows as words: `GET /a acme`, or the problem.
    private static func words(_ rows: [ReplayRow]) -> [String] {
        rows.map { row in
            switch row.request {
            case .success(let order):
                ([order.method, order.url] + (order.tenant.map { [$0] } ?? []))
                    .joined(separator: " ")
            case .failure(let problem): problem.rawValue
            }
        }
    }

    @Test func `each format is told by itself and read`() throws {
        let cases: [(text: String, format: ReplayFormat, rows: [String])] = [
            (
                "# list\n\n/a\nHEAD /b?x=1 acme\r\nhttps://h/c globex\nDELETE /d\nwords only\n/e",
                .text,
                [
                    "GET /a", "HEAD /b?x=1 acme", "GET https://h/c globex", "unsafe_method",
                    "malformed", "GET /e",
                ]
            ),
            (
                "tenant,url,method\nacme,\"/a?q=1,2\",\n,/b,POST\nacme,/c,HEAD,more\n\"acme,/d\n",
                .csv, ["GET /a?q=1,2 acme", "unsafe_method", "malformed", "malformed"]
            ),
            (
                """
                {"url": "/a", "tenant": "acme", "headers": {"Accept": "text/html"}}
                {"path": "/b", "method": "put"}
                {"url": "/c", "headers": {"A": "b\\nc"}}
                {"url": 7}
                [1]

                """, .jsonl,
                ["GET /a acme", "unsafe_method", "malformed", "malformed", "malformed"]
            ),
            (
                """
                10.0.0.1 - - [21/Nov/2026:07:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 7 "-" "x"
                acme.example 10.0.0.1 - bob [21/Nov/2026:07:00:00 +0000] "HEAD /b HTTP/2.0" 200 7
                10.0.0.1 - - [21/Nov/2026:07:00:00 +0000] "POST /c HTTP/1.1" 200 7 "-" "x"
                10.0.0.1 - - [21/Nov/2026:07:00:00 +0000] "\\x16\\x03" 400 0 "-" "-"

                """, .nginx,
                ["GET /a?b=c", "HEAD http://acme.example/b", "unsafe_method", "malformed"]
            ),
            (
                """
                {"ts":"2026-11-21T07:00:00.000Z","http.request.method":"GET","url.template":\
                "/a/{id}","banyan.tenant":"acme"}
                {"ts":"2026-11-21T07:00:00.000Z","http.request.method":"GET","url.template":\
                "/a","banyan.tenant":"acme"}
                {"ts":"2026-11-21T07:00:00.000Z","http.response.status_code":400,\
                "banyan.origin":"banyan"}
                {"ts":"2026-11-21T07:00:00.000Z","http.request.method":"GET","url.template":\
                "/a/{id}","url.path":"/a/7","url.query":"x=1","banyan.tenant":"*"}
                {"ts":"2026-11-21T07:00:00.000Z","http.request.method":"POST",\
                "url.template":"/a/{id}","banyan.tenant":"acme"}

                """, .banyan,
                ["no_path", "GET /a acme", "no_path", "GET /a/7?x=1", "unsafe_method"]
            ),
        ]
        for row in cases {
            let found = try Self.read(row.text)
            #expect(found.format == row.format, "\(row.format)")
            #expect(Self.words(found.rows) == row.rows, "\(row.format)")
            #expect(found.rows.map(\.number) == Array(1...row.rows.count), "\(row.format)")
            #expect(found.rows.last?.endOffset == UInt64(row.text.utf8.count), "\(row.format)")
        }
    }

    @Test func `a pattern of the access log is marked as one, a path is not`() throws {
        let rows = try Self.read(
            """
            {"http.request.method":"GET","url.template":"/a","banyan.tenant":"acme"}
            {"http.request.method":"GET","url.template":"/a","url.path":"/a"}

            """
        ).rows
        #expect(rows.map(\.isPattern) == [true, false])
    }

    @Test func `an HAR file is cut into its entries, whatever its texts hold`() throws {
        let text = #"""
            {"log": {"version": "1.2", "pages": [{"id": "entries"}], "x": {"entries": [1]},
             "comment": "\"entries\": [", "entries": [
              {"request": {"method": "GET", "url": "https://acme.example/a?b=%20#top",
                "headers": [{"name": ":authority", "value": "x"}, {"name": "Accept", "value": "*"}]},
               "response": {"content": {"text": "]}\\\"{["}}},
              {"request": {"method": "POST", "url": "/b", "headers": []}},
              {"request": {"method": "GET", "url": "/c", "_tenant": "acme"}},
              7,
              {"request": {"url": "ftp://d", "method": "GET"}}
             ]}}
            """#
        let found = try Self.read(text)
        #expect(found.format == .har)
        #expect(
            Self.words(found.rows) == [
                "GET https://acme.example/a?b=%20", "unsafe_method", "GET /c acme", "malformed",
                "malformed",
            ]
        )
        let headers = try found.rows[0].request.get().headers
        #expect(headers == [ControlField("Accept", "*")])
        let cut = try Self.read(String(text.prefix(text.count - 40)))
        #expect(Self.words(cut.rows).last == "malformed")
        #expect(throws: ReplayInputError.noEntries) { try Self.read("{\"log\": {}}", .har) }
        #expect(try Self.read("{\"log\": {\"entries\": []}}").rows.isEmpty)
    }

    @Test func `rows without a tenant or a host take the defaults`() throws {
        var defaults = ReplayDefaults()
        defaults.tenant = "acme"
        defaults.base = "https://care.example"
        let rows = try Self.read("/a\n/b globex\nhttp://h/c\n", nil, defaults).rows
        #expect(
            Self.words(rows) == [
                "GET https://care.example/a acme", "GET https://care.example/b globex",
                "GET http://h/c acme",
            ]
        )
    }

    @Test func `a row that is too long is passed over, and the next is read`() throws {
        let long = "/" + String(repeating: "a", count: 17 << 20)
        let rows = try Self.read("/a\n\(long)\n/b\n", .text).rows
        #expect(Self.words(rows) == ["GET /a", "too_long", "GET /b"])
    }

    @Test func `a reader goes on only in the file that it has begun`() throws {
        let folder = FileManager.default.temporaryDirectory
        let path = folder.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("/a\n/b\n/c\n".utf8).write(to: URL(fileURLWithPath: path))
        let first = try ReplayInput(path: path)
        _ = try first.next()
        let row = try #require(try first.next())
        // It has grown since: the beginning is the same.
        try Data("/a\n/b\n/c\n/d\n".utf8).write(to: URL(fileURLWithPath: path))
        let second = try ReplayInput(path: path)
        try second.skip(to: row.endOffset, rows: row.number, digest: row.prefixDigest)
        #expect(Self.words([try #require(try second.next())]) == ["GET /c"])
        for other in ["/x\n/b\n/c\n", "/a\n", "/a\n/bb\n/c\n"] {
            try Data(other.utf8).write(to: URL(fileURLWithPath: path))
            let third = try ReplayInput(path: path)
            #expect(throws: ReplayInputError.changed) {
                try third.skip(to: row.endOffset, rows: row.number, digest: row.prefixDigest)
            }
        }
    }
}
