// SPDX-License-Identifier: Apache-2.0
import Foundation
import Migration
import Testing

@testable import Store

@Suite("Standing store")
struct StandingStoreTests {
    static let cell = CellName(tenant: "acme", migration: "virtual-care")

    static func act(_ generation: UInt64, expecting: UInt64, stage: Stage = .live) -> Act {
        var before = StandingRecord(cell: self.cell)
        before.generation = expecting
        var after = before
        after.standing = Standing(stage)
        after.generation = generation
        return Act(
            .flip,
            generation: generation,
            timeMilliseconds: 5,
            actor: "me",
            reason: "why",
            cells: [CellAct(before: before, after: after)]
        )
    }

    /// The error of a commit, as a value.
    static func commit(_ act: Act, to store: borrowing StandingStore) -> StoreError? {
        do throws(StoreError) {
            _ = try store.commit(act)
            return nil
        } catch {
            return error
        }
    }

    static func kind(_ error: StoreError?) -> SQLiteError.Kind? {
        if case .sqlite(let failure)? = error { failure.kind } else { nil }
    }

    @Test func `a flip is there after opening again, with its entry`() throws {
        let folder = TemporaryFolder()
        do {
            let store = try StandingStore(path: folder.file("b.db"))
            let head = try store.commit(Self.act(3, expecting: 0))
            #expect(head.count == 1)
        }
        let store = try StandingStore(path: folder.file("b.db"))
        let state = try store.state()
        #expect(state.generation == 3)
        #expect(state.standings.map { $0.standing } == [Standing(.live)])
        let isThere = try store.hasAudit(of: 3)
        #expect(isThere)
        let line = try AuditReader(path: folder.file("b.db")).tail(5)
        #expect(
            String(decoding: line[0].entry, as: UTF8.self)
                == "{\"actor\":\"me\",\"cells\":[{\"after\":{\"frozen\":false,"
                + "\"permyriad\":10000,\"stage\":\"live\"},\"before\":{\"frozen\":false},"
                + "\"cell\":\"acme/virtual-care\",\"expected\":0}],\"generation\":3,"
                + "\"kind\":\"flip\",\"reason\":\"why\",\"sequence\":1,\"time\":5}"
        )
    }

    @Test func `a stale generation is a conflict that names the cell, and writes nothing`() throws {
        let folder = TemporaryFolder()
        let store = try StandingStore(path: folder.file("b.db"))
        _ = try store.commit(Self.act(3, expecting: 0))
        let conflict = CellConflict(cell: Self.cell, expected: 2, found: 3)
        #expect(Self.commit(Self.act(4, expecting: 2), to: store) == .conflict(conflict))
        let state = try store.state()
        #expect(state.generation == 3 && state.head.count == 1)
    }

    @Test func `acts that are given twice are taken once, and older cells never win`() throws {
        let folder = TemporaryFolder()
        let store = try StandingStore(path: folder.file("b.db"))
        let acts = [Self.act(5, expecting: 0, stage: .modern), Self.act(4, expecting: 0)]
        _ = try store.absorb(acts, isLate: true)
        let head = try store.absorb(acts, isLate: true)
        #expect(head.count == 2)
        let state = try store.state()
        #expect(state.standings[0].standing == Standing(.modern))
    }

    @Test func `a store of a later version is refused and left alone`() throws {
        let folder = TemporaryFolder()
        _ = try StandingStore(path: folder.file("b.db"))
        do {
            let raw = try SQLiteConnection.open(path: folder.file("b.db"), busyMilliseconds: 10)
            try raw.execute("PRAGMA user_version = 9")
        }
        #expect(throws: StoreError.schemaNewer(found: 9, known: 1)) {
            _ = try StandingStore(path: folder.file("b.db"))
        }
    }

    @Test func `a lock held elsewhere is told as such, soon`() throws {
        let folder = TemporaryFolder()
        let store = try StandingStore(path: folder.file("b.db"), busyMilliseconds: 20)
        let other = try SQLiteConnection.open(path: folder.file("b.db"), busyMilliseconds: 10)
        try other.execute("BEGIN IMMEDIATE")
        #expect(Self.kind(Self.commit(Self.act(3, expecting: 0), to: store)) == .locked)
        try other.execute("ROLLBACK")
        #expect(Self.commit(Self.act(3, expecting: 0), to: store) == nil)
    }

    @Test func `a full file undoes the transaction, and the next one stands`() throws {
        let folder = TemporaryFolder()
        let store = try StandingStore(path: folder.file("b.db"))
        try store.limitPages(to: 1)
        var generation: UInt64 = 0
        var error: StoreError?
        while error == nil, generation < 2_000 {
            var act = Self.act(generation + 1, expecting: generation)
            act.reason = String(repeating: "x", count: 2_000)
            error = Self.commit(act, to: store)
            if error == nil { generation += 1 }
        }
        #expect(Self.kind(error) == .full)
        let state = try store.state()
        #expect(state.generation == generation)
        try store.limitPages(to: 1_000_000)
        let next = Self.act(generation + 1, expecting: generation)
        #expect(Self.commit(next, to: store) == nil)
    }

    @Test func `a file that is no database is told as corrupt`() throws {
        let folder = TemporaryFolder()
        try Data(repeating: 7, count: 9_000).write(to: URL(fileURLWithPath: folder.file("b.db")))
        #expect(throws: StoreError.sqlite(SQLiteError(code: 26))) {
            _ = try StandingStore(path: folder.file("b.db"))
        }
    }

    @Test func `a write-ahead log cut anywhere behind an acknowledged flip keeps it`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("b.db")
        let store = try StandingStore(path: path)
        var sizes: [Int] = []
        for generation in 1...4 {
            _ = try store.commit(
                Self.act(UInt64(generation), expecting: UInt64(generation - 1))
            )
            sizes.append((FileManager.default.contents(atPath: path + "-wal") ?? Data()).count)
        }
        let database = FileManager.default.contents(atPath: path) ?? Data()
        let log = FileManager.default.contents(atPath: path + "-wal") ?? Data()
        #expect(sizes == sizes.sorted() && sizes[3] == log.count)
        for acknowledged in 0..<3 {
            for cut in stride(from: sizes[acknowledged], to: sizes[acknowledged + 1], by: 1_031) {
                let copy = TemporaryFolder()
                try database.write(to: URL(fileURLWithPath: copy.file("b.db")))
                try log.prefix(cut).write(to: URL(fileURLWithPath: copy.file("b.db-wal")))
                let again = try StandingStore(path: copy.file("b.db"))
                let state = try again.state()
                #expect(state.generation == UInt64(acknowledged + 1), "cut \(cut)")
                let verdict = try AuditReader(path: copy.file("b.db")).verify(known: [])
                #expect(verdict.isIntact)
            }
        }
    }
}

