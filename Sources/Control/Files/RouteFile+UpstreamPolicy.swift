// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration

/// How an upstream's endpoints are chosen, spared and protected: `balance`, `slowStart`,
/// `connections`, `breaker`, `retry`, `cookies`.
///
/// `health.passive` is read with the rest of `health`. The most connections to one endpoint, when
/// the file says it.
func upstreamPolicy(_ spec: inout FieldReader) -> (UpstreamPolicyModel, connectionsMax: Int?) {
    var model = UpstreamPolicyModel()
    readBalance(&spec, &model)
    if let time = spec.milliseconds("slowStart", in: 0...3_600_000) {
        model.slowStartMilliseconds = time
    }
    let connections = readConnections(&spec, &model)
    readBreaker(&spec, &model)
    readRetry(&spec, &model)
    readCookies(&spec, &model)
    return (model, connections)
}

/// `health.passive`; `health` is the reader of the object around it.
func passiveHealth(_ health: inout FieldReader) -> PassiveHealthModel {
    var model = PassiveHealthModel()
    guard var passive = health.object("passive") else { return model }
    defer { passive.finish() }
    if let count = passive.integer("failures", in: 0...100) { model.failures = count }
    if let time = passive.milliseconds(
        "ejectFor",
        in: 100...Limits.ejectForFileMillisecondsMax
    ) {
        model.ejectForMilliseconds = time
    }
    if let share = passive.permyriad("ejectedAtMost") { model.ejectedAtMostPermyriad = share }
    return model
}

// MARK: Balance

private func readBalance(_ spec: inout FieldReader, _ model: inout UpstreamPolicyModel) {
    guard var balance = spec.object("balance") else { return }
    defer { balance.finish() }
    _ = balance.required("policy", BalancePolicy.allCases.map(\.word).joined(separator: ", "))
    if balance.has("policy"),
        let word = balance.choice("policy", BalancePolicy.allCases.map(\.word))
    {
        model.balance = BalancePolicy.allCases.first { $0.word == word } ?? .roundRobin
    }
    let key = balance.node("hash")
    guard model.balance == .consistentHash else {
        guard let key, balance.has("policy") else { return }
        balance.problem(
            "R080",
            "`\(balance.name(of: "hash"))` has no meaning for policy \(model.balance.word)",
            key,
            "only consistentHash looks at a key"
        )
        return
    }
    guard let key else {
        balance.problem(
            "R011",
            "no `hash` in `\(balance.path)`",
            at: balance.node.position,
            caret: "{ header: NAME }, { cookie: NAME } or tenant"
        )
        return
    }
    if let kind = hashKey(key, balance) { model.hashKey = kind }
}

private func hashKey(_ node: DocumentNode, _ balance: FieldReader) -> HashKeyModel? {
    let name = balance.name(of: "hash")
    if let text = node.text {
        return balance.chosen(text, "hash", node, among: ["tenant"]).map { _ in .tenant }
    }
    guard var key = balance.reader(node, name) else { return nil }
    defer { key.finish() }
    let header = key.text("header")
    let cookie = key.text("cookie")
    guard (header == nil) != (cookie == nil) else {
        if !key.has("header"), !key.has("cookie") || header != nil {
            key.problem("R011", "no key in `\(name)`", node, "header or cookie")
        } else if header != nil {
            key.problem("R080", "`\(name)` has two keys", node, "one of header and cookie")
        }
        return nil
    }
    let word = header ?? cookie ?? ""
    guard NameRules.isToken(word) else {
        let caret = "a name of letters, digits and `-`"
        key.problem(
            "R047",
            "`\(printable(word))` is no name of a \(header == nil ? "cookie" : "header")",
            key.node(header == nil ? "cookie" : "header") ?? node,
            caret
        )
        return nil
    }
    return header == nil ? .cookie(word) : .header(word)
}

// MARK: Bounds

