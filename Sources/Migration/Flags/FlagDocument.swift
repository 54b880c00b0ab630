// SPDX-License-Identifier: Apache-2.0

public import Documents

/// One flagd document, read strictly: what flagd warns about is refused here.
public struct FlagDocument: Sendable {
    /// The file as the user named it.
    public let file: String
    /// In file order; keys are unique.
    public let flags: [Flag]
    /// `metadata` of the flag set.
    public let metadata: [DocumentMember]
    /// `metadata.bucketing`, by default `flagd-v3`.
    public let bucketing: Bucketing

    /// Reads a document; what is wrong goes to `problems`, and `nil` comes back if any of it is an
    /// error.
    ///
    /// `allowsList`: flags may be a list with `key` members (flagd's own form), not only an object.
    public static func read(
        json bytes: [UInt8],
        file: String,
        allowsList: Bool = true,
        problems: inout [Problem]
    ) -> FlagDocument? {
        do throws(Problem) {
            let node = try DocumentNode.parse(json: bytes, file: file)
            var reader = FlagDocumentReader(file: file, allowsList: allowsList)
            let document = reader.document(node)
            problems += reader.problems
            return reader.problems.contains { $0.severity == .error } ? nil : document
        } catch {
            problems.append(error)
            return nil
        }
    }
}

/// Reads one document and collects everything that is wrong with it.
struct FlagDocumentReader {
    let file: String
    let allowsList: Bool
    private(set) var problems: [Problem] = []
    private var evaluators: [String: DocumentNode] = [:]
    private var metadata: [DocumentMember] = []
    private var bucketing = Bucketing.flagdV3

    init(file: String, allowsList: Bool) {
        self.file = file
        self.allowsList = allowsList
    }

    mutating func document(_ node: DocumentNode) -> FlagDocument? {
        guard let members = node.members else {
            self.add("F001", "a flag document is an object, not \(node.value.kind)", node)
            return nil
        }
        self.checkNames(members, among: ["flags", "$evaluators", "metadata", "$schema"])
        self.metadata = self.metadata(of: node)
        self.readSetMetadata()
        self.readEvaluators(node["$evaluators"])
        guard let flags = node["flags"] else {
            self.add("F001", "a flag document without `flags`", node)
            return nil
        }
        return FlagDocument(
            file: self.file,
            flags: self.flags(flags),
            metadata: self.metadata,
            bucketing: self.bucketing
        )
    }

    // MARK: The set

    private mutating func readSetMetadata() {
        for member in self.metadata where ["flagSetId", "version"].contains(member.key) {
            if member.node.text == nil {
                self.add("F003", "`\(member.key)` is a text", member.node)
            }
        }
        guard let node = self.metadata.first(where: { $0.key == "bucketing" })?.node else { return }
        if let known = node.text.flatMap({ Bucketing(rawValue: $0) }) {
            self.bucketing = known
            return
        }
        let names = Bucketing.allCases.map(\.rawValue)
        self.add(
            "F004",
            "unknown bucketing",
            node,
            node.text.flatMap { nearestName($0, among: names) }.map { "did you mean `\($0)`?" }
                ?? "one of \(names.joined(separator: ", "))"
        )
    }

    private mutating func readEvaluators(_ node: DocumentNode?) {
        guard let node else { return }
        guard let members = node.members else {
            self.add("F005", "`$evaluators` is an object of named rules", node)
            return
        }
        for member in members {
            if member.key.isEmpty { self.add("F005", "an evaluator without a name", member.node) }
            if member.node.members?.isEmpty ?? true {
                self.add("F005", "evaluator `\(member.key)` is no rule", member.node)
                continue
            }
            if let reference = firstReference(in: member.node) {
                self.add(
                    "F006",
                    "an evaluator must not refer to another one",
                    reference,
                    "flagd replaces references once"
                )
                continue
            }
            self.checkTargeting(member.node)
            self.evaluators[member.key] = member.node
        }
    }

