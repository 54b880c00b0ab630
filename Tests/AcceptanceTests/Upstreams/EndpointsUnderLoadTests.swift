// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

/// An origin that can be made slow, made to send everybody away, or killed and started again.
private final class MoodyOrigin: Sendable {
    enum Mood { case well, slow, drained, silent }

    private let mood = Mutex(Mood.well)
    private let running = Mutex<RunningOrigin?>(nil)
    private let port: Int

    init() throws {
        let first = try RunningOrigin(port: 0)
        self.port = first.port
        self.running.withLock { $0 = first }
        first.serve { [weak self] in self?.mood.withLock { $0 } ?? .well }
    }

    var address: String { "127.0.0.1:\(self.port)" }
    var served: Int { self.running.withLock { $0?.served ?? 0 } }

    func set(_ mood: Mood) { self.mood.withLock { $0 = mood } }

    /// Closes the listener and resets every connection.
    func kill() { self.running.withLock { $0 }?.kill() }

    func restart() throws {
        let next = try RunningOrigin(port: self.port)
        self.running.withLock { $0 = next }
        next.serve { [weak self] in self?.mood.withLock { $0 } ?? .well }
    }
}

private final class RunningOrigin: Sendable {
    let port: Int
    private let listener: Int32
    private let open = Mutex<Set<Int32>>([])
    private let count = Mutex(0)

    init(port: Int) throws {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = 1
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = loopback(port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(fd, generic, length) == 0 ? getsockname(fd, generic, &length) : -1
            }
        }
        guard result == 0, listen(fd, 512) == 0 else { throw AcceptanceError("no origin port") }
        self.listener = fd
        self.port = Int(UInt16(bigEndian: address.sin_port))
    }

    var served: Int { self.count.withLock { $0 } }

    func kill() {
        shutdown(self.listener, Int32(SHUT_RDWR))
        close(self.listener)
        self.open.withLock { open in
            for fd in open {
                var option = linger(l_onoff: 1, l_linger: 0)
                setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
                shutdown(fd, Int32(SHUT_RDWR))
            }
        }
    }

    func serve(_ mood: @escaping @Sendable () -> MoodyOrigin.Mood) {
        _ = JoinableThread { [self] in
            while true {
                let peer = accept(self.listener, nil, nil)
                guard peer >= 0 else { return }
                self.open.withLock { _ = $0.insert(peer) }
                _ = JoinableThread { [self] in
                    let connection = BlockingConnection(fd: peer)
                    while let message = connection.receive() {
                        let answer = self.answer(message, mood())
                        guard connection.send(answer.bytes), !answer.isLast else { break }
                        self.count.withLock { $0 += 1 }
                    }
                    self.open.withLock { _ = $0.remove(peer) }
                }
            }
        }
    }

    private func answer(
        _ message: PlainMessage,
        _ mood: MoodyOrigin.Mood
    ) -> (bytes: [UInt8], isLast: Bool) {
        switch mood {
        case .well: break
        case .slow: usleep(900_000)
        case .silent: usleep(4_000_000)
        case .drained:
            let text = "HTTP/1.1 503 Going\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            return (Array(text.utf8), true)
        }
        let number = message.field("request-number:") ?? ""
        let wanted = message.field("want-bytes:").flatMap { Int($0) } ?? 0
        let head =
            "HTTP/1.1 200 OK\r\nRequest-Number: \(number)\r\nContent-Length: \(wanted)\r\n\r\n"
        return (Array(head.utf8) + [UInt8](repeating: 0x2e, count: wanted), false)
    }
}

/// Issue 4, done when 5: endpoints killed, drained, slowed under load.
@Suite("Endpoints under load", .serialized)
struct EndpointsUnderLoadTests {
    @Test
    func `no safe request fails while one endpoint is healthy, whatever becomes of the others`()
        throws
    {
        let origins = try (0..<3).map { _ in try MoodyOrigin() }
        for policy in ["roundRobin", "leastRequest"] {
            let edge = try upstreamEdge(
                endpoints: origins.map { "\"\($0.address)\"" }.joined(separator: ", "),
                [
                    "balance: { policy: \(policy) }",
                    "health: { passive: { failures: 3, ejectFor: 300ms, ejectedAtMost: 70% } }",
                    "slowStart: 200ms",
                    "retry: { attempts: 4, perTry: 300ms, budget: 100%, floor: 1000 }",
                ]
            )
            let clients = (0..<6).map { index in
                SteadyClient(
                    port: edge.port,
                    path: "/charts/a",
                    fields: "X-Tenant-Id: acme\r\n",
                    isKept: index < 4
                )
            }
            for client in clients { client.start() }
            func goesOn(_ what: String) throws {
                let counts = clients.map(\.count)
                try waitUntil("requests go on: \(what)") {
                    zip(clients, counts).allSatisfy { $0.count > $1 + 20 }
                }
            }
            try goesOn("all are well")
            // The third stays well throughout; the others fall ill one after the other, then both.
            let moods: [(String, MoodyOrigin.Mood)] = [
                ("slow", .slow), ("drained", .drained), ("silent", .silent),
            ]
            for victims in [[0], [1], [0, 1]] {
                for (name, mood) in moods {
                    for index in victims { origins[index].set(mood) }
                    try goesOn("\(policy): \(victims) \(name)")
                    for index in victims { origins[index].set(.well) }
                    try goesOn("\(policy): \(victims) well again")
                }
                for index in victims { origins[index].kill() }
                try goesOn("\(policy): \(victims) killed")
                for index in victims { try origins[index].restart() }
                try waitUntil("\(policy): \(victims) serve again") {
                    victims.allSatisfy { origins[$0].served > 0 }
                }
            }
            let results = clients.map { $0.finish() }
            for result in results {
                #expect(result.failed.isEmpty, "\(policy): \(result.failed.prefix(3))")
            }
            let answered = results.map(\.answered).reduce(0, +)
            print("endpoints under load, \(policy): \(answered) answered, none failed")
            let metrics = try curl([edge.observe("/metrics")]).text
            #expect(metrics.contains("banyan_upstream_retries_total{upstream=\"charts-legacy\"}"))
            let name = "banyan_upstream_endpoint_ejections_total"
            #expect(metrics.contains("\(name){upstream=\"charts-legacy\",endpoint=\"0\"}"))
            let table = try edge.banyan(["status"]).out
            #expect(table.contains("generation"))
        }
    }
}
