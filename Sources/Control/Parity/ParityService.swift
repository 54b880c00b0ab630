// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Kernel
public import Parity
import Synchronization

/// Where observations go once they are compared.
public protocol ObservationSink: Sendable {
    /// Counts one observation. From any thread; must not block for long.
    func add(_ observation: ParityObservation)
}

/// How one route's answers are compared.
public struct RouteComparison: Sendable {
    /// What the route's file says.
    public var model: ParityModel
    /// Compares two answers by the route's rules.
    public var compare: @Sendable (CapturedExchange) -> ParityObservation

    /// A comparison from its parts.
    public init(
        model: ParityModel,
        compare: @escaping @Sendable (CapturedExchange) -> ParityObservation
    ) {
        self.model = model
        // Rechecks and re-reads go through the same door, so counts are checked every time.
        self.compare = { exchange in
            guard let check = exchange.count else { return compare(exchange) }
            return countsCompared(check, of: exchange, after: compare(exchange))
        }
    }
}

/// Turns captured exchanges into observations: compares, reads legacy again where that was chosen
/// (A/A) or where a difference may be a race, and counts.
///
/// Called by the compare threads. What needs an origin to be asked again goes to a thread of its
/// own, through a bounded queue: comparing never waits for a network.
public final class ParityService: Sendable {
    private struct Books {
        var routes: [String: RouteComparison] = [:]
        var waves: [String: String] = [:]
    }

    private let books = Mutex(Books())
    private let sink: any ObservationSink
    private let rereads: RereadThread
    private let grants: SampleGrants?

    /// A service that counts into `sink`.
    ///
    /// - Throws: when its thread cannot be started.
    public init(
        sink: any ObservationSink,
        grants: SampleGrants? = nil,
        client: OriginClient = OriginClient()
    ) throws {
        self.sink = sink
        self.grants = grants
        self.rereads = try RereadThread(sink: sink, client: client)
    }

    /// Compares by these routes from now on.
    ///
    /// `waves`: wave label by tenant id.
    public func publish(_ routes: [String: RouteComparison], waves: [String: String]) {
        self.books.withLock { $0 = Books(routes: routes, waves: waves) }
    }

    /// Ends the thread that asks origins again; what waits there is counted as it is.
    public func stop() { self.rereads.stop() }

    /// Re-reads that wait.
    public var waitingRereads: Int { self.rereads.waiting }

    /// Compares one exchange and counts it; the outcome as first seen, for an agreed answer.
    @discardableResult
    public func take(_ captured: CapturedExchange) -> ObservationOutcome {
        var exchange = captured
        let tenant = exchange.observation.tenant
        let (route, wave) = self.books.withLock {
            ($0.routes[exchange.observation.route], $0.waves[tenant] ?? "")
        }
        exchange.observation.wave = wave
        guard let route else {
            // The route left with a reload between the answer and now.
            exchange.observation.outcome = .unobserved
            exchange.observation.reason = .budget
            self.sink.add(exchange.observation)
            return .unobserved
        }
        let name = route.model.buildHeader
        exchange.observation.legacyBuild = printableBuild(exchange.legacy.field(name))
        exchange.observation.modernBuild = printableBuild(exchange.modern.field(name))
        guard let ended = outcomeWithoutComparing(exchange) else {
            let observation = route.compare(exchange)
            self.grants?.take(exchange, observation)
            self.settle(exchange, route, observation)
            return observation.outcome
        }
        exchange.observation.outcome = ended.outcome
        exchange.observation.reason = ended.reason
        self.sink.add(exchange.observation)
        return ended.outcome
    }

    /// Counts the observation, or first has legacy read again.
    private func settle(
        _ exchange: CapturedExchange,
        _ route: RouteComparison,
        _ observation: ParityObservation
    ) {
        if !exchange.hasRequestBody, !exchange.legacyRequest.isEmpty,
            self.rereads.queue(exchange, route, observation)
        {
            return
        }
        self.sink.add(observation)
    }
}

/// A build id as it may be stored: short, printable, or nothing.
private func printableBuild(_ value: String?) -> String {
    guard let value, value.utf8.count <= 64,
        value.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    else { return "" }
    return value
}

/// The outcome of an exchange that has nothing to compare; `nil`: compare.
private func outcomeWithoutComparing(
    _ exchange: CapturedExchange
) -> (outcome: ObservationOutcome, reason: UnobservedReason)? {
    if exchange.observation.reason != .none { return (.unobserved, exchange.observation.reason) }
    switch (exchange.legacy.end, exchange.modern.end) {
    case (.notAsked, .failed): return (.modernFailed, .none)
    case (.notAsked, _), (_, .notAsked): return (.unobserved, .answeredByBanyan)
    default: return nil
    }
}
