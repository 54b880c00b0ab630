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
    /// Kinds of ``compiled``, without their contents: what a walk asks at every value.
    let tags: [RuleTag]
    /// When an ignore rule stops to accept; `Int64.max`: never.
    let expiries: [Int64]

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
        self.tags = compiled.map(\.tag)
        self.expiries = compiled.map(\.expiry)
        self.matcher = try RuleMatcher(
            paths: paths,
            zeroPaths: zeroPaths,
            isIgnore: compiled.map { $0.tag == .ignore },
            isIdentifier: compiled.map { $0.tag == .identifier }
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

    /// What an ignore rule is called where it accepted something.
    func name(ofIgnore rule: Int) -> String {
        guard case .ignore(let name, _) = self.compiled[rule] else { return "" }
        return name
    }

    /// Whether comparing learns ids anywhere in a text: then equal texts are compared too, else
    /// equal bytes are all there is to know.
    public var learnsIdentities: Bool { self.matcher.states[RuleMatcher.start].hasIdentifier }

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

    var tag: RuleTag {
        switch self {
        case .exact: .exact
        case .decimal: .decimal
        case .instant: .instant
        case .set: .set
        case .keyed: .keyed
        case .identifier: .identifier
        case .url: .url
        case .shape: .shape
        case .ignore: .ignore
        }
    }

    fileprivate var expiry: Int64 {
        guard case .ignore(_, let expires?) = self else { return .max }
        return expires
    }
}

/// The kind of a rule.
enum RuleTag: UInt8, BitwiseCopyable, Sendable {
    case exact
    case decimal
    case instant
    case set
    case keyed
    case identifier
    case url
    case shape
    case ignore

    /// Whether it is about an array itself; others are handed down to an array's items.
    var isAboutArrays: Bool { self == .set || self == .keyed }
}
