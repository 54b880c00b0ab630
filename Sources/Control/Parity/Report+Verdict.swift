// SPDX-License-Identifier: Apache-2.0

import Glibc
public import Parity

extension ReportVerdict {
    /// A verdict in words, every number beside it.
    ///
    /// `observedMilliseconds`: how long the epoch was observed.
    public init(
        _ verdict: ParityVerdict,
        policy: GatePolicy,
        observedMilliseconds: Int64
    ) {
        var checks: [ReportCheck] = [ReportVerdict.zeroTolerance(verdict)]
        for route in verdict.routes {
            checks.append(ReportVerdict.parity(route, verdict, policy))
            if let errors = route.errors {
                checks.append(ReportVerdict.errors(route, errors, verdict))
            }
            if let latency = route.latency {
                checks.append(ReportVerdict.latency(route, latency, verdict, policy))
            }
            checks.append(ReportVerdict.unobserved(route, verdict))
        }
        checks.append(ReportVerdict.coverage(verdict, policy))
        if policy.stableForMilliseconds > 0 {
            checks.append(ReportVerdict.stability(verdict, policy, observedMilliseconds))
        }
        let isMissing = verdict.word == .insufficientData || verdict.word == .noGo
        self.init(
            word: verdict.word.rawValue,
            reasons: reasonSentences(verdict.reasons, policy),
            checks: checks,
            missingComparisons: isMissing ? verdict.missingSamples : nil,
            missingDays: isMissing ? verdict.missingDays : nil
        )
    }

    /// How a requirement stands: a reason of its kind decides, then whether it is reached.
    private static func state(
        _ verdict: ParityVerdict,
        missed: Set<VerdictReasonCode>,
        open: Set<VerdictReasonCode> = [],
        about subject: String? = nil
    ) -> ReportCheckState {
        let codes = Set(
            verdict.reasons.filter { subject == nil || $0.subject == subject }.map(\.code)
        )
        if !codes.isDisjoint(with: missed) { return .missed }
        return codes.isDisjoint(with: open) ? .met : .open
    }

    private static func zeroTolerance(_ verdict: ParityVerdict) -> ReportCheck {
        let count = verdict.tenants.reduce(0 as UInt64) { $0 + $1.zeroTolerance }
        return ReportCheck(
            key: "zero_tolerance",
            statement: count == 0
                ? "no difference where one is too many"
                : "\(ReportFigures.count(count)) exchanges differ where one is too many",
            state: count == 0 ? .met : .missed,
            numbers: [.count("count", "exchanges", count)]
        )
    }

    private static func parity(
        _ route: RouteVerdict,
        _ verdict: ParityVerdict,
        _ policy: GatePolicy
    ) -> ReportCheck {
        let estimate = route.parity
        let asked = ReportFigures.percentDown(1 - estimate.limit)
        let found = ReportFigures.percentDown(1 - estimate.upperBound)
        let confidence = ReportFigures.percentDown(policy.confidence, decimals: 0)
        let statement =
            estimate.trials == 0 || !estimate.upperBound.isFinite
            ? "nothing can be said yet; asked for: \(asked) agree"
            : "at least \(found) agree, with \(confidence) confidence; asked for: \(asked)"
        return ReportCheck(
            key: "parity",
            route: route.route,
            statement: route.isImputed
                ? statement + "; what was not compared counts as mismatches" : statement,
            state: estimate.isReached
                ? .met : self.state(verdict, missed: [.parity], about: route.route).orOpen,
            numbers: self.numbers(estimate, hits: "mismatches x", trials: "of n")
        )
    }

    private static func errors(
        _ route: RouteVerdict,
        _ estimate: ParityEstimate,
        _ verdict: ParityVerdict
    ) -> ReportCheck {
        let margin = ReportFigures.fixed(estimate.limit * 100, decimals: 3)
        return ReportCheck(
            key: "errors",
            route: route.route,
            statement: "modern may fail alone in \(margin) % more of the exchanges than legacy",
            state: estimate.isReached
                ? .met : self.state(verdict, missed: [.errors], about: route.route).orOpen,
            numbers: self.numbers(estimate, hits: "modern alone", trials: "of exchanges")
                + [.count("legacyAlone", "legacy alone", route.legacyErrors)]
        )
    }

