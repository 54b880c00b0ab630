// SPDX-License-Identifier: Apache-2.0

public import Bytes

/// A text inside a snapshot: where it begins, and its bytes.
public struct FlatText: BitwiseCopyable, Sendable {
    /// First byte.
    public var offset: UInt32 = 0
    /// Bytes; 0: none.
    public var length: UInt32 = 0

    /// No text.
    public init() {}
}

/// A run of records inside a snapshot.
public struct FlatRun: BitwiseCopyable, Sendable {
    /// Offset of the first.
    public var offset: UInt32 = 0
    /// How many.
    public var count: UInt32 = 0

    /// No records.
    public init() {}
}

/// Where a route looks for its user id.
public enum UserKind: UInt8, BitwiseCopyable, Sendable {
    /// Nowhere: no shares, no settle.
    case none
    /// A cookie.
    case cookie
    /// A header.
    case header
}

/// Which Host goes to an origin.
public enum HostMode: UInt8, BitwiseCopyable, Sendable {
    /// The endpoint's `host:port`.
    case endpoint
    /// What the route says.
    case fixed
    /// The client's own.
    case preserve
}

/// One origin of a route.
public struct OriginRecord: BitwiseCopyable, Sendable {
    /// Which Host it gets.
    public var hostMode = HostMode.endpoint
    /// The Host of `fixed`.
    public var host = FlatText()
    /// Header fields set (pairs of texts).
    public var setHeaders = FlatRun()
    /// Header fields removed (texts).
    public var removeHeaders = FlatRun()
    /// Query parameters set (pairs of texts).
    public var setQuery = FlatRun()
    /// Query parameters removed (texts).
    public var removeQuery = FlatRun()

    /// Whether this side gets the client's query and fields as they are, and the endpoint's Host.
    public var isPlain: Bool {
        self.hostMode == .endpoint && self.setHeaders.count == 0 && self.removeHeaders.count == 0
            && self.setQuery.count == 0 && self.removeQuery.count == 0
    }
}

/// A route, as the hot path reads it.
public struct RouteRecord: BitwiseCopyable, Sendable {
    /// The route's number, the same over reloads.
    public var number: UInt32 = 0
    /// The migration's number, the same over reloads.
    public var migration: UInt32 = 0
    /// Index of the upstream in this snapshot; `.max`: none.
    public var legacyUpstream = UInt32.max
    /// Index of the upstream in this snapshot.
    public var modernUpstream = UInt32.max
    /// Nothing but the path may be rewritten on either side: no header, query or Host rules, and no
    /// dates: the hot path skips them with one look.
    public var isPlain = false
    /// Its `metadata.name`.
    public var name = FlatText()
    /// One bit per stage in use.
    public var stagesMask: UInt8 = 0
    /// Which way records flow.
    public var data = DataDirection.forward
    /// What the entitlement guards.
    public var entitlementScope = EntitlementScope.writes
    /// Row of the entitlement table; `.max`: none asked for.
    public var entitlementRow = UInt32.max
    /// See ``RouteModel/isTenantRequired``.
    public var isTenantRequired = false
    /// `%2f` may stand in the path.
    public var keepsEncodedSlash = false
    /// `//` may stand in the path.
    public var keepsDoubleSlash = false
    /// What becomes of streams on the origin that their cell has left.
    public var streamRule = StreamRule.pin
    /// How long `drain` leaves them.
    public var streamDrainMilliseconds: UInt32 = 0
    /// A request may become a WebSocket.
    public var allowsWebSocket = true
    /// Other protocols that a connection may change to (texts).
    public var upgrades = FlatRun()
    /// Where the user id stands.
    public var userKind = UserKind.none
    /// Name of the cookie or header.
    public var userName = FlatText()
    /// How long a writer reads from the side that took the write.
    public var settleMilliseconds: UInt32 = 0
    /// Share of safe requests that are copied, 1/10,000.
    public var samplePermyriad: UInt32 = 0
    /// Longest body that is copied.
    public var shadowMaxBodyBytes: UInt32 = 0
    /// The whole life of a copy.
    public var shadowTimeoutMilliseconds: UInt32 = 0
    /// Sampled exchanges are observed and compared.
    public var observes = false
    /// Longest answer body that is kept for comparing.
    public var parityMaxBodyBytes: UInt32 = 0
    /// Share of observations in which legacy is read again, 1/10,000.
    public var againPermyriad: UInt32 = 0
    /// At `dual` modern's answer is served when it agrees with legacy's.
    public var servesAgreed = false
    /// How long a complete legacy answer waits for modern's then.
    public var agreedBudgetMilliseconds: UInt32 = 0
    /// See ``TimeoutModel``.
    public var connectTimeoutMilliseconds: UInt32 = 0
    /// See ``TimeoutModel``.
    public var firstByteTimeoutMilliseconds: UInt32 = 0
    /// See ``TimeoutModel``.
    public var idleTimeoutMilliseconds: UInt32 = 0
    /// See ``TimeoutModel``; 0: none.
    public var totalTimeoutMilliseconds: UInt32 = 0
    /// 307, 308 or 301.
    public var redirectStatus: UInt16 = 307
    /// 0: `no-store`.
    public var redirectMaxAgeSeconds: UInt32 = 0
    /// `scheme://host` before the redirect's path; empty: the same host.
    public var redirectHost = FlatText()
    /// Value of `Deprecation`; empty: none.
    public var deprecation = FlatText()
    /// Value of `Sunset`; empty: none.
    public var sunset = FlatText()
    /// The old side.
    public var legacy = OriginRecord()
    /// The new side.
    public var modern = OriginRecord()
    /// Operations that are safe although their method is not (``OperationRecord``).
    public var safe = FlatRun()
    /// Operations that are not safe although their method is.
    public var unsafe = FlatRun()

