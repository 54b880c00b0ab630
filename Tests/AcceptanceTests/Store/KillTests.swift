// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

/// Issue 2, "Done when" 7: an edge that is killed at any moment has lost nothing it acknowledged.
@Suite("Kill -9 during acts")
struct KillTests {
    /// 15 in `make test`; 1,000 in `make soak`.
    private static let kills = Places.isSoak ? 1_000 : 15
    private static let tenants = (0..<12).map { LoadCells.tenant(number: $0) }
    private static let actors = 2

    @Test func `standings after a restart are the last acknowledged, and the audit holds`() throws {
        let world = try StoreEdge(tenants: Self.tenants, workers: 1)
        var random = SplitMix(state: 4_711)
        var standings = Dictionary(uniqueKeysWithValues: Self.tenants.map { ($0, "legacy") })
        var acknowledged = 0
        var inDoubt = 0
        for round in 0..<Self.kills {
            let share = Self.tenants.count / Self.actors
            let actors = (0..<Self.actors).map { index in
                DoomedActor(
                    door: world.door,
                    standings: standings.filter { entry in
                        Self.tenants[(index * share)..<((index + 1) * share)].contains(entry.key)
                    },
                    seed: UInt64(round * 10 + index)
                )
            }
            let threads = actors.map { actor in JoinableThread { actor.run() } }
            // Any moment is as good as another: this is a random one, not a wait for something.
            usleep(UInt32(random.next(below: 150_000)))
            world.edge.child.signal(SIGKILL)
            try world.edge.child.waitForEnd()
            for thread in threads { thread.join() }
            try world.edge.restart()

            let outcomes = actors.map(\.outcome)
            #expect(outcomes.flatMap(\.faults).isEmpty, "\(outcomes.flatMap(\.faults))")
            let found = try self.standings(world)
            for outcome in outcomes {
                for (tenant, last) in outcome.standings {
                    let due = [last, outcome.doubtful[tenant]].compactMap(\.self)
                    #expect(due.contains(found[tenant] ?? "nothing"), "kill \(round): \(tenant)")
                }
                acknowledged += outcome.generations.count
                inDoubt += outcome.doubtful.count
            }
            try self.checkAudit(world, outcomes.flatMap(\.generations), round)
            standings = found
        }
        print("kill: \(Self.kills) kills, \(acknowledged) acknowledged acts, \(inDoubt) in doubt")
        #expect(acknowledged > Self.kills && inDoubt > 0)
    }

    /// Where every tenant's cell stands, as `live=25%`.
    private func standings(_ world: StoreEdge) throws -> [String: String] {
        let (status, body) = try world.door.call("GET", "/status?cell=*/care&all=1")
        guard status == 200, let rows = body["cells"] as? [[String: Any]] else {
            throw AcceptanceError("status: \(status) \(body)")
        }
        var standings: [String: String] = [:]
        for row in rows {
            guard let tenant = row["tenant"] as? String, let stage = row["stage"] as? String,
                let share = row["share"] as? String
            else { continue }
            standings[tenant] = share == "100%" ? stage : "\(stage)=\(share)"
        }
        return standings.filter { Self.tenants.contains($0.key) }
    }

    /// The chain holds, and every acknowledged act is in it.
    private func checkAudit(_ world: StoreEdge, _ generations: [UInt64], _ round: Int) throws {
        var seen: Set<UInt64> = []
        try waitUntil("nothing waits for the store", seconds: 30) {
            let (status, body) = try world.door.call("GET", "/audit?lines=1000")
            let entries = body["entries"] as? [[String: Any]] ?? []
            seen = Set(entries.compactMap { number($0["generation"]) })
            return status == 200 && number(body["waiting"]) == 0
        }
        // The answer holds the last thousand; the rest was checked in earlier rounds.
        let lost = generations.suffix(900).filter { !seen.contains($0) }
        #expect(lost.isEmpty, "kill \(round): acts that the audit has lost: \(lost)")
        let (status, body) = try world.door.call("GET", "/audit/verify")
        #expect(status == 200 && body["holds"] as? Bool == true, "kill \(round): \(body)")
    }
}

/// Moves its tenants' cells until the edge is killed under it.
private final class DoomedActor: Sendable {
    private let door: AdminDoor
    private let seed: UInt64
    private let results: Mutex<Outcome>

    struct Outcome {
        /// The last acknowledged standing of each tenant.
        var standings: [String: String]
        /// Where an act whose answer never came would have taken a tenant.
        var doubtful: [String: String] = [:]
        /// Generations that were acknowledged.
        var generations: [UInt64] = []
        var faults: [String] = []
    }

    init(door: AdminDoor, standings: [String: String], seed: UInt64) {
        self.door = door
        self.seed = seed
        self.results = Mutex(Outcome(standings: standings))
    }

    var outcome: Outcome { self.results.withLock { $0 } }

    func run() {
        var random = SplitMix(state: self.seed)
        var outcome = self.outcome
        let tenants = outcome.standings.keys.sorted()
        while outcome.doubtful.isEmpty, outcome.faults.isEmpty {
            self.act(tenants[random.next(below: tenants.count)], &random, &outcome)
        }
        self.results.withLock { $0 = outcome }
    }

    private func act(_ tenant: String, _ random: inout SplitMix, _ outcome: inout Outcome) {
        let ladder = FlipActor.ladder
        let rung = ladder.firstIndex(of: outcome.standings[tenant] ?? "") ?? 0
        let isBack = rung == ladder.count - 1 || rung > 0 && random.next(below: 10) < 4
        let target = isBack ? ladder[0] : ladder[rung + 1]
        let body: [String: any Sendable] = [
            "cells": "\(tenant)/care", "to": target, "reason": "until killed",
        ]
        do {
            let answer = try self.door.call("POST", isBack ? "/rollback" : "/flip", body)
            guard answer.status != 0 else {
                outcome.doubtful[tenant] = target
                return
            }
            guard answer.status == 200, let generation = number(answer.body["generation"]) else {
                outcome.faults.append("\(body): \(answer)")
                return
            }
            outcome.standings[tenant] = target
            outcome.generations.append(generation)
        } catch {
            // Nobody listens any more, so nothing was asked; the target is possible all the same.
            outcome.doubtful[tenant] = target
        }
    }
}
