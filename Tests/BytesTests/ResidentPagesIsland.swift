// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: only whole blocks of a live pool are looked at or written.

import Bytes
import Glibc

let pageBytes = Int(getpagesize())

/// Pages of each block that have memory (mincore(2)).
func residentPages(_ pool: borrowing BlockPool, _ blocks: [BlockIndex]) -> [Int] {
    var counts: [Int] = []
    for block in blocks {
        var states = [UInt8](repeating: 0, count: Limits.blockBytes / pageBytes)
        // SAFETY: a block starts at a page and is whole pages long; one state for each.
        let result = unsafe mincore(pool.pointer(block), Limits.blockBytes, &states)
        precondition(result == 0, "mincore: \(errno)")
        counts.append(states.filter { $0 & 1 == 1 }.count)
    }
    return counts
}

/// Writes all of a block.
func fill(_ pool: borrowing BlockPool, _ block: BlockIndex) {
    // SAFETY: all of the block.
    _ = unsafe memset(pool.pointer(block), 7, Limits.blockBytes)
}
