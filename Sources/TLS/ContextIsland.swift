// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: a Context owns one reference of its SSL_CTX; sessions take their own,
// so a context that is replaced lives as long as its last session.

import Bytes
import COpenSSL

/// An SSL_CTX with the settings that servers and clients share.
@safe
final class Context: @unchecked Sendable {
    @unsafe let handle: OpaquePointer

    /// Mozilla's "intermediate" (5.7) without its last, finite-field suites.
    private static let suites12 =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
        + ":ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
        + ":ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    private static let suites13 =
        "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

    init(isServer: Bool, least: TLSVersion) throws(TLSError) {
        SecretHeap.startIfNeeded()
        let method = unsafe isServer ? TLS_server_method() : TLS_client_method()
        guard let handle = unsafe SSL_CTX_new(method) else { throw lastLibraryError("TLS") }
        unsafe self.handle = handle
        unsafe banyan_tls_set_options(handle)
        // 112 bits: RSA of 2048 at least, no SHA-1 in chains, whatever openssl.cnf says.
        unsafe SSL_CTX_set_security_level(handle, 2)
        unsafe banyan_tls_set_chain_bytes(handle, Limits.tlsChainBytesMax)
        let version = least == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION
        let isSet = unsafe banyan_tls_set_versions(handle, version) == 1
        guard isSet,
            unsafe SSL_CTX_set_cipher_list(handle, Context.suites12) == 1,
            unsafe SSL_CTX_set_ciphersuites(handle, Context.suites13) == 1,
            unsafe banyan_tls_set_groups(handle, "X25519:P-256:P-384") == 1
        else { throw lastLibraryError("TLS") }
    }

    deinit { unsafe SSL_CTX_free(self.handle) }

    /// Uses a certificate, its chain and its key.
    func use(
        _ chain: [Certificate],
        _ key: PrivateKey,
        _ plan: TLSCertificatePlan
    )
        throws(TLSError)
    {
        guard unsafe SSL_CTX_use_certificate(self.handle, chain[0].handle) == 1 else {
            throw .weak(file: plan.chain, reason: lastLibraryReason())
        }
        for certificate in chain.dropFirst() {
            guard unsafe banyan_tls_add_chain(self.handle, certificate.handle) == 1 else {
                throw .weak(file: plan.chain, reason: lastLibraryReason())
            }
        }
        guard unsafe X509_check_private_key(chain[0].handle, key.handle) == 1 else {
            ERR_clear_error()
            throw .keyMismatch(certificate: plan.chain, key: plan.key)
        }
        guard unsafe SSL_CTX_use_PrivateKey(self.handle, key.handle) == 1 else {
            throw .weak(file: plan.key, reason: lastLibraryReason())
        }
    }

    /// Verifies peers against a store.
    func trust(_ store: TrustStore, mode: Int32) throws(TLSError) {
        unsafe SSL_CTX_set_verify(self.handle, mode, nil)
        guard unsafe banyan_tls_share_store(self.handle, store.handle) == 1 else {
            throw lastLibraryError("TLS")
        }
        if store.hasLists {
            // Every certificate of a chain, not its leaf alone: what a list is for.
            let flags = UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL)
            let settings = unsafe SSL_CTX_get0_param(self.handle)
            guard unsafe X509_VERIFY_PARAM_set_flags(settings, flags) == 1 else {
                throw lastLibraryError("TLS")
            }
        }
    }
}

/// Issuers that are trusted, and their revocation lists.
@safe
final class TrustStore: @unchecked Sendable {
    @unsafe let handle: OpaquePointer
    /// Whether revocation is checked.
    let hasLists: Bool

    /// Issuers, and revocation by the lists of a file.
    init(ca: [Certificate], crl: String?) throws(TLSError) {
        guard let handle = unsafe X509_STORE_new() else { throw lastLibraryError("TLS") }
        unsafe self.handle = handle
        self.hasLists = crl != nil
        for certificate in ca {
            guard unsafe X509_STORE_add_cert(handle, certificate.handle) == 1 else {
                throw lastLibraryError("TLS")
            }
        }
        if let crl { try self.addLists(crl) }
    }

    deinit { unsafe X509_STORE_free(self.handle) }

    private func addLists(_ file: String) throws(TLSError) {
        let bytes = try readFile(file, bytesMax: Limits.tlsListBytesMax)
        guard let input = unsafe BIO_new_mem_buf(bytes, Int32(bytes.count)) else {
            throw lastLibraryError(file)
        }
        defer { unsafe BIO_free(input) }
        var count = 0
        while let list = unsafe PEM_read_bio_X509_CRL(input, nil, nil, nil) {
            defer { unsafe X509_CRL_free(list) }
            guard unsafe X509_STORE_add_crl(self.handle, list) == 1 else {
                throw lastLibraryError(file)
            }
            count += 1
        }
        let reason = ERR_GET_REASON(ERR_peek_last_error())
        ERR_clear_error()
        guard count > 0, reason == PEM_R_NO_START_LINE else { throw .noList(file: file) }
    }
}
