// SPDX-License-Identifier: Apache-2.0
import Control
import Foundation
import Migration
import Store
import Synchronization
import Testing

/// File calls of the state folder that can be made to fail while an edge runs.
private final class StateFaults: Sendable {
    let failsSync = Mutex(false)
    let isFull = Mutex(false)
    /// Changing calls that still succeed; `nil`: all of them.
    let budget = Mutex<Int?>(nil)

    private func isDead() -> Bool {
        self.budget.withLock { budget in
            guard let left = budget else { return false }
            budget = max(0, left - 1)
            return left <= 0
        }
    }

    var isCut: Bool { self.budget.withLock { $0 == 0 } }

    var operations: FileOperations {
        let real = FileOperations.kernel
        var operations = real
        operations.write = { fd, bytes, offset in
            if self.isDead() {
                _ = real.write(fd, bytes.prefix(bytes.count / 2), offset)
                return Int(-EIO)
            }
            let grows = offset + bytes.count > real.size(fd)
            if grows, self.isFull.withLock({ $0 }) { return Int(-ENOSPC) }
            return real.write(fd, bytes, offset)
        }
        let fails: @Sendable () -> Bool = { self.isDead() || self.failsSync.withLock { $0 } }
        operations.syncData = { fails() ? -EIO : real.syncData($0) }
        operations.sync = { fails() ? -EIO : real.sync($0) }
        operations.rename = { self.isDead() ? -EIO : real.rename($0, $1) }
        return operations
    }
}

@Suite("Standings under faults")
struct StandingFaultTests {
    private static func isUnavailable(_ error: any Error) -> Bool {
        if case .storeUnavailable? = error as? StandingError { true } else { false }
    }

    /// A rollback must be in effect, in the journal, and later in the store with its entry.
    private static func rollsBack(_ world: StandingWorld, _ comment: Comment) throws {
        let started = ContinuousClock.now
        let change = try world.rollback("acme/care")
        #expect(change.recorded == .journal && change.exitCode == 0, comment)
        #expect(ContinuousClock.now - started < .seconds(1), comment)
        #expect(world.at("acme/care") == "legacy" && world.workersAgree, comment)
        #expect(throws: (any Error).self, comment) { _ = try world.flip("beta/care", "shadow") }
    }

    @Test func `a rollback works while the database is locked, and its entry arrives later`() throws
    {
        let world = try StandingWorld()
        _ = try world.flip("acme/care", "live")
        let other = try SQLiteConnection.open(path: world.database, busyMilliseconds: 10)
        try other.execute("BEGIN IMMEDIATE")
        try Self.rollsBack(world, "locked")
        // The second one does not even wait for the lock.
        let started = ContinuousClock.now
        _ = try world.rollback("acme/care")
        #expect(ContinuousClock.now - started < .milliseconds(90))
        try other.execute("ROLLBACK")
        #expect(world.storeCaughtUp())
        #expect(try world.kinds() == ["flip", "rollback", "rollback"])
        #expect(try world.verify().isIntact)
        let last = try AuditReader(path: world.database).tail(1)
        #expect(String(decoding: last[0].entry, as: UTF8.self).contains("\"late\":true"))
        _ = try world.flip("beta/care", "shadow")
    }

    @Test func `a rollback works when the database is gone, and a new one continues its audit`()
        throws
    {
        let world = try StandingWorld()
        _ = try world.flip("acme/care", "live")
        let away = world.folder + "/away"
        try FileManager.default.createDirectory(
            atPath: away,
            withIntermediateDirectories: true
        )
        for part in ["", "-wal", "-shm"] {
            try FileManager.default.moveItem(
                atPath: world.database + part,
                toPath: away + "/banyan.db" + part
            )
        }
        let change = try world.rollback("acme/care")
        #expect(change.exitCode == 0 && world.at("acme/care") == "legacy")
        #expect(world.storeCaughtUp())
        #expect(try world.kinds() == ["rebuilt", "rollback"])
        guard case .intact(let first, let head) = try world.verify() else {
            Issue.record("the audit is broken")
            return
        }
        // One entry went away with the old file; the new chain starts behind it.
        #expect(first == 2 && head.count == 3)
        _ = try world.flip("acme/care", "shadow")
    }

