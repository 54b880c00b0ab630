// SPDX-License-Identifier: Apache-2.0

/// What became of one sampled exchange.
///
/// Every sampled exchange ends in exactly one of these; none is dropped (design.md 8).
public enum ObservationOutcome: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// Both answered and agree by the route's rules.
    case match = 0
    /// Both answered and differ.
    case mismatch = 1
    /// Legacy answered; modern refused, timed out, broke off or answered 5xx.
    case modernFailed = 2
    /// Modern answered; legacy did not.
    case legacyFailed = 3
    /// Neither answered.
    case bothFailed = 4
    /// Legacy changed between two reads, and no re-read settled it.
    case raced = 5
    /// Not compared, with the reason why.
    case unobserved = 6

    /// The word in reports, metrics and JSON: `modern_failed`.
    public var word: String {
        switch self {
        case .match: "match"
        case .mismatch: "mismatch"
        case .modernFailed: "modern_failed"
        case .legacyFailed: "legacy_failed"
        case .bothFailed: "both_failed"
        case .raced: "raced"
        case .unobserved: "unobserved"
        }
    }
}

/// Why a sampled exchange was not compared.
public enum UnobservedReason: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// It was compared.
    case none = 0
    /// The cell has writes on modern that legacy has not seen (`data: forward`).
    case diverged = 1
    /// No room to keep the answers, or the queue of the compare threads is full.
    case queueFull = 2
    /// An answer is longer than `parity.maxBody`.
    case bodyTooLarge = 3
    /// The request's body was longer than `shadow.maxBody`.
    case requestTooLarge = 4
    /// The client's answer was aborted, so no copy was sent.
    case clientAborted = 5
    /// The shadow's breaker was open.
    case breakerOpen = 6
    /// The edge was draining.
    case draining = 7
    /// A body could not be decoded (corrupt, over a bomb limit, unknown coding).
    case undecodable = 8
    /// The time or byte budget of comparing was spent.
    case budget = 9
    /// The edge stopped before the observation was on disk.
    case edgeStopped = 10
    /// Seen already in this window: repeats of one request are not independent (parity.md f3).
    case repeated = 11
    /// An origin answered with another build than the epoch's.
    case otherBuild = 12
    /// The user has just written: only one side can know it yet (`settle`).
    case settling = 13
    /// Legacy rescued the exchange: there is no second answer.
    case rescued = 14
    /// Banyan answered by itself.
    case answeredByBanyan = 15
    /// The client's answer was 304, 206, 412 or 416: a copy has no conditions and no range.
    case conditional = 16
    /// A stream (WebSocket, server-sent events): it has no end that could be compared.
    case stream = 17

    /// The word in reports, metrics and JSON: `queue_full`.
    public var word: String {
        switch self {
        case .none: "none"
        case .diverged: "diverged"
        case .queueFull: "queue_full"
        case .bodyTooLarge: "body_too_large"
        case .requestTooLarge: "request_too_large"
        case .clientAborted: "client_aborted"
        case .breakerOpen: "breaker_open"
        case .draining: "draining"
        case .undecodable: "undecodable"
        case .budget: "budget"
        case .edgeStopped: "edge_stopped"
        case .repeated: "repeated"
        case .otherBuild: "other_build"
        case .settling: "settling"
        case .rescued: "rescued"
        case .answeredByBanyan: "answered_by_banyan"
        case .conditional: "conditional"
        case .stream: "stream"
        }
    }
}

/// Where an observation comes from.
public enum ObservationSource: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// A copy to modern after legacy served (stage `shadow`).
    case shadow = 0
    /// Both asked at once (stage `dual`).
    case dual = 1
    /// A copy to legacy after modern served (stage `live`).
    case reverse = 2
    /// `banyan parity replay`.
    case replay = 3
    /// `banyan parity probe`.
    case probe = 4

    /// The word in reports and JSON.
    public var word: String {
        switch self {
        case .shadow: "shadow"
        case .dual: "dual"
        case .reverse: "reverse"
        case .replay: "replay"
        case .probe: "probe"
        }
    }
}

/// One sampled exchange after comparing: what the ledger takes.
///
/// It may hold plaintext (``ParityDifference/legacyValue``), so it lives in memory only and is gone
/// once the ledger has counted it.
public struct ParityObservation: Sendable {
    /// Where it comes from.
    public var source: ObservationSource
    /// Tenant id; empty: no tenant.
    public var tenant: String
    /// Value of the tenant's `wave` label; empty: none.
    public var wave: String
    /// Stage flag key.
    public var migration: String
    /// Route name.
    public var route: String
    /// What was asked for: method and path template, `GET /api/v1/care-plans/{id}`.
    public var operation: String
    /// What became of it.
    public var outcome: ObservationOutcome
    /// Why not compared; `.none` unless the outcome is `.unobserved`.
    public var reason: UnobservedReason
    /// 16 bytes over method, target and body, keyed per process: equal requests have equal ones.
    public var requestDigest: [UInt8]
    /// What differs, worst first; empty unless the outcome is `.mismatch` or `.raced`.
    public var differences: [ParityDifference]
    /// Differences beyond the bound of one exchange.
    public var differencesLeftOut: Int
    /// Whether legacy was read twice (A/A), before and after.
    public var hasNoise: Bool
    /// What legacy differs in with itself; empty when it agrees or ``hasNoise`` is false.
    public var noise: [ParityDifference]
    /// Status of legacy's answer; 0: none.
    public var legacyStatus: UInt16
    /// Status of modern's answer; 0: none.
    public var modernStatus: UInt16
    /// Request sent to last byte, microseconds; 0: no answer.
    public var legacyMicroseconds: UInt32
    /// Request sent to last byte, microseconds; 0: no answer.
    public var modernMicroseconds: UInt32
    /// Build id that legacy's answer named; empty: none.
    public var legacyBuild: String
    /// Build id that modern's answer named; empty: none.
    public var modernBuild: String
    /// When the client's answer was complete, ms since 1970.
    public var unixMilliseconds: Int64
    /// Generation of the standing that decided.
    public var generation: UInt64

    /// An observation without differences or noise.
    public init(
        source: ObservationSource,
        tenant: String,
        wave: String,
        migration: String,
        route: String,
        operation: String,
        outcome: ObservationOutcome,
        reason: UnobservedReason = .none,
        requestDigest: [UInt8] = [],
        unixMilliseconds: Int64,
        generation: UInt64
    ) {
        self.source = source
        self.tenant = tenant
        self.wave = wave
        self.migration = migration
        self.route = route
        self.operation = operation
        self.outcome = outcome
        self.reason = reason
        self.requestDigest = requestDigest
        self.differences = []
        self.differencesLeftOut = 0
        self.hasNoise = false
        self.noise = []
        self.legacyStatus = 0
        self.modernStatus = 0
        self.legacyMicroseconds = 0
        self.modernMicroseconds = 0
        self.legacyBuild = ""
        self.modernBuild = ""
        self.unixMilliseconds = unixMilliseconds
        self.generation = generation
    }
}
