// SPDX-License-Identifier: Apache-2.0

/// What a migration must show (`spec.gate` of its routes).
public struct GatePolicy: Sendable, Hashable {
    /// Share of comparisons that must agree, on every route: 0.9999.
    public var parityTarget = 0.9999
    /// What each route must reach when all together must reach ``parityTarget``; `nil`: the same.
    ///
    /// For migrations with little traffic: 0.999 a route, 0.9999 together (parity.md f3).
    public var routeParityTarget: Double?
    /// Confidence of each statement; 1 − alpha.
    public var confidence = 0.95
    /// Comparisons that each tenant x operation needs (k).
    public var coverage: UInt64 = 30
    /// By how much of all exchanges modern may err more often than legacy.
    public var errorMargin = 0.001
    /// The latency quantile that is compared.
    public var latencyQuantile = 0.95
    /// By how much of legacy's quantile modern may be slower.
    public var latencySlack = 0.10
    /// No budget is below it, whatever legacy takes.
    public var latencyFloorMicroseconds: UInt32 = 5_000
    /// Budgets frozen from a baseline before the epoch, by route, microseconds; a route without one
    /// takes its budget from legacy's latencies in the epoch, and must then reach twice the wealth
    /// (parity.md f5).
    public var latencyBudgets: [String: UInt32] = [:]
    /// From this share on what was not compared counts as mismatches; above 1 % nothing is valid.
    public var unobservedMax = 0.01
    /// Expired `ignore` rules, as they are named in reports; any makes the verdict invalid.
    public var expiredRules: [String] = []
    /// How long the epoch must have lasted; 0: as long as it takes.
    public var stableForMilliseconds: Int64 = 0
    /// Evidence whose last observation is older is none (traffic has stopped).
    public var staleAfterMilliseconds: Int64 = 2 * 86_400_000
    /// Errors are compared (parity.md f4).
    public var checksErrors = true
    /// Latencies are compared (parity.md f5).
    public var checksLatency = true

    /// The defaults of design.md 6.
    public init() {}

    /// The limit of the mismatch rate, all routes together.
    public var mismatchLimit: Double { 1 - self.parityTarget }
    /// The limit of each route's mismatch rate.
    public var routeMismatchLimit: Double { 1 - (self.routeParityTarget ?? self.parityTarget) }
    /// The chance of a false GO that is accepted.
    public var alpha: Double { 1 - self.confidence }
    /// Above it a verdict is invalid, whatever ``unobservedMax`` says (parity.md f7).
    public static let unobservedLimit = 0.01

    /// Whether every number can be reckoned with.
    var isSound: Bool {
        func isInside(_ value: Double) -> Bool { value > 0 && value < 1 }
        return isInside(self.parityTarget) && isInside(self.confidence)
            && isInside(self.routeParityTarget ?? self.parityTarget)
            && isInside(self.latencyQuantile) && isInside(self.errorMargin)
            && self.latencySlack >= 0 && self.latencySlack.isFinite
            && self.unobservedMax >= 0 && self.unobservedMax <= 1
            && self.stableForMilliseconds >= 0 && self.staleAfterMilliseconds > 0
    }
}

/// Of whom a verdict speaks, and what is known besides counters.
public struct VerdictScope: Sendable, Hashable {
    /// Tenants in question; empty: all that were seen.
    public var tenants: [String]
    /// Operations that the migration's routes have and that must have been exercised.
    public var expectedOperations: [ParityOperation]
    /// Wave by tenant, for tenants that may not have been seen; seen ones bring their own.
    public var waves: [String: String]
    /// "Now"; in a report the time of the last datum, so that it can be rebuilt.
    public var nowUnixMilliseconds: Int64
    /// The rule set in force, hex; empty: not checked.
    public var ruleSetHash = ""
    /// The store's chain does not verify.
    public var isChainBroken = false

    /// A scope from its parts.
    public init(
        tenants: [String] = [],
        expectedOperations: [ParityOperation] = [],
        waves: [String: String] = [:],
        nowUnixMilliseconds: Int64
    ) {
        self.tenants = tenants
        self.expectedOperations = expectedOperations
        self.waves = waves
        self.nowUnixMilliseconds = nowUnixMilliseconds
    }
}

/// One thing that can be asked of a route.
public struct ParityOperation: Sendable, Hashable, Comparable {
    /// Route name.
    public var route: String
    /// Method and path template.
    public var operation: String

    /// An operation from its parts.
    public init(route: String, operation: String) {
        self.route = route
        self.operation = operation
    }

    /// By route, then operation.
    public static func < (a: ParityOperation, b: ParityOperation) -> Bool {
        (a.route, a.operation) < (b.route, b.operation)
    }
}