    // MARK: Flags

    private mutating func flags(_ node: DocumentNode) -> [Flag] {
        var entries: [(key: String, node: DocumentNode, position: SourcePosition)] = []
        if let members = node.members {
            entries = members.map { ($0.key, $0.node, $0.keyPosition) }
        } else if self.allowsList, let items = node.items {
            for item in items {
                if let key = item["key"]?.text {
                    entries.append((key, item, item["key"]?.position ?? item.position))
                } else {
                    self.add("F010", "a flag of a list needs a text `key`", item)
                }
            }
        } else {
            self.add("F001", "`flags` is \(node.value.kind)", node, "an object of flags by key")
        }
        var first: [String: SourcePosition] = [:]
        var flags: [Flag] = []
        for entry in entries {
            if entry.key.isEmpty { self.add("F010", "a flag without a key", entry.node) }
            if let other = first[entry.key] {
                self.add(
                    "F011",
                    "flag `\(entry.key)` is defined twice",
                    at: entry.position,
                    "first at line \(other.line)"
                )
                continue
            }
            first[entry.key] = entry.position
            if let flag = self.flag(entry.key, entry.node, at: entry.position) {
                flags.append(flag)
            }
        }
        return flags
    }

    private static let members = [
        "state", "variants", "defaultVariant", "targeting", "metadata", "key", "description",
    ]

    private mutating func flag(
        _ key: String,
        _ node: DocumentNode,
        at position: SourcePosition
    ) -> Flag? {
        guard let members = node.members else {
            self.add("F010", "flag `\(key)` is \(node.value.kind), not an object", node)
            return nil
        }
        self.checkNames(members, among: FlagDocumentReader.members)
        let state = self.state(node, of: key, at: position)
        let type = self.type(of: node["variants"], of: key, at: position)
        let defaultVariant = self.defaultVariant(node)
        var rule: LogicRule?
        if let targeting = node["targeting"] {
            self.checkTargeting(targeting)
            if targeting.members?.isEmpty == false {
                rule = LogicRule(compiling: self.resolved(targeting))
            }
        }
        let own = self.metadata(of: node)
        guard let state, let type else { return nil }
        var merged = self.metadata.filter { member in !own.contains { $0.key == member.key } }
        merged += own
        return Flag(
            key: key,
            source: ModelSource(file: self.file, position: position),
            isEnabled: state,
            type: type,
            variants: node["variants"]?.members ?? [],
            defaultVariant: defaultVariant,
            targeting: rule,
            metadata: merged,
            bucketing: self.bucketing
        )
    }

    private mutating func state(
        _ node: DocumentNode,
        of key: String,
        at position: SourcePosition
    ) -> Bool? {
        guard let state = node["state"] else {
            self.add("F012", "flag `\(key)` has no `state`", at: position, "ENABLED or DISABLED")
            return nil
        }
        switch state.text {
        case "ENABLED": return true
        case "DISABLED": return false
        default:
            let near = state.text.flatMap { nearestName($0, among: ["ENABLED", "DISABLED"]) }
            self.add(
                "F012",
                "unknown state",
                state,
                near.map { "did you mean `\($0)`?" } ?? "ENABLED or DISABLED"
            )
            return nil
        }
    }

    private mutating func type(
        of variants: DocumentNode?,
        of key: String,
        at position: SourcePosition
    ) -> FlagType? {
        guard let variants else {
            self.add("F014", "flag `\(key)` has no `variants`", at: position)
            return nil
        }
        guard let members = variants.members, let first = members.first else {
            self.add("F014", "`variants` is an object with at least one value", variants)
            return nil
        }
        let type = FlagType(first.node.value)
        for member in members {
            if member.key.isEmpty { self.add("F014", "a variant without a name", member.node) }
            if FlagType(member.node.value) == nil {
                self.add("F015", "a variant cannot be \(member.node.value.kind)", member.node)
            } else if let type, FlagType(member.node.value) != type {
                self.add(
                    "F015",
                    "variants of flag `\(key)` have different types",
                    member.node,
                    "`\(first.key)` is \(first.node.value.kind)"
                )
            } else if case .number(let lexeme) = member.node.value, !isSafeNumber(lexeme) {
                self.add(
                    "F016",
                    "the number is not exact in every flag client",
                    member.node,
                    "at most 9007199254740991 (2^53-1) either way"
                )
            }
        }
        return type
    }

