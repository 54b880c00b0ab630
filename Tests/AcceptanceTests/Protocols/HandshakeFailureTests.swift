// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4: a client's handshake that fails is counted by its reason, a word of a fixed list.
@Suite("Failed handshakes")
struct HandshakeFailureTests {
    @Test func `each reason has its counter, and no other moves`() throws {
        guard let certificates = try Certificates.make() else { return }
        let origin = try PeerProgram.origin("noting_origin.py")
        let clients = "clients: { ca: \"\(certificates.authority)\", mode: required }"
        let world = try SecureEdge(
            certificates,
            [SecureEdge.Way(name: "charts", address: origin.address)],
            listener: ["tls: { certificates: [\(certificates.member("edge"))], \(clients) }"]
        )
        let own =
            "-cert \(certificates.path("client.pem")) -key \(certificates.path("client.key"))"
        let stranger =
            "-cert \(certificates.path("stranger-client.pem")) "
            + "-key \(certificates.path("stranger-client.key"))"
        let rows: [(reason: String, arguments: String)] = [
            ("protocol_version", "-tls1_1 -cipher ALL:@SECLEVEL=0 \(own)"),
            ("no_shared_cipher", "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0 \(own)"),
            ("no_shared_protocol", "-alpn nothing \(own)"),
            ("no_certificate", "-tls1_3"),
            ("unknown_issuer", "-tls1_3 \(stranger)"),
            (
                "refused_issuer",
                "-CAfile \(certificates.path("other-ca.pem")) -verify_return_error \(own)"
            ),
        ]
        var expected: [String: Int] = [:]
        func check(_ reason: String) throws {
            expected[reason, default: 0] += 1
            try waitUntil("\(reason) is counted once, and nothing else") {
                try self.failures(world.edge) == expected
            }
        }
        for (reason, arguments) in rows {
            let command =
                "openssl s_client -connect 127.0.0.1:\(world.tlsPort) "
                + "-servername localhost \(arguments) </dev/null"
            _ = try runCommand("/bin/sh", ["-c", command])
            try check(reason)
        }
        _ = try runCommand("curl", ["-s", "http://127.0.0.1:\(world.tlsPort)/charts/a"])
        try check("plain_text")
        // Whoever only looks whether the port is open.
        let open = "exec 3<>/dev/tcp/127.0.0.1/\(world.tlsPort)"
        #expect(try runCommand("/bin/bash", ["-c", open]).status == 0)
        try check("cut")
        #expect(try world.edge.metric("banyan_tls_handshakes_total") == 0)
    }

    /// The reasons whose counters are not 0.
    private func failures(_ edge: EdgeUnderTest) throws -> [String: Int] {
        let name = "banyan_tls_handshake_failures_total{reason=\""
        var found: [String: Int] = [:]
        for line in try curl([edge.observe("/metrics")]).text.split(separator: "\n")
        where line.hasPrefix(name) {
            let rest = line.dropFirst(name.count).split(separator: "\"")
            let value = line.split(separator: " ").last.flatMap { Double($0) } ?? 0
            if value > 0 { found[String(rest[0])] = Int(value) }
        }
        return found
    }
}
