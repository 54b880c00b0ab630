// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration

/// `endpoints` of an upstream: `host:port`, `[::1]:port` or `unix:path`.
///
/// Paths are seen from the folder of `banyan.yaml`. What is wrong is a finding, and left out.
func endpointModels(_ spec: inout FieldReader, upstream: String) -> [EndpointModel]? {
    _ = spec.required("endpoints", "a list of host:port or unix:path")
    guard spec.has("endpoints"), let written = spec.texts("endpoints") else { return nil }
    var endpoints: [EndpointModel] = []
    for (text, node) in written {
        if text.hasPrefix("unix:") {
            guard let endpoint = socketEndpoint(text, node, spec) else { continue }
            endpoints.append(endpoint)
            continue
        }
        guard let endpoint = NameRules.endpoint(text), endpoint.port > 0 else {
            spec.problem(
                "R045",
                "`\(printable(text))` is no endpoint",
                node,
                endpointAdvice(text)
            )
            continue
        }
        endpoints.append(endpoint)
    }
    guard !endpoints.isEmpty else {
        if written.isEmpty {
            spec.problem(
                "R018",
                "upstream `\(upstream)` has no endpoint",
                at: spec.keyPosition("endpoints"),
                length: 9,
                caret: "at least one"
            )
        }
        return nil
    }
    return endpoints
}

/// What the writer of something that is no endpoint may have meant.
private func endpointAdvice(_ text: String) -> String {
    let scheme = text.prefix { $0 != ":" }.lowercased()
    if scheme == "http" || scheme == "https" { return "write host:port, without a scheme" }
    if text.hasPrefix("/") || text.hasPrefix("./") {
        return "did you mean `unix:\(printable(text))`?"
    }
    if scheme != text.lowercased(), nearestName(scheme, among: ["unix"]) != nil {
        return "did you mean `unix:`?"
    }
    return "write host:port, an IPv6 address in brackets, or unix:path"
}

/// `unix:run/legacy.sock`.
private func socketEndpoint(
    _ text: String,
    _ node: DocumentNode,
    _ spec: FieldReader
) -> EndpointModel? {
    let written = String(text.dropFirst("unix:".count))
    guard !written.isEmpty, !written.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
        spec.problem("R070", "`\(printable(text))` names no socket", node, "write unix:path")
        return nil
    }
    let path = resolve(written, against: spec.findings.folder)
    let count = path.utf8.count
    guard count <= Limits.unixPathBytesMax else {
        spec.problem(
            "R070",
            "the socket's path is too long",
            node,
            "at most \(Limits.unixPathBytesMax) bytes with its folder, this has \(count)"
        )
        return nil
    }
    return EndpointModel(socketPath: path)
}

/// `dns` of an upstream.
func endpointNames(_ spec: inout FieldReader) -> EndpointNamesModel {
    var model = EndpointNamesModel()
    guard var dns = spec.object("dns") else { return model }
    if let family = dns.choice("family", EndpointNamesModel.Family.allCases.map(\.rawValue)) {
        model.family = EndpointNamesModel.Family(rawValue: family) ?? .any
    }
    if let time = dns.milliseconds("minTTL", in: 100...86_400_000) {
        model.ttlMinMilliseconds = time
    }
    if let time = dns.milliseconds("maxTTL", in: 100...604_800_000) {
        model.ttlMaxMilliseconds = time
    } else {
        model.ttlMaxMilliseconds = max(model.ttlMaxMilliseconds, model.ttlMinMilliseconds)
    }
    if let count = dns.integer("addresses", in: 1...Limits.addressesPerEndpointMax) {
        model.addressesMax = count
    }
    if model.ttlMinMilliseconds > model.ttlMaxMilliseconds {
        dns.problem(
            "R015",
            "`\(dns.name(of: "minTTL"))` is more than `\(dns.name(of: "maxTTL"))`",
            at: dns.keyPosition(dns.has("minTTL") ? "minTTL" : "maxTTL"),
            length: 6,
            caret: "at most \(Quantity.text(model.ttlMaxMilliseconds, Quantity.timeUnits))"
        )
    }
    dns.finish()
    return model
}
