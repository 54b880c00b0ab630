// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4: a listener that sends everybody to HTTPS, and HSTS, with curl as the client.
@Suite("From HTTP to HTTPS")
struct SecureRedirectTests {
    private let certificates: Certificates
    private let origin: PeerOrigin

    init() throws {
        self.certificates = try #require(try Certificates.make())
        self.origin = try PeerProgram.origin("noting_origin.py")
    }

    private func edge(securePort: Int) throws -> EdgeUnderTest {
        let migration = PlainMigration(
            name: "charts",
            legacy: self.origin.address,
            modern: self.origin.address
        )
        return try EdgeUnderTest(
            files: PlainMigration.files([migration], tenants: ["acme"]),
            configuration: { ports in
                """
                listeners:
                  - name: plain
                    address: "127.0.0.1:\(ports.edge)"
                    redirectToHTTPS: { port: \(securePort) }
                  - name: secure
                    address: "127.0.0.1:\(securePort)"
                    tenant: { sources: [{ header: X-Tenant-Id }] }
                    trustedPeers: ["127.0.0.0/8"]
                    tls: { certificates: [\(self.certificates.member("edge"))] }
                    hsts: { maxAge: 365d, includeSubDomains: true }
                admin: { socket: admin.sock, listen: "127.0.0.1:\(ports.observe)" }
                store: { path: banyan.db, state: state }

                """
            }
        )
    }

    @Test func `every URL is sent to HTTPS, uncached, and there HSTS is told`() throws {
        let securePort = try freePorts(1)[0]
        let edge = try self.edge(securePort: securePort)
        // Nobody is routed in clear text, whatever the host, the method and the version.
        for path in ["/charts/a?b=c&d=%20e", "/nowhere", "/"] {
            for more in [[], ["-X", "POST", "-d", "x"], ["--http2-prior-knowledge"], ["-I"]] {
                let answer = try curl(
                    more + ["-H", "Host: a.example:8080", "--path-as-is", edge.url(path)]
                )
                let situation = Comment(rawValue: "\(more) \(path)")
                #expect(answer.status == 308, situation)
                let there = "https://a.example:\(securePort)\(path)"
                #expect(answer.field("location") == there, situation)
                #expect(answer.field("cache-control") == "no-store", situation)
                #expect(answer.field("strict-transport-security") == nil, situation)
            }
        }
        let asked = try runCommand(
            "curl",
            ["-s", "--noproxy", "*", "-0", "-H", "Host:", edge.url("/charts/a")],
            seconds: 30
        )
        #expect(asked.out.contains("HTTPS_ONLY"), "\(asked.out)")

        for version in ["--http1.1", "--http2"] {
            let answer = try curl([
                version, "--location", "--cacert", self.certificates.authority,
                "-H", "X-Tenant-Id: acme", "http://localhost:\(edge.port)/charts/a",
            ])
            #expect(answer.status == 200, "\(version)")
            let told = answer.field("strict-transport-security")
            #expect(told == "max-age=31536000; includeSubDomains", "\(version)")
        }
        // Our own answers tell it too.
        let own = try curl([
            "--cacert", self.certificates.authority, "https://localhost:\(securePort)/nowhere",
        ])
        #expect(own.status >= 400)
        #expect(own.field("strict-transport-security") != nil)
    }
}
