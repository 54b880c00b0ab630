// SPDX-License-Identifier: Apache-2.0

import Glibc

/// ln Γ(z) for z > 0, to about 14 digits; NaN for what is not positive.
///
/// Stirling's series at z ≥ 15, reached by the recurrence Γ(z+1) = z Γ(z). Nothing here uses C's
/// `lgamma`: it keeps its sign in a global, which threads would share.
public func logGamma(_ z: Double) -> Double {
    guard z > 0, z.isFinite else { return z == .infinity ? .infinity : .nan }
    var product = 1.0
    var shifted = z
    while shifted < 15 {
        product *= shifted
        shifted += 1
    }
    let series = stirlingSeries(shifted)
    return (shifted - 0.5) * log(shifted) - shifted + 0.5 * log(2 * Double.pi) + series
        - log(product)
}

/// ln n! minus Stirling's n ln n − n + ½ ln 2πn, for n > 0.
///
/// What is left of ln n! after its large parts: with it binomial probabilities keep all digits at
/// n = 10¹², where differences of ``logGamma(_:)`` would keep three (Loader 2000).
func stirlingRest(_ n: Double) -> Double {
    if n >= 15 { return stirlingSeries(n) }
    return logGamma(n + 1) - (n + 0.5) * log(n) + n - 0.5 * log(2 * Double.pi)
}

/// 1/12z − 1/360z³ + ...
private func stirlingSeries(_ z: Double) -> Double {
    let square = 1 / (z * z)
    let tail = 1.0 / 1260 - square * (1.0 / 1680 - square * (1.0 / 1188 - square * 691 / 360_360))
    return (1.0 / 12 - square * (1.0 / 360 - square * tail)) / z
}

/// x ln(x/m) + m − x for x, m > 0, without the cancellation of its parts (Loader's `bd0`).
func devianceTerm(_ x: Double, _ m: Double) -> Double {
    guard abs(x - m) < 0.1 * (x + m) else { return x * log(x / m) + m - x }
    let v = (x - m) / (x + m)
    var sum = (x - m) * v
    var power = 2 * x * v
    var divisor = 3.0
    // |v| < 0.1, so each term is below a hundredth of the one before: 1,000 are never needed.
    for _ in 0..<1_000 {
        power *= v * v
        let next = sum + power / divisor
        if next == sum { break }
        sum = next
        divisor += 2
    }
    return sum
}
