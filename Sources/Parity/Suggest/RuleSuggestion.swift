// SPDX-License-Identifier: Apache-2.0

/// A rule that would explain what was seen at one place, with the numbers that speak for it.
public struct RuleSuggestion: Sendable, Hashable {
    /// The rule; of an ignore rule owner and reason are empty, for a person to fill in.
    public var rule: ParityRule
    /// How sure the evidence makes it.
    public var strength: Strength
    /// Differences that it would explain.
    public var explains: UInt64
    /// Exchanges that were compared.
    public var seen: UInt64
    /// Why, one sentence each; no values.
    public var evidence: [String]

    /// A suggestion from its parts.
    public init(
        rule: ParityRule,
        strength: Strength,
        explains: UInt64,
        seen: UInt64,
        evidence: [String]
    ) {
        self.rule = rule
        self.strength = strength
        self.explains = explains
        self.seen = seen
        self.evidence = evidence
    }

    /// How sure a suggestion is.
    public enum Strength: UInt8, Sendable, CaseIterable, Comparable {
        /// Accepting a difference is a person's decision: the numbers only say that it is steady.
        case ask = 0
        /// The evidence fits, but it is thin or not one-sided.
        case likely = 1
        /// Every difference at the place fits, and there are enough of them.
        case strong = 2

        /// The word in reports and JSON.
        public var word: String {
            switch self {
            case .ask: "ask"
            case .likely: "likely"
            case .strong: "strong"
            }
        }

        /// Order of sureness.
        public static func < (a: Strength, b: Strength) -> Bool { a.rawValue < b.rawValue }
    }
}

/// Rules that the evidence speaks for, those that explain most first.
///
/// Nothing is suggested for places with fewer than `minimum` differences, nor where a difference is
/// one too many: such a place is looked at, not explained away. A rule that still compares comes
/// before one that does not.
public func suggestedRules(
    _ places: [PointerEvidence],
    minimum: UInt64 = 20
) -> [RuleSuggestion] {
    let counts = Dictionary(places.map { ($0.pointer, $0) }) { first, _ in first }
    let suggestions = places.compactMap { place -> RuleSuggestion? in
        guard place.pointer.hasPrefix("/") || place.pointer.isEmpty,
            place.counting >= minimum, place.severity < .zeroTolerance, place.severity > .accepted
        else { return nil }
        return ordering(place, items: counts[place.pointer + "/*"]) ?? instants(place)
            ?? urls(place) ?? ids(place) ?? decimals(place) ?? noise(place) ?? steady(place)
    }
    return suggestions.sorted {
        ($0.explains, $1.rule.path) > ($1.explains, $0.rule.path)
    }
}

private func suggestion(
    _ place: PointerEvidence,
    _ kind: ParityRuleKind,
    _ strength: RuleSuggestion.Strength,
    explains: UInt64,
    _ evidence: [String]
) -> RuleSuggestion {
    let path = place.pointer.split(separator: "/", omittingEmptySubsequences: false)
        .map { $0 == "{key}" ? "*" : $0 }.joined(separator: "/")
    var evidence = evidence
    if place.noiseReads > 0 {
        evidence.append(
            "legacy differed with itself there in \(place.noiseDiffered) of \(place.noiseReads)"
                + " re-reads"
        )
    }
    return RuleSuggestion(
        rule: ParityRule(path: path, kind: kind, origin: "suggested"),
        strength: strength,
        explains: explains,
        seen: place.seen,
        evidence: evidence
    )
}

/// An array that only ever had another order.
private func ordering(_ place: PointerEvidence, items: PointerEvidence?) -> RuleSuggestion? {
    let moved = place[.order]
    guard moved > 0, place[.count] == 0, place[.value] == 0, place[.type] == 0 else { return nil }
    let others = (items?[.missing] ?? 0) + (items?[.added] ?? 0)
    return suggestion(
        place,
        .set,
        others == 0 ? .strong : .likely,
        explains: moved,
        [
            "the same elements in another order in \(moved) of \(place.seen) exchanges",
            "elements missing or added in \(others)",
        ]
    )
}

/// Instants a little apart, or the same moment written for another zone.
private func instants(_ place: PointerEvidence) -> RuleSuggestion? {
    let all = place[.value] + place[.skew] + place[.zone]
    guard all > 0, all == place.counting, place[.instants] >= all else { return nil }
    let zones = place[.zone]
    if zones == all {
        return suggestion(
            place,
            .instant(skewMilliseconds: 0),
            .strong,
            explains: zones,
            ["the same moment in another zone or precision in \(zones) of \(place.seen) exchanges"]
        )
    }
    let near = place[.withinSecond]
    let isNear = near >= all
    guard isNear || place[.withinMinute] >= all else { return nil }
    let isOneWay = place[.modernLater] >= all
    return suggestion(
        place,
        .instant(skewMilliseconds: isNear ? 1_000 : 60_000),
        isNear || isOneWay ? .strong : .likely,
        explains: all,
        [
            "instants at most \(isNear ? "a second" : "a minute") apart in all \(all) differences",
            "modern later in \(place[.modernLater])",
        ]
    )
}

