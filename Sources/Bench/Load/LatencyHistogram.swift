// SPDX-License-Identifier: Apache-2.0

/// Latencies by whole microseconds up to 0.1 s; longer ones count as 0.1 s.
struct LatencyHistogram {
    private var counts = [UInt32](repeating: 0, count: 100_001)
    private(set) var total = 0

    mutating func add(nanoseconds: UInt64) {
        self.counts[min(Int(nanoseconds / 1_000), self.counts.count - 1)] += 1
        self.total += 1
    }

    mutating func clear() { self = LatencyHistogram() }

    /// Microseconds that `share` (0 to 1) of the latencies do not exceed; 0 when there are none.
    func microseconds(atShare share: Double) -> Double {
        let wanted = Int((Double(self.total) * share).rounded(.up))
        var seen = 0
        for (microseconds, count) in self.counts.enumerated() {
            seen += Int(count)
            if seen >= wanted { return Double(microseconds) }
        }
        return 0
    }
}
