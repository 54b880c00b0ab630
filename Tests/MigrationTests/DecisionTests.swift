// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Migration

/// design.md 2 and 3 once more, written down as tables; shares nothing with `Decision.decide`.
private struct PolicyOracle {
    let input: DecisionInput
    private var isWrite: Bool { !self.input.isSafe }
    private var isForward: Bool { self.input.data == .forward }

    /// Where this request's user stands.
    private var stage: Stage {
        let standing = self.input.standing
        if standing.share == .all { return standing.stage }
        let movesWhole = self.isForward && self.isWrite
        let isInside = (self.input.userBucket ?? 10_000) < standing.share.permyriad
        return isInside && !movesWhole ? standing.stage : self.input.earlierStage
    }

    /// Outcome and side; `nil` for a side that no origin answers on.
    var answer: (DecisionOutcome, Origin?) {
        let input = self.input
        if input.isTenantConflict { return (.tenantConflict, nil) }
        if input.isTenantMissing { return (.tenantRequired, nil) }
        if input.isFrozen, self.isWrite { return (.frozen, nil) }
        if input.source == .nothingKnown, !input.hasLegacy { return (.unknownStanding, nil) }
        if self.stage == .redirect, !input.isRedirectTarget { return (.redirect, nil) }
        if self.stage == .gone, !input.isRedirectTarget { return (.gone, nil) }
        let side = self.side
        if side == .legacy, !input.hasLegacy { return (.unknownStanding, nil) }
        if side == .modern, self.stage < .redirect, input.entitlement == .unlicensed,
            self.isWrite || input.entitlementScope == .all
        {
            return (.notLicensed, nil)
        }
        return (.forward, side)
    }

    private var standingSide: Origin {
        switch self.stage {
        case .legacy, .shadow, .dual: .legacy
        case .live, .modern, .redirect, .gone: .modern
        }
    }

    private var isSettled: Bool {
        guard let wrote = self.input.settledOn, !self.isWrite, self.isForward else { return false }
        return wrote != self.standingSide && self.stage < .redirect
            && (wrote == .modern || self.input.hasLegacy)
    }

    private var side: Origin { self.isSettled ? self.standingSide.other : self.standingSide }

    /// Whether the other origin may be asked on behalf of this request at all.
    private var hasNet: Bool {
        !self.isWrite && self.input.hasLegacy && !self.isSettled
            && !(self.isForward && self.input.isDiverged)
    }
    var makesCopy: Bool {
        self.hasNet && self.input.isSampled && (self.stage == .shadow || self.stage == .live)
    }
    var mayBeRescued: Bool { self.hasNet && self.stage == .live }
    var marksDiverged: Bool {
        self.isWrite && self.isForward && self.input.hasLegacy && self.side == .modern
    }
}

@Suite("Decisions")
struct DecisionTests {
    private static let stages = Stage.allCases
    private static let bools = [false, true]

