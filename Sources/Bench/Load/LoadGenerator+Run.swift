// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLinux
import Kernel

/// What clients saw.
struct LoadResult {
    var requests = 0
    /// Wrong status, length or origin, or a connection lost.
    var failures = 0
    var nanoseconds: UInt64 = 0
    var latencies = LatencyHistogram()
}

extension LoadGenerator {
    private mutating func aim(_ port: Int) {
        self.target = SocketAddress(
            bytes: [2, 0, UInt8(port >> 8), UInt8(port & 255), 127, 0, 0, 1]
                + [UInt8](repeating: 0, count: 8)
        )
        self.isSending = true
        self.result = LoadResult()
    }

    /// Opens the clients; each sends at once.
    mutating func start(port: Int, clients: Int) throws(Errno) {
        self.aim(port)
        for _ in 0..<clients { try self.openClient() }
    }

    /// Runs for that long, or until that many answers have come; counts from zero.
    mutating func run(nanoseconds: UInt64, requestsMax: Int = .max) {
        self.result = LoadResult()
        let start = monotonicNanoseconds()
        var now = start
        while now - start < nanoseconds, self.result.requests < requestsMax {
            self.turn(timeoutMilliseconds: 20)
            now = monotonicNanoseconds()
        }
        self.result.nanoseconds = now - start
    }

    /// Asks that often for that long, whether or not answers come; then waits for the last ones.
    mutating func runOpen(requestsPerSecond: Int, nanoseconds: UInt64) throws(Errno) {
        self.result = LoadResult()
        let start = monotonicNanoseconds()
        self.schedule.interval = 1_000_000_000 / UInt64(requestsPerSecond)
        self.schedule.begin(now: start, nanoseconds: nanoseconds)
        for index in self.connections.indices where self.isFree(index) { self.schedule.put(index) }
        let timer = banyan_timer_open(self.schedule.nextDue, self.schedule.interval)
        guard timer >= 0 else { throw .last }
        self.connections.append(Connection(kind: .timer, fd: timer, block: .none))
        let index = self.connections.count - 1
        try self.poller.addLevel(timer, token: UInt64(index))
        var now = start
        while now < self.schedule.end {
            self.turn(timeoutMilliseconds: 20)
            now = monotonicNanoseconds()
        }
        self.result.nanoseconds = now - start
        closeDescriptor(timer)
        self.connections[index].fd = -1
        self.free.append(index)
        let late = now + 1_000_000_000
        while self.waitingClients > 0 || self.schedule.isUnfinished,
            monotonicNanoseconds() < late
        {
            self.turn(timeoutMilliseconds: 20)
        }
        // Who still waits has waited for a second at least.
        let lost = self.waitingClients + self.schedule.unsent
        for _ in 0..<lost { self.result.latencies.add(nanoseconds: 1_000_000_000) }
        self.result.failures += lost
    }

    private var waitingClients: Int {
        self.connections.reduce(0) { $0 + ($1.kind == .client && $1.isWaiting ? 1 : 0) }
    }

    /// Opens that many connections, a few at a time; each is used once and kept.
    mutating func openIdle(port: Int, count: Int) throws(Errno) {
        self.aim(port)
        self.keepsIdle = true
        let end = monotonicNanoseconds() + 60_000_000_000
        var opened = 0
        while self.result.requests < count, monotonicNanoseconds() < end {
            while opened < count, opened - self.result.requests < 32 {
                try self.openClient()
                opened += 1
            }
            self.turn(timeoutMilliseconds: 20)
        }
        self.result.failures += count - self.result.requests
    }

    /// Lets what was sent come to its end; connections stay.
    mutating func pause() {
        self.isSending = false
        let end = monotonicNanoseconds() + 200_000_000
        while monotonicNanoseconds() < end { self.turn(timeoutMilliseconds: 20) }
    }

    /// Has every client send again.
    mutating func resume() {
        self.isSending = true
        for index in self.connections.indices where self.isFree(index) {
            self.sendNext(index, at: monotonicNanoseconds())
        }
    }

    /// Whether it is a client that could send now.
    func isFree(_ index: Int) -> Bool {
        let connection = self.connections[index]
        return connection.kind == .client && connection.fd >= 0 && connection.isReady
            && !connection.isWaiting
    }

    /// Lets what was sent come to its end, then closes the clients.
    mutating func stop() {
        self.pause()
        for index in self.connections.indices where self.connections[index].kind == .client {
            self.close(index)
        }
        self.keepsIdle = false
        self.schedule = OpenSchedule()
    }

    /// Answers as an origin for that long while something else asks.
    mutating func serve(milliseconds: Int) {
        let end = monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000
        while monotonicNanoseconds() < end { self.turn(timeoutMilliseconds: 5) }
    }

    private mutating func turn(timeoutMilliseconds: Int32) {
        let count = self.poller.wait(timeoutMilliseconds: timeoutMilliseconds)
        for index in 0..<count {
            let event = self.poller.event(index)
            let connection = Int(event.token)
            guard self.connections[connection].fd >= 0 else { continue }
            switch self.connections[connection].kind {
            case .legacyListener: self.acceptAll(connection, .legacy)
            case .modernListener: self.acceptAll(connection, .modern)
            case .legacy: self.answer(connection, self.legacyAnswers)
            case .modern: self.answer(connection, self.modernAnswers)
            case .client:
                if self.keepsIdle, event.isPeerEnded {
                    self.result.failures += 1
                    self.close(connection)
                } else {
                    self.advance(connection)
                }
            case .timer: _ = banyan_timer_take(self.connections[connection].fd)
            }
        }
        if self.schedule.isOpen { self.sendDue() }
    }

    mutating func add(_ kind: Kind, _ fd: Int32) throws(Errno) -> Int {
        guard let block = self.pool.take() else { throw Errno(12) }
        let connection = Connection(kind: kind, fd: fd, block: block)
        let index: Int
        if let reused = self.free.popLast() {
            index = reused
            self.connections[index] = connection
        } else {
            index = self.connections.count
            self.connections.append(connection)
        }
        try self.poller.add(fd, token: UInt64(index))
        return index
    }

    mutating func close(_ index: Int) {
        guard self.connections[index].fd >= 0 else { return }
        if self.connections[index].kind == .client { self.tls.close(index) }
        closeDescriptor(self.connections[index].fd)
        self.connections[index].fd = -1
        self.connections[index].isReady = false
        self.connections[index].isWaiting = false
        self.giveBlock(index)
        self.free.append(index)
    }

    mutating func giveBlock(_ index: Int) {
        guard self.connections[index].block != .none else { return }
        self.pool.give(self.connections[index].block)
        self.connections[index].block = .none
    }
}
