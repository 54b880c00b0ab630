// SPDX-License-Identifier: Apache-2.0

import Bytes

/// How two leaves agree, before anything is learnt or noted.
enum LeafVerdict {
    /// They agree.
    case agree
    /// They differ.
    case differ(DifferenceClass, DifferenceSeverity)
    /// They are ids: whether they agree is for the table to say.
    case ids(legacy: [UInt8], modern: [UInt8], domain: [UInt8])
}

extension Differ {
    /// Compares what is no pair of containers.
    mutating func compareLeaves(_ at: Place, _ x: JSONNode, _ y: JSONNode, _ context: RuleContext) {
        switch self.verdict(x, y, self.rule(context)) {
        case .agree: break
        case .differ(let difference, let severity):
            self.emit(difference, severity, at, context)
        case .ids(let legacy, let modern, let domain):
            let agreement = self.identities.observe(legacy: legacy, modern: modern, domain: domain)
            if agreement == .violated { self.emit(.bijection, .value, at, context) }
        }
    }

    /// How two values of which at least one is no container agree by a rule.
    func verdict(_ x: JSONNode, _ y: JSONNode, _ rule: CompiledRule) -> LeafVerdict {
        if case .identifier(let domain) = rule, self.isScalar(x), self.isScalar(y) {
            return .ids(
                legacy: self.scalarText(self.legacy, x),
                modern: self.scalarText(self.modern, y),
                domain: domain + [0] + self.options.identityScope.utf8
            )
        }
        if case .decimal(let absolute, let relative) = rule, self.isScalar(x), self.isScalar(y),
            let verdict = self.decimals(x, y, absolute, relative)
        {
            return verdict
        }
        guard x.kind == y.kind else { return .differ(.type, .missing) }
        switch x.kind {
        case .null, .array, .object: return .agree
        case .bool:
            if case .shape = rule { return .agree }
            return x.end &- x.start == y.end &- y.start ? .agree : .differ(.value, .value)
        case .number: return self.numbers(x, y, rule)
        case .string: return self.strings(x, y, rule)
        }
    }

    private func isScalar(_ node: JSONNode) -> Bool { node.kind == .string || node.kind == .number }

    /// A string's text or a number's lexeme.
    func scalarText(_ side: DifferSide, _ node: JSONNode) -> [UInt8] {
        node.kind == .string
            ? decodedText(side.window, node)
            : side.window.slice(Int(node.start), Int(node.end &- node.start)).array
    }

    private func isEqualLexeme(_ x: JSONNode, _ y: JSONNode) -> Bool {
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

    private func decimal(_ side: DifferSide, _ node: JSONNode) -> ExactDecimal? {
        if node.kind == .number {
            return ExactDecimal(side.window, Int(node.start), Int(node.end))
        }
        return withWindow(decodedText(side.window, node)) { ExactDecimal($0, 0, $0.count) }
    }

    /// Numbers or numeric texts within a tolerance; `nil` where one is no number.
    private func decimals(
        _ x: JSONNode,
        _ y: JSONNode,
        _ absolute: ExactDecimal,
        _ relative: ExactDecimal
    ) -> LeafVerdict? {
        guard let a = self.decimal(self.legacy, x), let b = self.decimal(self.modern, y) else {
            return nil
        }
        guard a.isWithin(absolute: absolute, relative: relative, of: b) else {
            return .differ(.tolerance, .value)
        }
        // Beyond its tolerance nothing was said about how a number is written.
        guard a.isEqual(to: b), x.kind == y.kind, !self.isEqualLexeme(x, y) else { return .agree }
        return .differ(.lexeme, .formatting)
    }

    private func numbers(_ x: JSONNode, _ y: JSONNode, _ rule: CompiledRule) -> LeafVerdict {
        if case .shape = rule { return .agree }
        if self.isEqualLexeme(x, y) { return .agree }
        guard let a = self.decimal(self.legacy, x), let b = self.decimal(self.modern, y) else {
            return .differ(.value, .value)
        }
        if a.isEqual(to: b) { return .differ(.lexeme, .formatting) }
        if case .instant(let skew) = rule, let from = Instant(epochNumber: a),
            let to = Instant(epochNumber: b)
        {
            let agreement = from.agreement(with: to, skewMilliseconds: skew)
            return agreement == .apart ? .differ(.skew, .value) : .agree
        }
        return .differ(.value, .value)
    }

    private func strings(_ x: JSONNode, _ y: JSONNode, _ rule: CompiledRule) -> LeafVerdict {
        if self.isEqualLexeme(x, y) { return .agree }
        let a = decodedText(self.legacy.window, x)
        let b = decodedText(self.modern.window, y)
        if case .shape = rule {
            return lengthClass(a.count) == lengthClass(b.count) ? .agree : .differ(.value, .value)
        }
        if a == b { return .differ(.lexeme, .formatting) }
        if case .url = rule {
            return self.legacyURLs.rewritten(a) == self.modernURLs.rewritten(b)
                ? .agree : .differ(.url, .value)
        }
        guard a.count <= 64, b.count <= 64, let from = Instant(a), let to = Instant(b) else {
            return .differ(.value, .value)
        }
        guard case .instant(let skew) = rule else {
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
