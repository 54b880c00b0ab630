// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: handles are used while their owner (Context, TrustStore, Certificate)
// is in scope; the list of issuers' names passes to OpenSSL.

import Bytes
import COpenSSL

/// What a listener needs to speak TLS as a server; immutable, shared by all workers.
///
/// A reload makes a new one; sessions keep the one they began with alive. Ticket keys live apart
/// (``TLSTicketKeys``), so that a reload ends no session.
@safe
public final class TLSServerContext: Sendable {
    /// The certificates, in their order.
    public let certificates: [TLSCertificateFacts]
    /// Whether clients are asked for certificates.
    public let asksClients: Bool

    let first: Context

    /// Reads all files of the plan.
    ///
    /// - Throws: which file, and what is wrong with it.
    public init(_ plan: TLSServerPlan, tickets: TLSTicketKeys) throws(TLSError) {
        guard !plan.certificates.isEmpty else { throw .noCertificates }
        let clients = try ClientTrust(plan)
        let groups = try CertificateGroup.read(plan.certificates)
        var contexts: [Context] = []
        for group in groups {
            let context = try Context(isServer: true, least: plan.least)
            for item in group.items { try context.use(item.chain, item.key, item.plan) }
            try clients.apply(to: context)
            // Tickets hold the session; this side keeps nothing. One per handshake: every
            // resumption brings the next.
            unsafe banyan_tls_set_session_cache(context.handle, SSL_SESS_CACHE_OFF)
            unsafe SSL_CTX_set_num_tickets(context.handle, 1)
            unsafe SSL_CTX_set_timeout(context.handle, Int(tickets.rotationSeconds))
            contexts.append(context)
        }
        self.first = contexts[0]
        // The first context must not hold itself: it is named by `nil`.
        let others: [Context?] = [nil] + Array(contexts.dropFirst())
        let table = NameTable(names: CertificateGroup.names(groups), contexts: others)
        let protocols = plan.protocols.filter { $0 != .none }.map { wireBytes($0) }
        for (index, context) in contexts.enumerated() {
            let state = ServerState(
                tickets: tickets,
                protocols: protocols,
                staples: groups[index].items.compactMap { item in
                    item.staple.map { (item.chain[0].keyKind, $0) }
                },
                names: index == 0 ? table : .empty
            )
            try state.attach(to: context)
        }
        self.certificates = plan.certificates.flatMap { plan in
            groups.flatMap(\.items).filter { $0.plan == plan }.prefix(1).map(\.facts)
        }
        self.asksClients = plan.clients != nil
    }
}

func wireBytes(_ name: TLSProtocol) -> [UInt8] {
    unsafe Array(
        UnsafeBufferPointer(
            start: name.wireName.utf8Start,
            count: name.wireName.utf8CodeUnitCount
        )
    )
}

/// What is asked of clients, the same for every certificate of a listener.
@safe
private struct ClientTrust {
    private let store: TrustStore?
    private let issuers: [Certificate]
    private let isRequired: Bool
    /// What a session ticket is bound to: a change of trust makes all earlier tickets void.
    private let session: [UInt8]

    init(_ plan: TLSServerPlan) throws(TLSError) {
        var bound = Array(plan.name.utf8) + [0]
        if let clients = plan.clients {
            let issuers = try readCertificates(clients.ca)
            self.store = try TrustStore(ca: issuers, crl: clients.crl)
            self.issuers = issuers
            self.isRequired = clients.isRequired
            bound += [clients.isRequired ? 2 : 1]
            bound += try readFile(clients.ca, bytesMax: Limits.tlsFileBytesMax)
            if let crl = clients.crl {
                bound += try readFile(crl, bytesMax: Limits.tlsListBytesMax)
            }
        } else {
            self.store = nil
            self.issuers = []
            self.isRequired = false
        }
        var digest = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        let result = unsafe EVP_Digest(bound, bound.count, &digest, &count, EVP_sha256(), nil)
        guard result == 1 else { throw lastLibraryError("TLS") }
        self.session = digest
    }

    func apply(to context: Context) throws(TLSError) {
        guard
            unsafe SSL_CTX_set_session_id_context(
                context.handle,
                self.session,
                UInt32(self.session.count)
            ) == 1
        else { throw lastLibraryError("TLS") }
        guard let store = self.store else { return }
        let mode = SSL_VERIFY_PEER | (self.isRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)
        try context.trust(store, mode: mode)
        for issuer in self.issuers {
            guard unsafe SSL_CTX_add_client_CA(context.handle, issuer.handle) == 1 else {
                throw lastLibraryError("TLS")
            }
        }
    }
}
