// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Parity

/// `spec.parity`: how answers are observed and compared (Sources/Parity/ParityRule.swift).
func parityModel(_ spec: inout FieldReader) -> ParityModel {
    var model = ParityModel()
    guard var parity = spec.object("parity") else { return model }
    for preset in textOrTexts("preset", &parity) {
        if parity.chosen(preset.text, "preset", preset.node, among: presetNames) != nil {
            model.presets.append(preset.text)
        }
    }
    for format in ["json", "fhir", "xml", "text", "form", "multipart", "bytes"] {
        guard var rules = parity.object(format) else { continue }
        if format == "fhir", !model.presets.contains(where: { $0.hasPrefix("fhir") }) {
            model.presets.append("fhir")
        }
        readRules(&rules, &model)
        rules.finish()
    }
    for (path, node) in parity.texts("zeroTolerance") ?? [] {
        if isPlace(path, node, parity) { model.zeroTolerance.append(path) }
    }
    if let headers = parity.texts("headers") {
        model.headers = headers.map { $0.text.lowercased() }
    }
    if let name = parity.text("buildHeader") { model.buildHeader = name.lowercased() }
    readSampling(&parity, &model)
    checkRules(model, parity)
    model.probes = probeModels(&parity)
    parity.finish()
    return model
}

private let presetNames = [
    "fhir", "fhir#static", "fhir#data", "fhir#document", "fhir#renumbered", "cda",
]

private func readSampling(_ parity: inout FieldReader, _ model: inout ParityModel) {
    if let compares = parity.bool("compare") { model.compares = compares }
    if let share = parity.permyriad("again") { model.againPermyriad = share }
    if let count = parity.integer("againPerMinute", in: 0...60_000) { model.againPerMinute = count }
    if let count = parity.integer("rechecks", in: 0...5) { model.rechecks = count }
    if let time = parity.milliseconds("recheckAfter", in: 0...60_000) {
        model.recheckAfterMilliseconds = time
    }
    if let bytes = parity.bytes("maxBody", in: 1_024...Limits.observedBodyBytesMax) {
        model.maxBodyBytes = bytes
    }
    if let time = parity.milliseconds("window", in: 0...86_400_000) {
        model.windowMilliseconds = time
    }
    if let answer = parity.choice("answer", ["legacy", "agreed"]) {
        model.answer = DualAnswer(rawValue: answer) ?? .legacy
        if model.answer == .agreed, model.maxBodyBytes < Limits.blockBytes {
            parity.problem(
                "R015",
                "`\(parity.name(of: "answer"))` agreed needs answers of \(Limits.blockBytes) bytes",
                parity.node("maxBody") ?? parity.node,
                "`maxBody` of \(Limits.blockBytes / 1_024)Ki at least"
            )
        }
    }
    if let time = parity.milliseconds("agreedBudget", in: 1...10_000) {
        model.agreedBudgetMilliseconds = time
    }
}

/// The rules of one format, in the order of the file.
private func readRules(_ rules: inout FieldReader, _ model: inout ParityModel) {
    var found: [(DocumentNode, ParityRule)] = []
    func add(_ path: String, _ node: DocumentNode, _ kind: ParityRuleKind) {
        let origin = "\(rules.file):\(node.position.line)"
        found.append((node, ParityRule(path: path, kind: kind, origin: origin)))
    }
    let plain: [(String, ParityRuleKind)] = [
        ("exact", .exact), ("set", .set), ("identifier", .identifier), ("url", .url),
        ("shape", .shape),
    ]
    for (key, kind) in plain {
        for (path, node) in rules.texts(key) ?? [] where isPlace(path, node, rules) {
            add(path, node, kind)
        }
    }
    for key in ["ignore", "keyed", "decimal", "instant"] {
        for (index, node) in (rules.items(key) ?? []).enumerated() {
            guard var rule = rules.reader(node, "\(rules.path).\(key)[\(index)]") else { continue }
            let path = place(&rule)
            let kind = ruleKind(key, &rule)
            rule.finish()
            if let path, let kind { add(path, node, kind) }
        }
    }
    model.rules += found.sorted { $0.0.position < $1.0.position }.map(\.1)
}

