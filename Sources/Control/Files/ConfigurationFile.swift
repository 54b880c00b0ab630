// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration
import YAML

/// Reads `banyan.yaml`.
struct ConfigurationFile {
    /// Keys at the top: what is out of place in a route file.
    static let keys: Set<String> = [
        "listeners", "admin", "store", "routes", "flags", "accessLog", "workers", "drain", "limits",
        "name", "dns",
    ]

    let file: String
    let findings: Findings

    /// The configuration with the defaults where something was wrong.
    ///
    /// Paths are resolved against `folder`, that of the file.
    func read(_ bytes: [UInt8], folder: String) -> ConfigurationModel {
        self.findings.folder = folder
        let yaml = YAMLDocuments(yaml: bytes, file: self.file)
        for problem in yaml.problems { self.findings.add(problem) }
        var model = ConfigurationModel()
        if yaml.documents.count > 1 {
            self.add("R007", "more than one document", yaml.documents[1], "banyan.yaml is one")
        }
        guard let document = yaml.documents.first else {
            if yaml.problems.isEmpty {
                let start = SourcePosition(line: 1, column: 1)
                self.add("R007", "the file holds no document", DocumentNode(.null, at: start))
            }
            return model
        }
        guard
            var top = FieldReader(
                document,
                path: "",
                file: self.file,
                kind: .configuration,
                findings: self.findings
            )
        else { return model }
        self.readListeners(&top, &model)
        self.readPlaces(&top, &model, folder: folder)
        self.readProcess(&top, &model)
        model.nameServers = nameServers(&top)
        if var limits = top.object("limits") { model.limits = edgeLimits(&limits) }
        top.finish()
        return model
    }

    private func readListeners(_ top: inout FieldReader, _ model: inout ConfigurationModel) {
        guard top.required("listeners", "at least one: - address: \"0.0.0.0:8080\"") != nil,
            let items = top.items("listeners")
        else { return }
        if items.isEmpty {
            top.problem("R018", "`listeners` is empty", at: top.keyPosition("listeners"), length: 9)
        }
        var names: Set<String> = []
        var addresses: Set<String> = []
        for (index, item) in items.enumerated() {
            guard let reader = top.reader(item, "listeners[\(index)]"),
                let listener = listenerModel(reader, index: index)
            else { continue }
            let address = "\(listener.host):\(listener.port)"
            if !names.insert(listener.name).inserted {
                top.problem("R020", "listener `\(listener.name)` is defined twice", item)
            }
            if listener.port != 0, !addresses.insert(address).inserted {
                top.problem("R020", "two listeners have the address `\(address)`", item)
            }
            model.listeners.append(listener)
        }
    }

    private func readPlaces(
        _ top: inout FieldReader,
        _ model: inout ConfigurationModel,
        folder: String
    ) {
        func resolved(_ path: String) -> String { resolve(path, against: folder) }
        model.adminSocket = resolved(model.adminSocket)
        model.storePath = resolved(model.storePath)
        model.statePath = resolved(model.statePath)
        model.routesPath = resolved(path(&top, "routes") ?? model.routesPath)
        model.flagsPath = resolved(path(&top, "flags") ?? model.flagsPath)
        if var admin = top.object("admin") {
            if let socket = path(&admin, "socket") { model.adminSocket = resolved(socket) }
            if let address = address(&admin, "listen") {
                model.observeHost = address.host
                model.observePort = address.port
            }
            admin.finish()
        }
        if model.adminSocket.utf8.count > Limits.unixPathBytesMax {
            top.problem(
                "R015",
                "the path of `admin.socket` is too long",
                at: top.keyPosition("admin"),
                length: 5,
                caret: "at most \(Limits.unixPathBytesMax) bytes with its folder"
            )
        }
        if var store = top.object("store") {
            if let path = path(&store, "path") { model.storePath = resolved(path) }
            if let state = path(&store, "state") { model.statePath = resolved(state) }
            store.finish()
        }
        if var log = top.object("accessLog") {
            if let path = path(&log, "path") {
                model.accessLogPath = path == "-" ? path : resolved(path)
            }
            log.finish()
        }
    }

    private func readProcess(_ top: inout FieldReader, _ model: inout ConfigurationModel) {
        if let workers = top.integer("workers", in: 0...Limits.workersMax) {
            model.workers = workers
        }
        if var drain = top.object("drain") {
            if let time = drain.milliseconds("timeout", in: 0...3_600_000) {
                model.drainTimeoutMilliseconds = time
            }
            if let time = drain.milliseconds("delay", in: 0...600_000) {
                model.drainDelayMilliseconds = time
            }
            drain.finish()
        }
        if let node = top.node("name"), let name = top.text(of: node, "name") {
            if NameRules.isName(name) {
                model.edgeName = name
            } else {
                let caret = "lower-case letters, digits, `.`, `_`, `-`; at most 63"
                top.problem("R004", "`\(printable(name))` cannot be a name", node, caret)
            }
        }
    }

    private func add(
        _ code: String,
        _ message: String,
        _ node: DocumentNode,
        _ caret: String = ""
    ) {
        self.findings.add(
            Problem(code: code, message, file: self.file, at: node.position, caret: caret)
        )
    }
}

