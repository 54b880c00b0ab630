// SPDX-License-Identifier: Apache-2.0
import Control
import Foundation
import Migration
import Store
import Synchronization
import Testing

@Suite("Flips and rollbacks")
struct StandingFlipTests {
    @Test func `a flip is stored, audited, told to the workers and says how to undo it`() throws {
        let world = try StandingWorld()
        let change = try world.flip("acme/care", "shadow")
        #expect(change.generation > 0 && change.exitCode == 0 && change.recorded == .store)
        #expect(change.undo == "banyan rollback 'acme/care'")
        #expect(world.at("acme/care") == "shadow" && world.at("beta/care") == "legacy")
        let next = try world.flip("acme/care", "live=5%")
        #expect(next.generation > change.generation)
        #expect(next.undo == "banyan rollback 'acme/care' --to shadow")
        #expect(world.workersAgree)
        #expect(try world.kinds() == ["flip", "flip"])
        #expect(try world.verify().isIntact)
    }

    @Test func `what may not be flipped says why`() throws {
        let world = try StandingWorld()
        #expect(throws: StandingError.unknownMigration("nope")) {
            _ = try world.flip("acme/nope", "live")
        }
        #expect(throws: StandingError.unknownTenant("nobody")) {
            _ = try world.flip("nobody/care", "live")
        }
        #expect(throws: StandingError.unchanged) { _ = try world.flip("acme/care", "legacy") }
        _ = try world.flip("acme/care", "live")
        let care = world.cell("acme/care")
        #expect(
            throws: StandingError.backward(care, from: Standing(.live), to: Standing(.shadow))
        ) { _ = try world.flip("acme/care", "shadow") }
        #expect(throws: StandingError.reasonNeeded) {
            _ = try world.standings.flip(
                .cell(care),
                to: Standing(.modern),
                order: ActOrder(actor: "me")
            )
        }
        #expect(
            throws: StandingError.transition(
                world.cell("acme/portal"),
                .stageNotUsed(.shadow, used: [.legacy, .live, .modern])
            )
        ) { _ = try world.flip("acme/portal", "shadow") }
    }

    @Test func `a pattern moves who is behind and leaves who is ahead`() throws {
        let world = try StandingWorld()
        _ = try world.flip("acme/care", "modern")
        _ = try world.flip("*/care", "shadow")
        #expect(world.at("acme/care") == "modern")
        #expect(world.at("beta/care") == "shadow")
        #expect(world.at("*/care") == "shadow")
        // `early` stands at live by its flag: the new default must not move it back.
        #expect(world.at("early/care") == "live")
    }

    @Test func `a rollback of a migration takes everybody back, and resume brings them again`()
        throws
    {
        let world = try StandingWorld()
        _ = try world.flip("acme/care", "modern")
        _ = try world.flip("beta/care", "shadow")
        let change = try world.rollback("care")
        for tenant in ["acme", "beta", "early", "*"] {
            #expect(world.at("\(tenant)/care") == "legacy", "\(tenant)")
        }
        #expect(world.workersAgree && change.exitCode == 0)
        #expect(change.undo == "banyan flip --resume '*/care' --reason TEXT")
        _ = try world.standings.resume(
            .migration("care"),
            order: ActOrder(actor: "me", reason: "fixed")
        )
        #expect(world.at("acme/care") == "modern")
        #expect(world.at("beta/care") == "shadow")
        #expect(world.at("early/care") == "live" && world.at("*/care") == "legacy")
        #expect(world.workersAgree)
        #expect(throws: StandingError.nothingToResume) {
            _ = try world.standings.resume(
                .migration("care"),
                order: ActOrder(actor: "me", reason: "again")
            )
        }
    }

    @Test func `a rollback to a stage takes back who is past it and nobody forward`() throws {
        let world = try StandingWorld()
        _ = try world.flip("acme/care", "modern")
        _ = try world.rollback("*/care", to: "shadow")
        #expect(world.at("acme/care") == "shadow")
        #expect(world.at("early/care") == "shadow")
        #expect(world.at("beta/care") == "legacy" && world.at("*/care") == "legacy")
        _ = try world.flip("acme/portal", "live")
        _ = try world.rollback("acme/*", to: "shadow")
        #expect(world.at("acme/portal") == "legacy")
        #expect(world.at("acme/care") == "shadow")
    }

    @Test func `freezing holds over a flip and survives a restart`() throws {
        let folder = StandingWorld.freshFolder()
        do {
            let world = try StandingWorld(folder: folder, removes: false)
            _ = try world.standings.freeze(
                .cell(world.cell("acme/care")),
                isFrozen: true,
                order: ActOrder(actor: "me")
            )
            _ = try world.flip("acme/care", "shadow")
            #expect(world.workersAgree)
        }
        let world = try StandingWorld(folder: folder)
        #expect(world.standings.book.record(world.cell("acme/care"))?.isFrozen == true)
        #expect(world.at("acme/care") == "shadow" && world.workersAgree)
        #expect(!world.standings.health.wasUnclean)
        _ = try world.standings.freeze(
            .migration("care"),
            isFrozen: false,
            order: ActOrder(actor: "me")
        )
        #expect(world.standings.book.record(world.cell("acme/care"))?.isFrozen == false)
        #expect(throws: StandingError.unchanged) {
            _ = try world.standings.freeze(
                .migration("care"),
                isFrozen: false,
                order: ActOrder(actor: "me")
            )
        }
    }

    @Test func `a silent worker is named, the exit code says so, the flip stands`() throws {
        let world = try StandingWorld()
        world.workers.silent.withLock { $0 = [1] }
        let change = try world.flip("acme/care", "shadow")
        #expect(change.exitCode == 6 && !change.isConfirmed && change.recorded == .store)
        #expect(world.at("acme/care") == "shadow")
    }

    @Test func `a cell that somebody else moved is a conflict with both generations`() throws {
        let world = try StandingWorld()
        let first = try world.flip("acme/care", "shadow")
        let second = try world.flip("acme/care", "live")
        let conflict = CellConflict(
            cell: world.cell("acme/care"),
            expected: first.generation,
            found: second.generation
        )
        #expect(throws: StandingError.conflict(conflict)) {
            _ = try world.standings.flip(
                .cell(world.cell("acme/care")),
                to: Standing(.modern),
                order: ActOrder(actor: "me", reason: "r"),
                ifGeneration: first.generation
            )
        }
    }

    @Test func `a rollback while a flip is going out takes the whole flip back`() throws {
        let world = try StandingWorld()
        _ = try world.flip("acme/care", "shadow")
        _ = try world.flip("beta/care", "shadow")
        // The rollback comes when the flip's delta is on its way to the workers.
        let rolled = Mutex(false)
        let standings = world.standings
        world.workers.beforeApply.withLock {
            $0 = { _ in
                let isFirst = rolled.withLock { done in
                    defer { done = true }
                    return !done
                }
                guard isFirst else { return }
                _ = try? standings.rollback(
                    .cell(CellName(tenant: "acme", migration: "care")),
                    order: ActOrder(actor: "red")
                )
            }
        }
        #expect {
            _ = try world.flip("*/care", "modern")
        } throws: { error in
            if case .overtaken? = error as? StandingError { true } else { false }
        }
        #expect(world.at("acme/care") == "legacy")
        #expect(world.at("beta/care") == "shadow")
        #expect(world.at("*/care") == "legacy")
        #expect(world.workersAgree && world.storeCaughtUp())
        let kinds = try world.kinds()
        #expect(kinds.suffix(2).sorted() == ["overtaken", "rollback"])
        #expect(try world.verify().isIntact)
    }

    @Test func `flips and rollbacks that race leave one truth in book, workers and store`() throws {
        let folder = StandingWorld.freshFolder()
        var expected: [String: String] = [:]
        do {
            let world = try StandingWorld(folder: folder, removes: false)
            let standings = world.standings
            let tenants = ["acme", "beta", "early"]
            let lost = Mutex(0)
            DispatchQueue.concurrentPerform(iterations: 6) { thread in
                for round in 0..<12 {
                    let cell = CellName(tenant: tenants[(thread + round) % 3], migration: "care")
                    let order = ActOrder(actor: "t\(thread)", reason: "race")
                    if thread % 2 == 0 {
                        let stage: Stage = round % 2 == 0 ? .live : .modern
                        let pattern: CellPattern = round % 5 == 0 ? .migration("care") : .cell(cell)
                        _ = try? standings.flip(pattern, to: Standing(stage), order: order)
                    } else {
                        let change = try? standings.rollback(.cell(cell), order: order)
                        // Behind a rollback nothing older than it may stand.
                        if let change,
                            (standings.book.record(cell)?.generation ?? 0) < change.generation
                        {
                            lost.withLock { $0 += 1 }
                        }
                    }
                }
            }
            #expect(lost.withLock { $0 } == 0)
            #expect(world.workersAgree && world.storeCaughtUp())
            #expect(try world.verify().isIntact)
            for tenant in tenants + ["*"] {
                expected[tenant] = world.at("\(tenant)/care")
            }
        }
        try FileManager.default.removeItem(atPath: folder + "/state")
        let world = try StandingWorld(folder: folder)
        for (tenant, place) in expected { #expect(world.at("\(tenant)/care") == place) }
    }
}