    /// Every input that can matter, in nested loops; `body` sees each once.
    private static func each(_ body: (DecisionInput) -> Void) throws {
        let part = try #require(Share(permyriad: 3_000))
        var input = DecisionInput()
        for (index, stage) in stages.enumerated() {
            input.earlierStage = index == 0 ? .legacy : stages[index - 1]
            for share in [Share.all, part] {
                input.standing = Standing(stage, share: share)
                for bucket: UInt16? in [nil, 2_999, 3_000] {
                    input.userBucket = bucket
                    for bits in 0..<(1 << 9) {
                        input.isSafe = bits & 1 != 0
                        input.isFrozen = bits & 2 != 0
                        input.data = bits & 4 != 0 ? .shared : .forward
                        input.isDiverged = bits & 8 != 0
                        input.hasLegacy = bits & 16 != 0
                        input.entitlementScope = bits & 32 != 0 ? .all : .writes
                        input.isRedirectTarget = bits & 64 != 0
                        input.isSampled = bits & 128 != 0
                        input.source = bits & 256 != 0 ? .nothingKnown : .cell
                        for settled: Origin? in [nil, .legacy, .modern] {
                            input.settledOn = settled
                            for entitlement in [
                                Entitlement.notRequired, .licensed, .unlicensed, .unknown,
                            ] {
                                input.entitlement = entitlement
                                body(input)
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func `every combination of inputs decides as the tables say`() throws {
        var count = 0
        var wrong: [DecisionInput] = []
        try DecisionTests.each { input in
            count += 1
            let decision = Decision.decide(input)
            let oracle = PolicyOracle(input: input)
            let (outcome, side) = oracle.answer
            var isRight = decision.outcome == outcome
            if let side {
                isRight =
                    isRight && decision.origin == side
                    && decision.makesCopy == oracle.makesCopy
                    && decision.mayBeRescued == oracle.mayBeRescued
                    && decision.marksDiverged == oracle.marksDiverged
            } else {
                isRight =
                    isRight && !decision.makesCopy && !decision.mayBeRescued
                    && !decision.marksDiverged && !decision.remembersWriter
            }
            if !isRight { wrong.append(input) }
        }
        #expect(count == 7 * 2 * 3 * 512 * 3 * 4)
        #expect(
            wrong.isEmpty,
            "\(wrong.count) wrong, the first: \(String(describing: wrong.first))"
        )
    }

    @Test func `a tenant conflict goes before all else, then a missing tenant, then a freeze`()
        throws
    {
        var wrong = 0
        try DecisionTests.each { plain in
            guard plain.settledOn == nil, plain.userBucket == nil else { return }
            var input = plain
            input.isTenantMissing = true
            if Decision.decide(input).outcome != .tenantRequired { wrong += 1 }
            input.isTenantConflict = true
            if Decision.decide(input).outcome != .tenantConflict { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test func `writes never meet a net, and never two origins`() throws {
        var wrong = 0
        try DecisionTests.each { input in
            guard !input.isSafe else { return }
            let decision = Decision.decide(input)
            if decision.makesCopy || decision.mayBeRescued || decision.reason == .settle {
                wrong += 1
            }
        }
        #expect(wrong == 0)
    }

    @Test func `the reason names where the standing came from`() {
        for (source, reason) in [
            (StandingSource.cell, DecisionReason.standing), (.migration, .migrationStanding),
            (.flagTargeting, .flagTargeting), (.flagDefault, .flagDefault),
            (.lastKnown, .lastKnown), (.nothingKnown, .nothingKnown),
        ] {
            var input = DecisionInput()
            input.source = source
            #expect(Decision.decide(input).reason == reason)
        }
    }
}

@Suite("Stage transitions")
struct StageTransitionTests {
    private static func standing(_ text: String) throws -> Standing {
        try #require(Standing(text: text))
    }

    @Test func `a flip is one entry at a time, any share, further with a reason`() throws {
        let rules = StageTransition(stages: [.legacy, .shadow, .live, .modern, .redirect])
        // from, to, allowed without a reason, allowed with one
        for (from, to, plain, reasoned) in [
            ("legacy", "shadow", true, true), ("legacy", "shadow=5%", true, true),
            ("legacy", "live", false, true), ("legacy", "live=5%", false, false),
            ("shadow", "live=5%", true, true), ("shadow=5%", "live", false, true),
            ("live=5%", "live=25%", true, true), ("live=25%", "live", true, true),
            ("live=25%", "modern", false, true), ("live", "modern=1%", true, true),
            ("modern", "redirect", true, true), ("modern", "redirect=5%", false, false),
            ("modern", "gone", false, false), ("live", "dual", false, false),
            ("live", "live", false, false), ("live", "legacy", true, true),
            ("modern", "shadow", true, true), ("live=25%", "live=5%", true, true),
            ("live", "legacy=5%", false, false),
        ] {
            for hasReason in [false, true] {
                let isAllowed: Bool
                do {
                    try rules.checkFlip(
                        from: Self.standing(from),
                        to: Self.standing(to),
                        hasReason: hasReason
                    )
                    isAllowed = true
                } catch { isAllowed = false }
                #expect(isAllowed == (hasReason ? reasoned : plain), "\(from) to \(to)")
            }
        }
    }

    @Test func `a rollback goes from any stage to any earlier one, never forward`() throws {
        let rules = StageTransition(stages: Stage.allCases)
        for from in Stage.allCases {
            for to in Stage.allCases {
                let isAllowed =
                    (try? rules.checkRollback(from: Standing(from), to: Standing(to))) != nil
                #expect(isAllowed == (to < from), "\(from) to \(to)")
            }
        }
    }

    @Test func `a standing's text reads back, and nonsense is refused`() throws {
        for text in ["legacy", "live=5%", "live=12.5%", "modern=0.01%", "shadow=99.99%"] {
            #expect(try Self.standing(text).text == text)
        }
        #expect(try Self.standing("live 5%") == Self.standing("live=5%"))
        #expect(try Self.standing("live=100%") == Standing(.live))
        for text in [
            "", "=", "live=", "live=5", "live=%", "live=101%", "live=1.234%", "live=-5%",
            "live=5%=5%", "live==5%", "live=5% ", " live", "Live", "live=٥%", "live=1e1%",
            "live=0x5%", "live=.5%", "live=5.%",
        ] {
            #expect(Standing(text: text) == nil, "\(text)")
        }
    }
}
