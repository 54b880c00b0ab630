// SPDX-License-Identifier: Apache-2.0
import Foundation
import Migration
import Testing

@testable import Store

@Suite("Journal")
struct JournalTests {
    private static func entry(_ generation: UInt64) -> JournalEntry {
        var before = StandingRecord(cell: CellName(tenant: "acme", migration: "virtual-care"))
        before.resume = .standing(Standing(.shadow))
        var after = before
        after.standing = Standing(.live, share: Share(permyriad: 500) ?? .all)
        after.generation = generation
        after.reason = "ä reason"
        var act = Act(
            .flip,
            generation: generation,
            timeMilliseconds: 1_000 + generation,
            actor: "uid 1",
            reason: "r",
            cells: [CellAct(before: before, after: after)]
        )
        act.tenant = StoredTenant(
            id: "t",
            labels: ["wave": "1"],
            hosts: ["a.example"],
            aliases: []
        )
        act.divergences = [before.cell]
        return JournalEntry(act: act, head: AuditHead(count: generation, hash: .zero))
    }

    @Test func `what was appended is read back after opening again`() throws {
        let folder = TemporaryFolder()
        do {
            var journal = try Journal(folder: folder.path, bytes: 65_536)
            let isNew = journal.isFresh && journal.entries.isEmpty
            #expect(isNew)
            for generation in 1...5 { try journal.append(Self.entry(UInt64(generation))) }
        }
        let journal = try Journal(folder: folder.path, bytes: 65_536)
        let (entries, isFresh) = (journal.entries, journal.isFresh)
        #expect(entries == (1...5).map { Self.entry($0) })
        #expect(!isFresh)
    }

    @Test func `a full journal says so, and compaction makes room`() throws {
        let folder = TemporaryFolder()
        var journal = try Journal(folder: folder.path, bytes: 8_192)
        var generation: UInt64 = 0
        var error: StoreError?
        while error == nil {
            error = Self.append(generation + 1, to: &journal)
            if error == nil { generation += 1 }
        }
        #expect(error == .journalFull)
        let hasFailed = journal.hasFailed
        #expect(generation > 3 && !hasFailed)
        try journal.compact(keeping: [Self.entry(generation)])
        try journal.append(Self.entry(generation + 1))
        _ = consume journal
        let again = try Journal(folder: folder.path, bytes: 8_192)
        let found = again.entries
        #expect(found == [Self.entry(generation), Self.entry(generation + 1)])
    }

    /// The error of an append, as a value.
    private static func append(_ generation: UInt64, to journal: inout Journal) -> StoreError? {
        do throws(StoreError) {
            try journal.append(self.entry(generation))
            return nil
        } catch {
            return error
        }
    }

    @Test func `a failing sync is never acknowledged, and nothing after it`() throws {
        let folder = TemporaryFolder()
        let plan = FaultPlan()
        var journal = try Journal(
            folder: folder.path,
            bytes: 65_536,
            operations: plan.operations
        )
        #expect(Self.append(1, to: &journal) == nil)
        plan.fault.withLock { $0 = .syncs }
        #expect(Self.append(2, to: &journal) == .file(FileError(.sync, EIO)))
        plan.fault.withLock { $0 = nil }
        #expect(Self.append(3, to: &journal) == .journalFailed)
        let hasFailed = journal.hasFailed
        #expect(hasFailed)
    }

