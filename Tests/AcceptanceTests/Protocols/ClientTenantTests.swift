// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4: the tenant is told by the client's certificate (design.md 4), with curl as the client.
@Suite("Tenants by certificate")
struct ClientTenantTests {
    /// An edge with three listeners: clear text, names behind `tenant:`, and whole names.
    private static func edge(
        _ certificates: Certificates,
        _ origin: String,
        _ ports: [Int],
        tenant: String
    ) throws -> EdgeUnderTest {
        let migration = PlainMigration(name: "plain", legacy: origin, modern: origin)
        var files = PlainMigration.files([migration], tenants: ["acme", "globex"])
        files["Routes/plain.yaml"] = migration.routeFile.replacingOccurrences(
            of: "tenant: required",
            with: "tenant: \(tenant)"
        )
        let clients =
            "clients: { ca: \"\(certificates.authority)\", crl: \"\(certificates.path("crl.pem"))\","
            + " mode: optional }"
        let tls = "tls: { certificates: [\(certificates.member("edge"))], \(clients) }"
        return try EdgeUnderTest(files: files) { own in
            """
            listeners:
              - name: web
                address: "127.0.0.1:\(own.edge)"
              - name: prefixed
                address: "127.0.0.1:\(ports[0])"
                tenant: { sources: [host, { certificate: "tenant:" }] }
                \(tls)
              - name: whole
                address: "127.0.0.1:\(ports[1])"
                tenant: { sources: [certificate] }
                \(tls)
            admin: { socket: admin.sock, listen: "127.0.0.1:\(own.observe)" }
            store: { path: banyan.db, state: state }
            accessLog: { path: access.log }
            workers: 1
            drain: { timeout: 5s }

            """
        }
    }

    /// What the origin was told of the tenant; a status when it was not asked.
    private static func told(_ answer: CurlAnswer) throws -> String {
        guard answer.exit == 0 else { return "refused" }
        guard answer.status == 200 else { return "\(answer.status)" }
        let object = try JSONSerialization.jsonObject(with: answer.body) as? [String: Any]
        let fields = object?["fields"] as? [[String]] ?? []
        return fields.first { $0[0] == "x-tenant-id" }?[1] ?? "nobody"
    }

    @Test func `a certificate's names tell the tenant; what contradicts is refused`() throws {
        guard let python = PeerProgram.python(), let certificates = try Certificates.make() else {
            return
        }
        let origin = try PeerProgram.origin("echo_origin.py", ["plain", "h1"], python: python)
        let ports = try freePorts(2)
        let edge = try Self.edge(certificates, origin.address, ports, tenant: "optional")
        // Certificate, Host, and who it is by names behind `tenant:`, and by whole names.
        let rows: [(leaf: String?, host: String?, prefixed: String, whole: String)] = [
            (nil, nil, "nobody", "nobody"), ("client", nil, "acme", "acme"),
            ("client-globex", nil, "globex", "nobody"), ("client-both", nil, "403", "nobody"),
            ("client-nobody", nil, "nobody", "nobody"), ("client-host", nil, "nobody", "acme"),
            ("client", "acme.care.example", "acme", "acme"),
            ("client", "globex.care.example", "403", "acme"),
            (nil, "globex.care.example", "globex", "nobody"),
            ("client-nobody", "globex.care.example", "globex", "nobody"),
            ("stranger-client", nil, "refused", "refused"),
            ("revoked-client", nil, "refused", "refused"),
        ]
        for row in rows {
            for (port, expected) in [(ports[0], row.prefixed), (ports[1], row.whole)] {
                for spoken in ["--http1.1", "--http2"] {
                    var words = ["--cacert", certificates.authority, spoken]
                    if let leaf = row.leaf {
                        words += ["--cert", certificates.path(leaf + ".pem")]
                        words += ["--key", certificates.path(leaf + ".key")]
                    }
                    if let host = row.host { words += ["-H", "Host: \(host)"] }
                    // Nobody is trusted: a client's own word is no source.
                    words += ["-H", "X-Tenant-Id: globex", "https://localhost:\(port)/plain/echo"]
                    let name =
                        "\(row.leaf ?? "none") \(row.host ?? "") \(port == ports[0]) \(spoken)"
                    #expect(try Self.told(curl(words)) == expected, "\(name)")
                }
            }
        }
        #expect(try edge.metric("banyan_tenant_conflicts_total") == 4)
        let told = edge.folder.read("access.log")
        #expect(!told.contains("tenant:"), "a name of a certificate is in the log")
        // Also where a session is resumed the certificate counts, and on both versions of TLS.
        for version in ["TLSv1_2", "TLSv1_3"] {
            let names = [
                "\(ports[0])", certificates.authority, certificates.path("client"), version,
            ]
            let child = try PeerProgram.start("tenant_resumed.py", names, python: python)
            #expect(try child.waitForEnd() == 0, "\(child.error)")
            #expect(child.out == "acme False\nacme True\n", "\(version): \(child.out)")
        }
        let explained = try edge.banyan([
            "explain", "GET", "/plain/echo", "--certificate", "tenant:globex",
        ])
        #expect(explained.out.contains("globex") && explained.out.contains("from certificate"))
        let both = try edge.banyan([
            "explain", "GET", "/plain/echo", "--certificate", "tenant:globex", "--certificate",
            "tenant:acme",
        ])
        #expect(both.out.contains("403 TENANT_CONFLICT"), "\(both.out)")
    }

    @Test func `where a tenant is required, a client without a certificate is refused`() throws {
        guard let python = PeerProgram.python(), let certificates = try Certificates.make() else {
            return
        }
        let origin = try PeerProgram.origin("echo_origin.py", ["plain", "h1"], python: python)
        let ports = try freePorts(2)
        let edge = try Self.edge(certificates, origin.address, ports, tenant: "required")
        let url = "https://localhost:\(ports[1])/plain/echo"
        let words = ["--cacert", certificates.authority]
        #expect(try curl(words + [url]).status == 403)
        let own = [
            "--cert", certificates.path("client.pem"), "--key", certificates.path("client.key"),
        ]
        #expect(try Self.told(curl(words + own + [url])) == "acme")
        #expect(edge.child.isRunning)
    }
}
