// SPDX-License-Identifier: Apache-2.0

import Bytes

/// What a worker counts for one endpoint.
public enum EndpointCounter: Int, CaseIterable, Sendable {
    /// Requests that clients' exchanges sent to it, retries included.
    case requests
    /// Requests that failed there: no connection, no answer, no HTTP, too late, 5xx.
    case failures
    /// Ejections.
    case ejections
    /// When its last ejection ends, worker ms (not a sum: see `DataPlane.ejectedWorkers`).
    case ejectedUntil
    /// An ``EndpointHealth`` (not a sum: the same in every worker).
    case health
    /// Clients' exchanges that wait for a connection to it (a gauge).
    case pending
}

/// What is known of an endpoint from outside.
public enum EndpointHealth: Int, Sendable {
    /// No snapshot has named it yet.
    case unknown
    /// No active check has found it ill.
    case healthy
    /// Active checks have.
    case unhealthy
    /// Its name has no address.
    case noAddress
}

/// What a worker counts for one upstream.
public enum UpstreamCounter: Int, CaseIterable, Sendable {
    /// Further attempts at another endpoint, or at the same.
    case retries
    /// Further attempts that were not made because the budget was used up.
    case budgetExhausted
    /// Requests refused because the breaker was open.
    case breakerOpen
    /// Requests for which no endpoint was fit, and any was used.
    case panics
}

extension MetricsLayout {
    /// Words of one endpoint's, and of one upstream's, row.
    static let endpointWords = 8

    private static var firstEndpoint: Int { self.globalWords + self.rows * self.rowWords }
    private static var firstUpstream: Int {
        self.firstEndpoint + Limits.endpointsMax * self.endpointWords
    }
    /// Words up to the last upstream's row.
    static var wordsWithUpstreams: Int {
        self.firstUpstream + Limits.upstreamsMax * self.endpointWords
    }

    /// The word of one of an endpoint's counters, by the endpoint's stable number.
    public static func endpoint(_ number: UInt32, _ counter: EndpointCounter) -> Int {
        self.firstEndpoint &+ Int(number) &* self.endpointWords &+ counter.rawValue
    }

    /// The word of one of an upstream's counters, by the upstream's stable number.
    public static func upstream(_ number: UInt32, _ counter: UpstreamCounter) -> Int {
        self.firstUpstream &+ Int(number) &* self.endpointWords &+ counter.rawValue
    }
}