    /// An empty record.
    public init() {}

    /// The stage before `stage` in this route's list; the stage itself when it is the first.
    public func earlierStage(_ stage: Stage) -> Stage {
        let below = self.stagesMask & (UInt8(1) << stage.rawValue &- 1)
        guard below != 0 else { return stage }
        return Stage(rawValue: UInt8(7 - below.leadingZeroBitCount)) ?? stage
    }
}

/// A named pool of endpoints.
public struct UpstreamRecord: BitwiseCopyable, Sendable {
    /// The upstream's number, the same over reloads.
    public var number: UInt32 = 0
    /// Its `metadata.name`.
    public var name = FlatText()
    /// Index of its first endpoint.
    public var firstEndpoint: UInt32 = 0
    /// Endpoints.
    public var endpointCount: UInt32 = 0
    /// Connections of one worker to each endpoint.
    public var connectionsMax: UInt32 = 0
    /// How endpoints are chosen, spared and protected.
    public var policy = UpstreamPolicyRecord()

    /// An empty record.
    public init() {}
}

/// One address of an upstream.
public struct EndpointRecord: BitwiseCopyable, Sendable {
    /// The endpoint's number, the same over reloads.
    public var number: UInt32 = 0
    /// Hash of its name, the same on every edge: places it for `consistentHash`.
    public var key: UInt64 = 0
    /// `host:port` as the file has it; `localhost` for a Unix socket.
    public var hostHeader = FlatText()
    /// The sockaddr's bytes when the snapshot was built; empty: the name had no address then.
    public var address = FlatText()

    /// An empty record.
    public init() {}
}

/// One source of a listener's tenants.
public struct TenantSourceRecord: BitwiseCopyable, Sendable {
    /// What it is.
    public enum Kind: UInt8, BitwiseCopyable, Sendable {
        /// The Host.
        case host
        /// A segment of the path.
        case pathSegment
        /// A header that only trusted peers may set.
        case trustedHeader
        /// The names of a client's verified certificate.
        case certificate
    }

    /// What it is.
    public var kind = Kind.host
    /// Index of the segment, from 0.
    public var segment: UInt32 = 0
    /// Name of the header, or what a certificate's names begin with.
    public var text = FlatText()

    /// The Host.
    public init() {}
}

/// A listener's tenant sources and default upstream.
struct ListenerRecord: BitwiseCopyable {
    var sources = FlatRun()
    var defaultUpstream = UInt32.max
}

/// One part of a compiled template: a literal, or a variable by its index among the match's
/// captures.
struct SegmentRecord: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable {
        case literal
        case variable
        case rest
    }
    var kind = Kind.literal
    var variable: UInt8 = 0
    var text = FlatText()
}

