// SPDX-License-Identifier: Apache-2.0
import Foundation
import TLS
import Testing

/// In a process of its own: what is measured belongs to the whole process.
@Suite("TLS memory")
struct MemoryTests {
    private static func visit(
        _ pair: TestPair,
        _ server: TLSServerContext,
        _ client: TLSClientContext
    ) {
        precondition(pair.shake(server, client))
        precondition(pair.client.writeBytes(0, [1]) == .bytes(1))
        precondition(pair.server.readBytes(0).1 == [1])
        precondition(pair.server.writeBytes(0, [1]) == .bytes(1))
        precondition(pair.client.readBytes(0).1 == [1])
        pair.client.close(0)
        pair.server.close(0)
    }

    /// Memory of this process that is in use.
    private static var heapBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let words = text.split(separator: " ")
        return words.count > 1 ? (Int(words[1]) ?? 0) * 4_096 : 0
    }

    @Test func `a thousand sessions and fifty contexts leave nothing behind`() async {
        await #expect(processExitsWith: .success) {
            let world = try TestWorld()
            let certificate = world.authority.issue("a.example")
            let pair = TestPair()
            func round(_ sessions: Int) throws {
                let server = try world.server([certificate, world.authority.issue("b.example")])
                let client = try world.client()
                for _ in 0..<sessions { MemoryTests.visit(pair, server, client) }
                // Unfinished ones as well.
                precondition(pair.server.accept(0, server, fd: pair.sockets.first))
                precondition(pair.client.connect(0, client, fd: pair.sockets.second))
                _ = pair.client.handshake(0)
                _ = pair.server.handshake(0)
                pair.client.close(0)
                pair.server.close(0)
                var rest = [UInt8](repeating: 0, count: 65_536)
                _ = recv(pair.sockets.first, &rest, rest.count, 0)
                _ = recv(pair.sockets.second, &rest, rest.count, 0)
            }
            // Kept sessions have 256 places: they are full before anything is measured.
            for _ in 0..<30 { try round(10) }
            let (heap, secret) = (MemoryTests.heapBytes, SecretHeap.usedBytes)
            for _ in 0..<50 { try round(20) }
            let grown = MemoryTests.heapBytes - heap
            print("grown \(grown), secret \(SecretHeap.usedBytes - secret)")
            precondition(SecretHeap.usedBytes == secret, "\(SecretHeap.usedBytes) \(secret)")
            // One session more or less on the shelf has some 4 KiB. A sanitizer's heap keeps for a
            // while what was freed.
            let isPlain = ProcessInfo.processInfo.environment["BANYAN_SANITIZER"] == nil
            precondition(!isPlain || grown < 1_000 * 1_024, "\(grown) bytes")
        }
    }
}
