// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Foundation

/// A folder of its own that goes with its owner.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        let name = "banyan-tls-\(UUID().uuidString.prefix(8))"
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        self.path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    func write(_ name: String, _ bytes: [UInt8], mode: Int = 0o600) throws -> String {
        let path = self.path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }
}

/// A key pair.
final class TestKey: @unchecked Sendable {
    enum Kind: String {
        case ec = "EC"
        case rsa = "RSA"
        case weak
    }

    let handle: OpaquePointer?

    init(_ kind: Kind = .ec) {
        let name = kind == .ec ? "EC" : "RSA"
        let context = EVP_PKEY_CTX_new_from_name(nil, name, nil)
        defer { EVP_PKEY_CTX_free(context) }
        precondition(EVP_PKEY_keygen_init(context) == 1)
        if kind == .ec {
            precondition(EVP_PKEY_CTX_set_group_name(context, "P-256") == 1)
        } else {
            precondition(
                EVP_PKEY_CTX_set_rsa_keygen_bits(context, kind == .weak ? 1024 : 2048) == 1
            )
        }
        var key: OpaquePointer?
        precondition(EVP_PKEY_generate(context, &key) == 1)
        self.handle = key
    }

    deinit { EVP_PKEY_free(self.handle) }

    var pem: [UInt8] {
        written { PEM_write_bio_PKCS8PrivateKey($0, self.handle, nil, nil, 0, nil, nil) }
    }

    func encryptedPEM() -> [UInt8] {
        written {
            PEM_write_bio_PKCS8PrivateKey(
                $0,
                self.handle,
                EVP_aes_256_cbc(),
                "secret",
                6,
                nil,
                nil
            )
        }
    }
}

func written(_ body: (OpaquePointer?) -> Int32) -> [UInt8] {
    let output = BIO_new(BIO_s_mem())
    defer { BIO_free(output) }
    precondition(body(output) == 1)
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = BIO_read(output, &part, Int32(part.count))
        guard count > 0 else { return bytes }
        bytes += part[..<Int(count)]
    }
}

/// A certificate with its key, and what it may issue.
final class TestCertificate: @unchecked Sendable {
    let handle: OpaquePointer?
    let key: TestKey
    let issuer: TestCertificate?
    let serial: Int

    struct Wish {
        var names: [String] = []
        var isAuthority = false
        /// `critical,CA:true,pathlen:0` and the like, instead of what `isAuthority` says.
        var purpose: String? = "serverAuth,clientAuth"
        var notBefore = -3_600
        var notAfter = 86_400
        var keyKind = TestKey.Kind.ec
    }

    nonisolated(unsafe) private static var lastSerial = Int.random(in: 1_000...1_000_000_000)
    private static let lock = NSLock()

    init(_ wish: Wish, issuer: TestCertificate? = nil) {
        self.key = TestKey(wish.keyKind)
        self.issuer = issuer
        self.serial = TestCertificate.lock.withLock {
            TestCertificate.lastSerial += 1
            return TestCertificate.lastSerial
        }
        let handle = X509_new()
        self.handle = handle
        X509_set_version(handle, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(handle), self.serial)
        X509_gmtime_adj(X509_getm_notBefore(handle), wish.notBefore)
        X509_gmtime_adj(X509_getm_notAfter(handle), wish.notAfter)
        let subject = X509_get_subject_name(handle)
        let common = "test \(self.serial)"
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common, -1, -1, 0)
        X509_set_issuer_name(handle, issuer.map { X509_get_subject_name($0.handle) } ?? subject)
        X509_set_pubkey(handle, self.key.handle)
        self.add(NID_basic_constraints, wish.isAuthority ? "critical,CA:true" : "CA:false")
        self.add(NID_subject_key_identifier, "hash")
        if wish.isAuthority {
            self.add(NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature")
        } else {
            self.add(NID_key_usage, "critical,digitalSignature")
            if let purpose = wish.purpose { self.add(NID_ext_key_usage, purpose) }
        }
        if !wish.names.isEmpty {
            let names = wish.names.map { $0.contains(":") ? $0 : "DNS:" + $0 }
            self.add(NID_subject_alt_name, names.joined(separator: ","))
        }
        let signer = issuer?.key ?? self.key
        precondition(X509_sign(handle, signer.handle, EVP_sha256()) > 0)
    }

