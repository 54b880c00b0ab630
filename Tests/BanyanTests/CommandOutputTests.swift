// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation
import Parity
import Testing

@testable import Banyan

/// An edge that answers every act with the same report, behind a real socket.
struct StubEdge: EdgeOperations {
    var report: ActReport

    func status(cells: String?, includesUntouched: Bool) throws(AdminProblem) -> StatusReport {
        guard cells != "nobody/*" else { throw AdminProblem(.nothingMatched, "no such tenant") }
        var status = StatusReport()
        status.edge = "test"
        status.generation = 9_041
        status.snapshot = 182
        status.workers = 2
        status.tenants = 200
        status.routes = 1
        status.reloadProblem = "Routes/a.yaml:1:1: error"
        var cell = CellStatus(
            tenant: "acme",
            migration: "virtual-care",
            stage: "legacy",
            share: "100%",
            source: "cell"
        )
        cell.sinceMilliseconds = 1_786_716_187_412
        cell.actor = "alice"
        cell.isFrozen = true
        cell.resume = "live=5%"
        status.cells = [
            CellStatus(
                tenant: "*",
                migration: "virtual-care",
                stage: "shadow",
                share: "100%",
                source: "flag default"
            ), cell,
        ]
        return status
    }

    func explain(_ order: ExplainOrder) throws(AdminProblem) -> DocumentValue { [:] }
    func flip(_ order: FlipOrder) throws(AdminProblem) -> ActReport {
        if order.reason == nil { throw AdminProblem(.reasonRequired, "why?", hint: "--reason") }
        if order.cells == "gate/care" { throw AdminProblem(.gateRefused, "NO-GO parity") }
        if order.cells == "late/care" { throw AdminProblem(.conflict, "moved meanwhile") }
        return self.report
    }
    func rollback(_ order: CellOrder) throws(AdminProblem) -> ActReport { self.report }
    func freeze(_ order: CellOrder, isFrozen: Bool) throws(AdminProblem) -> ActReport {
        throw AdminProblem(.notPermitted, "not you")
    }
    func syntheticRead(_ order: SyntheticReadOrder) throws(AdminProblem) -> DocumentValue { [:] }
    func probes(_ query: ProbeQuery) throws(AdminProblem) -> DocumentValue { [:] }
    func sampleGrants() throws(AdminProblem) -> DocumentValue { [:] }
    func grantSamples(_ order: GrantOrder) throws(AdminProblem) -> DocumentValue { [:] }
    func revokeGrant(id: String, actor: String) throws(AdminProblem) -> DocumentValue { [:] }
    func shredFingerprints(_ order: ShredOrder) throws(AdminProblem) -> DocumentValue { [:] }
    func parityOverview(
        migration: String?,
        tenants: [String]
    ) throws(AdminProblem) -> [ParityReport] { [StubParity.report] }
    func parityReport(_ query: ReportQuery) throws(AdminProblem) -> ParityReport {
        guard query.migration == "care" else {
            throw AdminProblem(.nothingMatched, "no migration", hint: "did you mean care?")
        }
        return StubParity.report
    }
    func paritySuggestions(
        _ query: ReportQuery,
        minimum: UInt64
    ) throws(AdminProblem) -> [RuleSuggestion] { StubParity.suggestions }
    func tenants() throws(AdminProblem) -> DocumentValue { ["tenants": [], "problems": []] }
    func addTenant(_ order: TenantOrder) throws(AdminProblem) -> DocumentValue {
        throw AdminProblem(.storeUnavailable, "the store is away")
    }
    func removeTenant(
        id: String,
        reason: String?,
        actor: String
    ) throws(AdminProblem)
        -> DocumentValue
    { throw AdminProblem(.failed, "no") }
    func auditTail(lines: Int) throws(AdminProblem) -> DocumentValue { ["entries": []] }
    func auditVerify() throws(AdminProblem) -> DocumentValue {
        ["holds": false, "detail": "entry 7 was changed"]
    }
    func workers() throws(AdminProblem) -> DocumentValue { ["confirmed": 2] }
    func reload(actor: String) throws(AdminProblem) -> DocumentValue {
        throw AdminProblem(.filesInvalid, "1 error", findings: ["a.yaml:1:1: error: x [R012]"])
    }
}

@Suite("Command output")
struct CommandOutputTests {
    private func withEdge(_ report: ActReport, _ body: ([String: String]) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "cli-\(UUID().uuidString.prefix(8)).sock"
        let edge = StubEdge(report: report)
        let server = try ControlServer(.unix(path: path, mode: 0o600), name: "stub") {
            AdminAPI(edge: edge).answer($0)
        }
        defer { server.stop() }
        try body(["BANYAN_SOCKET": path])
    }

    private var flip: ActReport {
        var report = ActReport(act: "flip", generation: 1_841, actor: "alice")
        report.cells = [CellMove(cell: "acme/virtual-care", from: "shadow", to: "live=5%")]
        report.cellCount = 1
        report.confirmed = 2
        report.workers = 2
        report.elapsedNanoseconds = 412_000
        report.lastLegacyMilliseconds = 1_786_716_187_412
        report.isUngated = true
        report.reason = "CHG-1182"
        report.undo = "banyan rollback acme/virtual-care --to shadow"
        return report
    }

