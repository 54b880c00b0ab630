// SPDX-License-Identifier: Apache-2.0

public import Documents
public import Parity

/// Where a document stands: file and position, for errors, `explain` and `plan`.
public struct ModelSource: Hashable, Sendable {
    /// The file as the user named it.
    public var file: String
    /// Where in it.
    public var position: SourcePosition

    /// A place from its parts.
    public init(file: String, position: SourcePosition) {
        self.file = file
        self.position = position
    }
}

/// How a path pattern is read (HTTPRoute's types, plus `Template`).
public enum PathMatchType: String, Sendable, CaseIterable {
    /// The whole path, byte for byte.
    case exact = "Exact"
    /// Whole segments from the start: `/a` matches `/a`, `/a/` and `/a/b`, not `/ab`.
    case pathPrefix = "PathPrefix"
    /// PCRE2, anchored at both ends.
    case regularExpression = "RegularExpression"
    /// Literals and `{name}` (one segment, not empty), last maybe `{name...}` (the rest, may be
    /// empty).
    case template = "Template"
}

/// A value that is compared whole or by a regular expression (header and query matches).
public struct NamedMatchModel: Hashable, Sendable {
    /// Header (case ignored) or query parameter (case kept).
    public var name: String
    /// What to compare with.
    public var value: String
    /// Whether `value` is a regular expression (anchored at both ends).
    public var isRegularExpression: Bool

    /// A match from its parts.
    public init(name: String, value: String, isRegularExpression: Bool) {
        self.name = name
        self.value = value
        self.isRegularExpression = isRegularExpression
    }
}

/// One entry of `spec.matches`: all its conditions must hold.
public struct RouteMatchModel: Hashable, Sendable {
    /// How `path` is read.
    ///
    /// Default: PathPrefix `/`, as HTTPRoute has it.
    public var pathType: PathMatchType = .pathPrefix
    /// The pattern.
    public var path = "/"
    /// A method, or `nil` for all.
    public var method: String?
    /// Header conditions.
    public var headers: [NamedMatchModel] = []
    /// Query conditions.
    public var queryParameters: [NamedMatchModel] = []
    /// Where it is written.
    public var source: ModelSource

    /// A match of everything.
    public init(source: ModelSource) { self.source = source }
}

/// One side of a route: `spec.legacy`, `spec.modern`.
public struct OriginModel: Hashable, Sendable {
    /// Name of the upstream.
    public var upstream: String
    /// Template that fills the path sent to this origin; `nil`: the matched path.
    public var path: String?
    /// Host sent to this origin; `nil`: the endpoint's own `host:port`.
    ///
    /// `preserve` keeps the client's.
    public var host: String?
    /// Query parameters set for this origin, in order, replacing the client's of the same name.
    public var setQuery: [NamedValue] = []
    /// Query parameters taken out for this origin.
    public var removeQuery: [String] = []
    /// Header fields set for this origin.
    public var setHeaders: [NamedValue] = []
    /// Header fields taken out for this origin.
    public var removeHeaders: [String] = []

    /// An origin on an upstream, nothing rewritten.
    public init(upstream: String) { self.upstream = upstream }
}

/// A name and its value.
public struct NamedValue: Hashable, Sendable {
    /// Name.
    public var name: String
    /// Value.
    public var value: String

    /// A pair.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// `spec.redirect`.
public struct RedirectModel: Hashable, Sendable {
    /// Template of the new canonical path; binds the variables of every match.
    public var to: String
    /// `scheme://host[:port]` when the new URL is on another host; `nil`: the same.
    public var hostname: String?
    /// 307 (default), 308 or 301.
    ///
    /// With 301 other methods than GET and HEAD get 308.
    public var status: Int = 307
    /// `Cache-Control: private, max-age=`; 0: `no-store`.
    ///
    /// At most 86,400.
    public var maxAgeSeconds: Int = 0
    /// Whether a listener of this edge serves the target, so that the implicit match exists.
    public var isServedHere = true

    /// A temporary redirect that no cache keeps.
    public init(to: String) { self.to = to }
}

/// `spec.entitlement`.
public struct EntitlementModel: Hashable, Sendable {
    /// Key of a boolean flag.
    public var flag: String
    /// What it guards.
    public var scope: EntitlementScope

