// SPDX-License-Identifier: Apache-2.0

/// Which addresses of a name count.
public enum NameFamily: UInt8, Sendable, Hashable, BitwiseCopyable, CaseIterable {
    /// A and AAAA records.
    case any
    /// A records.
    case ipv4
    /// AAAA records.
    case ipv6
}

/// A name to be kept resolved, and within which bounds its TTL is believed.
public struct NameQuestion: Sendable, Hashable {
    /// The name, in lower case, without a dot at its end unless it is absolute.
    public var name: String
    /// Which addresses count.
    public var family: NameFamily
    /// A shorter TTL, 0 included, counts as this much.
    public var ttlMinMilliseconds: UInt64
    /// A longer TTL counts as this much.
    public var ttlMaxMilliseconds: UInt64

    /// A question from its parts; a lowest TTL above the highest counts as the highest.
    public init(
        name: String,
        family: NameFamily = .any,
        ttlMinMilliseconds: UInt64,
        ttlMaxMilliseconds: UInt64
    ) {
        self.name = name
        self.family = family
        self.ttlMinMilliseconds = min(ttlMinMilliseconds, ttlMaxMilliseconds)
        self.ttlMaxMilliseconds = ttlMaxMilliseconds
    }
}

/// Where a resolver asks, and for how long.
public struct ResolverPlan: Sendable, Hashable {
    /// Servers as `address` or `address:port`, IPv6 in brackets; empty: what the system says.
    public var servers: [String]
    /// Wait for the first try; each further one waits twice as long.
    public var timeoutMilliseconds: Int
    /// Tries per server.
    public var tries: Int

    /// A plan; by default the system's servers, 2 s, then 4 s.
    public init(servers: [String] = [], timeoutMilliseconds: Int = 2_000, tries: Int = 2) {
        precondition(timeoutMilliseconds > 0 && tries > 0, "\(timeoutMilliseconds), \(tries)")
        self.servers = servers
        self.timeoutMilliseconds = timeoutMilliseconds
        self.tries = tries
    }
}
