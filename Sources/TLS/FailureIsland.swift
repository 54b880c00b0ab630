// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: sessions are alive while they are asked; the thread's error queue is
// empty afterwards.

import COpenSSL
import Glibc

/// Names the reason of an error and marks the session as failed.
@unsafe
func fail(_ entry: UnsafeMutablePointer<SessionEntry>, _ session: OpaquePointer) {
    let failure = unsafe reason(entry.pointee.marks, session)
    ERR_clear_error()
    unsafe entry.pointee.failure = failure.rawValue
    unsafe entry.pointee.marks.insert(.failed)
}

@unsafe
private func reason(_ marks: SessionMarks, _ session: OpaquePointer) -> TLSFailure {
    if marks.contains(.tooLarge) { return .tooLarge }
    // The oldest error of the library itself is the cause; others say where it was met.
    while true {
        let code = ERR_get_error()
        if code == 0 { break }
        guard ERR_GET_LIB(code) == ERR_LIB_SSL else { continue }
        let number = ERR_GET_REASON(code)
        if number == SSL_R_CERTIFICATE_VERIFY_FAILED {
            return unsafe TLSFailure(verifyResult: SSL_get_verify_result(session))
        }
        let failure = TLSFailure(reason: number)
        // The alert that answers an end meets a closed socket: the end came first.
        if failure == .cut && !marks.contains(.socketEnded) { return .reset }
        return failure
    }
    if marks.contains(.socketEnded) { return .cut }
    return marks.contains(.socketBroken) ? .reset : .internalError
}

/// Why a resumed session of a client must not stand: its certificate has expired since.
@unsafe
func resumedClientFailure(_ session: OpaquePointer) -> TLSFailure {
    guard let certificate = unsafe SSL_get0_peer_certificate(session) else { return .none }
    let order = unsafe X509_cmp_time(X509_get0_notAfter(certificate), nil)
    return order > 0 ? .none : .expired
}

/// What ALPN came to.
@unsafe
func chosenProtocol(_ session: OpaquePointer) -> TLSProtocol {
    var name: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    unsafe SSL_get0_alpn_selected(session, &name, &count)
    guard let name = unsafe name else { return .none }
    if count == 2, unsafe memcmp(name, "h2", 2) == 0 { return .http2 }
    if count == 8, unsafe memcmp(name, "http/1.1", 8) == 0 { return .http1 }
    return .none
}
