// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration

/// `kind: MigrationRoute`.
func routeModel(_ header: DocumentHeader, _ reader: FieldReader) -> RouteModel? {
    var spec = reader
    let matches = matchModels(&spec, header)
    let legacy = spec.object("legacy").map { originModel($0) }
    let modern = spec.required("modern", "the origin that replaces legacy")
        .flatMap { spec.reader($0, "spec.modern") }.map { originModel($0) }
    var migration = header.name
    var flagNode = header.nameNode
    if var stage = spec.object("stage") {
        if let node = stage.required("flag", "key of a flag whose variants are stages"),
            let text = stage.text(of: node, "spec.stage.flag")
        {
            if NameRules.isFlagKey(text) {
                migration = text
                flagNode = node
            } else {
                stage.problem(
                    "R016",
                    "`\(text)` cannot be a flag's key",
                    node,
                    "visible, no `/`, `*`"
                )
            }
        }
        stage.finish()
    }
    spec.refer(to: .stageFlag, migration, flagNode)
    let redirect = redirectModel(&spec)
    let stages = stageList(&spec, hasRedirect: redirect != nil)
    let placeholder = OriginModel(upstream: "")
    var model = RouteModel(
        name: header.name,
        migration: migration,
        matches: matches ?? [],
        legacy: legacy.map { $0 ?? placeholder },
        modern: (modern ?? nil) ?? placeholder,
        stages: stages ?? [],
        source: header.source
    )
    model.labels = header.labels
    model.redirect = redirect
    readPolicy(&spec, &model)
    readTraffic(&spec, &model)
    model.gate = gateNode(&spec)
    model.parity = parityModel(&spec)
    checkLegacy(spec, model)
    spec.finish()
    let isComplete =
        !(matches ?? []).isEmpty && (modern ?? nil) != nil && stages != nil
        && (!spec.has("legacy") || (legacy ?? nil) != nil)
    guard isComplete, checkTemplates(spec, model) else { return nil }
    return model
}

/// Whom the requests are for, who may ask, and which way records flow.
private func readPolicy(_ spec: inout FieldReader, _ model: inout RouteModel) {
    for (text, node) in spec.texts("hostnames") ?? [] {
        guard NameRules.isHostPattern(text.lowercased()) else {
            let caret = "a host name, or `*.` and a suffix; no port"
            spec.problem("R044", "`\(text)` is no host name", node, caret)
            continue
        }
        model.hostnames.append(text.lowercased())
    }
    if var entitlement = spec.object("entitlement") {
        let flag = entitlement.requiredText("flag", "key of a boolean flag")
        if let flag, let node = entitlement.node("flag") {
            entitlement.refer(to: .entitlementFlag, flag, node)
        }
        let scope = entitlement.choice("on", ["writes", "all"]) ?? "writes"
        entitlement.finish()
        if let flag {
            model.entitlement = EntitlementModel(
                flag: flag,
                scope: scope == "all" ? .all : .writes
            )
        }
    }
    if let data = spec.choice("data", ["forward", "shared"]) {
        model.data = data == "shared" ? .shared : .forward
    }
    // Under `shared` both sides see a write at once: there is nothing to wait for.
    model.settleMilliseconds = model.data == .shared ? 0 : Limits.settleMilliseconds
    if let settle = spec.milliseconds("settle", in: 0...600_000) {
        model.settleMilliseconds = settle
    }
    if let tenant = spec.choice("tenant", ["required", "optional"]) {
        model.isTenantRequired = tenant == "required"
    }
    model.user = userKey(&spec)
    model.deprecationUnixSeconds = spec.date("deprecation")
    model.sunsetUnixSeconds = spec.date("sunset")
    if let start = model.deprecationUnixSeconds, let end = model.sunsetUnixSeconds, end < start {
        spec.problem(
            "R046",
            "`spec.sunset` is before `spec.deprecation`",
            at: spec.keyPosition("sunset"),
            length: 6,
            caret: "RFC 9745 4: a resource is deprecated before it goes"
        )
    }
}

