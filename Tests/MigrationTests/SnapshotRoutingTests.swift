// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Testing

@testable import Migration

/// A matcher for sets without regular expressions.
struct NothingMatches: PatternMatcher, ~Copyable {
    mutating func matches(_ pattern: UInt, _ subject: ByteWindow) -> Bool { false }
}

/// Routes and requests of a test.
enum RoutingWorld {
    static let source = ModelSource(file: "r.yaml", position: SourcePosition(line: 1, column: 1))

    static func match(_ type: PathMatchType, _ path: String) -> RouteMatchModel {
        var match = RouteMatchModel(source: RoutingWorld.source)
        match.pathType = type
        match.path = path
        return match
    }

    static func route(_ name: String, _ matches: [RouteMatchModel]) -> RouteModel {
        RouteModel(
            name: name,
            migration: name,
            matches: matches,
            legacy: OriginModel(upstream: "u"),
            modern: OriginModel(upstream: "u"),
            stages: [.legacy, .live, .modern, .redirect],
            source: RoutingWorld.source
        )
    }

    static func input(_ routes: [RouteModel]) -> SnapshotInput {
        var input = SnapshotInput { _ in CompiledPattern(address: 1, owner: PatternOwner()) }
        let endpoint = EndpointModel(host: "127.0.0.1", port: 80)
        input.set.upstreams = [
            UpstreamModel(name: "u", endpoints: [endpoint], source: RoutingWorld.source)
        ]
        input.addresses[endpoint] = [UInt8](repeating: 0, count: 16)
        input.set.routes = routes
        return input
    }

    static func compile(_ routes: [RouteModel]) throws -> Snapshot {
        var numbers = SnapshotNumbers()
        return try SnapshotCompiler.compile(RoutingWorld.input(routes), numbers: &numbers)
    }

    static func match(
        _ snapshot: Snapshot,
        _ path: String,
        host: String = "h",
        method: String = "GET",
        query: String = ""
    ) -> RouteHit? {
        var matcher = NothingMatches()
        let fields = FieldTable()
        return withWindow(Array(host.utf8)) { host in
            withWindow(Array(path.utf8)) { path in
                withWindow(Array(method.utf8)) { method in
                    withWindow(Array(query.utf8)) { query in
                        snapshot.view.match(
                            host: host,
                            path: path,
                            method: method,
                            head: method,
                            fields: fields,
                            query: query,
                            matcher: &matcher
                        )
                    }
                }
            }
        }
    }

    static func written(_ body: (inout ByteWriter) -> Void) -> String {
        var pool = BlockPool(capacity: 1)
        guard let block = pool.take() else { return "" }
        var writer = pool.writer(block, from: 0)
        body(&writer)
        return pool.window(block, 0, writer.position).text
    }
}

final class PatternOwner: Sendable {}

@Suite("Snapshot: routing")
struct SnapshotRoutingTests {
    @Test func `the best match is the one that a plain reading of precedence finds`() throws {
        var state: UInt64 = 0x5eed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let words = ["a", "b", "cc", "{x}", "{y}"]
        for _ in 0..<150 {
            var routes: [RouteModel] = []
            var seen: Set<String> = []
            for number in 0..<12 {
                var match = RoutingWorld.match(.template, "")
                let segments = (0...next(3)).map { index in
                    let word = words[next(words.count)]
                    return word.hasPrefix("{") ? "{v\(index)}" : word
                }
                match.path = "/" + segments.joined(separator: "/")
                let isPlain = !match.path.contains("{")
                match.pathType = isPlain ? [.exact, .pathPrefix, .template][next(3)] : .template
                if match.pathType == .template, next(3) == 0 { match.path += "/{rest...}" }
                if next(3) == 0 { match.method = "GET" }
                if next(4) == 0 {
                    match.queryParameters = [
                        NamedMatchModel(name: "q", value: "1", isRegularExpression: false)
                    ]
                }
                let template = try PathTemplate(match.path)
                let shape = "\(match.pathType)\(template.shape)\(match.conditions)"
                guard seen.insert(shape).inserted else { continue }
                routes.append(RoutingWorld.route("r\(number)", [match]))
            }
            let snapshot = try RoutingWorld.compile(routes)
            for _ in 0..<40 {
                let path =
                    "/"
                    + (0...next(4)).map { _ in ["a", "b", "cc", "z"][next(4)] }
                    .joined(separator: "/") + (next(6) == 0 ? "/" : "")
                let method = next(2) == 0 ? "GET" : "POST"
                let query = next(2) == 0 ? "q=1" : "p=1"
                let hit = RoutingWorld.match(snapshot, path, method: method, query: query)
                let best = SnapshotRoutingTests.oracle(routes, path, method, query)
                #expect(hit.map { Int($0.route) } == best, "\(method) \(path)?\(query)")
            }
        }
    }

