// SPDX-License-Identifier: Apache-2.0

import Foundation
import Migration
import Testing

@testable import Proxy

/// Two origins that say who they are, and an edge before them.
struct TwoSides {
    let legacy: TestOrigin
    let modern: TestOrigin
    let edge: TestEdge

    init(
        _ route: RouteModel,
        stage: Stage = .legacy,
        tenants: [TenantModel] = [],
        entitlements: [String: [Entitlement]] = [:],
        sources: [TenantSourceModel] = [.host]
    ) throws {
        self.legacy = try TestOrigin { _ in ok("legacy") }
        self.modern = try TestOrigin { _ in ok("modern") }
        self.edge = try TestEdge(
            routes: [route],
            tenants: tenants,
            legacy: self.legacy.port,
            modern: self.modern.port,
            stages: [
                "r": Array(
                    repeating: StageResolution(stage: stage, isTargeted: false),
                    count: tenants.count + 1
                )
            ],
            entitlements: entitlements,
            sources: sources
        )
    }

    /// One request on a connection of its own.
    func ask(
        _ target: String,
        method: String = "GET",
        host: String = "x",
        fields: String = ""
    ) throws -> WireAnswer {
        let client = try TestClient(port: self.edge.port)
        var reader = AnswerReader(client)
        client.send(
            "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\(fields)"
                + (method == "POST" ? "Content-Length: 2\r\n\r\nhi" : "\r\n")
        )
        return reader.next(isHead: method == "HEAD")
    }
}

@Suite("Policy over the wire")
struct PolicyWireTests {
    private static func redirecting(status: Int, maxAge: Int = 0) -> RouteModel {
        var route = TestEdge.route(
            "r",
            prefix: "/",
            stages: [.legacy, .shadow, .live, .modern, .redirect, .gone]
        )
        route.matches[0].pathType = .template
        route.matches[0].path = "/old/{id}/{rest...}"
        var redirect = RedirectModel(to: "/new/{id}/{rest}")
        redirect.status = status
        redirect.maxAgeSeconds = maxAge
        route.redirect = redirect
        route.modern.path = "/inner/{id}/{rest}"
        return route
    }

    @Test func `a redirect keeps the query, has its status by method, and is on a leash`() throws {
        for (status, maxAge, method, expected) in [
            (307, 0, "GET", 307), (307, 0, "POST", 307), (308, 60, "GET", 308),
            (308, 60, "POST", 308), (301, 3_600, "GET", 301), (301, 3_600, "HEAD", 301),
            (301, 3_600, "POST", 308), (301, 3_600, "DELETE", 308),
        ] {
            let sides = try TwoSides(
                PolicyWireTests.redirecting(status: status, maxAge: maxAge),
                stage: .redirect
            )
            let answer = try sides.ask("/old/7/a/b?c=d&e", method: method)
            let situation = Comment(rawValue: "\(status) \(method)")
            #expect(answer.status == expected, situation)
            #expect(answer.head.contains("location: /new/7/a/b?c=d&e\r\n"), situation)
            let cache = maxAge == 0 ? "no-store" : "private, max-age=\(maxAge)"
            #expect(answer.head.contains("cache-control: \(cache)\r\n"), situation)
            #expect(sides.legacy.requests.isEmpty && sides.modern.requests.isEmpty, situation)
        }
    }

    @Test func `the redirect's target is served by the standing, also after a rollback`() throws {
        let sides = try TwoSides(PolicyWireTests.redirecting(status: 307), stage: .redirect)
        #expect(try sides.ask("/new/7/a?q=1").text == "modern")
        #expect(sides.modern.requests.last?.hasPrefix("GET /inner/7/a?q=1 ") == true)
        sides.edge.put("*", "r", Standing(.legacy), generation: 1)
        #expect(try sides.ask("/new/7/a?q=1").text == "legacy")
        #expect(sides.legacy.requests.last?.hasPrefix("GET /old/7/a?q=1 ") == true)
        sides.edge.put("*", "r", Standing(.gone), generation: 2)
        #expect(try sides.ask("/old/7/a").status == 410)
        #expect(try sides.ask("/old/7/a", method: "POST").status == 410)
        #expect(try sides.ask("/new/7/a").text == "modern", "the target outlives the old path")
    }

