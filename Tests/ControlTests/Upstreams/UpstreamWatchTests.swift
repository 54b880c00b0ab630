// SPDX-License-Identifier: Apache-2.0

import Corpora
import Documents
import Foundation
import Kernel
import Migration
import Names
import Synchronization
import TLS
import Testing

@testable import Control

/// A data plane that remembers what it is told of endpoints.
private final class ListeningEdge: EdgePort {
    let news = Mutex<[EndpointNews]>([])
    let workerCount = 1
    let addresses: [String] = []

    func update(_ endpoints: [EndpointNews]) { self.news.withLock { $0 += endpoints } }

    /// The last news of an endpoint.
    func last(_ number: UInt32) -> EndpointNews? {
        self.news.withLock { $0.last { $0.number == number } }
    }

    func apply(_ delta: Delta) -> Acknowledgement { Acknowledgement() }
    func publish(
        _ snapshot: Snapshot,
        _ transports: TransportSet,
        timeoutMilliseconds: Int
    ) -> Bool { true }
    func forgetWriters(_ cells: [CellNumber]) {}
    func isDiverged(_ cell: CellNumber) -> Bool { false }
    func setDiverged(_ isDiverged: Bool, _ cell: CellNumber) {}
    func figures() -> [MetricFamily] { [] }
    func reopenAccessLog() {}
    func streams() -> [StreamCount] { [] }
    func drain(withinMilliseconds: Int) {}
    func join(timeoutMilliseconds: Int) -> Bool { true }
    func stop() {}
}

/// Waits for something that another thread brings about, 20 s at most.
private func eventually(_ what: String, _ isSo: () -> Bool) {
    for _ in 0..<2_000 {
        if isSo() { return }
        sleepThread(milliseconds: 10)
    }
    Issue.record("not within 20 s: \(what)")
}

@Suite("Upstream watch")
struct UpstreamWatchTests {
    private func upstream(
        _ endpoint: EndpointModel,
        rules: ActiveHealthModel? = nil
    ) -> UpstreamModel {
        var upstream = UpstreamModel(
            name: "care",
            endpoints: [endpoint],
            source: EndpointTableTests.place
        )
        upstream.names.ttlMinMilliseconds = 100
        upstream.names.ttlMaxMilliseconds = 100
        upstream.names.addressesMax = 2
        upstream.names.family = .ipv4
        upstream.activeHealth = rules
        return upstream
    }

    private func named(_ port: Int = 80) -> EndpointModel {
        var endpoint = EndpointModel(host: "care.test.", port: port)
        endpoint.isName = true
        return endpoint
    }

    private func numbers(_ upstream: UpstreamModel) -> NumberBook {
        var book = NumberBook()
        for place in upstream.places {
            _ = book.number(of: EndpointPlace(upstream: upstream.name, endpoint: place).numberName)
        }
        return book
    }

    private func servers(_ server: NameServer) -> NameServersModel {
        var model = NameServersModel()
        model.servers = [server.address]
        model.timeoutMilliseconds = 200
        model.tries = 1
        return model
    }

    @Test func `a name that does not resolve is a warning, and told when it does`() throws {
        let server = NameServer { _, _ in .code(3) }
        defer { server.stop() }
        let watch = UpstreamWatch(self.servers(server)) { 7 }
        defer { watch.stop() }
        let upstream = self.upstream(self.named())
        let found = watch.lookUp([upstream])
        #expect(found.warnings.map(\.code) == ["R110"])
        #expect(found.warnings.first?.message.hasSuffix("has no address now: no such name") == true)
        #expect(found.bytes.values.allSatisfy(\.isEmpty) && found.bytes.count == 2)
        let edge = ListeningEdge()
        watch.adopt([upstream], numbers: self.numbers(upstream), port: edge)
        #expect(edge.last(0)?.address == nil && edge.last(0)?.isHealthy == true)
        let row = try #require(watch.status.first)
        #expect(row.state == .unresolved && row.reason == "its name: no such name")
        #expect(watch.check.state == .degraded && watch.status.count == 1)
        server.set { _, _ in .addresses([[127, 0, 0, 9]], ttl: 0) }
        eventually("the name resolves") { edge.last(0)?.address?.text == "127.0.0.9:80" }
        #expect(watch.status.first?.state == .unchecked && watch.check.state == .ok)
    }

