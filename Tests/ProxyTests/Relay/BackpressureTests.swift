// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Migration
import Testing

@testable import Proxy

/// Bytes that repeat with a period no block size divides.
struct RepeatedBytes: Sendable {
    static let period = 65_521
    let bytes: [UInt8]

    init() {
        self.bytes = (0..<RepeatedBytes.period * 2).map {
            UInt8($0 % RepeatedBytes.period * 31 & 0xff)
        }
    }

    /// Whether `part` is the pattern from `offset` on.
    func matches(_ part: [UInt8], at offset: Int) -> Bool {
        var done = 0
        while done < part.count {
            let start = (offset + done) % RepeatedBytes.period
            let count = min(RepeatedBytes.period, part.count - done)
            guard part[done..<done + count] == self.bytes[start..<start + count]
            else { return false }
            done += count
        }
        return true
    }

    /// A part to send from `offset` on.
    func part(at offset: Int, of total: Int) -> [UInt8] {
        let start = offset % RepeatedBytes.period
        return Array(self.bytes[start..<start + min(RepeatedBytes.period, total - offset)])
    }
}

@Suite("Backpressure", .serialized)
struct BackpressureTests {
    private static let total = 256 * 1_048_576
    /// Input, output and head of one exchange, with room for the connections' own.
    private static let blocksMax: UInt64 = 8

    @Test func `a slow reader holds the origin back, and gets every byte`() throws {
        let pattern = RepeatedBytes()
        let origin = try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(BackpressureTests.total)\r\n\r\n")
            var sent = 0
            while sent < BackpressureTests.total {
                let part = pattern.part(at: sent, of: BackpressureTests.total)
                guard connection.send(part) else { return }
                sent += part.count
            }
            connection.waitForEnd()
        }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: origin.port,
            modern: origin.port
        )
        let client = try TestClient(port: edge.port)
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let head = client.readHeadOnly()
        #expect(head.contains("\(BackpressureTests.total)"))
        var got = 0
        var mostBlocks: UInt64 = 0
        while got < BackpressureTests.total {
            // Now and then the client stops long enough for every buffer to fill.
            if got % (64 * 1_048_576) < 65_536 { Thread.sleep(forTimeInterval: 0.2) }
            mostBlocks = max(mostBlocks, edge.plane.total(.blocksUsed))
            guard let part = client.read(1 << 18), !part.isEmpty else { break }
            guard pattern.matches(part, at: got) else {
                Issue.record("other bytes from \(got) on")
                return
            }
            got += part.count
        }
        #expect(got == BackpressureTests.total)
        #expect(mostBlocks <= BackpressureTests.blocksMax)
    }

    @Test func `a slow origin holds the client back, and gets every byte`() throws {
        let pattern = RepeatedBytes()
        let origin = try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            var got = 0
            var isRight = true
            while got < BackpressureTests.total {
                if got % (64 * 1_048_576) < 65_536 { Thread.sleep(forTimeInterval: 0.2) }
                guard let part = connection.takePart() else { return }
                isRight = isRight && pattern.matches(part, at: got)
                got += part.count
            }
            connection.send(ok(isRight ? "right" : "wrong"))
            connection.waitForEnd()
        }
        let edge = try TestEdge(
            routes: [TestEdge.route("r", prefix: "/")],
            legacy: origin.port,
            modern: origin.port
        )
        let client = try TestClient(port: edge.port)
        client.send(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(BackpressureTests.total)\r\n\r\n"
        )
        var sent = 0
        var mostBlocks: UInt64 = 0
        while sent < BackpressureTests.total {
            let part = pattern.part(at: sent, of: BackpressureTests.total)
            client.send(part)
            sent += part.count
            mostBlocks = max(mostBlocks, edge.plane.total(.blocksUsed))
        }
        var reader = AnswerReader(client)
        #expect(reader.next().text == "right")
        #expect(mostBlocks <= BackpressureTests.blocksMax)
    }
}
