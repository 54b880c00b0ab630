// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An edge with a listener in clear text and one with TLS, before origins of several kinds.
///
/// `/NAME/...` goes to the origin NAME as `/...`.
final class SecureEdge: Sendable {
    /// An origin, how it is spoken to, and its name in paths.
    struct Way: Sendable {
        var name: String
        var address: String
        /// Members of the upstream's `spec`: `protocol: http2`, `tls: { ... }`.
        var upstream: [String] = []
    }

    let edge: EdgeUnderTest
    /// The port of the listener with TLS.
    let tlsPort: Int
    let certificates: Certificates

    /// `listener` are the TLS listener's own lines, `lines` further ones of `banyan.yaml`, `route`
    /// of each route's `spec`, `files` further files.
    init(
        _ certificates: Certificates,
        _ ways: [Way],
        listener: [String]? = nil,
        lines: [String] = [],
        route: [String] = [],
        files: [String: String] = [:],
        binary: URL = Places.binary
    ) throws {
        let port = try freePorts(1)[0]
        let migrations = ways.map { way in
            PlainMigration(
                name: way.name,
                legacy: way.address,
                modern: way.address,
                upstream: way.upstream,
                route: route
            )
        }
        let members = [certificates.member("edge"), certificates.member("wild")]
        let secure =
            listener ?? ["tls: { certificates: [\(members.joined(separator: ", "))] }"]
        self.tlsPort = port
        self.certificates = certificates
        self.edge = try EdgeUnderTest(
            files: PlainMigration.files(migrations, tenants: ["acme"]).merging(files) { $1 },
            binary: binary
        ) { ports in
            Self.configuration(ports, tlsPort: port, secure, lines)
        }
    }

    private static func configuration(
        _ ports: EdgeUnderTest.Ports,
        tlsPort: Int,
        _ secure: [String],
        _ lines: [String]
    ) -> String {
        """
        listeners:
          - name: web
            address: "127.0.0.1:\(ports.edge)"
            tenant: { sources: [host, { header: X-Tenant-Id }] }
            trustedPeers: ["127.0.0.0/8"]
          - name: secure
            address: "127.0.0.1:\(tlsPort)"
            tenant: { sources: [host, { header: X-Tenant-Id }] }
            trustedPeers: ["127.0.0.0/8"]
        \(secure.map { "    \($0)\n" }.joined())
        admin: { socket: admin.sock, listen: "127.0.0.1:\(ports.observe)" }
        store: { path: banyan.db, state: state }
        accessLog: { path: access.log }
        workers: 2
        drain: { timeout: 5s }
        \(lines.joined(separator: "\n"))

        """
    }

    /// Ports and CA, as the programs of Tests/Peers take them.
    var arguments: [String] {
        ["\(self.edge.port)", "\(self.tlsPort)", self.certificates.authority]
    }

    /// A URL of the listener with TLS; its certificate has the name.
    func url(_ path: String) -> String { "https://localhost:\(self.tlsPort)\(path)" }

    /// An origin of each kind: HTTP/1.1 and HTTP/2, clear and TLS.
    static func echoes(_ certificates: Certificates, _ python: String) throws -> EchoOrigins {
        let leaf = [certificates.path("edge.pem"), certificates.path("edge.key")]
        let secure = certificates.upstream()
        let kinds: [(String, String, [String], [String])] = [
            ("h1", "h1", [], []), ("h2", "h2", [], ["protocol: http2"]),
            ("h1s", "h1", leaf, [secure]), ("h2s", "h2", leaf, ["protocol: http2", secure]),
        ]
        var children: [ChildProcess] = []
        let ways = try kinds.map { name, spoken, more, upstream in
            let origin = try PeerProgram.origin(
                "echo_origin.py",
                [name, spoken] + more,
                python: python
            )
            children.append(origin.child)
            return Way(name: name, address: origin.address, upstream: upstream)
        }
        return EchoOrigins(children: children, ways: ways)
    }
}

/// Echo origins, ended with their owner.
struct EchoOrigins: Sendable {
    var children: [ChildProcess]
    var ways: [SecureEdge.Way]
}
