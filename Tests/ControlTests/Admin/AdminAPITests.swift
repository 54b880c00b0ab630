// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Kernel
import Parity
import Synchronization
import Testing

@testable import Control

/// An edge that remembers what it was asked and answers with what it was given.
final class RecordingEdge: EdgeOperations {
    let orders = Mutex<[String]>([])
    let refusal = Mutex<AdminProblem?>(nil)

    private func note(_ order: String) throws(AdminProblem) {
        self.orders.withLock { $0.append(order) }
        if let refusal = self.refusal.withLock({ $0 }) { throw refusal }
    }

    func status(cells: String?, includesUntouched: Bool) throws(AdminProblem) -> StatusReport {
        try self.note("status \(cells ?? "-") \(includesUntouched)")
        var report = StatusReport()
        report.edge = "test"
        report.cells = [
            CellStatus(
                tenant: "acme",
                migration: "virtual-care",
                stage: "live",
                share: "5%",
                source: "cell"
            )
        ]
        return report
    }

    func explain(_ order: ExplainOrder) throws(AdminProblem) -> DocumentValue {
        try self.note("explain \(order.method) \(order.url) \(order.headers)")
        return [:]
    }

    func flip(_ order: FlipOrder) throws(AdminProblem) -> ActReport {
        try self.note(
            "flip \(order.cells) \(order.to ?? "-") \(order.isResume) \(order.reason ?? "-") "
                + "\(order.confirmation ?? "-") \(order.ifGeneration ?? 0) \(order.actor)"
        )
        return ActReport(act: "flip", generation: 7, actor: order.actor)
    }

    func rollback(_ order: CellOrder) throws(AdminProblem) -> ActReport {
        try self.note("rollback \(order.cells) \(order.to ?? "-")")
        return ActReport(act: "rollback", generation: 8, actor: order.actor)
    }

    func freeze(_ order: CellOrder, isFrozen: Bool) throws(AdminProblem) -> ActReport {
        try self.note("freeze \(order.cells) \(isFrozen)")
        return ActReport(act: isFrozen ? "freeze" : "unfreeze", generation: 9, actor: order.actor)
    }

    func syntheticRead(_ order: SyntheticReadOrder) throws(AdminProblem) -> DocumentValue {
        switch order.what {
        case .row(let read, let run, let row):
            try self.note("read \(run) \(row) \(read.request.method) \(read.request.url)")
        case .probe(let read):
            try self.note("probe \(read.route) \(read.probe) \(read.tenant) \(read.combination)")
        }
        return [:]
    }

    func probes(_ query: ProbeQuery) throws(AdminProblem) -> DocumentValue {
        try self.note("probes \(query.tenant ?? "-") \(query.migration ?? "-") \(query.from)")
        return [:]
    }

    func sampleGrants() throws(AdminProblem) -> DocumentValue {
        try self.note("grants")
        return [:]
    }

    func grantSamples(_ order: GrantOrder) throws(AdminProblem) -> DocumentValue {
        try self.note("grant \(order.route) \(order.quota) \(order.milliseconds) \(order.actor)")
        return [:]
    }

    func revokeGrant(id: String, actor: String) throws(AdminProblem) -> DocumentValue {
        try self.note("revoke \(id) \(actor)")
        return [:]
    }

    func shredFingerprints(_ order: ShredOrder) throws(AdminProblem) -> DocumentValue {
        try self.note("shred \(order.tenant ?? "-") \(order.migration ?? "-")")
        return [:]
    }

    func parityOverview(
        migration: String?,
        tenants: [String]
    ) throws(AdminProblem) -> [ParityReport] {
        try self.note("overview \(migration ?? "-") \(tenants)")
        return [ReportFixture.report]
    }

    func parityReport(_ query: ReportQuery) throws(AdminProblem) -> ParityReport {
        try self.note(
            "report \(query.migration) \(query.tenants) \(query.epoch ?? 0) \(query.since ?? "-")"
        )
        return ReportFixture.report
    }

    func paritySuggestions(
        _ query: ReportQuery,
        minimum: UInt64
    ) throws(AdminProblem) -> [RuleSuggestion] {
        try self.note("suggest \(query.migration) \(minimum)")
        return suggestedRules(PointerEvidence.all(of: ReportFixture.snapshot), minimum: minimum)
    }

    func tenants() throws(AdminProblem) -> DocumentValue {
        try self.note("tenants")
        return ["tenants": []]
    }

