// SPDX-License-Identifier: Apache-2.0

import Corpora
import Foundation
import Synchronization
import Testing

/// Issue 4: endpoints that come and go in DNS.
@Suite("Names that move", .serialized)
struct MovingNamesTests {
    private static let names = "dns: { family: ipv4, minTTL: 100ms, maxTTL: 1s }"

    @Test
    func `a name that moves under load fails no request, and the origin it left is left alone`()
        throws
    {
        let first = try LoadOrigin(name: "first")
        let second = try LoadOrigin(name: "second", host: 2, port: first.port)
        let server = NameServer { _, _ in .addresses([[127, 0, 0, 1]], ttl: 1) }
        defer { server.stop() }
        let edge = try upstreamEdge(
            endpoints: "\"origin.test:\(first.port)\"",
            [Self.names],
            nameServer: server.address
        )
        let clients = (0..<6).map { index in
            SteadyClient(
                port: edge.port,
                path: "/charts/a",
                fields: "X-Tenant-Id: acme\r\n" + (index == 5 ? "Want-Pause: 200\r\n" : ""),
                isKept: index < 4
            )
        }
        for client in clients { client.start() }
        func working(_ what: String, _ body: () throws -> Bool) throws {
            try waitUntil(what, body)
            let counts = clients.map(\.count)
            try waitUntil("requests go on: \(what)") {
                zip(clients, counts).allSatisfy { $0.count > $1 + 3 }
            }
        }
        try working("the first origin serves") { first.readCount > 100 }
        #expect(second.readCount == 0)
        for round in 0..<3 {
            let (from, to) = round % 2 == 0 ? (first, second) : (second, first)
            let address: [UInt8] = [127, 0, 0, round % 2 == 0 ? 2 : 1]
            let before = to.readCount
            server.set { _, _ in .addresses([address], ttl: 1) }
            try working("round \(round)") { to.readCount > before + 100 }
            // Whatever began at the place that was left has ended; nothing new comes there.
            try waitFor("silence at the place that was left") { () -> Bool? in
                let seen = from.readCount
                let count = to.readCount
                try waitUntil("the others go on") { to.readCount > count + 200 }
                return from.readCount == seen ? true : nil
            }
        }
        // DNS fails: the last known addresses stay.
        for reply in [NameServer.Reply.code(2), .code(3), .silence] {
            server.set { _, _ in reply }
            let asked = server.questions.count
            try working("DNS fails: \(reply)") { server.questions.count > asked }
        }
        let results = clients.map { $0.finish() }
        for result in results { #expect(result.failed.isEmpty, "\(result.failed.prefix(3))") }
        let answered = results.map(\.answered).reduce(0, +)
        print("moving names: \(answered) answered, none failed")
        let row = try #require(try edge.endpoints(of: "charts-legacy").first)
        #expect(row.address == "127.0.0.2:\(first.port)")
        #expect(row.reason?.hasPrefix("its name: ") == true)
    }

    @Test func `a name that does not resolve keeps no edge from starting; 503 until it does`()
        throws
    {
        let origin = try LoadOrigin(name: "origin")
        let server = NameServer { _, _ in .code(3) }
        defer { server.stop() }
        let edge = try upstreamEdge(
            endpoints: "\"late.test:\(origin.port)\"",
            [Self.names],
            nameServer: server.address
        )
        #expect(try edge.ask("/charts/a", tenant: "acme").status == 503)
        let row = try #require(try edge.endpoints(of: "charts-legacy").first)
        #expect(row.state == "unresolved" && row.reason == "its name: no such name")
        #expect(row.address == nil && row.sinceMilliseconds > 0)
        let ready = try curl([edge.observe("/readyz?verbose")])
        #expect(ready.status == 200 && ready.text.contains("[!]endpoints degraded: 2 of 2: "))
        let table = try edge.banyan(["status"]).out
        #expect(table.contains("late.test:\(origin.port)") && table.contains("no such name"))
        server.set { _, _ in .addresses([[127, 0, 0, 1]], ttl: 1) }
        try waitUntil("the name resolves") {
            try edge.ask("/charts/a", tenant: "acme").status == 200
        }
        try waitUntil("status says so") {
            try edge.endpoints(of: "charts-legacy").first?.state == "unchecked"
        }
    }

    @Test func `every address of a name is used, and one that refuses costs nobody a request`()
        throws
    {
        let first = try LoadOrigin(name: "first")
        let second = try LoadOrigin(name: "second", host: 2, port: first.port)
        // Nobody listens at the third.
        let server = NameServer { _, _ in
            .addresses([[127, 0, 0, 3], [127, 0, 0, 1], [127, 0, 0, 2]], ttl: 30)
        }
        defer { server.stop() }
        let edge = try upstreamEdge(
            endpoints: "\"many.test:\(first.port)\"",
            [Self.names],
            nameServer: server.address
        )
        let client = SteadyClient(
            port: edge.port,
            path: "/charts/a",
            fields: "X-Tenant-Id: acme\r\n"
        )
        client.start()
        try waitUntil("all serve") { first.readCount > 50 && second.readCount > 50 }
        let result = client.finish()
        #expect(result.failed.isEmpty, "\(result.failed.prefix(3))")
        #expect(try edge.endpoints(of: "charts-legacy").count == 3)
    }
}
