// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernel
import Migration
import Synchronization
import Testing

@testable import Proxy

@Suite("Bounds of upstreams: retries, attempts, breaker, slow start")
struct UpstreamBoundsTests {
    private static func get(_ edge: TestEdge, _ path: String = "/") throws -> String {
        try TestClient.exchange(
            port: edge.port,
            "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
    }

    private static func count(_ edge: TestEdge, _ counter: UpstreamCounter) throws -> UInt64 {
        let number = try #require(edge.numbers.upstreams.known("old"))
        return edge.plane.sum(MetricsLayout.upstream(number, counter))
    }

    @Test func `retries end with their budget, and the failures then stand`() throws {
        let good = try TestOrigin { _ in ok("good") }
        let bad = try RawOrigin { connection in
            _ = connection.readHead()
            connection.resetsOnClose()
        }
        var policy = UpstreamPolicyModel()
        policy.passive.failures = 0
        policy.retry.budgetPermyriad = 0
        policy.retry.budgetFloor = 3
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: good.port,
            modern: 1,
            moreLegacy: [bad.port],
            policy: policy
        )
        var failed = 0
        for _ in 0..<20 where try !UpstreamBoundsTests.get(edge).hasSuffix("good") { failed += 1 }
        #expect(failed == 7)
        #expect(try UpstreamBoundsTests.count(edge, .retries) == 3)
        #expect(try UpstreamBoundsTests.count(edge, .budgetExhausted) == 7)
    }

    @Test func `an attempt that takes too long is given up for another endpoint, a write is not`()
        throws
    {
        let good = try TestOrigin { _ in ok("good") }
        let slow = try RawOrigin { connection in
            while let head = connection.readHead() {
                _ = connection.readContent(of: head)
                // Longer than one attempt may take, by far.
                _ = Latch(count: 1).wait(timeoutMilliseconds: 600)
                guard connection.send(ok("slow")) else { return }
            }
        }
        var policy = UpstreamPolicyModel()
        policy.passive.failures = 0
        policy.retry.perTryMilliseconds = 100
        for others in [[slow.port], []] {
            let edge = try TestEdge(
                routes: [TestEdge.route("r", prefix: "/")],
                legacy: others.isEmpty ? slow.port : good.port,
                modern: 1,
                moreLegacy: others,
                policy: policy
            )
            for number in 0..<4 {
                let answer = try UpstreamBoundsTests.get(edge)
                // With nobody else to ask it is waited for, within the route's time.
                let name = others.isEmpty ? "slow" : "good"
                #expect(answer.hasSuffix(name), "\(number) of \(others.count): \(answer)")
            }
            var slowWrites = 0
            for _ in 0..<4 {
                let answer = try TestClient.exchange(
                    port: edge.port,
                    "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        + "Content-Length: 3\r\n\r\nabc"
                )
                #expect(answer.hasPrefix("HTTP/1.1 200"))
                if answer.hasSuffix("slow") { slowWrites += 1 }
            }
            #expect(slowWrites == (others.isEmpty ? 4 : 2))
        }
    }

