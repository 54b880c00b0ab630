// SPDX-License-Identifier: Apache-2.0

/// What connections of a listener, or to an endpoint, are agreed on: certificates and protocols.
///
/// Immutable; a reload makes a new one, and connections that begin later use it.
public final class TransportSet: Sendable {
    /// By the listener's index in the configuration; shorter: clear text, HTTP/2 by prior
    /// knowledge.
    public let listeners: [ListenerTransport]
    /// By the endpoint's number, which stays the same over reloads; shorter: clear text, HTTP/1.1.
    public let endpoints: [EndpointTransport]

    /// A set from its parts.
    public init(listeners: [ListenerTransport], endpoints: [EndpointTransport]) {
        self.listeners = listeners
        self.endpoints = endpoints
    }

    /// Clear text everywhere.
    public static let plain = TransportSet(listeners: [], endpoints: [])
}

/// How a listener talks to its clients.
public struct ListenerTransport: Sendable {
    /// Its certificates; `nil`: clear text.
    public var tls: TLSServerContext?
    /// HTTP/2 is spoken: by ALPN, or by prior knowledge in clear text.
    public var allowsHTTP2 = true
    /// Everybody is sent to HTTPS on this port; 0: nobody.
    public var redirectPort: UInt16 = 0
    /// The value of `Strict-Transport-Security`, at most 64 bytes (RFC 6797); empty: none.
    public var hsts: [UInt8] = []

    /// A listener in clear text.
    public init() {}
}

/// How Banyan talks to an endpoint.
public struct EndpointTransport: Sendable {
    /// How its certificate is checked; `nil`: clear text.
    public var tls: TLSClientContext?
    /// HTTP/2 instead of HTTP/1.1: by ALPN, or by prior knowledge in clear text.
    public var speaksHTTP2 = false

    /// An endpoint in clear text that speaks HTTP/1.1.
    public init() {}
}