    /// An entitlement from its parts.
    public init(flag: String, scope: EntitlementScope) {
        self.flag = flag
        self.scope = scope
    }
}

/// Where the user id of a request is found (until verified claims come): decides shares and settle.
public enum UserKeyModel: Hashable, Sendable {
    /// A cookie's value.
    case cookie(String)
    /// A header's value (the first, if repeated).
    case header(String)
}

/// `METHOD PATH-TEMPLATE` that is declared safe or unsafe.
public struct OperationModel: Hashable, Sendable {
    /// Method.
    public var method: String
    /// Template of the whole path, `nil`: every path of the route.
    public var path: String?

    /// An operation from its parts.
    public init(method: String, path: String?) {
        self.method = method
        self.path = path
    }
}

/// `spec.shadow`.
public struct ShadowModel: Hashable, Sendable {
    /// How many of the safe requests get a copy, in 1/10,000.
    public var samplePermyriad: Int = 10_000
    /// Longest request body that is copied.
    public var maxBodyBytes: Int = 65_536
    /// The whole life of one copy.
    public var timeoutMilliseconds: Int = 10_000

    /// Everything, bodies up to 64 KiB.
    public init() {}
}

/// `spec.timeouts`: milliseconds; 0 means none where a name allows it.
public struct TimeoutModel: Hashable, Sendable {
    /// TCP connect.
    public var connectMilliseconds = 2_000
    /// Request sent to first byte of the final head.
    public var firstByteMilliseconds = 30_000
    /// Between two bytes of an answer.
    public var idleMilliseconds = 30_000
    /// The whole exchange; 0: none.
    public var totalMilliseconds = 300_000

    /// The defaults of Limits.
    public init() {}
}

/// What happens to `%2f` and `//` in a path.
public enum PathTolerance: String, Sendable {
    /// 400, and a counter that tells who would be refused.
    case refuse
    /// Opaque in the match, forwarded as it came.
    case keep
}

/// `kind: MigrationRoute`, validated.
public struct RouteModel: Hashable, Sendable {
    /// What `metadata.name` says.
    public var name: String
    /// What `metadata.labels` says.
    public var labels: [String: String] = [:]
    /// Key of the stage flag: routes that share it are one migration and move together.
    public var migration: String
    /// `spec.hostnames`: exact, or `*.suffix`; empty: every host.
    public var hostnames: [String] = []
    /// `spec.matches`, at least one.
    public var matches: [RouteMatchModel]
    /// The old side; `nil` for a greenfield service.
    public var legacy: OriginModel?
    /// The new side.
    public var modern: OriginModel
    /// Stages in use, in order.
    public var stages: [Stage]
    /// Redirect after cutover.
    public var redirect: RedirectModel?
    /// Licence.
    public var entitlement: EntitlementModel?
    /// Which way records flow.
    public var data: DataDirection = .forward
    /// How long a writer reads from the side that took the write.
    public var settleMilliseconds: Int = 2_000
    /// Operations declared safe besides GET, HEAD and OPTIONS.
    public var safe: [OperationModel] = []
    /// Operations that are not safe although their method is.
    public var unsafe: [OperationModel] = []
    /// Copies.
    public var shadow = ShadowModel()
    /// Deadlines.
    public var timeouts = TimeoutModel()
    /// Whether a request must have a tenant.
    public var isTenantRequired = false
    /// Where the user id is found.
    public var user: UserKeyModel?
    /// What becomes of streams on the origin that their cell has left.
    public var streams = StreamModel()
    /// Protocols that a connection may change to, in lower case.
    public var upgrades = ["websocket"]
    /// `%2f` in the path.
    public var encodedSlash: PathTolerance = .refuse
    /// `//` in the path.
    public var doubleSlash: PathTolerance = .refuse
    /// `Deprecation: @unix-time` (RFC 9745) on legacy answers, seconds since 1970.
    public var deprecationUnixSeconds: Int64?
    /// `Sunset` (RFC 8594), seconds since 1970.
    public var sunsetUnixSeconds: Int64?
    /// `spec.gate` as written, validated: the gates come with their own issue.
    public var gate: DocumentNode?
    /// `spec.parity`: how answers are observed and compared.
    public var parity = ParityModel()
    /// Where it is written.
    public var source: ModelSource

