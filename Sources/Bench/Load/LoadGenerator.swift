// SPDX-License-Identifier: Apache-2.0
import Bytes
import Kernel

/// Load and both origins in one thread, as light as can be, so that the proxy is the bottleneck.
///
/// A heavier generator fills its core first: then the cheaper proxy waits more, wakes more often
/// and looks dearer than it is. Every answer's status, length and origin are checked.
///
/// A client's way: connecting ──▶ (handshake ──▶) ready ──▶ waiting ──▶ ready … or closed.
struct LoadGenerator: ~Copyable {
    enum Kind: BitwiseCopyable {
        case client, legacyListener, modernListener, legacy, modern, timer
    }

    struct Connection: BitwiseCopyable {
        var kind: Kind
        var fd: Int32
        var block: BlockIndex
        var filled = 0
        /// A client is connected, its handshake done.
        var isReady = false
        /// A client waits for an answer, asked for or due at `sentAt`.
        var isWaiting = false
        var sentAt: UInt64 = 0
        var request = 0
        /// Bytes of a large body that are still to come.
        var remaining = 0
        /// An origin: answers that are still to be sent, and bytes of the first that have left.
        var owed = 0
        var sent = 0
    }

    struct RequestSlot: BitwiseCopyable {
        var block: BlockIndex
        var start: Int
        var end: Int
        var isModern: Bool
    }

    static let bodyBytes = 1_024
    static let largeBytes = 1_048_576
    static let answersPerSend = 8
    private static func answerHead(_ length: Int) -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(length)\r\n\r\n"
    }
    /// The last byte tells who answered; both are white space to a JSON reader.
    static let legacyByte = UInt8(ascii: "\n")
    static let modernByte = UInt8(ascii: " ")

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

    var poller: EpollPoller
    var pool: BlockPool
    var connections: [Connection] = []
    var free: [Int] = []
    var requests: [RequestSlot] = []
    var nextRequest = 0
    var target = SocketAddress()
    let legacyAnswers: BlockIndex
    let modernAnswers: BlockIndex
    let answerBytes: Int
    let large: BulkAnswer
    var tls = TLSClients()
    var workload = Workload.plain
    /// Clients send; off: what is under way comes to its end.
    var isSending = false
    /// Clients are used once and then kept, without a block.
    var keepsIdle = false
    var schedule = OpenSchedule()
    var result = LoadResult()

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
            large: try BulkAnswer(
                head: Array(answerHead(largeBytes).utf8),
                body: [UInt8](repeating: UInt8(ascii: "n"), count: largeBytes)
            ),
            legacyPort: localAddress(of: legacy).port,
            modernPort: localAddress(of: modern).port
        )
        try load.addListener(legacy, .legacyListener)
        try load.addListener(modern, .modernListener)
        return load
    }

    private init(
        poller: consuming EpollPoller,
        large: consuming BulkAnswer,
        legacyPort: Int,
        modernPort: Int
    ) {
        self.poller = poller
        self.large = large
        self.pool = BlockPool(capacity: 4_096)
        let head = LoadGenerator.answerHead(LoadGenerator.bodyBytes)
        self.answerBytes = head.utf8.count + LoadGenerator.bodyBytes
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
            let head = LoadGenerator.answerHead(LoadGenerator.bodyBytes)
            for character in head.utf8 { writer.append(character) }
            for character in LoadGenerator.body(byte) { writer.append(character) }
        }
        precondition(!writer.overflowed, "answers do not fit a block")
    }

    private mutating func addListener(_ fd: Int32, _ kind: Kind) throws(Errno) {
        self.connections.append(Connection(kind: kind, fd: fd, block: .none))
        try self.poller.addLevel(fd, token: UInt64(self.connections.count - 1))
    }

    /// Lays the requests of a workload into blocks, before any is sent.
    mutating func load(_ workload: Workload) {
        self.workload = workload
        for block in Set(self.requests.map(\.block)) { self.pool.give(block) }
        self.requests = []
        self.nextRequest = 0
        var block = BlockIndex.none
        var position = Limits.blockBytes
        for request in workload.requests {
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
