// SPDX-License-Identifier: Apache-2.0

import Bytes
import Glibc

/// The verdict of one migration's epoch over the tenants in question (parity.md f3 to f7).
///
/// Pure: the same snapshot, scope and policy give the same verdict, wherever and whenever.
///
/// GO needs every one of: each route's mismatch rate, error rate and latency rejected at its limit
/// by itself (all must pass, so nothing is corrected for their number), no zero-tolerance
/// difference, every tenant seen, every tenant x operation covered by itself or by its wave, and
/// nothing that makes the evidence invalid. A comparison with NaN is false everywhere, so what
/// cannot be computed is never GO.
public func parityVerdict(
    _ snapshot: ParitySnapshot,
    scope: VerdictScope,
    policy: GatePolicy
) -> ParityVerdict {
    let evidence = VerdictEvidence(snapshot, scope)
    var reasons = soundness(snapshot, scope, policy, evidence)
    var routes: [RouteVerdict] = []
    for (route, counts) in evidence.routes.sorted(by: { $0.key < $1.key }) {
        let latencies = evidence.latencies[route] ?? VerdictEvidence.Latencies()
        let judge = RouteJudge(
            route: route,
            counts: counts,
            latencies: latencies,
            policy: policy,
            windowDays: evidence.windowDays
        )
        let (verdict, found) = judge.verdict()
        routes.append(verdict)
        reasons += found
    }
    let overall = estimate(
        of: evidence.all,
        limit: policy.mismatchLimit,
        policy: policy,
        windowDays: evidence.windowDays
    ).estimate
    if policy.routeParityTarget != nil {
        reasons += parityReasons(overall, "", policy)
    }
    let coverage = Coverage(evidence, scope, policy)
    reasons += coverage.reasons(evidence, policy)
    reasons += strata(evidence, policy)
    reasons = sorted(reasons)
    return ParityVerdict(
        word: reasons.first?.code.word ?? .go,
        reasons: Array(reasons.prefix(Limits.verdictReasonsMax)),
        epoch: snapshot.epoch,
        target: policy.parityTarget,
        alpha: policy.alpha,
        overall: overall,
        routes: routes,
        tenants: coverage.tenants,
        gaps: Array(coverage.gaps.prefix(Limits.coverageGapsMax)),
        gapCount: coverage.gaps.count,
        unseenOperations: coverage.unseenOperations,
        missingSamples: missingSamples(routes, overall, coverage, policy),
        missingDays: missingDays(routes, overall, coverage, evidence, policy),
        legacyFailed: evidence.all.legacyFailed,
        bothFailed: evidence.all.bothFailed,
        raced: evidence.all.raced
    )
}

/// Worst first: by verdict, by kind, by name.
private func sorted(_ reasons: [VerdictReason]) -> [VerdictReason] {
    let order = Dictionary(
        uniqueKeysWithValues: VerdictReasonCode.allCases.enumerated().map { ($1, $0) }
    )
    return reasons.sorted { a, b in
        let (first, second) = (order[a.code] ?? 0, order[b.code] ?? 0)
        return (first, a.subject) < (second, b.subject)
    }
}

// MARK: Whether the evidence can be reckoned with

