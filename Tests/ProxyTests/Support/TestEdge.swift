// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Foundation
import Glibc
import Kernel
import Migration
import Patterns
import Proxy
import Synchronization

/// A data plane in this process, with routes made by the test, on ports that the kernel chose.
final class TestEdge: Sendable {
    let plane: DataPlane
    let notes = CellNotes()
    let writers = RecentWriters(slots: 1 << 12)
    let numbers: SnapshotNumbers
    var port: Int { self.plane.addresses[0].port }

    init(
        routes: [RouteModel],
        tenants: [TenantModel] = [],
        legacy: Int,
        modern: Int,
        stages: [String: [StageResolution]] = [:],
        workers: Int = 1,
        entitlements: [String: [Entitlement]] = [:],
        sources: [TenantSourceModel] = [.host],
        trusted: [AddressBlock] = [],
        defaultUpstream: String? = nil,
        connectionsMax: Int = 1_024,
        moreLegacy: [Int] = [],
        policy: UpstreamPolicyModel = UpstreamPolicyModel(),
        limits: EdgeLimits = EdgeLimits()
    ) throws {
        var input = SnapshotInput { text in
            let pattern = try Pattern(text)
            return CompiledPattern(address: pattern.address, owner: pattern)
        }
        let place = TestEdge.place
        for (name, port) in [("old", legacy), ("new", modern)] {
            let endpoint = EndpointModel(host: "127.0.0.1", port: port)
            let more = name == "old" ? moreLegacy : []
            let endpoints = [endpoint] + more.map { EndpointModel(host: "127.0.0.1", port: $0) }
            var upstream = UpstreamModel(name: name, endpoints: endpoints, source: place)
            upstream.connectionsMax = connectionsMax
            upstream.policy = policy
            input.set.upstreams.append(upstream)
            for one in endpoints {
                input.addresses[one] = try resolve(host: one.host, port: one.port)[0].bytes
            }
        }
        input.set.routes = routes
        input.set.tenants = tenants
        input.stages = stages
        input.entitlements = entitlements
        var listener = ListenerModel(name: "web", host: "127.0.0.1", port: 0, source: place)
        listener.tenantSources = sources
        listener.defaultUpstream = defaultUpstream
        input.listeners = [listener]
        var numbers = SnapshotNumbers()
        let snapshot = try SnapshotCompiler.compile(input, numbers: &numbers)
        self.numbers = numbers
        let address = try resolve(host: "127.0.0.1", port: 0)[0]
        var plan = ProxyPlan(
            workers: workers,
            listeners: [ListenerPlan(address: address, trustedPeers: trusted)],
            edgeName: "edge",
            writesLog: true
        )
        plan.limits = limits
        self.plane = try DataPlane(
            plan: plan,
            snapshot: snapshot,
            writers: self.writers,
            notes: self.notes,
            seed: 1
        )
        self.plane.open()
    }

    deinit {
        self.plane.stop()
        _ = self.plane.join(timeoutMilliseconds: 5_000)
    }

    static let place = ModelSource(
        file: "test",
        position: SourcePosition(line: 1, column: 1)
    )

    /// Puts a cell somewhere, and waits until every worker has it.
    func put(_ tenant: String, _ migration: String, _ standing: Standing, generation: UInt64) {
        let cell = CellNumber(
            tenant: self.numbers.tenants.known(tenant) ?? 0,
            migration: self.numbers.migrations.known(migration) ?? 0
        )
        let change = CellChange(cell: cell, standing: standing, isFrozen: false)
        let receipt = self.plane.post(Delta(generation: generation, changes: [change]))
        let answer = receipt.wait(timeoutMilliseconds: 5_000)
        precondition(answer.silent.isEmpty, "a worker is silent")
    }

    /// A route over everything below a prefix.
    static func route(
        _ name: String,
        prefix: String,
        stages: [Stage] = [.legacy, .shadow, .live, .modern]
    ) -> RouteModel {
        var match = RouteMatchModel(source: place)
        match.path = prefix
        return RouteModel(
            name: name,
            migration: name,
            matches: [match],
            legacy: OriginModel(upstream: "old"),
            modern: OriginModel(upstream: "new"),
            stages: stages,
            source: place
        )
    }
}

/// A blocking connection to a port of this machine; for tests only.
final class TestClient {
    private let fd: Int32

