// SPDX-License-Identifier: Apache-2.0

import Bytes
public import Parity

/// Compares the answers of one exchange by its route's plan: the observation with outcome,
/// differences and noise.
///
/// - An origin failed when it gave no whole answer or 5xx; a body that only one of both spoiled is
///   its difference, class `malformed`.
/// - Bodies that cannot be decoded within their bounds are `unobserved(undecodable)`.
/// - What a rule accepts, and what only is written differently, is a match that shows it.
/// - With legacy read again: what it differs in with itself is noise, and a mismatch in nothing but
///   noise is `raced`.
///
/// Runs on a compare thread; pure but for `identities`.
public func compareAnswers(
    _ exchange: CapturedExchange,
    plan: ComparisonPlan,
    identities: inout IdentityTable,
    nowUnixSeconds: Int64
) -> ParityObservation {
    var observation = exchange.observation
    observation.legacyStatus = exchange.legacy.status
    observation.modernStatus = exchange.modern.status
    observation.legacyMicroseconds = exchange.legacy.microseconds
    observation.modernMicroseconds = exchange.modern.microseconds
    if let ended = failure(exchange.legacy, exchange.modern) {
        observation.outcome = ended.outcome
        observation.reason = ended.reason
        return observation
    }
    var comparison = AnswerComparison(
        exchange: exchange,
        plan: plan,
        nowUnixSeconds: nowUnixSeconds
    )
    guard let found = comparison.compare(exchange.legacy, exchange.modern, &identities) else {
        observation.outcome = .unobserved
        observation.reason = .undecodable
        return observation
    }
    observation.differences = found.items.sorted { $0.severity > $1.severity }
    observation.differencesLeftOut = found.leftOut
    let isMismatch = found.worst?.countsAsMismatch ?? false
    observation.outcome = isMismatch ? .mismatch : .match
    if exchange.again.end == .complete {
        comparison.isAgainstItself = true
        // Legacy's own ids must not be learnt as modern's.
        var scratch = IdentityTable(pairsMax: Limits.parityNoisePairsMax)
        if let noise = comparison.compare(exchange.legacy, exchange.again, &scratch) {
            observation.hasNoise = true
            observation.noise = noise.items
            if isMismatch, isCovered(found, by: noise) { observation.outcome = .raced }
        }
    }
    return observation
}

/// The outcome of an exchange whose answers are not compared; `nil`: both are there.
private func failure(
    _ legacy: CapturedAnswer,
    _ modern: CapturedAnswer
) -> (outcome: ObservationOutcome, reason: UnobservedReason)? {
    let hasFailed: (CapturedAnswer) -> Bool = { answer in
        answer.end == .failed || answer.end != .notAsked && answer.status / 100 == 5
    }
    switch (hasFailed(legacy), hasFailed(modern)) {
    case (true, true): return (.bothFailed, .none)
    case (true, false): return (.legacyFailed, .none)
    case (false, true): return (.modernFailed, .none)
    case (false, false): break
    }
    switch (legacy.end, modern.end) {
    case (.notAsked, _), (_, .notAsked): return (.unobserved, .answeredByBanyan)
    case (.tooLarge, _), (_, .tooLarge): return (.unobserved, .bodyTooLarge)
    default: return nil
    }
}

/// Whether legacy differs with itself wherever it differs with modern.
private func isCovered(_ found: DifferenceList, by noise: DifferenceList) -> Bool {
    guard found.leftOut == 0 else { return false }
    let places = Set(noise.items.lazy.filter { $0.severity.countsAsMismatch }.map(\.pointer))
    return found.items.allSatisfy { item in
        !item.severity.countsAsMismatch
            || item.severity != .zeroTolerance && places.contains(item.pointer)
    }
}

/// Two answers held against each other.
struct AnswerComparison {
    let exchange: CapturedExchange
    let plan: ComparisonPlan
    let nowUnixSeconds: Int64
    /// Both answers are legacy's.
    var isAgainstItself = false

    /// What they differ in; `nil`: a body is beyond what may be decoded.
    mutating func compare(
        _ legacy: CapturedAnswer,
        _ modern: CapturedAnswer,
        _ identities: inout IdentityTable
    ) -> DifferenceList? {
        var options = DifferOptions()
        options.legacyHost = self.exchange.legacyHost
        options.modernHost =
            self.isAgainstItself ? self.exchange.legacyHost : self.exchange.modernHost
        options.legacyPathPrefix = self.plan.legacyPathPrefix
        options.modernPathPrefix =
            self.isAgainstItself ? self.plan.legacyPathPrefix : self.plan.modernPathPrefix
        options.nowUnixSeconds = self.nowUnixSeconds
        options.identityScope = self.exchange.observation.tenant
        var found = fieldDifferences(
            legacy,
            modern,
            names: self.plan.model.headers,
            rules: self.plan.ruleSet,
            options: options,
            identities: &identities
        )
        var bodies = BodyComparison(plan: self.plan, options: options)
        guard bodies.compare(Content(legacy), Content(modern), &identities) else { return nil }
        found.append(contentsOf: bodies.found)
        return found
    }
}
