// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration

/// `health.active` of an upstream; `health` is the reader of the object around it.
func activeHealth(_ health: inout FieldReader) -> ActiveHealthModel? {
    guard var active = health.object("active") else { return nil }
    defer { active.finish() }
    guard active.required("type", "http, tcp or grpc") != nil,
        let word = active.choice("type", ActiveHealthModel.Kind.allCases.map(\.rawValue)),
        let kind = ActiveHealthModel.Kind(rawValue: word)
    else {
        // The other fields are known, whatever the type is.
        for key in healthFields { _ = active.node(key) }
        return nil
    }
    var model = ActiveHealthModel(kind)
    refuseForeignFields(&active, kind)
    if let path = active.text("path"), kind == .http {
        if isTarget(path) {
            model.path = path
        } else {
            let node = active.node("path") ?? active.node
            active.problem("R016", "`\(printable(path))` is no path", node, "it begins with `/`")
        }
    }
    if let host = active.text("host") {
        if NameRules.isFieldValue(host), !host.isEmpty, !host.contains(" "), host.utf8.count <= 255
        {
            model.host = host
        } else {
            let node = active.node("host") ?? active.node
            active.problem("R044", "`\(printable(host))` is no host", node, "host or host:port")
        }
    }
    readStatus(&active, &model)
    if let service = active.text("service") {
        if service.utf8.count <= 255, service.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) {
            model.service = service
        } else {
            let node = active.node("service") ?? active.node
            active.problem("R016", "`\(printable(service))` is no service", node, "package.Service")
        }
    }
    readTimes(&active, &model)
    return model
}

private let healthFields = [
    "path", "host", "status", "service", "interval", "timeout", "healthyAfter", "unhealthyAfter",
]

/// A field that the type of check has no use for is a mistake, not a decoration.
private func refuseForeignFields(_ active: inout FieldReader, _ kind: ActiveHealthModel.Kind) {
    let foreign: [String] =
        switch kind {
        case .http: ["service"]
        case .tcp: ["path", "host", "status", "service"]
        case .grpc: ["path", "status"]
        }
    for key in foreign where active.has(key) {
        active.problem(
            "R071",
            "`\(active.name(of: key))` has no meaning for a check of type \(kind.rawValue)",
            at: active.keyPosition(key),
            length: key.unicodeScalars.count,
            caret: "leave it out"
        )
    }
}

/// `200`, or `200-399`.
private func readStatus(_ active: inout FieldReader, _ model: inout ActiveHealthModel) {
    guard let node = active.node("status") else { return }
    let text = node.text ?? node.integer.map { "\($0)" } ?? ""
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { part in
        part.utf8.count == 3 && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            ? Int(part) : nil
    }
    guard (1...2).contains(parts.count), let first = parts[0], let last = parts[parts.count - 1],
        first <= last, first >= 200, last <= 599
    else {
        active.problem(
            "R016",
            "`\(active.name(of: "status"))` is no range of statuses",
            node,
            "write it like \"200-399\", from 200 to 599"
        )
        return
    }
    model.statusMin = first
    model.statusMax = last
}

private func readTimes(_ active: inout FieldReader, _ model: inout ActiveHealthModel) {
    if let time = active.milliseconds(
        "interval",
        in: Limits.healthIntervalMinMilliseconds...3_600_000
    ) {
        model.intervalMilliseconds = time
    }
    if let time = active.milliseconds("timeout", in: 10...Limits.healthTimeoutMaxMilliseconds) {
        model.timeoutMilliseconds = time
    }
    if let count = active.integer("healthyAfter", in: 1...100) { model.healthyAfter = count }
    if let count = active.integer("unhealthyAfter", in: 1...100) { model.unhealthyAfter = count }
}

/// A path with an optional query, as it may stand in a request line.
private func isTarget(_ text: String) -> Bool {
    text.hasPrefix("/") && text.utf8.count <= 1_024
        && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x23 }
}
