// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: handles are used while their owner (Context, TrustStore, Certificate)
// is in scope; texts are terminated copies for the length of a call.

import COpenSSL
import Glibc
import Synchronization

/// What an upstream needs to be spoken to over TLS; immutable, shared by all workers.
///
/// The upstream's certificate is always verified: chain, name and, with a list, revocation.
@safe
public final class TLSClientContext: Sendable {
    /// The certificate shown to the upstream, or `nil`.
    public let certificate: TLSCertificateFacts?

    let context: Context
    let speaks: TLSProtocol
    /// What SNI sends, terminated; `nil` for an address.
    let serverName: [UInt8]?
    /// Names this context among all that ever were: sessions are never resumed under another.
    let number: UInt32

    private static let numbers = Atomic<UInt32>(1)

    /// Reads all files of the plan; issuers and lists are shared by contexts made with one cache.
    ///
    /// - Throws: which file, and what is wrong with it.
    public init(_ plan: TLSClientPlan, sharing trust: TLSTrustCache? = nil) throws(TLSError) {
        let context = try Context(isServer: false, least: plan.least)
        let store = try (trust ?? TLSTrustCache()).store(ca: plan.ca, crl: plan.crl)
        try context.trust(store, mode: SSL_VERIFY_PEER)
        self.serverName = try TLSClientContext.require(plan.serverName, on: context)
        if let certificate = plan.certificate {
            let item = try CertificateGroup.Item(certificate)
            try context.use(item.chain, item.key, item.plan)
            self.certificate = item.facts
        } else {
            self.certificate = nil
        }
        let name = wireBytes(plan.speaks)
        if !name.isEmpty {
            let list = [UInt8(name.count)] + name
            // 0 means success here, unlike everywhere else in OpenSSL.
            guard unsafe SSL_CTX_set_alpn_protos(context.handle, list, UInt32(list.count)) == 0
            else { throw lastLibraryError("TLS") }
        }
        // Sessions are kept by each worker's table, which is told of new ones.
        let mode = SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
        unsafe banyan_tls_set_session_cache(context.handle, mode)
        unsafe SSL_CTX_sess_set_new_cb(context.handle, keepSession)
        self.context = context
        self.speaks = plan.speaks
        self.number = TLSClientContext.numbers.wrappingAdd(1, ordering: .relaxed).oldValue
    }

    /// Binds the context to a name or address; what SNI is to send.
    private static func require(_ name: String, on context: Context) throws(TLSError) -> [UInt8]? {
        let settings = unsafe SSL_CTX_get0_param(context.handle)
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(settings, name) == 1 { return nil }
        ERR_clear_error()
        let bytes = Array(name.utf8)
        let isName =
            !bytes.isEmpty && bytes.count <= 253 && bytes.first != 0x2e
            && bytes.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
                    || byte == 0x2d || byte == 0x2e || byte == 0x5f
            }
        guard isName else { throw .badServerName(name) }
        // RFC 9525 6.3: a name is looked for among the subject's alternative names only, and a
        // wildcard stands for a whole label.
        unsafe X509_VERIFY_PARAM_set_hostflags(
            settings,
            UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
        )
        guard unsafe X509_VERIFY_PARAM_set1_host(settings, name, bytes.count) == 1 else {
            throw lastLibraryError("TLS")
        }
        return bytes + [0]
    }
}
