// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@Suite("Slab")
struct SlabTests {
    private func insert(_ value: Int, _ slab: inout Slab<Int>) throws -> Handle {
        let handle = slab.insert(value)
        return try #require(handle)
    }

    @Test func `a handle names its element until that is removed, and never again`() throws {
        var slab = Slab<Int>(capacity: 2)
        let first = try self.insert(10, &slab)
        slab.remove(first)
        let second = try self.insert(20, &slab)
        let (isFirstLive, isSecondLive) = (slab.isLive(first), slab.isLive(second))
        #expect(first.index == second.index && !isFirstLive && isSecondLive)
        let value = slab[second.index]
        #expect(value == 20)
    }

    @Test func `a full slab takes nothing, and again when a slot is free`() throws {
        var slab = Slab<Int>(capacity: 3)
        let handles = try (0..<3).map { number in try self.insert(number, &slab) }
        let none = slab.insert(9)
        #expect(none == nil)
        slab.remove(handles[1])
        let again = try self.insert(9, &slab)
        #expect(again.index == handles[1].index)
        let count = slab.count
        #expect(count == 3)
    }

    @Test func `no handle, a free slot and one beyond all are not live`() throws {
        var slab = Slab<Int>(capacity: 4)
        let handle = try self.insert(1, &slab)
        slab.remove(handle)
        let live = [
            slab.isLive(.none), slab.isLive(handle), slab.isLive(Handle(index: 3, serial: 1)),
            slab.handle(at: 0) != nil, slab.handle(at: 3) != nil,
        ]
        #expect(live == [false, false, false, false, false])
    }

    @Test func `a slot is found by its index while it is used`() throws {
        var slab = Slab<Int>(capacity: 4)
        let handle = try self.insert(1, &slab)
        let found = slab.handle(at: handle.index)
        #expect(found == handle)
        slab[handle.index] = 5
        let value = slab[handle.index]
        #expect(value == 5)
    }
}
