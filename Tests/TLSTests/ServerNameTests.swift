// SPDX-License-Identifier: Apache-2.0
import TLS
import Testing

@Suite("TLS server names")
struct ServerNameTests {
    @Test func `each name meets its certificate, exact before wildcard, the first for the rest`()
        throws
    {
        let world = try TestWorld()
        let authority = world.authority
        let server = try world.server([
            authority.issue("default.example", "also.example"),
            authority.issue("*.care.example"),
            authority.issue("acme.care.example"),
            authority.issue("x.y.care.example", "CASE.example"),
        ])
        // The client accepts only a certificate that bears the name: so the handshake tells.
        let good = [
            "default.example", "also.example", "acme.care.example", "other.care.example",
            "x.y.care.example", "case.example", "Default.Example",
        ]
        for name in good {
            let pair = TestPair()
            #expect(pair.shake(server, try world.client(name)), "\(name)")
        }
        for name in ["a.b.care.example", "care.example", "unknown.example", "y.care.example.x"] {
            let pair = TestPair()
            #expect(!pair.shake(server, try world.client(name)), "\(name)")
            #expect(pair.client.failure(0) == .wrongHost, "\(name)")
        }
    }

    @Test func `certificates of two kinds for the same names are one choice of the client's`()
        throws
    {
        let world = try TestWorld()
        let names = ["a.example", "b.example"]
        let ecdsa = TestCertificate(.init(names: names), issuer: world.authority)
        let rsa = TestCertificate(.init(names: names, keyKind: .rsa), issuer: world.authority)
        let server = try world.server([ecdsa, rsa])
        #expect(server.certificates.count == 2)
        let pair = TestPair()
        #expect(pair.shake(server, try world.client()))
        let other = TestCertificate(.init(names: ["b.example"]), issuer: world.authority)
        #expect(throws: TLSError.self) { try world.server([ecdsa, other]) }
    }

    @Test func `protocols are chosen in the server's order, and none in common is said`() throws {
        let world = try TestWorld()
        let certificate = world.authority.issue("a.example")
        let rows: [([TLSProtocol], TLSProtocol, TLSProtocol?)] = [
            ([.http2, .http1], .http2, .http2), ([.http2, .http1], .http1, .http1),
            ([.http1], .http1, .http1), ([.http2, .http1], .none, TLSProtocol.none),
            ([.http1], .http2, nil), ([.http2], .http1, nil),
        ]
        for (offered, spoken, expected) in rows {
            let server = try world.server([certificate]) { $0.protocols = offered }
            let client = try world.client { $0.speaks = spoken }
            let pair = TestPair()
            let isDone = pair.shake(server, client)
            #expect(isDone == (expected != nil), "\(offered) \(spoken)")
            if let expected {
                #expect(pair.server.alpn(0) == expected)
                #expect(pair.client.alpn(0) == expected)
            } else {
                #expect(pair.server.failure(0) == .noSharedProtocol)
                #expect(pair.client.failure(0) == .noSharedProtocol)
            }
        }
        // A server that knows no ALPN at all is fine for HTTP/1.1, and not for HTTP/2.
        let silent = try world.server([certificate]) { $0.protocols = [] }
        let plain = TestPair()
        #expect(plain.shake(silent, try world.client()))
        let strict = TestPair()
        #expect(!strict.shake(silent, try world.client { $0.speaks = .http2 }))
        #expect(strict.client.failure(0) == .noSharedProtocol)
    }
}