    @Test func `a full disk does not matter once the journal is there`() throws {
        let folder = TemporaryFolder()
        let plan = FaultPlan()
        var journal = try Journal(
            folder: folder.path,
            bytes: 65_536,
            operations: plan.operations
        )
        plan.fault.withLock { $0 = .full }
        for generation in 1...20 { try journal.append(Self.entry(UInt64(generation))) }
        try journal.compact(keeping: [Self.entry(20)])
        let other = folder.path + "/other"
        #expect(throws: StoreError.file(FileError(.write, ENOSPC))) {
            _ = try Journal(folder: other, bytes: 65_536, operations: plan.operations)
        }
    }

    @Test func `a power cut at any call loses no acknowledged record`() throws {
        var cut = 0
        var isOver = false
        while !isOver {
            let folder = TemporaryFolder()
            let plan = FaultPlan()
            var acknowledged: [JournalEntry] = []
            do {
                var journal = try Journal(
                    folder: folder.path,
                    bytes: 8_192,
                    operations: plan.operations
                )
                plan.calls.withLock { $0 = 0 }
                plan.fault.withLock { $0 = .dead(after: cut) }
                do {
                    for generation in 1...4 {
                        try journal.append(Self.entry(UInt64(generation)))
                        acknowledged.append(Self.entry(UInt64(generation)))
                    }
                    // From here on entries 1 and 2 are in a saved copy.
                    acknowledged = Array(acknowledged.suffix(2))
                    try journal.compact(keeping: acknowledged)
                    for generation in 5...7 {
                        try journal.append(Self.entry(UInt64(generation)))
                        acknowledged.append(Self.entry(UInt64(generation)))
                    }
                    isOver = true
                } catch {}
            }
            let again = try Journal(folder: folder.path, bytes: 8_192)
            let entries = again.entries
            let found = entries.map { $0.act.generation }
            for entry in acknowledged {
                #expect(entries.contains(entry), "cut after call \(cut)")
            }
            #expect(found == found.sorted() && Set(found).count == found.count, "cut \(cut)")
            cut += 1
        }
        #expect(cut > 15)
    }

    @Test func `damaged bytes never crash and never yield a record that was not written`() throws {
        let folder = TemporaryFolder()
        do {
            var journal = try Journal(folder: folder.path, bytes: 8_192)
            for generation in 1...9 { try journal.append(Self.entry(UInt64(generation))) }
            try journal.compact(keeping: (6...9).map { Self.entry($0) })
            for generation in 10...11 { try journal.append(Self.entry(UInt64(generation))) }
        }
        let names = ["journal.0", "journal.1"]
        let good = names.map { FileManager.default.contents(atPath: folder.file($0)) ?? Data() }
        let written = Set((1...11).map { Self.entry($0) })
        var random = SystemRandomNumberGenerator()
        for round in 0..<300 {
            for (name, bytes) in zip(names, good) {
                var data = bytes
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    let at = Int.random(in: 0..<min(data.count, 2_600), using: &random)
                    data[at] = UInt8.random(in: 0...255, using: &random)
                }
                if Bool.random(using: &random) {
                    data = data.prefix(Int.random(in: 0...data.count, using: &random))
                }
                try data.write(to: URL(fileURLWithPath: folder.file(name)))
            }
            var journal = try Journal(folder: folder.path, bytes: 8_192)
            let found = journal.entries
            #expect(written.isSuperset(of: found), "round \(round)")
            let generations = found.map { $0.act.generation }
            #expect(generations == generations.sorted(), "round \(round)")
            // What is appended on top is there, and nothing stale comes back behind it.
            if Self.append(50, to: &journal) == .journalFull { continue }
            _ = consume journal
            let again = try Journal(folder: folder.path, bytes: 8_192)
            let after = again.entries
            #expect(after == found + [Self.entry(50)], "round \(round)")
        }
    }
}

@Suite("Last known good")
struct LastKnownGoodTests {
    private static func state(_ generation: UInt64) -> SavedState {
        var state = SavedState()
        state.generation = generation
        state.head = AuditHead(count: generation, hash: Digest(of: [1]))
        state.standings = [
            StandingRecord(
                cell: CellName(tenant: "*", migration: "m"),
                standing: Standing(.gone),
                generation: generation
            )
        ]
        state.tenants = [StoredTenant(id: "a", labels: [:], hosts: [], aliases: ["b"])]
        return state
    }

    @Test func `the copy comes back, and the one before when it is damaged`() throws {
        let folder = TemporaryFolder()
        let copy = LastKnownGood(folder: folder.path)
        #expect(copy.load().state == nil)
        try copy.save(Self.state(1))
        try copy.save(Self.state(2))
        #expect(copy.load().state == Self.state(2))
        var bytes = FileManager.default.contents(atPath: folder.file("standings")) ?? Data()
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: folder.file("standings")))
        #expect(copy.load().state == Self.state(1))
        #expect(copy.load().isCurrentDamaged)
    }

    @Test func `a power cut at any call leaves a whole copy`() throws {
        var cut = 0
        var isOver = false
        while !isOver {
            let folder = TemporaryFolder()
            let plan = FaultPlan()
            let copy = LastKnownGood(folder: folder.path, operations: plan.operations)
            try copy.save(Self.state(1))
            plan.calls.withLock { $0 = 0 }
            plan.fault.withLock { $0 = .dead(after: cut) }
            isOver = (try? copy.save(Self.state(2))) != nil
            let found = LastKnownGood(folder: folder.path).load().state
            #expect(found == Self.state(1) || found == Self.state(2), "cut \(cut)")
            if isOver { #expect(found == Self.state(2)) }
            cut += 1
        }
        #expect(cut >= 5)
    }
}