    /// Every match tried, the best by HTTPRoute's order; first written wins.
    private static func oracle(
        _ routes: [RouteModel],
        _ path: String,
        _ method: String,
        _ query: String
    ) -> Int? {
        var best: (index: Int, rank: [Int])?
        for (index, route) in routes.enumerated() {
            let match = route.matches[0]
            guard match.method == nil || match.method == method,
                match.queryParameters.isEmpty || query == "q=1",
                SnapshotRoutingTests.takes(match, path)
            else { continue }
            let literals = match.path.split(separator: "/").filter { !$0.hasPrefix("{") }
            let rank = [
                match.pathType == .exact ? 1 : 0, literals.reduce(0) { $0 + 1 + $1.count },
                match.pathType == .template ? 1 : 0, match.method == nil ? 0 : 1,
                match.queryParameters.count,
            ]
            if let best, !best.rank.lexicographicallyPrecedes(rank) { continue }
            best = (index, rank)
        }
        return best?.index
    }

    private static func takes(_ match: RouteMatchModel, _ path: String) -> Bool {
        if match.pathType == .exact { return match.path == path }
        if match.pathType == .pathPrefix {
            return path == match.path || path.hasPrefix(match.path + "/")
        }
        let pattern = match.path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in pattern.enumerated() {
            if segment.hasSuffix("...}") { return true }
            guard index < parts.count else { return false }
            let isFit = segment.hasPrefix("{") ? !parts[index].isEmpty : segment == parts[index]
            if !isFit { return false }
        }
        return parts.count == pattern.count
    }

    @Test func `the most specific host wins`() throws {
        var routes: [RouteModel] = []
        for name in ["a.example", "*.x.example", "*.example", ""] {
            var route = RoutingWorld.route("r\(name)", [RoutingWorld.match(.pathPrefix, "/")])
            if !name.isEmpty { route.hostnames = [name] }
            routes.append(route)
        }
        let snapshot = try RoutingWorld.compile(routes)
        let rows: [(String, UInt32)] = [
            ("a.example", 0), ("A.Example", 0), ("b.example", 2), ("b.x.example", 1),
            ("x.example", 2), ("c.b.x.example", 1), ("example", 3), ("", 3),
        ]
        for (host, route) in rows {
            #expect(RoutingWorld.match(snapshot, "/p", host: host)?.route == route, "\(host)")
        }
    }

