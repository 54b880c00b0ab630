// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Kernel
import Migration
import Testing

@testable import Proxy

@Suite("Proxying")
struct ProxyingTests {
    @Test func `a request goes to legacy and its answer comes back`() throws {
        let legacy = try TestOrigin { _ in ok("from legacy", "X-Own: 1\r\n") }
        let modern = try TestOrigin { _ in ok("from modern") }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: legacy.port,
            modern: modern.port,
            stages: ["r": [StageResolution(stage: .legacy, isTargeted: false)]]
        )
        let answer = try TestClient.exchange(
            port: edge.port,
            "GET /a/b?c=d HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\nX-Tenant-Id: evil\r\n"
                + "Forwarded: for=1.2.3.4\r\nX-Kept: yes\r\n\r\n"
        )
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nfrom legacy"))
        #expect(answer.contains("X-Own: 1\r\n"))
        #expect(answer.contains("via: 1.1 edge\r\n"))
        let request = try #require(legacy.requests.first)
        #expect(request.hasPrefix("GET /a/b?c=d HTTP/1.1\r\nhost: 127.0.0.1:\(legacy.port)\r\n"))
        #expect(!request.contains("evil"))
        #expect(!request.contains("1.2.3.4"))
        #expect(request.contains("X-Kept: yes\r\n"))
        #expect(request.contains("forwarded: for=127.0.0.1;host=\"x.example\";proto=http\r\n"))
        #expect(modern.requests.isEmpty)
    }

    @Test func `a flip and a rollback move the next request of a kept connection`() throws {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let modern = try TestOrigin { _ in ok("modern") }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: legacy.port,
            modern: modern.port,
            stages: ["r": [StageResolution(stage: .legacy, isTargeted: false)]]
        )
        let client = try TestClient(port: edge.port)
        let request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
        client.send(request)
        #expect(client.read(until: "legacy").contains("legacy"))
        edge.put("*", "r", Standing(.modern), generation: 1)
        client.send(request)
        #expect(client.read(until: "modern").contains("modern"))
        edge.put("*", "r", Standing(.legacy), generation: 2)
        client.send(request)
        #expect(client.read(until: "legacy").contains("legacy"))
        edge.put("*", "r", Standing(.modern), generation: 1)
        client.send(request)
        #expect(client.read(until: "legacy").contains("legacy"), "an old delta changes nothing")
    }

    @Test func `bodies of every framing arrive whole, small and large`() throws {
        let echo = try TestOrigin { request in
            let body = request.components(separatedBy: "\r\n\r\n").dropFirst().joined(
                separator: "\r\n\r\n"
            )
            return ok(body)
        }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: echo.port,
            modern: echo.port
        )
        for size in [0, 1, 1_000, 5_000, 16_384, 100_000, 1_000_000] {
            let body = String(repeating: "abcdefghij", count: size / 10 + 1).prefix(size)
            let answer = try TestClient.exchange(
                port: edge.port,
                "POST /e HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(size)\r\n\r\n\(body)"
            )
            #expect(answer.hasSuffix("\r\n\r\n\(body)"), "\(size) bytes")
        }
        let chunked = try TestClient.exchange(
            port: edge.port,
            "POST /e HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3;ext=1\r\nabc\r\n5\r\ndefgh\r\n0\r\nTrailer: x\r\n\r\n"
        )
        #expect(chunked.hasSuffix("3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n"))
    }

    @Test func `pipelined requests are answered in order`() throws {
        let origin = try TestOrigin { request in
            ok(String(request.split(separator: " ")[1]))
        }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: origin.port,
            modern: origin.port
        )
        let client = try TestClient(port: edge.port)
        client.send((1...20).map { "GET /n\($0)! HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
        let text = client.read(until: "/n20!")
        var last = text.startIndex
        for number in 1...20 {
            let found = try #require(text.range(of: "/n\(number)!", range: last..<text.endIndex))
            last = found.upperBound
        }
    }

    @Test func `a copy goes to modern at shadow after the client has its answer`() throws {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let modern = try TestOrigin { _ in ok("modern") }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: legacy.port,
            modern: modern.port,
            stages: ["r": [StageResolution(stage: .shadow, isTargeted: false)]]
        )
        let answer = try TestClient.exchange(
            port: edge.port,
            "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIf-None-Match: \"1\"\r\n\r\n"
        )
        #expect(answer.hasSuffix("legacy"))
        try waitUntil { edge.plane.total(.copiesAnswered) == 1 }
        let copy = try #require(modern.requests.first)
        #expect(copy.contains("banyan-shadow: 1\r\n"))
        #expect(!copy.contains("If-None-Match"))
    }

    @Test func `legacy answers when modern fails at live`() throws {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let modern = try TestOrigin { _ in
            "HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\nbad"
        }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: legacy.port,
            modern: modern.port,
            stages: ["r": [StageResolution(stage: .live, isTargeted: false)]]
        )
        let answer = try TestClient.exchange(
            port: edge.port,
            "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        #expect(answer.hasSuffix("legacy"))
        #expect(edge.plane.total(.rescues) == 1)
        let write = try TestClient.exchange(
            port: edge.port,
            "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
        )
        #expect(write.hasPrefix("HTTP/1.1 500"), "a write is never rescued")
    }

    @Test func `an upstream that refuses gives 502, one that is silent 504`() throws {
        let silent = try TestOrigin { _ in
            Thread.sleep(forTimeInterval: 3)
            return nil
        }
        var route = TestEdge.route("r", prefix: "/")
        route.timeouts.firstByteMilliseconds = 200
        let edge = try TestEdge(routes: [route], legacy: silent.port, modern: 1)
        let slow = try TestClient.exchange(
            port: edge.port,
            "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        #expect(slow.hasPrefix("HTTP/1.1 504"))
        edge.put("*", "r", Standing(.modern), generation: 1)
        let refused = try TestClient.exchange(
            port: edge.port,
            "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        #expect(refused.hasPrefix("HTTP/1.1 502"))
        #expect(refused.contains("application/problem+json"))
    }

    @Test func `an answer that is cut short upstream is cut short for the client`() throws {
        let origin = try TestOrigin { _ in
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nonly this"
        }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: origin.port,
            modern: origin.port
        )
        let client = try TestClient(port: edge.port)
        client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(client.readAll() == nil, "the connection ends with a reset")
        #expect(edge.plane.total(.answersCutShort) == 1)
    }
}

/// Waits for something that another thread brings about; fails after ten seconds.
func waitUntil(_ condition: () -> Bool) throws {
    let until = monotonicNanoseconds() + 10_000_000_000
    while !condition() {
        guard monotonicNanoseconds() < until else { throw TestTimeout() }
        sched_yield()
    }
}

struct TestTimeout: Error {}

@Suite("Bodies that were never sent")
struct UnsentBodyTests {
    /// The body of a failed request must never be read as the next request (request smuggling).
    @Test func `a body that a dead upstream never took is not a request`() throws {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: legacy.port,
            modern: 1,
            stages: ["r": [StageResolution(stage: .modern, isTargeted: false)]]
        )
        let client = try TestClient(port: edge.port)
        let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        let body = String(repeating: smuggled, count: 200)
        client.send(
            "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        let answer = client.read(until: "UPSTREAM_FAILED")
        #expect(answer.hasPrefix("HTTP/1.1 502"))
        edge.put("*", "r", Standing(.legacy), generation: 1)
        client.send("GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        _ = client.readAll()
        #expect(!legacy.requests.contains { $0.contains("/smuggled") })
    }
}
