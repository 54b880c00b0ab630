// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@Suite("Growing cells")
struct GrowingCellsTests {
    @Test func `elements stay in order while the list grows`() {
        var cells = GrowingCells<Int32>()
        let isEmpty = cells.isEmpty
        #expect(isEmpty)
        for value in 0..<1_000 { cells.append(Int32(value)) }
        let count = cells.count
        #expect(count == 1_000)
        for index in 0..<1_000 {
            let value = cells[index]
            #expect(value == Int32(index))
        }
    }

    @Test func `a cell is written in place`() {
        var cells = GrowingCells<Int32>()
        for value in 0..<20 { cells.append(Int32(value)) }
        cells[19] += 100
        let (last, before) = (cells[19], cells[18])
        #expect(last == 119 && before == 18)
    }

    @Test func `what was cut off is not there any more, and the list is of use again`() {
        var cells = GrowingCells<Int32>()
        for value in 0..<100 { cells.append(Int32(value)) }
        cells.truncate(to: 3)
        let left = cells.count
        cells.append(7)
        let added = cells[3]
        #expect(left == 3 && added == 7)
        for kept in [0, 1_000] {
            cells.removeAll(keepingUpTo: kept)
            let isEmpty = cells.isEmpty
            cells.append(5)
            let (first, count) = (cells[0], cells.count)
            #expect(isEmpty && first == 5 && count == 1)
        }
    }
}
