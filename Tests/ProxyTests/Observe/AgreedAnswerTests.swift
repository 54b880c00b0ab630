// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Kernel
import Migration
import Parity
import Synchronization
import Testing

@testable import Proxy

/// Compares what is handed over, as the edge's compare threads do; ends with the test.
private final class Comparing: Sendable {
    private let isEnded = Mutex(false)
    private let done = Latch(count: 1)
    let observed = Mutex<[ObservedExchange]>([])

    init(_ plane: DataPlane) {
        Thread.detachNewThread { [self] in
            while !self.isEnded.withLock({ $0 }) {
                plane.waitForObservations(milliseconds: Limits.compareNapMilliseconds)
                while let one = plane.takeObservation() {
                    let exchange = one.exchange
                    let isEqual =
                        exchange.legacy.end == .complete && exchange.modern.end == .complete
                        && exchange.legacy.status == exchange.modern.status
                        && exchange.legacy.body.count == exchange.modern.body.count
                    if one.isAgreed { plane.agree(one, isEqual: isEqual) }
                    self.observed.withLock { $0.append(one) }
                }
            }
            self.done.countDown()
        }
    }

    func end() {
        self.isEnded.withLock { $0 = true }
        _ = self.done.wait(timeoutMilliseconds: 5_000)
    }
}

@Suite("Agreed answers") struct AgreedAnswerTests {
    private static func edge(
        legacy: Int,
        modern: Int,
        budgetMilliseconds: Int = 5_000,
        maxBodyBytes: Int = ParityModel().maxBodyBytes
    ) throws -> TestEdge {
        var route = TestEdge.route("r", prefix: "/", stages: [.legacy, .dual, .modern])
        route.safe = [OperationModel(method: "POST", path: "/find")]
        route.parity.answer = .agreed
        route.parity.agreedBudgetMilliseconds = budgetMilliseconds
        route.parity.maxBodyBytes = maxBodyBytes
        return try TestEdge(
            routes: [route],
            legacy: legacy,
            modern: modern,
            stages: ["r": [StageResolution(stage: .dual, isTargeted: false)]]
        )
    }

    private static let get = "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    /// Same length, so that the comparison here takes them for equal; the text tells who answered.
    private static func chunked(_ text: String) -> String {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n\(text)\r\n0\r\n\r\n"
    }

    @Test func `equal answers are modern's, others legacy's, whole in every framing`() throws {
        let long = String(repeating: "l", count: 200_000)
        let rows: [(String, String?, String?, String)] = [
            ("equal", ok("legacy"), ok("modern"), "modern"),
            ("different", ok("legacy"), ok("other"), "legacy"),
            (
                "chunked", AgreedAnswerTests.chunked("legacy"), AgreedAnswerTests.chunked("modern"),
                "modern"
            ),
            ("chunked and not", AgreedAnswerTests.chunked("legacy"), ok("modern"), "modern"),
            ("modern fails", ok("legacy"), nil, "legacy"),
            (
                "modern 500", ok("legacy"), "HTTP/1.1 500 X\r\nContent-Length: 6\r\n\r\nmodern",
                "legacy"
            ),
            ("long and equal", ok(long), ok(long.replacing("l", with: "m")), "m"),
            ("modern longer", ok("legacy"), ok(long), "legacy"),
        ]
        for (name, fromLegacy, fromModern, end) in rows {
            let situation = Comment(rawValue: name)
            let legacy = try TestOrigin { _ in fromLegacy }
            let modern = try TestOrigin { _ in fromModern }
            let edge = try AgreedAnswerTests.edge(legacy: legacy.port, modern: modern.port)
            let comparing = Comparing(edge.plane)
            defer {
                comparing.end()
                legacy.stop()
                modern.stop()
            }
            let client = try TestClient(port: edge.port)
            var reader = AnswerReader(client)
            for _ in 0..<3 {
                client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
                let answer = reader.next()
                #expect(answer.text.hasSuffix(end), situation)
                if name == "long and equal" { #expect(answer.text.utf8.count == 200_000) }
            }
        }
    }

    @Test func `where a slot may not hold a block nothing is held, and legacy answers`() throws {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let modern = try TestOrigin { _ in ok("modern") }
        for (bytes, end) in [
            (1_024, "legacy"), (Limits.blockBytes - 1, "legacy"), (Limits.blockBytes, "modern"),
        ] {
            let edge = try AgreedAnswerTests.edge(
                legacy: legacy.port,
                modern: modern.port,
                maxBodyBytes: bytes
            )
            let comparing = Comparing(edge.plane)
            defer { comparing.end() }
            let answer = try TestClient.exchange(port: edge.port, AgreedAnswerTests.get)
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix(end), "\(bytes)")
        }
        legacy.stop()
        modern.stop()
    }