    func addTenant(_ order: TenantOrder) throws(AdminProblem) -> DocumentValue {
        try self.note("add \(order.id) \(order.hosts) \(order.aliases) \(order.labels)")
        return ["id": .string(order.id)]
    }

    func removeTenant(
        id: String,
        reason: String?,
        actor: String
    ) throws(AdminProblem) -> DocumentValue {
        try self.note("remove \(id) \(reason ?? "-")")
        return ["id": .string(id)]
    }

    func auditTail(lines: Int) throws(AdminProblem) -> DocumentValue {
        try self.note("tail \(lines)")
        return ["entries": []]
    }

    func auditVerify() throws(AdminProblem) -> DocumentValue {
        try self.note("verify")
        return ["holds": true]
    }

    func workers() throws(AdminProblem) -> DocumentValue {
        try self.note("workers")
        return ["confirmed": 2]
    }

    func reload(actor: String) throws(AdminProblem) -> DocumentValue {
        try self.note("reload")
        return [:]
    }
}

@Suite("Admin API")
struct AdminAPITests {
    private let edge = RecordingEdge()

    private func ask(
        _ method: String,
        _ path: String,
        _ body: String = "",
        user: UInt32 = 0
    ) -> ControlResponse {
        AdminAPI(edge: self.edge, ownUser: 1_000).answer(
            ControlRequest(
                method: method,
                target: "/admin/v1" + path,
                body: Array(body.utf8),
                peer: .local(user: user, process: 1)
            )
        )
    }

