// SPDX-License-Identifier: Apache-2.0

/// An application protocol as ALPN names it (RFC 7301).
public enum TLSProtocol: UInt8, BitwiseCopyable, Sendable {
    /// Nothing was agreed: the peer did not ask.
    case none = 0
    /// `http/1.1`.
    case http1
    /// `h2`.
    case http2

    /// The name on the wire.
    public var wireName: StaticString {
        switch self {
        case .none: ""
        case .http1: "http/1.1"
        case .http2: "h2"
        }
    }
}

/// The oldest version of TLS that a context speaks; the newest is always 1.3.
public enum TLSVersion: String, Sendable, CaseIterable {
    /// TLS 1.2 (RFC 5246), with ECDHE and AEAD suites only.
    case tls12 = "1.2"
    /// TLS 1.3 (RFC 8446).
    case tls13 = "1.3"
}

/// A certificate with its key, as files.
public struct TLSCertificatePlan: Sendable, Hashable {
    /// What logs and metrics call it; never taken from the certificate.
    public var name: String
    /// Leaf first, then the intermediates, in PEM.
    public var chain: String
    /// The private key in PEM, unencrypted, closed to group and others.
    public var key: String
    /// An OCSP answer in DER form to staple, or `nil`.
    public var ocsp: String?

    /// A certificate from its files.
    public init(name: String, chain: String, key: String, ocsp: String? = nil) {
        self.name = name
        self.chain = chain
        self.key = key
        self.ocsp = ocsp
    }
}

/// What a listener asks of client certificates.
public struct TLSClientsPlan: Sendable, Hashable {
    /// The issuers that are trusted, in PEM.
    public var ca: String
    /// Revocation lists in PEM, one for every issuer in a chain, or `nil`.
    public var crl: String?
    /// Whether a client without a certificate is refused.
    public var isRequired: Bool

    /// Client certificates from one of these issuers.
    public init(ca: String, crl: String? = nil, isRequired: Bool) {
        self.ca = ca
        self.crl = crl
        self.isRequired = isRequired
    }
}

/// Everything that makes a listener's context.
public struct TLSServerPlan: Sendable, Hashable {
    /// The listener's name: part of what a session ticket is bound to.
    public var name: String
    /// By names in the certificates; the first answers when no name fits.
    public var certificates: [TLSCertificatePlan]
    /// The oldest version spoken.
    public var least: TLSVersion = .tls12
    /// Client certificates, or `nil` when none are asked for.
    public var clients: TLSClientsPlan?
    /// What ALPN offers, most wanted first.
    public var protocols: [TLSProtocol] = [.http2, .http1]

    /// A plan with the defaults.
    public init(name: String, certificates: [TLSCertificatePlan]) {
        self.name = name
        self.certificates = certificates
    }
}

/// Everything that makes an upstream's context.
public struct TLSClientPlan: Sendable, Hashable {
    /// The name that the upstream's certificate must bear, and that SNI sends; or an IP address,
    /// which SNI does not send (RFC 6066 3).
    public var serverName: String
    /// The issuers that are trusted, in PEM; `nil` for those of the system.
    public var ca: String?
    /// Revocation lists in PEM, one for every issuer in a chain, or `nil`.
    public var crl: String?
    /// The certificate shown to the upstream, or `nil`.
    public var certificate: TLSCertificatePlan?
    /// The oldest version spoken.
    public var least: TLSVersion = .tls12
    /// What is spoken: `http2` must be agreed by ALPN, `http1` need not.
    public var speaks: TLSProtocol = .http1

    /// A plan with the defaults.
    public init(serverName: String) { self.serverName = serverName }
}
