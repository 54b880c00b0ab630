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
    /// Beyond: 503 `BREAKER_OPEN`. With all they may hold (seven blocks each) they take less
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

    // MARK: Names

    /// Bytes of an endpoint's sockaddr: a sockaddr_un has 110, `SocketAddress` room for 112.
    public static let sockaddrBytesMax = 112
    /// Names that are kept resolved, and questions at once: as many as there may be endpoints.
    ///
    /// Beyond: the name is not asked for, which its endpoint's state says.
    public static let namesMax = 4_096
    /// Addresses of a name that are kept.
    ///
    /// Beyond: left out (an answer over TCP may hold thousands).
    public static let nameAddressesMax = 64
    /// Addresses of one name that are used at once (`dns.addresses`).
    ///
    /// Beyond: left out, best first; another takes the place of one that leaves.
    public static let addressesPerEndpointMax = 16
    /// Name servers that `dns.servers` may list.
    public static let nameServersMax = 8
    /// The shortest time for which an answer counts, whatever `dns.minTTL` says.
    public static let nameTTLLowestMilliseconds: UInt64 = 100
    /// The pause after the first failure; it doubles with each further one.
    public static let nameRetryMinMilliseconds: UInt64 = 1_000
    /// The longest pause between two tries of a name that fails.
    public static let nameRetryMaxMilliseconds: UInt64 = 30_000
    /// How long a start or a reload waits for names that are not known yet.
    ///
    /// Beyond: it goes on without; their endpoints are used once they resolve.
    public static let nameLoadWaitMilliseconds = 2_000

    // MARK: Health checks

    /// Threads that look at endpoints; as many are started as there are endpoints to look at.
    ///
    /// Beyond: checks wait for a thread, so that they are made less often than asked for.
    public static let healthThreadsMax = 16
    /// The shortest `health.active.interval`.
    public static let healthIntervalMinMilliseconds = 100
    /// The longest `health.active.timeout`.
    public static let healthTimeoutMaxMilliseconds = 60_000
    /// Bytes of an answer to a check that are read.
    ///
    /// Beyond: the status has told; a head that is longer fails.
    public static let healthAnswerBytesMax = 16_384
}
