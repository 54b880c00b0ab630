// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernel
import Parity
import Synchronization
import Testing

@testable import Control

/// Keeps what was counted.
private final class KeptObservations: ObservationSink {
    private let kept = Mutex<[ParityObservation]>([])

    func add(_ observation: ParityObservation) { self.kept.withLock { $0.append(observation) } }

    var all: [ParityObservation] { self.kept.withLock { $0 } }

    /// Waits for the next ones, ten seconds at most.
    func wait(count: Int) throws -> [ParityObservation] {
        let until = monotonicNanoseconds() + 10_000_000_000
        while self.all.count < count {
            try #require(monotonicNanoseconds() < until, "\(self.all.count) of \(count)")
            Thread.sleep(forTimeInterval: 0.001)
        }
        return self.all
    }
}

/// An origin whose answers are taken from a list, the last one for ever.
private final class ListedOrigin: Sendable {
    private final class Asked: Sendable {
        private let left: Mutex<[String]>
        private let total = Mutex(0)
        init(_ answers: [String]) { self.left = Mutex(answers) }
        var count: Int { self.total.withLock { $0 } }
        func next() -> String {
            self.total.withLock { $0 += 1 }
            return self.left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
        }
    }

    private let server: ControlServer
    private let asked: Asked
    let address: [UInt8]
    var count: Int { self.asked.count }

    init(_ answers: [String]) throws {
        let asked = Asked(answers)
        self.asked = asked
        self.server = try ControlServer(.tcp(host: "127.0.0.1", port: 0), name: "origin") {
            request in
            let isCopy = request.headers.contains { $0.name.lowercased() == "banyan-shadow" }
            return .text(isCopy ? asked.next() : "not marked as a copy")
        }
        self.address = try resolve(host: "127.0.0.1", port: self.server.port)[0].bytes
    }

    deinit { self.server.stop(timeoutMilliseconds: 100) }
}

@Suite("Parity service") struct ParityServiceTests {
    /// Equal bodies match; a legacy that differs from itself is a race.
    private static func route(_ change: (inout ParityModel) -> Void = { _ in }) -> RouteComparison {
        var model = ParityModel()
        model.recheckAfterMilliseconds = 1
        model.againPerMinute = 60_000
        change(&model)
        return RouteComparison(model: model) { exchange in
            var result = exchange.observation
            let isEqual = exchange.legacy.body == exchange.modern.body
            result.outcome = isEqual ? .match : .mismatch
            if exchange.again.end == .complete {
                result.hasNoise = true
                if exchange.again.body != exchange.legacy.body {
                    result.outcome = isEqual ? .match : .raced
                    result.noise = [ParityServiceTests.difference]
                }
            }
            if result.outcome == .mismatch {
                result.differences = [ParityServiceTests.difference]
                if exchange.modern.body == Array("grave".utf8) {
                    result.differences[0].severity = .zeroTolerance
                }
            }
            return result
        }
    }

    private static let difference = ParityDifference(
        pointer: "",
        difference: .value,
        severity: .value,
        legacyKind: .bytes,
        modernKind: .bytes
    )

    private static func exchange(
        legacy: ListedOrigin? = nil,
        modern: ListedOrigin? = nil,
        _ fromLegacy: String = "a",
        _ fromModern: String = "a"
    ) -> CapturedExchange {
        let observation = ParityObservation(
            source: .shadow,
            tenant: "acme",
            wave: "",
            migration: "m",
            route: "r",
            operation: "GET /",
            outcome: .unobserved,
            unixMilliseconds: 1,
            generation: 7
        )
        var exchange = CapturedExchange(
            observation: observation,
            legacy: CapturedAnswer(
                end: .complete,
                status: 200,
                fields: [CapturedField("x-build-id", "l-1")],
                body: Array(fromLegacy.utf8)
            ),
            modern: CapturedAnswer(end: .complete, status: 200, body: Array(fromModern.utf8))
        )
        let head = Array("GET /a HTTP/1.1\r\nhost: x\r\nif-none-match: \"1\"\r\n\r\n".utf8)
        exchange.legacyRequest = head
        exchange.modernRequest = head
        exchange.legacyAddress = legacy?.address ?? []
        exchange.modernAddress = modern?.address ?? []
        return exchange
    }

