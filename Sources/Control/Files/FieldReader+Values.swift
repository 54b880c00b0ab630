// SPDX-License-Identifier: Apache-2.0

import Documents

extension FieldReader {
    /// A text; a number or boolean must be quoted, so that `1.10` never becomes `1.1`.
    mutating func text(_ key: String) -> String? {
        self.node(key).flatMap { self.text(of: $0, self.name(of: key)) }
    }

    /// A text that must be there.
    mutating func requiredText(_ key: String, _ expected: String) -> String? {
        self.required(key, expected).flatMap { self.text(of: $0, self.name(of: key)) }
    }

    /// The text of a node of this object.
    func text(of node: DocumentNode, _ name: String) -> String? {
        if let text = node.text { return text }
        self.wrongType(node, name, "a text")
        return nil
    }

    /// A list of texts, none twice.
    mutating func texts(_ key: String) -> [(text: String, node: DocumentNode)]? {
        guard let items = self.items(key) else { return nil }
        var texts: [(text: String, node: DocumentNode)] = []
        var seen: Set<String> = []
        for item in items {
            guard let text = self.text(of: item, "an entry of \(self.name(of: key))") else {
                continue
            }
            guard seen.insert(text).inserted else {
                let message = "`\(text)` stands twice in `\(self.name(of: key))`"
                self.problem("R025", message, item, "remove one")
                continue
            }
            texts.append((text, item))
        }
        return texts
    }

    /// `true` or `false`.
    mutating func bool(_ key: String) -> Bool? {
        guard let node = self.node(key) else { return nil }
        if let bool = node.bool { return bool }
        self.wrongType(node, self.name(of: key), "true or false")
        return nil
    }

    /// A whole number within bounds.
    mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let node = self.node(key) else { return nil }
        guard let integer = node.integer else {
            self.wrongType(node, self.name(of: key), "a whole number")
            return nil
        }
        return self.checked(integer, key, node, in: range)
    }

    private func checked(
        _ value: Int,
        _ key: String,
        _ node: DocumentNode,
        in range: ClosedRange<Int>,
        units: [(String, Int)] = [("", 1)]
    ) -> Int? {
        guard range.contains(value) else {
            self.problem(
                "R015",
                "`\(self.name(of: key))` is out of range",
                node,
                "from \(Quantity.text(range.lowerBound, units))"
                    + " to \(Quantity.text(range.upperBound, units))"
            )
            return nil
        }
        return value
    }

    /// One of a few words.
    mutating func choice(_ key: String, _ words: [String]) -> String? {
        guard let node = self.node(key), let text = self.text(of: node, self.name(of: key)) else {
            return nil
        }
        return self.chosen(text, key, node, among: words)
    }

    func chosen(
        _ text: String,
        _ key: String,
        _ node: DocumentNode,
        among words: [String]
    ) -> String? {
        guard words.contains(text) else {
            self.problem(
                "R013",
                "`\(text)` is no value of `\(self.name(of: key))`",
                node,
                nearestName(text, among: words).map { "did you mean `\($0)`?" } ?? "",
                notes: ["allowed: \(words.joined(separator: ", "))"]
            )
            return nil
        }
        return text
    }

    // MARK: Quantities

    /// A size in bytes: `64Ki`.
    mutating func bytes(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let node = self.node(key) else { return nil }
        guard let value = self.lexeme(node).flatMap({ Quantity.bytes($0) }) else {
            self.badQuantity(key, node, "a size", "write it like 64Ki, 1Mi or 512B")
            return nil
        }
        return self.checked(value, key, node, in: range, units: Quantity.byteUnits)
    }

    /// A duration in milliseconds: `250ms`, `2s`, `14d`.
    mutating func milliseconds(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let node = self.node(key) else { return nil }
        guard let value = self.lexeme(node).flatMap({ Quantity.milliseconds($0) }) else {
            self.badQuantity(key, node, "a duration", "write it like 250ms, 2s, 5m, 12h or 14d")
            return nil
        }
        return self.checked(value, key, node, in: range, units: Quantity.timeUnits)
    }

    /// A percentage in 1/10,000: `99.99%`.
    mutating func permyriad(_ key: String) -> Int? {
        guard let node = self.node(key) else { return nil }
        guard let value = self.lexeme(node).flatMap({ Quantity.permyriad($0) }) else {
            let caret = "write it like 10% or 99.99%, at most two decimals"
            self.badQuantity(key, node, "a percentage", caret)
            return nil
        }
        return value
    }

    /// Checks a percentage that is kept as it is written.
    mutating func checkPercentage(_ key: String) {
        guard let node = self.node(key) else { return }
        guard let text = self.lexeme(node), Quantity.isPercentage(text) else {
            self.badQuantity(key, node, "a percentage", "write it like 95% or 99.99%")
            return
        }
    }

    /// A date: seconds since 1970.
    mutating func date(_ key: String) -> Int64? {
        guard let node = self.node(key) else { return nil }
        guard let seconds = self.lexeme(node).flatMap({ Quantity.unixSeconds($0) }) else {
            let caret = "write it like 2026-11-01 or 2026-11-01T12:30:00Z"
            self.problem("R019", "`\(self.name(of: key))` is no date", node, caret)
            return nil
        }
        return seconds
    }

    private func badQuantity(
        _ key: String,
        _ node: DocumentNode,
        _ what: String,
        _ caret: String
    ) {
        self.problem("R014", "`\(self.name(of: key))` is not \(what)", node, caret)
    }

    /// Numbers without a unit are quantities too where the unit may be left out.
    private func lexeme(_ node: DocumentNode) -> String? {
        switch node.value {
        case .string(let text): text
        case .number(let lexeme): lexeme
        case .null, .bool, .array, .object: nil
        }
    }

    // MARK: Maps

    /// Names and texts.
    mutating func labels(_ key: String) -> [String: String] {
        guard let reader = self.object(key) else { return [:] }
        var labels: [String: String] = [:]
        for member in reader.node.members ?? [] {
            let name = reader.name(of: member.key)
            guard let text = reader.text(of: member.node, name) else { continue }
            guard text.unicodeScalars.count <= 256 else {
                self.problem("R015", "`\(name)` is too long", member.node, "at most 256 characters")
                continue
            }
            labels[member.key] = text
        }
        return labels
    }
}
