// SPDX-License-Identifier: Apache-2.0

// Operators that run a rule over the elements of a list. Inside it `var` reads the element.
extension LogicEvaluator {
    mutating func iterate(
        _ name: LogicOperator,
        _ arguments: [LogicRule],
        in scope: Scope
    ) throws(LogicError) -> LogicValue {
        let items: [LogicValue]
        if let list = arguments.first, case .array(let found) = try self.evaluate(list, in: scope) {
            items = found
        } else {
            items = []
        }
        let rule = arguments.count > 1 ? arguments[1] : .literal(.null)
        switch name {
        case .map:
            var results: [LogicValue] = []
            for item in items { results.append(try self.evaluate(rule, in: .element(item))) }
            return try self.admit(.array(results))
        case .filter:
            var results: [LogicValue] = []
            for item in items where try self.evaluate(rule, in: .element(item)).isTruthy {
                results.append(item)
            }
            return .array(results)
        case .reduce:
            let start = arguments.count > 2 ? try self.evaluate(arguments[2], in: scope) : .null
            return try self.reduce(items, rule, start)
        case .all:
            // JsonLogic defines that nothing holds for all elements of an empty list.
            for item in items where !(try self.evaluate(rule, in: .element(item)).isTruthy) {
                return .bool(false)
            }
            return .bool(!items.isEmpty)
        default:
            for item in items where try self.evaluate(rule, in: .element(item)).isTruthy {
                return .bool(name == .some)
            }
            return .bool(name == .none)
        }
    }

    private mutating func reduce(
        _ items: [LogicValue],
        _ rule: LogicRule,
        _ start: LogicValue
    ) throws(LogicError) -> LogicValue {
        var accumulator = start
        for item in items {
            let element = LogicValue.object(["current": item, "accumulator": accumulator])
            // The rule may return the element itself and so grow it with every turn.
            accumulator = try self.admit(try self.evaluate(rule, in: .element(element)))
        }
        return accumulator
    }

    mutating func merge(_ values: [LogicValue]) throws(LogicError) -> LogicValue {
        var merged: [LogicValue] = []
        for value in values {
            if case .array(let items) = value {
                try self.charge(items.count)
                merged += items
            } else {
                merged.append(value)
            }
        }
        return .array(merged)
    }

    /// `in`: an element of a list, or a part of a text.
    mutating func contains(
        _ haystack: LogicValue,
        _ needle: LogicValue
    ) throws(LogicError) -> Bool {
        switch haystack {
        case .array(let items):
            for item in items where try self.isEqual(item, needle) { return true }
            return false
        case .string(let text): return try self.contains(text, try self.text(of: needle))
        default: return false
        }
    }

    private mutating func contains(_ text: String, _ part: String) throws(LogicError) -> Bool {
        let text = Array(text.utf8)
        let part = Array(part.utf8)
        guard let first = part.first else { return true }
        guard part.count <= text.count else { return false }
        try self.charge(bytes: text.count)
        for start in 0...(text.count - part.count) where text[start] == first {
            var length = 1
            while length < part.count, text[start + length] == part[length] { length += 1 }
            if length == part.count { return true }
            try self.charge(bytes: length + 16)
        }
        return false
    }
}
