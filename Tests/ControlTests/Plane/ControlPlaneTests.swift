// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Migration
import Synchronization
import Testing

@testable import Control

@Suite("Control plane")
struct ControlPlaneTests {
    private func flip(
        _ world: EdgeWorld,
        _ cells: String,
        _ to: String,
        reason: String? = "test",
        confirm: String? = nil
    ) throws(AdminProblem) -> ActReport {
        var order = FlipOrder(cells: cells, to: to, actor: "tester")
        order.reason = reason
        order.confirmation = confirm
        return try world.plane.flip(order)
    }

    private func code(_ body: () throws -> Void) -> AdminErrorCode? {
        do {
            try body()
            return nil
        } catch {
            return (error as? AdminProblem)?.code
        }
    }

    private func row(_ world: EdgeWorld, _ cell: String) throws -> CellStatus {
        try #require(world.plane.status(cells: cell, includesUntouched: false).cells.first)
    }

    @Test func `a flip tells cells, workers, time and the way back`() throws {
        let world = try EdgeWorld()
        let report = try self.flip(world, "acme/care", "shadow")
        #expect(report.cells == [CellMove(cell: "acme/care", from: "legacy", to: "shadow")])
        #expect(report.confirmed == 2 && report.workers == 2 && report.isComplete)
        #expect(report.isUngated)
        #expect(report.undo == "banyan rollback acme/care")
        #expect(world.edge.seen.withLock { $0.deltas.last?.changes.count } == 1)
        let row = try self.row(world, "acme/care")
        #expect(row.stage == "shadow" && row.source == "cell" && row.actor == "tester")
    }

