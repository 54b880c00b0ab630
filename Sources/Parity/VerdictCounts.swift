// SPDX-License-Identifier: Apache-2.0

/// Sums of several tenants x operations, as a verdict needs them.
struct VerdictCounts {
    var matches: UInt64 = 0
    /// All mismatches, those that count in no gate too.
    var mismatches: UInt64 = 0
    var gateMismatches: UInt64 = 0
    var modernFailed: UInt64 = 0
    var legacyFailed: UInt64 = 0
    var bothFailed: UInt64 = 0
    var raced: UInt64 = 0
    /// Not compared, for a reason that could hide a mismatch.
    var hidden: UInt64 = 0
    /// Not compared, for a reason known before modern was asked.
    var excused: UInt64 = 0
    var zeroTolerance: UInt64 = 0
    var legacyErrors: UInt64 = 0
    var modernErrors: UInt64 = 0
    var bothErrors: UInt64 = 0
    var first = Int64.max
    var last = Int64.min
    /// No row contradicted itself and no sum overflowed.
    var isSound = true

    /// Comparisons: n of gate 1.
    var comparisons: UInt64 { self.sum(self.matches, self.mismatches, self.modernFailed) }
    /// Mismatches that count: x of gate 1.
    var failures: UInt64 { self.sum(self.gateMismatches, self.modernFailed) }
    /// Exchanges in which both were asked.
    var exchanges: UInt64 { self.sum(self.comparisons, self.legacyFailed, self.bothFailed) }
    /// Everything that was sampled.
    var all: UInt64 { self.sum(self.exchanges, self.raced, self.sum(self.hidden, self.excused)) }

    /// Adds one row.
    mutating func add(_ row: ParityTotals) {
        guard row.outcomes.count == ObservationOutcome.allCases.count,
            row.gateMismatches <= row[.mismatch]
        else {
            self.isSound = false
            return
        }
        self.isSound = added(row[.match], to: &self.matches) && self.isSound
        self.isSound = added(row[.mismatch], to: &self.mismatches) && self.isSound
        self.isSound = added(row.gateMismatches, to: &self.gateMismatches) && self.isSound
        self.isSound = added(row[.modernFailed], to: &self.modernFailed) && self.isSound
        self.isSound = added(row[.legacyFailed], to: &self.legacyFailed) && self.isSound
        self.isSound = added(row[.bothFailed], to: &self.bothFailed) && self.isSound
        self.isSound = added(row[.raced], to: &self.raced) && self.isSound
        self.isSound = added(row.zeroTolerance, to: &self.zeroTolerance) && self.isSound
        self.isSound = added(row.legacyErrors, to: &self.legacyErrors) && self.isSound
        self.isSound = added(row.modernErrors, to: &self.modernErrors) && self.isSound
        self.isSound = added(row.bothErrors, to: &self.bothErrors) && self.isSound
        self.addUnobserved(row)
        if row.lastUnixMilliseconds != 0 {
            self.first = min(self.first, row.firstUnixMilliseconds)
            self.last = max(self.last, row.lastUnixMilliseconds)
        }
    }

    private mutating func addUnobserved(_ row: ParityTotals) {
        var named: UInt64 = 0
        for (index, count) in row.unobserved.enumerated() {
            let reason = UInt8(exactly: index).flatMap { UnobservedReason(rawValue: $0) }
            // 0 is "it was compared"; who counts an unobserved one there has no reason for it.
            guard index != 0, reason != .repeated, count > 0 else { continue }
            named = self.sum(named, count)
            if reason?.couldHideMismatch == false {
                self.isSound = added(count, to: &self.excused) && self.isSound
            } else {
                self.isSound = added(count, to: &self.hidden) && self.isSound
            }
        }
        // Counted without a reason: the worst one.
        if row[.unobserved] > named {
            self.isSound = added(row[.unobserved] - named, to: &self.hidden) && self.isSound
        }
        if named == .max { self.isSound = false }
    }

    private func sum(_ counts: UInt64...) -> UInt64 {
        counts.reduce(0) { total, count in
            let (sum, overflows) = total.addingReportingOverflow(count)
            return overflows ? .max : sum
        }
    }
}

extension UnobservedReason {
    /// Whether what was not compared for this reason might have been a mismatch that modern caused.
    ///
    /// False where the reason was known from the request or from the client's own answer, before
    /// modern's could tell: leaving those out makes fewer comparisons, not better ones.
    public var couldHideMismatch: Bool {
        switch self {
        case .repeated, .conditional, .answeredByBanyan, .settling, .clientAborted, .stream: false
        case .none, .diverged, .queueFull, .bodyTooLarge, .requestTooLarge, .breakerOpen, .draining,
            .undecodable, .budget, .edgeStopped, .otherBuild, .rescued:
            true
        }
    }
}

/// Adds to a total; false, and nothing added, when it would be more than 2⁶⁰ (so that sums of a few
/// totals do not overflow either).
private func added(_ count: UInt64, to total: inout UInt64) -> Bool {
    let (sum, overflows) = total.addingReportingOverflow(count)
    guard !overflows, sum < 1 << 60 else { return false }
    total = sum
    return true
}
