// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@testable import Migration

/// SplitMix64: the same sequence in every run.
private struct Words {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var word = self.state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}

@Suite("Choosing endpoints")
struct BalanceTests {
    @Test func `two choices differ, and every pair is as likely as any other`() {
        var words = Words(state: 1)
        for count in [2, 3, 7] as [UInt32] {
            var seen: [[UInt32]: Int] = [:]
            let draws = 42_000
            for _ in 0..<draws {
                let pair = twoChoices(words.next(), of: count)
                #expect(pair.first < count && pair.second < count)
                #expect(pair.first != pair.second)
                seen[[pair.first, pair.second], default: 0] += 1
            }
            let pairs = Int(count * (count - 1))
            #expect(seen.count == pairs)
            for (pair, times) in seen {
                let expected = Double(draws) / Double(pairs)
                #expect(abs(Double(times) - expected) < 6 * expected.squareRoot(), "\(pair)")
            }
        }
    }

    @Test func `the less loaded of two holds the fullest far below a single draw's`() {
        func fullest(choices: Int) -> Int {
            var words = Words(state: 7)
            var loads = Array(repeating: UInt32(0), count: 100)
            for _ in 0..<10_000 {
                let pair = twoChoices(words.next(), of: 100)
                let isSecond =
                    choices == 2
                    && isLessLoaded(
                        loads[Int(pair.second)],
                        percent: 100,
                        than: loads[Int(pair.first)],
                        percent: 100
                    )
                loads[Int(isSecond ? pair.second : pair.first)] += 1
            }
            return Int(loads.max() ?? 0)
        }
        #expect(fullest(choices: 2) <= 105)
        #expect(fullest(choices: 1) >= 115)
    }

    @Test func `who starts slowly must have much less to do to be chosen`() {
        let rows: [(UInt32, UInt32, UInt32, UInt32, Bool)] = [
            // second's load and percent, first's, and whether the second is chosen
            (0, 100, 1, 100, true), (1, 100, 1, 100, false), (0, 10, 1, 100, false),
            (0, 10, 9, 100, false), (0, 10, 10, 100, true), (5, 100, 0, 10, true),
        ]
        for row in rows {
            #expect(
                isLessLoaded(row.0, percent: row.1, than: row.2, percent: row.3) == row.4,
                "\(row)"
            )
        }
    }

    @Test func `a slow start grows evenly from a tenth to the whole share`() {
        let rows: [(now: UInt64, since: UInt64, time: UInt32, percent: UInt32)] = [
            (1_000, 0, 10_000, 100), (1_000, 1_000, 0, 100), (1_000, 1_000, 10_000, 10),
            (900, 1_000, 10_000, 10), (2_000, 1_000, 10_000, 10), (6_000, 1_000, 10_000, 50),
            (10_999, 1_000, 10_000, 99), (11_000, 1_000, 10_000, 100),
        ]
        for row in rows {
            let percent = slowStartPercent(
                nowMilliseconds: row.now,
                since: row.since,
                slowStartMilliseconds: row.time
            )
            #expect(percent == row.percent, "\(row)")
        }
    }

    @Test func `ejections double up to the longest one, and never the last is ejected`() {
        let times = (0...20).map { ejectionMilliseconds(first: 30_000, earlier: $0) }
        #expect(Array(times.prefix(5)) == [30_000, 60_000, 120_000, 240_000, 300_000])
        #expect(times[20] == 300_000)
        #expect(ejectionMilliseconds(first: 600_000, earlier: 3) == 600_000)
        let rows: [(count: Int, share: UInt32, ejectable: Int)] = [
            (1, 10_000, 0), (2, 5_000, 1), (3, 5_000, 1), (4, 5_000, 2), (10, 1_000, 1),
            (10, 500, 1), (10, 0, 0), (3, 10_000, 3),
        ]
        for row in rows {
            #expect(
                ejectableCount(of: row.count, atMostPermyriad: row.share) == row.ejectable,
                "\(row)"
            )
        }
    }

    @Test func `retries stay within a fifth of the requests, or within the floor`() {
        var window = RetryWindow()
        var now: UInt64 = 1_000_000
        var made = 0
        func retry() {
            guard window.hasRoom(nowMilliseconds: now, permyriad: 2_000, floor: 10) else { return }
            window.countRetry()
            made += 1
        }
        for _ in 0..<1_000 { retry() }
        #expect(made == 10, "the floor")
        for _ in 0..<1_000 { window.countRequest(nowMilliseconds: now) }
        for _ in 0..<1_000 { retry() }
        #expect(made == 200, "a fifth")
        // Half a window later the counts still stand, a whole one later they are gone.
        now += UInt64(Limits.retryWindowMilliseconds / 2)
        retry()
        #expect(made == 200)
        now += UInt64(Limits.retryWindowMilliseconds)
        retry()
        #expect(made == 201)
    }
}
