// SPDX-License-Identifier: Apache-2.0

/// What the evidence says (parity.md f7); missing data is never GO.
public enum VerdictWord: String, Sendable, Hashable, CaseIterable {
    /// Every condition is met.
    case go = "GO"
    /// The evidence speaks against it.
    case noGo = "NO_GO"
    /// Nothing speaks against it, too little for it.
    case insufficientData = "INSUFFICIENT_DATA"
    /// The evidence cannot be reckoned with.
    case invalid = "INVALID"
}

/// Why a verdict is not GO.
public enum VerdictReasonCode: String, Sendable, Hashable, CaseIterable {
    // invalid
    /// The policy has a number that is none.
    case policy = "policy"
    /// The store's chain does not verify.
    case chainBroken = "chain_broken"
    /// An `ignore` rule has expired; ``VerdictReason/subject`` names it.
    case ruleExpired = "rule_expired"
    /// The epoch has ended, or other rules are in force: this evidence is of something else.
    case epochChanged = "epoch_changed"
    /// Observations from the future, or from before their epoch.
    case clockSkew = "clock_skew"
    /// More than 1 % were not compared.
    case unobserved = "unobserved"
    /// Not one exchange had two answers: nothing was compared.
    case allFailed = "all_failed"
    /// Counters contradict each other, or a number could not be computed.
    case counters = "counters"
    // no go
    /// Differences of which one is too many.
    case zeroTolerance = "zero_tolerance"
    /// Enough was seen for a clean migration to pass; these were not clean enough.
    case parity = "parity"
    /// One tenant's mismatches are above the limit by themselves.
    case tenantParity = "tenant_parity"
    /// One operation's mismatches are above the limit by themselves.
    case operationParity = "operation_parity"
    /// Modern errs more often than the margin allows.
    case errors = "errors"
    /// Modern exceeds the latency budget more often than allowed.
    case latency = "latency"
    // insufficient data
    /// Nothing was observed.
    case noTraffic = "no_traffic"
    /// The last observation is too old.
    case stale = "stale"
    /// The epoch has not lasted long enough.
    case tooYoung = "too_young"
    /// Too few comparisons for the target.
    case samples = "samples"
    /// Too few exchanges for the error margin.
    case errorSamples = "error_samples"
    /// Too few latencies for the budget, or none to make one from.
    case latencySamples = "latency_samples"
    /// A tenant in question was never seen.
    case tenantUnseen = "tenant_unseen"
    /// A tenant x operation has fewer than k comparisons.
    case coverage = "coverage"
    /// Nobody has exercised an operation.
    case operationUnseen = "operation_unseen"

    /// The verdict that it alone makes.
    public var word: VerdictWord {
        switch self {
        case .policy, .chainBroken, .ruleExpired, .epochChanged, .clockSkew, .unobserved,
            .allFailed, .counters:
            .invalid
        case .zeroTolerance, .parity, .tenantParity, .operationParity, .errors, .latency: .noGo
        case .noTraffic, .stale, .tooYoung, .samples, .errorSamples, .latencySamples,
            .tenantUnseen, .coverage, .operationUnseen:
            .insufficientData
        }
    }
}

/// One reason, with what it is about.
public struct VerdictReason: Sendable, Hashable {
    /// Which.
    public var code: VerdictReasonCode
    /// Route, tenant, operation (`ROUTE OPERATION`) or rule; empty: the migration.
    public var subject: String
    /// How many: mismatches, comparisons missing, tenants; 0: does not apply.
    public var count: UInt64

    /// A reason from its parts.
    public init(_ code: VerdictReasonCode, _ subject: String = "", count: UInt64 = 0) {
        self.code = code
        self.subject = subject
        self.count = count
    }
}

