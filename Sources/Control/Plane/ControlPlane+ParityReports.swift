// SPDX-License-Identifier: Apache-2.0

public import Parity
import Store

extension ControlPlane {
    /// One report per migration as of now, for an overview.
    public func parityOverview(
        migration: String?,
        tenants: [String]
    ) throws(AdminProblem) -> [ParityReport] {
        try self.reportDesk().overview(
            migration: migration,
            tenants: tenants,
            nowUnixMilliseconds: Int64(self.now())
        )
    }

    /// The report that `query` asks for.
    public func parityReport(_ query: ReportQuery) throws(AdminProblem) -> ParityReport {
        try self.reportDesk().report(query)
    }

    /// Rules that would explain at least `minimum` differences each.
    public func paritySuggestions(
        _ query: ReportQuery,
        minimum: UInt64
    ) throws(AdminProblem) -> [RuleSuggestion] {
        try self.reportDesk().suggestions(query, minimum: minimum)
    }

    private func reportDesk() throws(AdminProblem) -> ReportDesk {
        let edge = try self.current()
        guard let parity = self.parity else {
            throw AdminProblem(
                .unavailable,
                "this edge compares nothing: its parity store could not be opened at the start",
                hint: "the edge's first lines of output say why"
            )
        }
        var desk = ReportDesk(ledger: parity.ledger, set: edge.files.set)
        desk.generation = self.standings.book.generation
        desk.auditHead = self.standings.book.withState { $0.head.hash.hex }
        return desk
    }
}