@Suite("Audit chain")
struct AuditChainTests {
    private static func lines(_ count: Int) -> [AuditLine] {
        var lines: [AuditLine] = []
        var hash = Digest.zero
        for sequence in 1...count {
            let entry = Array("{\"sequence\":\(sequence)}".utf8)
            hash = AuditChain.hash(entry, after: hash)
            lines.append(AuditLine(sequence: UInt64(sequence), entry: entry, hash: hash))
        }
        return lines
    }

    private static func verify(_ lines: [AuditLine], known: [AuditHead] = []) -> AuditVerdict {
        var chain = AuditChain(start: .none, known: known)
        for line in lines {
            if !chain.take(line) { break }
        }
        return chain.verdict()
    }

    @Test func `every kind of tampering is found`() {
        let good = Self.lines(6)
        let head = AuditHead(count: 6, hash: good[5].hash)
        #expect(Self.verify(good, known: [head]) == .intact(first: 1, head: head))
        var edited = good
        edited[2].entry[3] ^= 1
        #expect(Self.verify(edited) == .edited(sequence: 3))
        var deleted = good
        deleted.remove(at: 2)
        #expect(Self.verify(deleted) == .gap(expected: 3, found: 4))
        var renumbered = deleted
        for i in 2..<5 { renumbered[i].sequence -= 1 }
        #expect(Self.verify(renumbered) == .edited(sequence: 3))
        var inserted = good
        inserted.insert(good[0], at: 3)
        #expect(Self.verify(inserted) == .gap(expected: 4, found: 1))
        var moved = good
        moved.swapAt(1, 2)
        #expect(Self.verify(moved) == .gap(expected: 2, found: 3))
        (moved[1].sequence, moved[2].sequence) = (2, 3)
        #expect(Self.verify(moved) == .edited(sequence: 2))
        #expect(
            Self.verify(Array(good.dropLast()), known: [head]) == .truncated(count: 5, known: 6)
        )
        #expect(Self.verify([], known: [head]) == .truncated(count: 0, known: 6))
    }

    @Test func `a chain that was written again whole is a fork of the known one`() {
        let good = Self.lines(4)
        var forged: [AuditLine] = []
        var hash = Digest.zero
        for line in good {
            let entry = line.entry + [0x20]
            hash = AuditChain.hash(entry, after: hash)
            forged.append(AuditLine(sequence: line.sequence, entry: entry, hash: hash))
        }
        #expect(Self.verify(forged).isIntact)
        let known = AuditHead(count: 2, hash: good[1].hash)
        #expect(Self.verify(forged, known: [known]) == .forked(sequence: 2))
        let other = AuditHead(count: 2, hash: forged[1].hash)
        #expect(Self.verify(good, known: [known, other]) == .forked(sequence: 2))
    }
}
