// SPDX-License-Identifier: Apache-2.0

import Documents

// JsonLogic's operators. Where engines differ, JavaScript's coercions hold (as in flagd-core
// 2.0.0), with IEEE arithmetic instead of exceptions: a quotient by zero is an infinity, and NaN is
// no variant.
extension LogicEvaluator {
    mutating func operate(
        _ name: LogicOperator,
        _ arguments: [LogicRule],
        in scope: Scope
    ) throws(LogicError) -> LogicValue {
        switch name {
        case .if, .ternary: return try self.choose(arguments, in: scope)
        case .and, .or: return try self.connect(arguments, until: name == .or, in: scope)
        case .map, .filter, .reduce, .all, .none, .some:
            return try self.iterate(name, arguments, in: scope)
        default: break
        }
        let values = try self.evaluateAll(arguments, in: scope)
        let first = values.first ?? .null
        let second = values.count > 1 ? values[1] : .null
        switch name {
        case .equal: return .bool(try self.isLooselyEqual(first, second))
        case .notEqual: return .bool(!(try self.isLooselyEqual(first, second)))
        case .strictlyEqual: return .bool(try self.isEqual(first, second))
        case .notStrictlyEqual: return .bool(!(try self.isEqual(first, second)))
        case .not: return .bool(!first.isTruthy)
        case .truth: return .bool(first.isTruthy)
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            return .bool(try self.isOrdered(values, by: name))
        case .max, .min, .add, .subtract, .multiply, .divide, .remainder:
            return .number(LogicEvaluator.compute(name, values))
        case .missing:
            guard case .array(let keys) = first else { return self.missing(values, in: scope) }
            return self.missing(keys, in: scope)
        case .missingSome: return self.missingSome(first, second, in: scope)
        case .merge: return try self.merge(values)
        case .in: return .bool(try self.contains(second, first))
        case .cat: return .string(try self.joined(values))
        case .substr: return .string(try self.substring(values))
        case .fractional: return try self.fractional(values)
        case .startsWith, .endsWith: return try self.affix(name, values)
        case .semVer: return try self.semanticVersion(values)
        case .if, .ternary, .and, .or, .map, .filter, .reduce, .all, .none, .some: return .null
        }
    }

    // MARK: Control

    /// `if`: pairs of condition and consequence, then an optional last word.
    private mutating func choose(
        _ arguments: [LogicRule],
        in scope: Scope
    ) throws(LogicError) -> LogicValue {
        var index = 0
        while index + 1 < arguments.count {
            if try self.evaluate(arguments[index], in: scope).isTruthy {
                return try self.evaluate(arguments[index + 1], in: scope)
            }
            index += 2
        }
        return index < arguments.count ? try self.evaluate(arguments[index], in: scope) : .null
    }

    /// `and`, `or`: the first argument whose truth is `truth`, else the last.
    private mutating func connect(
        _ arguments: [LogicRule],
        until truth: Bool,
        in scope: Scope
    ) throws(LogicError) -> LogicValue {
        var value = LogicValue.null
        for argument in arguments {
            value = try self.evaluate(argument, in: scope)
            if value.isTruthy == truth { return value }
        }
        return value
    }

    // MARK: Comparison

    /// Same type, same value; texts by bytes.
    mutating func isEqual(_ a: LogicValue, _ b: LogicValue) throws(LogicError) -> Bool {
        try self.charge(1)
        switch (a, b) {
        case (.string(let a), .string(let b)):
            try self.charge(bytes: min(a.utf8.count, b.utf8.count))
            return isSameText(a, b)
        case (.array(let a), .array(let b)):
            guard a.count == b.count else { return false }
            for (x, y) in zip(a, b) where !(try self.isEqual(x, y)) { return false }
            return true
        case (.object(let a), .object(let b)):
            guard a.count == b.count else { return false }
            for (key, value) in a {
                guard let other = b[key], try self.isEqual(value, other) else { return false }
            }
            return true
        default: return a == b
        }
    }

    private mutating func isLooselyEqual(
        _ a: LogicValue,
        _ b: LogicValue
    ) throws(LogicError) -> Bool {
        switch (a, b) {
        case (.null, _), (_, .null): return a == b
        case (.string, .string), (.array, .array), (.object, .object), (.array, .object),
            (.object, .array):
            return try self.isEqual(a, b)
        case (.string(let text), .array), (.string(let text), .object):
            return isSameText(text, try self.text(of: b))
        case (.array, .string(let text)), (.object, .string(let text)):
            return isSameText(try self.text(of: a), text)
        default: return a.asNumber == b.asNumber
        }
    }

    /// `a < b`, or `a < b < c` with a third argument.
    private mutating func isOrdered(
        _ values: [LogicValue],
        by name: LogicOperator
    ) throws(LogicError) -> Bool {
        let first = values.first ?? .null
        let second = values.count > 1 ? values[1] : .null
        guard try self.compare(first, second, by: name) else { return false }
        guard values.count > 2 else { return true }
        return try self.compare(second, values[2], by: name)
    }

    private mutating func compare(
        _ a: LogicValue,
        _ b: LogicValue,
        by name: LogicOperator
    ) throws(LogicError) -> Bool {
        if case .string(let a) = a, case .string(let b) = b {
            try self.charge(bytes: min(a.utf8.count, b.utf8.count))
            // UTF-8 orders as code points do.
            let isLess = a.utf8.lexicographicallyPrecedes(b.utf8)
            let isGreater = b.utf8.lexicographicallyPrecedes(a.utf8)
            switch name {
            case .less: return isLess
            case .lessOrEqual: return !isGreater
            case .greater: return isGreater
            default: return !isLess
            }
        }
        let (x, y) = (a.asNumber, b.asNumber)
        switch name {
        case .less: return x < y
        case .lessOrEqual: return x <= y
        case .greater: return x > y
        default: return x >= y
        }
    }

    // MARK: Arithmetic

    private static func compute(_ name: LogicOperator, _ values: [LogicValue]) -> Double {
        let numbers = values.map(\.asNumber)
        func pair(_ operation: (Double, Double) -> Double) -> Double {
            numbers.count > 1 ? operation(numbers[0], numbers[1]) : .nan
        }
        switch name {
        case .add: return numbers.reduce(0, +)
        case .multiply: return numbers.reduce(1, *)
        case .subtract: return numbers.count == 1 ? -numbers[0] : pair(-)
        case .divide: return pair(/)
        case .remainder: return pair { $0.truncatingRemainder(dividingBy: $1) }
        default:
            guard var best = numbers.first, !numbers.contains(where: \.isNaN) else { return .nan }
            for number in numbers { best = name == .max ? max(best, number) : min(best, number) }
            return best
        }
    }

    // MARK: Presence

    private mutating func missing(_ keys: [LogicValue], in scope: Scope) -> LogicValue {
        .array(
            keys.filter { key in
                let value = self.read(pathSegments(key), in: scope)
                return value == .null || value == .string("")
            }
        )
    }

    private mutating func missingSome(
        _ needed: LogicValue,
        _ keys: LogicValue,
        in scope: Scope
    ) -> LogicValue {
        guard case .array(let keys) = keys, case .array(let absent) = self.missing(keys, in: scope)
        else { return .array([]) }
        return Double(keys.count - absent.count) >= needed.asNumber ? .array([]) : .array(absent)
    }
}
