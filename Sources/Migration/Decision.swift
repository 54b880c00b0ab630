// SPDX-License-Identifier: Apache-2.0

/// Which way a migration's records flow (design.md 2).
public enum DataDirection: UInt8, BitwiseCopyable, Sendable {
    /// Records flow legacy to modern only: after a write on modern, legacy is stale.
    case forward = 0
    /// Both origins see the same records at once.
    case shared = 1
}

/// What an entitlement flag said for a tenant.
public enum Entitlement: UInt8, BitwiseCopyable, Sendable {
    /// The route asks for none.
    case notRequired = 0
    /// The tenant has the module.
    case licensed = 1
    /// The tenant does not have it.
    case unlicensed = 2
    /// The flag could not be read: forward and count.
    case unknown = 3
}

/// Which requests an entitlement guards.
public enum EntitlementScope: UInt8, BitwiseCopyable, Sendable {
    /// Writes only.
    case writes = 0
    /// Every request.
    case all = 1
}

/// Where a standing came from, in the order of design.md 3.
public enum StandingSource: UInt8, BitwiseCopyable, Sendable {
    /// The cell's own stored standing.
    case cell = 0
    /// The stored standing of `*/MIGRATION`.
    case migration = 1
    /// The stage flag's targeting.
    case flagTargeting = 2
    /// The stage flag's default.
    case flagDefault = 3
    /// The flag could not be read: the last known standing.
    case lastKnown = 4
    /// Nothing is known: legacy.
    case nothingKnown = 5
}

/// Everything that a decision depends on.
///
/// Plain values: the same input gives the same decision.
public struct DecisionInput: BitwiseCopyable, Sendable {
    /// Two tenant sources disagree.
    public var isTenantConflict = false
    /// The route demands a tenant and none is known.
    public var isTenantMissing = false
    /// Writes of this cell (or of `*/MIGRATION`) are refused.
    public var isFrozen = false
    /// A safe request by method and route declaration.
    public var isSafe = true
    /// Where the cell stands.
    public var standing = Standing(.legacy)
    /// How that is known.
    public var source = StandingSource.flagDefault
    /// The stage before `standing.stage` in the route's list (itself when it is the first).
    public var earlierStage = Stage.legacy
    /// The user's bucket, 0 to 9,999; `nil`: no user known, so the earlier stage below 100 %.
    public var userBucket: UInt16?
    /// Which way records flow.
    public var data = DataDirection.forward
    /// Whether the cell has taken a write on modern.
    public var isDiverged = false
    /// The route says where the user id stands, and this request has one.
    public var hasUser = false
    /// The side that took the user's recent write, within `settle`.
    public var settledOn: Origin?
    /// Whether the route has a legacy origin.
    public var hasLegacy = true
    /// What the entitlement flag says.
    public var entitlement = Entitlement.notRequired
    /// What it guards.
    public var entitlementScope = EntitlementScope.writes
    /// The URL is the redirect's target: never redirected again.
    public var isRedirectTarget = false
    /// This request was sampled for a copy, if its stage makes copies.
    public var isSampled = false

    /// The input of a plain legacy request.
    public init() {}
}

/// What happens to a request.
public enum DecisionOutcome: UInt8, BitwiseCopyable, Sendable {
    /// `origin` answers.
    case forward = 0
    /// Banyan redirects to the canonical URL.
    case redirect = 1
    /// Banyan answers 410.
    case gone = 2
    /// 403: tenant sources disagree.
    case tenantConflict = 3
    /// 403: the route demands a tenant.
    case tenantRequired = 4
    /// 503: writes are frozen.
    case frozen = 5
    /// 403 `MODULE_NOT_LICENSED`.
    case notLicensed = 6
    /// 503: doubt, and the route has no legacy to fall back to.
    case unknownStanding = 7
}

/// Why a decision came out as it did; the word of logs, `explain` and metrics.
public enum DecisionReason: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    /// The cell's stored standing.
    case standing = 0
    /// The stored standing of `*/MIGRATION`.
    case migrationStanding = 1
    /// The stage flag's targeting.
    case flagTargeting = 2
    /// The stage flag's default.
    case flagDefault = 3
    /// The flag could not be read: the last known standing holds.
    case lastKnown = 4
    /// Nothing is known.
    case nothingKnown = 5
    /// The user is outside the share (or unknown): the earlier stage.
    case outsideShare = 6
    /// A write that waits for the share to reach 100 %.
    case writesMoveWhole = 7
    /// The user has just written on that side.
    case settle = 8
    /// Tenant sources disagree.
    case tenantConflict = 9
    /// The route demands a tenant.
    case tenantRequired = 10
    /// Writes are frozen.
    case frozen = 11
    /// The tenant lacks the module.
    case notLicensed = 12
    /// No route matched: the listener's default upstream.
    case noRoute = 13
    /// The listener sends everybody to HTTPS.
    case httpsOnly = 14

    /// The word.
    public var word: StaticString {
        switch self {
        case .standing: "standing"
        case .migrationStanding: "migration_standing"
        case .flagTargeting: "flag_targeting"
        case .flagDefault: "flag_default"
        case .lastKnown: "last_known"
        case .nothingKnown: "nothing_known"
        case .outsideShare: "outside_share"
        case .writesMoveWhole: "writes_move_whole"
        case .settle: "settle"
        case .tenantConflict: "tenant_conflict"
        case .tenantRequired: "tenant_required"
        case .frozen: "frozen"
        case .notLicensed: "not_licensed"
        case .noRoute: "no_route"
        case .httpsOnly: "https_only"
        }
    }
}

/// What was decided for one request, once.
public struct Decision: BitwiseCopyable, Sendable, Equatable {
    /// What happens.
    public var outcome: DecisionOutcome
    /// The stage that this request (this user) is at.
    public var stage: Stage
    /// Who answers, when `outcome` is `forward`.
    public var origin: Origin
    /// Why.
    public var reason: DecisionReason
    /// The other side gets a copy after the client has its answer.
    public var makesCopy: Bool
    /// Legacy answers when modern fails before a byte was forwarded.
    public var mayBeRescued: Bool
    /// A write on modern under `data: forward`: the cell must be marked diverged before it is sent.
    public var marksDiverged: Bool
    /// The user must be remembered as a recent writer of `origin`.
    public var remembersWriter: Bool
    /// The other side is asked at the same time (stage `dual`).
    public var asksBoth: Bool
    /// Sampled at a stage that compares: it ends as exactly one observation.
    public var isObserved: Bool
    /// A copy was due, but the cell is diverged: counted as `unobserved(diverged)`.
    public var isBlind: Bool
    /// The entitlement was unknown: forwarded and counted.
    public var isEntitlementUnknown: Bool

    /// A decision from its parts; everything optional is off.
    public init(
        _ outcome: DecisionOutcome,
        stage: Stage,
        origin: Origin,
        reason: DecisionReason
    ) {
        self.outcome = outcome
        self.stage = stage
        self.origin = origin
        self.reason = reason
        self.makesCopy = false
        self.asksBoth = false
        self.isObserved = false
        self.mayBeRescued = false
        self.marksDiverged = false
        self.remembersWriter = false
        self.isBlind = false
        self.isEntitlementUnknown = false
    }
}
