// SPDX-License-Identifier: Apache-2.0

import Foundation
import Migration
import Parity
import Testing

@testable import Proxy

/// What one exchange is to be observed as.
private struct Row: Sendable {
    var name: String
    var stage = Stage.shadow
    var request = "GET /a?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    var legacy: @Sendable (String) -> String? = { _ in ok("legacy") }
    var modern: @Sendable (String) -> String? = { _ in ok("modern") }
    var isDiverged = false
    var source = ObservationSource.shadow
    var reason = UnobservedReason.none
    var legacyEnd = AnswerEnd.complete
    var modernEnd = AnswerEnd.complete
    var legacyBody = "legacy"
    var modernBody = "modern"
}

private func chunked(_ parts: [String]) -> String {
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Build-Id: b7\r\n\r\n"
        + parts.map { String($0.utf8.count, radix: 16) + ";x=y\r\n\($0)\r\n" }.joined()
        + "0\r\n\r\n"
}

private let large = String(repeating: "0123456789abcdef", count: 20_000)

@Suite("Observing") struct ObservingTests {
    private static let rows: [Row] = [
        Row(name: "a copy to modern"),
        Row(
            name: "chunked answers",
            legacy: { _ in chunked(["le", "gacy"]) },
            modern: { _ in chunked(["m", "o", "dern"]) }
        ),
        Row(name: "at live legacy is the copy", stage: .live, source: .reverse),
        Row(name: "both at once", stage: .dual, source: .dual),
        Row(
            name: "both at once with a body",
            stage: .dual,
            request: "POST /find HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + "Content-Length: 3\r\n\r\nabc",
            source: .dual
        ),
        Row(
            name: "modern closes without an answer",
            modern: { _ in nil },
            modernEnd: .failed,
            modernBody: ""
        ),
        Row(
            name: "modern closes without an answer, both at once",
            stage: .dual,
            modern: { _ in nil },
            source: .dual,
            modernEnd: .failed,
            modernBody: ""
        ),
        Row(
            name: "legacy closes without an answer, both at once",
            stage: .dual,
            legacy: { _ in nil },
            source: .dual,
            legacyEnd: .failed,
            legacyBody: ""
        ),
        Row(
            name: "modern fails at live and legacy rescues",
            stage: .live,
            modern: { _ in "HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno" },
            source: .reverse,
            modernEnd: .failed,
            modernBody: ""
        ),
        Row(
            name: "legacy closes without an answer: nobody asks modern",
            legacy: { _ in nil },
            reason: .answeredByBanyan,
            legacyEnd: .failed,
            modernEnd: .notAsked,
            legacyBody: "",
            modernBody: ""
        ),
        Row(
            name: "an answer longer than what is kept",
            legacy: { _ in ok(large) },
            legacyEnd: .tooLarge
        ),
        Row(
            name: "both longer than what is kept, both at once",
            stage: .dual,
            legacy: { _ in ok(large) },
            modern: { _ in ok(large) },
            source: .dual,
            legacyEnd: .tooLarge,
            modernEnd: .tooLarge
        ),
        Row(
            name: "the cell has diverged",
            stage: .live,
            isDiverged: true,
            source: .reverse,
            reason: .diverged,
            legacyEnd: .notAsked,
            modernEnd: .notAsked,
            legacyBody: "",
            modernBody: ""
        ),
        Row(
            name: "a conditional request",
            legacy: { _ in "HTTP/1.1 304 Not Modified\r\n\r\n" },
            reason: .conditional,
            legacyBody: ""
        ),
        Row(
            name: "a request body that was not kept",
            request: "POST /find HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + "Content-Length: 70000\r\n\r\n" + String(repeating: "a", count: 70_000),
            reason: .requestTooLarge,
            modernEnd: .notAsked,
            modernBody: ""
        ),
    ]

