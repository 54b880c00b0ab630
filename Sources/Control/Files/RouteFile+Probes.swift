// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Parity

/// `parity.probes`: reads that Banyan makes by itself, per tenant
/// (Sources/Parity/ProbeModel.swift).
func probeModels(_ parity: inout FieldReader) -> [ProbeModel] {
    var probes: [ProbeModel] = []
    for (index, node) in (parity.items("probes") ?? []).enumerated() {
        let place = "\(parity.path).probes[\(index)]"
        guard var probe = parity.reader(node, place) else { continue }
        let model = probeModel(&probe)
        probe.finish()
        guard let model else { continue }
        guard !probes.contains(where: { $0.name == model.name }) else {
            let message = "two probes are called `\(printable(model.name))`"
            parity.problem("R025", message, node, "a name stands for one probe of a route")
            continue
        }
        probes.append(model)
    }
    return probes
}

private func probeModel(_ probe: inout FieldReader) -> ProbeModel? {
    let name = probe.requiredText("name", "a word for reports, say plans-of-a-patient")
    let pathNode = probe.required("path", "a path, say /fhir/r4/CarePlan?status=active")
    let path = pathNode.flatMap { probe.text(of: $0, probe.name(of: "path")) }
    var model = ProbeModel(name: name ?? "", path: path ?? "")
    readVariables(&probe, &model)
    model.tenants = (probe.texts("tenants") ?? []).map(\.text)
    model.waves = (probe.texts("waves") ?? []).map(\.text)
    if let every = probe.milliseconds("every", in: 1_000...(366 * 86_400_000)) {
        model.everyMilliseconds = every
    }
    for (name, value) in probe.labels("headers").sorted(by: { $0.key < $1.key }) {
        model.headers.append(CapturedField(name, value))
    }
    if let word = probe.choice("compare", ["answers", "count"]), word == "count" {
        model.count = CountCheck(total: "", list: nil, isOnly: true)
        if !probe.has("expect") {
            let caret = "say what is counted: expect: { count: bundle }"
            probe.problem("R011", "no `expect` in `\(probe.path)`", probe.node, caret)
        }
    }
    if var expect = probe.object("expect") {
        readExpectation(&expect, &model)
        expect.finish()
    }
    guard let name, let pathNode, let path else { return nil }
    checkName(name, probe)
    checkPath(path, pathNode, probe, &model)
    return model
}

private func checkName(_ name: String, _ probe: FieldReader) {
    let isWord =
        (1...64).contains(name.utf8.count)
        && name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
            default: false
            }
        }
    guard !isWord else { return }
    let caret = "1 to 64 of A-Z, a-z, 0-9, `.`, `_` and `-`"
    let node = probe.node["name"] ?? probe.node
    probe.problem("R016", "`\(printable(name))` cannot be a probe's name", node, caret)
}

private func readVariables(_ probe: inout FieldReader, _ model: inout ProbeModel) {
    guard var variables = probe.object("variables") else { return }
    for key in (variables.node.members ?? []).map(\.key).sorted() {
        guard let values = variables.texts(key) else { continue }
        guard !values.isEmpty else {
            let message = "`\(variables.name(of: key))` has no value"
            variables.problem("R015", message, at: variables.keyPosition(key), caret: "a list")
            continue
        }
        model.variables.append(ProbeVariable(name: key, values: values.map(\.text)))
    }
    variables.finish()
    guard model.combinations > Limits.probeCombinationsMax else { return }
    probe.problem(
        "R015",
        "`\(probe.name(of: "variables"))` makes \(model.combinations) reads of each tenant",
        at: probe.keyPosition("variables"),
        length: 9,
        caret: "at most \(Limits.probeCombinationsMax)"
    )
    model.variables = []
}

/// `count: bundle`, or `count: { total: POINTER, list: POINTER }`.
private func readExpectation(_ expect: inout FieldReader, _ model: inout ProbeModel) {
    let isOnly = model.count?.isOnly ?? false
    guard let node = expect.required("count", "bundle, or { total: /total, list: /entry }") else {
        return
    }
    if node.members == nil {
        guard let text = expect.text(of: node, expect.name(of: "count")),
            expect.chosen(text, "count", node, among: ["bundle"]) != nil
        else { return }
        model.count = .bundle
        model.count?.isOnly = isOnly
        return
    }
    guard var count = expect.object("count") else { return }
    let total = pointer("total", &count)
    let list = pointer("list", &count)
    count.finish()
    guard count.has("total") || count.has("list") else {
        count.problem("R011", "no `total` and no `list` in `\(count.path)`", node, "one of them")
        return
    }
    model.count = CountCheck(total: total ?? "", list: list, isOnly: isOnly)
}

private func pointer(_ key: String, _ reader: inout FieldReader) -> String? {
    guard let node = reader.node(key), let text = reader.text(of: node, reader.name(of: key))
    else { return nil }
    guard text.hasPrefix("/") || (text.isEmpty && key == "list") else {
        let caret = "it begins with `/` (RFC 6901)"
        reader.problem("R016", "`\(printable(text))` is no JSON pointer", node, caret)
        return nil
    }
    return text
}

/// A path that can be asked, whose variables all have values, and all of which are used.
private func checkPath(
    _ path: String,
    _ node: DocumentNode,
    _ probe: FieldReader,
    _ model: inout ProbeModel
) {
    let isTarget =
        path.hasPrefix("/") && !path.contains("#")
        && path.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    guard isTarget else {
        let caret = "it begins with `/`; no spaces, no `#`; percent-encode the rest"
        probe.problem("R016", "`\(printable(path))` is no path and query", node, caret)
        return
    }
    var names: [String] = []
    for part in path.split(separator: "{", omittingEmptySubsequences: false).dropFirst() {
        guard let end = part.firstIndex(of: "}") else {
            probe.problem("R016", "`{` without `}` in `\(printable(path))`", node, "a variable")
            return
        }
        names.append(String(part[..<end]))
    }
    let known = (probe.node["variables"]?.members ?? []).map(\.key) + ["tenant"]
    for name in names where !known.contains(name) {
        let near = nearestName(name, among: known).map { "did you mean `\($0)`?" }
        let caret = near ?? "give its values under `variables`"
        probe.problem("R016", "`{\(printable(name))}` has no values", node, caret)
    }
    for variable in model.variables where !names.contains(variable.name) {
        let message = "`variables.\(printable(variable.name))` does not stand in the path"
        probe.problem("R016", message, node, "write it as {\(variable.name)}, or leave it out")
    }
}
