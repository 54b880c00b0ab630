// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration

/// `tls`, `hsts`, `http2` and `redirectToHTTPS` of a listener.
func readTransport(_ listener: inout FieldReader, _ model: inout ListenerModel) {
    if let allows = listener.bool("http2") { model.allowsHTTP2 = allows }
    if var tls = listener.object("tls") {
        model.tls = listenerTLS(&tls)
        tls.finish()
    }
    if var hsts = listener.object("hsts") {
        model.strictTransport = strictTransport(&hsts)
        hsts.finish()
    }
    if var redirect = listener.object("redirectToHTTPS") {
        model.redirectPort = redirect.integer("port", in: 1...65_535) ?? 443
        redirect.finish()
    }
    if listener.has("tls"), listener.has("redirectToHTTPS") {
        refuse(listener, "redirectToHTTPS", "this listener speaks TLS already")
    }
    if listener.has("hsts"), !listener.has("tls") {
        refuse(listener, "hsts", "browsers ignore it in clear text (RFC 6797 8.1): needs `tls`")
    }
}

/// A field that the others leave no meaning for.
private func refuse(_ reader: FieldReader, _ key: String, _ caret: String) {
    reader.problem(
        "R074",
        "`\(reader.name(of: key))` has no meaning here",
        at: reader.keyPosition(key),
        length: key.unicodeScalars.count,
        caret: caret
    )
}

private func listenerTLS(_ tls: inout FieldReader) -> ListenerTLSModel? {
    var certificates: [CertificateModel] = []
    var names: Set<String> = []
    _ = tls.required("certificates", "a list of { chain: tls/edge.pem, key: tls/edge.key }")
    if tls.has("certificates"), let items = tls.items("certificates") {
        if items.isEmpty {
            tls.problem(
                "R018",
                "`\(tls.name(of: "certificates"))` is empty",
                at: tls.keyPosition("certificates"),
                length: 12,
                caret: "at least one"
            )
        }
        for (index, item) in items.enumerated() {
            guard index < Limits.tlsCertificatesMax else {
                let caret = "at most \(Limits.tlsCertificatesMax)"
                tls.problem("R015", "too many certificates", item, caret)
                break
            }
            let path = "\(tls.name(of: "certificates"))[\(index)]"
            guard var reader = tls.reader(item, path) else { continue }
            let certificate = certificateModel(&reader)
            reader.finish()
            guard let certificate else { continue }
            if !names.insert(certificate.name).inserted {
                let message = "certificate `\(certificate.name)` is defined twice"
                tls.problem("R020", message, item, "give one of them a `name`")
            }
            certificates.append(certificate)
        }
    }
    var model = ListenerTLSModel(
        certificates: certificates,
        ticketRotationSeconds: Limits.tlsTicketRotationSeconds
    )
    model.needsTLS13 = tls.choice("minVersion", ["1.2", "1.3"]) == "1.3"
    if let time = tls.milliseconds("ticketRotation", in: 60_000...604_800_000) {
        model.ticketRotationSeconds = time / 1_000
    }
    if var clients = tls.object("clients") {
        model.clients = clientsModel(&clients)
        clients.finish()
    }
    return certificates.isEmpty ? nil : model
}

private func certificateModel(_ reader: inout FieldReader) -> CertificateModel? {
    let chain = reader.requiredText("chain", "a file in PEM, leaf first")
    let key = reader.requiredText("key", "the private key's file in PEM")
    let ocsp = file(&reader, "ocsp")
    let name = certificateName(&reader, chain: chain)
    guard let chain = chain.flatMap({ checked($0, "chain", &reader) }),
        let key = key.flatMap({ checked($0, "key", &reader) })
    else { return nil }
    return CertificateModel(
        name: name,
        chain: chain,
        key: key,
        ocsp: ocsp,
        source: ModelSource(file: reader.file, position: reader.node.position)
    )
}

/// `name`, else the chain's file name without its ending.
private func certificateName(_ reader: inout FieldReader, chain: String?) -> String {
    if let node = reader.node("name"), let name = reader.text(of: node, reader.name(of: "name")) {
        if NameRules.isName(name) { return name }
        let caret = "lower-case letters, digits, `.`, `_`, `-`; at most 63"
        reader.problem("R004", "`\(printable(name))` cannot be a name", node, caret)
    }
    let last = (chain ?? "").split(separator: "/").last.map(String.init) ?? ""
    let stem = last.lastIndex(of: ".").map { String(last[..<$0]) } ?? last
    return printable(stem.isEmpty ? last : stem)
}

