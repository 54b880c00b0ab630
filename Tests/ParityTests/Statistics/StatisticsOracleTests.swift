// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parity
import Testing

/// The statistics beside scipy, at points drawn anew from a fixed seed.
@Suite struct StatisticsOracleTests {
    /// For `kind a b c` the value, or `none` where scipy cannot give it.
    private static let program = """
        import sys, math
        from scipy.special import betainc, betaincc, betaln, gammaln
        from scipy.stats import beta
        def down(x, n, p, upper):
            part = (betaincc if upper else betainc)(x + 1, n - x + 1, p)
            if not part > 1e-290: return None
            room = math.log1p(-p) if upper else math.log(p)
            return betaln(x + 1, n - x + 1) + math.log(part) - room - x * math.log(p) \\
                - (n - x) * math.log1p(-p)
        for line in sys.stdin:
            kind, a, b, c = line.split()
            a, b, c = float(a), float(b), float(c)
            if kind == "down": value = down(a, b, c, False)
            elif kind == "up": value = down(a, b, c, True)
            elif kind == "beta": value = float(betainc(a, b, c))
            elif kind == "upper": value = float(beta.ppf(1 - c, a + 1, b - a))
            else: value = float(gammaln(a))
            print("none" if value is None or not math.isfinite(value) else repr(value))
        """

    @Test func `scipy says the same at 4,000 points`() throws {
        let probe = "import scipy, sys\nfor line in sys.stdin: print(scipy.__version__)"
        let python = PythonOracle.withPackages ?? "/usr/bin/python3"
        guard (try? PythonOracle.ask(probe, ["?"], python: python))?.first?.isEmpty == false else {
            print("skipped: no scipy (make deps-test)")
            return
        }
        var random = SimulationRandom(seed: 41)
        var lines: [String] = []
        var values: [Double] = []
        for index in 0..<4_000 {
            // Sizes over six powers of ten; beyond them scipy's own differences lose digits.
            let n = UInt64(pow(10, 6 * random.unit()))
            let rate = pow(random.unit(), 3)
            let x = min(n, UInt64(Double(n) * rate))
            let limit = max(1e-6, min(0.999, rate * (0.2 + 2 * random.unit())))
            switch index % 5 {
            case 0:
                lines.append("down \(x) \(n) \(limit)")
                values.append(EProcess.logDown(x, of: n, limit: limit))
            case 1:
                lines.append("up \(x) \(n) \(limit)")
                values.append(EProcess.logUp(x, of: n, limit: limit))
            case 2:
                lines.append("beta \(x + 1) \(n) \(limit)")
                values.append(regularisedIncompleteBeta(a: x + 1, b: n, p: limit))
            case 3:
                lines.append("upper \(x) \(n + 1) 0.05")
                values.append(ClopperPearson.upperBound(x, of: n + 1, alpha: 0.05))
            default:
                let z = Double(n) * (0.01 + random.unit())
                lines.append("gamma \(z) 0 0")
                values.append(logGamma(z))
            }
        }
        let answers = try PythonOracle.ask(Self.program, lines, python: python)
        var compared = 0
        for (index, answer) in answers.enumerated() {
            guard let expected = Double(answer), abs(expected) > 1e-280 else { continue }
            compared += 1
            let off = abs(values[index] - expected)
            #expect(
                off <= 1e-6 * max(abs(expected), 1e-3),
                "\(lines[index]): \(values[index]), scipy \(expected)"
            )
        }
        #expect(answers.count == lines.count)
        // Where scipy's own value underflows there is nothing to compare.
        #expect(compared > 2_000, "\(compared)")
    }
}