    @Test func `a frozen cell refuses writes and serves reads`() throws {
        let sides = try TwoSides(TestEdge.route("r", prefix: "/"))
        let cell = CellNumber(
            tenant: 0,
            migration: sides.edge.numbers.migrations.known("r") ?? 0
        )
        let change = CellChange(cell: cell, standing: Standing(.modern), isFrozen: true)
        let receipt = sides.edge.plane.post(Delta(generation: 1, changes: [change]))
        #expect(receipt.wait(timeoutMilliseconds: 5_000).silent.isEmpty)
        #expect(try sides.ask("/a").text == "modern")
        let write = try sides.ask("/a", method: "POST")
        #expect(write.status == 503 && write.text.contains("FROZEN"))
        #expect(sides.legacy.requests.isEmpty)
        #expect(sides.modern.requests.count == 1)
    }

    @Test func `tenants are told by every source, which must agree`() throws {
        var acme = TenantModel(id: "acme", source: TestEdge.place)
        acme.hosts = ["acme.example"]
        acme.aliases = ["ac"]
        var beta = TenantModel(id: "beta", source: TestEdge.place)
        beta.hosts = ["beta.example"]
        var route = TestEdge.route("r", prefix: "/")
        route.isTenantRequired = true
        let sides = try TwoSides(
            route,
            tenants: [acme, beta],
            sources: [.host, .pathSegment(0)]
        )
        sides.edge.put("acme", "r", Standing(.modern), generation: 1)
        for (target, host, status, text) in [
            ("/a", "acme.example", 200, "modern"), ("/a", "ACME.example:80", 200, "modern"),
            ("/acme/a", "acme.example", 200, "modern"), ("/ac/a", "x", 200, "modern"),
            ("/a", "beta.example", 200, "legacy"), ("/beta/a", "x", 200, "legacy"),
            ("/beta/a", "acme.example", 403, "TENANT_CONFLICT"),
            ("/acme/a", "beta.example", 403, "TENANT_CONFLICT"),
            ("/a", "x", 403, "TENANT_REQUIRED"),
            ("/gamma", "gamma.example", 403, "TENANT_REQUIRED"),
        ] {
            let answer = try sides.ask(target, host: host)
            let situation = Comment(rawValue: "\(host)\(target)")
            #expect(answer.status == status && answer.text.contains(text), situation)
        }
        #expect(sides.edge.plane.total(.tenantConflicts) == 2)
        #expect(sides.modern.requests.allSatisfy { $0.contains("x-tenant-id: acme\r\n") })
    }