    @Test func `two matches of equal rank are refused, with both places`() {
        for type in [PathMatchType.exact, .pathPrefix, .template, .regularExpression] {
            let match = RoutingWorld.match(type, "/a")
            #expect(throws: SnapshotError.self, "\(type)") {
                try RoutingWorld.compile([
                    RoutingWorld.route("one", [match]), RoutingWorld.route("two", [match]),
                ])
            }
        }
    }

    private func redirecting(_ matches: [RouteMatchModel], to: String) -> RouteModel {
        var route = RoutingWorld.route("r", matches)
        route.redirect = RedirectModel(to: to)
        route.modern.path = to
        return route
    }

    @Test func `a redirect's target binds the same variables and reaches both origins`() throws {
        let route = self.redirecting(
            [RoutingWorld.match(.template, "/old/{rest...}")],
            to: "/new/s/{rest}"
        )
        let snapshot = try RoutingWorld.compile([route])
        let rows: [(String, Bool, String, String)] = [
            ("/old/a/b", false, "/old/a/b", "/new/s/a/b"),
            ("/old/", false, "/old/", "/new/s/"), ("/old", false, "/old", "/new/s"),
            ("/new/s/a/b", true, "/old/a/b", "/new/s/a/b"), ("/new/s", true, "/old", "/new/s"),
        ]
        for (path, isTarget, legacy, modern) in rows {
            let hit = try #require(RoutingWorld.match(snapshot, path), "\(path)")
            #expect(hit.isRedirectTarget == isTarget, "\(path)")
            withWindow(Array(path.utf8)) { window in
                for (origin, expected) in [(Origin.legacy, legacy), (.modern, modern)] {
                    let sent = RoutingWorld.written {
                        snapshot.view.writeUpstreamPath(
                            hit,
                            origin: origin,
                            path: window,
                            into: &$0
                        )
                    }
                    #expect(sent == expected, "\(path) to \(origin)")
                    // What the origin then says in Location comes back as the public path.
                    withWindow(Array(expected.utf8)) { said in
                        let location = RoutingWorld.written {
                            #expect(
                                snapshot.view.writePublicPath(
                                    hit,
                                    origin: origin,
                                    originPath: said,
                                    into: &$0
                                )
                            )
                        }
                        #expect(location == path, "\(expected) of \(origin)")
                    }
                }
                let target = RoutingWorld.written {
                    snapshot.view.writeRedirectTarget(hit, path: window, into: &$0)
                }
                #expect(target == modern, "\(path)")
            }
        }
    }

    @Test func `each method of a redirected path has its implicit match`() throws {
        var get = RoutingWorld.match(.template, "/old/{id}")
        get.method = "GET"
        var post = get
        post.method = "POST"
        let snapshot = try RoutingWorld.compile([self.redirecting([get, post], to: "/new/{id}")])
        for method in ["GET", "POST"] {
            let hit = RoutingWorld.match(snapshot, "/new/7", method: method)
            #expect(hit?.isRedirectTarget == true, "\(method)")
        }
    }

    @Test func `a redirect to another host is matched there, and only there`() throws {
        var route = self.redirecting([RoutingWorld.match(.template, "/a/{id}")], to: "/a/{id}")
        route.hostnames = ["old.example"]
        route.redirect?.hostname = "https://New.example:8443"
        let snapshot = try RoutingWorld.compile([route])
        #expect(
            RoutingWorld.match(snapshot, "/a/1", host: "old.example")?.isRedirectTarget == false
        )
        #expect(RoutingWorld.match(snapshot, "/a/1", host: "new.example")?.isRedirectTarget == true)
        route.hostnames = []
        #expect(throws: SnapshotError.self) { try RoutingWorld.compile([route]) }
    }

    @Test func `a path that does not hold every variable cannot be taken back`() throws {
        var route = RoutingWorld.route("r", [RoutingWorld.match(.template, "/p/{a}/{rest...}")])
        route.modern.path = "/m/{a}"
        route.legacy?.path = "/l/{rest}/{a}"
        let snapshot = try RoutingWorld.compile([route])
        let hit = try #require(RoutingWorld.match(snapshot, "/p/1/2/3"))
        for (origin, path) in [(Origin.modern, "/m/1"), (.legacy, "/l/2/3/1")] {
            withWindow(Array(path.utf8)) { said in
                let location = RoutingWorld.written {
                    #expect(
                        !snapshot.view.writePublicPath(
                            hit,
                            origin: origin,
                            originPath: said,
                            into: &$0
                        )
                    )
                }
                #expect(location == "", "\(origin)")
            }
        }
    }

    @Test func `query parameters are set and removed, encoded names included`() throws {
        var route = RoutingWorld.route("r", [RoutingWorld.match(.pathPrefix, "/")])
        route.modern.setQuery = [NamedValue(name: "side", value: "a b&c%20=50%")]
        route.modern.removeQuery = ["debug"]
        let snapshot = try RoutingWorld.compile([route])
        let hit = try #require(RoutingWorld.match(snapshot, "/"))
        let set = "side=a%20b%26c%20=50%25"
        let rows = [
            ("", "?" + set), ("a=1", "?a=1&" + set), ("debug=1&a=1&debug", "?a=1&" + set),
            ("side=x&a=1", "?a=1&" + set), ("%64ebug=1&a=1&s%69de=y", "?a=1&" + set),
            ("debugger=1", "?debugger=1&" + set),
        ]
        for (query, expected) in rows {
            let sent = withWindow(Array(query.utf8)) { window in
                RoutingWorld.written {
                    snapshot.view.writeUpstreamQuery(
                        hit,
                        origin: .modern,
                        query: window,
                        hasQuery: true,
                        into: &$0
                    )
                }
            }
            #expect(sent == expected, "\(query)")
        }
    }
}
