// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parity
import Testing

/// One thing is wrong with each epoch, and the verdict names it.
@Suite struct VerdictTableTests {
    struct Row {
        let name: String
        let word: VerdictWord
        let codes: [VerdictReasonCode]
        let change: (inout VerdictWorld) -> Void

        init(
            _ name: String,
            _ word: VerdictWord,
            _ codes: [VerdictReasonCode] = [],
            _ change: @escaping (inout VerdictWorld) -> Void
        ) {
            self.name = name
            self.word = word
            self.codes = codes
            self.change = change
        }
    }

    private func check(_ rows: [Row]) {
        for row in rows {
            var world = VerdictWorld()
            row.change(&world)
            let verdict = world.verdict
            #expect(verdict.word == row.word, "\(row.name): \(verdict.reasons)")
            var codes: [VerdictReasonCode] = []
            for reason in verdict.reasons where !codes.contains(reason.code) {
                codes.append(reason.code)
            }
            #expect(codes == row.codes, "\(row.name)")
        }
    }

    @Test func `parity, by mismatches and comparisons`() {
        self.check([
            Row("36,000 matches", .go) { _ in },
            Row("34,409 are the fewest", .go) { $0.row = VerdictWorld.row(34_409) },
            Row("34,408 are not", .insufficientData, [.samples]) {
                $0.row = VerdictWorld.row(34_408)
            },
            Row("one mismatch in 36,000", .noGo, [.parity]) { $0.turn(1, into: .mismatch) },
            Row("one mismatch in 30,000", .insufficientData, [.samples]) {
                $0.row = VerdictWorld.row(30_000)
                $0.turn(1, into: .mismatch)
            },
            Row("one in 78,007", .go) {
                $0.row = VerdictWorld.row(78_007)
                $0.turn(1, into: .mismatch)
            },
            Row("one in 78,006", .noGo, [.parity]) {
                $0.row = VerdictWorld.row(78_006)
                $0.turn(1, into: .mismatch)
            },
            Row("three in 100,000", .noGo, [.parity]) {
                $0.row = VerdictWorld.row(100_000)
                $0.turn(3, into: .mismatch)
            },
            Row("three in 117,576", .go) {
                $0.row = VerdictWorld.row(117_576)
                $0.turn(3, into: .mismatch)
            },
            Row("seven in 250,000", .go) {
                $0.row = VerdictWorld.row(250_000)
                $0.turn(7, into: .mismatch)
            },
            Row("fifty in a million", .go) {
                $0.row = VerdictWorld.row(1_000_000)
                $0.turn(50, into: .mismatch)
            },
            Row("a tenth of few", .noGo, [.parity, .tenantParity, .operationParity, .samples]) {
                $0.row = VerdictWorld.row(100)
                $0.turn(10, into: .mismatch)
                $0.policy.parityTarget = 0.999
                $0.rows.append(VerdictWorld.row(200, route: "sessions", operation: "GET /s"))
                $0.policy.checksErrors = false
                $0.policy.checksLatency = false
            },
        ])
    }

    @Test func `parity, by target, confidence and size`() {
        self.check([
            Row("99.9 % after 3,440", .go) {
                $0.row = VerdictWorld.row(3_440)
                $0.policy.parityTarget = 0.999
                $0.policy.checksErrors = false
            },
            Row("99 % confidence needs more", .insufficientData, [.samples]) {
                $0.policy.confidence = 0.99
            },
            Row("formatting is no mismatch", .go) {
                $0.turn(5_000, into: .mismatch)
                $0.row.gateMismatches = 0
            },
            Row("a million million", .go) {
                $0.row = VerdictWorld.row(1_000_000_000_000)
                $0.turn(40_000_000, into: .mismatch)
            },
            Row("a million million, too many", .noGo, [.parity, .tenantParity, .operationParity]) {
                $0.row = VerdictWorld.row(1_000_000_000_000)
                $0.turn(101_000_000, into: .mismatch)
            },
            Row("pooled target, each route less", .go) {
                $0.rows = [
                    VerdictWorld.row(17_500),
                    VerdictWorld.row(17_500, route: "sessions", operation: "GET /s"),
                ]
                $0.policy.routeParityTarget = 0.999
            },
            Row("pooled target not reached", .insufficientData, [.samples]) {
                $0.rows = [
                    VerdictWorld.row(15_000),
                    VerdictWorld.row(15_000, route: "sessions", operation: "GET /s"),
                ]
                $0.policy.routeParityTarget = 0.999
            },
        ])
    }

