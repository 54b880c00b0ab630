// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Kernel
import Migration
import Synchronization
import Testing

@testable import Proxy

@Suite("Endpoints that fail, come and go")
struct EjectionTests {
    private static func policy(
        failures: Int = 3,
        ejectFor: Int = 60_000,
        atMost: Int = 5_000
    ) -> UpstreamPolicyModel {
        var policy = UpstreamPolicyModel()
        policy.passive.failures = failures
        policy.passive.ejectForMilliseconds = ejectFor
        policy.passive.ejectedAtMostPermyriad = atMost
        return policy
    }

    private static func get(_ edge: TestEdge, _ path: String = "/") throws -> String {
        try TestClient.exchange(
            port: edge.port,
            "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
    }

    @Test func `an endpoint that answers 5xx is out after the failures, and gets nothing more`()
        throws
    {
        let good = try TestOrigin { _ in ok("good") }
        let bad = try TestOrigin { _ in "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: good.port,
            modern: 1,
            moreLegacy: [bad.port],
            policy: EjectionTests.policy()
        )
        for _ in 0..<40 { _ = try EjectionTests.get(edge) }
        #expect(bad.requests.count == 3, "one for each failure")
        #expect(good.requests.count == 37)
        let number = try #require(edge.numbers.endpoints.known("old 127.0.0.1:\(bad.port)"))
        #expect(edge.plane.sum(MetricsLayout.endpoint(number, .ejections)) == 1)
        #expect(edge.plane.sum(MetricsLayout.endpoint(number, .failures)) == 3)
        #expect(edge.plane.ejectedWorkers(endpoint: number) == 1)
    }

    @Test func `an ejected endpoint comes back on trial, and one failure puts it out for longer`()
        throws
    {
        let good = try TestOrigin { _ in ok("good") }
        let isIll = Mutex(true)
        let bad = try TestOrigin { _ in
            isIll.withLock { $0 }
                ? "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" : ok("well again")
        }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: good.port,
            modern: 1,
            moreLegacy: [bad.port],
            policy: EjectionTests.policy(ejectFor: 200)
        )
        while bad.requests.count < 3 { _ = try EjectionTests.get(edge) }
        // Back after 200 ms: one more failure.
        try waitUntil {
            _ = try? EjectionTests.get(edge)
            return bad.requests.count == 4
        }
        let number = try #require(edge.numbers.endpoints.known("old 127.0.0.1:\(bad.port)"))
        #expect(edge.plane.sum(MetricsLayout.endpoint(number, .ejections)) == 2)
        isIll.withLock { $0 = false }
        try waitUntil { (try? EjectionTests.get(edge))?.hasSuffix("well again") == true }
        #expect(edge.plane.sum(MetricsLayout.endpoint(number, .ejections)) == 2)
    }

    @Test func `no more than the allowed part is out, and with all out all are used`() throws {
        let bad = try (0..<4).map { _ in
            try TestOrigin { _ in "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" }
        }
        for (atMost, out) in [(5_000, 2), (10_000, 4)] {
            let edge = try TestEdge(
                routes: [TestEdge.route("r", prefix: "/")],
                legacy: bad[0].port,
                modern: 1,
                moreLegacy: bad.dropFirst().map(\.port),
                policy: EjectionTests.policy(atMost: atMost)
            )
            for _ in 0..<60 {
                // Never a refusal of Banyan's own: the origin's word stands.
                #expect(try EjectionTests.get(edge).hasPrefix("HTTP/1.1 500 Oops"))
            }
            let ejections = try bad.map { origin in
                let name = "old 127.0.0.1:\(origin.port)"
                let number = try #require(edge.numbers.endpoints.known(name))
                return edge.plane.ejectedWorkers(endpoint: number)
            }
            #expect(ejections.reduce(0, +) == out)
            let number = try #require(edge.numbers.upstreams.known("old"))
            let panics = edge.plane.sum(MetricsLayout.upstream(number, .panics))
            #expect((panics > 0) == (out == 4))
        }
    }

