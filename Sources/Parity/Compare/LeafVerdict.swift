// SPDX-License-Identifier: Apache-2.0

import Bytes

/// How two leaves agree, before anything is learnt or noted.
enum LeafVerdict {
    /// They agree.
    case agree
    /// They differ.
    case differ(DifferenceClass, DifferenceSeverity)
    /// They are ids: whether they agree is for the table to say.
    case ids
}

extension Differ {
    /// Compares what is no pair of containers.
    mutating func compareLeaves(_ at: Place, _ x: JSONNode, _ y: JSONNode, _ context: RuleContext) {
        switch self.verdict(x, y, context) {
        case .agree: break
        case .differ(let difference, let severity):
            self.emit(difference, severity, at, context)
        case .ids: self.compareIDs(at, x, y, context)
        }
    }

    /// Ids have to be a pair that is known, or one that contradicts none.
    ///
    /// Items that were held against each other for want of better ones say nothing about ids.
    private mutating func compareIDs(
        _ at: Place,
        _ x: JSONNode,
        _ y: JSONNode,
        _ context: RuleContext
    ) {
        guard !context.isGuess else { return }
        let pair = self.idPair(x, y, context)
        var agreement = self.identities.check(pair)
        if agreement == .new { agreement = self.newIDs.check(pair) }
        switch agreement {
        case .known: break
        case .new: self.newIDs.learn(pair)
        case .violated: self.emit(.bijection, .value, at, context)
        }
    }

    /// Learns the new pairs of two texts that otherwise agree.
    mutating func learnIDs() {
        guard (self.found.list.worst ?? .accepted) < .order else { return }
        for pair in self.newIDs.pairs { self.identities.learn(pair) }
    }

    /// What stands for two ids in the table.
    mutating func idPair(
        _ x: JSONNode,
        _ y: JSONNode,
        _ context: RuleContext
    ) -> IdentityPair {
        let domain = self.domain(context.rule)
        return IdentityPair(
            legacy: scalarDigest(self.legacy.window, x, domain, isModern: false),
            modern: scalarDigest(self.modern.window, y, domain, isModern: true)
        )
    }

    /// The domain of an identifier rule, made once in a comparison.
    mutating func domain(_ rule: Int32) -> IdentityTable.Domain {
        if let known = self.domains.first(where: { $0.rule == rule }) { return known.domain }
        var name: [UInt8] = []
        if rule >= 0, case .identifier(let own) = self.rules.compiled[Int(rule)] { name = own }
        let domain = self.identities.domain(name, scope: self.options.identityScope)
        self.domains.append((rule, domain))
        return domain
    }

    /// How two values of which at least one is no container agree by the rule in force.
    func verdict(_ x: JSONNode, _ y: JSONNode, _ context: RuleContext) -> LeafVerdict {
        let tag = self.tag(context)
        // For ids and tolerances a number and a text may stand for each other.
        if tag == .identifier, self.isScalar(x), self.isScalar(y) { return .ids }
        if tag == .decimal, self.isScalar(x), self.isScalar(y),
            case .decimal(let absolute, let relative) = self.rule(context),
            let verdict = self.decimals(x, y, absolute, relative)
        {
            return verdict
        }
        guard x.kind == y.kind else { return .differ(.type, .missing) }
        switch x.kind {
        case .null, .array, .object: return .agree
        case .bool:
            if tag == .shape { return .agree }
            return x.end &- x.start == y.end &- y.start ? .agree : .differ(.value, .value)
        case .number: return self.numbers(x, y, context)
        case .string: return self.strings(x, y, context)
        }
    }

    func isScalar(_ node: JSONNode) -> Bool { node.kind == .string || node.kind == .number }

    /// A string's text or a number's lexeme.
    func scalarText(_ window: ByteWindow, _ node: JSONNode) -> [UInt8] {
        node.kind == .string
            ? decodedText(window, node)
            : window.slice(Int(node.start), Int(node.end &- node.start)).array
    }

    func isEqualLexeme(_ x: JSONNode, _ y: JSONNode) -> Bool {
        let count = Int(x.end &- x.start)
        return count == Int(y.end &- y.start)
            && equalBytes(
                self.legacy.window,
                Int(x.start),
                self.modern.window,
                Int(y.start),
                count: count
            )
    }

    private func decimal(_ window: ByteWindow, _ node: JSONNode) -> ExactDecimal? {
        if node.kind == .number { return ExactDecimal(window, Int(node.start), Int(node.end)) }
        return withWindow(decodedText(window, node)) { ExactDecimal($0, 0, $0.count) }
    }

    /// Numbers or numeric texts within a tolerance; `nil` where one is no number.
    private func decimals(
        _ x: JSONNode,
        _ y: JSONNode,
        _ absolute: ExactDecimal,
        _ relative: ExactDecimal
    ) -> LeafVerdict? {
        guard let a = self.decimal(self.legacy.window, x),
            let b = self.decimal(self.modern.window, y)
        else {
            return nil
        }
        guard a.isWithin(absolute: absolute, relative: relative, of: b) else {
            return .differ(.tolerance, .value)
        }
        // Beyond its tolerance nothing was said about how a number is written.
        guard a.isEqual(to: b), x.kind == y.kind, !self.isEqualLexeme(x, y) else { return .agree }
        return .differ(.lexeme, .formatting)
    }

