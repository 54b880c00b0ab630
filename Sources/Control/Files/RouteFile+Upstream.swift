// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration

/// `kind: Upstream`: a named pool of addresses.
func upstreamModel(_ header: DocumentHeader, _ reader: FieldReader) -> UpstreamModel? {
    var spec = reader
    defer { spec.finish() }
    _ = spec.required("endpoints", "a list of host:port")
    let written = spec.has("endpoints") ? spec.texts("endpoints") : nil
    let connections = spec.integer("connections", in: 1...Limits.upstreamConnectionsMax)
    guard let written else { return nil }
    var endpoints: [EndpointModel] = []
    for (text, node) in written {
        guard let endpoint = NameRules.endpoint(text), endpoint.port > 0 else {
            spec.problem(
                "R045",
                "`\(text)` is no endpoint",
                node,
                "write host:port, an IPv6 address in brackets"
            )
            continue
        }
        endpoints.append(endpoint)
    }
    guard !endpoints.isEmpty else {
        if written.isEmpty {
            spec.problem(
                "R018",
                "upstream `\(header.name)` has no endpoint",
                at: spec.keyPosition("endpoints"),
                length: 9,
                caret: "at least one"
            )
        }
        return nil
    }
    var model = UpstreamModel(name: header.name, endpoints: endpoints, source: header.source)
    if let connections { model.connectionsMax = connections }
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