    @Test func `a safe request that one endpoint fails is answered by the next, a write is not`()
        throws
    {
        let good = try TestOrigin { _ in ok("good") }
        let bad = try RawOrigin { connection in
            _ = connection.readHead()
            connection.resetsOnClose()
        }
        let drained = try TestOrigin { _ in
            "HTTP/1.1 503 Going\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        }
        for other in [bad.port, drained.port] {
            let edge = try TestEdge(
                routes: [TestEdge.route("r", prefix: "/")],
                legacy: good.port,
                modern: 1,
                moreLegacy: [other],
                policy: EjectionTests.policy(failures: 0)
            )
            for number in 0..<20 {
                let answer = try EjectionTests.get(edge, "/\(number)")
                #expect(answer.hasSuffix("good"), "\(answer)")
            }
            var failed = 0
            for _ in 0..<10 {
                let answer = try TestClient.exchange(
                    port: edge.port,
                    "POST /w HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        + "Content-Length: 3\r\n\r\nabc"
                )
                if !answer.hasSuffix("good") { failed += 1 }
            }
            #expect(failed == 5, "a write is never sent twice")
            #expect(edge.plane.total(.retries) == 10)
        }
    }

    @Test func `endpoints come, go and fall ill by word from outside while requests are served`()
        throws
    {
        let origins = try (0..<3).map { number in try TestOrigin { _ in ok("\(number)") } }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: origins[0].port,
            modern: 1,
            moreLegacy: origins.dropFirst().map(\.port)
        )
        let numbers = try origins.map { origin in
            try #require(edge.numbers.endpoints.known("old 127.0.0.1:\(origin.port)"))
        }
        let addresses = try origins.map { try resolve(host: "127.0.0.1", port: $0.port)[0] }
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        func answers(_ count: Int) -> Set<String> {
            var seen: Set<String> = []
            for _ in 0..<count {
                client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                seen.insert(reader.next().text)
            }
            return seen
        }
        // By endpoint: well, ill, or without an address; and who answers then.
        let steps: [(states: String, expected: Set<String>)] = [
            ("www", ["0", "1", "2"]), ("wiw", ["0", "2"]), ("-ww", ["1", "2"]), ("--w", ["2"]),
            ("--i", ["2"]), ("iw-", ["1"]), ("iii", ["0", "1", "2"]), ("www", ["0", "1", "2"]),
            ("---", [""]), ("w--", ["0"]),
        ]
        for (states, expected) in steps {
            let entries = states.enumerated().map { index, state in
                EndpointUpdate.Entry(
                    number: numbers[index],
                    address: state == "-" ? nil : addresses[index],
                    isHealthy: state == "w"
                )
            }
            edge.plane.post(EndpointUpdate(entries))
            let seen = answers(30)
            if states == "---" {
                client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(reader.next().status == 503, "no address")
            } else {
                #expect(seen == expected, "\(states)")
            }
        }
    }

    @Test func `an exchange with an endpoint that moves finishes, its connection is not kept`()
        throws
    {
        let release = Latch(count: 1)
        let slow = try RawOrigin { connection in
            while connection.readHead() != nil {
                _ = release.wait(timeoutMilliseconds: 10_000)
                guard connection.send(ok("slow")) else { return }
            }
        }
        let fast = try TestOrigin { _ in ok("fast") }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: slow.port,
            modern: 1
        )
        let number = try #require(edge.numbers.endpoints.known("old 127.0.0.1:\(slow.port)"))
        let waiting = try TestClient(port: edge.port)
        waiting.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try waitUntil { slow.connections.count == 1 }
        let address = try resolve(host: "127.0.0.1", port: fast.port)[0]
        edge.plane.post(
            EndpointUpdate([
                EndpointUpdate.Entry(number: number, address: address, isHealthy: true)
            ])
        )
        #expect(try EjectionTests.get(edge).hasSuffix("fast"))
        release.countDown()
        var reader = AnswerReader(waiting)
        #expect(reader.next().text == "slow")
        for _ in 0..<5 { #expect(try EjectionTests.get(edge).hasSuffix("fast")) }
        slow.connections[0].waitForEnd()
        #expect(slow.connections.count == 1)
    }
}
