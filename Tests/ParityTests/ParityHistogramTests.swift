// SPDX-License-Identifier: Apache-2.0

import Parity
import Testing

@Suite struct ParityHistogramTests {
    @Test func `a latency falls into a cell that begins at most an eighth below it`() {
        for value in [UInt32](0...4_096) + [65_535, 1_000_000, 60_000_000, .max] {
            let cell = ParityHistogram.cell(ofMicroseconds: value)
            let low = ParityHistogram.microseconds(ofCell: cell)
            #expect(low <= value, "\(value)")
            #expect(Double(value - low) <= Double(value) / 8, "\(value)")
            #expect(ParityHistogram.cell(ofMicroseconds: low) == cell, "\(value)")
        }
    }

    @Test func `cells grow with the latency`() {
        var last: UInt16 = 0
        for value in UInt32(0)...10_000 {
            let cell = ParityHistogram.cell(ofMicroseconds: value)
            #expect(cell == last || cell == last + 1, "\(value)")
            last = cell
        }
    }
}
