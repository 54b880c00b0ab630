// SPDX-License-Identifier: Apache-2.0
import TLS
import Testing

@Suite("TLS verification of upstreams")
struct VerificationTests {
    private typealias Wish = TestCertificate.Wish

    /// What the client says of a server with this certificate.
    private func failure(
        _ world: TestWorld,
        _ certificate: TestCertificate,
        name: String = "a.example",
        change: (inout TLSClientPlan) throws -> Void = { _ in }
    ) throws -> TLSFailure {
        let pair = TestPair()
        let isDone = pair.shake(
            try world.server([certificate]),
            try world.client(name, change: change)
        )
        #expect(isDone == (pair.client.failure(0) == .none))
        // The server learns why, by alert, and never says that all is well.
        if !isDone { #expect(pair.server.failure(0) != .none) }
        return pair.client.failure(0)
    }

    @Test func `certificates that must not be trusted are refused by name`() throws {
        let world = try TestWorld()
        let authority = world.authority
        let stranger = TestCertificate.authority()
        let names = ["a.example"]
        let rows: [(String, TestCertificate, TLSFailure)] = [
            ("good", authority.issue("a.example"), .none),
            ("RSA", authority.issue("a.example", keyKind: .rsa), .none),
            (
                "expired",
                TestCertificate(Wish(names: names, notAfter: -60), issuer: authority), .expired
            ),
            (
                "not yet valid",
                TestCertificate(Wish(names: names, notBefore: 3_600), issuer: authority),
                .notYetValid
            ),
            ("another name", authority.issue("b.example"), .wrongHost),
            ("a name below", authority.issue("x.a.example"), .wrongHost),
            ("a wildcard over a whole top level", authority.issue("*.example"), .wrongHost),
            ("a wildcard too far up", authority.issue("*.x.example"), .wrongHost),
            ("no names at all", TestCertificate(Wish(), issuer: authority), .wrongHost),
            ("self-signed", TestCertificate(Wish(names: names)), .selfSigned),
            ("of a stranger", stranger.issue("a.example"), .unknownIssuer),
            (
                "for clients only",
                TestCertificate(Wish(names: names, purpose: "clientAuth"), issuer: authority),
                .wrongPurpose
            ),
            (
                "through an intermediate",
                TestCertificate.authority(issuer: authority).issue("a.example"), .none
            ),
            (
                "through one that is no authority",
                TestCertificate(Wish(names: names), issuer: authority.issue("i.example")),
                .badCertificate
            ),
        ]
        for (name, certificate, expected) in rows {
            let found = try self.failure(world, certificate)
            let isRefused = expected == .badCertificate && found != .none
            #expect(found == expected || isRefused, "\(name): \(found)")
        }
    }

    @Test func `an address is looked for among the addresses`() throws {
        let world = try TestWorld()
        let certificate = world.authority.issue("IP:127.0.0.1", "a.example")
        #expect(try self.failure(world, certificate, name: "127.0.0.1") == .none)
        #expect(try self.failure(world, certificate, name: "127.0.0.2") == .wrongHost)
        #expect(try self.failure(world, certificate, name: "A.EXAMPLE") == .none)
    }

    @Test func `an intermediate that the server leaves out is missed`() throws {
        let world = try TestWorld()
        let middle = TestCertificate.authority(issuer: world.authority)
        let leaf = middle.issue("a.example")
        var plan = try world.plan("alone", leaf)
        plan.chain = try world.folder.write("alone-leaf.pem", leaf.pem)
        let server = try TLSServerContext(
            TLSServerPlan(name: "test", certificates: [plan]),
            tickets: world.tickets
        )
        let pair = TestPair()
        #expect(!pair.shake(server, try world.client()))
        #expect(pair.client.failure(0) == .unknownIssuer)
        #expect(pair.server.failure(0) == .refusedIssuer)
    }

    @Test func `revocation lists are looked at, and must be there and fresh`() throws {
        let world = try TestWorld()
        let authority = world.authority
        let good = authority.issue("a.example")
        let revoked = authority.issue("a.example")
        let middle = TestCertificate.authority(issuer: authority)
        let below = middle.issue("a.example")
        let list = authority.revocationList([revoked])
        let middleList = middle.revocationList([])
        let rows: [(String, [UInt8], TestCertificate, TLSFailure)] = [
            ("good", list, good, .none),
            ("revoked", list, revoked, .revoked),
            ("a list of nobody", authority.revocationList(), revoked, .none),
            ("stale", authority.revocationList(nextUpdate: -60), good, .listExpired),
            ("of another issuer", TestCertificate.authority().revocationList(), good, .listMissing),
            ("of the root alone", list, below, .listMissing),
            ("of both", list + middleList, below, .none),
            (
                "of a revoked intermediate", authority.revocationList([middle]) + middleList, below,
                .revoked
            ),
        ]
        for (index, (name, bytes, certificate, expected)) in rows.enumerated() {
            let file = try world.folder.write("list\(index).pem", bytes)
            let found = try self.failure(world, certificate) { $0.crl = file }
            #expect(found == expected, "\(name): \(found)")
        }
    }

    @Test func `a server trusts the system's issuers only when no list is named`() throws {
        let world = try TestWorld()
        guard (try? systemIssuers()) != nil else {
            print("skipped: this system has no list of issuers")
            return
        }
        let certificate = world.authority.issue("a.example")
        #expect(try self.failure(world, certificate) { $0.ca = nil } == .unknownIssuer)
    }

    @Test func `what is written as a server's name is a name or an address`() throws {
        let world = try TestWorld()
        for name in ["", "a b", "https://a.example", "a.example:443", ".", "a\u{0}b"] {
            #expect(throws: TLSError.badServerName(name), "\(name)") { try world.client(name) }
        }
    }
}
