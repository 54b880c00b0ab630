// SPDX-License-Identifier: Apache-2.0

extension Decision {
    /// The order of policy of design.md 3 as one pure function.
    ///
    /// tenant conflict > tenant required > freeze (writes) > standing (share, settle, writes move
    /// whole, redirect, gone) > entitlement.
    public static func decide(_ input: DecisionInput) -> Decision {
        let reason = Decision.reason(of: input.source)
        let standing = input.standing
        func refuse(_ outcome: DecisionOutcome, _ reason: DecisionReason) -> Decision {
            Decision(outcome, stage: standing.stage, origin: .legacy, reason: reason)
        }
        if input.isTenantConflict { return refuse(.tenantConflict, .tenantConflict) }
        if input.isTenantMissing { return refuse(.tenantRequired, .tenantRequired) }
        if input.isFrozen, !input.isSafe { return refuse(.frozen, .frozen) }
        if !input.hasLegacy, input.source == .nothingKnown {
            return refuse(.unknownStanding, .nothingKnown)
        }
        let (stage, stageReason) = Decision.stage(input, reason)
        switch stage {
        case .redirect where !input.isRedirectTarget:
            return Decision(.redirect, stage: stage, origin: .modern, reason: stageReason)
        case .gone where !input.isRedirectTarget:
            return Decision(.gone, stage: stage, origin: .modern, reason: stageReason)
        default: break
        }
        var decision = Decision(
            .forward,
            stage: stage,
            origin: stage < .live ? .legacy : .modern,
            reason: stageReason
        )
        Decision.settle(input, &decision)
        if decision.origin == .legacy, !input.hasLegacy {
            return refuse(.unknownStanding, decision.reason)
        }
        if Decision.isUnlicensed(input, &decision) {
            return Decision(.notLicensed, stage: stage, origin: .modern, reason: .notLicensed)
        }
        Decision.addNets(input, &decision)
        return decision
    }

    /// The stage of this request: the cell's, or the one before for those outside the share.
    private static func stage(
        _ input: DecisionInput,
        _ reason: DecisionReason
    ) -> (Stage, DecisionReason) {
        let standing = input.standing
        guard standing.share < .all else { return (standing.stage, reason) }
        // A tenant's writes move together, when the share reaches 100 % (design.md 2).
        if !input.isSafe, input.data == .forward { return (input.earlierStage, .writesMoveWhole) }
        guard let bucket = input.userBucket, bucket < standing.share.permyriad else {
            return (input.earlierStage, .outsideShare)
        }
        return (standing.stage, reason)
    }

    /// A user who has just written reads from the side that took the write.
    private static func settle(_ input: DecisionInput, _ decision: inout Decision) {
        guard input.isSafe, input.data == .forward, let side = input.settledOn,
            side != decision.origin, side == .modern || input.hasLegacy,
            decision.stage != .redirect, decision.stage != .gone
        else { return }
        decision.origin = side
        decision.reason = .settle
    }

    /// Entitlement stands between the standing and modern; redirect and gone ask for none.
    private static func isUnlicensed(_ input: DecisionInput, _ decision: inout Decision) -> Bool {
        guard decision.origin == .modern, decision.stage != .redirect, decision.stage != .gone,
            input.entitlementScope == .all || !input.isSafe
        else { return false }
        switch input.entitlement {
        case .notRequired, .licensed: return false
        case .unlicensed: return true
        case .unknown:
            decision.isEntitlementUnknown = true
            return false
        }
    }

    /// Copies, rescue, and what a write leaves behind.
    private static func addNets(_ input: DecisionInput, _ decision: inout Decision) {
        let isForward = input.data == .forward
        guard input.isSafe else {
            decision.marksDiverged = isForward && decision.origin == .modern && input.hasLegacy
            decision.remembersWriter = isForward && input.hasLegacy
            return
        }
        guard input.hasLegacy else { return }
        // Under `forward` a diverged cell's origins no longer hold the same records: neither may
        // stand in for the other, and comparing them would blame the wrong one.
        let isStale = isForward && input.isDiverged
        // A settled read asks the side that took the write because the other has not seen it.
        let isSettled = decision.reason == .settle
        switch decision.stage {
        case .shadow, .dual, .live:
            decision.isObserved = input.isSampled
            decision.isBlind = isStale && input.isSampled
        default: break
        }
        switch decision.stage {
        case .shadow where decision.origin == .legacy:
            decision.makesCopy = input.isSampled && !isStale && !isSettled
        case .dual where decision.origin == .legacy:
            decision.asksBoth = input.isSampled && !isStale && !isSettled
        case .live where decision.origin == .modern:
            decision.makesCopy = input.isSampled && !isStale && !isSettled
            decision.mayBeRescued = !isStale && !isSettled
        default: break
        }
    }

    private static func reason(of source: StandingSource) -> DecisionReason {
        switch source {
        case .cell: .standing
        case .migration: .migrationStanding
        case .flagTargeting: .flagTargeting
        case .flagDefault: .flagDefault
        case .lastKnown: .lastKnown
        case .nothingKnown: .nothingKnown
        }
    }
}
