// SPDX-License-Identifier: Apache-2.0

import Documents
import Migration
import Testing

@testable import Control

@Suite("spec.streams and spec.upgrades") struct StreamFileTests {
    private static func load(_ fields: String) -> (RouteModel?, [String]) {
        let (route, problems) = oneRoute(fields)
        return (route, problems.map { "\($0.code) \($0.message)" })
    }

    @Test func `streams stay and WebSockets are allowed unless the file says otherwise`() throws {
        let (model, problems) = Self.load("data: shared")
        #expect(problems == [])
        #expect(try #require(model).streams == StreamModel())
        #expect(try #require(model).upgrades == ["websocket"])
    }

    @Test func `every rule reaches the model`() throws {
        let rows: [(String, StreamRule, Int)] = [
            ("streams: pin", .pin, 0), ("streams: close", .close, 0),
            ("streams: { drain: 90s }", .drain, 90_000),
        ]
        for (text, rule, time) in rows {
            let (model, problems) = Self.load(text)
            #expect(problems == [], "\(text)")
            #expect(try #require(model).streams.rule == rule, "\(text)")
            #expect(try #require(model).streams.drainMilliseconds == time, "\(text)")
        }
        let (model, problems) = Self.load("upgrades: [Foo/2, websocket]")
        #expect(problems == [])
        #expect(try #require(model).upgrades == ["foo/2", "websocket"])
        #expect(try #require(Self.load("upgrades: []").0).upgrades == [])
    }

    @Test func `a check by gRPC over TLS needs HTTP 2`() {
        for (members, codes) in [
            ("tls: {}", ["R074"]), ("tls: {}, protocol: http2", []), ("protocol: http1", []),
        ] {
            let text = """
                apiVersion: banyan.dev/v1
                kind: Upstream
                metadata: { name: a }
                spec: { endpoints: ["care.example:443"], health: { active: { type: grpc } }, \(members) }
                """
            let files = EdgeFiles.check(routes: [
                SourceFile(name: "a.yaml", bytes: Array(text.utf8))
            ])
            #expect(
                files.problems.filter { $0.severity == .error }.map(\.code) == codes,
                "\(members)"
            )
        }
    }

    @Test func `what cannot be is refused`() {
        let rows: [(String, String)] = [
            ("streams: pinn", "R013"), ("streams: { drain: 1ms }", "R015"),
            ("streams: { drain: 2 }", "R014"), ("streams: { wait: 2s }", "R011"),
            ("upgrades: [h2c]", "R047"), ("upgrades: [\"a b\"]", "R047"),
            ("upgrades: [a/b/c]", "R047"), ("upgrades: [websocket/13]", "R047"),
            ("upgrades: [\((0..<17).map { "a\($0)" }.joined(separator: ","))]", "R015"),
            ("upgrades: [\(String(repeating: "a", count: 65))]", "R015"),
        ]
        for (text, code) in rows {
            let (_, problems) = Self.load(text)
            #expect(problems.contains { $0.hasPrefix(code) }, "\(text): \(problems)")
        }
    }
}
