// SPDX-License-Identifier: Apache-2.0
import Bytes
import Kernel

/// Load and both origins in one thread, as light as can be, so that the proxy is the bottleneck.
///
/// A heavier generator fills its core first: then the cheaper proxy waits more, wakes more often
/// and looks dearer than it is. Clients are a closed loop: each sends its next request when it has
/// the answer. Every answer's status, length and origin are checked.
struct LoadGenerator: ~Copyable {
    private enum Kind: BitwiseCopyable {
        case client, legacyListener, modernListener, legacy, modern
    }

    private struct Connection: BitwiseCopyable {
        var kind: Kind
        var fd: Int32
        var block: BlockIndex
        var filled = 0
        var sentAt: UInt64 = 0
        var request = 0
    }

    private struct RequestSlot: BitwiseCopyable {
        var block: BlockIndex
        var start: Int
        var end: Int
        var isModern: Bool
    }

    static let bodyBytes = 1_024
    private static let answersPerSend = 8
    private static let answerHead =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1024\r\n\r\n"
    /// The last byte tells who answered; both are white space to a JSON reader.
    private static let legacyByte = UInt8(ascii: "\n")
    private static let modernByte = UInt8(ascii: " ")

    /// A visit of 1 KiB.
    ///
    /// The origins differ in when it was last updated, as real ones do.
    private static func body(_ last: UInt8) -> [UInt8] {
        let updated = last == self.legacyByte ? "2026-11-21T08:00:00Z" : "2026-11-21T08:00:01Z"
        var text = """
            {"id":"81","status":"booked","meta":{"versionId":"3","lastUpdated":"\(updated)"},\
            "participants":[
            """
        for number in 0..<6 {
            text += number == 0 ? "" : ","
            text +=
                #"{"id":"p\#(number)","role":"patient","joined":\#(number * 17).50,"active":true}"#
        }
        text += #"],"note":""#
        let filler = self.bodyBytes - text.utf8.count - 3
        return Array((text + String(repeating: "n", count: filler) + "\"}").utf8) + [last]
    }

    private var poller: EpollPoller
    private var pool: BlockPool
    private var connections: [Connection] = []
    private var free: [Int] = []
    private var requests: [RequestSlot] = []
    private var nextRequest = 0
    private var target = SocketAddress()
    private let legacyAnswers: BlockIndex
    private let modernAnswers: BlockIndex
    private let answerBytes: Int
    private var isSending = false
    private(set) var result = LoadResult()

    /// Port of the legacy origin.
    let legacyPort: Int
    /// Port of the modern origin.
    let modernPort: Int

