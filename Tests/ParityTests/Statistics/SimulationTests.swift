// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parity
import Testing

/// What the formulas promise, seen to happen: seeded runs with the code that gates use.
@Suite struct SimulationTests {
    // MARK: Gate 1

    /// The looks of one migration, every 2,000 comparisons up to a million, until it is GO.
    private struct Peeker {
        /// Whether x of (look · 2,000) is enough, asked of the real test once each.
        private var answers: [UInt64: Bool] = [:]

        mutating func isGo(_ x: UInt64, look: UInt64) -> Bool {
            let key = x << 16 | look
            if let answer = self.answers[key] { return answer }
            let wealth = EProcess.logMix(x, of: look * 2_000, limit: 1e-4)
            self.answers[key] = wealth >= log(20)
            return wealth >= log(20)
        }

        /// The comparisons and mismatches at the first GO; `nil`: none in a million.
        mutating func run(rate: Double, seed: UInt64) -> (n: UInt64, x: UInt64)? {
            var random = SimulationRandom(seed: seed)
            var x: UInt64 = 0
            var next = rate == 0 ? UInt64.max : random.trialsUntilHit(rate)
            for look in UInt64(1)...500 {
                while next <= look * 2_000 {
                    x += 1
                    next += random.trialsUntilHit(rate)
                }
                if self.isGo(x, look: look) { return (look * 2_000, x) }
            }
            return nil
        }
    }

    @Test func `who looks every 2,000 comparisons at the boundary is misled in 5 % at most`() {
        var peeker = Peeker()
        var misled = 0
        for seed in UInt64(1)...2_000 {
            guard let (n, x) = peeker.run(rate: 1e-4, seed: seed) else { continue }
            misled += 1
            // The verdict says what the test says.
            var world = VerdictWorld()
            world.row = VerdictWorld.row(n)
            world.turn(x, into: .mismatch)
            #expect(world.verdict.word == .go, "seed \(seed): \(x)/\(n)")
        }
        print("false GO in \(misled) of 2,000 migrations at the boundary")
        #expect(misled <= 100)
        // It would be a bad test that never says GO: 4.0 % is what it has to give away.
        #expect(misled >= 40)
    }

    @Test func `Clopper and Pearson mislead who looks often`() {
        var enough: [UInt64: UInt64] = [:]
        for x in UInt64(0)...160 {
            enough[x] = ClopperPearson.trialsNeeded(hits: x, limit: 1e-4, alpha: 0.05)
        }
        var misled = 0
        for seed in UInt64(1)...500 {
            var random = SimulationRandom(seed: seed)
            var x: UInt64 = 0
            var next = random.trialsUntilHit(1e-4)
            for look in UInt64(1)...500 {
                while next <= look * 2_000 {
                    x += 1
                    next += random.trialsUntilHit(1e-4)
                }
                if look * 2_000 >= enough[x] ?? .max {
                    misled += 1
                    break
                }
            }
        }
        #expect(misled > 100, "\(misled) of 500")
    }

    @Test func `how long a good migration waits for its GO`() {
        var peeker = Peeker()
        for (rate, median, late) in [
            (0, 36_000, 36_000), (1e-5, 36_000, 100_000), (2e-5, 80_000, 154_000),
            (5e-5, 232_000, 522_000),
        ] as [(Double, Double, Double)] {
            let waits = (UInt64(1)...400).map {
                Double(peeker.run(rate: rate, seed: $0 + 5_000)?.n ?? .max)
            }.sorted()
            // 400 runs know a quantile to some 5 % of the runs; at 2e-5 almost half of them end at
            // the very first look that can be GO.
            let comment: Comment = "rate \(rate): \(waits[200]), \(waits[360])"
            #expect(waits[180] <= 1.1 * median && waits[220] >= 0.9 * median, comment)
            #expect(waits[345] <= 1.1 * late && waits[375] >= 0.9 * late, comment)
        }
    }

    // MARK: The paired test

    /// Requests until the alarm, or `nil` within `most`.
    private func alarm(
        noise: Double,
        extra: Double,
        most: UInt64,
        seed: UInt64
    ) -> UInt64? {
        var random = SimulationRandom(seed: seed)
        var test = PairedTest()
        // C differs by the same noise as S, and where it would not, in `extra` of the cases.
        let candidateOnly = (noise + (1 - noise) * extra) * (1 - noise)
        let noiseOnly = noise * (1 - noise) * (1 - extra)
        let either = candidateOnly + noiseOnly
        var requests: UInt64 = 0
        while true {
            requests += random.trialsUntilHit(either)
            guard requests <= most else { return nil }
            let isCandidate = random.unit() * either < candidateOnly
            test.add(candidateDiffers: isCandidate, noiseDiffers: !isCandidate)
            // Three standard deviations are less than any alarm: n·KL ≤ 9·ln 2 < ln 1000.
            let lead = Double(test.candidateOnly) - Double(test.noiseOnly)
            let all = Double(test.candidateOnly + test.noiseOnly)
            if isCandidate, lead > 3 * all.squareRoot(), test.isAlarm { return requests }
        }
    }

