// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parity
import Testing

@Suite struct StatisticsTests {
    private func near(
        _ value: Double,
        _ expected: Double,
        _ digits: Double = 1e-6,
        _ comment: Comment = ""
    ) {
        #expect(abs(value - expected) <= digits * max(abs(expected), 1e-9), comment)
    }

    @Test func `spot values of the reference`() {
        self.near(EProcess.logDown(0, of: 29_956, limit: 1e-4), 1.847285)
        self.near(EProcess.logMix(0, of: 34_409, limit: 1e-4), 2.995805)
        self.near(EProcess.logDown(5, of: 20_000, limit: 1e-3), 6.818481)
        self.near(EProcess.logUp(14, of: 14, limit: 0.5), 7.689127)
        self.near(EProcess.logUp(60, of: 80, limit: 0.5), 9.041135)
        for (x, n, parity) in [
            (0, 36_000, 99.9904), (0, 100_000, 99.9966), (3, 100_000, 99.9882),
            (7, 250_000, 99.9926), (50, 1_000_000, 99.9924),
        ] as [(UInt64, UInt64, Double)] {
            let bound = EProcess.upperBound(x, of: n, alpha: 0.05)
            #expect(abs(100 * (1 - bound) - parity) < 5.1e-5, "\(x)/\(n): \(bound)")
        }
        for (x, needed) in [
            (0, 34_409), (1, 78_007), (2, 98_658), (3, 117_576), (5, 152_515), (10, 231_460),
            (20, 374_213),
        ] as [(UInt64, UInt64)] {
            #expect(EProcess.trialsNeeded(hits: x, limit: 1e-4, alpha: 0.05) == needed)
        }
    }

