// SPDX-License-Identifier: Apache-2.0

import Migration
import Parity

/// Why a request of a replay or probe is not sent.
///
/// The words stand in error files; they never carry what was asked.
public enum SyntheticRefusal: String, Error, Sendable, CaseIterable {
    /// It is no request that HTTP allows: a line break, a bad method or target.
    case malformed
    /// Its path is always answered 400.
    case pathRefused = "path_refused"
    /// The row says what was asked only as a pattern: ids are left out of access logs.
    case noPath = "no_path"
    /// No route matches it.
    case noRoute = "no_route"
    /// It is not safe, by its method or by the route's word.
    case unsafeMethod = "unsafe_method"
    /// No document defines its tenant.
    case tenantUnknown = "tenant_unknown"
    /// Its tenant's sources disagree.
    case tenantConflict = "tenant_conflict"
    /// The route needs a tenant, and there is none.
    case tenantRequired = "tenant_required"
    /// The route has no legacy: there is nothing to compare with.
    case noLegacy = "no_legacy"
    /// The probe is not in the files any more.
    case probeUnknown = "probe_unknown"
    /// Another route answers the probe's path.
    case otherRoute = "other_route"
    /// Observing is switched off, or the edge stops.
    case notObserving = "not_observing"

    /// What it means, for people.
    public var meaning: String {
        switch self {
        case .malformed: "the row holds no request"
        case .pathRefused: "such a path is always answered 400"
        case .noPath: "an access log keeps the route's pattern, neither ids nor queries"
        case .noRoute: "no route matches"
        case .unsafeMethod: "not a safe request: never replayed"
        case .tenantUnknown: "no document defines the tenant"
        case .tenantConflict: "the sources of the tenant disagree"
        case .tenantRequired: "the route needs a tenant: name one in the row, or --tenant"
        case .noLegacy: "the route has no legacy to compare with"
        case .probeUnknown: "the probe is not in the files any more"
        case .otherRoute: "another route answers the probe's path"
        case .notObserving: "the edge does not observe"
        }
    }
}

/// A request as it goes to one origin.
struct ResolvedSide: Sendable {
    /// Request line, fields and empty line.
    ///
    /// Memory only.
    var head: [UInt8]
    /// The sockaddr of the endpoint that is asked.
    var address: [UInt8]
    /// Value of Host.
    var host: String
}

/// A request of a replay or probe, resolved as the edge would: route, tenant, both targets.
struct ResolvedRequest: Sendable {
    var tenant: String
    var migration: String
    var route: String
    /// Method and template, as live observations have it.
    var operation: String
    var generation: UInt64
    /// Legacy misses writes: nothing to compare.
    var isDiverged: Bool
    /// The match says the whole path, so that its pattern is a path.
    var isWholePath: Bool
    var isHead: Bool
    /// 16 bytes, equal for equal requests.
    var digest: [UInt8]
    var legacy: ResolvedSide
    var modern: ResolvedSide
    /// The route's parity settings.
    var parity: ParityModel
    /// The whole life of one exchange.
    var timeoutMilliseconds: Int
}
