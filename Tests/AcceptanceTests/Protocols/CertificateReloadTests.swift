// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4: certificates and keys are read again without dropping a connection.
@Suite("Reload of certificates")
struct CertificateReloadTests {
    @Test func `twenty reloads change what new clients see, and end no connection`() throws {
        guard let python = PeerProgram.python(), let certificates = try Certificates.make() else {
            return
        }
        let folder = try TemporaryFolder()
        func put(_ name: String) throws {
            for ending in ["pem", "key"] {
                let text = try String(
                    contentsOfFile: certificates.path("\(name).\(ending)"),
                    encoding: .utf8
                )
                try folder.write("next.\(ending)", text)
                let next = folder.path("next.\(ending)")
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o600],
                    ofItemAtPath: next
                )
                // As a certificate manager does it: whole, under the name that is read.
                guard rename(next, folder.path("own.\(ending)")) == 0 else {
                    throw AcceptanceError("rename")
                }
            }
        }
        try put("edge")
        let origin = try PeerProgram.origin("noting_origin.py")
        let own = "{ chain: \"\(folder.path("own.pem"))\", key: \"\(folder.path("own.key"))\" }"
        let world = try SecureEdge(
            certificates,
            [SecureEdge.Way(name: "charts", address: origin.address)],
            listener: ["tls: { certificates: [\(own)] }"]
        )
        let steady = try ["h1", "h2"].map { spoken in
            try PeerProgram.start(
                "steady_client.py",
                ["\(world.tlsPort)", spoken, certificates.authority],
                python: python
            )
        }
        for round in 1...20 {
            let name = round % 2 == 0 ? "edge" : "edge2"
            try put(name)
            let reload = try world.edge.banyan(["reload"])
            #expect(reload.status == 0, "\(reload.out)\(reload.error)")
            let wanted = try self.serial(of: certificates.path("\(name).pem"))
            try waitUntil("new clients see \(name)") {
                try self.serial(at: world.tlsPort) == wanted
            }
        }
        // A key that does not fit is refused; what was good stays.
        let before = try self.serial(at: world.tlsPort)
        try put("edge2")
        try FileManager.default.removeItem(atPath: folder.path("own.key"))
        try FileManager.default.copyItem(
            atPath: certificates.path("expired.key"),
            toPath: folder.path("own.key")
        )
        #expect(try world.edge.banyan(["reload"]).status != 0)
        #expect(try self.serial(at: world.tlsPort) == before)
        for child in steady {
            child.signal(SIGTERM)
            #expect(try child.waitForEnd() == 0, "\(child.error)")
            let line = String(child.out.split(separator: "\n").last ?? "")
            #expect(line.hasSuffix("connections 1 failed 0"), "\(child.out)")
        }
    }

    private func serial(of file: String) throws -> String {
        try runCommand("openssl", ["x509", "-noout", "-serial", "-in", file]).out
    }

    private func serial(at port: Int) throws -> String {
        let connect = "openssl s_client -connect 127.0.0.1:\(port) -servername localhost </dev/null"
        let command = "\(connect) 2>/dev/null | openssl x509 -noout -serial"
        return try runCommand("/bin/sh", ["-c", command]).out
    }
}
