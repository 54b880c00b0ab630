// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration

/// `dns` of `banyan.yaml`: who is asked for the names of endpoints.
func nameServers(_ top: inout FieldReader) -> NameServersModel {
    var model = NameServersModel()
    guard var dns = top.object("dns") else { return model }
    for (text, node) in dns.texts("servers") ?? [] {
        guard let server = nameServer(text) else {
            dns.problem(
                "R072",
                "`\(printable(text))` is no name server",
                node,
                "write address or address:port, IPv6 in brackets; a name cannot be resolved yet"
            )
            continue
        }
        guard model.servers.count < Limits.nameServersMax else {
            dns.problem("R015", "too many servers", node, "at most \(Limits.nameServersMax)")
            break
        }
        model.servers.append(server)
    }
    if let time = dns.milliseconds("timeout", in: 50...30_000) { model.timeoutMilliseconds = time }
    if let tries = dns.integer("tries", in: 1...10) { model.tries = tries }
    dns.finish()
    return model
}

/// The server as the resolver takes it, always with its port; `nil`: it is none.
private func nameServer(_ text: String) -> String? {
    if let bytes = NameRules.address(text) {
        return bytes.count == 4 ? "\(text):53" : "[\(text)]:53"
    }
    if text.hasPrefix("["), text.hasSuffix("]"),
        NameRules.address(String(text.dropFirst().dropLast()))?.count == 16
    {
        return "\(text):53"
    }
    guard let endpoint = NameRules.endpoint(text), endpoint.port > 0,
        NameRules.address(endpoint.host) != nil
    else { return nil }
    return endpoint.authority
}
