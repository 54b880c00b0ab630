// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Testing

@testable import Migration

/// No route of these tests has a regular expression.
private struct NoPatterns: PatternMatcher {
    mutating func matches(_ pattern: UInt, _ subject: ByteWindow) -> Bool { false }
}

/// The same numbers in every run.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return self.state ^ self.state >> 29
    }
}

/// HTTPRoute's precedence, looked up in a list from front to back.
private struct RouteOracle {
    let routes: [RouteModel]

    private static func matches(_ match: RouteMatchModel, _ path: [Substring]) -> Bool {
        let pattern = match.path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        if match.pathType == .exact { return pattern == path }
        for (index, part) in pattern.enumerated() {
            if part.hasSuffix("...}") { return path.count >= index }
            guard index < path.count else { return false }
            if part.hasPrefix("{") {
                if path[index].isEmpty { return false }
            } else if part != path[index] {
                return false
            }
        }
        return match.pathType == .pathPrefix || pattern.count == path.count
    }

    private static func order(_ match: RouteMatchModel) -> (Int, Int, Int, Int) {
        let parts = match.path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let literal = parts.filter { !$0.hasPrefix("{") }.reduce(0) { $0 + 1 + $1.utf8.count }
        return (
            match.pathType == .exact ? 1 : 0, literal, match.pathType == .template ? 1 : 0,
            match.method == nil ? 0 : 1
        )
    }

    /// How well a host fits: the longer the better, exact best; `nil`: not at all.
    private static func fit(_ names: [String], _ host: String) -> Int? {
        if names.isEmpty { return 0 }
        return names.compactMap { name in
            if name == host { return 1_000 }
            return name.hasPrefix("*.") && host.hasSuffix(name.dropFirst(1)) ? name.count : nil
        }.max()
    }

    func find(host: String, path: String, method: String) -> String? {
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        var best: (Int, (Int, Int, Int, Int), String)?
        for route in self.routes {
            guard let fit = Self.fit(route.hostnames, host) else { continue }
            for match in route.matches where match.method == nil || match.method == method {
                guard Self.matches(match, parts) else { continue }
                let order = Self.order(match)
                guard let known = best else {
                    best = (fit, order, route.name)
                    continue
                }
                if fit > known.0 || (fit == known.0 && order > known.1) {
                    best = (fit, order, route.name)
                }
            }
        }
        return best?.2
    }
}

@Suite("Matching")
struct SnapshotMatchTests {
    private static let place = ModelSource(
        file: "test",
        position: SourcePosition(line: 1, column: 1)
    )

    private static func input(_ routes: [RouteModel]) -> SnapshotInput {
        var input = SnapshotInput { text in throw PathTemplateError.badName(text) }
        for name in ["old", "new"] {
            let endpoint = EndpointModel(host: name, port: 80)
            input.set.upstreams.append(
                UpstreamModel(name: name, endpoints: [endpoint], source: place)
            )
            input.addresses[endpoint] = [UInt8](repeating: 0, count: 16)
        }
        input.set.routes = routes
        return input
    }

    private static func route(_ name: String, _ type: PathMatchType, _ path: String) -> RouteModel {
        var match = RouteMatchModel(source: place)
        match.pathType = type
        match.path = path
        return RouteModel(
            name: name,
            migration: name,
            matches: [match],
            legacy: OriginModel(upstream: "old"),
            modern: OriginModel(upstream: "new"),
            stages: [.legacy, .live, .modern],
            source: place
        )
    }

    private static func find(
        _ view: SnapshotView,
        host: String,
        path: String,
        method: String = "GET"
    ) -> (String, RouteHit)? {
        var matcher = NoPatterns()
        let hit = withWindow(Array(host.utf8)) { host in
            withWindow(Array(path.utf8)) { path in
                withWindow(Array(method.utf8)) { method in
                    view.match(
                        host: host,
                        path: path,
                        method: method,
                        head: path,
                        fields: FieldTable(),
                        query: path.slice(0, 0),
                        matcher: &matcher
                    )
                }
            }
        }
        guard let hit else { return nil }
        let name = view.window(view.route(hit.route).name)
        return (String(decoding: (0..<name.count).map { name[$0] }, as: UTF8.self), hit)
    }

