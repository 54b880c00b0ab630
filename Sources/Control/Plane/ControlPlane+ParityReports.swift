// SPDX-License-Identifier: Apache-2.0

public import Parity
import Store
import Synchronization

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

    /// Reckons the families of each migration's epoch anew.
    ///
    /// Reads the parity store, so a scrape does not wait for it: call it every half minute.
    public func refreshParityFigures() {
        guard self.parity != nil,
            let reports = try? self.parityOverview(migration: nil, tenants: [])
        else { return }
        let families = ParityMetrics.families(reports)
        self.state.withLock { $0.parityFigures = families }
    }

    /// Families of what was counted since the start.
    func parityFigures() -> [MetricFamily] {
        guard let parity = self.parity else { return [] }
        return ParityMetrics.families(
            parity.ledger.figures,
            waitingRereads: parity.service.waitingRereads
        )
    }

    /// Why nothing is counted, or not on disk; empty: it is.
    var parityProblem: String {
        self.parity.map { $0.ledger.figures.storeProblem } ?? "nothing is compared"
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