private func soundness(
    _ snapshot: ParitySnapshot,
    _ scope: VerdictScope,
    _ policy: GatePolicy,
    _ evidence: VerdictEvidence
) -> [VerdictReason] {
    var reasons: [VerdictReason] = []
    if !policy.isSound { reasons.append(VerdictReason(.policy)) }
    if scope.isChainBroken { reasons.append(VerdictReason(.chainBroken)) }
    reasons += policy.expiredRules.map { VerdictReason(.ruleExpired, $0) }
    let isOther = !scope.ruleSetHash.isEmpty && scope.ruleSetHash != snapshot.epoch.ruleSetHash
    if isOther || snapshot.epoch.endUnixMilliseconds != 0 {
        reasons.append(VerdictReason(.epochChanged))
    }
    if !evidence.all.isSound { reasons.append(VerdictReason(.counters)) }
    guard evidence.all.all > 0 else { return reasons + [VerdictReason(.noTraffic)] }
    let (first, last) = (evidence.all.first, evidence.all.last)
    let skew = Int64(Limits.parityClockSkewMaxMilliseconds)
    // Without times there is no telling how old the evidence is.
    guard first <= last else { return reasons + [VerdictReason(.counters)] }
    let (now, start) = (scope.nowUnixMilliseconds, snapshot.epoch.startUnixMilliseconds)
    if last > saturated(now, plus: skew) || first < saturated(start, plus: -skew) {
        reasons.append(VerdictReason(.clockSkew))
    }
    if now > saturated(last, plus: policy.staleAfterMilliseconds) {
        reasons.append(VerdictReason(.stale))
    }
    if last < saturated(start, plus: policy.stableForMilliseconds) {
        reasons.append(VerdictReason(.tooYoung))
    }
    return reasons
}

private func saturated(_ time: Int64, plus more: Int64) -> Int64 {
    let (sum, overflows) = time.addingReportingOverflow(more)
    return overflows ? (more > 0 ? .max : .min) : sum
}

// MARK: What is missing

/// What coverage lacks can be part of what routes lack, so it is the larger of both.
private func missingSamples(
    _ routes: [RouteVerdict],
    _ overall: ParityEstimate,
    _ coverage: Coverage,
    _ policy: GatePolicy
) -> UInt64? {
    var total: UInt64 = 0
    for route in routes {
        var most: UInt64 = 0
        for part in [route.parity, route.errors, route.latency] {
            guard let part else { continue }
            guard let missing = part.missing else { return nil }
            most = max(most, missing)
        }
        total += most
    }
    if policy.routeParityTarget != nil {
        guard let missing = overall.missing else { return nil }
        total = max(total, missing)
    }
    return max(total, coverage.missing)
}

private func missingDays(
    _ routes: [RouteVerdict],
    _ overall: ParityEstimate,
    _ coverage: Coverage,
    _ evidence: VerdictEvidence,
    _ policy: GatePolicy
) -> Double? {
    var most = 0.0
    var parts: [ParityEstimate?] = routes.flatMap { [$0.parity, $0.errors, $0.latency] }
    if policy.routeParityTarget != nil { parts.append(overall) }
    for case .some(let part) in parts {
        guard let days = part.missingDays else { return nil }
        most = max(most, days)
    }
    guard let days = coverage.missingDays(evidence.windowDays) else { return nil }
    return max(most, days, evidence.youthDays(policy))
}

// MARK: One tenant, one operation

/// A tenant or an operation whose mismatches are above the limit by themselves, however well the
/// others do: a pool must not hide a broken customer.
///
/// Alpha is divided by the number of tenants and operations looked at.
private func strata(_ evidence: VerdictEvidence, _ policy: GatePolicy) -> [VerdictReason] {
    let looks = Double(evidence.tenants.count + evidence.operations.count)
    let enough = log(max(looks, 1) / policy.alpha)
    var reasons: [VerdictReason] = []
    func isAbove(_ counts: VerdictCounts) -> Bool {
        guard counts.failures > 0 else { return false }
        return EProcess.logUp(
            counts.failures,
            of: counts.comparisons,
            limit: policy.routeMismatchLimit
        ) >= enough
    }
    for (tenant, counts) in evidence.tenants {
        if isAbove(counts) {
            reasons.append(VerdictReason(.tenantParity, tenant, count: counts.failures))
        }
        if counts.zeroTolerance > 0 {
            reasons.append(VerdictReason(.zeroTolerance, tenant, count: counts.zeroTolerance))
        }
    }
    for (operation, counts) in evidence.operations where isAbove(counts) {
        let name = "\(operation.route) \(operation.operation)"
        reasons.append(VerdictReason(.operationParity, name, count: counts.failures))
    }
    return reasons
}
