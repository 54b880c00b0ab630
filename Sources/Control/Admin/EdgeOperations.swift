// SPDX-License-Identifier: Apache-2.0

public import Documents
public import Parity

/// A flip as somebody asked for it.
public struct FlipOrder: Hashable, Sendable {
    /// `TENANT/MIGRATION`, `*/MIGRATION`, `TENANT/*`.
    public var cells: String
    /// `live`, `live=5%`; `nil` with ``isResume``.
    public var to: String?
    /// Back to where the cells stood before their last rollback.
    public var isResume = false
    /// Why.
    public var reason: String?
    /// The migration's name, repeated: needed for `redirect` and `gone`.
    public var confirmation: String?
    /// Refuse when a cell was moved after this generation.
    public var ifGeneration: UInt64?
    /// Who.
    public var actor: String

    /// An order from its needed parts.
    public init(cells: String, to: String?, actor: String) {
        self.cells = cells
        self.to = to
        self.actor = actor
    }
}

/// A rollback, freeze or unfreeze as somebody asked for it.
public struct CellOrder: Hashable, Sendable {
    /// `TENANT/MIGRATION`, `*/MIGRATION`, `TENANT/*`.
    public var cells: String
    /// Target of a rollback; `nil`: legacy.
    public var to: String?
    /// Why.
    public var reason: String?
    /// Who.
    public var actor: String

    /// An order from its needed parts.
    public init(cells: String, actor: String) {
        self.cells = cells
        self.actor = actor
    }
}

/// A tenant as somebody wants it added.
public struct TenantOrder: Hashable, Sendable {
    /// The id.
    public var id: String
    /// Hosts that mean it.
    public var hosts: [String] = []
    /// Other words for it.
    public var aliases: [String] = []
    /// What flags may target.
    public var labels: [String: String] = [:]
    /// Why.
    public var reason: String?
    /// Who.
    public var actor: String

    /// An order from its needed parts.
    public init(id: String, actor: String) {
        self.id = id
        self.actor = actor
    }
}

/// A request to be explained, not sent.
public struct ExplainOrder: Hashable, Sendable {
    /// Method.
    public var method: String
    /// `https://host/path?query`, or a path alone.
    public var url: String
    /// The tenant to assume instead of asking the sources.
    public var tenant: String?
    /// The user to assume.
    public var user: String?
    /// Names of the client's certificate to assume; `nil`: it shows none.
    public var certificate: [String]?
    /// Fields of the request.
    public var headers: [ControlField] = []

    /// An order from its needed parts.
    public init(method: String, url: String) {
        self.method = method
        self.url = url
    }
}

/// What the admin API can ask of an edge.
///
/// Every function may block; all are thread-safe.
public protocol EdgeOperations: Sendable {
    /// Where cells stand; `cells` as in ``FlipOrder``, `nil`: every touched cell and every default.
    func status(cells: String?, includesUntouched: Bool) throws(AdminProblem) -> StatusReport
    /// What would happen to a request.
    func explain(_ order: ExplainOrder) throws(AdminProblem) -> DocumentValue
    /// Moves cells through the gate.
    func flip(_ order: FlipOrder) throws(AdminProblem) -> ActReport
    /// Moves cells back.
    func rollback(_ order: CellOrder) throws(AdminProblem) -> ActReport
    /// Refuses writes (`isFrozen`) or allows them again.
    func freeze(_ order: CellOrder, isFrozen: Bool) throws(AdminProblem) -> ActReport
    /// Known tenants.
    func tenants() throws(AdminProblem) -> DocumentValue
    /// Adds or changes a run-time tenant.
    func addTenant(_ order: TenantOrder) throws(AdminProblem) -> DocumentValue
    /// Takes a run-time tenant away.
    func removeTenant(
        id: String,
        reason: String?,
        actor: String
    ) throws(AdminProblem)
        -> DocumentValue
    /// The last acts, oldest first.
    func auditTail(lines: Int) throws(AdminProblem) -> DocumentValue
    /// Whether the audit's chain holds.
    func auditVerify() throws(AdminProblem) -> DocumentValue
    /// A round trip through every worker that changes nothing.
    func workers() throws(AdminProblem) -> DocumentValue
    /// Makes one read of a replay or probe.
    func syntheticRead(_ order: SyntheticReadOrder) throws(AdminProblem) -> DocumentValue
    /// The probes that the files declare, and what their last reads brought.
    func probes(_ query: ProbeQuery) throws(AdminProblem) -> DocumentValue
    /// Leave to keep bodies that is open now.
    func sampleGrants() throws(AdminProblem) -> DocumentValue
    /// Gives leave to keep bodies of a route's mismatches, sealed to a reader.
    func grantSamples(_ order: GrantOrder) throws(AdminProblem) -> DocumentValue
    /// Ends a grant.
    func revokeGrant(id: String, actor: String) throws(AdminProblem) -> DocumentValue
    /// Destroys keys of fingerprints.
    func shredFingerprints(_ order: ShredOrder) throws(AdminProblem) -> DocumentValue
    /// One report per migration (`nil`: all) as of now.
    func parityOverview(
        migration: String?,
        tenants: [String]
    ) throws(AdminProblem) -> [ParityReport]
    /// The report of one migration.
    func parityReport(_ query: ReportQuery) throws(AdminProblem) -> ParityReport
    /// Rules that would explain at least `minimum` differences each.
    func paritySuggestions(
        _ query: ReportQuery,
        minimum: UInt64
    ) throws(AdminProblem) -> [RuleSuggestion]
    /// Loads the files again, all or nothing.
    func reload(actor: String) throws(AdminProblem) -> DocumentValue
}