    /// A route with defaults.
    public init(
        name: String,
        migration: String,
        matches: [RouteMatchModel],
        legacy: OriginModel?,
        modern: OriginModel,
        stages: [Stage],
        source: ModelSource
    ) {
        self.name = name
        self.migration = migration
        self.matches = matches
        self.legacy = legacy
        self.modern = modern
        self.stages = stages
        self.source = source
    }

    /// The stage before `stage` in this route's list; the stage itself when it is the first.
    public func stage(before stage: Stage) -> Stage {
        self.stages.last { $0 < stage } ?? self.stages.first ?? .legacy
    }
}

/// `kind: Upstream`, validated.
public struct UpstreamModel: Hashable, Sendable {
    /// What `metadata.name` says.
    public var name: String
    /// `spec.endpoints`: `host:port`, at least one.
    public var endpoints: [EndpointModel]
    /// Connections of one worker to each endpoint.
    public var connectionsMax: Int = 1_024
    /// How endpoints are chosen, spared and protected.
    public var policy = UpstreamPolicyModel()
    /// `spec.dns`: how names among the endpoints are resolved.
    public var names = EndpointNamesModel()
    /// `spec.protocol`.
    public var speaks = UpstreamProtocolModel.http1
    /// `spec.tls`; `nil`: clear text.
    public var tls: UpstreamTLSModel?
    /// `spec.health.active`; `nil`: endpoints are not looked at.
    public var activeHealth: ActiveHealthModel?
    /// Where it is written.
    public var source: ModelSource

    /// An upstream from its parts.
    public init(name: String, endpoints: [EndpointModel], source: ModelSource) {
        self.name = name
        self.endpoints = endpoints
        self.source = source
    }

    /// The endpoints as they are used: one that is a name stands for so many of its addresses.
    public var places: [EndpointModel] {
        self.endpoints.flatMap { endpoint in
            guard endpoint.isName else { return [endpoint] }
            return (0..<max(1, self.names.addressesMax)).map { slot in
                var place = endpoint
                place.slot = slot
                return place
            }
        }
    }
}

/// One address of an upstream: a TCP host and port, or a Unix socket.
public struct EndpointModel: Hashable, Sendable {
    /// Name or address, brackets of IPv6 left out; `localhost` for a Unix socket.
    public var host: String
    /// TCP port; 0 for a Unix socket.
    public var port: Int
    /// Path of the Unix socket; `nil`: TCP.
    public var socketPath: String?
    /// Whether the host is a name, not an address.
    public var isName = false
    /// Which of a name's addresses, from 0: an endpoint whose name has several counts as several.
    public var slot = 0

    /// A TCP endpoint from its parts.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// A Unix socket (107 bytes of path at most).
    public init(socketPath: String) {
        self.host = "localhost"
        self.port = 0
        self.socketPath = socketPath
    }

    /// `host:port`, `[::1]:port`, or `localhost` for a Unix socket: the Host that it gets.
    public var authority: String {
        guard self.socketPath == nil else { return self.host }
        return (self.host.contains(":") ? "[\(self.host)]" : self.host) + ":\(self.port)"
    }

    /// As a file has it: `host:port` or `unix:path`.
    public var text: String { self.socketPath.map { "unix:\($0)" } ?? self.authority }

    /// What tells it from every other endpoint of its upstream: ``text``, and `#2` for the second
    /// address of a name.
    public var key: String { self.slot == 0 ? self.text : "\(self.text)#\(self.slot + 1)" }
}

/// `kind: Tenant`, or `banyan tenants add`.
public struct TenantModel: Hashable, Sendable {
    /// The id: `[a-z0-9][a-z0-9._-]{0,62}`.
    public var id: String
    /// Hosts that mean this tenant, lower case, no port.
    public var hosts: [String] = []
    /// Other words that sources may use for it.
    public var aliases: [String] = []
    /// `metadata.labels`: what flags may target.
    public var labels: [String: String] = [:]
    /// Where it is written.
    public var source: ModelSource

    /// A tenant with nothing but its id.
    public init(id: String, source: ModelSource) {
        self.id = id
        self.source = source
    }
}

/// Everything that `Routes/` says, validated as one set.
public struct RouteSet: Hashable, Sendable {
    /// By name.
    public var upstreams: [UpstreamModel] = []
    /// In file order.
    public var routes: [RouteModel] = []
    /// By id.
    public var tenants: [TenantModel] = []

    /// An empty set.
    public init() {}
}
