// SPDX-License-Identifier: Apache-2.0
import Bytes
import Corpora
import Testing
import Wire

/// What a hostile peer does over and over.
private struct Flood: Sendable {
    let kind: H2Flood
    let bound: Int
    /// Once, before.
    var before: [UInt8] = []
    /// Time number `n`.
    let one: @Sendable (Int) -> [UInt8]
}

private let badRequest = H2Frames.start() + H2Frames.field("X-A", "1")

private let floods = [
    Flood(kind: .resets, bound: Limits.h2ResetsMax) {
        H2Frames.get(UInt32(2 * $0 + 1)) + H2Frames.reset(UInt32(2 * $0 + 1))
    },
    Flood(kind: .resetsSent, bound: Limits.h2ResetsSentMax) {
        H2Frames.headers(UInt32(2 * $0 + 1), badRequest)
    },
    Flood(kind: .ping, bound: Limits.h2PingsMax) { _ in H2Frames.ping(1) },
    Flood(kind: .settings, bound: Limits.h2SettingsMax) { _ in H2Frames.settings([]) },
    Flood(kind: .priority, bound: Limits.h2PriorityMax) { _ in
        H2Frames.frame(2, 0, 5, [0, 0, 0, 1, 0])
    },
    Flood(kind: .emptyData, bound: Limits.h2EmptyDataMax, before: H2Frames.post(1)) { _ in
        H2Frames.data(1, [])
    },
    Flood(kind: .windowUpdate, bound: Limits.h2WindowUpdatesMax) { _ in
        H2Frames.windowUpdate(0, 1)
    },
    Flood(kind: .otherFrames, bound: Limits.h2OtherFramesMax) { _ in
        H2Frames.frame(0x7f, 0, 0, [])
    },
    // Trailers that do not end their stream have it reset; others on it are dropped.
    Flood(
        kind: .otherFrames,
        bound: Limits.h2OtherFramesMax,
        before: H2Frames.post(1) + H2Frames.headers(1, [], 4)
    ) { _ in H2Frames.headers(1, [], 4) },
]

@Suite("HTTP/2 floods")
struct H2FloodTests {
    /// GOAWAY's code in what is to be sent.
    static func goAway(_ peer: H2Peer) -> UInt32? {
        var output = peer.output()
        return H2Frame.take(from: &output).last { $0.type == 7 }?.code
    }

    @Test func `what comes too often ends the connection at its bound`() throws {
        for flood in floods {
            let server = try H2Peer(.server)
            server.receive(H2Frames.opening + flood.before)
            var times = 0
            var goAway: UInt32?
            while goAway == nil && times < 5_000 {
                server.receive(flood.one(times))
                times += 1
                goAway = Self.goAway(server)
            }
            #expect(goAway == H2Code.calm, "\(flood.kind)")
            // The opening has SETTINGS and their acknowledgement.
            #expect(times <= flood.bound + 1 && times >= flood.bound - 2, "\(flood.kind): \(times)")
            #expect(server.count(flood.kind) == UInt64(flood.bound + 1), "\(flood.kind)")
            server.receive(H2Frames.ping(1))
            #expect(server.failure == .flood(flood.kind), "\(flood.kind)")
            _ = server.output()
            #expect(server.isOver, "\(flood.kind)")
        }
    }

    @Test func `all at once is as bounded as one by one`() throws {
        for flood in floods {
            let server = try H2Peer(.server)
            server.receive(H2Frames.opening + flood.before)
            let bytes = (0..<flood.bound * 2).flatMap(flood.one)
            server.receive(bytes)
            let length = server.output().count
            #expect(length < 64 * 1_024, "\(flood.kind): \(length) bytes of answer")
            server.receive(H2Frames.ping(1))
            // Streams that were not reset yet are too many before their resets are.
            let isOver = flood.kind == .resetsSent && server.goAwayCode == H2Code.protocolError
            #expect(server.failure == .flood(flood.kind) || isOver, "\(flood.kind)")
        }
    }

