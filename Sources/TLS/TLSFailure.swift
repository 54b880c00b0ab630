// SPDX-License-Identifier: Apache-2.0

/// Why a handshake or a connection failed, by name: for logs and as a metric's label.
public enum TLSFailure: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    /// Nothing has failed.
    case none = 0
    // The peer's certificate
    /// Past its last day.
    case expired
    /// Before its first day.
    case notYetValid
    /// It bears other names.
    case wrongHost
    /// It signed itself, and is not trusted.
    case selfSigned
    /// No trusted issuer, or an intermediate is missing.
    case unknownIssuer
    /// Named by a revocation list.
    case revoked
    /// No revocation list of one of its issuers.
    case listMissing
    /// A revocation list is past its next update, or cannot be read.
    case listExpired
    /// Not made for this use.
    case wrongPurpose
    /// A key or digest too weak for today.
    case weakCertificate
    /// Refused for another reason.
    case badCertificate
    /// The client has to show one and did not.
    case noCertificate
    // The handshake
    /// No version in common.
    case protocolVersion
    /// No cipher, group or signature in common.
    case noSharedCipher
    /// No application protocol in common (ALPN).
    case noSharedProtocol
    /// Plain HTTP on a port for TLS.
    case plainText
    /// A handshake larger than any honest one.
    case tooLarge
    /// Not TLS, or not by its rules.
    case protocolError
    // The peer refused, by alert
    /// It does not accept our certificate.
    case refusedCertificate
    /// It does not know the issuer of our certificate.
    case refusedIssuer
    /// It found nothing in common.
    case refusedHandshake
    /// Another alert.
    case alert
    // The connection
    /// Ended without close_notify.
    case cut
    /// Reset, or gone.
    case reset
    /// No memory, or a fault of this side.
    case internalError
    /// Not finished in time: set by the caller, who has the clock.
    case timeout

    /// The name as metrics and logs spell it.
    public var label: StaticString {
        switch self {
        case .none: "none"
        case .expired: "expired"
        case .notYetValid: "not_yet_valid"
        case .wrongHost: "wrong_host"
        case .selfSigned: "self_signed"
        case .unknownIssuer: "unknown_issuer"
        case .revoked: "revoked"
        case .listMissing: "crl_missing"
        case .listExpired: "crl_expired"
        case .wrongPurpose: "wrong_purpose"
        case .weakCertificate: "weak_certificate"
        case .badCertificate: "bad_certificate"
        case .noCertificate: "no_certificate"
        case .protocolVersion: "protocol_version"
        case .noSharedCipher: "no_shared_cipher"
        case .noSharedProtocol: "no_shared_protocol"
        case .plainText: "plain_text"
        case .tooLarge: "too_large"
        case .protocolError: "protocol_error"
        case .refusedCertificate: "refused_certificate"
        case .refusedIssuer: "refused_issuer"
        case .refusedHandshake: "refused_handshake"
        case .alert: "alert"
        case .cut: "cut"
        case .reset: "reset"
        case .internalError: "internal"
        case .timeout: "timeout"
        }
    }

    /// One line for people.
    public var text: StaticString {
        switch self {
        case .none: "no failure"
        case .expired: "the peer's certificate has expired"
        case .notYetValid: "the peer's certificate is not yet valid"
        case .wrongHost: "the peer's certificate bears another name"
        case .selfSigned: "the peer's certificate is self-signed and not trusted"
        case .unknownIssuer: "the issuer of the peer's certificate is not trusted"
        case .revoked: "the peer's certificate is revoked"
        case .listMissing: "a revocation list of an issuer in the peer's chain is missing"
        case .listExpired: "a revocation list of the peer's chain has expired"
        case .wrongPurpose: "the peer's certificate is not meant for this use"
        case .weakCertificate: "a key or digest in the peer's chain is too weak"
        case .badCertificate: "the peer's certificate was refused"
        case .noCertificate: "the client showed no certificate"
        case .protocolVersion: "no TLS version in common"
        case .noSharedCipher: "no cipher, group or signature in common"
        case .noSharedProtocol: "no application protocol in common"
        case .plainText: "plain HTTP on a port for TLS"
        case .tooLarge: "the handshake is larger than allowed"
        case .protocolError: "the peer broke the rules of TLS"
        case .refusedCertificate: "the peer refused the certificate"
        case .refusedIssuer: "the peer does not know the certificate's issuer"
        case .refusedHandshake: "the peer refused the handshake"
        case .alert: "the peer sent an alert"
        case .cut: "the connection ended without close_notify"
        case .reset: "the connection was reset"
        case .internalError: "a fault on this side"
        case .timeout: "the handshake took too long"
        }
    }
}