    @Test func `refusals have the code that decides status and exit code`() throws {
        let world = try EdgeWorld()
        #expect(
            self.code { _ = try self.flip(world, "acme/care", "shadow", reason: nil) }
                == .reasonRequired
        )
        #expect(self.code { _ = try self.flip(world, "acme/care", "nowhere") } == .invalid)
        #expect(self.code { _ = try self.flip(world, "a/b/c", "shadow") } == .invalid)
        #expect(self.code { _ = try self.flip(world, "acme/car", "shadow") } == .nothingMatched)
        #expect(self.code { _ = try self.flip(world, "acm/care", "shadow") } == .nothingMatched)
        #expect(self.code { _ = try self.flip(world, "acme/care", "dual") } == .refused)
        #expect(
            self.code { _ = try self.flip(world, "acme/care", "gone") }
                == .confirmationRequired
        )
        #expect(
            self.code { _ = try self.flip(world, "acme/*", "gone", confirm: "care") }
                == .invalid
        )
        do {
            _ = try self.flip(world, "acm/care", "shadow")
        } catch {
            #expect(error.hint == "did you mean acme?")
        }
        var late = FlipOrder(cells: "acme/care", to: "shadow", actor: "tester")
        late.reason = "first"
        _ = try world.plane.flip(late)
        late.to = "live"
        late.ifGeneration = 0
        #expect(self.code { _ = try world.plane.flip(late) } == .conflict)
    }

    @Test func `a rollback tells writes left behind and when redirect caches are clear`() throws {
        let world = try EdgeWorld()
        _ = try self.flip(world, "acme/care", "redirect", confirm: "care")
        world.edge.seen.withLock { seen in
            seen.answer.modernWrites = 12
            seen.answer.inFlightModern = 3
            seen.answer.silent = [1]
        }
        let report = try world.plane.rollback(CellOrder(cells: "acme/care", actor: "tester"))
        #expect(report.cells == [CellMove(cell: "acme/care", from: "redirect", to: "legacy")])
        #expect(report.writesLeftBehind == 12 && report.inFlightModern == 3)
        #expect(report.redirectsClearMilliseconds == 1_786_716_187_412 + 60_000)
        #expect(report.silent == [1] && !report.isComplete)
        #expect(report.undo == "banyan flip --resume acme/care --reason TEXT")
        #expect(try self.row(world, "acme/care").resume == "redirect")
    }

    @Test func `status has streams at their cell, or at the migration's default`() throws {
        let world = try EdgeWorld()
        _ = try self.flip(world, "acme/care", "shadow")
        let cell = try #require(world.edge.seen.withLock { $0.deltas.last?.changes.first?.cell })
        let other = CellNumber(tenant: cell.tenant + 1_000, migration: cell.migration)
        world.edge.seen.withLock { seen in
            seen.streams = [(cell, 3), (other, 1), (other, 2)].map { cell, count in
                StreamCount(
                    cell: cell,
                    origin: .legacy,
                    kind: .tunnel,
                    isPrevious: true,
                    count: count,
                    oldestMilliseconds: UInt64(count) * 1_000
                )
            }
        }
        let rows = try world.plane.status(cells: nil, includesUntouched: false).cells
        func streams(_ count: Int, _ oldest: UInt64) -> [CellStreams] {
            [
                CellStreams(
                    kind: "tunnel",
                    origin: "legacy",
                    isLeftBehind: true,
                    count: count,
                    oldestMilliseconds: oldest
                )
            ]
        }
        #expect(rows.first { $0.tenant == "acme" }?.streams == streams(3, 3_000))
        #expect(rows.first { $0.tenant == "*" }?.streams == streams(3, 2_000))
    }

    @Test func `a reload that moves untouched cells forward needs the flag's reason`() throws {
        let world = try EdgeWorld()
        _ = try self.flip(world, "acme/care", "shadow")
        world.write(flags: EdgeWorld.flags(default: "live"))
        do {
            _ = try world.plane.reload(actor: "tester")
            Issue.record("the reload was taken")
        } catch {
            #expect(error.code == .filesInvalid)
            #expect(error.findings == ["zeta/care legacy -> live", "*/care legacy -> live"])
        }
        #expect(try self.row(world, "zeta/care").stage == "legacy")
        #expect(world.plane.checks().contains { $0.name == "config" && $0.state == .degraded })

        world.write(flags: EdgeWorld.flags(default: "live", reason: "wave 2"))
        let answer = try world.plane.reload(actor: "tester")
        #expect(answer["moved"]?.items?.count == 2)
        #expect(try self.row(world, "zeta/care").stage == "live")
        #expect(try self.row(world, "acme/care").stage == "shadow")
        let last = try #require(world.plane.auditTail(lines: 1)["entries"]?.items?.last)
        #expect(last["act"]?.text == "flip")
        #expect(last["reason"]?.text?.hasPrefix("wave 2; legacy -> ") == true)
        #expect(last["cellCount"]?.integer == 2)

        world.write(flags: EdgeWorld.flags(default: "shadow"))
        let back = try world.plane.reload(actor: "tester")
        #expect(back["moved"]?.items?.count == 2, "backward needs no reason")
    }

    @Test func `a reload that takes away a stage in which a cell stands is refused`() throws {
        let world = try EdgeWorld()
        _ = try self.flip(world, "acme/care", "shadow")
        _ = try self.flip(world, "acme/care", "live=5%")
        let short = EdgeWorld.routes.replacingOccurrences(
            of: "[legacy, shadow, live, modern, redirect, gone]",
            with: "[legacy, shadow, modern, redirect, gone]"
        )
        let flags = EdgeWorld.flags(default: "legacy").replacingOccurrences(
            of: #", "live": "live""#,
            with: ""
        )
        world.write(routes: short, flags: flags)
        do {
            _ = try world.plane.reload(actor: "tester")
            Issue.record("the reload was taken")
        } catch {
            #expect(error.findings == ["acme/care stands at live=5%"])
        }
        #expect(try self.row(world, "acme/care").stage == "live")
    }

    @Test func `a configuration names the sections in which it differs`() {
        let model = ConfigurationModel()
        var other = model
        #expect(other.sections(unlike: model) == [])
        other.limits.headTimeoutMilliseconds = 1
        other.drainDelayMilliseconds = 7
        let source = ModelSource(file: "", position: SourcePosition(line: 1, column: 1))
        other.listeners = [ListenerModel(name: "a", host: "::", port: 1, source: source)]
        #expect(other.sections(unlike: model) == ["drain", "limits", "listeners"])
    }

    @Test func `every code of JSON and flag documents has its page`() {
        for code in ["J001", "F001", "R012"] {
            #expect(ProblemCode.named(code)?.page.hasPrefix(code) == true)
        }
    }

    @Test func `an invalid reload changes nothing and names every finding`() throws {
        let world = try EdgeWorld()
        let before = try world.plane.status(cells: nil, includesUntouched: true)
        world.write(
            routes: EdgeWorld.routes.replacing("upstream: care,", with: "upstream: car,"),
            flags: "{"
        )
        #expect(self.code { _ = try world.plane.reload(actor: "tester") } == .filesInvalid)
        let after = try world.plane.status(cells: nil, includesUntouched: true)
        #expect(after.snapshot == before.snapshot && after.cells == before.cells)
        #expect(after.reloadProblem != nil)
        #expect(world.edge.seen.withLock { $0.snapshots.count } == 1)
        world.write(
            routes: EdgeWorld.routes,
            flags: EdgeWorld.flags(default: "legacy")
        )
        _ = try world.plane.reload(actor: "tester")
        #expect(try world.plane.status(cells: nil, includesUntouched: false).reloadProblem == nil)
    }

    @Test func `run-time tenants are routed at once and lose to files`() throws {
        let world = try EdgeWorld()
        var order = TenantOrder(id: "mary", actor: "tester")
        order.hosts = ["Mary.example"]
        order.labels = ["wave": "3"]
        _ = try world.plane.addTenant(order)
        var request = ExplainOrder(method: "GET", url: "https://mary.example/old/7")
        #expect(try world.plane.explain(request)["tenant"]?.text == "mary")
        #expect(try self.flip(world, "mary/care", "shadow").cellCount == 1)

        order.id = "acme"
        #expect(self.code { _ = try world.plane.addTenant(order) } == .conflict)
        order.id = "other"
        #expect(self.code { _ = try world.plane.addTenant(order) } == .conflict, "same host")
        order.id = "No"
        #expect(self.code { _ = try world.plane.addTenant(order) } == .invalid)
        order.id = "other"
        order.hosts = ["a b"]
        #expect(self.code { _ = try world.plane.addTenant(order) } == .invalid)

        world.write(
            routes: EdgeWorld.routes + """
                ---
                apiVersion: banyan.dev/v1
                kind: Tenant
                metadata: { name: mary }
                spec: { hosts: [mary2.example] }
                """
        )
        _ = try world.plane.reload(actor: "tester")
        request.url = "https://mary2.example/old/7"
        #expect(try world.plane.explain(request)["tenant"]?.text == "mary")
        #expect(try world.plane.tenants()["problems"]?.items?.count == 1)
        let removed = try world.plane.removeTenant(id: "mary", reason: nil, actor: "tester")
        #expect(
            removed["undo"]?.text
                == "banyan tenants add mary --host mary.example --label wave=3"
        )
        #expect(
            self.code {
                _ = try world.plane.removeTenant(id: "zeta", reason: nil, actor: "t")
            } == .conflict
        )
        #expect(
            self.code {
                _ = try world.plane.removeTenant(id: "none", reason: nil, actor: "t")
            } == .nothingMatched
        )
    }

    @Test func `explain follows host, standing, share, method and redirect`() throws {
        let world = try EdgeWorld()
        var order = ExplainOrder(method: "GET", url: "https://acme.example/old/a/b?x=1#frag")
        let legacy = try world.plane.explain(order)
        #expect(legacy["origin"]?.text == "legacy" && legacy["sends"]?.text == "/old/a/b?x=1")
        #expect(legacy["route"]?["file"] == "Routes/care.yaml")
        #expect(legacy["flag"]?["rule"] == "default" && legacy["tenantFrom"] == "host")

        _ = try self.flip(world, "acme/care", "shadow")
        _ = try self.flip(world, "acme/care", "live=5%")
        order.user = "somebody"
        let shared = try world.plane.explain(order)
        let place = try #require(shared["bucket"]?.integer)
        #expect((place < 500) == (shared["origin"]?.text == "modern"))
        order.method = "POST"
        #expect(try world.plane.explain(order)["origin"]?.text == "legacy", "writes move whole")

        _ = try world.plane.rollback(CellOrder(cells: "acme/care", actor: "t"))
        _ = try self.flip(world, "acme/care", "redirect", confirm: "care")
        let redirected = try world.plane.explain(order)
        #expect(redirected["sends"]?.text == "/new/a/b?x=1")
        order.url = "https://acme.example/new/a/b"
        #expect(try world.plane.explain(order)["route"]?["isRedirectTarget"]?.bool == true)
        order.url = "/nothing"
        #expect(try world.plane.explain(order)["answer"]?.text == "banyan: 404 NO_ROUTE")
        order.url = "/old/\u{0}"
        #expect(self.code { _ = try world.plane.explain(order) } == .invalid)
        order.url = "/old/../../x"
        #expect(self.code { _ = try world.plane.explain(order) } == .invalid)
    }

    @Test func `freeze, status and audit agree, and the chain holds`() throws {
        let world = try EdgeWorld()
        _ = try world.plane.freeze(CellOrder(cells: "*/care", actor: "t"), isFrozen: true)
        #expect(try self.row(world, "acme/care").isFrozen)
        _ = try world.plane.freeze(CellOrder(cells: "*/care", actor: "t"), isFrozen: false)
        #expect(try !self.row(world, "acme/care").isFrozen)
        let acts = try world.plane.auditTail(lines: 10)["entries"]?.items?.compactMap {
            $0["act"]?.text
        }
        #expect(acts == ["freeze", "unfreeze"])
        let verdict = try world.plane.auditVerify()
        #expect(verdict["holds"]?.bool == true && verdict["entries"]?.integer == 2)
    }

    @Test func `a round trip asks every worker and moves nothing`() throws {
        let world = try EdgeWorld()
        let answer = try world.plane.workers()
        #expect(answer["confirmed"]?.integer == 2 && answer["total"]?.integer == 2)
        #expect(world.edge.seen.withLock { $0.deltas.last?.changes.isEmpty } == true)
    }

    @Test func `status shows touched cells and defaults, all, one, or one tenant`() throws {
        let world = try EdgeWorld()
        func cells(_ pattern: String?, _ all: Bool) throws -> [String] {
            try world.plane.status(cells: pattern, includesUntouched: all).cells.map {
                "\($0.tenant)/\($0.migration)"
            }
        }
        #expect(try cells(nil, false) == ["*/care"])
        #expect(try cells(nil, true) == ["*/care", "acme/care", "zeta/care"])
        #expect(try cells("zeta/*", false) == ["zeta/care"])
        _ = try self.flip(world, "zeta/care", "shadow")
        #expect(try cells("care", false) == ["*/care", "zeta/care"])
        #expect(self.code { _ = try cells("nobody/*", false) } == .nothingMatched)
        #expect(self.code { _ = try cells("*/nothing", false) } == .nothingMatched)
        #expect(self.code { _ = try cells("acme/nothing", false) } == .nothingMatched)
    }

    @Test func `the page of figures passes promtool and does not grow with tenants`() throws {
        let world = try EdgeWorld()
        let page = metricsPage(world.plane.figures())
        let lines = page.split(separator: "\n").count
        for number in 0..<20 {
            _ = try world.plane.addTenant(TenantOrder(id: "t\(number)", actor: "t"))
        }
        #expect(metricsPage(world.plane.figures()).split(separator: "\n").count == lines)
        _ = try self.flip(world, "acme/care", "shadow")
        let after = metricsPage(world.plane.figures())
        #expect(after.contains(#"banyan_standing_cells{migration="care",stage="shadow"} 1"#))
        #expect(after.contains("banyan_flips_total 1\n"))
        if let findings = try promtoolFindings(after) { #expect(findings == "") }
    }

    @Test func `invalid files at the start are answered by the saved copy`() throws {
        let folder = NSTemporaryDirectory() + "edge-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(throws: FilesRefused.self) { _ = try EdgeWorld(folder: folder, flags: "{") }
        try FileManager.default.createDirectory(
            atPath: folder + "/state",
            withIntermediateDirectories: true
        )
        let saved = SavedFiles(folder: folder + "/state")
        let files = EdgeWorld.Files(EdgeWorld.routes, EdgeWorld.flags(default: "shadow"))
        saved.save(try files.load())
        #expect(saved.load()?.isSavedCopy == true)
        let world = try EdgeWorld(folder: folder, flags: "{")
        #expect(try self.row(world, "acme/care").stage == "shadow")
        #expect(world.plane.checks().contains { $0.name == "files" && $0.state == .degraded })
        // A copy that was tampered with is none.
        let path = folder + "/state/files.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacing("shadow", with: "legacy").write(
            toFile: path,
            atomically: true,
            encoding: .utf8
        )
        #expect(saved.load() == nil)
    }

    @Test func `draining makes the edge not ready and status says so`() throws {
        let world = try EdgeWorld()
        let request = ControlRequest(method: "GET", target: "/readyz")
        #expect(world.plane.observed.answer(request).status == 200)
        world.plane.beginDraining()
        #expect(world.plane.observed.answer(request).status == 503)
        #expect(try world.plane.status(cells: nil, includesUntouched: false).isDraining)
    }
}
