// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration

/// `spec.stages`: those in use, in order; `nil` when they are wrong.
func stageList(_ spec: inout FieldReader, hasRedirect: Bool) -> [Stage]? {
    guard spec.has("stages") else {
        // A greenfield service has nothing to stand on before modern.
        let start: [Stage] = spec.has("legacy") ? [.legacy, .shadow, .live] : []
        return start + [.modern] + (hasRedirect ? [.redirect, .gone] : [])
    }
    guard let items = spec.items("stages") else { return nil }
    guard !items.isEmpty else {
        spec.problem("R018", "`spec.stages` is empty", at: spec.keyPosition("stages"), length: 6)
        return nil
    }
    var stages: [Stage] = []
    var isValid = true
    for item in items {
        guard let text = spec.text(of: item, "an entry of spec.stages") else {
            isValid = false
            continue
        }
        let words = Stage.allCases.map(\.name)
        guard let stage = Stage(name: text) else {
            _ = spec.chosen(text, "stages", item, among: words)
            isValid = false
            continue
        }
        if stage == .dual, !spec.has("legacy") {
            spec.problem(
                "R037",
                "stage `dual` without `spec.legacy`",
                item,
                "asking both at once needs two origins"
            )
            isValid = false
            continue
        }
        if let last = stages.last, stage <= last {
            spec.problem(
                "R038",
                stage == last
                    ? "stage `\(text)` stands twice"
                    : "stage `\(text)` stands after `\(last.name)`",
                item,
                stage == last ? "remove one" : "the order is \(words.joined(separator: ", "))"
            )
            isValid = false
            continue
        }
        stages.append(stage)
    }
    if stages.contains(.redirect), !hasRedirect, !spec.has("redirect") {
        spec.problem(
            "R036",
            "stage `redirect` without `spec.redirect`",
            at: spec.keyPosition("stages"),
            length: 6,
            caret: "add redirect: { to: ... }, or leave the stage out"
        )
        isValid = false
    }
    if !stages.contains(.redirect), hasRedirect, isValid {
        spec.problem(
            "R036",
            "`spec.redirect` without the stage `redirect`",
            at: spec.keyPosition("redirect"),
            length: 8,
            caret: "add the stage, or leave the redirect out"
        )
    }
    return isValid ? stages : nil
}

/// `spec.redirect`; its target is checked against the matches later.
func redirectModel(_ spec: inout FieldReader) -> RedirectModel? {
    guard var redirect = spec.object("redirect") else { return nil }
    defer { redirect.finish() }
    let to = redirect.requiredText("to", "template of the new path")
    let hostname = redirectHost(&redirect)
    let status = redirectStatus(&redirect)
    let bound = Limits.redirectMaxAgeSecondsMax
    let maxAge = redirect.milliseconds("maxAge", in: 0...(bound * 1_000))
    guard let to else { return nil }
    guard to.hasPrefix("/"), !to.hasPrefix("//"), !to.contains("\\") else {
        redirect.problem(
            "R035",
            "`spec.redirect.to` could lead to any host",
            at: redirect.node["to"]?.position ?? redirect.node.position,
            length: redirect.node["to"]?.length ?? 1,
            caret: "write a path; another host goes into `hostname`"
        )
        return nil
    }
    var model = RedirectModel(to: to)
    model.hostname = hostname
    if let status { model.status = status }
    if let maxAge { model.maxAgeSeconds = maxAge / 1_000 }
    if model.status == 301, model.maxAgeSeconds > 3_600 {
        redirect.findings.add(
            Problem(
                .warning,
                code: "R104",
                "301 with a max-age of \(model.maxAgeSeconds) s: a rollback reaches these "
                    + "clients only when it has passed",
                file: redirect.file,
                at: redirect.keyPosition("maxAge"),
                length: 6,
                caret: "at most 1h is advised while a rollback is likely"
            )
        )
    }
    return model
}

private func redirectStatus(_ redirect: inout FieldReader) -> Int? {
    guard let node = redirect.node("status") else { return nil }
    guard let status = node.integer, [301, 307, 308].contains(status) else {
        redirect.problem(
            "R013",
            "no redirect has this status here",
            node,
            "307 (the default), 308 or 301: 302 and 303 would turn POST into GET"
        )
        return nil
    }
    return status
}

/// `https://host[:port]`, or a host alone, which means https.
private func redirectHost(_ redirect: inout FieldReader) -> String? {
    guard let node = redirect.node("hostname"),
        let text = redirect.text(of: node, "spec.redirect.hostname")
    else { return nil }
    var rest = text.lowercased()
    var scheme = "https"
    for candidate in ["https", "http"] where rest.hasPrefix(candidate + "://") {
        scheme = candidate
        rest.removeFirst(candidate.count + 3)
        break
    }
    let isHost = NameRules.isHost(rest) || (NameRules.endpoint(rest)?.port ?? 0) > 0
    guard isHost else {
        let caret = "https://host or https://host:port, without path or variables"
        redirect.problem("R035", "`\(printable(text))` is no host to redirect to", node, caret)
        return nil
    }
    return "\(scheme)://\(rest)"
}
