// SPDX-License-Identifier: Apache-2.0

internal import Parity

/// Counts as bytes: unsigned LEB128, so that a quiet tenant costs a few dozen bytes a row.
enum ParityCodec {
    /// Each count in order, the list's length first.
    static func bytes(_ counts: [UInt64]) -> [UInt8] {
        var result: [UInt8] = []
        self.append(UInt64(counts.count), &result)
        for count in counts { self.append(count, &result) }
        return result
    }

    /// The counts of ``bytes(_:)``; missing ones (a longer list by a later version) are 0.
    static func counts(_ bytes: [UInt8], atLeast least: Int) -> [UInt64] {
        var index = 0
        let length = Int(clamping: self.next(bytes, &index))
        var counts: [UInt64] = []
        while counts.count < length, index < bytes.count {
            counts.append(self.next(bytes, &index))
        }
        while counts.count < least { counts.append(0) }
        return counts
    }

    /// A histogram's cells: differences of cell numbers, and counts.
    static func bytes(_ histogram: ParityHistogram) -> [UInt8] {
        var result: [UInt8] = []
        var last: UInt16 = 0
        for (cell, count) in histogram.cells.sorted(by: { $0.key < $1.key }) {
            self.append(UInt64(cell - last), &result)
            self.append(count, &result)
            last = cell
        }
        return result
    }

    /// The histogram of ``bytes(_:)``.
    static func histogram(_ bytes: [UInt8]) -> ParityHistogram {
        var histogram = ParityHistogram()
        var index = 0
        var cell: UInt64 = 0
        while index < bytes.count {
            // Wrapping: a damaged cell is a wrong number, never a stopped edge.
            cell &+= self.next(bytes, &index)
            let count = self.next(bytes, &index)
            if let number = UInt16(exactly: cell) { histogram.cells[number, default: 0] &+= count }
        }
        return histogram
    }

    private static func append(_ value: UInt64, _ bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func next(_ bytes: [UInt8], _ index: inout Int) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while index < bytes.count, shift < 64 {
            let byte = bytes[index]
            index += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { break }
            shift += 7
        }
        return value
    }
}