    @Test func `random sets of routes match as a plain list does`() throws {
        var numbers = Numbers(state: 7)
        let hosts: [[String]] = [[], ["a.x"], ["*.x"], ["*.b.x"], ["a.b.x", "c.x"]]
        var asked = 0
        var matched = 0
        for _ in 0..<300 {
            var routes: [RouteModel] = []
            for index in 0..<Int.random(in: 1...14, using: &numbers) {
                let depth = Int.random(in: 1...3, using: &numbers)
                var parts = (0..<depth).map { _ in ["a", "b"].randomElement(using: &numbers) ?? "a"
                }
                let type: PathMatchType =
                    [.exact, .pathPrefix, .template, .template].randomElement(using: &numbers)
                    ?? .exact
                if type == .template {
                    let at = Int.random(in: 0..<depth, using: &numbers)
                    parts[at] = at == depth - 1 && Bool.random(using: &numbers) ? "{r...}" : "{v}"
                }
                var route = Self.route("r\(index)", type, "/" + parts.joined(separator: "/"))
                route.hostnames = hosts.randomElement(using: &numbers) ?? []
                if Bool.random(using: &numbers) { route.matches[0].method = "GET" }
                // Two of one rank are an error of the set: such a route is left out.
                var book = SnapshotNumbers()
                if (try? SnapshotCompiler.compile(Self.input(routes + [route]), numbers: &book))
                    != nil
                {
                    routes.append(route)
                }
            }
            var book = SnapshotNumbers()
            let snapshot = try SnapshotCompiler.compile(Self.input(routes), numbers: &book)
            let oracle = RouteOracle(routes: routes)
            for host in ["a.x", "c.x", "a.b.x", "q.b.x", "x", "other"] {
                for path in [
                    "/", "/a", "/b", "/a/", "/a/b", "/b/a", "/a/a/b", "/b/c/a", "/a/b/a/b",
                ] {
                    for method in ["GET", "POST"] {
                        asked += 1
                        let found = Self.find(snapshot.view, host: host, path: path, method: method)
                        let due = oracle.find(host: host, path: path, method: method)
                        if due != nil { matched += 1 }
                        #expect(
                            found?.0 == due,
                            "\(method) \(host)\(path) of \(routes.map { ($0.hostnames, $0.matches[0].path) })"
                        )
                    }
                }
            }
        }
        #expect(asked > 30_000 && matched > asked / 4)
    }

    @Test func `two routes of one rank over the same requests are refused`() {
        for (first, second) in [("/a/{x}", "/a/{y}"), ("/a/{x...}", "/a/{y...}"), ("/a", "/a")] {
            let type: PathMatchType = first == "/a" ? .pathPrefix : .template
            var book = SnapshotNumbers()
            #expect(throws: SnapshotError.self) {
                try SnapshotCompiler.compile(
                    Self.input([Self.route("r", type, first), Self.route("s", type, second)]),
                    numbers: &book
                )
            }
            #expect(book.routes.known("r") == nil, "a refused set numbers nothing")
        }
    }

    @Test func `a redirect's target is an implicit match that binds the same variables`() throws {
        var route = Self.route("r", .template, "/old/{id}/{rest...}")
        route.stages = [.legacy, .modern, .redirect]
        route.redirect = RedirectModel(to: "/new/{id}/{rest}")
        var book = SnapshotNumbers()
        let snapshot = try SnapshotCompiler.compile(Self.input([route]), numbers: &book)
        defer { withExtendedLifetime(snapshot) {} }
        let view = snapshot.view
        let old = try #require(Self.find(view, host: "x", path: "/old/7/a/b"))
        let new = try #require(Self.find(view, host: "x", path: "/new/7/a/b"))
        #expect(!old.1.isRedirectTarget && new.1.isRedirectTarget)
        #expect(old.1.starts[0] == 5 && new.1.starts[0] == 5)
        #expect(new.1.lengths[0] == 1 && new.1.lengths[1] == 3)
        #expect(Self.find(view, host: "x", path: "/new") == nil)
    }

    @Test func `ten thousand tenants and two hundred migrations are built and looked up`() throws {
        var routes = (0..<200).map { Self.route("m\($0)", .pathPrefix, "/svc\($0)") }
        routes.append(Self.route("rest", .pathPrefix, "/"))
        var input = Self.input(routes)
        input.set.tenants = (0..<10_000).map { number in
            var tenant = TenantModel(id: "t\(number)", source: Self.place)
            tenant.hosts = ["t\(number).example"]
            return tenant
        }
        let clock = ContinuousClock()
        var book = SnapshotNumbers()
        let start = clock.now
        let snapshot = try SnapshotCompiler.compile(input, numbers: &book)
        let built = clock.now
        let view = snapshot.view
        for number in 0..<10_000 {
            let found = Self.find(view, host: "t\(number).example", path: "/svc\(number % 200)/x")
            #expect(found?.0 == "m\(number % 200)")
            let tenant = withWindow(Array("T\(number).EXAMPLE".utf8)) { view.tenant(host: $0) }
            #expect(tenant == book.tenants.known("t\(number)"))
        }
        let asked = clock.now
        print(
            "10,000 tenants x 200 migrations: built in \(built - start), \(snapshot.byteCount) bytes,"
                + " 20,000 lookups in \(asked - built)"
        )
    }
}