    init(port: Int, timeoutSeconds: Int = 10) throws {
        self.fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Errno.last }
        var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(
            self.fd,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &timeout,
            socklen_t(MemoryLayout<timeval>.size)
        )
    }

    deinit { Glibc.close(self.fd) }

    func send(_ text: String) { self.send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(self.fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// The next close is a reset.
    func resetsOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            self.fd,
            SOL_SOCKET,
            SO_LINGER,
            &option,
            socklen_t(MemoryLayout<linger>.size)
        )
    }

    /// Reads one head and not a byte more.
    func readHeadOnly() -> String {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
            guard let byte = self.read(1), !byte.isEmpty else { break }
            head += byte
        }
        return String(decoding: head, as: UTF8.self)
    }

    func shutdownWrite() { shutdown(self.fd, Int32(SHUT_WR)) }

    /// Reads once; empty at the end, `nil` on a reset or timeout.
    func read(_ count: Int = 65_536) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        let got = recv(self.fd, &buffer, count, 0)
        return got < 0 ? nil : Array(buffer.prefix(got))
    }

    /// Reads until the peer ends; `nil` when it ended by a reset.
    func readAll() -> String? {
        var all: [UInt8] = []
        while true {
            guard let part = self.read() else { return nil }
            if part.isEmpty { return String(decoding: all, as: UTF8.self) }
            all += part
        }
    }

    /// Reads until the text holds `mark` (or the peer ends).
    func read(until mark: String) -> String {
        var all = ""
        while !all.contains(mark) {
            guard let part = self.read(), !part.isEmpty else { break }
            all += String(decoding: part, as: UTF8.self)
        }
        return all
    }

    /// One request on a fresh connection, `Connection: close`; the whole answer.
    static func exchange(port: Int, _ request: String) throws -> String {
        let client = try TestClient(port: port)
        client.send(request)
        return client.readAll() ?? "(reset)"
    }
}

/// An upstream made of a closure: gets each request's bytes (head and counted body), answers bytes.
final class TestOrigin: Sendable {
    let port: Int
    private let listener: Int32
    private let log = Mutex<[String]>([])

    init(_ answer: @escaping @Sendable (String) -> String?) throws {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        Glibc.listen(fd, 512)
        self.listener = fd
        self.port = localAddress(of: fd).port
        Thread.detachNewThread { [self] in
            while true {
                let connection = Glibc.accept(fd, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { self.serve(connection, answer) }
            }
        }
    }

    /// Requests so far, in order of arrival.
    var requests: [String] { self.log.withLock { $0 } }

    func stop() { shutdown(self.listener, Int32(SHUT_RDWR)); Glibc.close(self.listener) }

    private func serve(_ fd: Int32, _ answer: (String) -> String?) {
        defer { Glibc.close(fd) }
        var buffered: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            while let request = TestOrigin.takeRequest(&buffered) {
                let text = String(decoding: request, as: UTF8.self)
                self.log.withLock { $0.append(text) }
                guard let reply = answer(text) else { return }
                let bytes = Array(reply.utf8)
                var sent = 0
                while sent < bytes.count {
                    let count = bytes[sent...].withUnsafeBytes {
                        Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                    guard count > 0 else { return }
                    sent += count
                }
                if reply.lowercased().contains("connection: close") { return }
            }
            let count = recv(fd, &chunk, chunk.count, 0)
            guard count > 0 else { return }
            buffered += chunk.prefix(count)
        }
    }

    private static func takeRequest(_ buffer: inout [UInt8]) -> [UInt8]? {
        let text = String(decoding: buffer, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let head = text[..<end.lowerBound].lowercased()
        let headCount = text[..<end.upperBound].utf8.count
        var total = headCount
        if let field = head.range(of: "content-length: ") {
            total += Int(head[field.upperBound...].prefix { $0.isNumber }) ?? 0
        } else if head.contains("transfer-encoding: chunked") {
            guard let last = text.range(of: "0\r\n\r\n", range: end.upperBound..<text.endIndex)
            else { return nil }
            total = text[..<last.upperBound].utf8.count
        }
        guard buffer.count >= total else { return nil }
        let request = Array(buffer.prefix(total))
        buffer.removeFirst(total)
        return request
    }
}

/// A plain 200 answer.
func ok(_ body: String, _ fields: String = "") -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
}
