// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parity
import Testing

@Suite struct VerdictNumbersTests {
    @Test func `a verdict shows the numbers that it stands on`() throws {
        var world = VerdictWorld()
        world.row = VerdictWorld.row(100_000)
        world.turn(3, into: .mismatch)
        let verdict = world.verdict
        let route = try #require(verdict.routes.first)
        #expect(route.parity.trials == 100_000)
        #expect(route.parity.hits == 3)
        #expect(abs(route.parity.upperBound - 1.18e-4) < 1e-6)
        #expect(route.parity.missing == 17_576)
        #expect(abs((route.parity.missingDays ?? 0) - 1.7576) < 1e-3)
        #expect(verdict.missingSamples == 17_576)
        #expect(abs((verdict.missingDays ?? 0) - 1.7576) < 1e-3)
        #expect(abs(verdict.alpha - 0.05) < 1e-12)
        #expect(verdict.epoch.ruleSetHash == "ab12")
        #expect(verdict.epoch.number == 3)
        #expect(route.errors?.hits == 0)
        #expect(route.latencyBudgetMicroseconds > 40_000)
        #expect(!route.isBudgetFrozen)
    }

    @Test func `a GO lacks nothing`() {
        let verdict = VerdictWorld().verdict
        #expect(verdict.word == .go)
        #expect(verdict.reasons.isEmpty)
        #expect(verdict.missingSamples == 0)
        #expect(verdict.missingDays == 0)
        #expect(verdict.gapCount == 0)
    }

    @Test func `days missing at the rate so far`() {
        var world = VerdictWorld()
        world.row = VerdictWorld.row(20_000)
        #expect(world.verdict.missingSamples == 14_409)
        #expect(abs((world.verdict.missingDays ?? 0) - 7.2045) < 1e-3)
        // Traffic that stopped a while ago is a lower rate.
        world.scope.nowUnixMilliseconds += VerdictWorld.day
        #expect((world.verdict.missingDays ?? 0) > 7.9)
        // A tenant without any traffic is never covered at this rate.
        world.scope.tenants = ["acme", "beta"]
        #expect(world.verdict.missingDays == nil)
        #expect(world.verdict.missingSamples == 14_409)
    }

    @Test func `gaps are named by tenant and operation, and counted beyond the bound`() throws {
        var world = VerdictWorld()
        for number in 0..<1_200 {
            world.rows.append(VerdictWorld.row(1, tenant: "tenant-\(10_000 + number)"))
        }
        let verdict = world.verdict
        #expect(verdict.gapCount == 1_200)
        #expect(verdict.gaps.count == 1_000)
        let first = try #require(verdict.gaps.first)
        #expect(first.tenant == "tenant-10000")
        #expect(first.comparisons == 1)
        #expect(first.missing == 29)
        #expect(verdict.tenants.count == 1_201)
        #expect(verdict.reasons.first { $0.code == .coverage }?.count == 1_200)
        #expect(verdict.missingSamples == 1_200 * 29)
    }

    @Test func `ten thousand tenants make one verdict in the time of a request`() {
        var world = VerdictWorld()
        for number in 0..<10_000 {
            for operation in ["GET /plans", "GET /plans/{id}", "GET /plans/{id}/goals"] {
                world.rows.append(
                    VerdictWorld.row(
                        10,
                        tenant: "tenant-\(number)",
                        wave: "\(number % 5)",
                        operation: operation
                    )
                )
            }
        }
        let start = ContinuousClock.now
        let verdict = world.verdict
        let spent = ContinuousClock.now - start
        // Some 0.3 s optimised; a debug build on a busy machine may take its time.
        #expect(spent < .seconds(60))
        #expect(verdict.tenants.count == 10_001)
        #expect(verdict.tenants.filter { $0.pooled == 3 }.count == 10_000)
    }

    @Test func `the order of rows means nothing`() {
        var world = VerdictWorld()
        for tenant in ["delta", "beta", "gamma"] {
            world.rows.append(VerdictWorld.row(20, tenant: tenant, wave: "1"))
            world.rows.append(VerdictWorld.row(2, tenant: tenant, operation: "GET /plans"))
        }
        world.turn(1, into: .mismatch)
        let verdict = world.verdict
        for _ in 0..<5 {
            world.rows.shuffle()
            #expect(world.verdict == verdict)
        }
    }
}