    /// Opens both origins on free ports of the loopback.
    static func open() throws(Errno) -> LoadGenerator {
        let loopback = SocketAddress(bytes: [2, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
        let legacy = try listen(on: loopback, sharesPort: false).release()
        let modern = try listen(on: loopback, sharesPort: false).release()
        var load = LoadGenerator(
            poller: try EpollPoller(capacity: 256),
            legacyPort: localAddress(of: legacy).port,
            modernPort: localAddress(of: modern).port
        )
        try load.addListener(legacy, .legacyListener)
        try load.addListener(modern, .modernListener)
        return load
    }

    private init(poller: consuming EpollPoller, legacyPort: Int, modernPort: Int) {
        self.poller = poller
        self.pool = BlockPool(capacity: 4_096)
        self.answerBytes = LoadGenerator.answerHead.utf8.count + LoadGenerator.bodyBytes
        self.legacyPort = legacyPort
        self.modernPort = modernPort
        guard let legacy = self.pool.take(), let modern = self.pool.take() else {
            preconditionFailure("a new pool has no block")
        }
        self.legacyAnswers = legacy
        self.modernAnswers = modern
        self.fillAnswers(legacy, LoadGenerator.legacyByte)
        self.fillAnswers(modern, LoadGenerator.modernByte)
    }

    private mutating func fillAnswers(_ block: BlockIndex, _ byte: UInt8) {
        var writer = self.pool.writer(block, from: 0)
        for _ in 0..<LoadGenerator.answersPerSend {
            for character in LoadGenerator.answerHead.utf8 { writer.append(character) }
            for character in LoadGenerator.body(byte) { writer.append(character) }
        }
        precondition(!writer.overflowed, "answers do not fit a block")
    }

    private mutating func addListener(_ fd: Int32, _ kind: Kind) throws(Errno) {
        self.connections.append(Connection(kind: kind, fd: fd, block: .none))
        try self.poller.addLevel(fd, token: UInt64(self.connections.count - 1))
    }

    /// Lays the requests of a workload into blocks, before any is sent.
    mutating func load(_ requests: [BenchRequest]) {
        for block in Set(self.requests.map(\.block)) { self.pool.give(block) }
        self.requests = []
        self.nextRequest = 0
        var block = BlockIndex.none
        var position = Limits.blockBytes
        for request in requests {
            let bytes = request.bytes
            if position + bytes.count > Limits.blockBytes {
                guard let taken = self.pool.take() else { preconditionFailure("too many requests") }
                block = taken
                position = 0
            }
            var writer = self.pool.writer(block, from: position)
            for byte in bytes { writer.append(byte) }
            self.requests.append(
                RequestSlot(
                    block: block,
                    start: position,
                    end: writer.position,
                    isModern: request.isModern
                )
            )
            position = writer.position
        }
    }
}

// MARK: A run

/// What clients saw.
struct LoadResult {
    var requests = 0
    /// Wrong status, length or origin, or a connection lost.
    var failures = 0
    var nanoseconds: UInt64 = 0
    var latencies = LatencyHistogram()
}

extension LoadGenerator {
    /// Opens the clients; each sends at once.
    mutating func start(port: Int, clients: Int) throws(Errno) {
        self.target = SocketAddress(
            bytes: [2, 0, UInt8(port >> 8), UInt8(port & 255), 127, 0, 0, 1]
                + [UInt8](repeating: 0, count: 8)
        )
        self.isSending = true
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

    /// Lets what was sent come to its end; connections stay.
    mutating func pause() {
        self.isSending = false
        let end = monotonicNanoseconds() + 200_000_000
        while monotonicNanoseconds() < end { self.turn(timeoutMilliseconds: 20) }
    }

    /// Has every client send again.
    mutating func resume() {
        self.isSending = true
        for index in self.connections.indices
        where self.connections[index].kind == .client && self.connections[index].fd >= 0 {
            self.sendNext(index)
        }
    }

    /// Lets what was sent come to its end, then closes the clients.
    mutating func stop() {
        self.pause()
        for index in self.connections.indices where self.connections[index].kind == .client {
            self.close(index)
        }
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
            case .client: self.advance(connection)
            }
        }
    }

    private mutating func add(_ kind: Kind, _ fd: Int32) throws(Errno) -> Int {
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

    private mutating func close(_ index: Int) {
        guard self.connections[index].fd >= 0 else { return }
        closeDescriptor(self.connections[index].fd)
        self.connections[index].fd = -1
        self.pool.give(self.connections[index].block)
        self.free.append(index)
    }
}

// MARK: The origins

extension LoadGenerator {
    private mutating func acceptAll(_ listener: Int, _ kind: Kind) {
        while let taken = try? accept(self.connections[listener].fd) {
            setNoDelay(taken.fd)
            guard let index = try? self.add(kind, taken.fd) else {
                closeDescriptor(taken.fd)
                return
            }
            // Edge-triggered: what came before the registration is seen by it.
            _ = index
        }
    }

    /// Reads what is there and answers each whole head in it; bodies are never sent here.
    private mutating func answer(_ index: Int, _ answers: BlockIndex) {
        while true {
            var connection = self.connections[index]
            let read = receive(
                connection.fd,
                into: self.pool,
                connection.block,
                connection.filled,
                Limits.blockBytes
            )
            guard case .bytes(let count) = read else {
                if read != .wouldBlock { self.close(index) }
                return
            }
            connection.filled += count
            let window = self.pool.window(connection.block, 0, connection.filled)
            var consumed = 0
            var heads = 0
            while consumed < connection.filled, let end = window.headEnd(from: consumed) {
                consumed = end
                heads += 1
            }
            connection.filled = self.pool.compact(connection.block, consumed, connection.filled)
            self.connections[index] = connection
            while heads > 0 {
                let several = min(heads, LoadGenerator.answersPerSend)
                let bytes = several * self.answerBytes
                let sent = send(
                    connection.fd,
                    self.pool.window(answers, 0, bytes),
                    self.pool.window(answers, 0, 0)
                )
                // A few KiB always fit a loopback socket that its reader drains.
                guard sent == .bytes(bytes) else {
                    self.result.failures += 1
                    self.close(index)
                    return
                }
                heads -= several
            }
            // A short read has drained the socket.
            if count < Limits.blockBytes / 2 { return }
        }
    }
}

// MARK: The clients

extension LoadGenerator {
    private mutating func openClient() throws(Errno) {
        let (fd, _) = try startConnect(to: self.target)
        _ = try self.add(.client, fd)
    }

    private mutating func advance(_ index: Int) {
        let connection = self.connections[index]
        // The first event of a client says that it is connected.
        if connection.sentAt == 0 {
            self.sendNext(index)
            return
        }
        let read = receive(
            connection.fd,
            into: self.pool,
            connection.block,
            connection.filled,
            Limits.blockBytes
        )
        switch read {
        case .wouldBlock: return
        case .end, .failed:
            self.result.failures += 1
            self.close(index)
            if self.isSending { try? self.openClient() }
        case .bytes(let count):
            self.connections[index].filled += count
            self.checkAnswer(index)
        }
    }

    private mutating func checkAnswer(_ index: Int) {
        let connection = self.connections[index]
        let window = self.pool.window(connection.block, 0, connection.filled)
        guard let head = window.headEnd(from: 0) else { return }
        let end = head + LoadGenerator.bodyBytes
        // HTTP/1.1 200: the digits of the status stand at 9.
        let isGood = window.count > 12 && window[9] == UInt8(ascii: "2")
        guard window.count >= end || !isGood else { return }
        let slot = self.requests[connection.request]
        let origin = slot.isModern ? LoadGenerator.modernByte : LoadGenerator.legacyByte
        if isGood, window.count == end, window[end - 1] == origin {
            self.result.latencies.add(
                nanoseconds: monotonicNanoseconds() - connection.sentAt
            )
        } else {
            self.result.failures += 1
        }
        self.result.requests += 1
        self.connections[index].filled = 0
        if self.isSending { self.sendNext(index) }
    }

    private mutating func sendNext(_ index: Int) {
        let request = self.nextRequest
        self.nextRequest = request + 1 == self.requests.count ? 0 : request + 1
        let slot = self.requests[request]
        self.connections[index].request = request
        self.connections[index].sentAt = monotonicNanoseconds()
        let sent = send(
            self.connections[index].fd,
            self.pool.window(slot.block, slot.start, slot.end),
            self.pool.window(slot.block, 0, 0)
        )
        if sent != .bytes(slot.end - slot.start) {
            self.result.failures += 1
            self.close(index)
        }
    }
}
