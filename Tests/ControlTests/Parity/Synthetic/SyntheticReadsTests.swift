// SPDX-License-Identifier: Apache-2.0

import Kernel
import Parity
import Synchronization
import Testing

@testable import Control

@Suite("Synthetic reads") struct SyntheticReadsTests {
    /// Two origins that remember in which order they were asked, and what was compared.
    private final class World: Sendable {
        let taken = Mutex<[CapturedExchange]>([])
        private let servers: Mutex<[ControlServer]>
        let addresses: [[UInt8]]

        init(_ bodies: [String] = ["a", "a"]) throws {
            final class Book: Sendable { let asked = Mutex<[String]>([]) }
            let book = Book()
            self.book = { book.asked.withLock { $0 } }
            let servers = try zip(["legacy", "modern"], bodies).map { name, body in
                try ControlServer(.tcp(host: "127.0.0.1", port: 0), name: name) { _ in
                    book.asked.withLock { $0.append(name) }
                    return .text(body)
                }
            }
            self.addresses = try servers.map {
                try resolve(host: "127.0.0.1", port: $0.port)[0].bytes
            }
            self.servers = Mutex(servers)
        }

        deinit {
            for server in self.servers.withLock({ $0 }) { server.stop(timeoutMilliseconds: 100) }
        }

        /// Who was asked, in order.
        let book: @Sendable () -> [String]

        func reads(
            _ change: @escaping @Sendable (inout ResolvedRequest) -> Void = { _ in }
        ) -> SyntheticReads {
            let addresses = self.addresses
            return SyntheticReads(
                seed: 1,
                now: { 7 },
                take: { [weak self] exchange in
                    self?.taken.withLock { $0.append(exchange) }
                    return exchange.legacy.body == exchange.modern.body ? .match : .mismatch
                }
            ) { order, _, _ throws(SyntheticRefusal) in
                guard order.url.hasPrefix("/a") else { throw .noRoute }
                func side(_ index: Int) -> ResolvedSide {
                    let head = "GET /a HTTP/1.1\r\nhost: h\(index)\r\n\r\n"
                    return ResolvedSide(
                        head: Array(head.utf8),
                        address: addresses[index],
                        host: "h\(index)"
                    )
                }
                var request = ResolvedRequest(
                    tenant: "acme",
                    migration: "m",
                    route: "r",
                    operation: "GET /a",
                    generation: 3,
                    isDiverged: false,
                    isWholePath: false,
                    isHead: false,
                    digest: [1],
                    legacy: side(0),
                    modern: side(1),
                    parity: ParityModel(),
                    timeoutMilliseconds: 5_000
                )
                request.parity.againPermyriad = 0
                change(&request)
                return request
            }
        }
    }

    private static func order(_ url: String = "/a") -> SyntheticOrder {
        SyntheticOrder(ExplainOrder(method: "GET", url: url), source: .probe)
    }

    @Test func `both are asked in random order, and both answers are handed over with their names`()
        throws
    {
        let world = try World(["a", "b"])
        let reads = world.reads()
        let session = OriginSession()
        for _ in 0..<40 {
            let result = reads.read(Self.order(), over: session)
            #expect(result.outcome == .mismatch && result.legacyStatus == 200)
        }
        let asked = world.book()
        let firsts = stride(from: 0, to: 80, by: 2).map { asked[$0] }
        // One side forty times first: once in 2^39 runs.
        #expect(Set(firsts) == ["legacy", "modern"])
        let exchange = try #require(world.taken.withLock { $0.first })
        #expect(exchange.legacy.body == Array("a".utf8))
        #expect(exchange.observation.source == .probe && exchange.observation.generation == 3)
        #expect(exchange.observation.unixMilliseconds == 7 && exchange.legacyHost == "h0")
        #expect(exchange.again.end == .notAsked && exchange.modernAddress == world.addresses[1])
    }

    @Test func `legacy is read again around modern, at no more than the route's rate`() throws {
        let world = try World()
        let reads = world.reads { request in
            request.parity.againPermyriad = 10_000
            request.parity.againPerMinute = 120
        }
        let session = OriginSession()
        for _ in 0..<5 { _ = reads.read(Self.order(), over: session) }
        #expect(
            world.book().prefix(6) == ["legacy", "modern", "legacy", "legacy", "modern", "legacy"]
        )
        let again = world.taken.withLock { $0.map(\.again.end) }
        // Two a second: of five reads within a moment the first two get one.
        #expect(again == [.complete, .complete, .notAsked, .notAsked, .notAsked])
    }

    @Test func `what is refused, dry or diverged asks nobody`() throws {
        let world = try World()
        let session = OriginSession()
        #expect(world.reads().read(Self.order("/b"), over: session).refusal == .noRoute)
        var order = Self.order()
        order.needsWholePath = true
        #expect(world.reads().read(order, over: session).refusal == .noPath)
        order = Self.order()
        order.route = "other"
        #expect(world.reads().read(order, over: session).refusal == .otherRoute)
        let dry = world.reads().read(Self.order(), isDry: true, over: session)
        #expect(dry.outcome == nil && dry.route == "r" && dry.tenant == "acme")
        #expect(world.taken.withLock { $0.isEmpty })
        _ = world.reads { $0.isDiverged = true }.read(Self.order(), over: session)
        #expect(world.taken.withLock { $0.map(\.observation.reason) } == [.diverged])
        #expect(world.book().isEmpty)
    }

    @Test func `an origin that is away is an answer that failed`() throws {
        let world = try World()
        let closed = try ControlServer(.tcp(host: "127.0.0.1", port: 0), name: "x") { _ in .text("")
        }
        let address = try resolve(host: "127.0.0.1", port: closed.port)[0].bytes
        closed.stop(timeoutMilliseconds: 100)
        let reads = world.reads { $0.modern.address = address }
        let result = reads.read(Self.order(), over: OriginSession())
        #expect(result.modernStatus == 0 && result.legacyStatus == 200)
        #expect(world.taken.withLock { $0.first?.modern.end } == .failed)
    }

    @Test func `a desk that is closed takes nothing more, one that never opened says so`() throws {
        let world = try World()
        let desk = SyntheticDesk()
        #expect(desk.read(Self.order(), isDry: false)?.refusal == .notObserving)
        desk.open(world.reads())
        #expect(desk.read(Self.order(), isDry: false)?.outcome == .match)
        desk.close()
        #expect(desk.read(Self.order(), isDry: false) == nil)
    }
}