private func clientsModel(_ clients: inout FieldReader) -> ListenerTLSModel.Clients? {
    let ca = clients.requiredText("ca", "the issuers' certificates in PEM")
    let crl = file(&clients, "crl")
    let mode = clients.choice("mode", ["optional", "required"])
    if !clients.has("mode") {
        clients.problem(
            "R011",
            "no `mode` in `\(clients.path)`",
            at: clients.node.position,
            caret: "optional or required"
        )
    }
    guard let ca = ca.flatMap({ checked($0, "ca", &clients) }), let mode else { return nil }
    return ListenerTLSModel.Clients(
        ca: ca,
        crl: crl,
        isRequired: mode == "required",
        source: ModelSource(file: clients.file, position: clients.node.position)
    )
}

private func strictTransport(_ hsts: inout FieldReader) -> StrictTransportModel? {
    _ = hsts.required("maxAge", "a duration, say 365d")
    let includes = hsts.bool("includeSubDomains") ?? false
    guard hsts.has("maxAge"),
        let time = hsts.milliseconds("maxAge", in: 0...730 * 86_400_000)
    else { return nil }
    return StrictTransportModel(maxAgeSeconds: time / 1_000, includesSubDomains: includes)
}

// MARK: Upstreams

/// `protocol` of an upstream.
func upstreamProtocol(_ spec: inout FieldReader) -> UpstreamProtocolModel {
    let words = UpstreamProtocolModel.allCases.map(\.rawValue)
    return spec.choice("protocol", words).flatMap { UpstreamProtocolModel(rawValue: $0) } ?? .http1
}

/// `tls` of an upstream; without `serverName` it is the name that all its endpoints have.
func upstreamTLS(
    _ spec: inout FieldReader,
    _ upstream: String,
    _ endpoints: [EndpointModel]
) -> UpstreamTLSModel? {
    guard var tls = spec.object("tls") else { return nil }
    defer { tls.finish() }
    var serverName: String?
    if let node = tls.node("serverName"), let text = tls.text(of: node, tls.name(of: "serverName"))
    {
        if NameRules.isHost(text.lowercased()) || NameRules.address(text) != nil {
            serverName = text.lowercased()
        } else {
            tls.problem("R044", "`\(printable(text))` is no host name", node, "no scheme, no port")
        }
    } else if !tls.has("serverName") {
        let hosts = Set(endpoints.map { $0.socketPath == nil ? $0.host : "" })
        if hosts.count == 1, let host = hosts.first, !host.isEmpty {
            serverName = host
        } else if !endpoints.isEmpty {
            tls.problem(
                "R011",
                "no `serverName` in `\(tls.path)`",
                at: tls.node.position,
                caret:
                    "the name in the certificate: the endpoints have not one in common"
            )
        }
    }
    let ca = file(&tls, "ca")
    let crl = file(&tls, "crl")
    let certificate = upstreamCertificate(&tls, upstream)
    let needsTLS13 = tls.choice("minVersion", ["1.2", "1.3"]) == "1.3"
    guard let serverName else { return nil }
    var model = UpstreamTLSModel(
        serverName: serverName,
        source: ModelSource(file: tls.file, position: tls.node.position)
    )
    model.ca = ca
    model.crl = crl
    model.certificate = certificate
    model.needsTLS13 = needsTLS13
    return model
}

/// `certificate` and `key`: both or neither.
private func upstreamCertificate(
    _ tls: inout FieldReader,
    _ upstream: String
) -> CertificateModel? {
    let chain = file(&tls, "certificate")
    let key = file(&tls, "key")
    if tls.has("certificate") != tls.has("key") {
        let (there, missing) =
            tls.has("key") ? ("key", "certificate") : ("certificate", "key")
        tls.problem(
            "R011",
            "no `\(missing)` in `\(tls.path)`",
            at: tls.keyPosition(there),
            length: there.utf8.count,
            caret: "a certificate and its key go together"
        )
    }
    guard let chain, let key else { return nil }
    return CertificateModel(
        name: upstream,
        chain: chain,
        key: key,
        ocsp: nil,
        source: ModelSource(file: tls.file, position: tls.keyPosition("certificate"))
    )
}

// MARK: Files

/// A path to a file, as seen from the folder of `banyan.yaml`.
private func file(_ reader: inout FieldReader, _ key: String) -> String? {
    reader.text(key).flatMap { checked($0, key, &reader) }
}

private func checked(_ text: String, _ key: String, _ reader: inout FieldReader) -> String? {
    guard !text.isEmpty, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
        let node = reader.node(key) ?? reader.node
        reader.problem("R016", "`\(reader.name(of: key))` is no path", node)
        return nil
    }
    return resolve(text, against: reader.findings.folder)
}