    @Test func `a rollback works with a damaged database, which is set aside at the next start`()
        throws
    {
        let folder = StandingWorld.freshFolder()
        do {
            let world = try StandingWorld(folder: folder, removes: false)
            _ = try world.flip("acme/care", "live")
            let junk = Data(repeating: 0xa5, count: 200_000)
            try? FileManager.default.removeItem(atPath: world.database + "-wal")
            try? FileManager.default.removeItem(atPath: world.database + "-shm")
            try junk.write(to: URL(fileURLWithPath: world.database))
            let change = try world.rollback("acme/care")
            #expect(change.exitCode == 0 && world.at("acme/care") == "legacy")
            #expect(world.storeCaughtUp())
        }
        try Data(repeating: 0xa5, count: 90_000).write(
            to: URL(fileURLWithPath: folder + "/banyan.db")
        )
        let world = try StandingWorld(folder: folder)
        #expect(world.at("acme/care") == "legacy" && world.at("beta/care") == "legacy")
        #expect(try world.verify().isIntact)
        #expect(try world.kinds().first == "rebuilt")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.contains { $0.contains(".aside-") })
    }

    @Test func `a rollback works while the database cannot be opened`() throws {
        let world = try StandingWorld()
        _ = try world.flip("acme/care", "live")
        let store = world.database
        for part in ["-wal", "-shm", ""] {
            try FileManager.default.removeItem(atPath: store + part)
        }
        // A folder at the file's place: nothing can be opened or made there.
        try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
        try Self.rollsBack(world, "absent")
        #expect { _ = try world.flip("beta/care", "shadow") } throws: { Self.isUnavailable($0) }
        try FileManager.default.removeItem(atPath: store)
        #expect(world.storeCaughtUp())
        #expect(try world.kinds().contains("rollback") && world.verify().isIntact)
    }

    @Test func `a rollback works on a full disk`() throws {
        let faults = StateFaults()
        let world = try StandingWorld(operations: faults.operations)
        _ = try world.flip("acme/care", "live")
        faults.isFull.withLock { $0 = true }
        let other = try SQLiteConnection.open(path: world.database, busyMilliseconds: 10)
        try other.execute("BEGIN IMMEDIATE")
        try Self.rollsBack(world, "full")
        try other.execute("ROLLBACK")
        #expect(world.storeCaughtUp())
    }

    @Test func `when the journal's sync fails the store is the record, or it says NOT RECORDED`()
        throws
    {
        let faults = StateFaults()
        let world = try StandingWorld(operations: faults.operations)
        _ = try world.flip("acme/care", "live")
        faults.failsSync.withLock { $0 = true }
        let stored = try world.rollback("acme/care")
        #expect(stored.recorded == .store && stored.exitCode == 0)
        _ = try world.flip("acme/care", "live")
        let other = try SQLiteConnection.open(path: world.database, busyMilliseconds: 10)
        try other.execute("BEGIN IMMEDIATE")
        let change = try world.rollback("acme/care")
        #expect(change.recorded == .notRecorded && change.exitCode == 6)
        #expect(change.warnings.contains { $0.contains("NOT RECORDED") })
        #expect(world.at("acme/care") == "legacy" && world.workersAgree)
        try other.execute("ROLLBACK")
        #expect(world.storeCaughtUp())
        // The disk is well again: the journal opens itself, and rollbacks are recorded.
        faults.failsSync.withLock { $0 = false }
        var recorded = Recorded.notRecorded
        try other.execute("BEGIN IMMEDIATE")
        for _ in 0..<100 where recorded == .notRecorded {
            recorded = try world.rollback("acme/care").recorded
        }
        #expect(recorded == .journal)
        try other.execute("ROLLBACK")
    }

    @Test func `after an unclean stop cells whose writes go to modern count as diverged`() throws {
        let world = try StandingWorld()
        _ = try world.flip("acme/care", "live")
        _ = try world.flip("beta/care", "shadow")
        _ = try world.flip("beta/care", "live=50%")
        let copy = StandingWorld.copy(world.folder)
        let again = try StandingWorld(folder: copy)
        #expect(again.standings.health.wasUnclean)
        let names = again.standings.book.divergences.map { $0.cell.text }
        #expect(names == ["acme/care", "early/care"])
        let number = again.standings.numbers.number(of: again.cell("acme/care"))
        #expect(again.workers.isDiverged(number))
        let change = try again.rollback("acme/care")
        #expect(change.diverged == [again.cell("acme/care")])
        _ = try again.standings.reconcile(
            .cell(again.cell("acme/care")),
            order: ActOrder(actor: "me", reason: "checked")
        )
        #expect(!again.workers.isDiverged(number))
    }

