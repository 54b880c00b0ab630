// SPDX-License-Identifier: Apache-2.0

/// Choosing, sparing and protecting the endpoints of upstreams.
extension Limits {
    /// Upstreams of one edge over its life: each has an endpoint of its own.
    ///
    /// Beyond: the file is refused.
    public static let upstreamsMax = 4_096
    /// Failures in a row that eject an endpoint (`health.passive.failures`).
    public static let ejectionFailures = 5
    /// How long the first ejection lasts (`health.passive.ejectFor`); each further one twice as
    /// long.
    public static let ejectForMilliseconds = 30_000
    /// The longest ejection, whatever came before.
    public static let ejectForMillisecondsMax = 300_000
    /// The longest first ejection that a file may ask for.
    public static let ejectForFileMillisecondsMax = 3_600_000
    /// How many of an upstream's endpoints may be out at once (`health.passive.ejectedAtMost`).
    ///
    /// Beyond: they stay in; and when none is left all are used.
    public static let ejectedAtMostPermyriad = 5_000
    /// What an endpoint gets of its share when its slow start begins, in percent.
    public static let slowStartPercentMin = 10
    /// Requests of one worker at one upstream, waiting ones included (`breaker.requests`).
    ///
    /// Beyond: 503 `BREAKER_OPEN`. With all they may hold (nine blocks each) they take little more
    /// than half of `blocksMax`, and an eighth of `downstreamConnectionsMax`: an origin that hangs
    /// starves no other.
    public static let breakerRequestsMax = 4_096
    /// Requests of one worker that wait for connections to one upstream (`breaker.pending`).
    ///
    /// Beyond: 503 `BREAKER_OPEN`.
    public static let breakerPendingMax = 2_048
    /// Attempts of a request at one upstream, the first included (`retry.attempts`).
    public static let upstreamAttempts = 2
    /// Attempts that a file may ask for, and endpoints that a request tries to connect to.
    public static let upstreamAttemptsMax = 8
    /// Retries as a share of requests (`retry.budget`): an origin in trouble gets a fifth more at
    /// most.
    ///
    /// Beyond: the failure stands, counted.
    public static let retryBudgetPermyriad = 2_000
    /// Retries of one window that are allowed however few requests there are (`retry.floor`).
    public static let retryBudgetFloor = 10
    /// The time over which retries are held against requests.
    public static let retryWindowMilliseconds = 10_000
    /// Draws of two endpoints, or turns of a key, before all endpoints are looked through.
    public static let endpointDrawsMax = 4
    /// Endpoints that have series of their own on the metrics page.
    ///
    /// Beyond: counted in one family.
    public static let endpointSeriesMax = 512
    /// Cookie rules of one upstream, domains and paths.
    ///
    /// Beyond: the file is refused.
    public static let cookieRulesMax = 32
}