    private static func latency(
        _ route: RouteVerdict,
        _ estimate: ParityEstimate,
        _ verdict: ParityVerdict,
        _ policy: GatePolicy
    ) -> ReportCheck {
        let allowed = ReportFigures.fixed(estimate.limit * 100, decimals: 1)
        let budget = UInt64(route.latencyBudgetMicroseconds)
        let slack = ReportFigures.fixed(policy.latencySlack * 100, decimals: 0)
        let origin =
            route.isBudgetFrozen
            ? "frozen before the epoch" : "\(slack) % above legacy's, from this epoch"
        return ReportCheck(
            key: "latency",
            route: route.route,
            statement: budget == 0
                ? "legacy has too few latencies to make a budget from"
                : "modern may exceed \(ReportFigures.milliseconds(budget)) (\(origin)) "
                    + "in \(allowed) % of its answers",
            state: estimate.isReached
                ? .met : self.state(verdict, missed: [.latency], about: route.route).orOpen,
            numbers: self.numbers(estimate, hits: "above", trials: "of answers")
                + [.count("budgetMicroseconds", "budget in µs", budget)]
        )
    }

    private static func unobserved(
        _ route: RouteVerdict,
        _ verdict: ParityVerdict
    ) -> ReportCheck {
        let limit = ReportFigures.percentDown(GatePolicy.unobservedLimit, decimals: 0)
        return ReportCheck(
            key: "unobserved",
            route: route.route,
            statement: "at most \(limit) may end uncompared where a mismatch could hide",
            state: self.state(verdict, missed: [.unobserved], about: route.route),
            numbers: [.count("count", "not compared", route.unobserved)]
        )
    }

    private static func coverage(_ verdict: ParityVerdict, _ policy: GatePolicy) -> ReportCheck {
        let gaps = UInt64(verdict.gapCount)
        let unseen = UInt64(verdict.unseenOperations.count)
        return ReportCheck(
            key: "coverage",
            statement: gaps == 0 && unseen == 0
                ? "every tenant and operation has \(policy.coverage) comparisons, or its wave has"
                : "\(ReportFigures.count(gaps)) pairs of tenant and operation lack some of "
                    + "\(policy.coverage) comparisons; operations never used: \(unseen)",
            state: self.state(
                verdict,
                missed: [],
                open: [.coverage, .tenantUnseen, .operationUnseen, .noTraffic]
            ),
            numbers: [
                .count("gaps", "pairs not covered", gaps),
                .count("neverExercised", "operations never used", unseen),
                .count("tenants", "tenants", UInt64(verdict.tenants.count)),
            ]
        )
    }

    private static func stability(
        _ verdict: ParityVerdict,
        _ policy: GatePolicy,
        _ observed: Int64
    ) -> ReportCheck {
        let asked = ReportFigures.span(milliseconds: policy.stableForMilliseconds)
        return ReportCheck(
            key: "stable",
            statement:
                "one epoch for \(asked); so far \(ReportFigures.span(milliseconds: observed))",
            state: self.state(verdict, missed: [], open: [.tooYoung, .noTraffic]),
            numbers: [
                .count("observedSeconds", "seconds so far", UInt64(max(0, observed / 1_000)))
            ]
        )
    }

    private static func numbers(
        _ estimate: ParityEstimate,
        hits: String,
        trials: String
    ) -> [ReportNumber] {
        let wealth = exp(min(estimate.logE, 300))
        let enough = exp(estimate.logEnough)
        let bound = estimate.upperBound * 100
        return [
            .count("hits", hits, estimate.hits), .count("trials", trials, estimate.trials),
            ReportNumber(
                key: "limit",
                label: "limit",
                value: estimate.limit,
                text: ReportFigures.fixed(estimate.limit * 100, decimals: 4) + " %"
            ),
            ReportNumber(
                key: "upperBound",
                label: "upper bound U",
                value: estimate.upperBound,
                text: bound.isFinite ? ReportFigures.fixed(bound, decimals: 5) + " %" : "-"
            ),
            ReportNumber(
                key: "logE",
                label: "evidence E",
                value: estimate.logE,
                text: ReportFigures.wealth(wealth)
            ),
            ReportNumber(
                key: "logEnough",
                label: "needed",
                value: estimate.logEnough,
                text: ReportFigures.wealth(enough)
            ),
        ]
    }
}

extension ReportCheckState {
    /// A requirement that is not reached and that nothing speaks against is open.
    fileprivate var orOpen: ReportCheckState { self == .met ? .open : self }
}

extension ReportNumber {
    /// A count.
    fileprivate static func count(_ key: String, _ label: String, _ value: UInt64) -> ReportNumber {
        ReportNumber(
            key: key,
            label: label,
            value: Double(value),
            text: ReportFigures.count(value)
        )
    }
}

extension ReportFigures {
    /// An e-value: three digits are enough to compare it with 20.
    static func wealth(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        if value >= 1e6 { return "> 1,000,000" }
        return fixed(value, decimals: value < 10 ? 3 : value < 1_000 ? 1 : 0)
    }
}