    @Test func `requests until the paired test sees a regression through noise`() {
        for (noise, extra, median, late) in [
            (0.7, 1, 43, 60), (0.3, 0.3, 160, 299), (0.3, 0.1, 1_470, 3_159),
            (0.5, 0.5, 122, 229), (0.1, 0.02, 10_458, 22_525), (0.05, 0.01, 19_620, 38_903),
            (0, 0.0002, 64_878, 97_816),
        ] as [(Double, Double, Double, Double)] {
            let runs = (UInt64(1)...200).map {
                Double(
                    self.alarm(noise: noise, extra: extra, most: 10_000_000, seed: $0 + 900) ?? .max
                )
            }.sorted()
            let comment: Comment = "noise \(noise), extra \(extra): \(runs[100]), \(runs[190])"
            // The reference's figures are 200 runs too: 2,000 runs of noise 0.3 with extra 0.3
            // have a median of 168 and a 95th percentile of 345.
            #expect(abs(runs[100] - median) <= 0.2 * median, comment)
            #expect(abs(runs[190] - late) <= 0.35 * late, comment)
        }
    }

    @Test func `no alarm in 200 runs of legacy beside itself`() {
        for noise in [0.01, 0.3, 0.7] {
            for seed in UInt64(1)...200 {
                let alarm = self.alarm(noise: noise, extra: 0, most: 200_000, seed: seed)
                #expect(alarm == nil, "noise \(noise), seed \(seed)")
            }
        }
    }

    // MARK: Errors

    @Test func `errors until a rollback fires by itself`() {
        for (share, factor, median) in [
            (0.5, 2, 131), (0.5, 3, 59), (0.5, 1.5, 410), (0.05, 2, 536), (0.05, 3, 153),
            (0.05, 10, 19), (0.01, 10, 70),
        ] as [(Double, Double, Double)] {
            let modern = share * factor / (share * factor + 1 - share)
            let runs = (UInt64(1)...300).map { seed -> Double in
                var random = SimulationRandom(seed: seed + 70)
                // The error rate alone: failures in a row have a wire of their own.
                var test = RollbackTest(failuresInARowMax: .max)
                for events in 1...100_000 {
                    if random.unit() < modern {
                        test.addModern(isError: true)
                        if test.cause(share: share) != nil { return Double(events) }
                    } else {
                        test.addLegacy(isError: true)
                    }
                }
                return .infinity
            }.sorted()
            #expect(
                abs(runs[150] - median) <= max(2, 0.2 * median),
                "share \(share), \(factor) times: \(runs[150]), reference \(median)"
            )
        }
    }

    @Test func `a rollback fires falsely in less than half a percent of runs`() {
        var fired = 0
        for seed in UInt64(1)...1_000 {
            var random = SimulationRandom(seed: seed)
            var test = RollbackTest(failuresInARowMax: .max)
            for _ in 0..<4_000 {
                guard random.unit() < 0.05 else {
                    test.addLegacy(isError: true)
                    continue
                }
                test.addModern(isError: true)
                // Without a lead there is no alarm, so the dear question need not be asked.
                let expected = 0.05 * Double(test.modernErrors + test.legacyErrors)
                guard Double(test.modernErrors) > expected + 1.5 * expected.squareRoot() else {
                    continue
                }
                if test.cause(share: 0.05) != nil {
                    fired += 1
                    break
                }
            }
        }
        #expect(fired <= 5, "\(fired) of 1,000")
    }

    @Test func `errors until a share is found good`() {
        for (margin, median) in [(1, 53), (0.5, 186), (0.2, 911)] as [(Double, Double)] {
            let runs = (UInt64(1)...200).map { seed -> Double in
                var random = SimulationRandom(seed: seed + 31)
                var (modern, all): (UInt64, UInt64) = (0, 0)
                while all < 20_000 {
                    all += 1
                    modern += random.unit() < 0.5 ? 1 : 0
                    let wealth = ErrorRate.logUnpaired(
                        modernErrors: modern,
                        legacyErrors: all - modern,
                        share: 0.5,
                        relativeMargin: margin
                    )
                    if wealth >= log(20) { return Double(all) }
                }
                return .infinity
            }.sorted()
            #expect(abs(runs[100] - median) <= 0.25 * median, "\(margin): \(runs[100])")
        }
    }
}
