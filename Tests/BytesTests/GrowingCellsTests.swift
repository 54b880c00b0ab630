// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@Suite("Growing cells")
struct GrowingCellsTests {
    @Test func `elements stay in order while the list grows`() {
        var cells = GrowingCells<Int32>()
        #expect(cells.isEmpty)
        for value in 0..<1_000 { cells.append(Int32(value)) }
        #expect(cells.count == 1_000)
        for index in 0..<1_000 { #expect(cells[index] == Int32(index)) }
    }

    @Test func `a cell is written in place`() {
        var cells = GrowingCells<Int32>()
        for value in 0..<20 { cells.append(Int32(value)) }
        cells[19] += 100
        #expect(cells[19] == 119 && cells[18] == 18)
    }

    @Test func `what was cut off is not there any more, and the list is of use again`() {
        var cells = GrowingCells<Int32>()
        for value in 0..<100 { cells.append(Int32(value)) }
        cells.truncate(to: 3)
        #expect(cells.count == 3)
        cells.append(7)
        #expect(cells[3] == 7)
        for kept in [0, 1_000] {
            cells.removeAll(keepingUpTo: kept)
            #expect(cells.isEmpty)
            cells.append(5)
            #expect(cells[0] == 5 && cells.count == 1)
        }
    }
}
