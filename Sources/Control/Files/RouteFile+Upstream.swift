// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration

/// `kind: Upstream`: a named pool of addresses.
func upstreamModel(_ header: DocumentHeader, _ reader: FieldReader) -> UpstreamModel? {
    var spec = reader
    defer { spec.finish() }
    let endpoints = endpointModels(&spec, upstream: header.name)
    var (policy, connections) = upstreamPolicy(&spec)
    let names = endpointNames(&spec)
    var active: ActiveHealthModel?
    if var health = spec.object("health") {
        active = activeHealth(&health)
        policy.passive = passiveHealth(&health)
        health.finish()
    }
    let speaks = upstreamProtocol(&spec)
    let tls = upstreamTLS(&spec, header.name, endpoints ?? [])
    if active?.kind == .grpc, tls != nil, speaks != .http2 {
        spec.problem(
            "R074",
            "a check of type grpc has no meaning here",
            at: spec.keyPosition("health"),
            length: 6,
            caret: "over TLS it needs `protocol: http2`"
        )
    }
    guard let endpoints else { return nil }
    var model = UpstreamModel(name: header.name, endpoints: endpoints, source: header.source)
    if let connections { model.connectionsMax = connections }
    model.policy = policy
    model.names = names
    model.activeHealth = active
    model.speaks = speaks
    model.tls = tls
    return model
}

/// `kind: Tenant`: a customer organisation, how it is recognised, and its labels.
func tenantModel(_ header: DocumentHeader, _ reader: FieldReader) -> TenantModel? {
    var spec = reader
    var model = TenantModel(id: header.name, source: header.source)
    model.labels = header.labels
    for (text, node) in spec.texts("hosts") ?? [] {
        guard NameRules.isHost(text.lowercased()) else {
            spec.problem("R044", "`\(text)` is no host name", node, "no scheme, no port, no path")
            continue
        }
        model.hosts.append(text.lowercased())
    }
    for (text, node) in spec.texts("aliases") ?? [] {
        guard NameRules.isFieldValue(text), !text.isEmpty, text.utf8.count <= 256,
            !text.contains("/")
        else {
            let caret = "visible characters without `/`, at most 256 bytes"
            spec.problem("R016", "`\(printable(text))` cannot be an alias", node, caret)
            continue
        }
        model.aliases.append(text)
    }
    spec.finish()
    return model
}
