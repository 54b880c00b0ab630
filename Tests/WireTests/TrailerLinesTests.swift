// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing
import Wire

@Suite("Trailer lines")
struct TrailerLinesTests {
    private func passed(_ lines: String) -> String {
        var pool = BlockPool(capacity: 1)
        guard let block = pool.take() else { return "" }
        var writer = pool.writer(block, from: 0)
        withWindow(Array(lines.utf8)) { writer.appendTrailers(of: $0) }
        return String(decoding: pool.window(block, 0, writer.position).array, as: UTF8.self)
    }

    @Test func `fields pass in one form, what is none is left out`() {
        let rows: [(String, String)] = [
            ("", ""), ("X-Sum:1\r\n", "X-Sum: 1\r\n"), ("a:  b \t\r\n", "a: b\r\n"),
            ("a:\r\nb: c\r\n", "a: \r\nb: c\r\n"), ("a: b\nc: d\n", "a: b\r\nc: d\r\n"),
            ("a: b", "a: b\r\n"), (": b\r\na: b\r\n", "a: b\r\n"), ("no colon\r\n", ""),
            ("a b: c\r\nd: e\r\n", "d: e\r\n"), ("a: b\rc\r\n", ""), ("a: \0\r\n", ""),
            ("grpc-status: 0\r\nx-b-bin: AAE\r\n", "grpc-status: 0\r\nx-b-bin: AAE\r\n"),
        ]
        for (lines, expected) in rows { #expect(self.passed(lines) == expected, "\(lines)") }
    }

    @Test func `what frames, routes, authenticates or controls never passes`() {
        let forbidden = [
            "host", "connection", "content-length", "transfer-encoding", "trailer", "te", "upgrade",
            "keep-alive", "proxy-connection", "expect", "cookie", "set-cookie", "authorization",
            "proxy-authorization", "proxy-authenticate", "www-authenticate", "http2-settings",
            "content-encoding", "content-type", "content-range", "content-location", "range",
            "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
            "location", "cache-control", "age", "expires", "vary", "warning", "pragma", "date",
            "retry-after", "max-forwards", "via", "proxy", "forwarded", "x-forwarded-for",
            "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-forwarded-prefix",
            "x-real-ip", "x-tenant-id", "x-user-id", "banyan-shadow", "x_tenant_id",
            "content_length", "transfer_encoding", "banyan_shadow",
        ]
        for name in forbidden + forbidden.map({ $0.uppercased() }) {
            #expect(self.passed("\(name): 1\r\nx-own: 2\r\n") == "x-own: 2\r\n", "\(name)")
        }
        for name in [
            "digest", "content-md5", "server-timing", "etag", "x_own", "authentication-info",
        ] {
            #expect(self.passed("\(name): 1\r\n") == "\(name): 1\r\n")
        }
    }
}
