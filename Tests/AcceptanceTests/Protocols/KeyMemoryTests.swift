// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4: keys are read once, never logged, and not in a core file.
@Suite("Private keys")
struct KeyMemoryTests {
    @Test func `a key lies in locked memory alone, over handshakes and reloads, and in no core`()
        throws
    {
        guard let python = PeerProgram.python(), let certificates = try Certificates.make() else {
            return
        }
        let folder = try TemporaryFolder()
        let key = folder.path("own.key")
        try FileManager.default.copyItem(atPath: certificates.path("edge.key"), toPath: key)
        let origin = try PeerProgram.origin("noting_origin.py")
        let own = "{ chain: \"\(certificates.path("edge.pem"))\", key: \"\(key)\" }"
        let world = try SecureEdge(
            certificates,
            [SecureEdge.Way(name: "charts", address: origin.address)],
            listener: ["tls: { certificates: [\(own)] }"]
        )
        let id = "\(world.edge.child.id)"
        guard FileManager.default.contents(atPath: "/proc/\(id)/environ") != nil else {
            print("skipped: only root may look into the memory of an edge")
            return
        }
        for round in 1...6 {
            let command =
                "openssl s_client -connect 127.0.0.1:\(world.tlsPort) -servername localhost "
                + "-CAfile \(certificates.authority) -verify_return_error -tls1_2 </dev/null"
            #expect(try runCommand("/bin/sh", ["-c", command]).status == 0)
            let rows = try PeerProgram.rows("find_key.py", [id, key], python: python)
            #expect(rows["regions"] > 20)
            #expect(rows["guarded"] > 0, "\(round): the search does not see it")
            #expect(rows["guarded"] <= 3, "\(round): \(rows.counts)")
            #expect(rows["elsewhere"] == 0, "\(round): \(rows.counts)")
            // Another file of the same key: read again.
            try FileManager.default.removeItem(atPath: key)
            try FileManager.default.copyItem(atPath: certificates.path("edge.key"), toPath: key)
            let reload = try world.edge.banyan(["reload"])
            #expect(reload.status == 0, "\(reload.out)\(reload.error)")
        }
        let core = world.edge.folder.path("core")
        let gcore = try runCommand("gcore", ["-o", core, id], seconds: 120)
        let data = try #require(FileManager.default.contents(atPath: "\(core).\(id)"), "\(gcore)")
        let lines = try String(contentsOfFile: key, encoding: .utf8).split(separator: "\n")
        let der = try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined()))
        // PKCS #8 of a P-256 key: its number is the 32 bytes at 36.
        #expect(Array(der[34..<36]) == [4, 32])
        for part in [der[36..<68], Data(der[36..<68].reversed()), Data(lines[1].utf8.suffix(14))] {
            #expect(data.range(of: part) == nil)
        }
        for text in [world.edge.child.out, world.edge.child.error] {
            #expect(!text.contains(lines[1]))
        }
    }
}
