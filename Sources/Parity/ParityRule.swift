// SPDX-License-Identifier: Apache-2.0

/// How values at a place are compared (`spec.parity`).
public enum ParityRuleKind: Sendable, Hashable {
    /// Equal as values; the default everywhere.
    case exact
    /// Numbers (or numeric texts) that differ by at most `absolute` or `relative` of the larger;
    /// both as decimal texts, empty: 0.
    case decimal(absolute: String, relative: String)
    /// Instants (RFC 3339, FHIR partial dates, HTTP dates) at most this far apart.
    case instant(skewMilliseconds: Int)
    /// An array whose order means nothing; equal elements are counted.
    case set
    /// An array whose elements are matched by these members (relative pointers without the first
    /// `/`, say `id` or `system|value` as two entries).
    case keyed(by: [String])
    /// Ids of two numberings: one-to-one over the whole run.
    case identifier
    /// URLs that are equal after each origin's host and path prefix are rewritten.
    case url
    /// Only type and, for texts, length class have to agree.
    case shape
    /// Not compared; shown as accepted.
    case ignore(owner: String, reason: String, expiresUnixSeconds: Int64?)
}

/// One rule of a route: a place and how it is compared.
///
/// The path is a JSON pointer pattern: `*` is any one key or index, `**` any number of them. Of two
/// rules for one place the more literal one wins, then the later one.
public struct ParityRule: Sendable, Hashable {
    /// Pointer pattern, `/meta/lastUpdated`, `/entry/*/resource/id`, `/**/reference`; for headers
    /// `header:NAME`, for cookies `cookie:NAME`, for parts of a multipart answer `part:NAME`.
    public var path: String
    /// How it is compared.
    public var kind: ParityRuleKind
    /// File and line it is written in, or the preset's name: `Routes/care-plans.yaml:21`,
    /// `fhir#data`.
    public var origin: String

    /// A rule from its parts.
    public init(path: String, kind: ParityRuleKind, origin: String) {
        self.path = path
        self.kind = kind
        self.origin = origin
    }
}

/// `spec.parity` of one route, validated: everything that observing and comparing need.
public struct ParityModel: Sendable, Hashable {
    /// Whether answers are observed and compared at all; copies are sent either way.
    public var compares = true
    /// Named presets, in order: `fhir`, `fhir#static`, `fhir#data`, `fhir#document`,
    /// `fhir#renumbered`, `cda`.
    public var presets: [String] = []
    /// Rules in file order; later and more literal ones win over presets.
    public var rules: [ParityRule] = []
    /// Pointer patterns where any difference is one too many.
    public var zeroTolerance: [String] = []
    /// Answer fields that are compared, lower case.
    public var headers: [String] = ["content-type", "cache-control", "etag", "location", "vary"]
    /// Share of observations in which legacy is read again, in 1/10,000 (A/A; default 1 %).
    public var againPermyriad: Int = 100
    /// At most so many re-reads a minute for the route and worker: legacy is fragile.
    public var againPerMinute: Int = 60
    /// At most so many re-reads of a difference before it is final (settle-and-recheck).
    public var rechecks: Int = 1
    /// Pause before a recheck.
    public var recheckAfterMilliseconds: Int = 500
    /// Longest answer body that is kept, bytes as sent.
    public var maxBodyBytes: Int = 262_144
    /// Repeats of one request within it are one observation.
    public var windowMilliseconds: Int = 3_600_000
    /// Answer field that names an origin's build, lower case.
    public var buildHeader: String = "x-build-id"
    /// `dual`: what is served.
    public var answer: DualAnswer = .legacy
    /// `dual` with `answer: agreed`: how long a complete legacy answer waits for modern's.
    public var agreedBudgetMilliseconds: Int = 250
    /// Reads that Banyan makes by itself.
    public var probes: [ProbeModel] = []

    /// The defaults: no rule.
    public init() {}
}

/// Which answer a client gets at stage `dual`.
public enum DualAnswer: String, Sendable, Hashable {
    /// Legacy's, as soon as it is complete.
    case legacy
    /// Modern's, if it is equal to legacy's within the budget; else legacy's.
    case agreed
}