    private func numbers(_ x: JSONNode, _ y: JSONNode, _ context: RuleContext) -> LeafVerdict {
        if self.tag(context) == .shape { return .agree }
        if self.isEqualLexeme(x, y) { return .agree }
        guard let a = self.decimal(self.legacy.window, x),
            let b = self.decimal(self.modern.window, y)
        else {
            return .differ(.value, .value)
        }
        if a.isEqual(to: b) { return .differ(.lexeme, .formatting) }
        if case .instant(let skew) = self.rule(context), let from = Instant(epochNumber: a),
            let to = Instant(epochNumber: b)
        {
            let agreement = from.agreement(with: to, skewMilliseconds: skew)
            return agreement == .apart ? .differ(.skew, .value) : .agree
        }
        return .differ(.value, .value)
    }

    private func strings(_ x: JSONNode, _ y: JSONNode, _ context: RuleContext) -> LeafVerdict {
        if self.isEqualLexeme(x, y) { return .agree }
        let tag = self.tag(context)
        if tag == .shape || tag == .url || (x.flags | y.flags) & JSONNode.hasEscapes != 0 {
            let a = decodedText(self.legacy.window, x)
            let b = decodedText(self.modern.window, y)
            if tag == .shape {
                let isAlike = lengthClass(a.count) == lengthClass(b.count)
                return isAlike ? .agree : .differ(.value, .value)
            }
            if a == b { return .differ(.lexeme, .formatting) }
            if tag == .url {
                return self.legacyURLs.rewritten(a) == self.modernURLs.rewritten(b)
                    ? .agree : .differ(.url, .value)
            }
            return self.instants(Instant(a), Instant(b), context)
        }
        return self.instants(
            Instant(self.legacy.window, Int(x.start) + 1, Int(x.end) - 1),
            Instant(self.modern.window, Int(y.start) + 1, Int(y.end) - 1),
            context
        )
    }

    /// Texts that are not the same, as instants if both are.
    private func instants(
        _ from: Instant?,
        _ to: Instant?,
        _ context: RuleContext
    ) -> LeafVerdict {
        guard let from, let to else { return .differ(.value, .value) }
        guard case .instant(let skew) = self.rule(context) else {
            // Nobody has called it an instant: another text is another value, but it is told which.
            let agreement = from.agreement(with: to, skewMilliseconds: 0)
            let isSameMoment = agreement == .same || agreement == .zone
            return .differ(isSameMoment ? .zone : .value, .value)
        }
        return switch from.agreement(with: to, skewMilliseconds: skew) {
        case .same: .differ(.lexeme, .formatting)
        case .zone: .differ(.zone, .formatting)
        case .precision: .differ(.zone, .value)
        case .within: .agree
        case .apart: .differ(.skew, .value)
        }
    }
}

/// The length of a text, rounded up to a power of two: 0, 1, 2, 4, 8, ...
public func lengthClass(_ count: Int) -> UInt32 {
    guard count > 1 else { return UInt32(max(count, 0)) }
    return 1 << (32 - UInt32(min(count, 1 << 31) - 1).leadingZeroBitCount)
}

/// The digest of a string's text or a number's lexeme.
private func scalarDigest(
    _ window: ByteWindow,
    _ node: JSONNode,
    _ domain: IdentityTable.Domain,
    isModern: Bool
) -> KeyedDigest {
    if node.flags & JSONNode.hasEscapes != 0 {
        return withWindow(decodedText(window, node)) { domain.digest($0, isModern: isModern) }
    }
    let trim = node.kind == .string ? 1 : 0
    let start = Int(node.start) + trim
    return domain.digest(window.slice(start, Int(node.end) - trim - start), isModern: isModern)
}

/// Pairs of ids that one comparison has met for the first time.
struct NewIdentities {
    /// In order of appearance.
    private(set) var pairs: [IdentityPair] = []
    private var modernOfLegacy: [KeyedDigest: KeyedDigest] = [:]
    private var legacyOfModern: [KeyedDigest: KeyedDigest] = [:]

    func check(_ pair: IdentityPair) -> IdentityTable.Agreement {
        let known = self.modernOfLegacy[pair.legacy]
        let knownBack = self.legacyOfModern[pair.modern]
        if known == nil, knownBack == nil { return .new }
        return known == pair.modern && knownBack == pair.legacy ? .known : .violated
    }

    mutating func learn(_ pair: IdentityPair) {
        self.pairs.append(pair)
        self.modernOfLegacy[pair.legacy] = pair.modern
        self.legacyOfModern[pair.modern] = pair.legacy
    }
}