/// A path that is not empty and has no NUL.
private func path(_ reader: inout FieldReader, _ key: String) -> String? {
    guard let node = reader.node(key), let text = reader.text(of: node, reader.name(of: key)) else {
        return nil
    }
    guard !text.isEmpty, !text.utf8.contains(0) else {
        reader.problem("R016", "`\(reader.name(of: key))` is no path", node)
        return nil
    }
    return text
}

/// `host:port`.
private func address(_ reader: inout FieldReader, _ key: String) -> EndpointModel? {
    guard let text = reader.text(key) else { return nil }
    guard let endpoint = NameRules.endpoint(text) else {
        let node = reader.node(key)
        reader.problem(
            "R045",
            "`\(printable(text))` is no address to listen on",
            at: node?.position ?? reader.node.position,
            length: node?.length ?? 1,
            caret: "write host:port, an IPv6 address in brackets"
        )
        return nil
    }
    return endpoint
}

/// A path as seen from the folder; absolute ones stay.
func resolve(_ path: String, against folder: String) -> String {
    if path.hasPrefix("/") || folder.isEmpty || folder == "." { return path }
    return folder.hasSuffix("/") ? folder + path : folder + "/" + path
}

/// One entry of `listeners`.
private func listenerModel(_ reader: FieldReader, index: Int) -> ListenerModel? {
    var listener = reader
    let name = listener.text("name") ?? "listener-\(index)"
    let hasAddress = listener.required("address", "host:port") != nil
    let address = hasAddress ? address(&listener, "address") : nil
    var model = ListenerModel(
        name: name,
        host: address?.host ?? "",
        port: address?.port ?? 0,
        source: ModelSource(file: listener.file, position: listener.node.position)
    )
    if var tenant = listener.object("tenant") {
        if let items = tenant.items("sources") {
            model.tenantSources = items.compactMap { tenantSource($0, tenant) }
        }
        tenant.finish()
    }
    for (text, node) in listener.texts("trustedPeers") ?? [] {
        guard let block = NameRules.addressBlock(text) else {
            let caret = "write it like 10.0.0.0/8, no bits behind the prefix"
            listener.problem("R045", "`\(printable(text))` is no block of addresses", node, caret)
            continue
        }
        model.trustedPeers.append(block)
    }
    if let upstream = listener.text("default") {
        if let node = listener.node("default") { listener.refer(to: .upstream, upstream, node) }
        model.defaultUpstream = upstream
    }
    readTransport(&listener, &model)
    checkCertificateSource(listener, model)
    listener.finish()
    let hasHeader = model.tenantSources.contains { source in
        guard case .trustedHeader = source else { return false }
        return true
    }
    if hasHeader, model.trustedPeers.isEmpty {
        listener.findings.add(
            Problem(
                .warning,
                code: "R103",
                "a tenant header is read, but no peer is trusted",
                file: listener.file,
                at: listener.keyPosition("tenant"),
                length: 6,
                caret: "add trustedPeers, else the header is ignored"
            )
        )
    }
    return address == nil ? nil : model
}

/// A certificate can only be asked of clients that may show one.
private func checkCertificateSource(_ listener: FieldReader, _ model: ListenerModel) {
    let asks = model.tenantSources.contains { source in
        guard case .certificate = source else { return false }
        return true
    }
    guard asks, listener.node["tls"]?["clients"] == nil else { return }
    listener.problem(
        "R074",
        "`certificate` among `\(listener.name(of: "tenant.sources"))` has no meaning here",
        at: listener.keyPosition("tenant"),
        length: 6,
        caret: "no client shows a certificate: needs `tls.clients`"
    )
}

/// `host`, `certificate`, `{ pathSegment: 3 }`, `{ header: X-Tenant-Id }`,
/// `{ certificate: "tenant:" }`.
private func tenantSource(_ node: DocumentNode, _ reader: FieldReader) -> TenantSourceModel? {
    let allowed = "host, certificate, { pathSegment: N }, { header: NAME }, { certificate: PREFIX }"
    if let text = node.text {
        if text == "host" { return .host }
        if text == "certificate" { return .certificate(prefix: "") }
        let near = nearestName(text, among: ["host", "certificate"])
        let caret = near.map { "did you mean `\($0)`? \(allowed)" } ?? allowed
        reader.problem("R013", "`\(printable(text))` is no source of a tenant", node, caret)
        return nil
    }
    guard var source = reader.reader(node, "tenant.sources") else { return nil }
    let segment = source.integer("pathSegment", in: 0...(Limits.pathSegmentsMax - 1))
    let header = source.text("header")
    let prefix = source.text("certificate")
    source.finish()
    if let prefix {
        let isFit =
            !prefix.isEmpty && prefix.utf8.count <= Limits.tlsClientNameBytesMax
            && prefix.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
        guard isFit, segment == nil, header == nil else {
            source.problem("R047", "`\(printable(prefix))` is no prefix of names", node, allowed)
            return nil
        }
        return .certificate(prefix: prefix)
    }
    if let header {
        guard segment == nil, NameRules.isToken(header) else {
            source.problem("R047", "`\(printable(header))` is no tenant header", node, allowed)
            return nil
        }
        return .trustedHeader(header)
    }
    guard let segment else {
        if !source.has("pathSegment"), !source.has("header"), !source.has("certificate") {
            source.problem("R013", "a source of tenants without a place", node, allowed)
        }
        return nil
    }
    return .pathSegment(segment)
}
