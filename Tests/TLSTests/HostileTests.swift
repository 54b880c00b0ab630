// SPDX-License-Identifier: Apache-2.0
import Foundation
import TLS
import Testing

@Suite("TLS hostile clients")
struct HostileTests {
    /// What the server makes of these first bytes, given so many at a time.
    private func failure(
        _ bytes: [UInt8],
        atATime: Int = .max,
        thenCloses: Bool = false
    ) throws -> (TLSStep, TLSFailure) {
        let world = try TestWorld()
        let server = try world.server([world.authority.issue("a.example")])
        let sockets = SocketPair()
        var table = TLSSessionTable(capacity: 1)
        try begin(table.accept(0, server, fd: sockets.first))
        var step = table.handshake(0)
        var rest = bytes[...]
        while !rest.isEmpty, step == .wantsRead {
            let part = Array(rest.prefix(atATime))
            rest = rest.dropFirst(part.count)
            #expect(send(sockets.second, part, part.count, 0) == part.count)
            step = table.handshake(0)
        }
        if thenCloses {
            sockets.closeSecond()
            step = table.handshake(0)
        }
        return (step, table.failure(0))
    }

    /// A record with the beginning of a ClientHello that says it has so many bytes.
    private func hello(record: Int, message: Int) -> [UInt8] {
        [
            0x16, 3, 1, UInt8(record >> 8), UInt8(record & 255), 1, UInt8(message >> 16),
            UInt8(message >> 8 & 255), UInt8(message & 255), 3, 3,
        ]
    }

    @Test func `each kind of wrong beginning is named`() throws {
        let rows: [(String, [UInt8], TLSFailure)] = [
            ("plain HTTP", Array("GET / HTTP/1.1\r\nhost: a\r\n\r\n".utf8), .plainText),
            (
                "HTTP/2 in clear text", Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8),
                .protocolError
            ),
            ("SSH", Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), .protocolError),
            ("zeros", [UInt8](repeating: 0, count: 64), .protocolError),
            ("an alert", [0x15, 3, 3, 0, 2, 2, 40], .protocolError),
            ("a hello of 128 KiB", self.hello(record: 512, message: 131_000), .tooLarge),
            ("a hello of 16 MiB", self.hello(record: 512, message: 16_777_215), .tooLarge),
            ("a hello of 16 KiB", self.hello(record: 512, message: 16_384), .tooLarge),
            ("a header in pieces", [0x16, 3, 1, 0, 1, 1, 0x16, 3, 1, 0, 1, 0xff], .tooLarge),
        ]
        for (name, bytes, expected) in rows {
            for atATime in [Int.max, 1] {
                let (step, failure) = try self.failure(bytes, atATime: atATime)
                #expect(step == .failed, "\(name)")
                #expect(failure == expected, "\(name): \(failure)")
            }
        }
    }

    @Test func `a large but honest hello is read on`() throws {
        // The length's low byte is below 4: only with a high byte of 0 is a record that short.
        let (step, failure) = try self.failure(self.hello(record: 0x0202, message: 0x3f00))
        #expect(step == .wantsRead, "\(failure)")
    }

    @Test func `a client that leaves while shaking hands has ended, not failed`() throws {
        #expect(try self.failure([], thenCloses: true) == (.ended, .cut))
        let begun = self.hello(record: 200, message: 196)
        #expect(try self.failure(begun, thenCloses: true) == (.ended, .cut))
    }

    @Test func `random bytes are always refused, never fatal`() throws {
        let world = try TestWorld()
        let server = try world.server([world.authority.issue("a.example")])
        let client = try world.client()
        var table = TLSSessionTable(capacity: 1)
        for round in 0..<300 {
            // A real hello with some of its bytes changed.
            let sockets = SocketPair()
            var other = TLSSessionTable(capacity: 1)
            try begin(other.connect(0, client, fd: sockets.second))
            _ = other.handshake(0)
            var hello = [UInt8](repeating: 0, count: 4_096)
            let count = recv(sockets.first, &hello, hello.count, 0)
            try #require(count > 0)
            for _ in 0...round % 8 {
                hello[Int.random(in: 0..<count)] = UInt8.random(in: 0...255)
            }
            #expect(send(sockets.second, hello, count, 0) == count)
            try begin(table.accept(0, server, fd: sockets.first))
            #expect(table.handshake(0) != .done)
            table.close(0)
        }
        #expect(table.openCount == 0)
    }
}
