// SPDX-License-Identifier: Apache-2.0

import Migration

/// Why a check of an endpoint failed; never with a byte of what it answered.
enum EndpointProblem: Error, Sendable, Hashable {
    /// Nobody listens there.
    case refused
    /// It cannot be reached: the kernel's word.
    case unreachable(String)
    /// No connection, or no answer, within the check's time.
    case timedOut
    /// It closed or reset the connection before it had answered.
    case closed
    /// What it answered is no HTTP, or too long.
    case malformed
    /// A status outside of what counts as healthy.
    case status(Int)
    /// Its health service says that it does not serve.
    case notServing
    /// Its health service answered with a gRPC status that is not OK.
    case grpcStatus(Int)
    /// The TLS handshake failed: the reason's word.
    case tls(String)

    /// In words, for people.
    var text: String {
        switch self {
        case .refused: "connection refused"
        case .unreachable(let why): "not reachable: \(why)"
        case .timedOut: "no answer in time"
        case .closed: "closed before it answered"
        case .malformed: "the answer is malformed"
        case .status(let status): "status \(status)"
        case .notServing: "it says that it does not serve"
        case .grpcStatus(let status): "gRPC status \(status)"
        case .tls(let reason): "TLS: \(reason)"
        }
    }
}

/// What checks have found about one endpoint.
///
///     unknown ──passed──▶ healthy ──n failed in a row──▶ unhealthy
///        └──n failed──▶ unhealthy ──m passed in a row──▶ healthy
///
/// Unknown counts as healthy: an edge that has just started must not refuse everybody.
struct EndpointVerdict: Sendable, Equatable {
    enum State: String, Sendable {
        case unknown
        case healthy
        case unhealthy
    }

    private(set) var state = State.unknown
    /// Passed checks in a row.
    private(set) var passes = 0
    /// Failed checks in a row.
    private(set) var failures = 0
    /// Why the last check failed; `nil` when it passed.
    private(set) var problem: EndpointProblem?
    /// When the state began, ms since 1970.
    private(set) var sinceMilliseconds: UInt64

    /// Nothing is known yet.
    init(nowMilliseconds: UInt64) { self.sinceMilliseconds = nowMilliseconds }

    var isHealthy: Bool { self.state != .unhealthy }

    /// A check is over; whether ``isHealthy`` has changed.
    mutating func take(
        _ problem: EndpointProblem?,
        _ rules: ActiveHealthModel,
        nowMilliseconds: UInt64
    ) -> Bool {
        self.problem = problem
        let before = self.isHealthy
        if problem == nil {
            self.passes = min(self.passes + 1, 1_000_000)
            self.failures = 0
            if self.state == .unknown || self.passes >= rules.healthyAfter {
                self.enter(.healthy, nowMilliseconds)
            }
        } else {
            self.failures = min(self.failures + 1, 1_000_000)
            self.passes = 0
            if self.failures >= rules.unhealthyAfter { self.enter(.unhealthy, nowMilliseconds) }
        }
        return before != self.isHealthy
    }

    private mutating func enter(_ state: State, _ nowMilliseconds: UInt64) {
        guard self.state != state else { return }
        self.state = state
        self.sinceMilliseconds = nowMilliseconds
    }
}
