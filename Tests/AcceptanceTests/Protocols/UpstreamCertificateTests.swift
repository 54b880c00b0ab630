// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 4, "Done when" 4: an origin whose certificate is not right gets no request.
@Suite("Certificates of origins")
struct UpstreamCertificateTests {
    @Test func `a certificate that is not right is refused by name, and no request is sent`() throws
    {
        guard PeerProgram.python() != nil, let certificates = try Certificates.make() else {
            return
        }
        // The leaf that the origin shows, and the log's word for it; empty: it is right.
        let rows: [(leaf: String, word: String)] = [
            ("edge", ""), ("expired", "expired"), ("future", "not_yet_valid"),
            ("wronghost", "wrong_host"), ("no-san", "wrong_host"), ("selfsigned", "self_signed"),
            ("stranger", "unknown_issuer"), ("revoked", "revoked"),
            ("client", "wrong_purpose"),
        ]
        let crl = ", crl: \"\(certificates.path("crl.pem"))\""
        var children: [ChildProcess] = []
        let ways = try rows.flatMap { row in
            let leaf = [certificates.path(row.leaf + ".pem"), certificates.path(row.leaf + ".key")]
            return try ["h1", "h2"].map { spoken in
                let origin = try PeerProgram.origin(
                    "echo_origin.py",
                    [row.leaf, spoken] + leaf,
                    python: try #require(PeerProgram.python())
                )
                children.append(origin.child)
                return SecureEdge.Way(
                    name: "\(row.leaf)-\(spoken)",
                    address: origin.address,
                    upstream: [certificates.upstream(crl)]
                        + (spoken == "h2" ? ["protocol: http2"] : [])
                )
            }
        }
        let world = try SecureEdge(certificates, ways)
        var failed = 0
        for row in rows {
            for spoken in ["h1", "h2"] {
                let path = "/\(row.leaf)-\(spoken)/echo"
                let answer = try world.edge.ask(path, tenant: "acme")
                #expect(answer.status == (row.word.isEmpty ? 200 : 502), "\(path): \(answer.text)")
                // The reason is told to the site, not to the client.
                #expect(!answer.text.contains("certificate"), "\(path)")
                guard !row.word.isEmpty else { continue }
                let counter = "banyan_upstream_tls_failures_total{reason=\"\(row.word)\"}"
                #expect(try world.edge.metric(counter) > 0, "\(path)")
                failed += 1
                // Lines of two workers may come in either order: each is told by its route.
                let line = try waitFor("the log tells of \(path)") {
                    try world.edge.accessLog().first {
                        $0["http.route"] as? String == "\(row.leaf)-\(spoken)"
                    }
                }
                #expect(line["tls.failure"] as? String == row.word, "\(path)")
            }
        }
        #expect(try world.edge.accessLog().count { $0["tls.failure"] != nil } == failed)
        #expect(try world.edge.metric("banyan_upstream_failures_total") == failed)
        withExtendedLifetime(children) {}
    }

    @Test func `an origin that asks for our certificate gets it`() throws {
        guard let python = PeerProgram.python(), let certificates = try Certificates.make() else {
            return
        }
        let leaf = [certificates.path("edge.pem"), certificates.path("edge.key")]
        let origin = try PeerProgram.origin(
            "echo_origin.py",
            ["mutual", "h1"] + leaf + [certificates.authority],
            python: python
        )
        let own =
            ", certificate: \"\(certificates.path("client.pem"))\""
            + ", key: \"\(certificates.path("client.key"))\""
        let stranger =
            ", certificate: \"\(certificates.path("stranger-client.pem"))\""
            + ", key: \"\(certificates.path("stranger-client.key"))\""
        let world = try SecureEdge(
            certificates,
            [
                SecureEdge.Way(
                    name: "with",
                    address: origin.address,
                    upstream: [certificates.upstream(own)]
                ),
                SecureEdge.Way(
                    name: "without",
                    address: origin.address,
                    upstream: [certificates.upstream()]
                ),
                SecureEdge.Way(
                    name: "other",
                    address: origin.address,
                    upstream: [certificates.upstream(stranger)]
                ),
            ]
        )
        #expect(try world.edge.ask("/with/echo", tenant: "acme").status == 200)
        #expect(try world.edge.ask("/without/echo", tenant: "acme").status == 502)
        #expect(try world.edge.ask("/other/echo", tenant: "acme").status == 502)
    }
}
