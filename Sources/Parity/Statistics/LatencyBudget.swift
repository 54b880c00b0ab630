// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whether modern is slower than legacy by more than a slack (parity.md f5): a budget from legacy's
/// latencies, then the rate at which modern exceeds it.
public enum LatencyBudget {
    /// Ranks (from 1) of the order statistics between which the quantile of n latencies lies, each
    /// bound with confidence 97.5 %; `nil` where n is too small for one.
    public static func ranks(
        of count: UInt64,
        quantile: Double
    ) -> (lower: UInt64?, upper: UInt64?) {
        guard count > 0, let chance = Chance(quantile) else { return (nil, nil) }
        let enough = log(0.975)
        // P(Bin(n, q) ≥ r) = I_q(r, n−r+1) falls with r.
        func atLeast(_ rank: UInt64) -> Double {
            logIncompleteBeta(Double(rank) - 1, Double(count) - 1, chance)
        }
        // P(Bin(n, q) < r) = I_{1−q}(n−r+1, r) grows with r.
        func below(_ rank: UInt64) -> Double {
            logIncompleteBeta(Double(count - rank), Double(count) - 1, chance.swapped)
        }
        var lower: UInt64?
        if atLeast(1) >= enough {
            var (low, high) = (UInt64(1), count + 1)
            while high - low > 1 {
                let middle = low + (high - low) / 2
                if atLeast(middle) >= enough { low = middle } else { high = middle }
            }
            lower = low
        }
        var upper: UInt64?
        if below(count) >= enough {
            var (low, high) = (UInt64(0), count)
            while high - low > 1 {
                let middle = low + (high - low) / 2
                if below(middle) >= enough { high = middle } else { low = middle }
            }
            upper = high
        }
        return (lower, upper)
    }

    /// What modern may take, from a histogram of legacy's latencies: 1 + slack times the lower
    /// bound of legacy's quantile, at least `floor`, rounded up to where a cell of the histogram
    /// begins (at most 12.5 % more); `nil` while legacy has too few latencies.
    public static func budget(
        legacy: ParityHistogram,
        quantile: Double,
        slack: Double,
        floorMicroseconds: UInt32
    ) -> UInt32? {
        guard slack >= 0, slack.isFinite,
            let rank = self.ranks(of: legacy.count, quantile: quantile).lower,
            let bound = self.latency(atRank: rank, of: legacy)
        else { return nil }
        let wanted = max(Double(bound) * (1 + slack), Double(floorMicroseconds))
        return self.roundedUp(wanted)
    }

    /// The first latency at which a cell begins that is not below this one.
    static func roundedUp(_ microseconds: Double) -> UInt32 {
        guard microseconds < Double(UInt32.max) else { return .max }
        let wanted = UInt32(microseconds.rounded(.up))
        let cell = ParityHistogram.cell(ofMicroseconds: wanted)
        let start = ParityHistogram.microseconds(ofCell: cell)
        guard start < wanted else { return start }
        return cell >= self.lastCell ? .max : ParityHistogram.microseconds(ofCell: cell + 1)
    }

    private static let lastCell = ParityHistogram.cell(ofMicroseconds: .max)

    /// The latency at a rank from 1: the beginning of its cell; `nil`: there are not so many.
    public static func latency(atRank rank: UInt64, of histogram: ParityHistogram) -> UInt32? {
        var seen: UInt64 = 0
        for (cell, count) in histogram.cells.sorted(by: { $0.key < $1.key }) {
            seen += count
            if seen >= rank { return ParityHistogram.microseconds(ofCell: cell) }
        }
        return nil
    }

    /// How many latencies are at or above a budget that is the beginning of a cell.
    ///
    /// A budget within a cell counts the whole cell: worst case.
    public static func exceeding(_ budget: UInt32, in histogram: ParityHistogram) -> UInt64 {
        let first = ParityHistogram.cell(ofMicroseconds: budget)
        return histogram.cells.reduce(0) { $1.key >= first ? $0 + $1.value : $0 }
    }

    /// Half width of a band around all quantiles at once that holds at every look: for charts, far
    /// too wide for a gate (DKW with a law of the iterated logarithm; Howard, Ramdas 2022).
    ///
    /// In probability; 1 when it says nothing; NaN for an alpha outside (0, 1).
    public static func bandHalfWidth(count: UInt64, alpha: Double = 0.05) -> Double {
        guard alpha > 0, alpha < 1 else { return .nan }
        guard count > 0 else { return 1 }
        let n = Double(count)
        return min(1, 0.85 * ((log(1 + log(n)) + 0.8 * log(1612 / alpha)) / n).squareRoot())
    }
}
