// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing
import Wire

@Suite("Forwarding fields")
struct ForwardedHeadersTests {
    private static let incoming =
        "Forwarded: for=9.9.9.9\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 8.8.8.8\r\n"
        + "X-Forwarded-Host: first.example\r\nX-Forwarded-Proto: https\r\n"

    @Test func `a stranger's fields are replaced by what was seen`() throws {
        #expect(
            try Self.write(client: "10.0.0.7", host: "a.example", isTrusted: false)
                == "Forwarded: for=10.0.0.7;host=a.example;proto=http\r\n"
                + "X-Forwarded-For: 10.0.0.7\r\nX-Forwarded-Host: a.example\r\n"
                + "X-Forwarded-Proto: http\r\nVia: 1.1 banyan\r\n"
        )
    }

    @Test func `a trusted peer's lists are continued and its first hop is kept`() throws {
        #expect(
            try Self.write(client: "10.0.0.7", host: "a.example", isTrusted: true)
                == "Forwarded: for=9.9.9.9, for=10.0.0.7;host=a.example;proto=http\r\n"
                + "X-Forwarded-For: 9.9.9.9, 8.8.8.8, 10.0.0.7\r\n"
                + "X-Forwarded-Host: first.example\r\nX-Forwarded-Proto: https\r\n"
                + "Via: 1.1 banyan\r\n"
        )
    }

    @Test func `values with a colon are quoted in Forwarded`() throws {
        let text = try Self.write(client: "2001:db8::1", host: "a.example:8080", isTrusted: false)
        #expect(
            text.hasPrefix(
                "Forwarded: for=\"[2001:db8::1]\";host=\"a.example:8080\";proto=http\r\n"
                    + "X-Forwarded-For: 2001:db8::1\r\n"
            )
        )
    }

    @Test func `a request without a host says nothing about one`() throws {
        let text = try Self.write(client: "::1", host: "", isTrusted: false)
        #expect(!text.lowercased().contains("host"))
    }

    private static func write(client: String, host: String, isTrusted: Bool) throws -> String {
        var result = ""
        let text = "GET / HTTP/1.1\r\nHost: a\r\n\(Self.incoming)\r\n"
        try RequestHeadParserTests.parse(text) { head, _, fields in
            withWindow(Array(client.utf8)) { client in
                withWindow(Array(host.utf8)) { host in
                    withWindow(Array("banyan".utf8)) { name in
                        let facts = ForwardingFacts(
                            client: client,
                            host: host,
                            isSecure: false,
                            isPeerTrusted: isTrusted,
                            proxyName: name,
                            versionMinor: 1
                        )
                        let bytes = written {
                            $0.appendForwarding(facts, head: head, fields: fields)
                        }
                        result = String(decoding: bytes, as: UTF8.self)
                    }
                }
            }
        }
        return result
    }
}
