// SPDX-License-Identifier: Apache-2.0

import Documents

/// Reads the fields of one object of a file; whatever is wrong becomes a finding and reads as
/// `nil`.
///
/// Each asked field is thereby known; ``finish()`` names those that nobody asked for. So the list
/// of allowed fields is never written down twice.
struct FieldReader {
    let findings: Findings
    let file: String
    let kind: FileKind
    /// What the object is called in messages: `spec.shadow`.
    let path: String
    let node: DocumentNode
    private let members: [DocumentMember]
    private var asked: [String] = []

    /// A reader of `node`; `nil`, and a finding, when that is no object.
    init?(
        _ node: DocumentNode,
        path: String,
        file: String,
        kind: FileKind,
        findings: Findings
    ) {
        self.findings = findings
        self.file = file
        self.kind = kind
        self.path = path
        self.node = node
        guard let members = node.members else {
            findings.add(
                Problem(
                    code: "R010",
                    path.isEmpty
                        ? "the document is \(node.value.kind)" : "`\(path)` is \(node.value.kind)",
                    file: file,
                    at: node.position,
                    length: node.length,
                    caret: "expected an object"
                )
            )
            return nil
        }
        self.members = members
    }

    /// `spec.shadow.sample` in messages.
    func name(of key: String) -> String { self.path.isEmpty ? key : "\(self.path).\(key)" }

    // MARK: Asking

    /// The field as it is written; `nil` when it is not there.
    mutating func node(_ key: String) -> DocumentNode? {
        self.asked.append(key)
        guard let member = self.members.first(where: { $0.key == key }) else { return nil }
        guard !member.node.isNull else {
            self.problem(
                "R010",
                "`\(self.name(of: key))` is empty",
                at: member.keyPosition,
                length: member.key.unicodeScalars.count,
                caret: "write a value, or leave the field out"
            )
            return nil
        }
        return member.node
    }

    /// The field as it is written; a finding when it is not there.
    mutating func required(_ key: String, _ expected: String) -> DocumentNode? {
        if let node = self.node(key) { return node }
        if !self.members.contains(where: { $0.key == key }) {
            self.problem(
                "R011",
                self.path.isEmpty ? "no `\(key)`" : "no `\(key)` in `\(self.path)`",
                at: self.node.position,
                caret: expected
            )
        }
        return nil
    }

    /// Whether the field is written, without asking for it.
    func has(_ key: String) -> Bool { self.members.contains { $0.key == key } }

    /// The place of a field's key.
    func keyPosition(_ key: String) -> SourcePosition {
        self.members.first { $0.key == key }?.keyPosition ?? self.node.position
    }

    /// An object under this key.
    mutating func object(_ key: String) -> FieldReader? {
        self.node(key).flatMap { self.reader($0, self.name(of: key)) }
    }

    /// A reader of an object within this one.
    func reader(_ node: DocumentNode, _ path: String) -> FieldReader? {
        FieldReader(node, path: path, file: self.file, kind: self.kind, findings: self.findings)
    }

    /// The items of a list under this key.
    mutating func items(_ key: String) -> [DocumentNode]? {
        guard let node = self.node(key) else { return nil }
        guard let items = node.items else {
            self.wrongType(node, self.name(of: key), "a list")
            return nil
        }
        return items
    }

    // MARK: Ending

    /// Names the fields that nobody asked for.
    func finish() {
        for member in self.members where !self.asked.contains(member.key) {
            let place = self.path.isEmpty ? "" : " in `\(self.path)`"
            let length = member.key.unicodeScalars.count
            if let home = self.kind.home(of: member.key), !self.asked.isEmpty {
                self.problem(
                    "R017",
                    "`\(member.key)`\(place) does not belong in this file",
                    at: member.keyPosition,
                    length: length,
                    caret: "it belongs in \(home)"
                )
                continue
            }
            let allowed = Set(self.asked).sorted()
            self.problem(
                "R012",
                "unknown field `\(member.key)`\(place)",
                at: member.keyPosition,
                length: length,
                caret: nearestName(member.key, among: allowed).map { "did you mean `\($0)`?" }
                    ?? "",
                notes: [
                    "allowed here: \(allowed.joined(separator: ", "))",
                    "explain: banyan explain R012",
                ]
            )
        }
    }

    // MARK: Findings

    /// Notes a name that must be defined elsewhere.
    func refer(to kind: Reference.Kind, _ name: String, _ node: DocumentNode) {
        self.findings.references.append(
            Reference(kind: kind, name: name, file: self.file, node: node)
        )
    }

    func problem(
        _ code: String,
        _ message: String,
        at position: SourcePosition,
        length: Int = 1,
        caret: String? = "",
        notes: [String] = []
    ) {
        self.findings.add(
            Problem(
                code: code,
                message,
                file: self.file,
                at: position,
                length: length,
                caret: caret,
                notes: notes
            )
        )
    }

    func problem(
        _ code: String,
        _ message: String,
        _ node: DocumentNode,
        _ caret: String = "",
        notes: [String] = []
    ) {
        self.problem(
            code,
            message,
            at: node.position,
            length: node.length,
            caret: caret,
            notes: notes
        )
    }

    func wrongType(_ node: DocumentNode, _ name: String, _ expected: String) {
        let isQuotable = expected.hasPrefix("a text") && node.value.isScalar
        self.problem(
            "R010",
            "`\(name)` is \(node.value.kind)",
            node,
            isQuotable ? "expected \(expected): write it in quotes" : "expected \(expected)"
        )
    }
}

extension DocumentValue {
    /// Neither list nor object.
    fileprivate var isScalar: Bool {
        switch self {
        case .null, .bool, .number, .string: true
        case .array, .object: false
        }
    }
}
