// SPDX-License-Identifier: Apache-2.0

import Parity

/// The reasons of a verdict in their order; of one kind the first few, and how many more there are.
func reasonSentences(_ reasons: [VerdictReason], _ policy: GatePolicy) -> [String] {
    let most = 5
    var counts: [VerdictReasonCode: Int] = [:]
    var sentences: [String] = []
    for reason in reasons {
        counts[reason.code, default: 0] += 1
        let count = counts[reason.code] ?? 0
        if count <= most { sentences.append(reasonSentence(reason, policy)) }
        let all = reasons.count { $0.code == reason.code }
        if count == most + 1 {
            let more = ReportFigures.count(UInt64(all - most))
            sentences.append("and \(more) more of which the same holds")
        }
    }
    return sentences
}

/// A reason of a verdict as one sentence for people.
func reasonSentence(_ reason: VerdictReason, _ policy: GatePolicy) -> String {
    let count = ReportFigures.count(reason.count)
    let about = reason.subject.isEmpty ? "" : "\(reason.subject): "
    return about
        + (evidenceSentence(reason.code, count) ?? gateSentence(reason.code, count, policy))
}

/// Why evidence cannot be reckoned with, or is missing.
private func evidenceSentence(_ code: VerdictReasonCode, _ count: String) -> String? {
    switch code {
    case .policy: "the gate has a number that is none"
    case .chainBroken: "the audit's chain does not verify"
    case .ruleExpired: "this ignore rule has expired: renew it with its owner, or take it away"
    case .epochChanged: "this epoch has ended, or other rules are in force now"
    case .clockSkew: "observations lie in the future, or before their epoch: a clock is wrong"
    case .unobserved: "more than 1 % ended uncompared (\(count)): what they hide is unknown"
    case .allFailed: "not one exchange had two answers: nothing was compared"
    case .counters: "counts contradict each other"
    case .noTraffic: "nothing was observed"
    case .stale: "the last observation is too old: traffic has stopped"
    case .tooYoung: "the epoch has not lasted long enough"
    case .tenantUnseen: "nothing of this tenant was observed"
    case .operationUnseen: "nobody has used this operation"
    default: nil
    }
}

/// What the gates say.
private func gateSentence(
    _ code: VerdictReasonCode,
    _ count: String,
    _ policy: GatePolicy
) -> String {
    switch code {
    case .zeroTolerance: "\(count) exchanges differ where one is too many"
    case .parity:
        "enough was seen for a clean migration to pass, and \(count) mismatches are too many"
    case .tenantParity: "\(count) mismatches of this tenant are above the limit by themselves"
    case .operationParity: "\(count) mismatches of this operation are above the limit by themselves"
    case .errors: "modern fails more often than the margin allows (\(count) alone)"
    case .latency: "modern exceeds its latency budget more often than allowed (\(count) answers)"
    case .samples: "too few comparisons for the parity that is asked for"
    case .errorSamples: "too few exchanges to compare errors"
    case .latencySamples: "too few latencies to compare"
    case .coverage: "fewer than \(policy.coverage) comparisons of some operation"
    default: code.rawValue
    }
}
