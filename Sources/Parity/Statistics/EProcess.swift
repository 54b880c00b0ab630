// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Tests of a rate that may be looked at as often as one likes (parity.md f2).
///
/// Each function gives ln E of x hits in n trials. E is a wealth that is 1 on average at most when
/// the hypothesis is true, so E ≥ 1/α happens with at most the chance α over all looks together
/// (Ville). What cannot be computed (x > n, a rate outside (0, 1), NaN) is NaN, and NaN is never
/// ≥ anything.
public enum EProcess {
    /// Weight of the point "perfect" in ``logMix(_:of:limit:)``.
    public static let perfectWeight = 0.5

    /// Against "the rate is `limit` or more": large means that it is lower (GO).
    ///
    /// Mixture over rates, uniform in (0, limit).
    public static func logDown(_ hits: UInt64, of trials: UInt64, limit: Double) -> Double {
        guard let chance = Chance(limit), hits <= trials else { return .nan }
        return self.logDown(Double(hits), Double(trials), chance)
    }

    /// Against "the rate is `limit` or less": large means that it is higher (alarm).
    ///
    /// Mixture over rates, uniform in (limit, 1).
    public static func logUp(_ hits: UInt64, of trials: UInt64, limit: Double) -> Double {
        guard let chance = Chance(limit), hits <= trials else { return .nan }
        return self.logDown(Double(trials - hits), Double(trials), chance.swapped)
    }

    /// ``logDown(_:of:limit:)`` with half its wealth on a rate of exactly 0.
    ///
    /// It needs 24 % fewer trials when nothing is hit, 14 % more at one hit.
    public static func logMix(_ hits: UInt64, of trials: UInt64, limit: Double) -> Double {
        guard let chance = Chance(limit), hits <= trials else { return .nan }
        return self.logMix(Double(hits), Double(trials), chance)
    }

    /// The smallest rate that ``logMix(_:of:limit:)`` rejects (``logDown(_:of:limit:)`` when not
    /// mixed): with the confidence 1 − alpha the true rate is below it, at every look.
    ///
    /// 1 when nothing can be said; NaN when the arguments are none.
    public static func upperBound(
        _ hits: UInt64,
        of trials: UInt64,
        alpha: Double,
        isMixed: Bool = true
    ) -> Double {
        guard hits <= trials, alpha > 0, alpha < 1 else { return .nan }
        return leastRejected(log(1 / alpha)) { limit in
            isMixed
                ? self.logMix(hits, of: trials, limit: limit)
                : self.logDown(hits, of: trials, limit: limit)
        }
    }

    /// The largest rate that ``logUp(_:of:limit:)`` rejects; 0 when nothing can be said.
    public static func lowerBound(_ hits: UInt64, of trials: UInt64, alpha: Double) -> Double {
        guard hits <= trials, alpha > 0, alpha < 1 else { return .nan }
        let threshold = log(1 / alpha)
        var (low, high) = (log(1e-18), 0.0)
        guard self.logUp(hits, of: trials, limit: 1e-18) >= threshold else { return 0 }
        for _ in 0..<64 {
            let middle = (low + high) / 2
            let value = self.logUp(hits, of: trials, limit: exp(middle))
            if value.isNaN { return middle > -1e-9 ? exp(low) : .nan }
            if value >= threshold { low = middle } else { high = middle }
        }
        return exp(low)
    }

    /// The fewest trials with which so many hits are enough to reject `limit` or more; `nil` when
    /// no number up to 10¹⁵ is.
    public static func trialsNeeded(
        hits: UInt64,
        limit: Double,
        alpha: Double,
        isMixed: Bool = true
    ) -> UInt64? {
        guard let chance = Chance(limit), alpha > 0, alpha < 1 else { return nil }
        let threshold = log(1 / alpha)
        return fewestTrials(atLeast: hits) { trials in
            let (x, n) = (Double(hits), Double(trials))
            let value = isMixed ? self.logMix(x, n, chance) : self.logDown(x, n, chance)
            return value >= threshold
        }
    }

    /// ln(1/p · B_p(x+1, n−x+1) / (p^x q^(n−x))).
    ///
    /// Below the mean the continued fraction is the answer itself, without anything to cancel.
    static func logDown(_ x: Double, _ n: Double, _ chance: Chance) -> Double {
        let (a, b) = (x + 1, n - x + 1)
        if chance.p < (a + 1) / (a + b + 2) {
            return chance.logQ - log(a) + log(betaFraction(a, b, chance.p))
        }
        return logIncompleteBeta(x, n, chance) - logBinomialMass(x, n, chance) - log(n + 1)
            - chance.logP
    }

    private static func logMix(_ x: Double, _ n: Double, _ chance: Chance) -> Double {
        let uniform = self.logDown(x, n, chance) + log(1 - self.perfectWeight)
        guard x == 0 else { return uniform }
        return logSum(-n * chance.logQ + log(self.perfectWeight), uniform)
    }
}

/// ln(eᵃ + eᵇ).
func logSum(_ a: Double, _ b: Double) -> Double {
    let top = max(a, b)
    guard top.isFinite else { return a.isNaN || b.isNaN ? .nan : top }
    return top + log1p(exp(min(a, b) - top))
}

/// The least number from `least` on that is enough, when all larger ones are too; `nil`: none up
/// to 10¹⁵.
func fewestTrials(atLeast least: UInt64, _ isEnough: (UInt64) -> Bool) -> UInt64? {
    guard least < 1_000_000_000_000_000 else { return nil }
    if isEnough(least) { return least }
    var low = least
    var high = max(1, least * 2)
    while !isEnough(high) {
        guard high < 1_000_000_000_000_000 else { return nil }
        (low, high) = (high, high * 2)
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2
        if isEnough(middle) { high = middle } else { low = middle }
    }
    return high
}

/// By bisection in the rate's logarithm: E grows with the rate.
func leastRejected(
    _ threshold: Double,
    _ logE: (Double) -> Double
) -> Double {
    var (low, high) = (log(1e-18), log1p(-1e-12))
    let top = logE(exp(high))
    guard !top.isNaN else { return .nan }
    guard top >= threshold else { return 1 }
    for _ in 0..<64 {
        let middle = (low + high) / 2
        let value = logE(exp(middle))
        guard !value.isNaN else { return .nan }
        if value >= threshold { high = middle } else { low = middle }
    }
    return exp(high)
}
