// SPDX-License-Identifier: Apache-2.0

import Foundation

/// SplitMix64: the same draws on every machine and in every run.
struct SimulationRandom {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// In 0 ..< 1.
    mutating func unit() -> Double { Double(self.next() >> 11) * 0x1p-53 }

    /// Trials until one of this chance is hit, that one included.
    mutating func trialsUntilHit(_ chance: Double) -> UInt64 {
        UInt64(max(1, min(1e15, (log(1 - self.unit()) / log1p(-chance)).rounded(.up))))
    }
}
