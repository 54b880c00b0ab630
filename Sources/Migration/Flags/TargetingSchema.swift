// SPDX-License-Identifier: Apache-2.0

import Documents

/// Checks targeting rules against flagd's `targeting.json` (draft-07 schema v0), by hand.
///
/// Where flagd only warns and then evaluates to an error, a rule is refused here. Two places are
/// wider than the schema because evaluation is: `sem_ver` takes partial versions and any rule.
struct TargetingSchema {
    let file: String
    private(set) var problems: [Problem] = []

    init(file: String) { self.file = file }

    /// Checks a whole rule: an object, `{}` meaning none.
    mutating func checkRoot(_ node: DocumentNode) {
        guard let members = node.members else {
            self.add("F020", "targeting is \(node.value.kind), not a rule", node, "write an object")
            return
        }
        if !members.isEmpty { self.checkRule(node) }
    }

    /// What an operator takes.
    private enum Shape {
        case list(ClosedRange<Int>)
        case unary
        case variable
        case missing
        case missingSome
        case affix
        case version
        case fractional
    }

    private static let shapes: [String: Shape] = [
        "var": .variable, "missing": .missing, "missing_some": .missingSome,
        "if": .list(1...Int.max), "==": .list(2...2), "===": .list(2...2), "!=": .list(2...2),
        "!==": .list(2...2), ">": .list(2...2), ">=": .list(2...2), "%": .list(2...2),
        "/": .list(2...2), "map": .list(2...2), "filter": .list(2...2), "all": .list(2...2),
        "none": .list(2...2), "some": .list(2...2), "in": .list(2...2), "<": .list(2...3),
        "<=": .list(2...3), "substr": .list(2...3), "reduce": .list(3...3),
        "*": .list(2...Int.max), "!": .unary, "!!": .unary, "or": .list(1...Int.max),
        "and": .list(1...Int.max), "+": .list(1...Int.max), "-": .list(1...Int.max),
        "max": .list(1...Int.max), "min": .list(1...Int.max), "merge": .list(1...Int.max),
        "cat": .list(1...Int.max), "starts_with": .affix, "ends_with": .affix,
        "sem_ver": .version, "fractional": .fractional,
    ]

    // MARK: Rules

    private mutating func checkRule(_ node: DocumentNode) {
        guard let members = node.members, members.count == 1, let member = members.first else {
            self.add(
                "F021",
                "a rule has exactly one operator",
                node,
                "\(node.members?.count ?? 0) found"
            )
            return
        }
        if member.key == "$ref" {
            if member.node.text == nil {
                self.add("F021", "`$ref` takes the name of an evaluator", member.node)
            }
            return
        }
        guard let shape = TargetingSchema.shapes[member.key] else {
            let names = TargetingSchema.shapes.keys
            let nearest = nearestName(member.key, among: names)
            self.problems.append(
                Problem(
                    code: "F022",
                    "unknown operator `\(member.key)`",
                    file: self.file,
                    at: member.keyPosition,
                    length: member.keyLength,
                    caret: nearest.map { "did you mean `\($0)`?" } ?? "no such operator",
                    notes: ["operators: " + names.sorted().joined(separator: " ")]
                )
            )
            return
        }
        self.check(member, shape)
    }

    private mutating func check(_ member: DocumentMember, _ shape: Shape) {
        let node = member.node
        switch shape {
        case .list(let count):
            guard self.hasItems(member, count) else { return }
            for item in node.items ?? [] { self.checkArgument(item) }
        case .unary:
            if node.items != nil, !self.hasItems(member, 1...1) { return }
            for item in node.items ?? [node] { self.checkArgument(item) }
        case .variable: self.checkVariable(node)
        case .missing: self.checkNames(member, node)
        case .missingSome:
            guard self.hasItems(member, 2...2), let items = node.items else { return }
            if items[0].double == nil {
                self.add("F023", "`missing_some` counts with a number", items[0])
            }
            self.checkNames(member, items[1])
        case .affix:
            guard self.hasItems(member, 2...2) else { return }
            for item in node.items ?? [] { self.checkTextOrRule(item, of: member.key) }
        case .version: self.checkVersion(member)
        case .fractional: self.checkFractional(member)
        }
    }

    /// An argument: a constant, a reference or a rule; in lists, any of them.
    private mutating func checkArgument(_ node: DocumentNode) {
        if let items = node.items {
            for item in items { self.checkArgument(item) }
        } else if node.members != nil {
            self.checkRule(node)
        }
    }

