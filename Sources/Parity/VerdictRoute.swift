// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Judges one route by its three gates.
struct RouteJudge {
    let route: String
    let counts: VerdictCounts
    let latencies: VerdictEvidence.Latencies
    let policy: GatePolicy
    let windowDays: Double

    /// The route's numbers and what speaks against it.
    func verdict() -> (RouteVerdict, [VerdictReason]) {
        var reasons: [VerdictReason] = []
        let parity = estimate(
            of: self.counts,
            limit: self.policy.routeMismatchLimit,
            policy: self.policy,
            windowDays: self.windowDays
        )
        reasons += parityReasons(parity.estimate, self.route, self.policy)
        if parity.unobservedShare > GatePolicy.unobservedLimit {
            reasons.append(VerdictReason(.unobserved, self.route, count: self.counts.hidden))
        }
        let answered = self.counts.matches + self.counts.mismatches + self.counts.raced
        if self.counts.exchanges > 0 && answered == 0 {
            reasons.append(VerdictReason(.allFailed, self.route, count: self.counts.exchanges))
        }
        let errors = self.policy.checksErrors ? self.errorEstimate() : nil
        if let errors { reasons += self.errorReasons(errors) }
        let (latency, budget) = self.policy.checksLatency ? self.latencyEstimate() : (nil, 0)
        if let latency { reasons += self.latencyReasons(latency, budget) }
        let words: [VerdictWord] = [.invalid, .noGo, .insufficientData]
        let found = Set(reasons.map(\.code.word))
        let verdict = RouteVerdict(
            route: self.route,
            word: words.first { found.contains($0) } ?? .go,
            parity: parity.estimate,
            errors: errors,
            latency: latency,
            latencyBudgetMicroseconds: budget,
            isBudgetFrozen: self.policy.latencyBudgets[self.route] != nil,
            legacyErrors: self.counts.legacyErrors,
            unobserved: self.counts.hidden,
            isImputed: parity.isImputed
        )
        return (verdict, reasons)
    }

    // MARK: Gate 2

    private func errorEstimate() -> ParityEstimate {
        let (modern, legacy) = (self.counts.modernErrors, self.counts.legacyErrors)
        let counted = modern + legacy + self.counts.bothErrors
        let exchanges = max(self.counts.exchanges, counted)
        let alpha = self.policy.alpha
        let needed = ErrorRate.exchangesNeeded(
            modernOnly: modern,
            legacyOnly: legacy,
            margin: self.policy.errorMargin,
            alpha: alpha
        )
        return ParityEstimate(
            trials: exchanges,
            hits: modern,
            limit: self.policy.errorMargin,
            logE: ErrorRate.logPaired(
                modernOnly: modern,
                legacyOnly: legacy,
                of: exchanges,
                margin: self.policy.errorMargin
            ),
            logEnough: log(1 / alpha),
            upperBound: ErrorRate.upperBound(
                modernOnly: modern,
                legacyOnly: legacy,
                of: exchanges,
                alpha: alpha
            ),
            needed: needed,
            windowDays: self.windowDays
        )
    }

    private func errorReasons(_ errors: ParityEstimate) -> [VerdictReason] {
        if errors.logE.isNaN { return [VerdictReason(.counters, self.route)] }
        if errors.isReached { return [] }
        let against = ErrorRate.logPairedWorse(
            modernOnly: self.counts.modernErrors,
            legacyOnly: self.counts.legacyErrors,
            of: errors.trials,
            margin: self.policy.errorMargin
        )
        return against >= errors.logEnough
            ? [VerdictReason(.errors, self.route, count: errors.hits)]
            : [VerdictReason(.errorSamples, self.route, count: errors.missing ?? 0)]
    }

    // MARK: Gate 3

    /// A failure of modern is a latency above every budget; a slow 5xx may so count twice, never
    /// less than once.
    private func latencyEstimate() -> (ParityEstimate?, UInt32) {
        let frozen = self.policy.latencyBudgets[self.route]
        let budget =
            frozen
            ?? LatencyBudget.budget(
                legacy: self.latencies.legacy,
                quantile: self.policy.latencyQuantile,
                slack: self.policy.latencySlack,
                floorMicroseconds: self.policy.latencyFloorMicroseconds
            )
        let limit = 1 - self.policy.latencyQuantile
        // A budget from the epoch's own data has spent half of alpha on legacy's quantile.
        let alpha = frozen == nil ? self.policy.alpha / 2 : self.policy.alpha
        let failed = self.counts.modernFailed + self.counts.bothFailed
        let hits = LatencyBudget.exceeding(budget ?? .max, in: self.latencies.modern) + failed
        let trials = self.latencies.modern.count + failed
        let logE = EProcess.logDown(hits, of: trials, limit: limit)
        let estimate = ParityEstimate(
            trials: trials,
            hits: hits,
            limit: limit,
            logE: budget == nil && !logE.isNaN ? 0 : logE,
            logEnough: log(1 / alpha),
            upperBound: EProcess.upperBound(hits, of: trials, alpha: alpha, isMixed: false),
            needed: self.latenciesNeeded(hits, trials, limit, alpha),
            windowDays: self.windowDays
        )
        return (estimate, budget ?? 0)
    }