/// `connections: 256`, or `{ max: 256, pendingMax: 256 }`.
private func readConnections(
    _ spec: inout FieldReader,
    _ model: inout UpstreamPolicyModel
) -> Int? {
    guard let node = spec.node("connections") else { return nil }
    let range = 1...Limits.upstreamConnectionsMax
    guard node.members != nil, var connections = spec.object("connections") else {
        return spec.integer("connections", in: range)
    }
    defer { connections.finish() }
    if let count = connections.integer("pendingMax", in: 0...Limits.exchangesMax) {
        model.pendingMax = count
    }
    return connections.integer("max", in: range)
}

private func readBreaker(_ spec: inout FieldReader, _ model: inout UpstreamPolicyModel) {
    guard var breaker = spec.object("breaker") else { return }
    defer { breaker.finish() }
    if let count = breaker.integer("connections", in: 1...Limits.upstreamConnectionsMax) {
        model.breaker.connectionsMax = count
    }
    if let count = breaker.integer("pending", in: 0...Limits.exchangesMax) {
        model.breaker.pendingMax = count
    }
    if let count = breaker.integer("requests", in: 1...Limits.exchangesMax) {
        model.breaker.requestsMax = count
    }
}

private func readRetry(_ spec: inout FieldReader, _ model: inout UpstreamPolicyModel) {
    guard var retry = spec.object("retry") else { return }
    defer { retry.finish() }
    if let count = retry.integer("attempts", in: 1...Limits.upstreamAttemptsMax) {
        model.retry.attempts = count
        model.retry.repeatsAtSameEndpoint = count > 1
    }
    if let share = retry.permyriad("budget") { model.retry.budgetPermyriad = share }
    if let count = retry.integer("floor", in: 0...100_000) { model.retry.budgetFloor = count }
    if let time = retry.milliseconds("perTry", in: 10...3_600_000) {
        model.retry.perTryMilliseconds = time
    }
}

// MARK: Cookies

private func readCookies(_ spec: inout FieldReader, _ model: inout UpstreamPolicyModel) {
    guard var cookies = spec.object("cookies") else { return }
    defer { cookies.finish() }
    model.cookies.domains = cookieRules(&cookies, "domain") { text, isTarget in
        let host = text.hasPrefix(".") ? String(text.dropFirst()) : text
        return (isTarget && text.isEmpty) || NameRules.isHost(host.lowercased())
    }
    model.cookies.paths = cookieRules(&cookies, "path") { text, _ in
        text.hasPrefix("/") && !text.utf8.contains { $0 <= 0x20 || $0 >= 0x7f || $0 == 0x3b }
    }
    for index in model.cookies.domains.indices {
        // Browsers ignore a leading dot, and case (RFC 6265 5.2.3).
        let rule = model.cookies.domains[index]
        let name = rule.name.lowercased()
        model.cookies.domains[index].name = name.hasPrefix(".") ? String(name.dropFirst()) : name
    }
}

private func cookieRules(
    _ cookies: inout FieldReader,
    _ key: String,
    _ isGood: (String, Bool) -> Bool
) -> [NamedValue] {
    guard let rules = cookies.object(key) else { return [] }
    let members = rules.node.members ?? []
    guard members.count <= Limits.cookieRulesMax else {
        rules.problem(
            "R015",
            "`\(rules.path)` has \(members.count) rules",
            rules.node,
            "at most \(Limits.cookieRulesMax)"
        )
        return []
    }
    var values: [NamedValue] = []
    let caret = key == "domain" ? "a host name, or \"\" to leave it out" : "a path: /..."
    for member in members {
        guard let text = rules.text(of: member.node, rules.name(of: member.key)) else { continue }
        guard isGood(member.key, false) else {
            rules.problem(
                "R081",
                "`\(printable(member.key))` is no \(key) of a cookie",
                at: member.keyPosition,
                length: member.key.unicodeScalars.count,
                caret: key == "domain" ? "a host name" : caret
            )
            continue
        }
        guard isGood(text, true) else {
            let message = "`\(printable(text))` is no \(key) of a cookie"
            rules.problem("R081", message, member.node, caret)
            continue
        }
        values.append(NamedValue(name: member.key, value: text))
    }
    return values
}
