// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration
import Patterns

/// `spec.matches`; `nil` when there is none.
func matchModels(_ spec: inout FieldReader, _ header: DocumentHeader) -> [RouteMatchModel]? {
    guard spec.required("matches", "at least one: - path: { type: ..., value: ... }") != nil,
        let items = spec.items("matches")
    else { return nil }
    guard !items.isEmpty else {
        spec.problem("R018", "`spec.matches` is empty", at: spec.keyPosition("matches"), length: 7)
        return nil
    }
    var models: [RouteMatchModel] = []
    for (index, item) in items.enumerated() {
        let path = "spec.matches[\(index)]"
        guard let reader = spec.reader(item, path) else { continue }
        if let model = matchModel(reader, header) { models.append(model) }
    }
    return models.count == items.count ? models : nil
}

private func matchModel(_ reader: FieldReader, _ header: DocumentHeader) -> RouteMatchModel? {
    var match = reader
    var model = RouteMatchModel(
        source: ModelSource(file: header.source.file, position: match.node.position)
    )
    var isValid = true
    if var path = match.object("path") {
        let types = PathMatchType.allCases.map(\.rawValue)
        let hasType = path.has("type")
        let type = path.choice("type", types).flatMap { PathMatchType(rawValue: $0) }
        let node = path.node("value")
        path.finish()
        if hasType, type == nil { isValid = false }
        model.pathType = type ?? .pathPrefix
        if let node, let text = path.text(of: node, path.name(of: "value")) {
            model.path = text
            if isValid { isValid = isGoodPath(model, path, node) }
        } else if path.has("value") {
            isValid = false
        } else if let type, type != .pathPrefix {
            path.problem("R011", "no `value` in `\(path.path)`", path.node, "the path to match")
            isValid = false
        }
    }
    if let node = match.node("method"), let text = match.text(of: node, match.name(of: "method")) {
        if NameRules.isMethod(text) {
            model.method = text
        } else {
            match.problem(
                "R048",
                "`\(printable(text))` is no method",
                node,
                "in upper case, say GET"
            )
        }
    }
    model.headers = namedMatches("headers", &match, isHeader: true)
    model.queryParameters = namedMatches("queryParams", &match, isHeader: false)
    match.finish()
    return isValid ? model : nil
}

/// Whether the pattern can match a canonical path at all.
private func isGoodPath(
    _ model: RouteMatchModel,
    _ reader: FieldReader,
    _ node: DocumentNode
) -> Bool {
    switch model.pathType {
    case .regularExpression: return isGoodPattern(model.path, reader, node)
    case .template, .exact, .pathPrefix:
        do throws(PathTemplateError) {
            let template = try PathTemplate(model.path)
            if model.pathType == .template { return isGoodTemplate(template, reader, node) }
            guard template.variables.isEmpty else {
                let type = model.pathType.rawValue
                let caret = "use type: Template"
                reader.problem("R030", "a path of type \(type) with variables", node, caret)
                return false
            }
            return isGoodTemplate(template, reader, node)
        } catch {
            let what = model.pathType == .template ? "no path template" : "no path that can match"
            reader.problem("R030", "`\(printable(model.path))` is \(what)", node, error.advice)
            return false
        }
    }
}

private func isGoodTemplate(
    _ template: PathTemplate,
    _ reader: FieldReader,
    _ node: DocumentNode
) -> Bool {
    guard template.segments.count < Limits.pathSegmentsMax else {
        let caret = "at most \(Limits.pathSegmentsMax - 1)"
        reader.problem("R015", "the path has too many segments", node, caret)
        return false
    }
    return true
}

private func isGoodPattern(_ text: String, _ reader: FieldReader, _ node: DocumentNode) -> Bool {
    guard text.utf8.count <= Limits.patternBytesMax else {
        let caret = "at most \(Limits.patternBytesMax) bytes"
        reader.problem("R043", "the regular expression is too long", node, caret)
        return false
    }
    do throws(PatternError) {
        _ = try Pattern(text)
        return true
    } catch {
        reader.problem("R043", "the regular expression does not compile", node, error.description)
        return false
    }
}

private func namedMatches(
    _ key: String,
    _ match: inout FieldReader,
    isHeader: Bool
) -> [NamedMatchModel] {
    var models: [NamedMatchModel] = []
    var names: Set<String> = []
    for (index, item) in (match.items(key) ?? []).enumerated() {
        guard var entry = match.reader(item, "\(match.name(of: key))[\(index)]") else { continue }
        let type = entry.choice("type", ["Exact", "RegularExpression"]) ?? "Exact"
        let nameNode = entry.required("name", "which one")
        let valueNode = entry.required("value", "what it must be")
        entry.finish()
        guard let nameNode, let name = entry.text(of: nameNode, entry.name(of: "name")),
            let valueNode, let value = entry.text(of: valueNode, entry.name(of: "value"))
        else { continue }
        guard isHeader ? NameRules.isToken(name) : !name.isEmpty else {
            entry.problem("R047", "`\(printable(name))` is no name of a header", nameNode)
            continue
        }
        let folded = isHeader ? name.lowercased() : name
        guard names.insert(folded).inserted else {
            entry.problem("R025", "`\(name)` stands twice in `\(match.name(of: key))`", nameNode)
            continue
        }
        let isPattern = type == "RegularExpression"
        if isPattern, !isGoodPattern(value, entry, valueNode) { continue }
        models.append(NamedMatchModel(name: name, value: value, isRegularExpression: isPattern))
    }
    return models
}
