// SPDX-License-Identifier: Apache-2.0

import Bytes

/// The bounds on clients, kept connections and copies that an edge may set for itself: `limits:` of
/// `banyan.yaml`.
///
/// Every default is that of ``Limits``, where its reason stands. The worker's clock looks at
/// deadlines every 50 ms, so shorter ones end with the next look.
public struct EdgeLimits: Hashable, Sendable, BitwiseCopyable {
    /// `headTimeout`: from the first byte of a head to its end; then 408.
    public var headTimeoutMilliseconds = Limits.headTimeoutMilliseconds
    /// `idleTimeout`: a kept connection without a request; then it is closed.
    public var idleTimeoutMilliseconds = Limits.idleTimeoutMilliseconds
    /// `bodyRate`: bytes per second of the slowest client body; below: 408.
    public var bodyRateBytesPerSecondMin = Limits.bodyRateBytesPerSecondMin
    /// `readRate`: bytes per second of the slowest reader of an answer; below: cut.
    public var readRateBytesPerSecondMin = Limits.readRateBytesPerSecondMin
    /// `rateWindow`: how long a slow transfer is watched before its rate counts.
    public var rateWindowMilliseconds = Limits.rateWindowMilliseconds
    /// `linger`: how long an unfinished upload is drained after an early answer.
    public var lingerMilliseconds = Limits.lingerMilliseconds
    /// `drainIdle`: a kept connection without a request when the edge drains.
    public var drainIdleMilliseconds = Limits.drainIdleMilliseconds
    /// `tunnelIdle`: a tunnel (WebSocket) in which no byte moves; then it is closed.
    public var tunnelIdleMilliseconds = Limits.tunnelIdleMilliseconds
    /// `upstreamKeepIdle`: an unused connection to an origin; then it is closed.
    public var upstreamKeepIdleMilliseconds = Limits.upstreamKeepIdleMilliseconds
    /// `shadowFailures`: failures of copies in a row that open an origin's breaker.
    public var shadowFailuresMax = Limits.shadowFailuresMax
    /// `shadowPause`: how long an open breaker sheds all copies before it lets one try.
    public var shadowBreakerMilliseconds = Limits.shadowBreakerMilliseconds

    /// The defaults.
    public init() {}
}
