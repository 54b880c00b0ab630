// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A probability and its complement, each with all its digits, as logarithms too.
///
/// 1 − p loses what is small in p; so whoever turns a problem around swaps the two instead.
struct Chance: Sendable {
    let p: Double
    let q: Double
    let logP: Double
    let logQ: Double

    /// `nil` for what is no probability strictly between 0 and 1, NaN included.
    init?(_ p: Double) {
        guard p > 0, p < 1 else { return nil }
        self.init(p: p, q: 1 - p, logP: log(p), logQ: log1p(-p))
    }

    /// The same with 1 − p for p.
    var swapped: Chance { Chance(p: self.q, q: self.p, logP: self.logQ, logQ: self.logP) }

    private init(p: Double, q: Double, logP: Double, logQ: Double) {
        self.p = p
        self.q = q
        self.logP = logP
        self.logQ = logQ
    }
}

/// ln of the probability of exactly x hits in n trials (Loader's saddle point).
func logBinomialMass(_ x: Double, _ n: Double, _ chance: Chance) -> Double {
    if n == 0 { return 0 }
    if x == 0 { return n * chance.logQ }
    if x == n { return n * chance.logP }
    let misses = n - x
    let exact = stirlingRest(n) - stirlingRest(x) - stirlingRest(misses)
    let deviance = devianceTerm(x, n * chance.p) + devianceTerm(misses, n * chance.q)
    return exact - deviance - 0.5 * (log(2 * Double.pi) + log(x) + log(misses) - log(n))
}

/// ln I_p(x+1, n−x+1): the probability that n+1 trials hit more than x times; NaN when x > n.
///
/// In log space, so it is right where it is as small as e^-10¹⁰. The continued fraction converges
/// fast on one side of the mean; on the other side its complement does.
func logIncompleteBeta(_ x: Double, _ n: Double, _ chance: Chance) -> Double {
    guard x >= 0, n >= x, n.isFinite else { return .nan }
    let (a, b) = (x + 1, n - x + 1)
    // p^a q^b / B(a,b) = (n+1) C(n,x) p^a q^b
    let front = logBinomialMass(x, n, chance) + log(n + 1) + chance.logP + chance.logQ
    if chance.p < (a + 1) / (a + b + 2) {
        return front - log(a) + log(betaFraction(a, b, chance.p))
    }
    let complement = exp(front - log(b) + log(betaFraction(b, a, chance.q)))
    return log1p(-min(complement, 1))
}

/// The regularised incomplete beta function I_p(a, b) for whole a, b ≥ 1; NaN elsewhere.
///
/// P(Bin(a+b−1, p) ≥ a).
public func regularisedIncompleteBeta(a: UInt64, b: UInt64, p: Double) -> Double {
    guard a >= 1, b >= 1, !p.isNaN else { return .nan }
    if p <= 0 { return p == 0 ? 0 : .nan }
    guard let chance = Chance(p) else { return p == 1 ? 1 : .nan }
    return exp(logIncompleteBeta(Double(a) - 1, Double(a) + Double(b) - 2, chance))
}

/// The continued fraction of the incomplete beta function by Lentz's method; NaN when it does not
/// converge in 4 million steps (it takes about √max(a, b), 10⁶ at 10¹²).
func betaFraction(_ a: Double, _ b: Double, _ p: Double) -> Double {
    let tiny = 1e-300
    var c = 1.0
    var d = 1 - (a + b) * p / (a + 1)
    if abs(d) < tiny { d = tiny }
    d = 1 / d
    var value = d
    var m = 1.0
    func step(_ term: Double) -> Double {
        d = 1 + term * d
        if abs(d) < tiny { d = tiny }
        c = 1 + term / c
        if abs(c) < tiny { c = tiny }
        d = 1 / d
        return d * c
    }
    for _ in 0..<4_000_000 {
        let even = m * (b - m) * p / ((a + 2 * m - 1) * (a + 2 * m))
        let odd = -(a + m) * (a + b + m) * p / ((a + 2 * m) * (a + 2 * m + 1))
        value *= step(even)
        let last = step(odd)
        value *= last
        if abs(last - 1) < 1e-15 { return value }
        m += 1
    }
    return .nan
}
