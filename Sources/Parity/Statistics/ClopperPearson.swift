// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Clopper and Pearson's exact bounds for one look at a number of trials fixed beforehand.
///
/// For comparison only: who looks again and again and stops when it suits gets a false GO in more
/// than a quarter of migrations (parity.md f1). Gates use ``EProcess``.
public enum ClopperPearson {
    /// Upper bound of the rate with confidence 1 − alpha, to 12 digits; NaN when x > n.
    public static func upperBound(_ hits: UInt64, of trials: UInt64, alpha: Double) -> Double {
        guard hits <= trials, alpha > 0, alpha < 1 else { return .nan }
        guard hits < trials else { return 1 }
        // I_p(x+1, n−x) in the form of logIncompleteBeta: n − 1 trials, x hits.
        let (x, n) = (Double(hits), Double(trials) - 1)
        var (low, high) = (log(1e-18), log1p(-1e-15))
        for _ in 0..<64 {
            let middle = (low + high) / 2
            guard let chance = Chance(exp(middle)) else { return .nan }
            let value = logIncompleteBeta(x, n, chance)
            guard !value.isNaN else { return .nan }
            if value >= log1p(-alpha) { high = middle } else { low = middle }
        }
        return exp(high)
    }

    /// The fewest trials with which so many hits bound the rate by `limit`; `nil`: none.
    public static func trialsNeeded(hits: UInt64, limit: Double, alpha: Double) -> UInt64? {
        guard let chance = Chance(limit), alpha > 0, alpha < 1 else { return nil }
        return fewestTrials(atLeast: hits + 1) { trials in
            logIncompleteBeta(Double(hits), Double(trials) - 1, chance) >= log1p(-alpha)
        }
    }
}
