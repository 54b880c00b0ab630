// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import TLS
import Testing

@Suite("TLS transfer")
struct TransferTests {
    private func established(bufferBytes: Int32? = nil) throws -> TestPair {
        let world = try TestWorld()
        let server = try world.server([world.authority.issue("a.example")])
        let client = try world.client()
        let pair = TestPair(bufferBytes: bufferBytes)
        try #require(pair.shake(server, client))
        // The session ticket: unread bytes would make a close a reset.
        #expect(pair.client.readBytes(0).0 == .wantsRead)
        return pair
    }

    /// What one end still has to send, and what it has received.
    private struct End {
        var unsent: ArraySlice<UInt8>
        var received: [UInt8] = []
        var shortWrites = 0
        var fullWrites = 0

        mutating func step(_ table: inout TLSSessionTable) {
            while !self.unsent.isEmpty {
                // Always from another place in memory, split elsewhere each time.
                let all = Array(self.unsent.prefix(40_000))
                let cut = (self.received.count * 7 + self.unsent.count) % (all.count + 1)
                let result = table.writeBytes(0, Array(all[..<cut]), Array(all[cut...]))
                guard case .bytes(let count) = result else {
                    #expect(result == .wantsWrite)
                    self.fullWrites += 1
                    break
                }
                self.unsent = self.unsent.dropFirst(count)
                if count < all.count {
                    self.shortWrites += 1
                    break
                }
            }
            while true {
                let (result, bytes) = table.readBytes(0, most: 5_000)
                guard case .bytes = result else {
                    #expect(result == .wantsRead)
                    return
                }
                self.received += bytes
            }
        }
    }

    @Test func `a mebibyte each way passes tiny socket buffers whole and in order`() throws {
        let pair = try self.established(bufferBytes: 4_608)
        var random = SystemRandomNumberGenerator()
        func noise() -> [UInt8] {
            (0..<131_072).flatMap { _ in
                withUnsafeBytes(of: random.next()) { Array($0) }
            }
        }
        let up = noise()
        let down = noise()
        var client = End(unsent: up[...])
        var server = End(unsent: down[...])
        for _ in 0..<200_000 {
            client.step(&pair.client)
            server.step(&pair.server)
            if server.received.count == up.count && client.received.count == down.count { break }
        }
        #expect(server.received == up)
        #expect(client.received == down)
        #expect(client.shortWrites + client.fullWrites > 10, "the buffers were not small")
    }

    @Test func `two pieces that fit one record are one record`() throws {
        let pair = try self.established()
        let first = [UInt8](repeating: 1, count: 300)
        let second = [UInt8](repeating: 2, count: 16_084)
        #expect(pair.client.writeBytes(0, first, second) == .bytes(16_384))
        #expect(pair.server.readBytes(0).1 == first + second)
        #expect(pair.client.writeBytes(0, first, second + [3]) == .bytes(16_385))
        #expect(pair.server.readBytes(0).1.count == 16_384)
        #expect(pair.server.readBytes(0).1 == [3])
    }

    @Test func `what is decrypted already is known without the socket`() throws {
        let pair = try self.established()
        #expect(pair.client.writeBytes(0, Array("hello".utf8)) == .bytes(5))
        #expect(pair.server.readBytes(0, most: 2).1 == Array("he".utf8))
        #expect(pair.server.pendingBytes(0) == 3)
        #expect(pair.server.readBytes(0).1 == Array("llo".utf8))
        #expect(pair.server.pendingBytes(0) == 0)
    }

    @Test func `an end without close_notify is a cut, one with it an end`() throws {
        let cut = try self.established()
        #expect(cut.client.writeBytes(0, Array("part".utf8)) == .bytes(4))
        cut.sockets.closeSecond()
        #expect(cut.server.readBytes(0).1 == Array("part".utf8))
        #expect(cut.server.readBytes(0).0 == .cut)
        #expect(cut.server.failure(0) == .cut)
        #expect(cut.server.readBytes(0).0 == .failed)
        #expect(cut.server.writeBytes(0, [1]) == .failed)

        let ended = try self.established()
        #expect(ended.client.writeBytes(0, Array("whole".utf8)) == .bytes(5))
        ended.client.endWriting(0)
        ended.sockets.closeSecond()
        #expect(ended.server.readBytes(0).1 == Array("whole".utf8))
        #expect(ended.server.readBytes(0).0 == .ended)
        #expect(ended.server.failure(0) == .none)
    }

    @Test func `one direction ends and the other goes on`() throws {
        let pair = try self.established()
        pair.client.endWriting(0)
        #expect(pair.server.readBytes(0).0 == .ended)
        #expect(pair.server.writeBytes(0, Array("still".utf8)) == .bytes(5))
        #expect(pair.client.readBytes(0).1 == Array("still".utf8))
        pair.server.endWriting(0)
        #expect(pair.client.readBytes(0).0 == .ended)
    }

    @Test func `a reset is named, and no signal comes`() throws {
        let pair = try self.established()
        // Unread bytes make the close of a Unix socket a reset.
        #expect(pair.server.writeBytes(0, [1, 2, 3]) == .bytes(3))
        pair.sockets.closeSecond()
        #expect(pair.server.readBytes(0).0 == .failed)
        #expect(pair.server.failure(0) == .reset)
        let written = try self.established()
        written.sockets.closeSecond()
        #expect(written.server.writeBytes(0, [1, 2, 3]) == .failed)
        #expect(written.server.failure(0) == .reset)
    }

    @Test func `bytes that were changed on the way are refused`() throws {
        let pair = try self.established()
        #expect(pair.client.writeBytes(0, Array("hello".utf8)) == .bytes(5))
        var record = [UInt8](repeating: 0, count: 4_096)
        let count = recv(pair.sockets.first, &record, record.count, 0)
        try #require(count > 10)
        record[count - 1] ^= 1
        #expect(send(pair.sockets.second, record, count, 0) == count)
        #expect(pair.server.readBytes(0).0 == .failed)
        #expect(pair.server.failure(0) == .protocolError)
    }
}
