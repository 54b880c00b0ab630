// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@Suite("Handle ring")
struct HandleRingTests {
    @Test func `first in is first out, many times round`() {
        var ring = HandleRing(capacity: 3)
        var expected: UInt32 = 0
        var next: UInt32 = 0
        for turn in 0..<100 {
            for _ in 0..<(turn % 3 + 1) {
                ring.append(Handle(index: next, serial: 1))
                next += 1
            }
            while let handle = ring.popFirst() {
                #expect(handle.index == expected)
                expected += 1
            }
        }
        let isEmpty = ring.isEmpty
        #expect(isEmpty && expected == next)
    }
}
