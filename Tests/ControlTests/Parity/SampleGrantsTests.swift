// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parity
import Store
import Synchronization
import Testing

@testable import Control

@Suite("Body samples under a grant") struct SampleGrantsTests {
    /// A key pair made by OpenSSL's own command.
    private static func makeCertificate(_ folder: String, _ name: String) throws -> [UInt8] {
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=reader", "-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).pem",
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        return Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).pem")))
    }

    private static func order(_ certificate: [UInt8], quota: Int = 2) -> GrantOrder {
        GrantOrder(
            route: "r",
            owner: "telehealth",
            reason: "INC-7",
            quota: quota,
            milliseconds: 3_600_000,
            certificate: certificate,
            actor: "ana"
        )
    }

    private static func exchange() -> (CapturedExchange, ParityObservation) {
        let observation = ParityLedgerTests.observation(.mismatch)
        let exchange = CapturedExchange(
            observation: observation,
            legacy: CapturedAnswer(
                end: .complete,
                status: 200,
                body: Array(#"{"name":"Anna Musterfrau"}"#.utf8)
            ),
            modern: CapturedAnswer(
                end: .complete,
                status: 200,
                body: Array(#"{"name":"Anna Beispiel"}"#.utf8)
            )
        )
        return (exchange, observation)
    }

    @Test func `samples are kept under a grant only, sealed to its reader, up to its quota`() throws
    {
        let folder = try ParityFolder()
        let certificate = try Self.makeCertificate(folder.path, "reader")
        let clock = Mutex<UInt64>(1_700_000_000_000)
        let samples = folder.path + "/samples"
        let grants = SampleGrants(folder: samples) { clock.withLock { $0 } }
        let told = Mutex<[String]>([])
        grants.attach { kind, actor, text in told.withLock { $0.append("\(kind.word) \(actor)") } }
        let (exchange, observation) = Self.exchange()
        grants.take(exchange, observation)
        #expect(!FileManager.default.fileExists(atPath: samples))
        let grant = try grants.give(Self.order(certificate), routes: ["r"])
        var match = observation
        match.outcome = .match
        grants.take(exchange, match)
        for _ in 0..<5 { grants.take(exchange, observation) }
        let names = try FileManager.default.contentsOfDirectory(atPath: samples).sorted()
        #expect(names.count == 2)
        #expect(grants.open.isEmpty)
        #expect(
            told.withLock { $0 }
                == ["sample_granted ana", "sample_written banyan", "sample_written banyan"]
        )
        let file = "\(samples)/\(names[0])"
        let sealed = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        #expect(!String(decoding: sealed, as: UTF8.self).contains("Muster"))
        let key = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/reader.key")))
        let opened = String(decoding: try openSealed(sealed, keyPEM: key), as: UTF8.self)
        #expect(opened.contains(grant.id))
        #expect(opened.contains(Data(#"{"name":"Anna Musterfrau"}"#.utf8).base64EncodedString()))
        // OpenSSL's own command opens it as well.
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "cms", "-decrypt", "-inform", "DER", "-in", file, "-inkey",
            "\(folder.path)/reader.key",
        ]
        let output = Pipe()
        openssl.standardOutput = output
        try openssl.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        openssl.waitUntilExit()
        #expect(String(decoding: bytes, as: UTF8.self) == opened)
        _ = try Self.makeCertificate(folder.path, "other")
        let other = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/other.key")))
        #expect(throws: SealError.notForThisKey) { try openSealed(sealed, keyPEM: other) }
        #expect(throws: SealError.notForThisKey) { try openSealed([1, 2, 3], keyPEM: key) }
        #expect(throws: SealError.badKey) { try openSealed(sealed, keyPEM: [1, 2, 3]) }
    }

    @Test func `a sample that cannot be written uses up no quota, and the grant says so`() throws {
        let folder = try ParityFolder()
        let certificate = try Self.makeCertificate(folder.path, "reader")
        let samples = folder.path + "/samples"
        // A file stands where the folder would be.
        #expect(FileManager.default.createFile(atPath: samples, contents: nil))
        let grants = SampleGrants(folder: samples) { 1_700_000_000_000 }
        let told = Mutex<[String]>([])
        grants.attach { kind, _, _ in told.withLock { $0.append(kind.word) } }
        _ = try grants.give(Self.order(certificate), routes: ["r"])
        let (exchange, observation) = Self.exchange()
        for _ in 0..<3 { grants.take(exchange, observation) }
        #expect(grants.open.map(\.left) == [2] && grants.open.map(\.failed) == [3])
        try FileManager.default.removeItem(atPath: samples)
        for _ in 0..<3 { grants.take(exchange, observation) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: samples).count == 2)
        #expect(grants.open.isEmpty)
        #expect(told.withLock { $0 } == ["sample_granted", "sample_written", "sample_written"])
    }

    @Test func `a grant ends by its time, by revoking, and is refused beyond its bounds`() throws {
        let folder = try ParityFolder()
        let certificate = try Self.makeCertificate(folder.path, "reader")
        let clock = Mutex<UInt64>(1_700_000_000_000)
        let grants = SampleGrants(folder: folder.path + "/samples") { clock.withLock { $0 } }
        let (exchange, observation) = Self.exchange()
        let first = try grants.give(Self.order(certificate), routes: ["r"])
        #expect(grants.revoke(id: first.id, actor: "ana"))
        #expect(!grants.revoke(id: first.id, actor: "ana"))
        _ = try grants.give(Self.order(certificate), routes: ["r"])
        clock.withLock { $0 += 3_600_000 }
        #expect(grants.open.isEmpty)
        grants.take(exchange, observation)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/samples"))
        let changes: [(inout GrantOrder) -> Void] = [
            { $0.route = "s" }, { $0.owner = "" }, { $0.reason = "" }, { $0.quota = 0 },
            { $0.quota = 1_001 }, { $0.milliseconds = 72 * 3_600_000 + 1 },
            { $0.certificate = Array("no certificate".utf8) },
        ]
        for (index, change) in changes.enumerated() {
            var order = Self.order(certificate)
            change(&order)
            #expect(throws: ParityLedgerError.self, "\(index)") {
                try grants.give(order, routes: ["r"])
            }
        }
    }
}
