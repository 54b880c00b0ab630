// SPDX-License-Identifier: Apache-2.0

import Documents
import Migration
import Parity
import Testing

@testable import Control

/// A ledger that knows one epoch.
private struct OneEpoch: ParityReading {
    var snapshot: ParitySnapshot? = ReportFixture.snapshot
    var error: ParityLedgerError?

    func migrations() -> [String] { self.snapshot.map { [$0.epoch.migration] } ?? [] }

    func snapshot(
        migration: String,
        epoch: UInt64?,
        tenants: [String]
    ) throws(ParityLedgerError) -> ParitySnapshot? {
        if let error = self.error { throw error }
        guard epoch == nil || epoch == self.snapshot?.epoch.number else { return nil }
        return migration == self.snapshot?.epoch.migration ? self.snapshot : nil
    }
}

@Suite("Report desk") struct ReportDeskTests {
    private static let source = ModelSource(
        file: "Routes/virtual-care.yaml",
        position: SourcePosition(line: 1, column: 1)
    )

    private static func set(gate: String? = nil) throws -> RouteSet {
        var match = RouteMatchModel(source: self.source)
        match.path = "/api/v1/virtual-sessions/{rest...}"
        var write = RouteMatchModel(source: self.source)
        write.path = "/api/v1/notes"
        write.method = "POST"
        var route = RouteModel(
            name: "virtual-care",
            migration: "virtual-care",
            matches: [match, write],
            legacy: nil,
            modern: OriginModel(upstream: "care"),
            stages: [.legacy, .shadow, .live, .modern],
            source: self.source
        )
        if let gate {
            route.gate = try DocumentNode.parse(json: Array(gate.utf8), file: "gate")
        }
        var set = RouteSet()
        set.routes = [route]
        set.tenants = [TenantModel(id: "meadow", source: self.source)]
        return set
    }

    private func refusal(_ body: () throws -> ParityReport) -> AdminProblem? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? AdminProblem
        }
    }

    @Test func `a report is judged as of its last observation, an overview as of now`() throws {
        let desk = ReportDesk(ledger: OneEpoch(), set: try ReportDeskTests.set())
        let report = try desk.report(ReportQuery(migration: "virtual-care"))
        #expect(report.verdict.word == "NO_GO")
        #expect(!report.verdict.reasons.contains { $0.contains("traffic has stopped") })
        let year = ReportFixture.start + 365 * 86_400_000
        let now = try desk.overview(migration: nil, tenants: [], nowUnixMilliseconds: year)
        #expect(now.count == 1)
        #expect(now[0].verdict.reasons.contains { $0.contains("traffic has stopped") })
        #expect(
            report.neverExercised == [
                ParityOperation(
                    route: "virtual-care",
                    operation: "GET /api/v1/virtual-sessions/{rest...}"
                )
            ]
        )
    }

    @Test func `a known migration that nobody has observed lacks data`() throws {
        let desk = ReportDesk(ledger: OneEpoch(snapshot: nil), set: try ReportDeskTests.set())
        let report = try desk.report(ReportQuery(migration: "virtual-care"))
        #expect(report.verdict.word == "INSUFFICIENT_DATA")
        #expect(report.text.contains("nothing was observed"))
    }

    @Test func `names that nobody knows are refused with the nearest`() throws {
        let desk = ReportDesk(ledger: OneEpoch(), set: try ReportDeskTests.set())
        var query = ReportQuery(migration: "virtul-care")
        #expect(self.refusal { try desk.report(query) }?.hint == "did you mean virtual-care?")
        query.migration = "virtual-care"
        query.tenants = ["amce"]
        #expect(self.refusal { try desk.report(query) }?.hint == "did you mean acme?")
        query.tenants = ["meadow"]
        #expect(try desk.report(query).compared == 0)
        query.tenants = []
        query.epoch = 9
        #expect(self.refusal { try desk.report(query) }?.code == .nothingMatched)
        query.epoch = nil
        query.since = "yesterday"
        #expect(self.refusal { try desk.report(query) }?.code == .invalid)
        query.since = "1d"
        #expect(
            try desk.report(query).sinceUnixMilliseconds
                == ReportFixture.report.toUnixMilliseconds - 86_400_000
        )
    }

    @Test func `a store that does not answer is told`() throws {
        let ledger = OneEpoch(error: ParityLedgerError(text: "database is locked"))
        let desk = ReportDesk(ledger: ledger, set: try ReportDeskTests.set())
        let refusal = self.refusal { try desk.report(ReportQuery(migration: "virtual-care")) }
        #expect(refusal?.code == .storeUnavailable)
        #expect(refusal?.detail.contains("database is locked") == true)
    }

    @Test func `the gate is read from the route, the strictest of several counts`() throws {
        let gate = """
            { "parity": "99.9%", "confidence": "99%", "errors": "0.05%", "coverage": 50,
              "latency": "20ms", "stableFor": "14d" }
            """
        let set = try ReportDeskTests.set(gate: gate)
        let policy = GatePolicy(routes: set.routes)
        #expect(policy.parityTarget == 0.999)
        #expect(policy.confidence == 0.99)
        #expect(policy.errorMargin == 0.0005)
        #expect(policy.coverage == 50)
        #expect(policy.latencyFloorMicroseconds == 20_000)
        #expect(policy.stableForMilliseconds == 14 * 86_400_000)
        let both = GatePolicy(routes: set.routes + (try ReportDeskTests.set()).routes)
        #expect(both.parityTarget == 0.9999)
        #expect(both.confidence == 0.99)
        #expect(both.latencyFloorMicroseconds == 5_000)
        #expect(GatePolicy(routes: []) == GatePolicy())
    }

    @Test func `every reason is a sentence of its own`() {
        var seen: Set<String> = []
        for code in VerdictReasonCode.allCases {
            let text = reasonSentence(VerdictReason(code, "acme", count: 3), GatePolicy())
            #expect(text.hasPrefix("acme: "))
            #expect(!text.contains("_"), "\(code)")
            #expect(seen.insert(text).inserted, "\(code)")
        }
    }

    @Test func `metrics pass promtool, and no tenant or field is in them`() throws {
        var figures = LedgerFigures()
        figures.outcomes["virtual-care"] = [1, 2, 3, 4, 5, 6, 7]
        figures.differences["virtual-care"] = [UInt64](
            repeating: 2,
            count: DifferenceClass.allCases.count
        )
        let families =
            ParityMetrics.families(figures, waitingRereads: 3)
            + ParityMetrics.families([ReportFixture.report])
        let page = metricsPage(families)
        #expect(
            page.contains(
                #"banyan_parity_comparisons_total{route="virtual-care",outcome="modern_failed"} 3"#
            )
        )
        #expect(
            page.contains(#"banyan_parity_verdict{migration="virtual-care",verdict="NO_GO"} 1"#)
        )
        for secret in ["acme", "patientId", "north-clinic", "joinedAt"] {
            #expect(!page.contains(secret))
        }
        #expect(try promtoolFindings(page) ?? "" == "")
    }
}