    @Test func `routes, tenants and operations by themselves`() {
        self.check([
            Row("one route has too little", .insufficientData, [.samples]) {
                $0.rows.append(VerdictWorld.row(20_000, route: "sessions", operation: "GET /s"))
            },
            Row("two routes have enough", .go) {
                $0.rows.append(VerdictWorld.row(35_000, route: "sessions", operation: "GET /s"))
            },
            Row("one route fails among good ones", .noGo, [.parity, .operationParity]) {
                $0.row = VerdictWorld.row(2_000_000)
                $0.rows.append(VerdictWorld.row(90_000, route: "sessions", operation: "GET /s"))
                $0.turn(40, into: .mismatch, row: 1)
            },
            Row("a broken customer in a good pool", .noGo, [.tenantParity]) {
                $0.row = VerdictWorld.row(500_000)
                $0.rows.append(VerdictWorld.row(100, tenant: "zeta"))
                $0.turn(4, into: .mismatch, row: 1)
            },
            Row("the broken customer out of scope", .go) {
                $0.row = VerdictWorld.row(500_000)
                $0.rows.append(VerdictWorld.row(100, tenant: "zeta"))
                $0.turn(4, into: .mismatch, row: 1)
                $0.scope.tenants = ["acme"]
            },
            Row("a broken operation in a good route", .noGo, [.operationParity]) {
                $0.row = VerdictWorld.row(500_000)
                $0.rows.append(VerdictWorld.row(100, operation: "GET /plans"))
                $0.turn(4, into: .mismatch, row: 1)
            },
            Row("one zero-tolerance difference in a million", .noGo, [.zeroTolerance]) {
                $0.row = VerdictWorld.row(1_000_000)
                $0.turn(1, into: .mismatch)
                $0.row.zeroTolerance = 1
            },
            Row("zero tolerance of another tenant", .go) {
                $0.rows.append(VerdictWorld.row(100, tenant: "zeta"))
                $0.rows[1].zeroTolerance = 1
                $0.scope.tenants = ["acme"]
            },
            Row("zero tolerance beats too little", .noGo, [.zeroTolerance, .samples]) {
                $0.row = VerdictWorld.row(20_000)
                $0.row.zeroTolerance = 1
            },
        ])
    }

    @Test func `coverage of tenants and operations`() {
        func seen(_ count: UInt64, _ tenant: String, _ wave: String = "") -> ParityTotals {
            VerdictWorld.row(count, tenant: tenant, wave: wave)
        }
        func list(_ count: UInt64, _ tenant: String, _ wave: String = "") -> ParityTotals {
            VerdictWorld.row(count, tenant: tenant, wave: wave, operation: "GET /plans")
        }
        self.check([
            Row("30 are enough", .go) { $0.rows.append(seen(30, "beta")) },
            Row("29 are not", .insufficientData, [.coverage]) { $0.rows.append(seen(29, "beta")) },
            Row("k of the policy", .go) {
                $0.rows.append(seen(3, "beta"))
                $0.policy.coverage = 3
            },
            Row("k of 0 is 1", .insufficientData, [.coverage, .operationUnseen]) {
                $0.policy.coverage = 0
                $0.scope.expectedOperations = [.init(route: "plans", operation: "GET /plans")]
            },
            Row("a small tenant by its wave", .go) {
                $0.rows += [seen(20, "beta", "2"), seen(15, "gamma", "2")]
            },
            Row("a wave that is too small itself", .insufficientData, [.coverage]) {
                $0.rows += [seen(14, "beta", "2"), seen(15, "gamma", "2")]
            },
            Row("two waves do not pool", .insufficientData, [.coverage]) {
                $0.rows += [seen(20, "beta", "2"), seen(20, "gamma", "3")]
            },
            Row("no wave, no pool", .insufficientData, [.coverage]) {
                $0.rows += [seen(20, "beta"), seen(20, "gamma")]
            },
            Row("an operation by the wave", .go) {
                $0.rows += [seen(5, "beta", "2"), seen(90, "gamma", "2")]
                $0.rows += [list(40, "gamma", "2"), list(40, "acme")]
            },
            Row("tenants out of scope do not pool", .insufficientData, [.coverage]) {
                $0.rows += [seen(20, "beta", "2"), seen(90, "gamma", "2")]
                $0.scope.tenants = ["acme", "beta"]
            },
            Row("a tenant never seen", .insufficientData, [.tenantUnseen, .coverage]) {
                $0.scope.tenants = ["acme", "beta"]
            },
            Row("nor by its wave", .insufficientData, [.tenantUnseen, .coverage]) {
                $0.scope.tenants = ["acme", "beta", "gamma"]
                $0.rows.append(seen(90, "gamma", "2"))
                $0.scope.waves = ["beta": "2"]
            },
            Row("an operation nobody has used", .insufficientData, [.coverage, .operationUnseen]) {
                $0.scope.expectedOperations = [
                    .init(route: "plans", operation: "GET /plans/{id}"),
                    .init(route: "plans", operation: "GET /plans"),
                ]
            },
            Row("an operation all have used", .go) {
                $0.scope.expectedOperations = [.init(route: "plans", operation: "GET /plans")]
                $0.rows.append(list(40, "acme"))
            },
            Row(
                "a route nobody has used",
                .insufficientData,
                [.samples, .errorSamples, .latencySamples, .coverage, .operationUnseen]
            ) {
                $0.scope.expectedOperations = [.init(route: "sessions", operation: "GET /s")]
            },
        ])
    }

