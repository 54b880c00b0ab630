// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration
import YAML

/// Reads the documents of one route file (design.md 5) into models.
///
/// A document with an error is left out of `set`; its name is kept in `declared`, so that what
/// refers to it is not reported as well.
struct RouteFile {
    /// Keys below `spec` and at the top: what is out of place in `banyan.yaml`.
    static let keys: Set<String> = [
        "apiVersion", "kind", "metadata", "spec", "matches", "legacy", "modern", "stages", "stage",
        "redirect", "entitlement", "data", "settle", "safe", "unsafe", "shadow", "timeouts",
        "encodedSlash", "doubleSlash", "gate", "parity", "hostnames", "endpoints", "hosts",
        "aliases", "dns", "health",
    ]

    static let apiVersion = "banyan.dev/v1"

    /// The kinds of documents.
    enum Kind: String, CaseIterable {
        case upstream = "Upstream"
        case migrationRoute = "MigrationRoute"
        case tenant = "Tenant"
    }

    let file: String
    let findings: Findings
    var set = RouteSet()
    /// Every name that a document of a kind claims, valid or not, with its place.
    var declared: [Kind: [(name: String, node: DocumentNode)]] = [:]

    init(file: String, findings: Findings) {
        self.file = file
        self.findings = findings
    }

    /// Reads the bytes of the file.
    mutating func read(_ bytes: [UInt8]) {
        let yaml = YAMLDocuments(yaml: bytes, file: self.file)
        for problem in yaml.problems { self.findings.add(problem) }
        if !yaml.problems.isEmpty { self.findings.isIncomplete = true }
        if yaml.documents.isEmpty, yaml.problems.isEmpty {
            self.findings.add(
                Problem(
                    .warning,
                    code: "R101",
                    "the file holds no document",
                    file: self.file,
                    at: SourcePosition(line: 1, column: 1)
                )
            )
        }
        for document in yaml.documents { self.read(document) }
    }

    /// Reads one document.
    mutating func read(_ document: DocumentNode) {
        guard
            var reader = FieldReader(
                document,
                path: "",
                file: self.file,
                kind: .routes,
                findings: self.findings
            )
        else { return }
        guard let kind = self.kind(&reader) else {
            self.findings.isIncomplete = true
            return
        }
        let metadata = self.metadata(&reader, kind)
        guard let specNode = reader.required("spec", "what the \(kind.rawValue) is"),
            let spec = reader.reader(specNode, "spec")
        else {
            reader.finish()
            return
        }
        reader.finish()
        let header = DocumentHeader(
            name: metadata?.name ?? "",
            labels: metadata?.labels ?? [:],
            nameNode: metadata?.node ?? document,
            source: ModelSource(file: self.file, position: document.position)
        )
        switch kind {
        case .upstream:
            let model = upstreamModel(header, spec)
            if metadata != nil, let model { self.set.upstreams.append(model) }
        case .migrationRoute:
            let model = routeModel(header, spec)
            if metadata != nil, let model { self.set.routes.append(model) }
        case .tenant:
            let model = tenantModel(header, spec)
            if metadata != nil, let model { self.set.tenants.append(model) }
        }
    }

    private mutating func kind(_ reader: inout FieldReader) -> Kind? {
        let version = reader.required("apiVersion", "write apiVersion: \(RouteFile.apiVersion)")
        let kinds = Kind.allCases.map(\.rawValue)
        guard let node = reader.required("kind", "one of \(kinds.joined(separator: ", "))"),
            let text = reader.text(of: node, "kind")
        else { return nil }
        if let kind = Kind(rawValue: text) {
            if let version, version.text != RouteFile.apiVersion {
                reader.problem(
                    "R001",
                    "unknown `apiVersion`",
                    version,
                    "expected \(RouteFile.apiVersion)"
                )
            }
            return kind
        }
        if ["HTTPRoute", "GRPCRoute", "Gateway", "Service"].contains(text) {
            reader.problem(
                "R009",
                "kind `\(text)` is not read by this release",
                node,
                "write a MigrationRoute: matches have the same fields"
            )
            return nil
        }
        reader.problem(
            "R002",
            "unknown kind `\(text)`",
            node,
            nearestName(text, among: kinds).map { "did you mean `\($0)`?" } ?? "",
            notes: ["allowed: \(kinds.joined(separator: ", "))"]
        )
        return nil
    }

    /// Name and labels; `nil` when the name is missing, wrong or taken.
    private mutating func metadata(
        _ reader: inout FieldReader,
        _ kind: Kind
    ) -> (name: String, labels: [String: String], node: DocumentNode)? {
        guard let node = reader.required("metadata", "metadata: { name: ... }"),
            var metadata = reader.reader(node, "metadata")
        else { return nil }
        let nameNode = metadata.required("name", "the name of the \(kind.rawValue)")
        let labels = metadata.labels("labels")
        metadata.finish()
        guard let nameNode, let name = metadata.text(of: nameNode, "metadata.name") else {
            return nil
        }
        guard NameRules.isName(name) else {
            metadata.problem(
                "R004",
                "`\(name)` cannot be a name",
                nameNode,
                "lower-case letters, digits, `.`, `_`, `-`; at most 63; first a letter or digit"
            )
            return nil
        }
        self.declared[kind, default: []].append((name, nameNode))
        return (name, labels, nameNode)
    }
}

/// What every document has.
struct DocumentHeader {
    var name: String
    var labels: [String: String]
    /// Where the name stands.
    var nameNode: DocumentNode
    var source: ModelSource
}
