// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Foundation
import TLS
import Testing

@Suite("TLS files")
struct FileTests {
    /// The error that a server with these files meets.
    private func error(_ world: TestWorld, _ plans: TLSCertificatePlan...) -> TLSError? {
        do throws(TLSError) {
            _ = try TLSServerContext(
                TLSServerPlan(name: "test", certificates: plans),
                tickets: world.tickets
            )
            return nil
        } catch {
            return error
        }
    }

    @Test func `every fault of a file is named, and the file with it`() throws {
        let world = try TestWorld()
        let folder = world.folder
        let certificate = world.authority.issue("a.example")
        let good = try world.plan("good", certificate)
        #expect(self.error(world, good) == nil)

        func changed(
            _ change: (inout TLSCertificatePlan) throws -> Void
        ) rethrows
            -> TLSCertificatePlan
        {
            var plan = good
            try change(&plan)
            return plan
        }
        let text = try folder.write("text.pem", Array("nothing of the kind\n".utf8))
        let open = try folder.write("open.key", certificate.key.pem, mode: 0o640)
        let locked = try folder.write("locked.key", certificate.key.encryptedPEM())
        let broken = try folder.write(
            "broken.pem",
            certificate.pem + Array("-----BEGIN CERTIFICATE-----\n!\n".utf8)
        )
        let other = try folder.write("other.key", TestKey().pem)
        let missing = folder.path + "/missing.pem"
        let rows: [(String, TLSCertificatePlan, TLSError)] = [
            (
                "no chain", changed { $0.chain = missing },
                .unreadable(file: missing, reason: "No such file or directory")
            ),
            (
                "a folder", changed { $0.chain = folder.path },
                .unreadable(file: folder.path, reason: "it is not a file")
            ),
            ("no certificate", changed { $0.chain = text }, .noCertificate(file: text)),
            ("a broken chain", changed { $0.chain = broken }, .noCertificate(file: broken)),
            ("no key", changed { $0.key = text }, .noKey(file: text)),
            ("an open key", changed { $0.key = open }, .keyExposed(file: open, mode: 0o640)),
            ("a locked key", changed { $0.key = locked }, .keyEncrypted(file: locked)),
            (
                "another key", changed { $0.key = other },
                .keyMismatch(certificate: good.chain, key: other)
            ),
            (
                "no staple", changed { $0.ocsp = text },
                .badStaple(file: text, reason: "no OCSP answer in DER form")
            ),
        ]
        for (name, plan, expected) in rows {
            let found = self.error(world, plan)
            #expect(found == expected, "\(name): \(found?.text ?? "no error")")
            #expect(found?.text.contains(found?.file ?? "-") == true, "\(name)")
        }
        #expect(self.error(world) == .noCertificates)
        let twice = try world.plan("twice", world.authority.issue("b.example", "a.example"))
        #expect(
            self.error(world, good, twice)
                == .nameTwice(name: "a.example", first: good.chain, second: twice.chain)
        )
        let weak = try world.plan("weak", world.authority.issue("w.example", keyKind: .weak))
        let found = try #require(self.error(world, weak))
        guard case .weak(let file, _) = found else {
            Issue.record("\(found.text)")
            return
        }
        #expect(file == weak.chain)
    }

    @Test func `an error with keys says how to mend it and nothing of the key`() throws {
        let world = try TestWorld()
        let certificate = world.authority.issue("a.example")
        var plan = try world.plan("a", certificate)
        plan.key = try world.folder.write("b.key", certificate.key.pem, mode: 0o644)
        let text = try #require(self.error(world, plan)?.text)
        #expect(text.contains("0644") && text.contains("chmod 600"))
        for line in String(decoding: certificate.key.pem, as: UTF8.self).split(separator: "\n") {
            #expect(!text.contains(line))
        }
    }

    @Test func `a stapled answer must be about the certificate, good and said to end`() throws {
        let world = try TestWorld()
        let authority = world.authority
        let certificate = authority.issue("a.example")
        let rows: [(String, [UInt8], String?)] = [
            ("good", authority.ocspAnswer(about: certificate), nil),
            (
                "revoked",
                authority.ocspAnswer(about: certificate, status: V_OCSP_CERTSTATUS_REVOKED),
                "the certificate is revoked"
            ),
            (
                "unknown",
                authority.ocspAnswer(about: certificate, status: V_OCSP_CERTSTATUS_UNKNOWN),
                "the certificate is unknown"
            ),
            (
                "another's", authority.ocspAnswer(about: authority.issue("a.example")),
                "it is about another certificate"
            ),
            // Kept, warned of, and not sent.
            ("past its end", authority.ocspAnswer(about: certificate, nextUpdate: -60), nil),
        ]
        for (index, (name, bytes, reason)) in rows.enumerated() {
            var plan = try world.plan("s\(index)", certificate)
            plan.ocsp = try world.folder.write("s\(index).ocsp", bytes)
            let found = self.error(world, plan)
            guard let reason else {
                #expect(found == nil, "\(name)")
                continue
            }
            #expect(found == .badStaple(file: plan.ocsp ?? "", reason: reason), "\(name)")
        }
    }

    @Test func `facts tell names and times, and nothing of the subject`() throws {
        let world = try TestWorld()
        let wish = TestCertificate.Wish(
            names: ["B.example", "*.c.example", "URI:urn:x"],
            notBefore: -100,
            notAfter: 1_000
        )
        let now = Int64(Date().timeIntervalSince1970)
        let server = try world.server([TestCertificate(wish, issuer: world.authority)])
        let facts = try #require(server.certificates.first)
        #expect(facts.names == ["b.example", "*.c.example"])
        #expect(abs(facts.notBefore - (now - 100)) <= 2)
        #expect(abs(facts.secondsLeft(at: now) - 1_000) <= 2)
        #expect(facts.stapleNextUpdate == nil)
    }

    @Test func `a list or issuer that cannot be read is named`() throws {
        let world = try TestWorld()
        let text = try world.folder.write("text.pem", Array("nothing\n".utf8))
        #expect(throws: TLSError.noCertificate(file: text)) {
            try world.client { $0.ca = text }
        }
        #expect(throws: TLSError.noList(file: text)) { try world.client { $0.crl = text } }
        #expect(throws: TLSError.noList(file: text)) {
            try world.server([world.authority.issue("a.example")]) {
                $0.clients = TLSClientsPlan(ca: world.caFile, crl: text, isRequired: false)
            }
        }
    }

    @Test func `a stamp changes with the file behind the path`() throws {
        let folder = try TestFolder()
        let path = try folder.write("a", [1])
        let first = TLSFileStamp(path)
        #expect(first != nil && first == TLSFileStamp(path))
        try FileManager.default.removeItem(atPath: path)
        #expect(TLSFileStamp(path) == nil)
        _ = try folder.write("a", [1])
        #expect(TLSFileStamp(path) != first)
    }
}
