// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: OpenSSL objects made here are freed here; the bytes of an answer are
// copied for OpenSSL, which frees the copy.

import Bytes
import COpenSSL
import Glibc

/// An OCSP answer (RFC 6960) that a server sends along with its certificate (RFC 6066 8).
@safe
final class Staple: Sendable {
    let bytes: [UInt8]
    /// Last second for which it holds, in Unix time.
    let nextUpdate: Int64

    /// Reads an answer and holds it against the certificate: same serial number, status good.
    init(file: String, chain: [Certificate]) throws(TLSError) {
        let bytes = try readFile(file, bytesMax: Limits.tlsFileBytesMax)
        self.bytes = bytes
        var at: UnsafePointer<UInt8>?
        let answer = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe at = buffer.baseAddress
            return unsafe d2i_OCSP_RESPONSE(nil, &at, buffer.count)
        }
        defer { ERR_clear_error() }
        guard let answer = unsafe answer else {
            throw .badStaple(file: file, reason: "no OCSP answer in DER form")
        }
        defer { unsafe OCSP_RESPONSE_free(answer) }
        let status = unsafe OCSP_response_status(answer)
        guard status == OCSP_RESPONSE_STATUS_SUCCESSFUL,
            let basic = unsafe OCSP_response_get1_basic(answer)
        else { throw .badStaple(file: file, reason: "the responder answered with an error") }
        defer { unsafe OCSP_BASICRESP_free(basic) }
        self.nextUpdate = try unsafe Staple.nextUpdate(basic, chain, file)
    }

    @unsafe
    private static func nextUpdate(
        _ basic: OpaquePointer,
        _ chain: [Certificate],
        _ file: String
    ) throws(TLSError) -> Int64 {
        let serial = unsafe X509_get0_serialNumber(chain[0].handle)
        let count = unsafe OCSP_resp_count(basic)
        for index in 0..<count {
            let single = unsafe OCSP_resp_get0(basic, index)
            guard let id = unsafe OCSP_SINGLERESP_get0_id(single) else { continue }
            var number: UnsafeMutablePointer<ASN1_INTEGER>?
            guard
                unsafe OCSP_id_get0_info(
                    nil,
                    nil,
                    nil,
                    &number,
                    id
                ) == 1,
                unsafe ASN1_INTEGER_cmp(number, serial) == 0
            else { continue }
            var next: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
            let state = unsafe OCSP_single_get0_status(single, nil, nil, nil, &next)
            guard state == V_OCSP_CERTSTATUS_GOOD else {
                throw .badStaple(
                    file: file,
                    reason: state == V_OCSP_CERTSTATUS_REVOKED
                        ? "the certificate is revoked" : "the certificate is unknown"
                )
            }
            guard let next = unsafe next else {
                throw .badStaple(file: file, reason: "it does not say until when it holds")
            }
            return unsafe unixTime(next)
        }
        throw .badStaple(file: file, reason: "it is about another certificate")
    }

    /// Hands a copy to a session, unless it no longer holds; tells whether.
    @unsafe
    func send(to session: OpaquePointer?) -> Bool {
        guard self.nextUpdate > Int64(time(nil)),
            let copy = unsafe banyan_tls_malloc(self.bytes.count)
        else { return false }
        unsafe self.bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe copy.copyMemory(from: base, byteCount: bytes.count)
        }
        let target = unsafe copy.assumingMemoryBound(to: UInt8.self)
        // From here on the copy is OpenSSL's.
        return unsafe banyan_tls_set_staple(session, target, self.bytes.count) == 1
    }
}
