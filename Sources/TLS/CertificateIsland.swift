// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: every OpenSSL object is held by exactly one owner here and freed by its
// deinit, or by the function that made it.

import Bytes
import COpenSSL
import Glibc

/// What is known of a certificate without its subject: for `validate`, logs and metrics.
public struct TLSCertificateFacts: Sendable, Hashable {
    /// The name in the configuration.
    public var name: String
    /// The file of its chain.
    public var file: String
    /// DNS names it bears, lower case, as written (`*.care.example`).
    public var names: [String]
    /// First second of its validity, in Unix time.
    public var notBefore: Int64
    /// Last second of its validity, in Unix time.
    public var notAfter: Int64
    /// Last second for which its stapled answer is valid, in Unix time; `nil` without one.
    public var stapleNextUpdate: Int64?

    /// Seconds that are left at `now` (Unix time); negative when it has expired.
    public func secondsLeft(at now: Int64) -> Int64 { self.notAfter - now }
}

/// One certificate.
@safe
final class Certificate: @unchecked Sendable {
    @unsafe let handle: OpaquePointer

    /// Takes over a reference.
    @unsafe init(taking handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe X509_free(self.handle) }

    var notBefore: Int64 { unsafe unixTime(X509_get0_notBefore(self.handle)) }
    var notAfter: Int64 { unsafe unixTime(X509_get0_notAfter(self.handle)) }

    /// The kind of its key (`EVP_PKEY_RSA`, `EVP_PKEY_EC` ...).
    var keyKind: Int32 {
        guard let key = unsafe X509_get0_pubkey(self.handle) else { return 0 }
        return unsafe EVP_PKEY_get_base_id(key)
    }

    /// DNS names of its subjectAltName, lower case; those with bytes that no name has are left out.
    var names: [String] {
        var names: [String] = []
        unsafe forEachName(of: self.handle) { kind, bytes in
            if kind == GEN_DNS, unsafe isHostName(bytes) {
                let folded = unsafe bytes.map(asciiLowercased)
                names.append(String(decoding: folded, as: UTF8.self))
            }
            return true
        }
        return names
    }
}

/// Calls `body` with each name of the subjectAltName until it answers `false`.
@unsafe
func forEachName(
    of certificate: OpaquePointer,
    _ body: (_ kind: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool
) {
    let extensions = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil)
    guard let extensions = unsafe extensions else { return }
    let names = OpaquePointer(extensions)
    defer { unsafe GENERAL_NAMES_free(names) }
    let count = unsafe OPENSSL_sk_num(names)
    for index in 0..<count {
        guard let item = unsafe OPENSSL_sk_value(names, index) else { continue }
        let name = unsafe item.assumingMemoryBound(to: GENERAL_NAME.self)
        let kind = unsafe name.pointee.type
        guard kind == GEN_DNS || kind == GEN_URI else { continue }
        let text = unsafe name.pointee.d.ia5
        guard let bytes = unsafe ASN1_STRING_get0_data(text) else { continue }
        let length = Int(unsafe ASN1_STRING_length(text))
        guard unsafe body(kind, UnsafeBufferPointer(start: bytes, count: length)) else { return }
    }
}

/// Letters, digits, `-`, `.`, `_` and a leading `*.`; nothing that ends or splits a text.
private func isHostName(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard !bytes.isEmpty, bytes.count <= Limits.hostBytesMax else { return false }
    for index in bytes.indices {
        switch unsafe bytes[index] {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: continue
        case 0x2a where index == 0: continue
        default: return false
        }
    }
    return true
}

/// The certificates of a PEM file, in its order; at least one.
func readCertificates(_ path: String) throws(TLSError) -> [Certificate] {
    let bytes = try readFile(path, bytesMax: Limits.tlsFileBytesMax)
    guard let input = unsafe BIO_new_mem_buf(bytes, Int32(bytes.count)) else {
        throw lastLibraryError(path)
    }
    defer { unsafe BIO_free(input) }
    var certificates: [Certificate] = []
    while let next = unsafe PEM_read_bio_X509(input, nil, { _, _, _, _ in -1 }, nil) {
        unsafe certificates.append(Certificate(taking: next))
    }
    // The end of the file is an error of its own ("no start line"); any other is a broken entry.
    let reason = ERR_GET_REASON(ERR_peek_last_error())
    ERR_clear_error()
    guard !certificates.isEmpty, reason == PEM_R_NO_START_LINE else {
        throw .noCertificate(file: path)
    }
    return certificates
}

/// Seconds since 1970 of an ASN.1 time.
@unsafe
func unixTime(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
    guard let epoch = unsafe ASN1_TIME_set(nil, 0) else { return 0 }
    defer { unsafe ASN1_STRING_free(epoch) }
    return Int64(unsafe banyan_tls_seconds_between(epoch, time))
}

/// The newest error of this thread as a ``TLSError``; the queue is empty afterwards.
func lastLibraryError(_ what: String) -> TLSError {
    .library(what: what, reason: lastLibraryReason())
}

/// The newest error's reason in words; the queue is empty afterwards.
func lastLibraryReason() -> String {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    // SAFETY: a static text, or NULL.
    guard let text = unsafe ERR_reason_error_string(code) else { return "error \(code)" }
    return unsafe String(cString: text)
}