    @Test func `a teed body goes to the other endpoint, an unsafe one nowhere`() throws {
        let good = try TestOrigin { ok(String($0.suffix(3))) }
        let bad = try RawOrigin { connection in
            guard let head = connection.readHead() else { return }
            _ = connection.readContent(of: head)
            connection.resetsOnClose()
        }
        var policy = UpstreamPolicyModel()
        policy.passive.failures = 0
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: good.port,
            modern: 1,
            moreLegacy: [bad.port],
            policy: policy
        )
        for _ in 0..<6 {
            let answer = try TestClient.exchange(
                port: edge.port,
                "PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
            )
            #expect(answer.hasSuffix("\r\n\r\nabc"), "\(answer)")
        }
        #expect(good.requests.count == 6)
    }

    @Test func `a breaker refuses at once by its name, and the other origin is served`() throws {
        let release = Latch(count: 1)
        let hanging = try RawOrigin { connection in
            while connection.readHead() != nil {
                _ = release.wait(timeoutMilliseconds: 10_000)
                guard connection.send(ok("late")) else { return }
            }
        }
        let modern = try TestOrigin { _ in ok("modern") }
        var byRequests = UpstreamPolicyModel()
        byRequests.breaker.requestsMax = 2
        var byPending = UpstreamPolicyModel()
        byPending.breaker.connectionsMax = 1
        byPending.breaker.pendingMax = 1
        for policy in [byRequests, byPending] {
            let edge = try TestEdge(
                routes: [
                    TestEdge.route("r", prefix: "/old"), TestEdge.route("m", prefix: "/new"),
                ],
                legacy: hanging.port,
                modern: modern.port,
                stages: ["m": [StageResolution(stage: .modern, isTargeted: false)]],
                policy: policy
            )
            let waiting = try (0..<2).map { _ in try TestClient(port: edge.port) }
            for (index, client) in waiting.enumerated() {
                client.send("GET /old HTTP/1.1\r\nHost: x\r\n\r\n")
                try waitUntil { edge.plane.total(.requestsInFlight) == UInt64(index + 1) }
            }
            for _ in 0..<3 {
                let refused = try UpstreamBoundsTests.get(edge, "/old")
                #expect(refused.hasPrefix("HTTP/1.1 503"))
                #expect(refused.contains("\"code\": \"BREAKER_OPEN\""))
                #expect(try UpstreamBoundsTests.get(edge, "/new").hasSuffix("modern"))
            }
            #expect(try UpstreamBoundsTests.count(edge, .breakerOpen) == 3)
            if policy == byPending {
                release.countDown()
                for client in waiting {
                    var reader = AnswerReader(client)
                    #expect(reader.next().text == "late", "who waited is served")
                }
                #expect(try UpstreamBoundsTests.get(edge, "/old").hasSuffix("late"))
            }
        }
    }

    @Test func `an endpoint that comes back gets a tenth of its share first, then all of it`()
        throws
    {
        let origins = try (0..<2).map { _ in try TestOrigin { _ in ok("x") } }
        for (slowStart, range) in [(600_000, 0..<40), (0, 95..<106)] {
            var policy = UpstreamPolicyModel()
            policy.slowStartMilliseconds = slowStart
            let edge = try TestEdge(
                routes: [TestEdge.route("r", prefix: "/")],
                legacy: origins[0].port,
                modern: 1,
                moreLegacy: [origins[1].port],
                policy: policy
            )
            let number = try #require(
                edge.numbers.endpoints.known("old 127.0.0.1:\(origins[1].port)")
            )
            let address = try resolve(host: "127.0.0.1", port: origins[1].port)[0]
            for isHealthy in [false, true] {
                let entry = EndpointUpdate.Entry(
                    number: number,
                    address: address,
                    isHealthy: isHealthy
                )
                edge.plane.post(EndpointUpdate([entry]))
            }
            let before = origins[1].requests.count
            let client = try TestClient(port: edge.port)
            var reader = AnswerReader(client)
            for _ in 0..<200 {
                client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(reader.next().text == "x")
            }
            let got = origins[1].requests.count - before
            #expect(range.contains(got), "\(got) of 200 at a slow start of \(slowStart) ms")
        }
    }

    @Test func `the same key goes to the same endpoint, another takes over while that is ill`()
        throws
    {
        let origins = try (0..<4).map { number in try TestOrigin { _ in ok("\(number)") } }
        var policy = UpstreamPolicyModel()
        policy.balance = .consistentHash
        policy.hashKey = .header("X-Patient")
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: origins[0].port,
            modern: 1,
            moreLegacy: origins.dropFirst().map(\.port),
            policy: policy
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        func places() -> [String] {
            (0..<60).map { key in
                client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Patient: p\(key)\r\n\r\n")
                return reader.next().text
            }
        }
        let first = places()
        #expect(places() == first)
        #expect(Set(first).count == 4)
        let number = try #require(edge.numbers.endpoints.known("old 127.0.0.1:\(origins[2].port)"))
        let address = try resolve(host: "127.0.0.1", port: origins[2].port)[0]
        func post(_ isHealthy: Bool) {
            let entry = EndpointUpdate.Entry(
                number: number,
                address: address,
                isHealthy: isHealthy
            )
            edge.plane.post(EndpointUpdate([entry]))
        }
        post(false)
        for (before, after) in zip(first, places()) {
            #expect(after != "2")
            if before != "2" { #expect(after == before, "only the keys of the one that is ill") }
        }
        post(true)
        #expect(places() == first)
    }

    @Test func `cookies get the client's domain and path, and every other byte stays`() throws {
        let cookies = [
            "sid=a=b; Domain=.Old.example; Path=/app/x;HttpOnly ; SameSite=Lax",
            "plain=1", "other=2; path=/apple; domain=else.example", "root=3; Path=/app",
        ]
        let origin = try TestOrigin { _ in
            ok("x", cookies.map { "Set-Cookie: \($0)\r\n" }.joined())
        }
        var policy = UpstreamPolicyModel()
        policy.cookies.domains = [NamedValue(name: "old.example", value: "care.example")]
        policy.cookies.paths = [NamedValue(name: "/app/", value: "/care/")]
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: origin.port,
            modern: 1,
            policy: policy
        )
        let answer = try UpstreamBoundsTests.get(edge)
        let seen = answer.components(separatedBy: "\r\n").filter {
            $0.lowercased().hasPrefix("set-cookie: ")
        }.map { String($0.dropFirst("set-cookie: ".count)) }
        #expect(
            seen == [
                "sid=a=b; Domain=care.example; Path=/care/x;HttpOnly ; SameSite=Lax",
                "plain=1", "other=2; path=/apple; domain=else.example", "root=3; Path=/care",
            ]
        )
    }
}
