// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Bytes

@Suite("Block pool")
struct BlockPoolTests {
    @Test func `long blocks lie behind the others and do not overlap`() throws {
        var pool = BlockPool(capacity: 2, longCapacity: 2)
        let block = try #require(pool.take())
        let first = try #require(pool.takeLong())
        let second = try #require(pool.takeLong())
        #expect(pool.takeLong() == nil)
        #expect(!pool.isLong(block) && pool.isLong(first) && pool.isLong(second))
        #expect(!pool.isLong(.none))
        #expect(pool.bytes(of: block) == Limits.blockBytes)
        #expect(pool.bytes(of: first) == Limits.longBlockBytes)
        #expect(second >= first + BlockIndex(Limits.longBlockBytes / Limits.blockBytes))
        #expect(pool.window(second, 0, Limits.longBlockBytes).count == Limits.longBlockBytes)
    }

    @Test func `a long block counts as the blocks that it is as long as, and comes back`() throws {
        var pool = BlockPool(capacity: 4, longCapacity: 1)
        let long = try #require(pool.takeLong())
        #expect(pool.used == Limits.longBlockBytes / Limits.blockBytes)
        pool.give(long)
        #expect(pool.used == 0)
        #expect(pool.takeLong() == long)
        #expect(pool.take() == 0)
    }
}