    @Test func `endpoints follow their name, and stay where they were while DNS fails`() throws {
        let server = NameServer { _, _ in .addresses([[127, 0, 0, 1]], ttl: 0) }
        defer { server.stop() }
        let watch = UpstreamWatch(self.servers(server)) { 7 }
        defer { watch.stop() }
        let upstream = self.upstream(self.named())
        #expect(watch.lookUp([upstream]).warnings.isEmpty)
        let edge = ListeningEdge()
        watch.adopt([upstream], numbers: self.numbers(upstream), port: edge)
        #expect(edge.last(0)?.address?.text == "127.0.0.1:80" && edge.last(1)?.address == nil)
        server.set { _, _ in .addresses([[127, 0, 0, 2], [127, 0, 0, 1]], ttl: 0) }
        eventually("a second address") { edge.last(1)?.address?.text == "127.0.0.2:80" }
        #expect(edge.last(0)?.address?.text == "127.0.0.1:80")
        for (what, reply) in [
            ("SERVFAIL", NameServer.Reply.code(2)), ("NXDOMAIN", .code(3)), ("silence", .silence),
            ("no record", .addresses([], ttl: 1)),
        ] {
            let failed = watch.counts.lookupFailures
            server.set { _, _ in reply }
            eventually("a failure: \(what)") { watch.counts.lookupFailures > failed }
            #expect(watch.status.map(\.address) == ["127.0.0.1:80", "127.0.0.2:80"], "\(what)")
            #expect(watch.status.allSatisfy { $0.reason?.hasPrefix("its name: ") == true })
            server.set { _, _ in .addresses([[127, 0, 0, 2], [127, 0, 0, 1]], ttl: 0) }
            eventually("all is well again") { watch.status.allSatisfy { $0.reason == nil } }
        }
        server.set { _, _ in .addresses([[127, 0, 0, 2]], ttl: 0) }
        eventually("the first address is gone") { edge.last(0)?.address == nil }
        #expect(watch.counts.moves == 2 && watch.status.count == 2)
    }

    @Test func `checks make an endpoint unhealthy and healthy again, once per edge`() throws {
        let peer = try ScriptedPeer(.answer("HTTP/1.1 200 OK\r\n\r\n"))
        defer { peer.stop() }
        var rules = ActiveHealthModel(.http)
        rules.intervalMilliseconds = 100
        let endpoint = EndpointModel(host: "127.0.0.1", port: peer.address.port)
        let upstream = self.upstream(endpoint, rules: rules)
        let watch = UpstreamWatch(NameServersModel()) { 7 }
        defer { watch.stop() }
        let edge = ListeningEdge()
        watch.adopt([upstream], numbers: self.numbers(upstream), port: edge)
        eventually("healthy") { watch.status.first?.state == .healthy }
        peer.set(.answer("HTTP/1.1 503 No\r\n\r\nsecret of a patient"))
        eventually("unhealthy") { edge.last(0)?.isHealthy == false }
        let row = try #require(watch.status.first)
        #expect(row.state == .unhealthy && row.reason?.hasPrefix("status 503, ") == true)
        #expect(watch.check.detail.contains("secret") == false && watch.check.state == .degraded)
        peer.set(.answer("HTTP/1.1 200 OK\r\n\r\n"))
        eventually("healthy again") { edge.last(0)?.isHealthy == true }
        let count = try #require(watch.counts.checks["care"])
        #expect(count.passed >= 3 && count.failed >= 3)
        #expect(peer.requests.count <= Int(count.passed + count.failed) + 1)
        watch.stop()
        let asked = peer.requests.count
        sleepThread(milliseconds: 400)
        #expect(peer.requests.count <= asked + 1)
    }

    @Test func `more silent endpoints than threads hold nobody up for ever`() throws {
        let silent = try ScriptedPeer(.silence)
        let good = try ScriptedPeer(.answer("HTTP/1.1 200 OK\r\n\r\n"))
        defer {
            silent.stop()
            good.stop()
        }
        var rules = ActiveHealthModel(.http)
        rules.intervalMilliseconds = 100
        rules.timeoutMilliseconds = 200
        var upstream = self.upstream(
            EndpointModel(host: "127.0.0.1", port: good.address.port),
            rules: rules
        )
        for number in 2..<60 {
            upstream.endpoints.append(
                EndpointModel(host: "127.0.0.\(number)", port: good.address.port)
            )
        }
        let limit = Mutex((now: 0, most: 0))
        let watch = UpstreamWatch(
            NameServersModel(),
            now: { 7 },
            look: { check in
                limit.withLock { limit in
                    limit.now += 1
                    limit.most = max(limit.most, limit.now)
                }
                defer { limit.withLock { $0.now -= 1 } }
                var other = check
                if check.number > 0 { other.address = silent.address }
                return lookAtEndpoint(other)
            }
        )
        defer { watch.stop() }
        let edge = ListeningEdge()
        watch.adopt([upstream], numbers: self.numbers(upstream), port: edge)
        eventually("all that are silent are unhealthy") {
            watch.status.filter { $0.state == .unhealthy }.count == 58
        }
        #expect(watch.status.first?.state == .healthy)
        #expect(limit.withLock { $0.most } <= 16)
    }
}
