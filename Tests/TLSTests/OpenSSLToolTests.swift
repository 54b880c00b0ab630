// SPDX-License-Identifier: Apache-2.0
import Foundation
import TLS
import Testing

/// Our server beside `openssl s_client`.
@Suite("TLS beside OpenSSL's tools", .serialized)
struct OpenSSLToolTests {
    @Test func `s_client agrees on the versions and suites that are offered, and no others`() throws
    {
        let world = try TestWorld()
        let server = try world.server([world.authority.issue("a.example")])
        let rows: [(String, [String], Bool, String)] = [
            ("1.3", ["-tls1_3"], true, "TLSv1.3"),
            ("1.2", ["-tls1_2"], true, "TLSv1.2"),
            ("1.1", ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], false, ""),
            ("CBC", ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"], false, ""),
            ("static RSA", ["-tls1_2", "-cipher", "AES128-GCM-SHA256"], false, ""),
            ("DHE", ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], false, ""),
            (
                "ChaCha20", ["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], true,
                "CHACHA20-POLY1305"
            ),
            ("X448", ["-tls1_3", "-groups", "X448"], false, ""),
            ("P-384", ["-tls1_3", "-groups", "P-384"], true, "secp384r1"),
            ("h2", ["-alpn", "h2,http/1.1"], true, "ALPN protocol: h2"),
        ]
        for (name, arguments, isFine, expected) in rows {
            let result = try ToolClient(world, arguments).run(server)
            #expect(result.isDone == isFine, "\(name): \(result.failure) \(result.output)")
            if isFine { #expect(result.output.contains(expected), "\(name): \(result.output)") }
        }
        let strict = try world.server([world.authority.issue("a.example")]) { $0.least = .tls13 }
        let refused = try ToolClient(world, ["-tls1_2"]).run(strict)
        #expect(!refused.isDone && refused.failure == .protocolVersion)
    }

    @Test func `renegotiation is refused, and nothing is compressed`() throws {
        let world = try TestWorld()
        let server = try world.server([world.authority.issue("a.example")])
        // "R" on a line of its own has s_client renegotiate.
        let result = try ToolClient(world, ["-tls1_2"], input: "R\n").run(server)
        #expect(result.isDone)
        #expect(result.output.contains("RENEGOTIATING"), "\(result.output)")
        #expect(result.output.contains("no renegotiation"), "\(result.output)")
        #expect(result.output.contains("Compression: NONE"))
    }

    @Test func `a stapled answer is sent to who asks, until it has ended`() throws {
        let world = try TestWorld()
        let certificate = world.authority.issue("a.example")
        for (nextUpdate, isSent) in [(3_600, true), (-60, false)] {
            let answer = world.authority.ocspAnswer(about: certificate, nextUpdate: nextUpdate)
            let file = try world.folder.write("staple\(nextUpdate)", answer)
            let server = try world.server([certificate]) { $0.certificates[0].ocsp = file }
            for version in ["-tls1_2", "-tls1_3"] {
                let result = try ToolClient(world, ["-status", version]).run(server)
                #expect(result.isDone, "\(nextUpdate) \(version)")
                #expect(
                    result.output.contains("OCSP Response Status: successful") == isSent,
                    "\(nextUpdate) \(version): \(result.output)"
                )
                #expect(
                    result.output.contains("OCSP response: no response sent") == !isSent,
                    "\(nextUpdate) \(version)"
                )
            }
        }
    }

    @Test func `a certificate of each kind meets the clients that know no other`() throws {
        let world = try TestWorld()
        let server = try world.server([
            world.authority.issue("a.example"), world.authority.issue("a.example", keyKind: .rsa),
        ])
        for (algorithms, kind) in [("ECDSA+SHA256", "ECDSA"), ("RSA-PSS+SHA256", "RSA-PSS")] {
            let result = try ToolClient(world, ["-sigalgs", algorithms]).run(server)
            #expect(result.isDone, "\(kind)")
            #expect(result.output.contains("Peer signature type: \(kind)"), "\(result.output)")
        }
    }
}

/// `openssl s_client` once against a table of ours.
private struct ToolClient {
    let arguments: [String]
    let input: String

    init(_ world: TestWorld, _ arguments: [String], input: String = "") {
        self.arguments =
            ["s_client", "-CAfile", world.caFile, "-servername", "a.example"] + arguments
        self.input = input
    }

    struct Result {
        var isDone = false
        var failure = TLSFailure.none
        var output = ""
    }

    func run(_ context: TLSServerContext) throws -> Result {
        let listener = try Loopback.listen()
        defer { close(listener.fd) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["openssl"] + self.arguments + ["-connect", "127.0.0.1:\(listener.port)"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        var result = Result()
        let fd = accept(listener.fd, nil, nil)
        try #require(fd >= 0)
        defer { close(fd) }
        _ = fcntl(fd, F_SETFL, O_NONBLOCK)
        var table = TLSSessionTable(capacity: 1)
        try begin(table.accept(0, context, fd: fd))
        result.isDone = Loopback.shake(&table, fd) == .done
        result.failure = table.failure(0)
        if result.isDone {
            if !self.input.isEmpty {
                input.fileHandleForWriting.write(Data(self.input.utf8))
                _ = Loopback.read(&table, fd)
            }
            table.endWriting(0)
        }
        table.close(0)
        shutdown(fd, Int32(SHUT_RDWR))
        try? input.fileHandleForWriting.close()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        result.output = String(decoding: text, as: UTF8.self)
        return result
    }
}
