// SPDX-License-Identifier: Apache-2.0

public import Documents
import Parity

/// What came out of a replay so far.
public struct ReplayTotals: Sendable, Hashable {
    /// Rows that are done with, whatever became of them.
    public var rows = 0
    /// Rows that were asked of both origins, by outcome's word.
    public var outcomes: [String: Int] = [:]
    /// Rows whose method or operation is not safe.
    public var skipped = 0
    /// Rows that hold no request that can be sent, by reason.
    public var refused: [String: Int] = [:]
    /// Dry run: rows that would have been asked, by route and operation.
    public var operations: [String: Int] = [:]
    /// Dry run: rows that would have been asked, by tenant.
    public var tenants: [String: Int] = [:]
    /// Rows of which a killed run could not know whether they were observed: not asked again.
    public var inDoubt = 0

    /// Nothing yet.
    public init() {}

    /// Rows that became an observation.
    public var observed: Int { self.outcomes.values.reduce(0, +) }
    /// Rows in the error file for what they are, not for what origins answered.
    public var errors: Int { self.refused.values.reduce(0, +) }

    /// Counts a row that could not be read.
    mutating func count(_ problem: ReplayRowProblem) {
        self.rows += 1
        if problem == .unsafeMethod {
            self.skipped += 1
        } else {
            self.refused[problem.rawValue, default: 0] += 1
        }
    }

    /// Counts a row that was tried.
    mutating func count(_ result: SyntheticResult) {
        self.rows += 1
        if result.refusal == .unsafeMethod {
            self.skipped += 1
        } else if let refusal = result.refusal {
            self.refused[refusal.rawValue, default: 0] += 1
        } else if let outcome = result.outcome {
            self.outcomes[outcome.word, default: 0] += 1
        } else {
            self.operations["\(result.route)  \(result.operation)", default: 0] += 1
            self.tenants[result.tenant.isEmpty ? "-" : result.tenant, default: 0] += 1
        }
    }

    /// The totals as JSON.
    public var document: DocumentValue {
        func counts(_ counts: [String: Int]) -> DocumentValue {
            .fields(counts.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) })
        }
        return [
            "rows": .integer(self.rows), "observed": .integer(self.observed),
            "outcomes": counts(self.outcomes), "skippedUnsafe": .integer(self.skipped),
            "errors": counts(self.refused), "operations": counts(self.operations),
            "tenants": counts(self.tenants), "inDoubt": .integer(self.inDoubt),
        ]
    }

    /// Totals from their JSON.
    init(_ node: DocumentNode) {
        func counts(_ key: String) -> [String: Int] {
            var result: [String: Int] = [:]
            for member in node[key]?.members ?? [] { result[member.key] = member.node.integer }
            return result
        }
        self.rows = node["rows"]?.integer ?? 0
        self.outcomes = counts("outcomes")
        self.skipped = node["skippedUnsafe"]?.integer ?? 0
        self.refused = counts("errors")
        self.operations = counts("operations")
        self.tenants = counts("tenants")
        self.inDoubt = node["inDoubt"]?.integer ?? 0
    }
}
