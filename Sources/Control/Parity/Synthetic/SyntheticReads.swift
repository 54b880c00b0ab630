// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
public import Parity
import Synchronization

/// A read that Banyan makes by itself.
public struct SyntheticOrder: Sendable {
    /// What is asked, and for whom.
    public var request: ExplainOrder
    /// `replay` or `probe`.
    public var source: ObservationSource
    /// Its path comes from an access log, so it must be a whole path and no pattern.
    public var needsWholePath = false
    /// Counts that have to agree.
    public var count: CountCheck?
    /// The route that must answer; `nil`: whichever does.
    public var route: String?

    /// An order from its needed parts.
    public init(_ request: ExplainOrder, source: ObservationSource) {
        self.request = request
        self.source = source
    }
}

/// What became of a synthetic read.
public struct SyntheticResult: Sendable, Hashable {
    /// Why it was not sent; `nil`: it was, or would have been.
    public var refusal: SyntheticRefusal?
    /// Tenant id; empty: none.
    public var tenant = ""
    /// Route name; empty: refused before that was known.
    public var route = ""
    /// Method and template.
    public var operation = ""
    /// As first seen (a recheck may still settle a difference); `nil`: nothing was asked.
    public var outcome: ObservationOutcome?
    /// Legacy's status; 0: none.
    public var legacyStatus = 0
    /// Modern's status; 0: none.
    public var modernStatus = 0
    /// `agree`, `differ` or `unreadable`; empty: nothing was counted.
    public var counts = ""
    /// This row was observed before, and was not asked again.
    public var isRepeat = false

    /// Nothing known yet.
    public init() {}

    /// A refusal.
    public init(_ refusal: SyntheticRefusal) { self.refusal = refusal }
}

/// Makes synthetic reads: resolves as the edge would, asks both origins in random order, and hands
/// both answers to the comparing that live traffic goes through.
///
/// Blocking and thread-safe; every thread brings its own ``OriginSession``.
public final class SyntheticReads: Sendable {
    typealias Resolver =
        @Sendable (ExplainOrder, _ seed: UInt64, _ turn: Int) throws(SyntheticRefusal) ->
        ResolvedRequest

    private let resolve: Resolver
    private let take: @Sendable (CapturedExchange) -> ObservationOutcome
    private let now: @Sendable () -> UInt64
    private let seed: UInt64
    private let turn = Atomic<Int>(0)
    /// Legacy is fragile: re-reads a route may still make, and when that was last topped up.
    private let budgets = Mutex<[String: (left: Double, nanoseconds: UInt64)]>([:])

    init(
        seed: UInt64,
        now: @escaping @Sendable () -> UInt64,
        take: @escaping @Sendable (CapturedExchange) -> ObservationOutcome,
        resolve: @escaping Resolver
    ) {
        self.seed = seed
        self.now = now
        self.take = take
        self.resolve = resolve
    }

    /// Makes a read; `isDry`: only says what would be asked of whom.
    public func read(
        _ order: SyntheticOrder,
        isDry: Bool = false,
        over session: OriginSession
    ) -> SyntheticResult {
        let turn = self.turn.wrappingAdd(1, ordering: .relaxed).newValue & 0xffff_ffff
        let resolved: ResolvedRequest
        do throws(SyntheticRefusal) {
            resolved = try self.resolve(order.request, self.seed, turn)
        } catch {
            return SyntheticResult(error)
        }
        guard !order.needsWholePath || resolved.isWholePath else { return SyntheticResult(.noPath) }
        guard order.route == nil || order.route == resolved.route else {
            return SyntheticResult(.otherRoute)
        }
        var result = SyntheticResult()
        result.tenant = resolved.tenant
        result.route = resolved.route
        result.operation = resolved.operation
        guard !isDry else { return result }
        var exchange = self.exchange(order, resolved)
        if resolved.isDiverged {
            exchange.observation.reason = .diverged
        } else {
            session.deadlineMilliseconds = resolved.timeoutMilliseconds
            session.bodyBytesMax = resolved.parity.maxBodyBytes
            self.ask(resolved, &exchange, over: session)
        }
        result.legacyStatus = Int(exchange.legacy.status)
        result.modernStatus = Int(exchange.modern.status)
        if let check = order.count, !resolved.isDiverged {
            switch countResult(check, exchange.legacy, exchange.modern) {
            case .agree: result.counts = "agree"
            case .differ: result.counts = "differ"
            case .unreadable: result.counts = "unreadable"
            }
        }
        result.outcome = self.take(exchange)
        return result
    }

