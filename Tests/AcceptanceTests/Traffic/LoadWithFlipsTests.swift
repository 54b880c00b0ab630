// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Issue 2, "Done when" 3: flips, share changes and rollbacks under load.
@Suite("Load with flips", .serialized)
struct LoadWithFlipsTests {
    /// 3,000 acts in `make test`; 10,000 in `make soak`.
    private static let acts = Places.isSoak ? 10_000 : 3_000
    private static let reloads = Places.isSoak ? 10 : 2
    private static let clients = 6
    private static let actors = 2

    @Test func `no request fails or goes astray while cells are moved under it`() throws {
        let legacy = try LoadOrigin(name: "legacy")
        let modern = try LoadOrigin(name: "modern")
        let migrations = self.migrations(legacy.address, modern.address)
        let cells = LoadCells(migrations: migrations.map(\.name), tenants: 10_000, hotTenants: 24)
        let tenants = (0..<cells.tenants).map { LoadCells.tenant(number: $0) }
        let edge = try EdgeUnderTest(files: PlainMigration.files(migrations, tenants: tenants))

        let plan = LoadPlan(cells: cells, port: edge.port)
        let clients = (0..<Self.clients).map { LoadClient(plan: plan, seed: UInt64($0) &+ 11) }
        let actors = self.actors(edge, cells)
        let start = monotonicNanoseconds()
        let running = clients.map { client in JoinableThread { client.run() } }
        let acting = actors.map { actor in JoinableThread { actor.run() } }
        // Snapshots go through the same mailboxes and must not bring an older standing back.
        let door = AdminDoor(socket: edge.folder.path("admin.sock"))
        for _ in 0..<Self.reloads {
            let (status, body) = try door.call("POST", "/reload", [:])
            #expect(status == 200, "\(body)")
        }
        for thread in acting { thread.join() }
        let seconds = Double(monotonicNanoseconds() - start) / 1e9
        plan.stop()
        for thread in running { thread.join() }

        let outcomes = actors.map(\.outcome)
        #expect(outcomes.flatMap(\.faults).isEmpty, "\(outcomes.flatMap(\.faults).prefix(5))")
        let acts = outcomes.flatMap(\.acts)
        #expect(acts.count == Self.acts)
        let samples = clients.flatMap(\.samples)
        let ledger = LoadLedger(
            cells: cells,
            samples: samples,
            acts: acts,
            isForward: migrations.map { $0.data == "forward" }
        )
        try waitUntil("the access log holds every request", seconds: 30) {
            lineCount(edge.folder.path("access.log")) >= samples.count
        }
        ledger.read(log: edge.folder.read("access.log"))
        ledger.checkAnswers()
        ledger.checkOrigins(legacyWrites: legacy.writes, modernWrites: modern.writes)
        ledger.checkWritesMoveWhole()
        ledger.checkOrder()
        ledger.checkStandings()
        #expect(
            ledger.faults.isEmpty,
            "\(ledger.faults)\n\(ledger.examples.joined(separator: "\n"))"
        )
        #expect(legacy.copiedWrites + modern.copiedWrites == 0)
        // The load was one: both origins took reads and writes, and copies were made.
        #expect(legacy.writes.count > 100 && modern.writes.count > 100)
        #expect(legacy.copies + modern.copies > 0)
        let audit = try edge.banyan(["audit", "verify"])
        #expect(audit.status == 0, "\(audit.out)\(audit.error)")

        print("load: \(samples.count) requests in \(Int(seconds)) s beside \(acts.count) acts")
        self.compareTimes(acts, outcomes.flatMap(\.roundTripNanoseconds))
    }

    private func migrations(_ legacy: String, _ modern: String) -> [PlainMigration] {
        [
            // Writes move whole; read-your-writes is off, so that every read follows the standing.
            PlainMigration(name: "charts", legacy: legacy, modern: modern),
            PlainMigration(
                name: "visits",
                legacy: legacy,
                modern: modern,
                data: "shared"
            ),
            PlainMigration(
                name: "plans",
                legacy: legacy,
                modern: modern,
                settle: "2s"
            ),
            // Moved for all tenants at once: `*/everyone`.
            PlainMigration(name: "everyone", legacy: legacy, modern: modern),
        ]
    }

    private func actors(_ edge: EdgeUnderTest, _ cells: LoadCells) -> [FlipActor] {
        let door = AdminDoor(socket: edge.folder.path("admin.sock"))
        let wideActs = Self.acts / 50
        let share = cells.hotTenants / Self.actors
        func actor(_ tenants: Range<Int>?, acts: Int, seed: UInt64) -> FlipActor {
            FlipActor(door: door, cells: cells, tenants: tenants, acts: acts, seed: seed)
        }
        return [actor(nil, acts: wideActs, seed: 99)]
            + (0..<Self.actors).map { index in
                actor(
                    (index * share)..<((index + 1) * share),
                    acts: (Self.acts - wideActs) / Self.actors,
                    seed: UInt64(index) &+ 101
                )
            }
    }

    /// In memory an act costs at most twice a round trip through the same loaded workers.
    private func compareTimes(_ acts: [LoadAct], _ roundTrips: [UInt64]) {
        let memory = acts.map(\.memoryNanoseconds)
        func line(_ name: String, _ values: [UInt64]) {
            let p50 = Double(percentile(values, 0.5)) / 1e3
            let p99 = Double(percentile(values, 0.99)) / 1e3
            print("load: \(name): p50 \(Int(p50)) us, p99 \(Int(p99)) us")
        }
        line("an empty delta, all workers", roundTrips)
        line("flip or rollback in memory, all workers", memory)
        line("durable flip", acts.filter { !$0.isRollback }.map(\.durableNanoseconds))
        line("durable rollback", acts.filter(\.isRollback).map(\.durableNanoseconds))
        #expect(percentile(memory, 0.5) <= 2 * percentile(roundTrips, 0.5))
    }
}

/// Lines of a file, without reading it as text.
func lineCount(_ path: String) -> Int {
    guard let data = FileManager.default.contents(atPath: path) else { return 0 }
    return data.reduce(0) { $1 == 0x0a ? $0 + 1 : $0 }
}