    @Test func `each sampled exchange is one observation with both answers or a reason`() throws {
        for row in ObservingTests.rows {
            let situation = Comment(rawValue: row.name)
            let legacy = try TestOrigin(row.legacy)
            let modern = try TestOrigin(row.modern)
            defer {
                legacy.stop()
                modern.stop()
            }
            var route = TestEdge.route("r", prefix: "/", stages: [.legacy, row.stage, .modern])
            route.safe = [OperationModel(method: "POST", path: "/find")]
            let edge = try TestEdge(
                routes: [route],
                legacy: legacy.port,
                modern: modern.port,
                stages: ["r": [StageResolution(stage: row.stage, isTargeted: false)]]
            )
            if row.isDiverged {
                edge.notes.view.markDiverged(CellNumber(tenant: 0, migration: 0))
            }
            _ = try TestClient.exchange(port: edge.port, row.request)
            let observed = try ObservingTests.next(edge)
            let exchange = observed.exchange
            #expect(exchange.observation.source == row.source, situation)
            #expect(exchange.observation.reason == row.reason, situation)
            #expect(exchange.observation.migration == "r", situation)
            #expect(exchange.observation.route == "r", situation)
            #expect(exchange.observation.operation.hasSuffix(" /"), situation)
            #expect(exchange.observation.requestDigest.count == 16, situation)
            #expect(exchange.legacy.end == row.legacyEnd, situation)
            #expect(exchange.modern.end == row.modernEnd, situation)
            if row.legacyEnd != .tooLarge {
                #expect(exchange.legacy.body == Array(row.legacyBody.utf8), situation)
            }
            if row.modernEnd != .tooLarge {
                #expect(exchange.modern.body == Array(row.modernBody.utf8), situation)
            }
            if row.legacyEnd == .complete {
                #expect(exchange.legacy.microseconds > 0, situation)
                #expect(exchange.legacyHost == "127.0.0.1:\(legacy.port)", situation)
            }
            #expect(edge.plane.takeObservation() == nil, situation)
        }
    }

    @Test func `a slow modern never delays a dual read's client`() throws {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let modern = try RawOrigin { $0.waitForEnd() }
        var route = TestEdge.route("r", prefix: "/", stages: [.legacy, .dual, .modern])
        route.shadow.timeoutMilliseconds = 300
        let edge = try TestEdge(
            routes: [route],
            legacy: legacy.port,
            modern: modern.port,
            stages: ["r": [StageResolution(stage: .dual, isTargeted: false)]]
        )
        let answer = try TestClient.exchange(
            port: edge.port,
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        #expect(answer.hasSuffix("legacy"))
        // The client has its answer; the observation is still open until modern's time is over.
        #expect(edge.plane.takeObservation() == nil)
        let observed = try ObservingTests.next(edge)
        #expect(observed.exchange.modern.end == .failed)
        #expect(observed.exchange.legacy.end == .complete)
    }

    @Test func `equal requests have equal digests, others have not`() throws {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let modern = try TestOrigin { _ in ok("modern") }
        var route = TestEdge.route("r", prefix: "/")
        route.safe = [OperationModel(method: "POST", path: "/find")]
        let edge = try TestEdge(
            routes: [route],
            legacy: legacy.port,
            modern: modern.port,
            stages: ["r": [StageResolution(stage: .shadow, isTargeted: false)]]
        )
        func digest(_ line: String, _ body: String = "") throws -> [UInt8] {
            let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
            _ = try TestClient.exchange(
                port: edge.port,
                "\(line) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(length)\r\n\(body)"
            )
            return try ObservingTests.next(edge).exchange.observation.requestDigest
        }
        let first = try digest("GET /a?b=1")
        #expect(try digest("GET /a?b=1") == first)
        for other in ["GET /a?b=2", "GET /a", "HEAD /a?b=1", "GET /ab=1", "GET /a/?b=1"] {
            #expect(try digest(other) != first, "\(other)")
        }
        let search = try digest("POST /find", "name=x")
        #expect(try digest("POST /find", "name=x") == search)
        #expect(try digest("POST /find", "name=y") != search)
    }

    @Test func `without a free slot the route's count says so, and clients notice nothing`() throws
    {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let modern = try TestOrigin { _ in ok("modern") }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: legacy.port,
            modern: modern.port,
            stages: ["r": [StageResolution(stage: .shadow, isTargeted: false)]]
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        let count = 1_100
        for number in 0..<count {
            client.send("GET /\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(reader.next().text == "legacy")
        }
        var taken = 0
        try waitUntil {
            while edge.plane.takeObservation() != nil { taken += 1 }
            return UInt64(taken) + edge.plane.total(.observationsWithoutSlot) == UInt64(count)
        }
        #expect(taken >= 1_024)
        let row = MetricsLayout.unobserved(row: 1)
        #expect(edge.plane.sum(row) == edge.plane.total(.observationsWithoutSlot))
        #expect(edge.plane.sum(row) > 0)
    }

    /// The next observation that comes up.
    private static func next(_ edge: TestEdge) throws -> ObservedExchange {
        var found: ObservedExchange?
        try waitUntil {
            found = edge.plane.takeObservation()
            return found != nil
        }
        return try #require(found)
    }
}