    @Test func `diverged cells that the workers marked survive a rollback and a crash`() throws {
        let world = try StandingWorld()
        _ = try world.flip("acme/care", "live")
        world.workers.setDiverged(
            true,
            world.standings.numbers.number(of: world.cell("acme/care"))
        )
        let change = try world.rollback("acme/care")
        #expect(change.diverged == [world.cell("acme/care")])
        let again = try StandingWorld(folder: StandingWorld.copy(world.folder))
        #expect(again.standings.book.divergences.contains { $0.cell.text == "acme/care" })
    }

    @Test func `an older store is set aside and built again, its audit going on from the head`()
        throws
    {
        let folder = StandingWorld.freshFolder()
        var older = ""
        do {
            let world = try StandingWorld(folder: folder, removes: false)
            _ = try world.flip("acme/care", "shadow")
            older = StandingWorld.copy(folder)
            _ = try world.flip("acme/care", "live")
            _ = try world.flip("beta/care", "shadow")
        }
        for part in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: folder + "/banyan.db" + part)
            try? FileManager.default.copyItem(
                atPath: older + "/banyan.db" + part,
                toPath: folder + "/banyan.db" + part
            )
        }
        let world = try StandingWorld(folder: folder)
        #expect(world.at("acme/care") == "live" && world.at("beta/care") == "shadow")
        guard case .intact(let first, _) = try world.verify() else {
            Issue.record("the audit is broken")
            return
        }
        #expect(first == 4)
        #expect(try world.kinds().first == "rebuilt")
        try FileManager.default.removeItem(atPath: older)
    }

    @Test func `without store and copy an edge refuses to start rather than forget`() throws {
        let folder = StandingWorld.freshFolder()
        do {
            let world = try StandingWorld(folder: folder, removes: false)
            _ = try world.flip("acme/care", "live")
        }
        try FileManager.default.removeItem(atPath: folder + "/state")
        try Data(repeating: 9, count: 50_000).write(
            to: URL(fileURLWithPath: folder + "/banyan.db")
        )
        #expect(throws: (any Error).self) { _ = try StandingWorld(folder: folder) }
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test func `tenants added at run time survive a lost store`() throws {
        let folder = StandingWorld.freshFolder()
        do {
            let world = try StandingWorld(folder: folder, removes: false)
            let tenant = StoredTenant(
                id: "gamma",
                labels: ["wave": "2"],
                hosts: ["g.example"],
                aliases: ["g"]
            )
            _ = world.standings.putTenant(tenant, order: ActOrder(actor: "me"))
            _ = try world.flip("gamma/care", "shadow")
        }
        for part in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: folder + "/banyan.db" + part)
        }
        let world = try StandingWorld(folder: folder)
        #expect(world.standings.book.tenants.map { $0.id } == ["gamma"])
        #expect(world.at("gamma/care") == "shadow")
        _ = try world.standings.removeTenant("gamma", order: ActOrder(actor: "me"))
        #expect(world.standings.book.tenants.isEmpty)
    }

    @Test func `a power cut behind any file call loses no acknowledged act`() throws {
        var cut = 0
        var isOver = false
        while !isOver {
            let faults = StateFaults()
            let world = try StandingWorld(operations: faults.operations)
            faults.budget.withLock { $0 = cut }
            // What was acknowledged before the power went, in order.
            var expected = "legacy"
            let script = ["shadow", "legacy", "shadow", "live", "legacy", "shadow"]
            for word in script {
                if word == "legacy" {
                    // The store is locked, so that the journal alone has the rollback.
                    let other = try SQLiteConnection.open(
                        path: world.database,
                        busyMilliseconds: 10
                    )
                    try other.execute("BEGIN IMMEDIATE")
                    let change = try world.rollback("acme/care")
                    if change.recorded != .notRecorded { expected = word }
                    // The picture that the disk shows if the power goes now.
                    try Self.check(world, expected, cut, other: change.recorded)
                    try other.execute("ROLLBACK")
                    _ = world.storeCaughtUp()
                } else if (try? world.flip("acme/care", word)) != nil {
                    expected = word
                    try Self.check(world, expected, cut, other: .store)
                }
            }
            isOver = !faults.isCut
            cut += 1
        }
        #expect(cut > 8)
    }

    /// Starts again from a copy of the files as they are now.
    private static func check(
        _ world: StandingWorld,
        _ expected: String,
        _ cut: Int,
        other: Recorded
    ) throws {
        guard other != .notRecorded else { return }
        let again = try StandingWorld(folder: StandingWorld.copy(world.folder))
        #expect(again.at("acme/care") == expected, "cut \(cut)")
        #expect(again.storeCaughtUp(), "cut \(cut)")
        #expect(try again.verify().isIntact, "cut \(cut)")
    }
}