/// The numbers of one test: hits x of n trials against a limit.
public struct ParityEstimate: Sendable, Hashable {
    /// Trials; comparisons, exchanges or latencies.
    public var trials: UInt64
    /// Hits: mismatches, errors of modern alone, latencies above the budget.
    public var hits: UInt64
    /// The rate that must not be reached.
    public var limit: Double
    /// ln E against "at or above the limit"; NaN: cannot be computed.
    public var logE: Double
    /// ln E that is enough.
    public var logEnough: Double
    /// Anytime upper bound U of the rate; NaN: cannot be computed or does not apply.
    public var upperBound: Double
    /// Further trials without a hit that would be enough; 0: reached; `nil`: no number is.
    public var missing: UInt64?
    /// Days until then at the rate so far; 0: reached; `nil`: never at this rate.
    public var missingDays: Double?

    /// Whether the limit is rejected; false for NaN.
    public var isReached: Bool { self.logE >= self.logEnough }
}

/// A route's numbers.
public struct RouteVerdict: Sendable, Hashable {
    /// Route name.
    public var route: String
    /// What this route alone says.
    public var word: VerdictWord
    /// Mismatches (gate 1).
    public var parity: ParityEstimate
    /// Errors of modern alone (gate 2); `nil`: not checked.
    public var errors: ParityEstimate?
    /// Latencies above the budget (gate 3); `nil`: not checked.
    public var latency: ParityEstimate?
    /// The latency budget, microseconds; 0: none yet.
    public var latencyBudgetMicroseconds: UInt32
    /// The budget was frozen before the epoch.
    public var isBudgetFrozen: Bool
    /// Errors of legacy alone.
    public var legacyErrors: UInt64
    /// Observations that were not compared and could hide a mismatch.
    public var unobserved: UInt64
    /// They are counted as mismatches in ``parity``.
    public var isImputed: Bool
}

/// A tenant's numbers.
public struct TenantVerdict: Sendable, Hashable {
    /// Tenant id; empty: no tenant.
    public var tenant: String
    /// Its wave; empty: none.
    public var wave: String
    /// Comparisons.
    public var comparisons: UInt64
    /// Mismatches that count in a gate, failures of modern among them.
    public var mismatches: UInt64
    /// Observations with a zero-tolerance difference.
    public var zeroTolerance: UInt64
    /// Operations with enough comparisons of its own.
    public var covered: Int
    /// Operations covered by its wave only.
    public var pooled: Int
    /// Operations without enough.
    public var uncovered: Int
}

/// A tenant x operation without enough comparisons.
public struct CoverageGap: Sendable, Hashable {
    /// Tenant id.
    public var tenant: String
    /// What lacks comparisons.
    public var operation: ParityOperation
    /// Comparisons it has; 0: never exercised.
    public var comparisons: UInt64
    /// Comparisons missing.
    public var missing: UInt64
}

/// The verdict of one migration over the tenants in question, with the numbers it stands on.
public struct ParityVerdict: Sendable, Hashable {
    /// GO only when there is no reason against it.
    public var word: VerdictWord
    /// Why not GO, worst first; empty: GO.
    public var reasons: [VerdictReason]
    /// The epoch it is about: number, rule set, builds.
    public var epoch: ParityEpoch
    /// Share of comparisons that must agree.
    public var target: Double
    /// Accepted chance of a false GO.
    public var alpha: Double
    /// All routes together; shown, every route has to pass by itself.
    public var overall: ParityEstimate
    /// By route name.
    public var routes: [RouteVerdict]
    /// By tenant id.
    public var tenants: [TenantVerdict]
    /// Tenant x operation without enough comparisons, at most `Limits.coverageGapsMax`.
    public var gaps: [CoverageGap]
    /// How many there are.
    public var gapCount: Int
    /// Operations that nobody in question has exercised.
    public var unseenOperations: [ParityOperation]
    /// Comparisons missing over all routes and tenants; `nil`: no number is enough.
    public var missingSamples: UInt64?
    /// Days missing at the rate so far; `nil`: never at this rate.
    public var missingDays: Double?
    /// Shown, not in n: legacy failed, both failed, raced.
    public var legacyFailed: UInt64
    /// See ``legacyFailed``.
    public var bothFailed: UInt64
    /// See ``legacyFailed``.
    public var raced: UInt64
}