/// Ids of two numberings.
///
/// Other numbers may go together one by one too (a price that was doubled), so numbers for numbers
/// have to be called ids.
private func ids(_ place: PointerEvidence) -> RuleSuggestion? {
    let pairs = place[.idPair]
    let different = place[.idNew]
    let all = place[.value] + place[.type]
    let isCalledID = hasNameOfID(place.pointer)
    let conflicts = place[.idConflict]
    guard different >= 10, all == place.counting, conflicts * 50 <= pairs, pairs * 10 >= all * 9,
        isCalledID || place.legacyKind == .string || place.modernKind == .string
    else { return nil }
    return suggestion(
        place,
        .identifier,
        pairs == all && isCalledID ? .strong : .likely,
        explains: pairs,
        [
            "each id of legacy stood for one id of modern in \(pairs) of \(all) differences",
            "\(different) different pairs; \(conflicts) contradicted one of them",
        ]
    )
}

/// Whether the last name of a pointer calls its value an id.
private func hasNameOfID(_ pointer: String) -> Bool {
    let names = pointer.split(separator: "/").filter { $0 != "*" && $0 != "{key}" }
    guard let name = names.last else { return false }
    return name == "id" || name == "reference"
        || ["Id", "ID", "_id", "-id", "Uuid", "UUID", "uuid", "guid", "identifier", "Identifier"]
            .contains { name.hasSuffix($0) }
}

private func urls(_ place: PointerEvidence) -> RuleSuggestion? {
    let agree = place[.urlsAgree]
    guard agree > 0, agree >= place.counting else { return nil }
    return suggestion(
        place,
        .url,
        .strong,
        explains: agree,
        ["equal after each origin's host and prefix are taken off in all \(agree) differences"]
    )
}

private func decimals(_ place: PointerEvidence) -> RuleSuggestion? {
    let all = place[.value] + place[.tolerance] + place[.type]
    guard all > 0, all == place.counting else { return nil }
    if place[.sameNumberAsText] >= all {
        return suggestion(
            place,
            .decimal(absolute: "0", relative: "0"),
            .ask,
            explains: all,
            ["the same number, a text on one side, in all \(all) differences"]
        )
    }
    let isNear = place[.numbersNear] >= all
    guard isNear || place[.numbersWithinCent] >= all else { return nil }
    return suggestion(
        place,
        isNear
            ? .decimal(absolute: "0", relative: "0.000001")
            : .decimal(absolute: "0.01", relative: "0"),
        isNear ? .likely : .ask,
        explains: all,
        ["numbers \(isNear ? "a millionth" : "0.01") apart at most in all \(all) differences"]
    )
}

/// A place where legacy differs with itself as often as with modern.
private func noise(_ place: PointerEvidence) -> RuleSuggestion? {
    guard place.noiseReads >= 20, place.noiseDiffered * 2 >= place.noiseReads,
        place.candidateOnly <= 2 * place.noiseOnly + 5, place.legacyKind == place.modernKind
    else { return nil }
    return suggestion(
        place,
        .shape,
        place[.type] == 0 && place[.missing] == 0 ? .likely : .ask,
        explains: place.counting,
        [
            "\(place.candidateOnly) differences in which legacy agreed with itself,"
                + " \(place.noiseOnly) the other way round"
        ]
    )
}

/// A difference that is always there: a decision of somebody, to be owned by somebody.
private func steady(_ place: PointerEvidence) -> RuleSuggestion? {
    let added = place[.added]
    let empty = place[.nullOrAbsent]
    guard place.seen > 0, place.noiseDiffered == 0 else { return nil }
    let kind = ParityRuleKind.ignore(owner: "", reason: "", expiresUnixSeconds: nil)
    if added > 0, added == place.counting {
        return suggestion(
            place,
            kind,
            .ask,
            explains: added,
            ["only modern has it, in \(added) of \(place.seen) exchanges"]
        )
    }
    guard empty > 0, empty >= place.counting else { return nil }
    return suggestion(
        place,
        kind,
        .ask,
        explains: empty,
        ["null on one side, absent on the other, in \(empty) of \(place.seen) exchanges"]
    )
}
