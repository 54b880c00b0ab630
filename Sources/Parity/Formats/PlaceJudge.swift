// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Notes differences at places outside a body (`status`, `header:...`, `cookie:...`, `part:...`) by
/// the same rules: zero tolerance, ignore, and the comparators.
struct PlaceJudge {
    let rules: RuleSet
    let options: DifferOptions
    private(set) var found = DifferenceList()

    init(rules: RuleSet, options: DifferOptions) {
        self.rules = rules
        self.options = options
    }

    /// The comparator that a rule names for a place; `nil`: none, so the place's own default holds.
    ///
    /// An ignore rule is none: what it accepts is still found, and shown as accepted.
    func comparator(at place: String) -> ParityRuleKind? {
        let kind = self.rules.rule(at: place).rule?.kind
        if case .ignore = kind { return nil }
        return kind
    }

    /// Notes a difference, unless a rule accepts it; `nil` stands for an absent value.
    mutating func note(
        _ place: String,
        _ difference: DifferenceClass,
        _ severity: DifferenceSeverity,
        legacy: String?,
        modern: String?,
        kind: ValueKind = .string
    ) {
        let (rule, isZero) = self.rules.rule(at: place)
        var severity = severity
        var acceptedBy = ""
        if isZero {
            severity = .zeroTolerance
        } else if let rule, case .ignore(_, _, let expires) = rule.kind,
            expires.map({ $0 > self.options.nowUnixSeconds }) ?? true
        {
            severity = .accepted
            acceptedBy = "ignore \(rule.path)"
        }
        self.found.append(
            ParityDifference(
                pointer: place,
                difference: difference,
                severity: severity,
                legacyKind: legacy == nil ? .absent : kind,
                modernKind: modern == nil ? .absent : kind,
                legacyValue: Array((legacy ?? "").utf8.prefix(Limits.parityValueBytesMax)),
                modernValue: Array((modern ?? "").utf8.prefix(Limits.parityValueBytesMax)),
                acceptedBy: acceptedBy
            ),
            max: self.options.differencesMax
        )
    }

    /// Compares two texts by the comparator that a rule names; what differs is noted as `severity`
    /// at most, in the class that the comparator finds, plain values as `plain`.
    mutating func compare(
        _ place: String,
        _ legacy: String,
        _ modern: String,
        plain: DifferenceClass,
        _ severity: DifferenceSeverity,
        identities: inout IdentityTable
    ) {
        guard let left = textValue(legacy), let right = textValue(modern) else { return }
        var options = self.options
        options.place = place
        let list = differences(
            left,
            right,
            rules: self.rules,
            options: options,
            identities: &identities
        )
        for item in list.items {
            var item = item
            if item.difference == .value { item.difference = plain }
            if item.severity != .zeroTolerance { item.severity = min(item.severity, severity) }
            self.found.append(item, max: self.options.differencesMax)
        }
    }
}

/// A tree of one text.
private func textValue(_ text: String) -> JSONTree? {
    var builder = JSONTreeBuilder()
    builder.string(text)
    return try? builder.finish()
}

/// A name as it may stand in a pointer: `~` and `/` escaped (RFC 6901 3); what looks like data is
/// `{key}`, because pointers are stored.
func pointerName(_ name: String) -> String {
    if withWindow(Array(name.utf8), isIdentifierLike) { return "{key}" }
    return name.utf8.contains { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }
        ? String(
            decoding: name.utf8.flatMap { byte -> [UInt8] in
                switch byte {
                case UInt8(ascii: "~"): Array("~0".utf8)
                case UInt8(ascii: "/"): Array("~1".utf8)
                default: [byte]
                }
            },
            as: UTF8.self
        ) : name
}
