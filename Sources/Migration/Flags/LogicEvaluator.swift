// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents

/// Why a rule has no result: flagd's `PARSE_ERROR`.
enum LogicError: Error, Hashable {
    case unknownOperator(String)
    /// `Limits.ruleStepsMax` were not enough.
    case tooManySteps
    /// A value nested deeper than `Limits.ruleDepthMax` was computed.
    case tooDeep

    var details: String {
        switch self {
        case .unknownOperator(let name): "unknown operator `\(name)`"
        case .tooManySteps: "the rule takes more than \(Limits.ruleStepsMax) steps"
        case .tooDeep: "the rule computes a value deeper than \(Limits.ruleDepthMax) levels"
        }
    }
}

/// Evaluates compiled rules over one context: pure, and bounded in steps, memory and depth.
///
/// Every evaluation, every element and every 64 bytes of computed text cost a step, so the bound on
/// steps is also the bound on memory; a rule is at most `Limits.ruleDepthMax` levels deep, which is
/// the bound on the stack.
struct LogicEvaluator {
    /// The attributes of the context, without `$flagd`.
    private let attributes: LogicValue
    private let flagKey: String
    private let unixSeconds: Int64
    let bucketing: Bucketing
    private(set) var stepsLeft = Limits.ruleStepsMax
    /// Whether anything that tells one tenant from another of the same labels was read.
    private(set) var hasReadSubject = false

    /// Attributes whose values differ between subjects that are otherwise alike.
    static let subjectNames: Set<String> = ["targetingKey", "tenant", "id"]

    init(
        attributes: LogicValue,
        flagKey: String,
        unixSeconds: Int64,
        bucketing: Bucketing = .flagdV3
    ) {
        self.attributes = attributes
        self.flagKey = flagKey
        self.unixSeconds = unixSeconds
        self.bucketing = bucketing
    }

    /// What `var` reads from: the context, or the element that an operator is working on.
    enum Scope {
        case context
        case element(LogicValue)
    }

    mutating func evaluate(_ rule: LogicRule, in scope: Scope) throws(LogicError) -> LogicValue {
        try self.charge(1)
        switch rule {
        case .literal(let value): return value
        case .list(let rules):
            return try self.admit(.array(try self.evaluateAll(rules, in: scope)))
        case .variable(let path, let fallback):
            let value = self.read(path, in: scope)
            guard value == .null, let fallback else { return value }
            return try self.evaluate(fallback, in: scope)
        case .lookup(let path, let fallback):
            // `{"var": [[]]}` and `{"var": {"merge": ["a"]}}` name their path by a list.
            var name = try self.evaluate(path, in: scope)
            if case .array(let items) = name { name = items.first ?? .null }
            let value = self.read(pathSegments(name), in: scope)
            guard value == .null, let fallback else { return value }
            return try self.evaluate(fallback, in: scope)
        case .operation(let operation):
            return try self.operate(operation.operator, operation.arguments, in: scope)
        case .unknown(let name): throw .unknownOperator(name)
        }
    }

    mutating func evaluateAll(
        _ rules: [LogicRule],
        in scope: Scope
    ) throws(LogicError) -> [LogicValue] {
        var values: [LogicValue] = []
        values.reserveCapacity(rules.count)
        for rule in rules { values.append(try self.evaluate(rule, in: scope)) }
        return values
    }

    // MARK: Reading

    /// The value under a path; `null` when it is missing.
    mutating func read(_ path: [String], in scope: Scope) -> LogicValue {
        guard case .context = scope else {
            guard case .element(let element) = scope else { return .null }
            return LogicEvaluator.value(at: path[...], of: element)
        }
        guard let first = path.first else {
            self.hasReadSubject = true
            return self.wholeContext
        }
        if first == "$flagd" {
            return LogicEvaluator.value(at: path[1...], of: self.flagProperties)
        }
        if LogicEvaluator.subjectNames.contains(first) { self.hasReadSubject = true }
        return LogicEvaluator.value(at: path[...], of: self.attributes)
    }

    /// The context's `targetingKey` when it is a text with something in it.
    mutating func targetingKey() -> String? {
        guard case .string(let key) = self.read(["targetingKey"], in: .context), !key.isEmpty else {
            return nil
        }
        return key
    }

    var key: String { self.flagKey }

    private var flagProperties: LogicValue {
        .object([
            "flagKey": .string(self.flagKey), "timestamp": .number(Double(self.unixSeconds)),
        ])
    }

    private var wholeContext: LogicValue {
        guard case .object(var object) = self.attributes else { return self.attributes }
        object["$flagd"] = self.flagProperties
        return .object(object)
    }

    private static func value(at path: ArraySlice<String>, of root: LogicValue) -> LogicValue {
        var value = root
        for segment in path {
            switch value {
            case .object(let object): value = object[segment] ?? .null
            case .array(let items):
                if segment == "length" {
                    value = .number(Double(items.count))
                    continue
                }
                guard let index = Int(segment), String(index) == segment,
                    items.indices.contains(index)
                else { return .null }
                value = items[index]
            case .string(let text):
                // JavaScript's texts have elements too, here Unicode scalars. Finding one costs
                // its distance and no steps, so long texts have none.
                guard text.utf8.count <= 1_024 else { return .null }
                if segment == "length" {
                    value = .number(Double(text.unicodeScalars.count))
                    continue
                }
                guard let index = Int(segment), String(index) == segment, index >= 0,
                    let scalar = text.unicodeScalars.dropFirst(index).first
                else { return .null }
                value = .string(String(scalar))
            default: return .null
            }
        }
        return value
    }

    // MARK: Bounds

    mutating func charge(_ steps: Int) throws(LogicError) {
        self.stepsLeft -= steps
        guard self.stepsLeft >= 0 else { throw .tooManySteps }
    }

    /// Pays for a computed text.
    mutating func charge(bytes: Int) throws(LogicError) { try self.charge(bytes / 64) }

    /// Lets a computed list or object in: pays for its size and refuses it when it is too deep.
    ///
    /// Values share parts, so a small rule could build one of exponential size; whoever walks a
    /// value later (texts, hashes, comparisons) may rely on it being small.
    mutating func admit(_ value: LogicValue) throws(LogicError) -> LogicValue {
        try self.measure(value, depth: 0)
        return value
    }

    private mutating func measure(_ value: LogicValue, depth: Int) throws(LogicError) {
        guard depth <= Limits.ruleDepthMax else { throw .tooDeep }
        try self.charge(1)
        switch value {
        case .array(let items):
            for item in items { try self.measure(item, depth: depth + 1) }
        case .object(let object):
            for item in object.values { try self.measure(item, depth: depth + 1) }
        case .string(let text): try self.charge(bytes: text.utf8.count)
        case .null, .bool, .number: break
        }
    }
}