    @Test func `the logarithm of gamma`() {
        #expect(abs(logGamma(1)) < 1e-13 && abs(logGamma(2)) < 1e-13)
        self.near(logGamma(0.5), 0.5 * log(Double.pi), 1e-13)
        self.near(logGamma(101), 363.73937555556349, 1e-13)
        self.near(logGamma(1e12), 26_631_021_115_914.75, 1e-13)
        for bad in [0, -1, -Double.infinity, Double.nan] { #expect(logGamma(bad).isNaN) }
    }

    @Test func `the incomplete beta function at its ends and in its middle`() {
        self.near(regularisedIncompleteBeta(a: 1, b: 1, p: 0.3), 0.3, 1e-14)
        self.near(regularisedIncompleteBeta(a: 2, b: 3, p: 0.4), 0.5248, 1e-13)
        self.near(regularisedIncompleteBeta(a: 500_000, b: 500_000, p: 0.5), 0.5, 1e-10)
        #expect(regularisedIncompleteBeta(a: 2, b: 3, p: 0) == 0)
        #expect(regularisedIncompleteBeta(a: 2, b: 3, p: 1) == 1)
        for bad in [-0.1, 1.1, Double.nan] {
            #expect(regularisedIncompleteBeta(a: 2, b: 3, p: bad).isNaN)
        }
        #expect(regularisedIncompleteBeta(a: 0, b: 3, p: 0.5).isNaN)
    }

    @Test func `a million million observations are still counted rightly`() {
        let n: UInt64 = 1_000_000_000_000
        // Far below, at, and far above the limit.
        #expect(EProcess.logMix(50_000_000, of: n, limit: 1e-4) > 1e7)
        let at = EProcess.logMix(100_000_000, of: n, limit: 1e-4)
        #expect(at.isFinite && at < 3)
        #expect(EProcess.logMix(200_000_000, of: n, limit: 1e-4) < 0)
        let bound = EProcess.upperBound(100_000_000, of: n, alpha: 0.05)
        #expect(bound > 1e-4 && bound < 1.0006e-4, "\(bound)")
        #expect(EProcess.upperBound(0, of: n, alpha: 0.05) < 4e-12)
        #expect(EProcess.logUp(n / 2, of: n, limit: 0.5) < 0)
    }

    @Test func `what cannot be computed is NaN and rejects nothing`() {
        for limit in [0, 1, -1, 2, Double.nan, .infinity] {
            #expect(EProcess.logDown(0, of: 10, limit: limit).isNaN, "\(limit)")
            #expect(EProcess.logUp(0, of: 10, limit: limit).isNaN, "\(limit)")
            #expect(EProcess.logMix(0, of: 10, limit: limit).isNaN, "\(limit)")
            #expect(
                EProcess.trialsNeeded(hits: 0, limit: limit, alpha: 0.05) == nil,
                "\(limit)"
            )
            let errors = ErrorRate.logPaired(
                modernOnly: 0,
                legacyOnly: 0,
                of: 9_999,
                margin: limit
            )
            #expect(!(errors >= 3), "\(limit)")
        }
        #expect(EProcess.logMix(11, of: 10, limit: 0.5).isNaN)
        #expect(EProcess.upperBound(11, of: 10, alpha: 0.05).isNaN)
        #expect(EProcess.upperBound(1, of: 10, alpha: .nan).isNaN)
        #expect(ClopperPearson.upperBound(11, of: 10, alpha: 0.05).isNaN)
        #expect(
            ErrorRate.logPaired(modernOnly: 6, legacyOnly: 5, of: 10, margin: 0.001).isNaN
        )
        #expect(!PairedTest(candidateOnly: .max, noiseOnly: 1).isAlarm)
        #expect(EProcess.upperBound(0, of: 0, alpha: 0.05) == 1)
        #expect(EProcess.upperBound(10, of: 10, alpha: 0.05) == 1)
        #expect(EProcess.lowerBound(0, of: 10, alpha: 0.05) == 0)
    }

    @Test func `wealth grows with clean observations and falls with hits`() {
        for limit in [1e-5, 1e-3, 0.2, 0.5, 0.9] {
            var last = -Double.infinity
            for n in stride(from: UInt64(50), through: 5_000, by: 150) {
                let value = EProcess.logMix(3, of: n, limit: limit)
                #expect(value >= last, "limit \(limit) n \(n)")
                last = value
            }
            last = .infinity
            for x in UInt64(0)...60 {
                let value = EProcess.logMix(x, of: 60, limit: limit)
                #expect(value <= last + 1e-12, "limit \(limit) x \(x)")
                last = value
            }
        }
    }

    @Test func `the bounds lie around the rate and are what the tests reject`() {
        for (x, n) in [(0, 50), (3, 1_000), (40, 100), (99, 100)] as [(UInt64, UInt64)] {
            let upper = EProcess.upperBound(x, of: n, alpha: 0.05)
            let lower = EProcess.lowerBound(x, of: n, alpha: 0.05)
            let rate = Double(x) / Double(n)
            #expect(lower <= rate && rate <= upper, "\(x)/\(n): \(lower) \(upper)")
            if upper < 1 {
                self.near(EProcess.logMix(x, of: n, limit: upper), log(20), 1e-6)
            }
            if lower > 0 {
                self.near(EProcess.logUp(x, of: n, limit: lower), log(20), 1e-6)
            }
            #expect(ClopperPearson.upperBound(x, of: n, alpha: 0.05) <= upper)
        }
    }

    @Test func `errors of both origins asked at once within a margin`() {
        for (margin, needed) in [
            (0.001, [4_552, 6_822, 8_813, 14_039]), (0.0005, [9_105, 13_647, 17_630, 28_082]),
            (0.0001, [45_535, 68_244, 88_161, 140_426]),
        ] as [(Double, [UInt64])] {
            for (errors, expected) in zip([0, 1, 2, 5] as [UInt64], needed) {
                let value = ErrorRate.exchangesNeeded(
                    modernOnly: errors,
                    margin: margin,
                    alpha: 0.05
                )
                #expect(value == expected, "margin \(margin) errors \(errors)")
            }
        }
        let worse = ErrorRate.logPairedWorse(
            modernOnly: 60,
            legacyOnly: 0,
            of: 10_000,
            margin: 0.001
        )
        #expect(worse > log(20))
        #expect(
            ErrorRate.logPairedWorse(modernOnly: 5, legacyOnly: 5, of: 10_000, margin: 0.001) < 0
        )
    }

    @Test func `errors at a share are conditioned on errors`() {
        self.near(ErrorRate.modernErrorShare(share: 0.5, relativeMargin: 1), 2.0 / 3)
        self.near(ErrorRate.modernErrorShare(share: 0.05, relativeMargin: 0), 0.05)
        for bad in [0, 1, Double.nan] {
            #expect(ErrorRate.modernErrorShare(share: bad, relativeMargin: 0.1).isNaN)
        }
        let good = ErrorRate.logUnpaired(
            modernErrors: 20,
            legacyErrors: 60,
            share: 0.5,
            relativeMargin: 1
        )
        #expect(good >= log(20))
    }

    @Test func `a rollback fires on statistics, on failures in a row and on one bad record`() {
        var test = RollbackTest(failuresInARowMax: 5)
        #expect(test.cause(share: 0.5) == nil)
        for _ in 0..<4 { test.addModern(isError: true) }
        #expect(test.cause(share: 0.5) == nil)
        test.addModern(isError: true)
        #expect(test.cause(share: 0.5) == .failuresInARow)
        test.addModern(isError: false)
        #expect(test.cause(share: 0.5) == nil)
        for _ in 0..<20 {
            test.addModern(isError: true)
            test.addModern(isError: false)
        }
        #expect(test.cause(share: 0.5) == .errorRate)
        for _ in 0..<25 { test.addLegacy(isError: true) }
        #expect(test.cause(share: 0.5) == nil)
        test.zeroTolerance = 1
        #expect(test.cause(share: .nan) == .zeroTolerance)
    }

    @Test func `ranks between which a quantile lies`() {
        for (quantile, lower, upper) in [
            (0.95, 28_426, 28_575), (0.99, 29_666, 29_734), (0.999, 29_959, 29_981),
        ] as [(Double, UInt64, UInt64)] {
            let ranks = LatencyBudget.ranks(of: 30_000, quantile: quantile)
            #expect(ranks.lower == lower, "\(quantile)")
            #expect(ranks.upper == upper, "\(quantile)")
        }
        #expect(LatencyBudget.ranks(of: 0, quantile: 0.95).lower == nil)
        #expect(LatencyBudget.ranks(of: 30, quantile: 0.95).upper == nil)
        #expect(LatencyBudget.ranks(of: 30, quantile: .nan).lower == nil)
    }

    @Test func `a latency budget is never below legacy's quantile with its slack`() throws {
        var legacy = ParityHistogram()
        for value in UInt32(1)...30_000 { legacy.add(microseconds: value * 10) }
        let budget = try #require(
            LatencyBudget.budget(
                legacy: legacy,
                quantile: 0.95,
                slack: 0.1,
                floorMicroseconds: 5_000
            )
        )
        let bound = try #require(LatencyBudget.latency(atRank: 28_426, of: legacy))
        #expect(Double(budget) >= Double(bound) * 1.1)
        #expect(Double(budget) <= Double(bound) * 1.1 * 1.126)
        let all = legacy.count
        let exceeding = LatencyBudget.exceeding(budget, in: legacy)
        #expect(exceeding < all / 20)
        #expect(exceeding == UInt64((1...30_000).count { UInt32($0) * 10 >= budget }))
        #expect(
            LatencyBudget.budget(
                legacy: legacy,
                quantile: 0.5,
                slack: 0.1,
                floorMicroseconds: 10_000_000
            ) ?? 0 >= 10_000_000
        )
        #expect(
            LatencyBudget.budget(
                legacy: ParityHistogram(),
                quantile: 0.95,
                slack: 0.1,
                floorMicroseconds: 5_000
            ) == nil
        )
    }

    @Test func `trials that a latency gate takes`() {
        #expect(EProcess.trialsNeeded(hits: 0, limit: 0.05, alpha: 0.05, isMixed: false) == 88)
        #expect(EProcess.trialsNeeded(hits: 0, limit: 0.01, alpha: 0.05, isMixed: false) == 449)
        #expect(EProcess.trialsNeeded(hits: 0, limit: 0.001, alpha: 0.05, isMixed: false) == 4_512)
    }

    @Test func `the band around all quantiles`() {
        #expect(abs(LatencyBudget.bandHalfWidth(count: 100_000, alpha: 0.025) - 0.0091) < 5e-5)
        #expect(LatencyBudget.bandHalfWidth(count: 0) == 1)
        #expect(LatencyBudget.bandHalfWidth(count: 5, alpha: .nan).isNaN)
    }
}
