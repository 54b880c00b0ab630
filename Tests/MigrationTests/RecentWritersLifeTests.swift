// SPDX-License-Identifier: Apache-2.0

import Bytes
import Dispatch
import Testing

@testable import Migration

@Suite("Recent writers: life of an entry")
struct RecentWritersLifeTests {
    private let cell = CellNumber(tenant: 3, migration: 2)

    @Test func `a write counts from its beginning until settle after its end`() {
        let table = RecentWriters(slots: 64)
        let view = table.view
        let key = view.key(self.cell, epoch: 0, user: 7)
        #expect(view.side(key, nowMilliseconds: 1_000) == nil)
        #expect(view.beginWrite(key, .modern, nowMilliseconds: 1_000))
        #expect(view.side(key, nowMilliseconds: 1_000) == .modern)
        // No deadline of an exchange ends before the entry does.
        #expect(view.side(key, nowMilliseconds: 86_400_000) == .modern)
        view.endWrite(key, .modern, nowMilliseconds: 5_000, settleMilliseconds: 2_000)
        #expect(view.side(key, nowMilliseconds: 6_999) == .modern)
        #expect(view.side(key, nowMilliseconds: 7_008) == nil)
    }

    @Test func `an entry stays over when the clock has long passed it`() {
        let table = RecentWriters(slots: 64)
        let view = table.view
        let key = view.key(self.cell, epoch: 0, user: 7)
        _ = view.beginWrite(key, .modern, nowMilliseconds: 0)
        view.endWrite(key, .modern, nowMilliseconds: 0, settleMilliseconds: 2_000)
        // 25 days (half of 2^32 ms), 50 days (all of it), 199 days.
        for now in [2_150_000_000, 4_294_967_400, 17_200_000_000] as [UInt64] {
            #expect(view.side(key, nowMilliseconds: now) == nil, "\(now)")
        }
    }

    @Test func `a rollback's new epoch forgets, and other users and cells are others`() {
        let table = RecentWriters(slots: 64)
        let notes = CellNotes()
        let view = table.view
        let before = view.key(self.cell, epoch: notes.view.settleEpoch(self.cell), user: 7)
        _ = view.beginWrite(before, .modern, nowMilliseconds: 10)
        notes.view.clearWriters(self.cell)
        let after = view.key(self.cell, epoch: notes.view.settleEpoch(self.cell), user: 7)
        #expect(view.side(after, nowMilliseconds: 11) == nil)
        let other = view.key(CellNumber(tenant: 2, migration: 3), epoch: 0, user: 7)
        #expect(view.side(other, nowMilliseconds: 11) == nil)
        #expect(view.side(view.key(self.cell, epoch: 0, user: 8), nowMilliseconds: 11) == nil)
    }

    @Test func `the second of two writes at once is not cut by the end of the first`() {
        let table = RecentWriters(slots: 64)
        let view = table.view
        let key = view.key(self.cell, epoch: 0, user: 7)
        _ = view.beginWrite(key, .legacy, nowMilliseconds: 0)
        _ = view.beginWrite(key, .legacy, nowMilliseconds: 0)
        view.endWrite(key, .legacy, nowMilliseconds: 100, settleMilliseconds: 10)
        #expect(view.side(key, nowMilliseconds: 60_000) == .legacy)
        view.endWrite(key, .legacy, nowMilliseconds: 60_000, settleMilliseconds: 10)
        #expect(view.side(key, nowMilliseconds: 60_100) == nil)
    }

    @Test func `a full bucket gives up one entry, says so, and still takes the new one`() {
        let table = RecentWriters(slots: 8)
        let view = table.view
        let keys = (0..<9).map { view.key(self.cell, epoch: 0, user: UInt64($0) &* 77 + 1) }
        for (index, key) in keys.prefix(8).enumerated() {
            #expect(view.beginWrite(key, .legacy, nowMilliseconds: UInt64(index) * 100))
        }
        #expect(!view.beginWrite(keys[8], .modern, nowMilliseconds: 1_000))
        #expect(view.side(keys[8], nowMilliseconds: 1_001) == .modern)
        #expect(view.side(keys[0], nowMilliseconds: 1_001) == nil)
        #expect(view.side(keys[1], nowMilliseconds: 1_001) == .legacy)
    }

    @Test func `threads that write for the same users leave nothing in flight`() {
        let table = RecentWriters(slots: 1 << 10)
        let notes = CellNotes()
        let cell = self.cell
        let firsts = RecentWriters(slots: 8)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            let view = table.view
            for round in 0..<5_000 {
                let key = view.key(cell, epoch: 0, user: UInt64(round % 16))
                _ = view.beginWrite(key, .modern, nowMilliseconds: 1_000)
                view.endWrite(key, .modern, nowMilliseconds: 1_000, settleMilliseconds: 100)
            }
            if notes.view.markDiverged(cell) {
                let key = firsts.view.key(cell, epoch: 0, user: 1)
                // Only one thread is first, so only one write is ever begun here.
                #expect(firsts.view.side(key, nowMilliseconds: 1) == nil)
                _ = firsts.view.beginWrite(key, .modern, nowMilliseconds: 1)
            }
        }
        for user in 0..<16 {
            let key = table.view.key(cell, epoch: 0, user: UInt64(user))
            #expect(table.view.side(key, nowMilliseconds: 1_050) == .modern)
            #expect(table.view.side(key, nowMilliseconds: 2_000) == nil)
        }
        #expect(notes.view.isDiverged(cell))
        notes.view.clearDiverged(cell)
        #expect(!notes.view.isDiverged(cell))
    }
}
