// SPDX-License-Identifier: Apache-2.0

import Bytes

/// What spreads an upstream's requests over its endpoints.
public enum BalancePolicy: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    /// They take turns.
    case roundRobin = 0
    /// The less loaded of two that are drawn (power of two choices).
    case leastRequest = 1
    /// The same key goes to the same endpoint while that is there.
    case consistentHash = 2

    /// As a file has it.
    public var word: String {
        switch self {
        case .roundRobin: "roundRobin"
        case .leastRequest: "leastRequest"
        case .consistentHash: "consistentHash"
        }
    }
}

/// What of a request `consistentHash` hashes.
public enum HashKeyModel: Hashable, Sendable {
    /// A header's value (the first, if repeated).
    case header(String)
    /// A cookie's value.
    case cookie(String)
    /// The tenant.
    case tenant
}

/// `spec.health.passive`: what takes an endpoint out for a while.
public struct PassiveHealthModel: Hashable, Sendable {
    /// Failures in a row: connect failures, time-outs, broken answers, 5xx; 0: never.
    public var failures = Limits.ejectionFailures
    /// How long the first ejection lasts; it doubles with each further one.
    public var ejectForMilliseconds = Limits.ejectForMilliseconds
    /// How many of an upstream's addresses may be out at once, in 1/10,000.
    public var ejectedAtMostPermyriad = Limits.ejectedAtMostPermyriad

    /// The defaults of Limits.
    public init() {}
}

/// `spec.breaker`: what one worker may have at one upstream; beyond, 503 at once.
public struct BreakerModel: Hashable, Sendable {
    /// Connections.
    public var connectionsMax = Limits.upstreamConnectionsMax
    /// Requests that wait for a connection.
    public var pendingMax = Limits.breakerPendingMax
    /// Requests in work, waiting ones included.
    public var requestsMax = Limits.breakerRequestsMax

    /// The defaults of Limits.
    public init() {}
}

/// `spec.retry`: further attempts at other endpoints of the same upstream.
public struct RetryModel: Hashable, Sendable {
    /// Attempts in all, the first included; 1: none but the first.
    public var attempts = Limits.upstreamAttempts
    /// Retries that a worker may make, as a share of its requests of the last seconds, in 1/10,000.
    public var budgetPermyriad = Limits.retryBudgetPermyriad
    /// Retries of one window that are allowed however few requests there are.
    public var budgetFloor = Limits.retryBudgetFloor
    /// How long one attempt may take before the next is made; 0: as long as the route allows.
    public var perTryMilliseconds = 0
    /// The endpoint that failed is asked again when there is no other.
    public var repeatsAtSameEndpoint = false

    /// The defaults of Limits.
    public init() {}
}

/// `spec.cookies`: what of a Set-Cookie's attributes is rewritten.
public struct CookieRewriteModel: Hashable, Sendable {
    /// Domains as the origin has them and as the client must see them (empty: left out).
    public var domains: [NamedValue] = []
    /// Path prefixes as the origin has them and as the client must see them.
    public var paths: [NamedValue] = []

    /// Nothing is rewritten.
    public init() {}

    /// Nothing is rewritten.
    public var isEmpty: Bool { self.domains.isEmpty && self.paths.isEmpty }
}

/// How an upstream's endpoints are chosen, spared and protected.
public struct UpstreamPolicyModel: Hashable, Sendable {
    /// `spec.balance.policy`.
    public var balance = BalancePolicy.roundRobin
    /// `spec.balance.hash`.
    public var hashKey = HashKeyModel.tenant
    /// `spec.health.passive`.
    public var passive = PassiveHealthModel()
    /// `spec.slowStart`: how long an endpoint that comes (back) gets less than its share; 0: not.
    public var slowStartMilliseconds = 0
    /// `spec.connections.pendingMax`: requests of one worker that wait for one endpoint.
    public var pendingMax = Limits.pendingPerUpstreamMax
    /// `spec.breaker`.
    public var breaker = BreakerModel()
    /// `spec.retry`.
    public var retry = RetryModel()
    /// `spec.cookies`.
    public var cookies = CookieRewriteModel()

    /// The defaults.
    public init() {}
}
