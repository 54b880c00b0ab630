// SPDX-License-Identifier: Apache-2.0

import Bytes
public import Documents

/// The operators of JsonLogic that flagd knows, and flagd's own four.
enum LogicOperator: String, CaseIterable, Sendable {
    case missing
    case missingSome = "missing_some"
    case `if`
    case ternary = "?:"
    case equal = "=="
    case strictlyEqual = "==="
    case notEqual = "!="
    case notStrictlyEqual = "!=="
    case not = "!"
    case truth = "!!"
    case or
    case and
    case greater = ">"
    case greaterOrEqual = ">="
    case less = "<"
    case lessOrEqual = "<="
    case max
    case min
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case map
    case filter
    case reduce
    case all
    case none
    case some
    case merge
    case `in`
    case cat
    case substr
    case fractional
    case startsWith = "starts_with"
    case endsWith = "ends_with"
    case semVer = "sem_ver"
}

/// A targeting rule, compiled once: operators resolved, fixed paths split, constants folded.
public indirect enum LogicRule: Hashable, Sendable {
    /// A constant.
    case literal(LogicValue)
    /// A list whose items are rules.
    case list([LogicRule])
    /// `var` with a fixed path; no segments: everything.
    case variable([String], fallback: LogicRule?)
    /// `var` with a computed path.
    case lookup(LogicRule, fallback: LogicRule?)
    /// An operator with its arguments, named by ``LogicOperator``'s word.
    case operation(Operation)
    /// An operator that nobody knows: an error when it is reached.
    case unknown(String)

    /// An operator and its arguments.
    public struct Operation: Hashable, Sendable {
        let `operator`: LogicOperator
        let arguments: [LogicRule]
    }

    /// Compiles a rule as it is written.
    ///
    /// Unknown operators and unresolved references compile to ``unknown(_:)``, as flagd has it:
    /// whether a document may hold them is the loader's question. More than `Limits.ruleDepthMax`
    /// levels compile to an unknown operator too, so evaluation can never overflow the stack.
    public init(compiling node: DocumentNode) {
        self = LogicRule.compiled(node.value, depth: 0)
    }

    private static func compiled(_ value: DocumentValue, depth: Int) -> LogicRule {
        guard depth < Limits.ruleDepthMax else { return .unknown("too deep") }
        switch value {
        case .array(let items):
            let rules = items.map { self.compiled($0.value, depth: depth + 1) }
            return self.folded(rules)
        case .object(let members):
            guard members.count == 1 else { return .literal(LogicValue(value)) }
            return self.operation(members[0], depth: depth + 1)
        default: return .literal(LogicValue(value))
        }
    }

    private static func folded(_ rules: [LogicRule]) -> LogicRule {
        var constants: [LogicValue] = []
        for rule in rules {
            guard case .literal(let value) = rule else { return .list(rules) }
            constants.append(value)
        }
        return .literal(.array(constants))
    }

    private static func operation(_ member: DocumentMember, depth: Int) -> LogicRule {
        let arguments =
            member.node.items?.map { self.compiled($0.value, depth: depth) }
            ?? [self.compiled(member.node.value, depth: depth)]
        if member.key == "var" { return self.variable(arguments) }
        guard let known = LogicOperator(rawValue: member.key) else { return .unknown(member.key) }
        return .operation(Operation(operator: known, arguments: arguments))
    }

    private static func variable(_ arguments: [LogicRule]) -> LogicRule {
        let fallback = arguments.count > 1 ? arguments[1] : nil
        guard let path = arguments.first else { return .variable([], fallback: nil) }
        guard case .literal(let value) = path else { return .lookup(path, fallback: fallback) }
        return .variable(pathSegments(value), fallback: fallback)
    }
}

/// The segments of a `var` path; none stands for everything.
func pathSegments(_ value: LogicValue) -> [String] {
    switch value {
    case .string(let path):
        path.isEmpty
            ? [] : path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    case .number(let number):
        ecmaScriptText(of: number).split(separator: ".").map(String.init)
    case .bool(let value): [value ? "true" : "false"]
    case .null, .array, .object: []
    }
}
