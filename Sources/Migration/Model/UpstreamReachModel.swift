// SPDX-License-Identifier: Apache-2.0

/// `dns` of an upstream: how its endpoints' names are resolved.
public struct EndpointNamesModel: Hashable, Sendable {
    /// Which addresses of a name count.
    public enum Family: String, Hashable, Sendable, CaseIterable {
        /// IPv4 and IPv6.
        case any
        /// IPv4 only.
        case ipv4
        /// IPv6 only.
        case ipv6
    }

    /// `dns.family`.
    public var family = Family.any
    /// `dns.minTTL`: a shorter TTL counts as this much.
    public var ttlMinMilliseconds = 1_000
    /// `dns.maxTTL`: a longer TTL counts as this much.
    public var ttlMaxMilliseconds = 300_000
    /// `dns.addresses`: so many of a name's addresses are used at once, each like an endpoint of
    /// its own.
    public var addressesMax = 4

    /// The defaults.
    public init() {}
}

/// `health.active` of an upstream: how its endpoints are looked at.
public struct ActiveHealthModel: Hashable, Sendable {
    /// What a check does.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A GET; its status tells.
        case http
        /// A connect; that it succeeds tells.
        case tcp
        /// `grpc.health.v1.Health/Check`.
        case grpc
    }

    /// `type`.
    public var kind: Kind
    /// `path`: what is asked for (http).
    public var path = "/"
    /// `host`: the Host of the check; `nil`: the endpoint's (http, grpc).
    public var host: String?
    /// `status`: lowest status of a healthy answer (http).
    public var statusMin = 200
    /// `status`: highest status of a healthy answer (http).
    public var statusMax = 399
    /// `service`: whose health is asked for; empty: the server's (grpc).
    public var service = ""
    /// `interval`: pause between two checks of an endpoint, a tenth more or less.
    public var intervalMilliseconds = 5_000
    /// `timeout`: the whole time of a check.
    public var timeoutMilliseconds = 1_000
    /// `healthyAfter`: passed checks in a row that make an unhealthy endpoint healthy.
    public var healthyAfter = 2
    /// `unhealthyAfter`: failed checks in a row that make a healthy endpoint unhealthy.
    public var unhealthyAfter = 3

    /// The defaults of a kind.
    public init(_ kind: Kind) { self.kind = kind }
}

/// `dns` of `banyan.yaml`: who is asked for names.
public struct NameServersModel: Hashable, Sendable {
    /// `servers`: `address` or `address:port`; empty: what the system says.
    public var servers: [String] = []
    /// `timeout`: of the first try; the second waits twice as long.
    public var timeoutMilliseconds = 2_000
    /// `tries`: per server.
    public var tries = 2

    /// The defaults.
    public init() {}
}