/// `METHOD template` declared safe or unsafe.
struct OperationRecord: BitwiseCopyable {
    var method = FlatText()
    /// Empty: every path of the route.
    var template = FlatRun()
}

/// One pattern that leads to a route: an entry of `matches`, or a redirect's target.
struct MatchRecord: BitwiseCopyable {
    var route: UInt32 = 0
    var isRedirectTarget = false
    /// Higher wins (HTTPRoute's precedence, design.md 5).
    var rank: UInt64 = 0
    var label = FlatText()
    /// Empty: every method.
    var method = FlatText()
    var headers = FlatRun()
    var query = FlatRun()
    /// Index of each variable's segment in the path.
    var variableSegments = InlineArray<16, UInt8>(repeating: 0)
    var variableCount: UInt8 = 0
    /// The last variable takes the rest.
    var hasRest = false
    /// A prefix match's rest begins behind this many segments.
    var segmentCount: UInt8 = 0
    /// Compiled pattern of a RegularExpression path; 0: none.
    var pattern: UInt = 0
    /// Templates over this match's captures: empty means "the path as it is".
    var publicPath = FlatRun()
    var legacyPath = FlatRun()
    var modernPath = FlatRun()
    var redirectPath = FlatRun()
    /// Whether a path of legacy can be taken back to a public one: its template binds every
    /// variable, and the rest stands last.
    var invertsLegacy = false
    /// The same for modern.
    var invertsModern = false
}

/// A condition on a header or a query parameter.
struct ConditionRecord: BitwiseCopyable {
    var name = FlatText()
    var value = FlatText()
    /// Compiled pattern; 0: compare whole.
    var pattern: UInt = 0
}

/// A slot of an open-addressing table.
struct TableSlot: BitwiseCopyable {
    var hash: UInt64 = 0
    var text = FlatText()
    /// Node that the edge leaves (trie), else 0.
    var parent: UInt32 = 0
    /// What it leads to; `.max`: the slot is free.
    var value = UInt32.max
}

/// A node of the segment trie.
struct NodeRecord: BitwiseCopyable {
    /// Child for any one segment; `.max`: none.
    var variableChild = UInt32.max
    /// Whether any literal child exists.
    var hasLiteralChildren = false
    /// Matches of exactly this path (indices of `MatchRecord`), best first.
    var complete = FlatRun()
    /// Matches of this path and everything below, best first.
    var open = FlatRun()
}

/// A row of resolved flags over the tenants, by tenant number.
struct FlagRow: BitwiseCopyable {
    /// Offset of one byte per tenant; unused when `isUniform`.
    var offset: UInt32 = 0
    var uniform: UInt8 = 0
    var isUniform = true
}

/// Where everything of a snapshot stands.
struct SnapshotHeader: BitwiseCopyable {
    var serial: UInt64 = 0
    var seed: UInt64 = 0
    var routes = FlatRun()
    var upstreams = FlatRun()
    var endpoints = FlatRun()
    var listeners = FlatRun()
    var matches = FlatRun()
    var nodes = FlatRun()
    var edges = FlatRun()
    var hostRoots = FlatRun()
    var wildcardRoots = FlatRun()
    var anyRoot = UInt32.max
    var regexes = FlatRun()
    var tenantHosts = FlatRun()
    var tenantWords = FlatRun()
    var tenantIDs = FlatRun()
    var migrationNames = FlatRun()
    var stageRows = FlatRun()
    var entitlementRows = FlatRun()
    var tenantCount: UInt32 = 0
}

/// What a request matched: the route, the pattern, and where its variables stand in the path.
public struct RouteHit: BitwiseCopyable, Sendable {
    /// Index of the route in the snapshot.
    public var route: UInt32
    /// Index of the pattern in the snapshot.
    public var match: UInt32
    /// The URL is the redirect's target.
    public var isRedirectTarget: Bool
    /// First byte of each variable in the canonical path.
    public var starts: InlineArray<16, UInt16>
    /// Bytes of each variable.
    public var lengths: InlineArray<16, UInt16>
}

/// Compares a subject with a compiled regular expression (the `Patterns` area does).
public protocol PatternMatcher: ~Copyable {
    /// Whether the whole subject matches the pattern that `pattern` names. Bounded in steps.
    mutating func matches(_ pattern: UInt, _ subject: ByteWindow) -> Bool
}