    @Test func `names, wave and builds are filled in, and what has nothing to compare says so`()
        throws
    {
        let kept = KeptObservations()
        let service = try ParityService(sink: kept)
        defer { service.stop() }
        #expect(service.take(ParityServiceTests.exchange()) == .unobserved)
        service.publish(["r": ParityServiceTests.route()], waves: ["acme": "3"])
        #expect(service.take(ParityServiceTests.exchange()) == .match)
        var exchange = ParityServiceTests.exchange()
        exchange.observation.reason = .diverged
        #expect(service.take(exchange) == .unobserved)
        exchange = ParityServiceTests.exchange()
        exchange.legacy.end = .notAsked
        exchange.modern.end = .failed
        #expect(service.take(exchange) == .modernFailed)
        exchange = ParityServiceTests.exchange()
        exchange.legacy.end = .failed
        exchange.modern.end = .notAsked
        #expect(service.take(exchange) == .unobserved)
        exchange = ParityServiceTests.exchange()
        exchange.legacy.fields = [CapturedField("x-build-id", "a b")]
        service.take(exchange)
        let all = kept.all
        #expect(all.map(\.wave) == ["", "3", "3", "3", "3", "3"])
        #expect(
            all.map(\.reason)
                == [.budget, .none, .diverged, .none, .answeredByBanyan, .none]
        )
        #expect(all[1].legacyBuild == "l-1")
        #expect(all[5].legacyBuild == "")
    }

    @Test func `a difference is final, or a race, by what both say when asked again`() throws {
        let rows: [(String, [String], [String], Int, ObservationOutcome)] = [
            ("gone when asked again", ["b"], ["b"], 1, .raced),
            ("modern was wrong for a moment", ["a"], ["a"], 1, .mismatch),
            ("still there", ["a"], ["b"], 1, .mismatch),
            ("legacy does not hold still", ["a", "c"], ["b"], 1, .raced),
            ("settles at the second look", ["a", "c", "a", "a"], ["b"], 2, .mismatch),
        ]
        for (name, fromLegacy, fromModern, rechecks, outcome) in rows {
            let situation = Comment(rawValue: name)
            let legacy = try ListedOrigin(fromLegacy)
            let modern = try ListedOrigin(fromModern)
            let kept = KeptObservations()
            let service = try ParityService(sink: kept)
            service.publish(["r": ParityServiceTests.route { $0.rechecks = rechecks }], waves: [:])
            let first = service.take(
                ParityServiceTests.exchange(legacy: legacy, modern: modern, "a", "b")
            )
            #expect(first == .mismatch, situation)
            let all = try kept.wait(count: 1)
            #expect(all[0].outcome == outcome, situation)
            // Rechecked or not, noise is only what was chosen before any answer was seen.
            #expect(!all[0].hasNoise, situation)
            service.stop()
        }
    }

    @Test func `a grave difference, a dead origin and a spent rate leave the first finding`() throws
    {
        let origin = try ListedOrigin(["a"])
        let kept = KeptObservations()
        let service = try ParityService(sink: kept)
        defer { service.stop() }
        service.publish(["r": ParityServiceTests.route()], waves: [:])
        service.take(ParityServiceTests.exchange(legacy: origin, modern: origin, "a", "grave"))
        #expect(kept.all.map(\.outcome) == [.mismatch])
        #expect(origin.count == 0)
        service.take(ParityServiceTests.exchange("a", "b"))
        #expect(try kept.wait(count: 2)[1].outcome == .mismatch)
        service.publish(["r": ParityServiceTests.route { $0.againPerMinute = 0 }], waves: [:])
        service.take(ParityServiceTests.exchange(legacy: origin, modern: origin, "a", "b"))
        #expect(kept.all.count == 3)
        #expect(origin.count == 0)
    }

    @Test func `what was chosen for it has its noise beside, match or not`() throws {
        let steady = try ListedOrigin(["a"])
        let unsteady = try ListedOrigin(["x"])
        let kept = KeptObservations()
        let service = try ParityService(sink: kept)
        defer { service.stop() }
        service.publish(["r": ParityServiceTests.route { $0.rechecks = 0 }], waves: [:])
        for (origin, body) in [(steady, "a"), (unsteady, "a"), (unsteady, "b")] {
            var exchange = ParityServiceTests.exchange(legacy: origin, modern: origin, "a", body)
            exchange.readsAgain = true
            service.take(exchange)
        }
        let all = try kept.wait(count: 3)
        #expect(all.map(\.hasNoise) == [true, true, true])
        #expect(all.map(\.noise.count) == [0, 1, 1])
    }

    @Test func `whether legacy is read again does not depend on what was found`() throws {
        let origin = try ListedOrigin(["a"])
        let kept = KeptObservations()
        let service = try ParityService(sink: kept)
        defer { service.stop() }
        // 200 a minute: some 33 at once. Four of five agree, as in much noise: a budget of their
        // own for differences would give them four times the chance.
        service.publish(["r": ParityServiceTests.route { $0.againPerMinute = 200 }], waves: [:])
        for number in 0..<200 {
            var exchange = ParityServiceTests.exchange(
                legacy: origin,
                modern: origin,
                "a",
                number % 5 == 0 ? "b" : "a"
            )
            exchange.readsAgain = true
            service.take(exchange)
        }
        let read = try kept.wait(count: 200).filter(\.hasNoise)
        let differed = read.count { !$0.differences.isEmpty }
        #expect(read.count >= 33 && read.count < 60, "\(read.count)")
        #expect(abs(Double(differed) / Double(read.count) - 0.2) < 0.05, "\(differed)")
    }

    @Test func `a head is sent again as a copy, without conditions`() {
        let rows: [(String, String?)] = [
            (
                "GET / HTTP/1.1\r\nhost: x\r\nRange: bytes=0-1\r\nBanyan-Shadow: 0\r\n\r\n",
                "GET / HTTP/1.1\r\nhost: x\r\nbanyan-shadow: 1\r\nconnection: close\r\n\r\n"
            ),
            ("GET / HTTP/1.1\r\nhost: x", nil),
            ("", nil),
        ]
        for (head, expected) in rows {
            let result = repeatableHead(Array(head.utf8))
            #expect(result.map { String(decoding: $0, as: UTF8.self) } == expected)
        }
    }
}
