// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@Suite("Block pool")
struct BlockPoolTests {
    private func take(_ pool: inout BlockPool) throws -> BlockIndex {
        let block = pool.take()
        return try #require(block)
    }

    @Test
    func `the block given back last is the one taken next, and none is left when all are used`()
        throws
    {
        var pool = BlockPool(capacity: 3)
        let blocks = try (0..<3).map { _ in try self.take(&pool) }
        #expect(Set(blocks).count == 3)
        let none = pool.take()
        #expect(none == nil)
        pool.give(blocks[2])
        pool.give(blocks[0])
        let used = pool.used
        #expect(used == 1)
        let (first, second) = (pool.take(), pool.take())
        #expect(first == blocks[0] && second == blocks[2])
    }

    @Test func `what nobody has taken since the last look goes back to the kernel, the rest stays`()
        throws
    {
        var pool = BlockPool(capacity: 16)
        let blocks = try (0..<6).map { _ in try self.take(&pool) }
        for block in blocks { fill(pool, block) }
        let whole = Limits.blockBytes / pageBytes
        for block in blocks[1...].reversed() { pool.give(block) }
        // In use since the last look: this one only begins to count.
        var hasMore = pool.trim(most: 16)
        #expect(!hasMore)
        var pages = residentPages(pool, blocks)
        #expect(pages == Array(repeating: whole, count: 6))
        let again = try self.take(&pool)
        #expect(again == blocks[1])
        pool.give(again)
        hasMore = pool.trim(most: 3)
        #expect(hasMore)
        hasMore = pool.trim(most: 3)
        #expect(!hasMore)
        // 0 is in use, 1 was taken meanwhile.
        pages = residentPages(pool, blocks)
        #expect(pages == [whole, whole, 0, 0, 0, 0])
        let next = try (0..<3).map { _ in try self.take(&pool) }
        #expect(next == Array(blocks[1...3]))
        fill(pool, next[2])
        let text = pool.window(next[0], 0, 2)
        #expect(text[0] == 7 && text[1] == 7)
        let used = pool.used
        #expect(used == 4)
    }

    @Test func `what is written is read, from its place and after it was moved to the front`()
        throws
    {
        var pool = BlockPool(capacity: 2)
        let block = try self.take(&pool)
        let other = try self.take(&pool)
        var writer = pool.writer(block, from: Limits.blockBytes - 5)
        writer.append("abcdef")
        let (position, hasOverflowed) = (writer.position, writer.overflowed)
        #expect(hasOverflowed && position <= Limits.blockBytes)
        writer = pool.writer(block, from: 100)
        writer.append("hello")
        writer.append(decimal: 18_446_744_073_709_551_615)
        writer.append(hex: 0xbeef)
        let end = writer.position
        let text = pool.window(block, 100, end).text
        #expect(text.lowercased() == "hello18446744073709551615beef")
        let moved = pool.compact(block, 100, end)
        let after = pool.window(block, 0, moved).text
        #expect(after == text && other != block)
    }
}
