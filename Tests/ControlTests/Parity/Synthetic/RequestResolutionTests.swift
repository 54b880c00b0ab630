// SPDX-License-Identifier: Apache-2.0

import Migration
import Parity
import Testing

@testable import Control

@Suite("Request resolution") struct RequestResolutionTests {
    private static func order(
        _ method: String,
        _ url: String,
        tenant: String? = nil,
        _ headers: [(String, String)] = []
    ) -> ExplainOrder {
        var order = ExplainOrder(method: method, url: url)
        order.tenant = tenant
        order.headers = headers.map { ControlField($0.0, $0.1) }
        return order
    }

    private static func lines(_ head: [UInt8]) -> [String] {
        String(decoding: head, as: UTF8.self).split(separator: "\r\n").map(String.init)
    }

    @Test func `a request gets each origin's path and Host, the tenant's name, and no condition`()
        throws
    {
        let world = try EdgeWorld()
        let explanation = try world.plane.explanation()
        let order = Self.order(
            "GET",
            "http://acme.example/old/a%20b?x=1",
            [
                ("Accept", "text/html"), ("If-None-Match", "\"1\""), ("Range", "bytes=0-1"),
                ("X-Tenant-Id", "zeta"), ("Connection", "close, X-Hop"), ("X-Hop", "1"),
                ("Forwarded", "for=1"), ("Banyan-Shadow", "0"),
            ]
        )
        let request = try explanation.resolve(order, seed: 1, turn: 0)
        #expect(request.tenant == "acme" && request.route == "care" && request.migration == "care")
        #expect(request.operation == "GET /old/{rest...}" && !request.isWholePath)
        #expect(
            Self.lines(request.legacy.head) == [
                "GET /old/a%20b?x=1 HTTP/1.1", "host: 127.0.0.1:9001", "Accept: text/html",
                "via: 1.1 banyan", "x-forwarded-proto: http", "x-forwarded-host: acme.example",
                "x-tenant-id: acme", "banyan-shadow: 1",
            ]
        )
        #expect(
            Self.lines(request.modern.head).prefix(2) == [
                "GET /new/a%20b?x=1 HTTP/1.1", "host: 127.0.0.1:9002",
            ]
        )
        #expect(request.legacy.head.suffix(4) == [13, 10, 13, 10])
        #expect(request.legacy.address != request.modern.address)
        // Equal requests have equal digests; another tenant, path or query another one.
        let digests = try [
            Self.order("GET", "http://acme.example/old/a%20b?x=1"),
            Self.order("GET", "http://acme.example/old/a%20b?x=2"),
            Self.order("GET", "http://acme.example/old/a%20c?x=1"),
            Self.order("HEAD", "http://acme.example/old/a%20b?x=1"),
            Self.order("GET", "http://zeta.example/old/a%20b?x=1"),
        ].map { try explanation.resolve($0, seed: 1, turn: 0).digest }
        #expect(digests[0] == request.digest && Set(digests).count == 5)
        #expect(digests.allSatisfy { $0.count == 16 })
    }

    @Test func `what the edge would not send is refused, with a word that says why`() throws {
        let world = try EdgeWorld()
        let explanation = try world.plane.explanation()
        let rows: [(ExplainOrder, SyntheticRefusal)] = [
            (Self.order("GET", "http://acme.example/elsewhere"), .noRoute),
            (Self.order("POST", "http://acme.example/old/a"), .unsafeMethod),
            (Self.order("DELETE", "http://acme.example/old/a"), .unsafeMethod),
            (Self.order("GET", "/old/a", tenant: "nobody"), .tenantUnknown),
            (Self.order("GET", "http://acme.example/old/%2e%2e/x"), .pathRefused),
            (Self.order("G T", "http://acme.example/old/a"), .malformed),
            (Self.order("GET", "http://acme.example/old/a b"), .malformed),
            (Self.order("GET", "/old/a", [("A", "b\r\n\r\nGET /old/c HTTP/1.1")]), .malformed),
        ]
        for (order, refusal) in rows {
            #expect(throws: refusal, "\(order.method) \(order.url)") {
                _ = try explanation.resolve(order, seed: 1, turn: 0)
            }
        }
        #expect(try explanation.resolve(Self.order("GET", "/old/a"), seed: 1, turn: 0).tenant == "")
    }
}