    @Test func `orders reach the edge with the kernel's name for the caller`() {
        let root = userName(of: 0) ?? "uid 0"
        let table: [(String, String, String, String)] = [
            ("GET", "/status?cell=acme/*&all=1", "", "status acme/* true"),
            ("GET", "/status", "", "status - false"),
            (
                "POST", "/flip",
                #"{"cells":"a/b","to":"live=5%","reason":"r","confirm":"b","ifGeneration":4}"#,
                "flip a/b live=5% false r b 4 \(root)"
            ),
            (
                "POST", "/flip", #"{"cells":"a/b","resume":true}"#,
                "flip a/b - true - - 0 \(root)"
            ),
            ("POST", "/rollback", #"{"cells":"*/b","to":"shadow"}"#, "rollback */b shadow"),
            ("POST", "/freeze", #"{"cells":"a/b"}"#, "freeze a/b true"),
            ("POST", "/unfreeze", #"{"cells":"a/b"}"#, "freeze a/b false"),
            ("GET", "/tenants", "", "tenants"),
            (
                "POST", "/tenants", #"{"id":"a","hosts":["h"],"labels":{"wave":"1"}}"#,
                #"add a ["h"] [] ["wave": "1"]"#
            ),
            ("DELETE", "/tenants/a?reason=x", "", "remove a x"),
            ("GET", "/audit?lines=7", "", "tail 7"),
            ("GET", "/audit/verify", "", "verify"),
            ("GET", "/workers", "", "workers"),
            ("POST", "/reload", "", "reload"),
            ("POST", "/explain", #"{"method":"GET","url":"/x"}"#, "explain GET /x []"),
        ]
        for (method, path, body, order) in table {
            #expect(self.ask(method, path, body).status == 200, "\(method) \(path)")
            #expect(self.edge.orders.withLock { $0.last } == order)
        }
    }

    @Test func `malformed orders are refused before the edge is asked`() {
        let table: [(String, String, String, Int)] = [
            ("POST", "/flip", "", 400), ("POST", "/flip", "[]", 400),
            ("POST", "/flip", #"{"cells":"a/b"}"#, 400),
            ("POST", "/flip", #"{"cells":"a/b","to":"live","resume":true}"#, 400),
            ("POST", "/flip", #"{"cells":"a/b","to":"live","reson":"x"}"#, 400),
            ("POST", "/flip", #"{"cells":"a/b","to":"live","ifGeneration":-1}"#, 400),
            ("POST", "/flip", #"{"cells":1,"to":"live"}"#, 400),
            ("POST", "/rollback", "{}", 400),
            ("POST", "/tenants", #"{"id":"a","hosts":"h"}"#, 400),
            ("GET", "/audit?lines=1001", "", 400), ("GET", "/flip", "", 405),
            ("GET", "/nothing", "", 404), ("DELETE", "/tenants", "", 405),
            (
                "POST", "/flip",
                #"{"cells":"a/b","to":"live","reason":"\#(String(repeating: "x", count: 1001))"}"#,
                400
            ),
        ]
        for (method, path, body, status) in table {
            let answer = self.ask(method, path, body)
            #expect(answer.status == status, "\(method) \(path) \(body)")
            #expect(answer.contentType == "application/problem+json")
        }
        #expect(self.edge.orders.withLock { $0.isEmpty })
    }

    @Test func `only root and the edge's own user may change anything`() {
        for route in AdminAPI.routes {
            let path = "/" + route.path.joined(separator: "/")
            let stranger = self.ask(route.method, path, "{", user: 1_001)
            #expect((stranger.status == 403) == route.isChange, "\(route.method) \(path)")
            let own = self.ask(route.method, path, "{", user: 1_000)
            #expect(own.status != 403, "\(route.method) \(path)")
            let remote = AdminAPI(edge: self.edge, ownUser: 1_000).answer(
                ControlRequest(method: route.method, target: "/admin/v1" + path)
            )
            #expect((remote.status == 403) == route.isChange, "\(route.method) \(path)")
        }
    }

    @Test func `a refusal carries code, detail and hint and is read back`() throws {
        for code in AdminErrorCode.allCases {
            let problem = AdminProblem(code, "what", hint: "how", findings: ["a", "b"])
            self.edge.refusal.withLock { $0 = problem }
            let answer = self.ask("GET", "/tenants")
            #expect(answer.status == code.status)
            let document = try DocumentNode.parse(json: answer.bytes, file: "answer")
            #expect(AdminProblem(document: document) == problem)
        }
    }

    @Test func `reports survive the way over the wire`() throws {
        var report = ActReport(act: "rollback", generation: 1_842, actor: "alice")
        report.cells = [CellMove(cell: "a/b", from: "live=5%", to: nil)]
        report.cellCount = 3
        report.confirmed = 1
        report.workers = 2
        report.silent = [1]
        report.elapsedNanoseconds = 400_000
        report.lastLegacyMilliseconds = 1_786_716_187_412
        report.inFlightLegacy = 2
        report.inFlightModern = 3
        report.tunnelsLeft = 4
        report.streamsLeft = 5
        report.writesLeftBehind = 12
        report.redirectsClearMilliseconds = 5
        report.isRecorded = false
        report.isUngated = true
        report.reason = "r"
        report.undo = "banyan flip --resume a/b"
        report.notes = ["n"]
        let sent = try DocumentNode.parse(json: report.document.json, file: "x")
        #expect(ActReport(document: sent) == report)
        #expect(!report.isComplete)

        var status = StatusReport()
        status.edge = "e"
        status.version = "1"
        status.generation = 3
        status.snapshot = 4
        status.workers = 2
        status.isDraining = true
        status.loadedMilliseconds = 9
        status.reloadProblem = "p"
        status.storeProblem = "q"
        status.tenants = 5
        status.routes = 6
        status.leftOut = 7
        var cell = CellStatus(
            tenant: "*",
            migration: "m",
            stage: "live",
            share: "100%",
            source: "cell"
        )
        cell.generation = 3
        cell.sinceMilliseconds = 8
        cell.actor = "a"
        cell.reason = "r"
        cell.isFrozen = true
        cell.blindSinceMilliseconds = 6
        cell.resume = "live=5%"
        status.cells = [cell]
        let received = try DocumentNode.parse(json: status.document.json, file: "x")
        #expect(StatusReport(document: received) == status)
    }

    @Test func `the openapi document lists the routes and error codes of the code`() throws {
        let answer = self.ask("GET", "/openapi.json")
        let document = try DocumentNode.parse(json: answer.bytes, file: "openapi.json")
        let written = (document["paths"]?.members ?? []).flatMap { path in
            (path.node.members ?? []).map { "\($0.key.uppercased()) \(path.key)" }
        }
        let served = AdminAPI.routes.map {
            "\($0.method) /admin/v1/\($0.path.joined(separator: "/"))"
        }
        #expect(Set(written) == Set(served))
        let codes = document["components"]?["schemas"]?["Problem"]?["properties"]?["code"]?["enum"]
        #expect(codes?.items?.compactMap(\.text) == AdminErrorCode.allCases.map(\.rawValue))
        let act = document["components"]?["schemas"]?["Act"]?["properties"]?.members?.map(\.key)
        let sent = ActReport(act: "flip", generation: 1, actor: "a").document.members?.map(\.key)
        #expect(act == sent)
    }
}