    private mutating func defaultVariant(_ node: DocumentNode) -> String? {
        guard let variant = node["defaultVariant"], !variant.isNull else { return nil }
        guard let name = variant.text else {
            self.add("F017", "`defaultVariant` is \(variant.value.kind)", variant, "a text or null")
            return nil
        }
        // flagd reads an empty name as none.
        if name.isEmpty { return nil }
        let names = node["variants"]?.members?.map(\.key) ?? []
        if !names.isEmpty, !names.contains(name) {
            self.add(
                "F017",
                "default variant `\(name)` is not among the variants",
                variant,
                nearestName(name, among: names).map { "did you mean `\($0)`?" }
                    ?? "variants: \(names.joined(separator: ", "))"
            )
        }
        return name
    }

    // MARK: Parts

    private mutating func metadata(of node: DocumentNode) -> [DocumentMember] {
        guard let metadata = node["metadata"] else { return [] }
        guard let members = metadata.members else {
            self.add("F003", "`metadata` is an object", metadata)
            return []
        }
        for member in members {
            switch member.node.value {
            case .string, .bool, .number: break
            case .null, .array, .object:
                self.add(
                    "F003",
                    "metadata `\(member.key)` is \(member.node.value.kind)",
                    member.node,
                    "a text, a number or a boolean"
                )
            }
        }
        return members
    }

    private mutating func checkTargeting(_ node: DocumentNode) {
        var schema = TargetingSchema(file: self.file)
        schema.checkRoot(node)
        self.problems += schema.problems
        if depth(of: node.value) > ruleDepthMax {
            self.add("F027", "a rule deeper than \(ruleDepthMax) levels", node)
        }
    }

    /// The rule with its references replaced, once, as flagd does it.
    private mutating func resolved(_ node: DocumentNode) -> DocumentNode {
        var result = node
        switch node.value {
        case .array(let items): result.value = .array(items.map { self.resolved($0) })
        case .object(let members):
            if members.count == 1, members[0].key == "$ref", let name = members[0].node.text {
                return self.evaluator(name, members[0].node) ?? node
            }
            result.value = .object(
                members.map { member in
                    var member = member
                    member.node = self.resolved(member.node)
                    return member
                }
            )
        default: break
        }
        return result
    }

    private mutating func evaluator(_ name: String, _ node: DocumentNode) -> DocumentNode? {
        if let rule = self.evaluators[name] { return rule }
        self.add(
            "F007",
            "evaluator `\(name)` is not defined",
            node,
            nearestName(name, among: self.evaluators.keys).map { "did you mean `\($0)`?" }
                ?? "not among `$evaluators`"
        )
        return nil
    }

    /// Unknown members are flagd's to allow; one that is nearly a known one is a slip.
    private mutating func checkNames(_ members: [DocumentMember], among known: [String]) {
        for member in members where !known.contains(member.key) {
            guard let nearest = nearestName(member.key, among: known) else { continue }
            self.problems.append(
                Problem(
                    code: "F002",
                    "unknown member `\(member.key)`",
                    file: self.file,
                    at: member.keyPosition,
                    length: member.keyLength,
                    caret: "did you mean `\(nearest)`?"
                )
            )
        }
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

    private mutating func add(
        _ code: String,
        _ message: String,
        at position: SourcePosition,
        _ caret: String = ""
    ) {
        self.problems.append(
            Problem(code: code, message, file: self.file, at: position, caret: caret)
        )
    }
}