    @Test func `a flip prints move, figures, actor and undo`() throws {
        try self.withEdge(self.flip) { environment in
            let result = run(
                ["flip", "acme/virtual-care", "live=5%", "--reason", "CHG-1182"],
                environment: environment
            )
            #expect(result.code == .done)
            #expect(result.error == "")
            #expect(
                result.out == """
                    acme/virtual-care: shadow -> live=5%   (ungated)
                    generation 1841, 2/2 workers, 0.4 ms, last legacy request 14:03:07.412
                    by alice, reason: CHG-1182
                    undo: banyan rollback acme/virtual-care --to shadow

                    """
            )
        }
    }

    @Test func `a rollback that is neither confirmed nor recorded says so and ends with 6`() throws
    {
        var report = self.flip
        report.act = "rollback"
        report.cells = [CellMove(cell: "acme/virtual-care", from: "live=5%", to: "legacy")]
        report.isUngated = false
        report.reason = nil
        report.confirmed = 1
        report.silent = [1]
        report.isRecorded = false
        report.inFlightModern = 7
        report.tunnelsLeft = 1
        report.streamsLeft = 2
        report.writesLeftBehind = 12
        report.redirectsClearMilliseconds = 1_786_716_247_412
        report.undo = "banyan flip --resume acme/virtual-care --reason TEXT"
        try self.withEdge(report) { environment in
            let result = run(["rollback", "acme/virtual-care"], environment: environment)
            #expect(result.code == .unconfirmed)
            #expect(
                result.out == """
                    acme/virtual-care: live=5% -> legacy
                    generation 1841, 1/2 workers, 0.4 ms, last legacy request 14:03:07.412
                    in flight on modern: 7 (finishing there)
                    still on the previous origin: 1 tunnel, 2 streams (`banyan status` shows them)
                    writes left behind on modern: 12 (legacy does not have them)
                    redirect caches are clear at 14:04:07.412
                    by alice
                    undo: banyan flip --resume acme/virtual-care --reason TEXT

                    """
            )
            #expect(result.error.contains("NOT CONFIRMED by worker 1"))
            #expect(result.error.contains("NOT RECORDED"))
        }
    }

    @Test func `json is exactly one document on stdout`() throws {
        try self.withEdge(self.flip) { environment in
            for arguments in [
                ["flip", "a/b", "live", "--reason", "x"], ["status"], ["tenants", "list"],
                ["audit", "tail"], ["audit", "verify"], ["rollback", "a/b"],
            ] {
                let result = run(arguments + ["-o", "json"], environment: environment)
                #expect(throws: Never.self, "\(arguments)") {
                    _ = try DocumentNode.parse(json: result.out, file: "stdout")
                }
            }
        }
    }

    @Test func `status is a table with a footer, warnings go to stderr`() throws {
        try self.withEdge(self.flip) { environment in
            let result = run(["status"], environment: environment)
            #expect(
                result.out == """
                    TENANT  MIGRATION     STAGE   SHARE  FROM          SINCE                BY     \
                    NOTES
                    *       virtual-care  shadow  100%   flag default  -                    -      -
                    acme    virtual-care  legacy  100%   cell          2026-08-14 14:03:07  alice  \
                    frozen, rolled back from live=5%
                    2 rows · generation 9041 · snapshot 182 · 2 workers · 200 tenants · 1 route

                    """
            )
            #expect(result.error.contains("the last reload was refused"))
        }
    }

    @Test func `every refusal has its exit code`() throws {
        let table: [([String], ExitCode)] = [
            (["status", "nobody/*"], .nothingMatched), (["flip", "a/b", "live"], .usage),
            (["flip", "gate/care", "live", "--reason", "x"], .refused),
            (["flip", "late/care", "live", "--reason", "x"], .conflict),
            (["freeze", "a/b"], .permission), (["tenants", "add", "a"], .unreachable),
            (["tenants", "remove", "a"], .failed), (["audit", "verify"], .failed),
            (["reload"], .failed),
        ]
        try self.withEdge(self.flip) { environment in
            for (arguments, code) in table {
                let result = run(arguments, environment: environment)
                #expect(result.code == code, "\(arguments): \(result.error)")
            }
            #expect(run(["reload"], environment: environment).error.contains("[R012]"))
        }
    }

    @Test func `a problem code is explained, an unknown one suggested`() {
        #expect(run(["explain", "r012"]).out.hasPrefix("R012: "))
        #expect(run(["explain", "R012", "-o", "json"]).code == .done)
        let unknown = run(["explain", "R01"])
        #expect(unknown.code == .nothingMatched)
        #expect(unknown.error.contains("did you mean R0"))
    }

    @Test func `files are validated and explained without an edge`() throws {
        let folder = NSTemporaryDirectory() + "cli-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for part in ["Routes", "FeatureFlags"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(part)",
                withIntermediateDirectories: true
            )
        }
        func write(_ name: String, _ text: String) throws {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
        try write("banyan.yaml", "listeners: [{ name: p, address: \"127.0.0.1:0\" }]\n")
        try write("FeatureFlags/f.json", #"{"flags":{}}"#)
        try write(
            "Routes/r.yaml",
            """
            apiVersion: banyan.dev/v1
            kind: Tenant
            metadata: { name: acme }
            spec: { hosts: [acme.example] }

            """
        )
        let configuration = folder + "/banyan.yaml"
        #expect(run(["validate", configuration]).out.hasPrefix("ok: "))
        let explained = run([
            "explain", "GET", "http://acme.example/x", "--offline", "--config", configuration,
        ])
        #expect(explained.code == .done, "\(explained.error)")
        #expect(explained.out.contains("tenant    acme"))
        try write("Routes/r.yaml", "kind: Tenan\n")
        #expect(run(["validate", configuration]).code == .failed)
        #expect(run(["validate", configuration, "-o", "yaml"]).code == .usage)
        let refused = run([
            "explain", "GET", "/x", "--offline", "--config", configuration,
        ])
        #expect(refused.code == .configuration)
        #expect(run(["serve", "--config", folder + "/none.yaml"]).code == .configuration)
    }
}