    @Test func `failures, races and what was not compared`() {
        self.check(
            [
                Row("modern failed once", .noGo, [.parity]) { $0.turn(1, into: .modernFailed) },
                Row("modern failed once in many", .go) {
                    $0.row = VerdictWorld.row(100_000)
                    $0.turn(1, into: .modernFailed)
                },
                Row("legacy failed now and then", .go) {
                    $0.row = VerdictWorld.row(40_000)
                    $0.turn(300, into: .legacyFailed)
                },
                Row("legacy's failures are no comparisons", .insufficientData, [.samples]) {
                    $0.turn(5_000, into: .legacyFailed)
                },
                Row("races are no comparisons", .insufficientData, [.samples]) {
                    $0.turn(5_000, into: .raced)
                },
                Row("1 % not compared", .go) { $0.unobserved(363, .queueFull) },
                Row("more than 1 % not compared", .invalid, [.unobserved, .parity]) {
                    $0.unobserved(364, .queueFull)
                    $0.policy.checksErrors = false
                },
                Row("half a percent, where a tenth is allowed", .noGo, [.parity]) {
                    $0.unobserved(180, .budget)
                    $0.policy.unobservedMax = 0.001
                },
                Row("a lax policy does not help", .invalid, [.unobserved, .parity]) {
                    $0.unobserved(4_000, .undecodable)
                    $0.policy.unobservedMax = 0.5
                },
                Row("1 % of one route", .invalid, [.unobserved, .parity]) {
                    $0.rows.append(VerdictWorld.row(36_000, route: "sessions", operation: "GET /s"))
                    $0.unobserved(400, .rescued, row: 1)
                },
                Row("repeats hide nothing", .go) {
                    $0.row.unobserved[Int(UnobservedReason.repeated.rawValue)] = 900_000
                },
                Row("nor what was known before", .go) {
                    $0.unobserved(9_000, .conditional)
                    $0.unobserved(900, .settling)
                    $0.unobserved(900, .answeredByBanyan)
                    $0.unobserved(900, .clientAborted)
                },
                Row("without a reason it is the worst", .invalid, [.unobserved, .parity]) {
                    $0.row[.unobserved] = 400
                },
                Row("blind since diverged", .invalid, [.unobserved, .parity]) {
                    $0.unobserved(30_000, .diverged)
                },
            ]
        )
    }

    @Test func `errors and latency`() {
        func slow(_ world: inout VerdictWorld, _ percent: UInt64) {
            let count = world.row[.match]
            let late = count * percent / 100
            world.row.modernLatency = VerdictWorld.latencies(count - late, microseconds: 10_000)
            let cell = ParityHistogram.cell(ofMicroseconds: 2_000_000)
            world.row.modernLatency.cells[cell] = late
        }
        self.check([
            Row("errors of modern alone, in no mismatch", .noGo, [.errors]) {
                $0.row.modernErrors = 400
            },
            Row("errors at the margin", .insufficientData, [.errorSamples]) {
                $0.row.modernErrors = 36
            },
            Row("errors of both", .go) { $0.row.bothErrors = 400 },
            Row("errors of legacy", .go) { $0.row.legacyErrors = 400 },
            Row("errors not asked for", .go) {
                $0.row.modernErrors = 400
                $0.policy.checksErrors = false
            },
            Row("2 % late", .go) { slow(&$0, 2) },
            Row("8 % late", .noGo, [.latency]) { slow(&$0, 8) },
            Row("5 % late", .insufficientData, [.latencySamples]) { slow(&$0, 5) },
            Row("late, not asked for", .go) {
                slow(&$0, 50)
                $0.policy.checksLatency = false
            },
            Row("a frozen budget that modern keeps", .go) {
                slow(&$0, 2)
                $0.policy.latencyBudgets = ["plans": 30_000]
            },
            Row("a frozen budget that it does not keep", .noGo, [.latency]) {
                $0.policy.latencyBudgets = ["plans": 15_000]
            },
            Row("legacy has no latencies", .insufficientData, [.latencySamples]) {
                $0.row.legacyLatency = ParityHistogram()
            },
            Row("modern has none", .insufficientData, [.latencySamples]) {
                $0.row.modernLatency = ParityHistogram()
            },
            Row("a floor for what is fast anyway", .go) {
                $0.row.legacyLatency = VerdictWorld.latencies(36_000, microseconds: 200)
                $0.row.modernLatency = VerdictWorld.latencies(36_000, microseconds: 900)
            },
        ])
    }

