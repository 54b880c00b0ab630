// SPDX-License-Identifier: Apache-2.0

import Migration
import Testing

@testable import Proxy

@Suite("Endpoints of one upstream")
struct ConnectTests {
    @Test func `endpoints take turns, each under its own Host`() throws {
        let first = try TestOrigin { _ in ok("first") }
        let second = try TestOrigin { _ in ok("second") }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: first.port,
            modern: 1,
            moreLegacy: [second.port]
        )
        for _ in 0..<10 {
            let answer = try TestClient.exchange(
                port: edge.port,
                "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
        #expect(first.requests.count == 5)
        #expect(second.requests.count == 5)
        for (origin, requests) in [(first, first.requests), (second, second.requests)] {
            for request in requests {
                #expect(request.contains("\r\nhost: 127.0.0.1:\(origin.port)\r\n"))
            }
        }
    }

    @Test func `an endpoint that refuses costs no request, not even a write`() throws {
        let alive = try TestOrigin { _ in ok("alive") }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: alive.port,
            modern: 1,
            moreLegacy: [1, 2]
        )
        for number in 0..<9 {
            let answer = try TestClient.exchange(
                port: edge.port,
                "POST /w\(number) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    + "Content-Length: 3\r\n\r\nabc"
            )
            #expect(answer.hasSuffix("alive"), "write \(number)")
        }
        #expect(alive.requests.count == 9, "each write exactly once")
    }
}