/// What one entry of `ignore`, `keyed`, `decimal` or `instant` says besides its path.
private func ruleKind(_ key: String, _ rule: inout FieldReader) -> ParityRuleKind? {
    switch key {
    case "ignore":
        // What is ignored has an owner and a reason: nobody hides a difference without a name.
        let owner = rule.requiredText("owner", "who answers for it")
        let reason = rule.requiredText("reason", "why it may differ")
        let expires = rule.date("expires")
        guard let owner, let reason else { return nil }
        return .ignore(owner: owner, reason: reason, expiresUnixSeconds: expires)
    case "keyed":
        guard rule.required("by", "a list of members") != nil, let by = rule.texts("by"),
            !by.isEmpty
        else { return nil }
        return .keyed(by: by.map(\.text))
    case "decimal":
        let absolute = decimalText("absolute", &rule)
        let relative = decimalText("relative", &rule)
        return .decimal(absolute: absolute, relative: relative)
    default:
        guard rule.required("skew", "a duration, say 2s") != nil,
            let skew = rule.milliseconds("skew", in: 0...86_400_000)
        else { return nil }
        return .instant(skewMilliseconds: skew)
    }
}

/// A tolerance as it is written: never a binary fraction.
private func decimalText(_ key: String, _ rule: inout FieldReader) -> String {
    guard let node = rule.node(key) else { return "" }
    let text: String
    switch node.value {
    case .number(let lexeme): text = lexeme
    case .string(let string): text = string
    default: text = ""
    }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let isDecimal =
        (1...2).contains(parts.count) && text.utf8.count <= 32
        && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    guard isDecimal else {
        rule.problem(
            "R014",
            "`\(rule.name(of: key))` is no tolerance",
            node,
            "expected a decimal number, say 0.01"
        )
        return ""
    }
    return text
}

private func place(_ rule: inout FieldReader) -> String? {
    guard let node = rule.required("path", "a JSON pointer, say /meta/lastUpdated"),
        let text = rule.text(of: node, rule.name(of: "path")), isPlace(text, node, rule)
    else { return nil }
    return text
}

/// A pointer pattern, or `header:NAME`, `cookie:NAME`, `part:NAME`.
private func isPlace(_ text: String, _ node: DocumentNode, _ reader: FieldReader) -> Bool {
    for mark in ["header:", "cookie:", "part:"] where text.hasPrefix(mark) {
        if text.utf8.count > mark.utf8.count { return true }
    }
    guard text.hasPrefix("/") else {
        let caret = "it begins with `/` (RFC 6901)"
        reader.problem("R016", "`\(printable(text))` is no JSON pointer", node, caret)
        return false
    }
    return true
}

/// One text, or a list of texts.
private func textOrTexts(
    _ key: String,
    _ reader: inout FieldReader
) -> [(text: String, node: DocumentNode)] {
    guard let node = reader.node(key) else { return [] }
    if node.items != nil { return reader.texts(key) ?? [] }
    return reader.text(of: node, reader.name(of: key)).map { [($0, node)] } ?? []
}

/// Rules that the comparer would refuse are refused with the file.
private func checkRules(_ model: ParityModel, _ parity: FieldReader) {
    let words: String
    do throws(RuleSetError) {
        _ = try ComparisonPlan(model: model)
        return
    } catch {
        switch error {
        case .badPath(let path, _): words = "`\(printable(path))` is no pointer pattern"
        case .badTolerance(let path, _, _): words = "`\(printable(path))` has no usable tolerance"
        case .badSkew(let path, _): words = "`\(printable(path))` has no usable skew"
        case .badKey(let path, _): words = "`\(printable(path))` has no usable key"
        case .tooMany(let count): words = "\(count) rules are more than \(Limits.parityRulesMax)"
        case .tooComplex:
            words = "the patterns combine to too many: fewer `**` with `*` behind them"
        }
    }
    parity.problem(
        "R016",
        words,
        parity.node,
        "a JSON pointer whose `*` is any one key, and `**` any number of them"
    )
}
