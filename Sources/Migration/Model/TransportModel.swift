// SPDX-License-Identifier: Apache-2.0

/// A certificate with its key: paths, resolved against the folder of `banyan.yaml`.
public struct CertificateModel: Hashable, Sendable {
    /// `name`, else the chain's file name without its ending: what logs and metrics say.
    public var name: String
    /// `chain`: leaf first, PEM.
    public var chain: String
    /// `key`: PEM, closed to group and others.
    public var key: String
    /// `ocsp`: the answer to staple, DER.
    public var ocsp: String?
    /// Where it is written.
    public var source: ModelSource

    /// A certificate from its files.
    public init(name: String, chain: String, key: String, ocsp: String?, source: ModelSource) {
        self.name = name
        self.chain = chain
        self.key = key
        self.ocsp = ocsp
        self.source = source
    }
}

/// `tls` of a listener.
public struct ListenerTLSModel: Hashable, Sendable {
    /// `clients`: what is asked of client certificates.
    public struct Clients: Hashable, Sendable {
        /// `ca`: issuers that are trusted, PEM.
        public var ca: String
        /// `crl`: revocation lists, PEM.
        public var crl: String?
        /// `mode: required`, else optional.
        public var isRequired: Bool
        /// Where it is written.
        public var source: ModelSource

        /// Client certificates of these issuers.
        public init(ca: String, crl: String?, isRequired: Bool, source: ModelSource) {
            self.ca = ca
            self.crl = crl
            self.isRequired = isRequired
            self.source = source
        }
    }

    /// `certificates`, at least one; the first answers when no name fits.
    public var certificates: [CertificateModel]
    /// `minVersion: "1.3"`, else 1.2.
    public var needsTLS13 = false
    /// `clients`; `nil`: nobody is asked.
    public var clients: Clients?
    /// `ticketRotation` in seconds.
    public var ticketRotationSeconds: Int

    /// A listener's certificates.
    public init(certificates: [CertificateModel], ticketRotationSeconds: Int) {
        self.certificates = certificates
        self.ticketRotationSeconds = ticketRotationSeconds
    }
}

/// `hsts` of a listener (RFC 6797).
public struct StrictTransportModel: Hashable, Sendable {
    /// `maxAge` in seconds.
    public var maxAgeSeconds: Int
    /// `includeSubDomains`.
    public var includesSubDomains: Bool

    /// A policy from its parts.
    public init(maxAgeSeconds: Int, includesSubDomains: Bool) {
        self.maxAgeSeconds = maxAgeSeconds
        self.includesSubDomains = includesSubDomains
    }

    /// The value of `Strict-Transport-Security`.
    public var fieldValue: String {
        "max-age=\(self.maxAgeSeconds)" + (self.includesSubDomains ? "; includeSubDomains" : "")
    }
}

/// `tls` of an upstream; what it says is always verified.
public struct UpstreamTLSModel: Hashable, Sendable {
    /// `serverName`: the name that the certificate must bear.
    public var serverName: String
    /// `ca`: issuers that are trusted, PEM; `nil`: those of the system.
    public var ca: String?
    /// `crl`: revocation lists, PEM.
    public var crl: String?
    /// `certificate` and `key`: what is shown to the upstream.
    public var certificate: CertificateModel?
    /// `minVersion: "1.3"`, else 1.2.
    public var needsTLS13 = false
    /// Where it is written.
    public var source: ModelSource

    /// TLS to a server of this name.
    public init(serverName: String, source: ModelSource) {
        self.serverName = serverName
        self.source = source
    }
}

/// `protocol` of an upstream.
public enum UpstreamProtocolModel: String, Hashable, Sendable, CaseIterable {
    /// HTTP/1.1.
    case http1
    /// HTTP/2, by ALPN or by prior knowledge.
    case http2
}
