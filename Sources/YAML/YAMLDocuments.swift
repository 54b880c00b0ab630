// SPDX-License-Identifier: Apache-2.0

public import Documents

/// What a YAML file held: its documents as far as they could be read, and what was wrong.
public struct YAMLDocuments: Sendable {
    /// The documents in order; empty ones are left out.
    public var documents: [DocumentNode] = []
    /// What was wrong, in file order: syntax, duplicate keys, what Banyan does not take.
    public var problems: [Problem] = []

    /// Reads a file of YAML 1.2 documents (core schema), with positions.
    ///
    /// A document with an error is left out; reading goes on after the next `---` line, so that
    /// one run names the errors of all documents. Refused beyond the grammar: duplicate keys,
    /// anchors, aliases, tags, merge keys, directives, keys that are no plain words, what is not
    /// UTF-8, and what exceeds `Limits.yaml…`. Problems name `file`, line and column.
    public init(yaml bytes: [UInt8], file: String) {
        var reader = YAMLReader(file: file)
        reader.read(bytes)
        self.documents = reader.documents
        self.problems = reader.problems
    }

    /// Reads a text as a file of that text would be read.
    public init(yaml text: String, file: String) {
        self.init(yaml: Array(text.utf8), file: file)
    }
}
