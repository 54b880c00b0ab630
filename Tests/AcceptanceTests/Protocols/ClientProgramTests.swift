// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4, "Done when" 1: programs of others, as they come.
@Suite("Client programs")
struct ClientProgramTests {
    /// The edge before four origins; `nil` where there is no Python for them.
    private func world() throws -> (SecureEdge, EchoOrigins)? {
        guard let python = PeerProgram.python(), let certificates = try Certificates.make() else {
            return nil
        }
        let origins = try SecureEdge.echoes(certificates, python)
        return (try SecureEdge(certificates, origins.ways), origins)
    }

    @Test func `curl speaks HTTP 1, HTTP 2 by prior knowledge and by ALPN`() throws {
        guard let (world, origins) = try self.world() else { return }
        let authority = ["--cacert", world.certificates.authority]
        let ways: [(options: [String], url: (String) -> String, version: String)] = [
            (["--http1.1"], world.edge.url, "1.1"),
            (["--http2-prior-knowledge"], world.edge.url, "2"),
            (["--http1.1"] + authority, world.url, "1.1"),
            (["--http2"] + authority, world.url, "2"),
            (["--http2", "--tlsv1.2", "--tls-max", "1.2"] + authority, world.url, "2"),
            (["--http2", "--tlsv1.3"] + authority, world.url, "2"),
        ]
        let body = String(repeating: "0123456789", count: 20_000)
        try world.edge.folder.write("body", body)
        for (index, way) in ways.enumerated() {
            for origin in origins.ways {
                let situation: Comment = "\(index) \(way.options.first ?? "") /\(origin.name)"
                let options =
                    way.options + ["-H", "X-Tenant-Id: acme", "--write-out", "%{http_version}"]
                let got = try runCommand(
                    "curl",
                    ["-sS", "--noproxy", "*", "--max-time", "20", "-o", "/dev/null"] + options
                        + ["--data-binary", "@\(world.edge.folder.path("body"))"]
                        + [way.url("/\(origin.name)/echo")]
                )
                #expect(got.status == 0 && got.out == way.version, situation)
                let answer = try curl(
                    way.options + [
                        "-H", "X-Tenant-Id: acme", way.url("/\(origin.name)/size/300000"),
                    ]
                )
                #expect(answer.status == 200 && answer.body.count == 300_000, situation)
            }
        }
    }

    @Test func `nghttp and h2load speak HTTP 2 in clear text and over TLS`() throws {
        guard let (world, origins) = try self.world() else { return }
        let tenant = ["-H", "x-tenant-id: acme"]
        for origin in origins.ways {
            for url in [world.edge.url, world.url] {
                let address = url("/\(origin.name)/echo")
                let one = try runCommand("nghttp", ["--no-verify-peer"] + tenant + [address])
                #expect(
                    one.status == 0 && one.out.contains("\"origin\": \"\(origin.name)\""),
                    "\(address)"
                )
                let many = try runCommand(
                    "h2load",
                    ["-n", "500", "-c", "5", "-m", "20"] + tenant
                        + [url("/\(origin.name)/size/20000")]
                )
                #expect(many.out.contains("status codes: 500 2xx"), "\(address): \(many.out)")
                #expect(many.out.contains("500 succeeded, 0 failed"), "\(address)")
            }
        }
        #expect(world.edge.child.isRunning)
    }

    @Test func `openssl's client agrees on a protocol and reads an answer`() throws {
        guard let (world, origins) = try self.world() else { return }
        defer { withExtendedLifetime(origins) {} }
        let request =
            "GET /h1/echo HTTP/1.1\\r\\nHost: localhost\\r\\nX-Tenant-Id: acme\\r\\n"
            + "Connection: close\\r\\n\\r\\n"
        let base =
            "openssl s_client -connect 127.0.0.1:\(world.tlsPort) -servername localhost "
            + "-CAfile \(world.certificates.authority) -verify_return_error"
        for version in ["-tls1_2", "-tls1_3"] {
            let command = "printf '\(request)' | \(base) \(version) -alpn http/1.1 -ign_eof"
            let got = try runCommand("/bin/sh", ["-c", command])
            #expect(got.out.contains("HTTP/1.1 200"), "\(version): \(got.out) \(got.error)")
            #expect(got.out.contains("ALPN protocol: http/1.1"), "\(version)")
        }
        // Nobody chooses what is not offered, and old versions are no choice.
        let none = try runCommand("/bin/sh", ["-c", "\(base) -alpn nothing </dev/null"])
        #expect(none.out.contains("No ALPN negotiated") || none.error.contains("alert"))
        for version in ["-tls1", "-tls1_1"] {
            let old = try runCommand("/bin/sh", ["-c", "\(base) \(version) </dev/null"])
            #expect(!old.out.contains("Cipher is TLS") && old.status != 0, "\(version)")
        }
    }

    @Test func `a browser loads a page over HTTP 2, and its scripts fetch`() throws {
        let chromium = "/usr/bin/chromium"
        guard FileManager.default.isExecutableFile(atPath: chromium) else {
            print("skipped: chromium is not installed (make deps-test)")
            return
        }
        guard let (world, origins) = try self.world() else { return }
        for origin in origins.ways {
            let folder = try TemporaryFolder()
            // The host of the page is its tenant's.
            let page = "https://acme.care.example:\(world.tlsPort)/\(origin.name)/page"
            let result = try runCommand(
                chromium,
                [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--user-data-dir=\(folder.path)", "--ignore-certificate-errors",
                    "--host-resolver-rules=MAP acme.care.example 127.0.0.1, MAP * ~NOTFOUND",
                    "--virtual-time-budget=20000", "--dump-dom", page,
                ],
                seconds: 90
            )
            let text = "sizes 0,1000,2000,3000,4000,5000 over h2"
            #expect(result.out.contains(text), "\(origin.name): \(result.out) \(result.error)")
        }
    }
}