    @Test func `what comes now and then is let pass for ever`() throws {
        for flood in floods {
            let server = try H2Peer(.server)
            server.receive(H2Frames.opening + flood.before)
            for times in 0..<flood.bound * 5 {
                if times % (flood.bound / 2) == 0 { server.now += Limits.h2BudgetMilliseconds }
                server.receive(flood.one(times))
                _ = server.output()
            }
            #expect(server.failure == nil, "\(flood.kind)")
        }
    }

    @Test func `an origin may reset each stream that it has answered, and few others`() throws {
        let client = try H2Peer(.client)
        client.receive(H2Frames.settings([]) + H2Frames.settingsAcknowledgement)
        // As gRPC servers do: the answer, its end, and "do not send the rest" (RFC 9113 8.1).
        let count = Limits.h2ResetsMax * 5
        for _ in 0..<count {
            let stream = UInt32(
                try client.request("POST / HTTP/1.1\r\nHost: a\r\n\r\n", ends: false)
            )
            _ = client.output()
            client.receive(
                H2Frames.headers(stream, H2Frames.field(":status", "200"), 5)
                    + H2Frames.reset(stream, 0)
            )
            #expect(client.take().last { $0.kind == .closed }?.code == 0)
        }
        #expect(client.failure == nil)
        // Those that nobody has asked for are counted as ever.
        var times = 0
        while client.failure == nil && times < 5_000 {
            client.receive(H2Frames.reset(1, 0))
            times += 1
        }
        #expect(times == Limits.h2ResetsMax + 1, "\(times)")
        #expect(client.failure == .flood(.resets))
        #expect(client.count(.resets) == UInt64(count + times))
    }

    @Test func `CONTINUATION frames without end (CVE-2024-27316)`() throws {
        let server = try H2Peer(.server)
        server.receive(H2Frames.opening + H2Frames.headers(1, H2Frames.start(), 1))
        for times in 1...Limits.h2ContinuationsMax {
            server.receive(H2Frames.continuation(1, [], 0))
            #expect(server.failure == nil, "\(times)")
        }
        server.receive(H2Frames.continuation(1, [], 0))
        #expect(server.failure == .flood(.continuation))
        #expect(Self.goAway(server) == H2Code.calm)
    }

    @Test func `CONTINUATION bytes without end`() throws {
        let server = try H2Peer(.server)
        let field = H2Frames.field("x-a", String(repeating: "a", count: 15_000))
        server.receive(H2Frames.opening + H2Frames.headers(1, H2Frames.start() + field, 1))
        server.receive(H2Frames.continuation(1, field, 0))
        #expect(server.failure == nil)
        server.receive(H2Frames.continuation(1, field, 0))
        #expect(server.failure == .flood(.continuation))
    }

    /// A head that names an indexed field of 4,000 bytes again and again.
    static func bomb(_ stream: UInt32, times: Int, defines: Bool = true) -> [UInt8] {
        let value = Array(repeating: UInt8(ascii: "a"), count: 4_000)
        let field = [0x40] + H2Frames.string(Array("x-bomb".utf8)) + H2Frames.string(value)
        let again = Array(repeating: UInt8(0xbe), count: times)
        return H2Frames.headers(stream, H2Frames.start() + (defines ? field : []) + again)
    }

    @Test func `a compressed bomb ends the connection (CVE-2019-9516)`() throws {
        let server = try H2Peer(.server)
        server.receive(H2Frames.opening + Self.bomb(1, times: 1_000))
        #expect(server.failure == .flood(.headerBytes))
        #expect(server.count(.headerBytes) == 1)
        #expect(Self.goAway(server) == H2Code.calm)
        #expect(server.take().allSatisfy { $0.kind != .head })
    }

