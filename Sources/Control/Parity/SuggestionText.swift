// SPDX-License-Identifier: Apache-2.0

import Documents
import Parity

extension RuleSuggestion {
    /// As JSON: the rule, why, and the line of YAML that states it.
    var document: DocumentValue {
        [
            "path": .string(self.rule.path), "rule": .string(self.rule.kind.key),
            "strength": .string(self.strength.word), "explains": .integer(self.explains),
            "seen": .integer(self.seen), "evidence": .list(self.evidence),
            "yaml": .string("\(self.rule.kind.key): [\(self.rule.yamlEntry)]"),
        ]
    }
}

/// All suggestions as JSON, with the block that goes under `spec.parity` of the route file.
func suggestionDocument(_ found: [RuleSuggestion], migration: String) -> DocumentValue {
    [
        "migration": .string(migration), "suggestions": .list(found.map(\.document)),
        "yaml": .string(suggestionBlock(found)),
    ]
}

/// A block of YAML for `spec.parity`, one rule a line behind why it is suggested.
///
/// Owner and reason of an ignore rule are empty, which `banyan validate` refuses: a person has to
/// fill them in.
func suggestionBlock(_ found: [RuleSuggestion]) -> String {
    guard !found.isEmpty else { return "" }
    var text = "parity:\n  json:\n"
    for key in ParityRuleKind.keys {
        let rules = found.filter { $0.rule.kind.key == key }
        guard !rules.isEmpty else { continue }
        text += "    \(key):\n"
        for suggestion in rules {
            for line in suggestion.evidence {
                text += "      # \(suggestion.strength.word): \(printable(line))\n"
            }
            text += "      - \(suggestion.rule.yamlEntry)\n"
        }
    }
    return text
}

extension ParityRuleKind {
    /// The keys of `spec.parity.json`, in the order in which they are written.
    static let keys = [
        "exact", "set", "keyed", "decimal", "instant", "identifier", "url", "shape", "ignore",
    ]

    /// The key of `spec.parity.json` that holds such rules.
    var key: String {
        switch self {
        case .exact: "exact"
        case .decimal: "decimal"
        case .instant: "instant"
        case .set: "set"
        case .keyed: "keyed"
        case .identifier: "identifier"
        case .url: "url"
        case .shape: "shape"
        case .ignore: "ignore"
        }
    }
}

extension ParityRule {
    /// The rule as an entry of its list: flow style, texts quoted.
    var yamlEntry: String {
        func quoted(_ text: String) -> String { DocumentValue.string(text).json }
        let path = quoted(self.path)
        switch self.kind {
        case .exact, .set, .identifier, .url, .shape: return path
        case .keyed(let by):
            return "{ path: \(path), by: [\(by.map(quoted).joined(separator: ", "))] }"
        case .decimal(let absolute, let relative):
            let parts = [("absolute", absolute), ("relative", relative)]
                .filter { !$0.1.isEmpty }.map { ", \($0.0): \($0.1)" }
            return "{ path: \(path)\(parts.joined()) }"
        case .instant(let skew):
            return "{ path: \(path), skew: \(Quantity.text(skew, Quantity.timeUnits)) }"
        case .ignore(let owner, let reason, _):
            return "{ path: \(path), owner: \(quoted(owner)), reason: \(quoted(reason)) }"
        }
    }
}
