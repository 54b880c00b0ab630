// SPDX-License-Identifier: Apache-2.0

import Documents
import Migration

/// `spec.legacy` or `spec.modern`; `nil` when no upstream is named.
func originModel(_ reader: FieldReader) -> OriginModel? {
    var origin = reader
    let upstream = origin.requiredText("upstream", "name of an Upstream")
    if let upstream, let node = origin.node("upstream") {
        origin.refer(to: .upstream, upstream, node)
    }
    var model = OriginModel(upstream: upstream ?? "")
    if let node = origin.node("path"), let path = origin.text(of: node, origin.name(of: "path")) {
        do throws(PathTemplateError) {
            _ = try PathTemplate(path)
            model.path = path
        } catch {
            origin.problem("R030", "`\(printable(path))` is no path template", node, error.advice)
        }
    }
    if let node = origin.node("host"), let host = origin.text(of: node, origin.name(of: "host")) {
        if NameRules.isHost(host.lowercased()) || NameRules.endpoint(host) != nil {
            model.host = host.lowercased()
        } else {
            let caret = "host, host:port, or `preserve` for the client's own"
            origin.problem("R044", "`\(printable(host))` is no host", node, caret)
        }
    }
    if var query = origin.object("query") {
        (model.setQuery, model.removeQuery) = edits(&query, isHeader: false)
    }
    if var headers = origin.object("headers") {
        (model.setHeaders, model.removeHeaders) = edits(&headers, isHeader: true)
    }
    origin.finish()
    return upstream == nil ? nil : model
}

/// Fields that Banyan sets or that frame the message: no file may.
private let reservedHeaders: Set<String> = [
    "connection", "content-length", "expect", "forwarded", "host", "keep-alive", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade", "via", "banyan-shadow",
]

/// `set`: an object of texts, or HTTPRoute's list of name and value; `remove`: a list of names.
private func edits(
    _ reader: inout FieldReader,
    isHeader: Bool
) -> (set: [NamedValue], remove: [String]) {
    var set: [NamedValue] = []
    var remove: [String] = []
    if let node = reader.node("set") {
        for (name, value) in setEntries(node, reader) {
            guard let text = reader.text(of: value, reader.name(of: "set.\(name)")) else {
                continue
            }
            guard isGoodName(name, value, reader, isHeader: isHeader) else { continue }
            guard NameRules.isFieldValue(text) else {
                reader.problem("R047", "the value of `\(name)` has control characters", value)
                continue
            }
            set.append(NamedValue(name: name, value: text))
        }
    }
    for (name, node) in reader.texts("remove") ?? [] {
        guard isGoodName(name, node, reader, isHeader: isHeader) else { continue }
        remove.append(name)
    }
    reader.finish()
    return (set, remove)
}

private func setEntries(
    _ node: DocumentNode,
    _ reader: FieldReader
) -> [(name: String, value: DocumentNode)] {
    if let members = node.members { return members.map { ($0.key, $0.node) } }
    guard let items = node.items else {
        reader.wrongType(node, reader.name(of: "set"), "an object of names and texts")
        return []
    }
    return items.enumerated().compactMap { index, item in
        guard var entry = reader.reader(item, reader.name(of: "set[\(index)]")) else { return nil }
        let name = entry.requiredText("name", "which one")
        let value = entry.required("value", "what it is set to")
        entry.finish()
        guard let name, let value else { return nil }
        return (name, value)
    }
}

private func isGoodName(
    _ name: String,
    _ node: DocumentNode,
    _ reader: FieldReader,
    isHeader: Bool
) -> Bool {
    guard isHeader else { return !name.isEmpty }
    guard NameRules.isToken(name) else {
        reader.problem("R047", "`\(printable(name))` is no name of a header", node)
        return false
    }
    guard !reservedHeaders.contains(name.lowercased()) else {
        let caret = "it belongs to the connection or is set by banyan"
        reader.problem("R047", "header `\(name)` cannot be changed by a file", node, caret)
        return false
    }
    return true
}