    private mutating func checkTextOrRule(_ node: DocumentNode, of name: String) {
        if node.members != nil {
            self.checkRule(node)
        } else if node.text == nil {
            self.add("F023", "`\(name)` compares texts, not \(node.value.kind)", node)
        }
    }

    // MARK: Single operators

    private mutating func checkVariable(_ node: DocumentNode) {
        let path = node.items?.first ?? node
        if let text = path.text, text.hasPrefix("$flagd."), text != "$flagd.timestamp",
            text != "$flagd.flagKey"
        {
            let names = ["$flagd.timestamp", "$flagd.flagKey"]
            self.add(
                "F024",
                "`\(text)` is nothing that flagd provides",
                path,
                nearestName(text, among: names).map { "did you mean `\($0)`?" }
                    ?? "there are $flagd.timestamp and $flagd.flagKey"
            )
        }
        for item in node.items ?? [node] { self.checkArgument(item) }
    }

    private mutating func checkNames(_ member: DocumentMember, _ node: DocumentNode) {
        guard let items = node.items else {
            self.add("F023", "`\(member.key)` takes a list of attribute names", node)
            return
        }
        for item in items where item.text == nil {
            self.add("F023", "`\(member.key)` takes attribute names", item, "a text is expected")
        }
    }

    private mutating func checkVersion(_ member: DocumentMember) {
        guard self.hasItems(member, 3...3), let items = member.node.items else { return }
        for item in [items[0], items[2]] {
            if item.members != nil {
                self.checkRule(item)
            } else if item.text.flatMap({ SemanticVersion($0) }) == nil {
                self.add("F025", "not a semantic version", item, "like 1.4.2 or 2.0.0-beta.1")
            }
        }
        if items[1].text.flatMap({ SemanticVersion.Comparison(rawValue: $0) }) == nil {
            let names = SemanticVersion.Comparison.allCases.map(\.rawValue)
            self.add(
                "F025",
                "unknown comparison of versions",
                items[1],
                "one of \(names.joined(separator: " "))"
            )
        }
    }

    private mutating func checkFractional(_ member: DocumentMember) {
        guard self.hasItems(member, 1...Int.max), var entries = member.node.items else { return }
        if entries[0].items == nil {
            let subject = entries.removeFirst()
            if subject.members != nil {
                self.checkRule(subject)
            } else {
                self.add(
                    "F026",
                    "the first argument of `fractional` is \(subject.value.kind)",
                    subject,
                    "a rule or the first [variant, weight]"
                )
            }
        }
        var total = 0.0
        for entry in entries { total += self.checkEntry(entry) }
        if entries.isEmpty {
            self.add("F026", "`fractional` without a variant", member.node, "[variant, weight]")
        }
        if total > 2_147_483_647 {
            self.add("F026", "the weights add up to more than 2147483647", member.node)
        }
    }

    /// Checks one `[variant, weight]` and returns its weight when it is a constant.
    private mutating func checkEntry(_ entry: DocumentNode) -> Double {
        guard let items = entry.items, (1...2).contains(items.count) else {
            self.add("F026", "not a variant with its weight", entry, "[variant, weight]")
            return 0
        }
        self.checkArgument(items[0])
        guard items.count == 2 else { return 1 }
        if items[1].members != nil {
            self.checkRule(items[1])
            return 0
        }
        guard let weight = items[1].integer, weight >= 0 else {
            self.add("F026", "a weight is a whole number from 0", items[1])
            return 0
        }
        return Double(weight)
    }

    // MARK: Findings

    private mutating func hasItems(_ member: DocumentMember, _ count: ClosedRange<Int>) -> Bool {
        let wanted =
            count.lowerBound == count.upperBound
            ? "\(count.lowerBound)"
            : count.upperBound == .max
                ? "at least \(count.lowerBound)" : "\(count.lowerBound) or \(count.upperBound)"
        guard let items = member.node.items else {
            self.add("F023", "`\(member.key)` takes a list of \(wanted) arguments", member.node)
            return false
        }
        guard count.contains(items.count) else {
            self.add(
                "F023",
                "`\(member.key)` takes \(wanted) arguments",
                member.node,
                "\(items.count) found"
            )
            return false
        }
        return true
    }

    private mutating func add(
        _ code: String,
        _ message: String,
        _ node: DocumentNode,
        _ caret: String = ""
    ) {
        self.problems.append(
            Problem(
                code: code,
                message,
                file: self.file,
                at: node.position,
                length: node.length,
                caret: caret
            )
        )
    }
}