    @Test func `evidence that cannot be reckoned with`() {
        let rows: [Row] = [
            Row("broken chain", .invalid, [.chainBroken]) { $0.scope.isChainBroken = true },
            Row("expired rule", .invalid, [.ruleExpired]) {
                $0.policy.expiredRules = ["Routes/plans.yaml:21"]
            },
            Row("the epoch has ended", .invalid, [.epochChanged]) {
                $0.epoch.endUnixMilliseconds = VerdictWorld.start + 10 * VerdictWorld.day
            },
            Row("other rules are in force", .invalid, [.epochChanged]) {
                $0.scope.ruleSetHash = "cd34"
            },
            Row("the same rules are in force", .go) { $0.scope.ruleSetHash = "ab12" },
            Row("observed tomorrow", .invalid, [.clockSkew]) {
                $0.row.lastUnixMilliseconds += VerdictWorld.day
            },
            Row("observed before the epoch", .invalid, [.clockSkew]) {
                $0.row.firstUnixMilliseconds -= VerdictWorld.day
            },
            Row("a minute is no skew", .go) {
                $0.row.firstUnixMilliseconds -= 60_000
                $0.row.lastUnixMilliseconds += 60_000
            },
            Row("traffic has stopped", .insufficientData, [.stale]) {
                $0.scope.nowUnixMilliseconds += 3 * VerdictWorld.day
            },
            Row("too young", .insufficientData, [.tooYoung]) {
                $0.policy.stableForMilliseconds = 14 * VerdictWorld.day
            },
            Row("old enough", .go) { $0.policy.stableForMilliseconds = 10 * VerdictWorld.day },
            Row("no rows", .insufficientData, [.noTraffic]) { $0.rows = [] },
            Row(
                "rows of nothing",
                .insufficientData,
                [.noTraffic, .samples, .errorSamples, .latencySamples]
            ) { $0.row = VerdictWorld.row(0) },
            Row("no time", .invalid, [.counters]) { $0.row.lastUnixMilliseconds = 0 },
            Row("more mismatches that count than there are", .invalid, [.counters]) {
                $0.rows.append(VerdictWorld.row(100))
                $0.rows[1].gateMismatches = 1
            },
            Row("a row without outcomes", .invalid, [.counters]) {
                $0.rows.append(VerdictWorld.row(100))
                $0.rows[1].outcomes = []
            },
            Row("counters that overflow", .invalid, [.counters]) {
                $0.rows.append(VerdictWorld.row(100))
                $0.rows[1][.match] = .max
            },
        ]
        self.check(rows)
    }

    @Test func `no traffic, nothing but failures and NaN are never GO`() {
        let total: UInt64 = 40_000
        for outcome in [ObservationOutcome.modernFailed, .legacyFailed, .bothFailed] {
            var world = VerdictWorld()
            world.row = VerdictWorld.row(total)
            world.turn(total, into: outcome)
            let verdict = world.verdict
            #expect(verdict.word == .invalid, "\(outcome)")
            #expect(verdict.reasons.contains { $0.code == .allFailed }, "\(outcome)")
        }
        var world = VerdictWorld()
        world.turn(36_000, into: .raced)
        #expect(world.verdict.word == .insufficientData)
        world = VerdictWorld()
        world.row[.match] = 0
        world.unobserved(36_000, .conditional)
        #expect(world.verdict.word == .insufficientData)
        let keys: [WritableKeyPath<GatePolicy, Double>] = [
            \.parityTarget, \.confidence, \.errorMargin, \.latencyQuantile, \.latencySlack,
            \.unobservedMax,
        ]
        for (index, key) in keys.enumerated() {
            for value in [Double.nan, .infinity, -.infinity, -1] {
                var world = VerdictWorld()
                world.policy[keyPath: key] = value
                #expect(world.verdict.word == .invalid, "policy \(index) \(value)")
            }
        }
        for value in [0.0, 1, .nan] {
            for key in keys.prefix(2) {
                var world = VerdictWorld()
                world.policy[keyPath: key] = value
                #expect(world.verdict.word == .invalid)
            }
            var world = VerdictWorld()
            world.policy.routeParityTarget = value
            #expect(world.verdict.word == .invalid)
        }
    }
}
