// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: every OpenSSL object is freed by the function that made it, and memory
// BIOs are copied before they are freed.

import COpenSSL

/// Why bytes cannot be sealed or opened.
public enum SealError: Error, Hashable, Sendable {
    /// Not a certificate in PEM, or one whose key cannot encrypt.
    case badCertificate
    /// Not a private key in PEM.
    case badKey
    /// Encrypting failed.
    case failed
    /// Not a sealed sample, or sealed to another key.
    case notForThisKey

    /// One line for people.
    public var text: String {
        switch self {
        case .badCertificate: "no certificate in PEM (openssl req -x509 makes one)"
        case .badKey: "no private key in PEM"
        case .failed: "encrypting failed"
        case .notForThisKey: "the file is no sealed sample, or was sealed to another key"
        }
    }
}

/// A recipient of sealed bytes: a certificate.
///
/// What is sealed to it opens with its private key only, which the edge never sees (CMS, RFC 5652;
/// AES-256-GCM, RFC 5084).
public struct SealRecipient: Hashable, Sendable {
    /// The certificate in PEM.
    public let certificate: [UInt8]
    /// SHA-256 of its DER form, hex: what the audit names.
    public let fingerprint: String

    /// A recipient from a PEM certificate.
    public init(pem: [UInt8]) throws(SealError) {
        self.certificate = pem
        self.fingerprint = try unsafe withCertificate(pem) { certificate throws(SealError) in
            var der: UnsafeMutablePointer<UInt8>?
            let count = unsafe i2d_X509(certificate, &der)
            guard count > 0, let start = unsafe der else { throw .badCertificate }
            let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: Int(count)))
            unsafe CRYPTO_free(start, "", 0)
            return Digest(of: bytes).hex
        }
        // A certificate that cannot be sealed to is refused now, not when there is something to
        // seal.
        _ = try self.seal([0])
    }

    /// Encrypts bytes: CMS in DER form, as `openssl cms -decrypt -inform DER` opens it.
    public func seal(_ bytes: [UInt8]) throws(SealError) -> [UInt8] {
        try unsafe withCertificate(self.certificate) { certificate throws(SealError) in
            guard let stack = unsafe OPENSSL_sk_new_null() else { throw .failed }
            defer { unsafe OPENSSL_sk_free(stack) }
            let isPushed = unsafe OPENSSL_sk_push(stack, UnsafeRawPointer(certificate)) > 0
            guard isPushed,
                let input = unsafe BIO_new_mem_buf(bytes, Int32(bytes.count))
            else { throw .failed }
            defer { unsafe BIO_free(input) }
            let sealed = unsafe CMS_encrypt(
                stack,
                input,
                EVP_aes_256_gcm(),
                UInt32(CMS_BINARY)
            )
            guard let sealed = unsafe sealed else { throw .failed }
            defer { unsafe CMS_ContentInfo_free(sealed) }
            var der: UnsafeMutablePointer<UInt8>?
            let count = unsafe i2d_CMS_ContentInfo(sealed, &der)
            guard count > 0, let start = unsafe der else { throw .failed }
            defer { unsafe CRYPTO_free(start, "", 0) }
            return unsafe [UInt8](UnsafeBufferPointer(start: start, count: Int(count)))
        }
    }
}

/// Opens what ``SealRecipient/seal(_:)`` has made, with the private key in PEM.
public func openSealed(_ bytes: [UInt8], keyPEM: [UInt8]) throws(SealError) -> [UInt8] {
    guard let keyInput = unsafe BIO_new_mem_buf(keyPEM, Int32(keyPEM.count)) else { throw .failed }
    defer { unsafe BIO_free(keyInput) }
    guard let key = unsafe PEM_read_bio_PrivateKey(keyInput, nil, nil, nil) else { throw .badKey }
    defer { unsafe EVP_PKEY_free(key) }
    guard let input = unsafe BIO_new_mem_buf(bytes, Int32(bytes.count)) else { throw .failed }
    defer { unsafe BIO_free(input) }
    guard let sealed = unsafe d2i_CMS_bio(input, nil) else { throw .notForThisKey }
    defer { unsafe CMS_ContentInfo_free(sealed) }
    guard let output = unsafe BIO_new(BIO_s_mem()) else { throw .failed }
    defer { unsafe BIO_free(output) }
    guard
        unsafe CMS_decrypt(sealed, key, nil, nil, output, UInt32(CMS_BINARY)) == 1
    else { throw .notForThisKey }
    var opened: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe BIO_read(output, &part, Int32(part.count))
        guard count > 0 else { return opened }
        opened += part[..<Int(count)]
    }
}

private func withCertificate<Value>(
    _ pem: [UInt8],
    _ body: (OpaquePointer) throws(SealError) -> Value
) throws(SealError) -> Value {
    guard let input = unsafe BIO_new_mem_buf(pem, Int32(pem.count)) else { throw .failed }
    defer { unsafe BIO_free(input) }
    guard let certificate = unsafe PEM_read_bio_X509(input, nil, nil, nil) else {
        throw .badCertificate
    }
    defer { unsafe X509_free(certificate) }
    return try unsafe body(certificate)
}
