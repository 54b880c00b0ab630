// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: a session is freed once, by `close` or with its owner, and the context
// outlives all of them; blocks are given to OpenSSL within their bounds.

import Bytes
import COpenSSL
import Glibc
import Kernel

/// The clients' TLS, by connection index: TLS 1.3, one cipher, one group, nothing verified and
/// nothing resumed, so that every proxy does the same work.
@safe
struct TLSClients: ~Copyable {
    private let context: OpaquePointer
    private var sessions: [OpaquePointer?] = unsafe []

    static let cipher = "TLS_AES_128_GCM_SHA256"
    static let group = "X25519"

    init() {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            preconditionFailure("no TLS")
        }
        unsafe self.context = context
        unsafe banyan_tls_set_options(context)
        let isSet =
            unsafe banyan_tls_set_versions(context, TLS1_3_VERSION) == 1
            && SSL_CTX_set_ciphersuites(context, TLSClients.cipher) == 1
            && banyan_tls_set_groups(context, TLSClients.group) == 1
        precondition(isSet, "this OpenSSL has no \(TLSClients.cipher)")
        unsafe banyan_tls_set_session_cache(context, SSL_SESS_CACHE_OFF)
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
        _ = unsafe SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count))
    }

    deinit {
        for index in unsafe self.sessions.indices {
            unsafe SSL_free(self.sessions[index])
        }
        unsafe SSL_CTX_free(self.context)
    }

    /// Begins a session on a connected socket.
    mutating func open(_ index: Int, fd: Int32) {
        while unsafe self.sessions.count <= index { unsafe self.sessions.append(nil) }
        let session = unsafe SSL_new(self.context)
        _ = unsafe SSL_set_fd(session, fd)
        _ = unsafe banyan_tls_set_server_name(session, "edge.care.example")
        unsafe SSL_set_connect_state(session)
        unsafe self.sessions[index] = session
    }

    /// Whether the handshake is complete; `nil`: it has failed.
    func handshake(_ index: Int) -> Bool? {
        let result = unsafe SSL_do_handshake(self.sessions[index])
        if result == 1 { return true }
        return self.outcome(index, result) == .wouldBlock ? false : nil
    }

    /// Reads into [`start`, end of the block).
    func receive(
        _ index: Int,
        _ pool: borrowing BlockPool,
        _ block: BlockIndex,
        _ start: Int
    ) -> IOResult {
        // SAFETY: [start, blockBytes) lies inside the block.
        let base = unsafe pool.pointer(block)
        let count = unsafe SSL_read(
            self.sessions[index],
            base + start,
            Int32(Limits.blockBytes - start)
        )
        return count > 0 ? .bytes(Int(count)) : self.outcome(index, count)
    }

    func send(_ index: Int, _ window: ByteWindow) -> IOResult {
        // SAFETY: the window covers its count bytes.
        let count = unsafe SSL_write(self.sessions[index], window.base, Int32(window.count))
        return count > 0 ? .bytes(Int(count)) : self.outcome(index, count)
    }

    /// Says goodbye and frees the session; the descriptor stays open.
    mutating func close(_ index: Int) {
        guard unsafe index < self.sessions.count, let session = unsafe self.sessions[index] else {
            return
        }
        _ = unsafe SSL_shutdown(session)
        ERR_clear_error()
        unsafe SSL_free(session)
        unsafe self.sessions[index] = nil
    }

    private func outcome(_ index: Int, _ result: Int32) -> IOResult {
        let error = unsafe SSL_get_error(self.sessions[index], result)
        ERR_clear_error()
        switch error {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .end
        default: return .failed(.last)
        }
    }
}
