// SPDX-License-Identifier: Apache-2.0

import Bytes

extension Differ {
    /// What two differing values have in common, for suggestions.
    mutating func hints(_ at: Place, pointer: String) -> ParityHints {
        guard at.legacy >= 0, at.modern >= 0 else {
            let node =
                at.legacy >= 0 ? self.legacy.nodes[at.legacy] : self.modern.nodes[at.modern]
            return node.kind == .null ? .nullOrAbsent : []
        }
        let x = self.legacy.nodes[at.legacy]
        let y = self.modern.nodes[at.modern]
        guard self.isScalar(x), self.isScalar(y), x.end &- x.start <= 256, y.end &- y.start <= 256
        else { return [] }
        let a = self.scalarText(self.legacy.window, x)
        let b = self.scalarText(self.modern.window, y)
        var hints: ParityHints = []
        if x.kind == .string, y.kind == .string, let from = Instant(a), let to = Instant(b) {
            hints.formUnion(instantHints(from, to))
        }
        if let from = ExactDecimal(a), let to = ExactDecimal(b) {
            hints.formUnion(numberHints(from, to, isSameKind: x.kind == y.kind))
        }
        guard x.kind == .string, y.kind == .string else {
            return hints.union(self.idHints(a, b, pointer))
        }
        if self.rewritesDiffer, a.contains(UInt8(ascii: "/")) {
            let legacy = URLRewrite(
                hosts: self.options.legacyHost,
                pathPrefix: self.options.legacyPathPrefix
            )
            let modern = URLRewrite(
                hosts: self.options.modernHost,
                pathPrefix: self.options.modernPathPrefix
            )
            if legacy.rewritten(a) == modern.rewritten(b) { hints.insert(.urlsAgree) }
        }
        if letters(a) == letters(b) { hints.insert(.sameLetters) }
        return hints.union(self.idHints(a, b, pointer))
    }

    private var rewritesDiffer: Bool {
        self.options.legacyHost != self.options.modernHost
            || self.options.legacyPathPrefix != self.options.modernPathPrefix
    }

    /// Whether two texts that look like ids were each other's so far at this place.
    ///
    /// What is learnt for a suggestion may take half of the table; the other half is for rules.
    private mutating func idHints(_ a: [UInt8], _ b: [UInt8], _ pointer: String) -> ParityHints {
        guard looksLikeID(a), looksLikeID(b), Instant(a) == nil,
            self.identities.count < self.identities.pairsMax / 2
        else { return [] }
        let domain = self.identities.domain(
            Array("\u{1}suggest \(pointer)".utf8),
            scope: self.options.identityScope
        )
        let pair = IdentityPair(
            legacy: withWindow(a) { domain.digest($0, isModern: false) },
            modern: withWindow(b) { domain.digest($0, isModern: true) }
        )
        switch self.identities.check(pair) {
        case .known: return .idPair
        case .violated: return .idConflict
        case .new:
            self.identities.learn(pair)
            return [.idPair, .idNew]
        }
    }
}

private func instantHints(_ from: Instant, _ to: Instant) -> ParityHints {
    var hints: ParityHints = .instants
    if from.agreement(with: to, skewMilliseconds: 1_000) != .apart { hints.insert(.withinSecond) }
    if from.agreement(with: to, skewMilliseconds: 60_000) != .apart { hints.insert(.withinMinute) }
    if to.seconds > from.seconds
        || to.seconds == from.seconds && to.attoseconds > from.attoseconds
    {
        hints.insert(.modernLater)
    }
    let clock = from.seconds + Int64((from.offsetMinutes ?? 0) * 60)
    let otherClock = to.seconds + Int64((to.offsetMinutes ?? 0) * 60)
    if from.offsetMinutes != to.offsetMinutes, clock == otherClock { hints.insert(.sameClock) }
    return hints
}

private let noTolerance = ExactDecimal(digits: [], top: 0)
private let millionth = ExactDecimal(digits: [1], top: -5)
private let cent = ExactDecimal(digits: [1], top: -1)

private func numberHints(
    _ from: ExactDecimal,
    _ to: ExactDecimal,
    isSameKind: Bool
) -> ParityHints {
    if from.isEqual(to: to) { return isSameKind ? [] : .sameNumberAsText }
    guard from.digits.count <= 64, to.digits.count <= 64 else { return [] }
    var hints: ParityHints = []
    if from.isWithin(absolute: noTolerance, relative: millionth, of: to) {
        hints.insert(.numbersNear)
    }
    if from.isWithin(absolute: cent, relative: noTolerance, of: to) {
        hints.insert(.numbersWithinCent)
    }
    return hints
}

/// Letters and digits in lower case, white space left out.
private func letters(_ text: [UInt8]) -> [UInt8] {
    text.filter { $0 > 0x20 }.map(asciiLowercased)
}

/// Whether a text can be an id: one word with a digit, or an RFC 3986 reference that ends in one.
private func looksLikeID(_ text: [UInt8]) -> Bool {
    guard text.count <= 128 else { return false }
    let isWord = text.allSatisfy { byte in
        isDigit(byte) || asciiLowercased(byte) &- 0x61 < 26
            || [0x2D, 0x5F, 0x2E, 0x3A, 0x2F].contains(byte)
    }
    return isWord && text.contains(where: isDigit)
        && !text.contains {
            $0 == UInt8(ascii: ".") && text.allSatisfy { isDigit($0) || $0 == 0x2E }
        }
}