/// How requests and copies are sent.
private func readTraffic(_ spec: inout FieldReader, _ model: inout RouteModel) {
    model.safe = operationModels("safe", &spec)
    model.unsafe = operationModels("unsafe", &spec)
    if var shadow = spec.object("shadow") {
        if let sample = shadow.permyriad("sample") { model.shadow.samplePermyriad = sample }
        if let bytes = shadow.bytes("maxBody", in: 0...Limits.teedBodyBytesMax) {
            model.shadow.maxBodyBytes = bytes
        }
        if let timeout = shadow.milliseconds("timeout", in: 1...600_000) {
            model.shadow.timeoutMilliseconds = timeout
        }
        shadow.finish()
    }
    if var timeouts = spec.object("timeouts") {
        if let time = timeouts.milliseconds("connect", in: 1...60_000) {
            model.timeouts.connectMilliseconds = time
        }
        if let time = timeouts.milliseconds("firstByte", in: 1...3_600_000) {
            model.timeouts.firstByteMilliseconds = time
        }
        if let time = timeouts.milliseconds("idle", in: 1...3_600_000) {
            model.timeouts.idleMilliseconds = time
        }
        if let time = timeouts.milliseconds("total", in: 0...86_400_000) {
            model.timeouts.totalMilliseconds = time
        }
        timeouts.finish()
    }
    if let streams = streamModel(&spec) { model.streams = streams }
    if let upgrades = upgradeTokens(&spec) { model.upgrades = upgrades }
    if spec.choice("encodedSlash", ["refuse", "keep"]) == "keep" { model.encodedSlash = .keep }
    if spec.choice("doubleSlash", ["refuse", "keep"]) == "keep" { model.doubleSlash = .keep }
}

private func userKey(_ spec: inout FieldReader) -> UserKeyModel? {
    guard var user = spec.object("user") else { return nil }
    defer { user.finish() }
    let cookie = user.text("cookie")
    let header = user.text("header")
    guard (cookie == nil) != (header == nil) else {
        user.problem(
            "R049",
            "`spec.user` names one place of the user id",
            user.node,
            "either cookie: NAME or header: NAME"
        )
        return nil
    }
    let name = cookie ?? header ?? ""
    guard NameRules.isToken(name) else {
        user.problem(
            "R047",
            "`\(printable(name))` is no name of a cookie or header",
            at: user.keyPosition(cookie != nil ? "cookie" : "header"),
            length: 6
        )
        return nil
    }
    return cookie.map { .cookie($0) } ?? .header(name)
}

/// `METHOD` or `METHOD PATH-TEMPLATE`.
private func operationModels(_ key: String, _ spec: inout FieldReader) -> [OperationModel] {
    var models: [OperationModel] = []
    for (text, node) in spec.texts(key) ?? [] {
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard let method = parts.first.map(String.init), NameRules.isMethod(method) else {
            let caret = "write METHOD or \"METHOD /path/{template}\""
            spec.problem("R048", "`\(printable(text))` names no method", node, caret)
            continue
        }
        guard parts.count == 2 else {
            models.append(OperationModel(method: method, path: nil))
            continue
        }
        let path = String(parts[1])
        do throws(PathTemplateError) {
            _ = try PathTemplate(path)
            models.append(OperationModel(method: method, path: path))
        } catch {
            spec.problem("R030", "`\(printable(path))` is no path template", node, error.advice)
        }
    }
    return models
}

/// Without legacy nothing can be shadowed to it, and no cell can stand there.
private func checkLegacy(_ spec: FieldReader, _ model: RouteModel) {
    guard !spec.has("legacy"), spec.has("stages"),
        let stage = model.stages.first(where: { $0 <= .shadow })
    else { return }
    spec.problem(
        "R050",
        "stage `\(stage.name)` needs an origin `legacy`",
        at: spec.keyPosition("stages"),
        length: 6,
        caret: "add `legacy`, or leave the stage out"
    )
}
