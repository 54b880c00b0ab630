// SPDX-License-Identifier: Apache-2.0

public import Documents
import Parity

/// One synthetic read as somebody asked for it.
public struct SyntheticReadOrder: Sendable {
    /// A row of a replay, or a probe.
    enum What: Sendable {
        case row(SyntheticOrder, run: String, row: Int)
        case probe(ProbeRead)
    }

    var what: What
    /// Only say what would be asked.
    var isDry = false
    /// Who orders it.
    var actor = ""
}

/// Which probes somebody wants to see.
public struct ProbeQuery: Hashable, Sendable {
    /// Only this tenant's.
    public var tenant: String?
    /// Only this migration's.
    public var migration: String?
    /// Rows to pass over.
    public var from = 0

    /// All, from the first on.
    public init() {}
}

extension AdminCall {
    /// `{"run", "row", "method", "url", ...}` or `{"probe": {"route", "name", "combination"},
    /// "tenant"}`.
    func syntheticReadOrder() throws(AdminProblem) -> SyntheticReadOrder {
        let body = try self.body([
            "method", "url", "tenant", "user", "headers", "run", "row", "isPattern", "isDry",
            "probe",
        ])
        let isDry = body["isDry"]?.bool ?? false
        if let probe = body["probe"] {
            guard let route = probe["route"]?.text, let name = probe["name"]?.text,
                let combination = probe["combination"]?.integer
            else {
                throw AdminProblem(.invalid, "\"probe\" has a route, a name and a combination")
            }
            let read = ProbeRead(
                route: route,
                probe: name,
                tenant: try self.text("tenant", of: body),
                combination: combination
            )
            return SyntheticReadOrder(what: .probe(read), isDry: isDry, actor: self.actor)
        }
        guard let row = body["row"]?.integer, row > 0 else {
            throw AdminProblem(.invalid, "\"row\" is a number from 1 on")
        }
        let run = try self.text("run", of: body)
        guard run.utf8.count <= 64 else { throw AdminProblem(.invalid, "\"run\" is too long") }
        var order = SyntheticOrder(try self.explainOrder(body), source: .replay)
        order.needsWholePath = body["isPattern"]?.bool ?? false
        let what = SyntheticReadOrder.What.row(order, run: run, row: row)
        return SyntheticReadOrder(what: what, isDry: isDry, actor: self.actor)
    }

    /// `?tenant=&migration=&from=`.
    func probeQuery() throws(AdminProblem) -> ProbeQuery {
        var query = ProbeQuery()
        query.tenant = self.request.query["tenant"]
        query.migration = self.request.query["migration"]
        let from = Int(self.request.query["from"] ?? "0") ?? -1
        guard from >= 0 else { throw AdminProblem(.invalid, "from is a number") }
        query.from = from
        return query
    }
}

extension SyntheticResult {
    /// The result as JSON: words and numbers, nothing of what was asked or answered.
    public var document: DocumentValue {
        var value: DocumentValue = [
            "tenant": .string(self.tenant), "route": .string(self.route),
            "operation": .string(self.operation), "outcome": .optional(self.outcome?.word),
            "legacyStatus": .integer(self.legacyStatus),
            "modernStatus": .integer(self.modernStatus), "isRepeat": .bool(self.isRepeat),
        ]
        if let refusal = self.refusal { value.set("refusal", .string(refusal.rawValue)) }
        if !self.counts.isEmpty { value.set("counts", .string(self.counts)) }
        return value
    }

    /// A result from its JSON; `nil` when it is none.
    public init?(document: DocumentNode) {
        guard let tenant = document["tenant"]?.text, let route = document["route"]?.text,
            let operation = document["operation"]?.text
        else { return nil }
        self.init()
        self.tenant = tenant
        self.route = route
        self.operation = operation
        self.outcome = document["outcome"]?.text.flatMap { word in
            ObservationOutcome.allCases.first { $0.word == word }
        }
        self.refusal = document["refusal"]?.text.flatMap(SyntheticRefusal.init)
        self.legacyStatus = document["legacyStatus"]?.integer ?? 0
        self.modernStatus = document["modernStatus"]?.integer ?? 0
        self.counts = document["counts"]?.text ?? ""
        self.isRepeat = document["isRepeat"]?.bool ?? false
    }
}