    @Test func `a head that is too long is answered 431 and the connection lives on`() throws {
        for (name, head) in [
            ("bytes", Self.bomb(1, times: 4)),
            (
                "count",
                H2Frames.headers(
                    1,
                    H2Frames.start() + (0...100).flatMap { H2Frames.field("x-\($0)", "") }
                )
            ),
            (
                "authority",
                H2Frames.headers(
                    1,
                    H2Frames.start(authority: String(repeating: "a", count: 16_200))
                )
            ),
        ] {
            let server = try H2Peer(.server)
            server.receive(H2Frames.opening + head + H2Frames.get(3))
            var output = server.output()
            let frames = H2Frame.take(from: &output)
            let answer = frames.first { $0.type == 1 && $0.stream == 1 }
            #expect(
                answer?.status == 431 || name == "authority" && frames.contains { $0.type == 3 },
                "\(name)"
            )
            #expect(server.take().filter { $0.kind == .head }.map(\.stream) == [3], "\(name)")
            #expect(server.failure == nil, "\(name)")
        }
    }

    @Test func `the text of one read is bounded over all its streams`() throws {
        var limits = H2Limits()
        limits.textBytesMax = 64 * 1_024
        let server = try H2Peer(.server, limits)
        server.receive(H2Frames.opening + Self.bomb(1, times: 2))
        let heads = (1..<30).flatMap { Self.bomb(UInt32(2 * $0 + 1), times: 3, defines: false) }
        server.receive(heads)
        let told = server.take().filter { $0.kind == .head }
        #expect(told.count > 3 && told.count < 8)
        var output = server.output()
        let resets = H2Frame.take(from: &output).filter { $0.type == 3 }
        #expect(resets.count == 30 - told.count)
        #expect(resets.allSatisfy { $0.code == H2Code.refusedStream })
    }

    @Test func `windows of one byte do not make a frame a byte for ever (CVE-2019-9511)`() throws {
        let server = try H2Peer(.server)
        server.receive(
            H2Frames.preface + H2Frames.settings([(4, 0)]) + H2Frames.settingsAcknowledgement
                + H2Frames.get(1)
        )
        try server.answer(1, "HTTP/1.1 200 OK\r\n\r\n")
        server.offer(1, String(repeating: "x", count: 10_000), last: true)
        var times = 0
        while server.goAwayCode == 0 && times < 5_000 {
            server.now += 1
            server.receive(H2Frames.windowUpdate(1, 1))
            _ = server.output()
            times += 1
        }
        #expect(server.goAwayCode == H2Code.calm)
        #expect(times == Limits.h2SmallFramesMax + 1)
        #expect(server.count(.smallFrames) == UInt64(times))
    }

    @Test func `a hundred streams with closed windows cost no memory of content`() throws {
        let server = try H2Peer(.server)
        server.receive(
            H2Frames.preface + H2Frames.settings([(4, 0)])
                + (0..<100).flatMap { H2Frames.get(UInt32(2 * $0 + 1)) }
        )
        let content = String(repeating: "x", count: 100_000)
        for stream in stride(from: Int32(1), to: 200, by: 2) {
            try server.answer(stream, "HTTP/1.1 200 OK\r\n\r\n")
            server.offer(stream, content, last: true)
        }
        #expect(server.output().count < 4_096)
        #expect(!server.hasOutput)
        #expect(server.taken(1) == 0 && server.openStreams == 100)
    }

    @Test func `interim heads without end reset their stream`() throws {
        let (client, server) = try h2Pair()
        let stream = try client.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        exchange(client, server)
        for _ in 0..<Limits.interimResponsesMax + 1 {
            try server.answer(1, "HTTP/1.1 103 Early Hints\r\n\r\n")
        }
        exchange(client, server)
        let seen = client.take()
        #expect(seen.filter { $0.kind == .head }.count == Limits.interimResponsesMax)
        #expect(seen.last == H2Seen(kind: .closed, stream: stream, tag: 7, code: H2Code.calm))
    }

    @Test func `PINGs that measure while content flows are not counted`() throws {
        let server = try H2Peer(.server)
        server.receive(H2Frames.opening + H2Frames.post(1))
        for _ in 0..<Limits.h2PingsMax * 3 {
            server.receive(H2Frames.data(1, [1]) + H2Frames.ping(2))
            _ = server.output()
        }
        #expect(server.failure == nil)
    }
}
