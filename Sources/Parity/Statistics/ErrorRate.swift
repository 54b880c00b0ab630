// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Whether modern errs no more often than legacy, within a margin (parity.md f4), and whether it
/// errs so much more often that it has to go back by itself (f6).
public enum ErrorRate {
    /// Wealth (1/alpha) from which on a rollback fires by itself.
    public static let rollbackWealth = 1_000.0
    /// Bets between 2 and 98 % of the largest that cannot go bankrupt.
    private static let bets = 60

    /// ln E against "modern errs in `margin` or more of all exchanges more often than legacy", both
    /// asked the same (shadow, dual).
    ///
    /// d is +1 when modern alone erred, −1 when legacy alone did; E is the mean over bets λ of
    /// ∏(1 + λ(margin − d)). NaN when the counts contradict each other or the margin is none.
    public static func logPaired(
        modernOnly: UInt64,
        legacyOnly: UInt64,
        of exchanges: UInt64,
        margin: Double
    ) -> Double {
        let (single, overflows) = modernOnly.addingReportingOverflow(legacyOnly)
        guard !overflows, single <= exchanges, margin > 0, margin < 1 else { return .nan }
        let even = Double(exchanges - single)
        var total = -Double.infinity
        for index in 0..<self.bets {
            let part = 0.02 + 0.96 * Double(index) / Double(self.bets - 1)
            let bet = part / (1 - margin)
            let wealth =
                even * log1p(bet * margin) + Double(modernOnly) * log1p(bet * (margin - 1))
                + Double(legacyOnly) * log1p(bet * (margin + 1))
            total = logSum(total, wealth)
        }
        return total - log(Double(self.bets))
    }

    /// The opposite of ``logPaired(modernOnly:legacyOnly:of:margin:)``: ln E against "at most
    /// `margin` more often".
    public static func logPairedWorse(
        modernOnly: UInt64,
        legacyOnly: UInt64,
        of exchanges: UInt64,
        margin: Double
    ) -> Double {
        let (single, overflows) = modernOnly.addingReportingOverflow(legacyOnly)
        guard !overflows, single <= exchanges, margin > 0, margin < 1 else { return .nan }
        let even = Double(exchanges - single)
        var total = -Double.infinity
        for index in 0..<self.bets {
            let part = 0.02 + 0.96 * Double(index) / Double(self.bets - 1)
            let bet = part / (1 + margin)
            let wealth =
                even * log1p(-bet * margin) + Double(modernOnly) * log1p(bet * (1 - margin))
                + Double(legacyOnly) * log1p(-bet * (1 + margin))
            total = logSum(total, wealth)
        }
        return total - log(Double(self.bets))
    }

    /// The smallest margin that these counts reject: with the confidence 1 − alpha modern errs by
    /// less than it more often, at every look; 1: nothing can be said.
    public static func upperBound(
        modernOnly: UInt64,
        legacyOnly: UInt64,
        of exchanges: UInt64,
        alpha: Double
    ) -> Double {
        guard alpha > 0, alpha < 1 else { return .nan }
        return leastRejected(log(1 / alpha)) { margin in
            self.logPaired(
                modernOnly: modernOnly,
                legacyOnly: legacyOnly,
                of: exchanges,
                margin: margin
            )
        }
    }

    /// The fewest exchanges with which these errors are within the margin; `nil`: none.
    public static func exchangesNeeded(
        modernOnly: UInt64,
        legacyOnly: UInt64 = 0,
        margin: Double,
        alpha: Double
    ) -> UInt64? {
        let (single, overflows) = modernOnly.addingReportingOverflow(legacyOnly)
        guard !overflows, alpha > 0, alpha < 1 else { return nil }
        return fewestTrials(atLeast: single) { exchanges in
            self.logPaired(
                modernOnly: modernOnly,
                legacyOnly: legacyOnly,
                of: exchanges,
                margin: margin
            ) >= log(1 / alpha)
        }
    }

    /// The largest chance that an error is modern's, when modern serves the `share` of requests and
    /// errs at most `relativeMargin` more often than legacy: θ0.
    public static func modernErrorShare(share: Double, relativeMargin: Double) -> Double {
        guard share > 0, share < 1, relativeMargin >= 0, relativeMargin.isFinite else {
            return .nan
        }
        let modern = share * (1 + relativeMargin)
        return modern / (modern + 1 - share)
    }

    /// ln E against "modern errs by `relativeMargin` or more above legacy", each request answered
    /// by one of them; conditioned on errors, so it holds while the traffic varies.
    public static func logUnpaired(
        modernErrors: UInt64,
        legacyErrors: UInt64,
        share: Double,
        relativeMargin: Double
    ) -> Double {
        let (all, overflows) = modernErrors.addingReportingOverflow(legacyErrors)
        guard !overflows else { return .nan }
        let limit = self.modernErrorShare(share: share, relativeMargin: relativeMargin)
        return EProcess.logDown(modernErrors, of: all, limit: limit)
    }

    /// ln E against "an error is as likely modern's as a request is": what fires a rollback.
    public static func logRollback(
        modernErrors: UInt64,
        legacyErrors: UInt64,
        share: Double
    ) -> Double {
        let (all, overflows) = modernErrors.addingReportingOverflow(legacyErrors)
        return overflows ? .nan : EProcess.logUp(modernErrors, of: all, limit: share)
    }
}

/// When modern has to go back by itself (parity.md f6): statistics, and wires that do not wait for
/// them.
public struct RollbackTest: Sendable, Hashable {
    /// So many failures of modern in a row are enough.
    public var failuresInARowMax: UInt64
    /// Errors (5xx, no answer) of modern since it serves this share.
    public var modernErrors: UInt64 = 0
    /// Errors of legacy since then.
    public var legacyErrors: UInt64 = 0
    /// Failures of modern in a row, now.
    public var failuresInARow: UInt64 = 0
    /// Zero-tolerance differences, another tenant's data among them.
    public var zeroTolerance: UInt64 = 0

    /// Why it fires.
    public enum Cause: String, Sendable, Hashable {
        /// A difference of which one is too many.
        case zeroTolerance = "zero_tolerance"
        /// Too many failures in a row.
        case failuresInARow = "failures_in_a_row"
        /// Modern errs more often than its share says.
        case errorRate = "error_rate"
    }

    /// A test that has seen nothing.
    public init(failuresInARowMax: UInt64 = 10) { self.failuresInARowMax = failuresInARowMax }

    /// Counts one answer of modern.
    public mutating func addModern(isError: Bool) {
        self.modernErrors += isError ? 1 : 0
        self.failuresInARow = isError ? self.failuresInARow + 1 : 0
    }

    /// Counts one answer of legacy.
    public mutating func addLegacy(isError: Bool) { self.legacyErrors += isError ? 1 : 0 }

    /// Why modern has to go back, or `nil`; `share` is modern's part of the requests, in 0...1.
    public func cause(share: Double) -> Cause? {
        if self.zeroTolerance > 0 { return .zeroTolerance }
        if self.failuresInARow >= max(1, self.failuresInARowMax) { return .failuresInARow }
        let wealth = ErrorRate.logRollback(
            modernErrors: self.modernErrors,
            legacyErrors: self.legacyErrors,
            share: share
        )
        return wealth >= log(ErrorRate.rollbackWealth) ? .errorRate : nil
    }
}
