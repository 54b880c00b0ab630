// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: an object that a callback reads is held by the SSL_CTX that it is
// called for (ex_data, released with it), and every session holds that SSL_CTX.

import Bytes
import COpenSSL
import Glibc

/// What the callbacks of one certificate's SSL_CTX need.
final class ServerState: Sendable {
    let tickets: TLSTicketKeys
    /// Names on the wire, most wanted first.
    let protocols: [[UInt8]]
    /// By kind of key: a context may bear an ECDSA and an RSA certificate.
    let staples: [(keyKind: Int32, staple: Staple)]
    /// Other certificates by name; empty but in the first context, which all sessions begin with.
    let names: NameTable

    init(
        tickets: TLSTicketKeys,
        protocols: [[UInt8]],
        staples: [(keyKind: Int32, staple: Staple)],
        names: NameTable
    ) {
        self.tickets = tickets
        self.protocols = protocols
        self.staples = staples
        self.names = names
    }

    private static let index = unsafe banyan_tls_context_index { _, state, _, _, _, _ in
        // SAFETY: set below with a reference of its own, and called once, when the SSL_CTX goes.
        guard let state = unsafe state else { return }
        unsafe Unmanaged<ServerState>.fromOpaque(state).release()
    }

    /// Gives the context a reference and sets its callbacks.
    func attach(to context: Context) throws(TLSError) {
        let reference = unsafe Unmanaged.passRetained(self)
        let argument = unsafe reference.toOpaque()
        guard unsafe SSL_CTX_set_ex_data(context.handle, ServerState.index, argument) == 1 else {
            unsafe reference.release()
            throw lastLibraryError("TLS")
        }
        unsafe SSL_CTX_set_alpn_select_cb(context.handle, chooseProtocol, argument)
        unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(context.handle, useTicketKey)
        unsafe banyan_tls_on_server_name(context.handle, chooseCertificate, argument)
        if !self.staples.isEmpty {
            unsafe banyan_tls_on_status(context.handle, staple, argument)
        }
    }

    @unsafe
    static func of(_ session: OpaquePointer?) -> ServerState? {
        let context = unsafe SSL_get_SSL_CTX(session)
        guard let state = unsafe SSL_CTX_get_ex_data(context, self.index) else { return nil }
        return unsafe Unmanaged<ServerState>.fromOpaque(state).takeUnretainedValue()
    }
}

@unsafe
private func state(_ argument: UnsafeMutableRawPointer?) -> ServerState? {
    guard let argument = unsafe argument else { return nil }
    return unsafe Unmanaged<ServerState>.fromOpaque(argument).takeUnretainedValue()
}

/// SNI (RFC 6066 3): the certificate whose names cover the one asked for, else the first.
private func chooseCertificate(
    _ session: OpaquePointer?,
    _ alert: UnsafeMutablePointer<Int32>?,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    guard let state = unsafe state(argument),
        let text = unsafe SSL_get_servername(session, TLSEXT_NAMETYPE_host_name)
    else { return SSL_TLSEXT_ERR_NOACK }
    let name = unsafe UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
    let window = unsafe ByteWindow(base: name, count: strlen(text))
    guard let match = state.names.find(window) else { return SSL_TLSEXT_ERR_NOACK }
    if let context = match.context {
        guard unsafe SSL_set_SSL_CTX(session, context.handle) != nil else {
            ERR_clear_error()
            return SSL_TLSEXT_ERR_NOACK
        }
    }
    return SSL_TLSEXT_ERR_OK
}

/// ALPN (RFC 7301 3.2): our first protocol that the client has; none in common is fatal.
private func chooseProtocol(
    _ session: OpaquePointer?,
    _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenCount: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?,
    _ offeredCount: UInt32,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    guard let state = unsafe state(argument), let offered = unsafe offered,
        !state.protocols.isEmpty
    else { return SSL_TLSEXT_ERR_NOACK }
    let list = unsafe ByteWindow(base: offered, count: Int(offeredCount))
    for name in state.protocols {
        var at = 0
        while at < list.count {
            let count = Int(list[at])
            guard at + 1 + count <= list.count else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            let isSame = withWindow(name) { $0.equals(list.slice(at + 1, count)) }
            if isSame {
                // SAFETY: points into the client's list, as OpenSSL allows; it copies it.
                unsafe chosen?.pointee = offered + at + 1
                unsafe chosenCount?.pointee = UInt8(count)
                return SSL_TLSEXT_ERR_OK
            }
            at += 1 + count
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}

private func useTicketKey(
    _ session: OpaquePointer?,
    _ name: UnsafeMutablePointer<UInt8>?,
    _ vector: UnsafeMutablePointer<UInt8>?,
    _ cipher: OpaquePointer?,
    _ code: OpaquePointer?,
    _ seals: Int32
) -> Int32 {
    guard let state = unsafe ServerState.of(session), let name = unsafe name,
        let vector = unsafe vector
    else { return -1 }
    let result = unsafe state.tickets.prepare(
        name: name,
        vector: vector,
        cipher: cipher,
        code: code,
        seals: seals == 1
    )
    // A client of TLS 1.3 uses a ticket once (RFC 8446 C.4): only 2 brings it the next one.
    let isUsedUp = unsafe seals == 0 && SSL_version(session) == TLS1_3_VERSION
    return result == 1 && isUsedUp ? 2 : result
}

private func staple(_ session: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> Int32 {
    guard let state = unsafe state(argument),
        let certificate = unsafe SSL_get_certificate(session),
        let key = unsafe X509_get0_pubkey(certificate)
    else { return SSL_TLSEXT_ERR_NOACK }
    let kind = unsafe EVP_PKEY_get_base_id(key)
    for entry in state.staples where entry.keyKind == kind {
        return unsafe entry.staple.send(to: session) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK
    }
    return SSL_TLSEXT_ERR_NOACK
}