    @Test func `an entitlement guards modern only, writes or all`() throws {
        var acme = TenantModel(id: "acme", source: TestEdge.place)
        acme.hosts = ["acme.example"]
        for (scope, entitlement, read, write) in [
            (EntitlementScope.writes, Entitlement.unlicensed, 200, 403),
            (.all, .unlicensed, 403, 403), (.all, .licensed, 200, 200), (.all, .unknown, 200, 200),
        ] {
            var route = TestEdge.route("r", prefix: "/")
            route.entitlement = EntitlementModel(flag: "f", scope: scope)
            let sides = try TwoSides(
                route,
                stage: .live,
                tenants: [acme],
                entitlements: ["f": [entitlement, entitlement]]
            )
            let situation = Comment(rawValue: "\(scope) \(entitlement)")
            #expect(try sides.ask("/", host: "acme.example").status == read, situation)
            let answer = try sides.ask("/", method: "POST", host: "acme.example")
            #expect(answer.status == write, situation)
            if write == 403 { #expect(answer.text.contains("MODULE_NOT_LICENSED"), situation) }
            sides.edge.put("*", "r", Standing(.legacy), generation: 1)
            let legacy = try sides.ask("/", method: "POST", host: "acme.example")
            #expect(legacy.text == "legacy", situation)
            #expect(sides.edge.plane.total(.rescues) == 0, "a refusal is never rescued")
        }
    }

    @Test func `a share keeps its users, and writes follow only where the data is shared`() throws {
        for data in [DataDirection.forward, .shared] {
            var route = TestEdge.route("r", prefix: "/")
            route.data = data
            route.user = .cookie("uid")
            let sides = try TwoSides(route, stage: .legacy)
            func side(_ user: Int, _ method: String = "GET") throws -> String {
                try sides.ask("/", method: method, fields: "Cookie: a=b; uid=u\(user)\r\n").text
            }
            let share = try #require(Share(permyriad: 3_000))
            sides.edge.put("*", "r", Standing(.live, share: share), generation: 1)
            let first = try (0..<60).map { try side($0) }
            #expect(first.contains("modern") && first.contains("legacy"))
            #expect(try (0..<60).map { try side($0) } == first, "the same users")
            #expect(try sides.ask("/").text == "legacy", "no user: the earlier stage")
            let writes = try (0..<60).map { try side($0, "POST") }
            if data == .forward {
                #expect(writes.allSatisfy { $0 == "legacy" }, "writes move whole")
            } else {
                #expect(writes == first, "writes follow their user")
            }
            let more = try #require(Share(permyriad: 6_000))
            sides.edge.put("*", "r", Standing(.live, share: more), generation: 2)
            let later = try (100..<160).map { try side($0) }
            sides.edge.put("*", "r", Standing(.live, share: share), generation: 3)
            let earlier = try (100..<160).map { try side($0) }
            #expect(zip(earlier, later).allSatisfy { $0 == "legacy" || $1 == "modern" }, "kept")
            #expect(earlier != later)
        }
    }

    @Test func `who has just written reads from there, and a diverged cell has no net`() throws {
        var route = TestEdge.route("r", prefix: "/")
        route.user = .cookie("uid")
        route.settleMilliseconds = 60_000
        let sides = try TwoSides(route, stage: .legacy)
        let fields = "Cookie: uid=7\r\n"
        #expect(try sides.ask("/", method: "POST", fields: fields).text == "legacy")
        sides.edge.put("*", "r", Standing(.modern), generation: 1)
        #expect(try sides.ask("/", fields: fields).text == "legacy", "settle")
        #expect(try sides.ask("/", fields: "Cookie: uid=8\r\n").text == "modern")
        #expect(try sides.ask("/", method: "POST", fields: "Cookie: uid=8\r\n").text == "modern")
        sides.edge.put("*", "r", Standing(.live), generation: 2)
        _ = try sides.ask("/", fields: "Cookie: uid=9\r\n")
        try waitUntil { sides.edge.plane.total(.copiesBlind) == 1 }
        #expect(sides.edge.plane.total(.copiesDue) == 0, "no copy of a diverged cell")
    }

    @Test func `each failure of modern is rescued, unless the cell has diverged`() throws {
        let acts: [(String, @Sendable (RawConnection) -> Void)] = [
            ("closes", { _ in }), ("resets", { $0.resetsOnClose() }),
            ("garbage", { $0.send("nonsense\r\n\r\n") }),
            ("500", { $0.send("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n") }),
            ("503 without end", { $0.send("HTTP/1.1 503 X\r\n\r\n") }),
            ("half a head", { $0.send("HTTP/1.1 200 OK\r\nCon") }),
            ("silence", { $0.waitForEnd() }),
        ]
        for (name, act) in acts {
            let situation = Comment(rawValue: name)
            let legacy = try TestOrigin { ok("legacy \($0.suffix(2))") }
            let modern = try RawOrigin { connection in
                guard let head = connection.readHead() else { return }
                _ = connection.readContent(of: head)
                act(connection)
            }
            var route = TestEdge.route("r", prefix: "/")
            route.timeouts.firstByteMilliseconds = 300
            route.safe = [OperationModel(method: "POST", path: "/find")]
            let edge = try TestEdge(
                routes: [route],
                legacy: legacy.port,
                modern: modern.port,
                stages: ["r": [StageResolution(stage: .live, isTargeted: false)]]
            )
            let client = try TestClient(port: edge.port)
            var reader = AnswerReader(client)
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(reader.next().text.hasPrefix("legacy"), situation)
            client.send("POST /find HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
            #expect(reader.next().text == "legacy hi", situation)
            #expect(edge.plane.total(.rescues) == 2, situation)
            #expect(edge.plane.total(.copiesDue) == 0, "a rescue makes no copy")
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
            #expect(reader.next().status >= 500, "a write is never rescued: \(name)")
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(reader.next().status >= 500, "diverged: \(name)")
            #expect(edge.plane.total(.rescues) == 2, situation)
        }
    }

    @Test func `fields, query, host and Location are rewritten as the route says`() throws {
        var route = TestEdge.route("r", prefix: "/")
        route.matches[0].pathType = .template
        route.matches[0].path = "/v1/{id}/{rest...}"
        route.modern.path = "/v2/things/{id}/{rest}"
        route.modern.host = "inner.example"
        route.modern.setQuery = [NamedValue(name: "api", value: "2")]
        route.modern.removeQuery = ["debug"]
        route.modern.setHeaders = [NamedValue(name: "X-Side", value: "modern")]
        route.modern.removeHeaders = ["X-Secret"]
        route.legacy?.host = "preserve"
        let location = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
        let origin = try TestOrigin { request in
            let target = request.contains("own") ? "/v2/things/9/b?x=y#z" : "https://o.example/v2/q"
            return location + target + "\r\n\r\n"
        }
        let edge = try TestEdge(
            routes: [route],
            legacy: origin.port,
            modern: origin.port,
            stages: ["r": [StageResolution(stage: .modern, isTargeted: false)]]
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        client.send(
            "GET /v1/5/own?a=1&debug=x&api=1&b HTTP/1.1\r\nHost: pub.example\r\nX-Secret: 1\r\nX-Side: evil\r\n\r\n"
        )
        #expect(reader.next().head.contains("location: /v1/9/b?x=y#z\r\n"))
        let request = try #require(origin.requests.last)
        #expect(request.hasPrefix("GET /v2/things/5/own?"))
        let query = request.split(separator: " ")[1].split(separator: "?")[1].split(separator: "&")
        #expect(Set(query) == ["a=1", "b", "api=2"])
        #expect(request.contains("host: inner.example\r\n"))
        #expect(!request.contains("X-Secret") && !request.contains("evil"))
        #expect(request.lowercased().contains("x-side: modern\r\n"))
        client.send("GET /v1/5/other HTTP/1.1\r\nHost: pub.example\r\n\r\n")
        #expect(reader.next().head.contains("location: https://o.example/v2/q\r\n"))
        edge.put("*", "r", Standing(.legacy), generation: 1)
        client.send("GET /v1/5/own HTTP/1.1\r\nHost: pub.example\r\n\r\n")
        _ = reader.next()
        #expect(origin.requests.last?.contains("host: pub.example\r\n") == true)
    }

    @Test func `encoded and double slashes are refused and counted, or kept as they came`() throws {
        for keeps in [false, true] {
            var route = TestEdge.route("r", prefix: "/")
            route.encodedSlash = keeps ? .keep : .refuse
            route.doubleSlash = keeps ? .keep : .refuse
            let sides = try TwoSides(route)
            for target in ["/a%2fb", "/a%2Fb", "/a//b", "//a", "/a/./b//"] {
                let answer = try sides.ask(target)
                #expect(answer.status == (keeps ? 200 : 400), "\(target)")
            }
            #expect(sides.legacy.requests.count == (keeps ? 5 : 0))
            #expect(sides.edge.plane.total(.encodedSlashRefused) == (keeps ? 0 : 2))
            #expect(sides.edge.plane.total(.doubleSlashRefused) == (keeps ? 0 : 3))
        }
    }

    @Test func `OPTIONS for the server as a whole is sent as an asterisk`() throws {
        let sides = try TwoSides(TestEdge.route("r", prefix: "/"))
        #expect(try sides.ask("*", method: "OPTIONS").status == 200)
        #expect(try sides.ask("http://x", method: "OPTIONS").status == 200)
        #expect(sides.legacy.requests.allSatisfy { $0.hasPrefix("OPTIONS * HTTP/1.1\r\n") })
    }
}