    @Test func `a late modern costs the budget, and legacy answers`() throws {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let modern = try RawOrigin { $0.waitForEnd() }
        let edge = try AgreedAnswerTests.edge(
            legacy: legacy.port,
            modern: modern.port,
            budgetMilliseconds: 150
        )
        let comparing = Comparing(edge.plane)
        defer { comparing.end() }
        let start = monotonicNanoseconds()
        let answer = try TestClient.exchange(port: edge.port, AgreedAnswerTests.get)
        #expect(answer.hasSuffix("legacy"))
        #expect(monotonicNanoseconds() - start >= 150_000_000)
        #expect(edge.plane.total(.agreedLate) == 1)
    }

    @Test func `an answer too long to be held goes on as legacy's, every byte once`() throws {
        let text = (0..<60_000).map { String(format: "%06d", $0) }.joined()
        for framed in [ok(text), AgreedAnswerTests.inChunks(text)] {
            let legacy = try TestOrigin { _ in framed }
            let modern = try TestOrigin { _ in ok("modern") }
            let edge = try AgreedAnswerTests.edge(legacy: legacy.port, modern: modern.port)
            let comparing = Comparing(edge.plane)
            defer { comparing.end() }
            let client = try TestClient(port: edge.port)
            var reader = AnswerReader(client)
            for _ in 0..<2 {
                client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(reader.next().text == text)
            }
            try waitUntil { comparing.observed.withLock { $0.count } == 2 }
            let ends = comparing.observed.withLock { $0.map(\.exchange.legacy.end) }
            #expect(ends == [.tooLarge, .tooLarge])
        }
    }

    @Test func `legacy failing while it is held is a 502, not half an answer`() throws {
        let legacy = try TestOrigin { _ in
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf"
        }
        let modern = try TestOrigin { _ in ok("modern") }
        let edge = try AgreedAnswerTests.edge(legacy: legacy.port, modern: modern.port)
        let comparing = Comparing(edge.plane)
        defer { comparing.end() }
        let answer = try TestClient.exchange(port: edge.port, AgreedAnswerTests.get)
        #expect(answer.hasPrefix("HTTP/1.1 502"), "\(answer.prefix(60))")
        #expect(!answer.contains("half"))
    }

    @Test func `clients that leave while they are held free every slot`() throws {
        let legacy = try TestOrigin { _ in ok("legacy") }
        let modern = try TestOrigin { _ in ok("modern") }
        let edge = try AgreedAnswerTests.edge(legacy: legacy.port, modern: modern.port)
        let comparing = Comparing(edge.plane)
        defer { comparing.end() }
        for number in 0..<1_500 {
            let client = try TestClient(port: edge.port)
            client.send("GET /\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
            if number % 2 == 0 {
                _ = client.read(until: "modern")
            } else {
                client.resetsOnClose()
            }
        }
        try waitUntil { edge.plane.total(.observations) >= 1_000 }
        #expect(edge.plane.total(.observationsWithoutSlot) == 0)
        let answer = try TestClient.exchange(port: edge.port, AgreedAnswerTests.get)
        #expect(answer.hasSuffix("modern"))
    }

    private static func inChunks(_ text: String) -> String {
        var result = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        var rest = Substring(text)
        while !rest.isEmpty {
            let part = rest.prefix(5_000)
            rest = rest.dropFirst(5_000)
            result += String(part.utf8.count, radix: 16) + "\r\n\(part)\r\n"
        }
        return result + "0\r\n\r\n"
    }
}
