// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

@testable import Migration

@Suite("Recent writers, notes and standings")
struct RecentWritersTests {
    private static let cell = CellNumber(tenant: 3, migration: 2)

    @Test func `a write counts from its beginning to the end of settle`() {
        let table = RecentWriters(slots: 64)
        let view = table.view
        let key = view.key(Self.cell, epoch: 0, user: 77)
        #expect(view.side(key, nowMilliseconds: 1_000) == nil)
        #expect(view.beginWrite(key, .modern, nowMilliseconds: 1_000))
        #expect(view.side(key, nowMilliseconds: 200_000) == .modern, "in flight")
        view.endWrite(key, .modern, nowMilliseconds: 200_000, settleMilliseconds: 2_000)
        #expect(view.side(key, nowMilliseconds: 201_999) == .modern)
        #expect(view.side(key, nowMilliseconds: 202_000) == nil)
        #expect(view.side(view.key(Self.cell, epoch: 1, user: 77), nowMilliseconds: 201_000) == nil)
    }

    @Test func `two writes of a user count until the last has ended`() {
        let view = RecentWriters(slots: 64)
        let table = view.view
        let key = table.key(Self.cell, epoch: 0, user: 5)
        _ = table.beginWrite(key, .legacy, nowMilliseconds: 0)
        _ = table.beginWrite(key, .modern, nowMilliseconds: 10)
        table.endWrite(key, .legacy, nowMilliseconds: 20, settleMilliseconds: 100)
        #expect(table.side(key, nowMilliseconds: 5_000) != nil, "one still runs")
        table.endWrite(key, .modern, nowMilliseconds: 6_000, settleMilliseconds: 100)
        #expect(table.side(key, nowMilliseconds: 6_050) == .modern)
        #expect(table.side(key, nowMilliseconds: 6_100) == nil)
    }

    @Test func `the clock of the table may wrap`() {
        let table = RecentWriters(slots: 64)
        let now: UInt64 = 0xffff_ff00
        let key = table.view.key(Self.cell, epoch: 0, user: 9)
        _ = table.view.beginWrite(key, .modern, nowMilliseconds: now)
        table.view.endWrite(key, .modern, nowMilliseconds: now, settleMilliseconds: 2_000)
        #expect(table.view.side(key, nowMilliseconds: now + 1_999) == .modern)
        #expect(table.view.side(key, nowMilliseconds: now + 2_001) == nil)
    }

    @Test func `a full bucket gives one up and says so`() {
        let table = RecentWriters(slots: 8)
        let kept = (1...9).filter { user in
            table.view.beginWrite(
                table.view.key(Self.cell, epoch: 0, user: UInt64(user) << 8),
                .modern,
                nowMilliseconds: UInt64(user)
            )
        }
        #expect(kept.count == 8)
    }

    @Test func `writers of many threads are all found`() {
        let table = RecentWriters(slots: 1 << 16)
        let missing = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            let view = table.view
            for number in 0..<2_000 {
                let key = view.key(Self.cell, epoch: 0, user: UInt64(thread * 10_000 + number) << 8)
                _ = view.beginWrite(key, .modern, nowMilliseconds: 1)
                view.endWrite(key, .modern, nowMilliseconds: 2, settleMilliseconds: 1_000)
                if view.side(key, nowMilliseconds: 3) != .modern { missing.withLock { $0 += 1 } }
            }
        }
        #expect(missing.withLock { $0 } == 0)
    }

    @Test func `one of many threads marks a cell, every rollback counts`() {
        let notes = CellNotes()
        let firsts = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            if notes.view.markDiverged(Self.cell) { firsts.withLock { $0 += 1 } }
            for _ in 0..<1_000 { notes.view.clearWriters(Self.cell) }
        }
        #expect(firsts.withLock { $0 } == 1)
        #expect(notes.view.isDiverged(Self.cell))
        #expect(notes.view.settleEpoch(Self.cell) == 8_000)
        notes.view.clearDiverged(Self.cell)
        #expect(!notes.view.isDiverged(Self.cell) && notes.view.settleEpoch(Self.cell) == 8_000)
        #expect(!notes.view.isDiverged(CellNumber(tenant: 2, migration: 3)))
    }

    @Test func `a table takes newer deltas only, and keeps every part of a standing`() throws {
        var table = StandingTable()
        let part = try #require(Share(permyriad: 1_234))
        for (generation, standing, isFrozen, taken) in [
            (5 as UInt64, Standing(.live, share: part), false, true),
            (5, Standing(.gone), true, false), (4, Standing(.legacy), true, false),
            (6, Standing(.gone), true, true),
            (1 << 44, Standing(.shadow, share: .all), false, true),
        ] {
            let change = CellChange(cell: Self.cell, standing: standing, isFrozen: isFrozen)
            table[Self.cell].apply(change, generation: generation)
            let state = table[Self.cell]
            #expect((state.standing == standing && state.isFrozen == isFrozen) == taken)
            #expect((state.generation == generation) == (taken || generation == 5))
        }
        let gone = CellChange(cell: Self.cell, standing: nil, isFrozen: false)
        table[Self.cell].apply(gone, generation: 1 << 44 + 1)
        #expect(table[Self.cell].standing == nil)
        #expect(table[CellNumber(tenant: 2, migration: 3)].standing == nil)
    }
}
