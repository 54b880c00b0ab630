// SPDX-License-Identifier: Apache-2.0

import Documents

/// `spec.gate`: what a forward flip must show; checked in shape, kept as it is written.
func gateNode(_ spec: inout FieldReader) -> DocumentNode? {
    guard let node = spec.node("gate"), var gate = spec.reader(node, "spec.gate") else {
        return nil
    }
    for key in ["parity", "confidence", "errors", "rescues"] { gate.checkPercentage(key) }
    _ = gate.milliseconds("latency", in: 0...3_600_000)
    _ = gate.milliseconds("stableFor", in: 0...(366 * 86_400_000))
    _ = gate.integer("coverage", in: 1...1_000_000_000)
    gate.finish()
    return node
}

/// `spec.parity`: how answers are compared; checked in shape, kept as it is written.
func parityNode(_ spec: inout FieldReader) -> DocumentNode? {
    guard let node = spec.node("parity"), var parity = spec.reader(node, "spec.parity") else {
        return nil
    }
    for format in ["json", "fhir", "xml", "text", "bytes"] {
        guard var rules = parity.object(format) else { continue }
        for (index, item) in (rules.items("ignore") ?? []).enumerated() {
            checkIgnore(item, rules, "\(rules.path).ignore[\(index)]")
        }
        for (path, item) in rules.texts("set") ?? [] { checkPointer(path, item, rules) }
        for (index, item) in (rules.items("keyed") ?? []).enumerated() {
            guard var keyed = rules.reader(item, "\(rules.path).keyed[\(index)]") else { continue }
            readPointer("path", &keyed)
            if keyed.required("by", "a list of members") != nil { _ = keyed.texts("by") }
            keyed.finish()
        }
        rules.finish()
    }
    parity.finish()
    return node
}

/// What is ignored has an owner and a reason: nobody may hide a difference without a name.
private func checkIgnore(_ node: DocumentNode, _ reader: FieldReader, _ path: String) {
    guard var ignore = reader.reader(node, path) else { return }
    readPointer("path", &ignore)
    _ = ignore.requiredText("owner", "who answers for it")
    _ = ignore.requiredText("reason", "why it may differ")
    _ = ignore.date("expires")
    ignore.finish()
}

private func readPointer(_ key: String, _ reader: inout FieldReader) {
    guard let node = reader.required(key, "a JSON pointer, say /meta/lastUpdated"),
        let text = reader.text(of: node, reader.name(of: key))
    else { return }
    checkPointer(text, node, reader)
}

private func checkPointer(_ text: String, _ node: DocumentNode, _ reader: FieldReader) {
    guard text.hasPrefix("/") else {
        let caret = "it begins with `/` (RFC 6901)"
        reader.problem("R016", "`\(printable(text))` is no JSON pointer", node, caret)
        return
    }
}