    /// Latencies needed if modern goes on exceeding its budget as it has; `nil`: it never passes.
    private func latenciesNeeded(
        _ hits: UInt64,
        _ trials: UInt64,
        _ limit: Double,
        _ alpha: Double
    ) -> UInt64? {
        let rate = trials == 0 ? 0 : Double(hits) / Double(trials)
        guard rate < limit else { return nil }
        return fewestTrials(atLeast: 1) { count in
            let exceeding = min(count, UInt64((rate * Double(count)).rounded(.up)))
            return EProcess.logDown(exceeding, of: count, limit: limit) >= log(1 / alpha)
        }
    }

    private func latencyReasons(_ latency: ParityEstimate, _ budget: UInt32) -> [VerdictReason] {
        if latency.logE.isNaN { return [VerdictReason(.counters, self.route)] }
        if budget > 0 && latency.isReached { return [] }
        let against = EProcess.logUp(latency.hits, of: latency.trials, limit: latency.limit)
        return budget > 0 && against >= latency.logEnough
            ? [VerdictReason(.latency, self.route, count: latency.hits)]
            : [VerdictReason(.latencySamples, self.route, count: latency.missing ?? 0)]
    }
}

// MARK: Gate 1

/// Gate 1 of a route or of all: what could hide a mismatch is one, where there is too much of it.
func estimate(
    of counts: VerdictCounts,
    limit: Double,
    policy: GatePolicy,
    windowDays: Double
) -> (estimate: ParityEstimate, unobservedShare: Double, isImputed: Bool) {
    let seen = counts.comparisons + counts.hidden
    let share = seen == 0 ? 0 : Double(counts.hidden) / Double(seen)
    let isImputed = counts.hidden > 0 && !(share <= min(policy.unobservedMax, 0.01))
    let hits = counts.failures + (isImputed ? counts.hidden : 0)
    let trials = counts.comparisons + (isImputed ? counts.hidden : 0)
    let estimate = ParityEstimate(
        trials: trials,
        hits: hits,
        limit: limit,
        logE: EProcess.logMix(hits, of: trials, limit: limit),
        logEnough: log(1 / policy.alpha),
        upperBound: EProcess.upperBound(hits, of: trials, alpha: policy.alpha),
        needed: EProcess.trialsNeeded(hits: hits, limit: limit, alpha: policy.alpha),
        windowDays: windowDays
    )
    return (estimate, share, isImputed)
}

/// NO_GO when the rate is above the limit, or when a clean migration would have passed by now and
/// this one has not (3 in 100,000 at 99.99 %, parity.md f3).
func parityReasons(
    _ parity: ParityEstimate,
    _ subject: String,
    _ policy: GatePolicy
) -> [VerdictReason] {
    if parity.logE.isNaN { return [VerdictReason(.counters, subject)] }
    if parity.isReached { return [] }
    let against = EProcess.logUp(parity.hits, of: parity.trials, limit: parity.limit)
    let clean = EProcess.trialsNeeded(hits: 0, limit: parity.limit, alpha: policy.alpha)
    let isEnough = clean.map { parity.trials >= $0 } ?? false
    return isEnough || against >= parity.logEnough
        ? [VerdictReason(.parity, subject, count: parity.hits)]
        : [VerdictReason(.samples, subject, count: parity.missing ?? 0)]
}

extension ParityEstimate {
    /// An estimate that needs so many trials in all; what is missing follows.
    init(
        trials: UInt64,
        hits: UInt64,
        limit: Double,
        logE: Double,
        logEnough: Double,
        upperBound: Double,
        needed: UInt64?,
        windowDays: Double
    ) {
        let isReached = logE >= logEnough
        let missing = isReached ? 0 : needed.map { $0 > trials ? $0 - trials : 1 }
        var days: Double? = isReached ? 0 : nil
        if let missing, !isReached, trials > 0, windowDays > 0 {
            days = Double(missing) / Double(trials) * windowDays
        }
        self.trials = trials
        self.hits = hits
        self.limit = limit
        self.logE = logE
        self.logEnough = logEnough
        self.upperBound = upperBound
        self.missing = missing
        self.missingDays = days
    }
}
