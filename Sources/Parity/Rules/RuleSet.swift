// SPDX-License-Identifier: Apache-2.0

import Bytes

/// The rules of one route, compiled: a matcher that is walked along two texts while they are
/// compared, so that no pointer is built while they agree.
///
/// Immutable, made once when files are loaded. Of two rules for one place the more literal one
/// wins, then the later one, presets before rules.
public struct RuleSet: Sendable {
    /// Presets, then rules, as given.
    public let rules: [ParityRule]
    /// Patterns where any difference is one too many, as given.
    public let zeroTolerance: [String]
    let matcher: RuleMatcher
    let compiled: [CompiledRule]

    /// Compiles; refuses what cannot be a rule.
    public init(
        rules: [ParityRule],
        presets: [ParityRule] = [],
        zeroTolerance: [String] = []
    ) throws(RuleSetError) {
        self.rules = presets + rules
        self.zeroTolerance = zeroTolerance
        guard self.rules.count + zeroTolerance.count <= Limits.parityRulesMax else {
            throw .tooMany(count: self.rules.count + zeroTolerance.count)
        }
        var paths: [RulePath] = []
        var compiled: [CompiledRule] = []
        for rule in self.rules {
            guard let path = RulePath(rule.path, segmentsMax: Limits.parityRuleSegmentsMax) else {
                throw .badPath(path: rule.path, origin: rule.origin)
            }
            paths.append(path)
            compiled.append(try CompiledRule(rule))
        }
        var zeroPaths: [RulePath] = []
        for text in zeroTolerance {
            guard let path = RulePath(text, segmentsMax: Limits.parityRuleSegmentsMax) else {
                throw .badPath(path: text, origin: "zeroTolerance")
            }
            zeroPaths.append(path)
        }
        self.compiled = compiled
        self.matcher = try RuleMatcher(
            paths: paths,
            zeroPaths: zeroPaths,
            isIgnore: compiled.map(\.isIgnore),
            isIdentifier: compiled.map(\.isIdentifier)
        )
    }

    /// No rule: exact values, keys in any order, arrays in order.
    public static let none: RuleSet = {
        guard let set = try? RuleSet(rules: []) else { preconditionFailure("no rule is no error") }
        return set
    }()

    /// The rule for a place, given as a pointer (`/entry/0/resource/id`, `header:etag`), and
    /// whether any difference there is one too many.
    public func rule(at pointer: String) -> (rule: ParityRule?, isZeroTolerance: Bool) {
        var state = RuleMatcher.start
        var isZero = self.matcher.states[state].isZero
        guard let path = RulePath(pointer, segmentsMax: .max) else { return (nil, false) }
        for segment in path.segments {
            switch segment {
            case .literal(let name): state = self.matcher.step(state, name: name)
            case .any, .anyDepth:
                state = self.matcher.next(state, symbol: self.matcher.otherSymbol)
            }
            isZero = isZero || self.matcher.states[state].isZero
        }
        let index = Int(self.matcher.states[state].rule)
        return (index < 0 ? nil : self.rules[index], isZero)
    }

    /// Ignore rules that had expired at that time: they accept nothing any more, and a verdict that
    /// rests on them is invalid.
    public func expiredRules(atUnixSeconds now: Int64) -> [ParityRule] {
        self.rules.filter { rule in
            guard case .ignore(_, _, let expires?) = rule.kind else { return false }
            return expires <= now
        }
    }
}

/// Why a set of rules is refused.
public enum RuleSetError: Error, Hashable, Sendable {
    /// Not a pointer pattern.
    case badPath(path: String, origin: String)
    /// A tolerance that is no decimal number, or below zero.
    case badTolerance(path: String, text: String, origin: String)
    /// A skew below zero.
    case badSkew(path: String, origin: String)
    /// `keyed` without members, or with one that is no relative pointer.
    case badKey(path: String, origin: String)
    /// More rules than `Limits.parityRulesMax`.
    case tooMany(count: Int)
    /// Patterns whose combinations take more than `Limits.parityMatcherEntriesMax` entries: too
    /// many `**` with wildcards behind them.
    case tooComplex
}

/// A rule with its numbers and paths taken apart.
enum CompiledRule: Sendable {
    case exact
    case decimal(absolute: ExactDecimal, relative: ExactDecimal)
    case instant(skewMilliseconds: Int)
    case set
    case keyed(by: [[[UInt8]]])
    /// The domain keeps the ids of different rules apart.
    case identifier(domain: [UInt8])
    case url
    case shape
    case ignore(name: String, expiresUnixSeconds: Int64?)

    init(_ rule: ParityRule) throws(RuleSetError) {
        switch rule.kind {
        case .exact: self = .exact
        case .decimal(let absolute, let relative):
            self = .decimal(
                absolute: try Self.tolerance(absolute, rule),
                relative: try Self.tolerance(relative, rule)
            )
        case .instant(let skew):
            guard skew >= 0 else { throw .badSkew(path: rule.path, origin: rule.origin) }
            self = .instant(skewMilliseconds: skew)
        case .set: self = .set
        case .keyed(let by):
            self = .keyed(by: try Self.keys(by, rule))
        case .identifier: self = .identifier(domain: Array(rule.path.utf8))
        case .url: self = .url
        case .shape: self = .shape
        case .ignore(_, _, let expires):
            self = .ignore(name: "ignore \(rule.path)", expiresUnixSeconds: expires)
        }
    }

    private static func tolerance(
        _ text: String,
        _ rule: ParityRule
    ) throws(RuleSetError) -> ExactDecimal {
        guard let number = ExactDecimal(text.isEmpty ? "0" : text), !number.isNegative,
            number.top.hugeDigits.isEmpty, abs(number.top.word) <= 1_024,
            number.digits.count <= 64
        else { throw .badTolerance(path: rule.path, text: text, origin: rule.origin) }
        return number
    }

    private static func keys(
        _ by: [String],
        _ rule: ParityRule
    ) throws(RuleSetError) -> [[[UInt8]]] {
        var keys: [[[UInt8]]] = []
        for text in by {
            let path = RulePath("/" + text, segmentsMax: Limits.parityRuleSegmentsMax)
            let names = path?.segments.compactMap { segment -> [UInt8]? in
                guard case .literal(let name) = segment else { return nil }
                return name
            }
            guard let names, let path, names.count == path.segments.count, !text.isEmpty else {
                throw .badKey(path: rule.path, origin: rule.origin)
            }
            keys.append(names)
        }
        guard !keys.isEmpty else { throw .badKey(path: rule.path, origin: rule.origin) }
        return keys
    }

    var isIgnore: Bool {
        guard case .ignore = self else { return false }
        return true
    }

    var isIdentifier: Bool {
        guard case .identifier = self else { return false }
        return true
    }

    var isURL: Bool {
        guard case .url = self else { return false }
        return true
    }

    /// Whether it is about an array itself; others are handed down to an array's items.
    var isAboutArrays: Bool {
        switch self {
        case .set, .keyed: true
        default: false
        }
    }
}
