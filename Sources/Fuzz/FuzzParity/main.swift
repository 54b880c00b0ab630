// SPDX-License-Identifier: Apache-2.0
// Built by `make fuzz` only (libFuzzer's runtime). Any bytes as two JSON texts and a rule, parted
// by 0xFF (which no UTF-8 has): read them, compare them by several rule sets, both ways, and with
// themselves. It must never crash, hang, contradict itself or go over a bound.

import FuzzDriver
import Parity

func rule(_ path: String, _ kind: ParityRuleKind) -> ParityRule {
    ParityRule(path: path, kind: kind, origin: "fuzz")
}

let kinds: [ParityRuleKind] = [
    .exact, .decimal(absolute: "0.01", relative: "1e-6"), .instant(skewMilliseconds: 1_000), .set,
    .keyed(by: ["id", "a/b"]), .identifier, .url, .shape,
    .ignore(owner: "o", reason: "r", expiresUnixSeconds: 10),
]

/// The rule sets of one input: none, all arrays as sets, and each kind at the path of the input.
func ruleSets(_ path: String, _ selector: UInt8) -> [RuleSet] {
    let kind = kinds[Int(selector) % kinds.count]
    let mixed = [
        rule("/**/id", .identifier), rule("/**/at", .instant(skewMilliseconds: 1)),
        rule("/**/set", .set), rule("/**/keyed", .keyed(by: ["id"])),
        rule("/**/x", .ignore(owner: "o", reason: "r", expiresUnixSeconds: nil)),
    ]
    return [
        try? RuleSet(rules: []), try? RuleSet(rules: [rule("/**", .set)]),
        try? RuleSet(rules: mixed + [rule(path, kind)], zeroTolerance: ["/**/dose"]),
        try? RuleSet(rules: mixed, zeroTolerance: [path]),
    ].compactMap { $0 }
}

func check(_ bytes: [UInt8]) {
    guard let selector = bytes.first else { return }
    let parts = bytes.dropFirst().split(
        separator: 0xFF,
        maxSplits: 2,
        omittingEmptySubsequences: false
    )
    let trees = parts.prefix(2).map { part in try? JSONTree(parsing: Array(part)) }
    for case let tree? in trees { checkTree(tree) }
    guard let first = trees.first, let legacy = first, let last = trees.last, let modern = last
    else { return }
    let path = parts.count > 2 ? String(decoding: parts[2], as: UTF8.self) : "/**/a"
    for (number, rules) in ruleSets(path, selector).enumerated() {
        precondition(rules.canonicalBytes == rules.canonicalBytes)
        for tree in [legacy, modern] {
            let own = compare(tree, tree, rules)
            precondition((own.worst ?? .accepted) <= .formatting, "a text differs from itself")
        }
        let there = compare(legacy, modern, rules)
        let again = compare(legacy, modern, rules)
        precondition(there.items == again.items && there.worst == again.worst, "not pure")
        precondition(there.items.count <= 8, "over its bound")
        precondition(there.isEmpty == there.items.isEmpty, "a difference without its place")
        let back = compare(modern, legacy, rules)
        if number < 2 {
            precondition(
                ((there.worst ?? .accepted) > .formatting)
                    == ((back.worst ?? .accepted) > .formatting),
                "they differ one way only"
            )
        }
        for item in there.items {
            precondition(item.pointer.utf8.count <= 128 * 400, "a pointer without bound")
            precondition(item.severity != .accepted || !item.acceptedBy.isEmpty, "accepted by none")
        }
    }
}

func compare(_ legacy: JSONTree, _ modern: JSONTree, _ rules: RuleSet) -> DifferenceList {
    var identities = IdentityTable(key: DigestKey(first: 1, second: 2), pairsMax: 1_000)
    var options = DifferOptions()
    options.differencesMax = 8
    options.legacyHost = "a.example"
    options.modernHost = "b.example"
    options.modernPathPrefix = "/v2"
    return differences(legacy, modern, rules: rules, options: options, identities: &identities)
}

/// Nodes nest, in order, and each one's bytes are a text of their own.
func checkTree(_ tree: JSONTree) {
    var budget = 64
    for (index, node) in tree.nodes.enumerated() {
        precondition(node.start < node.end && node.end <= tree.bytes.count, "bytes outside")
        precondition(node.next > index && node.next <= tree.nodes.count, "a subtree outside")
        precondition(tree.children(index).count == Int(node.count), "children miscounted")
        guard budget > 0 else { continue }
        budget -= 1
        guard let own = try? JSONTree(parsing: Array(tree.lexeme(index))) else {
            preconditionFailure("a value is no text")
        }
        precondition(own.nodes.count == Int(node.next) - index, "a value has other values")
        if let text = tree.text(index) {
            var builder = JSONTreeBuilder()
            builder.string(text)
            // A lone surrogate has no UTF-8: what the builder writes of it is refused.
            if let built = try? builder.finish() {
                precondition(built.text(0) == text, "a text that does not come back")
            }
        }
    }
}

fuzz(check)