    private func exchange(
        _ order: SyntheticOrder,
        _ resolved: ResolvedRequest
    ) -> CapturedExchange {
        let observation = ParityObservation(
            source: order.source,
            tenant: resolved.tenant,
            wave: "",
            migration: resolved.migration,
            route: resolved.route,
            operation: resolved.operation,
            outcome: .unobserved,
            requestDigest: resolved.digest,
            unixMilliseconds: Int64(self.now()),
            generation: resolved.generation
        )
        var exchange = CapturedExchange(
            observation: observation,
            legacy: CapturedAnswer(end: .notAsked),
            modern: CapturedAnswer(end: .notAsked),
            legacyHost: resolved.legacy.host,
            modernHost: resolved.modern.host
        )
        exchange.legacyRequest = resolved.legacy.head
        exchange.modernRequest = resolved.modern.head
        exchange.legacyAddress = resolved.legacy.address
        exchange.modernAddress = resolved.modern.address
        exchange.count = order.count
        return exchange
    }

    /// Asks legacy, modern and, where that is chosen, legacy again.
    ///
    /// The order is random and symmetric (parity.md e2): L M or M L; with a re-read L M L', whose
    /// two legacy answers change places at random.
    private func ask(
        _ resolved: ResolvedRequest,
        _ exchange: inout CapturedExchange,
        over session: OriginSession
    ) {
        func send(_ side: ResolvedSide) -> CapturedAnswer {
            session.send(
                side.head,
                isHead: resolved.isHead,
                to: SocketAddress(bytes: side.address)
            )
        }
        let isReread =
            Int.random(in: 0..<10_000) < resolved.parity.againPermyriad && self.mayReread(resolved)
        if isReread {
            var legacy = send(resolved.legacy)
            exchange.modern = send(resolved.modern)
            var again = send(resolved.legacy)
            if legacy.end == .complete, again.end == .complete, Bool.random() {
                swap(&legacy, &again)
            }
            exchange.legacy = legacy
            exchange.again =
                again.end == .complete ? again : CapturedAnswer(end: .notAsked)
        } else if Bool.random() {
            exchange.legacy = send(resolved.legacy)
            exchange.modern = send(resolved.modern)
        } else {
            exchange.modern = send(resolved.modern)
            exchange.legacy = send(resolved.legacy)
        }
        exchange.observation.legacyStatus = exchange.legacy.status
        exchange.observation.modernStatus = exchange.modern.status
        exchange.observation.legacyMicroseconds = exchange.legacy.microseconds
        exchange.observation.modernMicroseconds = exchange.modern.microseconds
    }

    private func mayReread(_ resolved: ResolvedRequest) -> Bool {
        let now = monotonicNanoseconds()
        let perSecond = Double(resolved.parity.againPerMinute) / 60
        let deep = max(perSecond, 1)
        return self.budgets.withLock { budgets in
            // Routes come and go with reloads; what is forgotten begins full again.
            if budgets.count > 10_000 { budgets = [:] }
            let earlier = budgets[resolved.route] ?? (deep, now)
            let passed = Double(now - min(earlier.nanoseconds, now)) / 1_000_000_000
            let left = min(deep, earlier.left + passed * perSecond)
            guard perSecond > 0, left >= 1 else {
                budgets[resolved.route] = (left, now)
                return false
            }
            budgets[resolved.route] = (left - 1, now)
            return true
        }
    }
}
