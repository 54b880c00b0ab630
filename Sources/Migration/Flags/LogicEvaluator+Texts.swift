// SPDX-License-Identifier: Apache-2.0

import Documents

extension LogicEvaluator {
    /// JavaScript's `String(value)`, paid for by its size.
    mutating func text(of value: LogicValue) throws(LogicError) -> String {
        try self.charge(1)
        switch value {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .number(let number): return ecmaScriptText(of: number)
        case .string(let text):
            try self.charge(bytes: text.utf8.count)
            return text
        case .array(let items):
            var text = ""
            for (index, item) in items.enumerated() {
                if index > 0 { text += "," }
                text += try self.text(of: item)
            }
            return text
        case .object: return "[object Object]"
        }
    }

    mutating func joined(_ values: [LogicValue]) throws(LogicError) -> String {
        var text = ""
        for value in values { text += try self.text(of: value) }
        return text
    }

    /// `substr`: start and length in Unicode scalars; negative ones count from the end.
    mutating func substring(_ values: [LogicValue]) throws(LogicError) -> String {
        let text = try self.text(of: values.first ?? .null)
        try self.charge(bytes: text.utf8.count)
        let scalars = Array(text.unicodeScalars)
        let count = scalars.count
        func clamped(_ number: Double) -> Int {
            number.isNaN ? 0 : Int(max(-1e9, min(1e9, number)))
        }
        let offset = clamped(values.count > 1 ? values[1].asNumber : 0)
        let start = offset < 0 ? max(0, count + offset) : min(offset, count)
        var end = count
        if values.count > 2, values[2] != .null {
            let length = clamped(values[2].asNumber)
            end = length < 0 ? max(start, count + length) : min(count, start + length)
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[start..<end])
        return String(view)
    }

    /// `starts_with`, `ends_with`: null unless both are texts.
    mutating func affix(
        _ name: LogicOperator,
        _ values: [LogicValue]
    ) throws(LogicError) -> LogicValue {
        guard values.count == 2, case .string(let text) = values[0],
            case .string(let part) = values[1]
        else { return .null }
        try self.charge(bytes: part.utf8.count)
        guard part.utf8.count <= text.utf8.count else { return .bool(false) }
        return .bool(
            name == .startsWith
                ? text.utf8.starts(with: part.utf8)
                : text.utf8.suffix(part.utf8.count).elementsEqual(part.utf8)
        )
    }

    /// `sem_ver`: null when a version or the operator cannot be read.
    mutating func semanticVersion(_ values: [LogicValue]) throws(LogicError) -> LogicValue {
        guard values.count == 3, case .string(let name) = values[1],
            let comparison = SemanticVersion.Comparison(rawValue: name)
        else { return .null }
        guard let version = SemanticVersion(try self.text(of: values[0])),
            let target = SemanticVersion(try self.text(of: values[2]))
        else { return .null }
        return .bool(version.satisfies(comparison, target))
    }
}
