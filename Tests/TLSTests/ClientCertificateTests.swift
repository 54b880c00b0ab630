// SPDX-License-Identifier: Apache-2.0
import Bytes
import TLS
import Testing

@Suite("TLS client certificates")
struct ClientCertificateTests {
    /// What the server knows of a client that shows this certificate.
    private func meet(
        _ world: TestWorld,
        _ certificate: TestCertificate?,
        isRequired: Bool,
        crl: String? = nil
    ) throws -> (isDone: Bool, failure: TLSFailure, name: String?, all: [String]) {
        let server = try world.server([world.authority.issue("a.example")]) {
            $0.clients = TLSClientsPlan(ca: world.caFile, crl: crl, isRequired: isRequired)
        }
        let client = try world.client { plan in
            plan.certificate = try certificate.map { try world.plan("c\($0.serial)", $0) }
        }
        let pair = TestPair()
        let isDone = pair.shake(server, client)
        var block = [UInt8](repeating: 0, count: 300)
        let name: String? = block.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return nil }
            var writer = ByteWriter(base: base, position: 0, capacity: buffer.count)
            guard pair.server.clientName(0, into: &writer) else {
                #expect(writer.position == 0)
                return nil
            }
            return String(decoding: buffer[..<writer.position], as: UTF8.self)
        }
        var room = [UInt8](repeating: 0, count: 2_048)
        let all: String = room.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return "" }
            var writer = ByteWriter(base: base, position: 0, capacity: buffer.count)
            pair.server.clientNames(0, into: &writer)
            return String(decoding: buffer[..<writer.position], as: UTF8.self)
        }
        let names = all.split(separator: "\n", omittingEmptySubsequences: false)
        return (isDone, pair.server.failure(0), name, names.dropLast().map(String.init))
    }

    @Test func `all names of a verified certificate are told, or none when they are too long`()
        throws
    {
        let world = try TestWorld()
        let long = (0..<5).map { "URI:urn:\($0):" + String(repeating: "x", count: 240) }
        let rows: [(String, [String], [String])] = [
            ("two", ["URI:tenant:acme", "acme.example"], ["tenant:acme", "acme.example"]),
            ("addresses aside", ["IP:10.0.0.1", "a.example"], ["a.example"]),
            ("none", ["IP:10.0.0.1"], []),
            ("too long together", ["URI:tenant:acme"] + long, []),
            ("not graphic", ["URI:tenant:a b", "URI:tenant:acme"], ["tenant:acme"]),
        ]
        for (row, names, expected) in rows {
            let certificate = TestCertificate(.init(names: names), issuer: world.authority)
            let result = try self.meet(world, certificate, isRequired: true)
            #expect(result.isDone && result.all == expected, "\(row): \(result.all)")
        }
        #expect(try self.meet(world, nil, isRequired: false).all == [])
    }

    @Test func `the first name or URI of a verified certificate is the client's`() throws {
        let world = try TestWorld()
        let rows: [(String, [String], String?)] = [
            ("a name", ["acme.clients.example"], "acme.clients.example"),
            ("a URI", ["URI:urn:tenant:acme"], "urn:tenant:acme"),
            ("the first", ["URI:spiffe://care/acme", "b.example"], "spiffe://care/acme"),
            ("behind an address", ["IP:10.0.0.1", "email:a@b.example", "c.example"], "c.example"),
            ("no usable one", ["IP:10.0.0.1"], nil),
            ("too long", ["URI:urn:" + String(repeating: "x", count: 260)], nil),
        ]
        for (row, names, expected) in rows {
            let certificate = TestCertificate(.init(names: names), issuer: world.authority)
            let (isDone, _, name, _) = try self.meet(world, certificate, isRequired: true)
            #expect(isDone, "\(row)")
            #expect(name == expected, "\(row)")
        }
    }

    @Test func `a client without a certificate is refused only where one is required`() throws {
        let world = try TestWorld()
        let optional = try self.meet(world, nil, isRequired: false)
        #expect(optional.isDone && optional.name == nil)
        let required = try self.meet(world, nil, isRequired: true)
        #expect(!required.isDone)
        #expect(required.failure == .noCertificate)
    }

    @Test func `a certificate that must not be trusted is refused even where none is required`()
        throws
    {
        let world = try TestWorld()
        let authority = world.authority
        let names = ["c.example"]
        let revoked = authority.issue("c.example")
        let list = try world.folder.write("crl.pem", authority.revocationList([revoked]))
        let rows: [(String, TestCertificate, TLSFailure)] = [
            ("revoked", revoked, .revoked),
            ("of a stranger", TestCertificate.authority().issue("c.example"), .unknownIssuer),
            ("self-signed", TestCertificate(.init(names: names)), .selfSigned),
            (
                "expired", TestCertificate(.init(names: names, notAfter: -60), issuer: authority),
                .expired
            ),
            (
                "for servers only",
                TestCertificate(.init(names: names, purpose: "serverAuth"), issuer: authority),
                .wrongPurpose
            ),
        ]
        for (row, certificate, expected) in rows {
            let result = try self.meet(world, certificate, isRequired: false, crl: list)
            #expect(!result.isDone, "\(row)")
            #expect(result.failure == expected, "\(row): \(result.failure)")
            #expect(result.name == nil && result.all == [], "\(row)")
        }
        #expect(
            try self.meet(world, authority.issue("c.example"), isRequired: false, crl: list).isDone
        )
    }
}
