// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@Suite("Sparse tables")
struct SharedWordsTests {
    @Test func `an arena is zero, keeps what is stored, and costs only touched pages`() {
        // 512 GiB of addresses: more than any machine here has.
        var arena = SparseArena<UInt64>(capacity: 1 << 36)
        let last = (1 << 36) - 1
        let before = arena[last]
        arena[last] = 7
        let after = arena[last]
        #expect(before == 0 && after == 7)
    }

    @Test func `of many who want a word one gets it`() async {
        let words = SharedWords(capacity: 4)
        let winners = await withTaskGroup(of: Bool.self) { group in
            for name in 1...50 {
                group.addTask {
                    var expected: UInt64 = 0
                    return words.view.compareExchange(2, &expected, UInt64(name))
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(winners == 1)
        #expect(words.view.load(2) > 0 && words.view.load(1) == 0)
    }

    @Test func `a failed exchange tells what stands there`() {
        let words = SharedWords(capacity: 1)
        words.view.publish(0, 5)
        var expected: UInt64 = 4
        #expect(!words.view.compareExchange(0, &expected, 9))
        #expect(expected == 5)
        words.view.add(0, 3)
        #expect(words.view.peek(0) == 8)
    }
}