    deinit { X509_free(self.handle) }

    private func add(_ kind: Int32, _ value: String) {
        var context = X509V3_CTX()
        X509V3_set_ctx(
            &context,
            self.issuer?.handle ?? self.handle,
            self.handle,
            nil,
            nil,
            0
        )
        let item = X509V3_EXT_nconf_nid(nil, &context, kind, value)
        precondition(item != nil, value)
        X509_add_ext(self.handle, item, -1)
        X509_EXTENSION_free(item)
    }

    static func authority(issuer: TestCertificate? = nil) -> TestCertificate {
        TestCertificate(Wish(isAuthority: true), issuer: issuer)
    }

    func issue(_ names: String..., keyKind: TestKey.Kind = .ec) -> TestCertificate {
        TestCertificate(Wish(names: names, keyKind: keyKind), issuer: self)
    }

    var pem: [UInt8] { written { PEM_write_bio_X509($0, self.handle) } }

    /// Leaf, then the issuers that are not roots.
    var chainPEM: [UInt8] {
        var bytes = self.pem
        var next = self.issuer
        while let issuer = next, issuer.issuer != nil {
            bytes += issuer.pem
            next = issuer.issuer
        }
        return bytes
    }

    /// A list of this authority that names the certificates.
    func revocationList(
        _ revoked: [TestCertificate] = [],
        nextUpdate: Int = 86_400
    ) -> [UInt8] {
        let list = X509_CRL_new()
        defer { X509_CRL_free(list) }
        X509_CRL_set_version(list, 1)
        X509_CRL_set_issuer_name(list, X509_get_subject_name(self.handle))
        let before = X509_gmtime_adj(nil, -172_800)
        let after = X509_gmtime_adj(nil, nextUpdate)
        defer {
            ASN1_STRING_free(before)
            ASN1_STRING_free(after)
        }
        X509_CRL_set1_lastUpdate(list, before)
        X509_CRL_set1_nextUpdate(list, after)
        for certificate in revoked {
            let entry = X509_REVOKED_new()
            X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.handle))
            X509_REVOKED_set_revocationDate(entry, before)
            X509_CRL_add0_revoked(list, entry)
        }
        X509_CRL_sort(list)
        precondition(X509_CRL_sign(list, self.key.handle, EVP_sha256()) > 0)
        return written { PEM_write_bio_X509_CRL($0, list) }
    }

    /// An OCSP answer of this authority about a certificate, in DER form.
    func ocspAnswer(
        about certificate: TestCertificate,
        status: Int32 = V_OCSP_CERTSTATUS_GOOD,
        nextUpdate: Int = 86_400
    ) -> [UInt8] {
        let basic = OCSP_BASICRESP_new()
        defer { OCSP_BASICRESP_free(basic) }
        let id = OCSP_cert_to_id(EVP_sha1(), certificate.handle, self.handle)
        defer { OCSP_CERTID_free(id) }
        let this = X509_gmtime_adj(nil, -172_800)
        let next = X509_gmtime_adj(nil, nextUpdate)
        defer {
            ASN1_STRING_free(this)
            ASN1_STRING_free(next)
        }
        OCSP_basic_add1_status(basic, id, status, 0, this, this, next)
        precondition(
            OCSP_basic_sign(basic, self.handle, self.key.handle, EVP_sha256(), nil, 0) == 1
        )
        let answer = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic)
        defer { OCSP_RESPONSE_free(answer) }
        var der: UnsafeMutablePointer<UInt8>?
        let count = i2d_OCSP_RESPONSE(answer, &der)
        defer { CRYPTO_free(der, "", 0) }
        return Array(UnsafeBufferPointer(start: der, count: Int(count)))
    }
}
