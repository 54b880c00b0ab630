// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4, "Done when" 4: scanners of others find no weakness at default settings.
@Suite("TLS scanners")
struct TLSScanTests {
    private func world() throws -> (SecureEdge, PeerOrigin)? {
        guard PeerProgram.python() != nil, let certificates = try Certificates.make() else {
            return nil
        }
        let origin = try PeerProgram.origin("noting_origin.py")
        let way = SecureEdge.Way(name: "charts", address: origin.address)
        return (try SecureEdge(certificates, [way]), origin)
    }

    @Test func `sslyze finds what Mozilla calls intermediate, and no weakness`() throws {
        guard let scanner = PeerProgram.python("sslyze"), let (world, _) = try self.world() else {
            return
        }
        let file = world.edge.folder.path("scan.json")
        let result = try runCommand(
            scanner,
            [
                "-m", "sslyze", "--mozilla_config=intermediate", "--json_out=\(file)",
                // Mozilla asks for a chain that somebody trusts.
                "--certinfo_ca_file=\(world.certificates.authority)",
                "localhost:\(world.tlsPort)",
            ],
            seconds: 240
        )
        let page = result.out
        #expect(page.contains("OK - Compliant"), "\(page.suffix(2_000))")
        for word in ["VULNERABLE - ", "FAILED - "] {
            let found = page.components(separatedBy: "\n").filter { line in
                // Our CA is known to nobody else; that is what these lines say.
                line.contains(word) && !line.contains("not trusted")
                    && !line.contains("NOT Trusted")
            }
            #expect(found == [], "\(found)")
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: file))
        let scan = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let servers = scan?["server_scan_results"] as? [[String: Any]] ?? []
        let results = servers.first?["scan_result"] as? [String: Any] ?? [:]
        for (attack, key) in [
            ("heartbleed", "is_vulnerable_to_heartbleed"),
            ("openssl_ccs_injection", "is_vulnerable_to_ccs_injection"),
            ("session_renegotiation", "is_vulnerable_to_client_renegotiation_dos"),
            ("tls_compression", "supports_compression"),
        ] {
            let one = results[attack] as? [String: Any]
            let found = (one?["result"] as? [String: Any])?[key] as? Bool
            #expect(found == false, "\(attack)")
        }
        for version in ["ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"] {
            let one = results["\(version)_cipher_suites"] as? [String: Any]
            let accepted = (one?["result"] as? [String: Any])?["accepted_cipher_suites"] as? [Any]
            #expect(accepted?.isEmpty == true, "\(version)")
        }
        #expect(world.edge.child.isRunning)
    }

    /// Two minutes or more: in `make soak`; otherwise what is known by name alone.
    @Test func `testssl finds nothing worse than that our CA is our own`() throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/testssl") else {
            print("skipped: testssl is not installed (make deps-test)")
            return
        }
        guard let (world, _) = try self.world() else { return }
        let file = world.edge.folder.path("testssl.json")
        let scope =
            Places.isSoak
            ? [] : ["--protocols", "--heartbleed", "--ccs-injection", "--renegotiation"]
        let result = try runCommand(
            "testssl",
            [
                "--quiet", "--color", "0", "--warnings", "off", "--connect-timeout", "10",
                "--openssl-timeout", "10", "--add-ca", world.certificates.authority,
                "--jsonfile", file,
            ] + scope + ["localhost:\(world.tlsPort)"],
            seconds: 900
        )
        let data = try Data(contentsOf: URL(fileURLWithPath: file))
        let found = try JSONSerialization.jsonObject(with: data) as? [[String: Any]] ?? []
        #expect(found.count > 5, "\(result.out.suffix(2_000))\(result.error)")
        let bad = found.filter { one in
            let severity = one["severity"] as? String ?? ""
            let id = one["id"] as? String ?? ""
            // A CA of our own has no revocation server, no CAA record, and its names no HSTS.
            let ours = [
                "cert_", "DNS_CAA", "HSTS", "overall_grade", "final_score", "scanTime", "grade_",
            ]
            return ["LOW", "MEDIUM", "HIGH", "CRITICAL"].contains(severity)
                && !ours.contains { id.hasPrefix($0) }
        }
        #expect(bad.isEmpty, "\(bad.map { "\($0["id"] ?? ""): \($0["finding"] ?? "")" })")
    }
}
