// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Migration

@Suite("Order of policy")
struct DecisionPolicyTests {
    private func input(_ change: (inout DecisionInput) -> Void) -> DecisionInput {
        var input = DecisionInput()
        input.source = .cell
        change(&input)
        return input
    }

    private static let half = Share(permyriad: 5_000) ?? .all

    /// The stage of this request, said once more in the words of design.md 2.
    private func stage(_ input: DecisionInput) -> Stage {
        if input.standing.share == .all { return input.standing.stage }
        let isInside = input.userBucket.map { $0 < input.standing.share.permyriad } ?? false
        let movesWithUser = input.isSafe || input.data == .shared
        return isInside && movesWithUser ? input.standing.stage : input.earlierStage
    }

    /// Outcome, origin, copy, rescue and mark by a second, plainer reading of the rules.
    private func check(_ input: DecisionInput, _ decision: Decision) {
        let stage = self.stage(input)
        let row = Comment(rawValue: "\(input) -> \(decision)")
        if input.isTenantConflict || input.isTenantMissing || (input.isFrozen && !input.isSafe) {
            let outcome: DecisionOutcome =
                input.isTenantConflict
                ? .tenantConflict : input.isTenantMissing ? .tenantRequired : .frozen
            #expect(decision.outcome == outcome, row)
            #expect(!decision.makesCopy && !decision.mayBeRescued, row)
            #expect(!decision.marksDiverged && !decision.remembersWriter, row)
            return
        }
        if !input.isRedirectTarget, stage >= .redirect {
            #expect(decision.outcome == (stage == .gone ? .gone : .redirect), row)
            return
        }
        let byStage: Origin = stage >= .live ? .modern : .legacy
        var origin = byStage
        let settles = input.isSafe && input.data == .forward && stage < .redirect
        if settles, let side = input.settledOn, input.hasLegacy || side == .modern { origin = side }
        if origin == .legacy, !input.hasLegacy {
            #expect(decision.outcome == .unknownStanding, row)
            return
        }
        let asks =
            origin == .modern && stage < .redirect
            && (input.entitlementScope == .all || !input.isSafe)
        if asks, input.entitlement == .unlicensed {
            #expect(decision.outcome == .notLicensed && !decision.mayBeRescued, row)
            return
        }
        #expect(decision.outcome == .forward && decision.origin == origin, row)
        #expect(decision.isEntitlementUnknown == (asks && input.entitlement == .unknown), row)
        #expect((decision.reason == .settle) == (origin != byStage), row)
        let mayCompare = input.hasLegacy && !(input.data == .forward && input.isDiverged)
        let isFree = input.isSafe && mayCompare && origin == byStage
        #expect(decision.mayBeRescued == (isFree && stage == .live), row)
        let copies = stage == .live || stage == .shadow
        #expect(decision.makesCopy == (isFree && copies && input.isSampled), row)
        let leaves = !input.isSafe && input.data == .forward && input.hasLegacy
        #expect(decision.marksDiverged == (leaves && origin == .modern), row)
        #expect(decision.remembersWriter == leaves, row)
        #expect(!(decision.isBlind && (decision.makesCopy || !input.isDiverged)), row)
    }

    @Test func `every combination agrees with a second reading of the rules`() {
        var count = 0
        let standings: [Standing] =
            Stage.allCases.map { Standing($0) }
            + [.shadow, .live, .modern].map { Standing($0, share: DecisionPolicyTests.half) }
        for standing in standings {
            let earlier = Stage(rawValue: max(standing.stage.rawValue, 1) - 1) ?? .legacy
            for bits in 0..<(1 << 9) {
                for bucket in [nil, 4_999, 5_000] as [UInt16?] {
                    for side in [nil, .legacy, .modern] as [Origin?] {
                        let input = self.input {
                            $0.standing = standing
                            $0.earlierStage = earlier
                            $0.userBucket = bucket
                            $0.settledOn = side
                            $0.isSafe = bits & 1 == 0
                            $0.data = bits & 2 == 0 ? .forward : .shared
                            $0.isDiverged = bits & 4 != 0
                            $0.hasLegacy = bits & 8 == 0
                            $0.isRedirectTarget = bits & 16 != 0
                            $0.isSampled = bits & 32 != 0
                            $0.isFrozen = bits & 64 != 0
                            $0.entitlementScope = bits & 128 == 0 ? .writes : .all
                            $0.entitlement =
                                bits & 256 == 0
                                ? .notRequired : bits & 2 == 0 ? .unlicensed : .unknown
                        }
                        self.check(input, Decision.decide(input))
                        count += 1
                    }
                }
            }
        }
        #expect(count == 46_080)
    }

    @Test func `a tenant conflict comes before all else, then the tenant, then the freeze`() {
        var input = self.input {
            $0.isTenantConflict = true
            $0.isTenantMissing = true
            $0.isFrozen = true
            $0.isSafe = false
            $0.standing = Standing(.gone)
        }
        #expect(Decision.decide(input).outcome == .tenantConflict)
        input.isTenantConflict = false
        #expect(Decision.decide(input).outcome == .tenantRequired)
        input.isTenantMissing = false
        #expect(Decision.decide(input).outcome == .frozen)
        input.isFrozen = false
        #expect(Decision.decide(input).outcome == .gone)
    }

    @Test func `writes of a partial share stay whole and say so`() {
        let input = self.input {
            $0.standing = Standing(.live, share: DecisionPolicyTests.half)
            $0.earlierStage = .shadow
            $0.userBucket = 0
            $0.isSafe = false
        }
        let decision = Decision.decide(input)
        #expect(decision.origin == .legacy)
        #expect(decision.reason == .writesMoveWhole)
        #expect(decision.stage == .shadow)
    }

    @Test func `a read after a write on legacy follows it, with no copy and no rescue`() {
        let decision = Decision.decide(
            self.input {
                $0.standing = Standing(.live)
                $0.settledOn = .legacy
                $0.isSampled = true
            }
        )
        #expect(decision.origin == .legacy)
        #expect(decision.reason == .settle)
        #expect(!decision.makesCopy && !decision.mayBeRescued)
    }

    @Test func `a diverged cell is blind after its rollback to shadow`() {
        let decision = Decision.decide(
            self.input {
                $0.standing = Standing(.shadow)
                $0.isDiverged = true
                $0.isSampled = true
            }
        )
        #expect(decision.origin == .legacy && decision.isBlind && !decision.makesCopy)
    }

    @Test func `doubt without legacy is 503`() {
        let decision = Decision.decide(
            self.input {
                $0.source = .nothingKnown
                $0.hasLegacy = false
            }
        )
        #expect(decision.outcome == .unknownStanding)
        #expect(decision.reason == .nothingKnown)
    }
}
