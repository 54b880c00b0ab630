// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents

/// Levels that a rule may have as it is written: with an evaluator put in, twice as many compile.
let ruleDepthMax = Limits.ruleDepthMax / 2 - 1

/// Levels of nesting of a value; 1 for a constant.
func depth(of value: DocumentValue) -> Int {
    switch value {
    case .array(let items): 1 + (items.map { depth(of: $0.value) }.max() ?? 0)
    case .object(let members): 1 + (members.map { depth(of: $0.node.value) }.max() ?? 0)
    default: 1
    }
}

/// The first `{"$ref": ...}` in a rule, in reading order.
func firstReference(in node: DocumentNode) -> DocumentNode? {
    switch node.value {
    case .array(let items):
        for item in items {
            if let found = firstReference(in: item) { return found }
        }
    case .object(let members):
        for member in members {
            if member.key == "$ref" { return node }
            if let found = firstReference(in: member.node) { return found }
        }
    default: break
    }
    return nil
}

/// Whether every client reads the same number: finite, and exact when it is whole.
func isSafeNumber(_ lexeme: String) -> Bool {
    guard let number = Double(lexeme), number.isFinite else { return false }
    return number != number.rounded(.towardZero) || number.magnitude <= 9_007_199_254_740_991
}
