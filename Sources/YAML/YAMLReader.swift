// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents

/// Builds documents from libfyaml's events, document by document.
///
/// libfyaml stops at its first error. A line that begins with `---` starts a document wherever it
/// stands (YAML 1.2.2, 9.1.2: no scalar can hold it), so after an error reading goes on there.
struct YAMLReader {
    private(set) var documents: [DocumentNode] = []
    private(set) var problems: [Problem] = []
    private let file: String
    private var nodeCount = 0
    private var lineCount = 1

    init(file: String) {
        self.file = file
    }

    mutating func read(_ bytes: [UInt8]) {
        guard bytes.count <= Limits.yamlBytesMax else {
            self.problems.append(
                self.problem(
                    "Y006",
                    "the file has \(bytes.count) bytes",
                    at: SourcePosition(line: 1, column: 1),
                    caret: "at most \(Limits.yamlBytesMax) are read"
                )
            )
            return
        }
        if let place = firstUnreadablePlace(bytes) {
            self.problems.append(self.problem("Y009", place.text, at: place.position))
            return
        }
        self.lineCount = bytes.count { $0 == 0x0a } + 1
        var piece = YAMLPiece(offset: 0, line: 1)
        while piece.offset < bytes.count {
            let events = YAMLEvents(bytes, from: piece.offset, line: piece.line)
            do throws(Problem) {
                try self.readDocuments(events)
                return
            } catch {
                self.problems.append(error)
                guard self.problems.count < Limits.yamlProblemsMax else { return }
                guard self.nodeCount <= Limits.yamlNodesMax else { return }
                piece = nextPiece(bytes, after: piece, errorLine: error.position.line)
            }
        }
    }

    // MARK: Events to nodes

    private mutating func readDocuments(_ events: YAMLEvents) throws(Problem) {
        while let event = try self.next(events) {
            switch event.kind {
            case .documentStart where event.hasDirective:
                throw self.problem(
                    "Y011",
                    "a YAML directive",
                    at: event.position,
                    caret: "remove it"
                )
            case .documentStart, .end: break
            case .scalar, .sequenceStart, .mappingStart, .alias:
                let node = try self.node(event, events, depth: 0)
                if !node.isNull { self.documents.append(node) }
            }
        }
    }

    private func next(_ events: YAMLEvents) throws(Problem) -> YAMLEvent? {
        if let event = events.next() { return event }
        guard let failure = events.failure else { return nil }
        // At the end of a file without a line break libfyaml names the line after the last one.
        var position = failure.position
        if position.line > self.lineCount {
            position = SourcePosition(line: self.lineCount, column: 1)
        }
        throw self.problem("Y001", failure.text, at: position)
    }

    private mutating func node(
        _ event: YAMLEvent,
        _ events: YAMLEvents,
        depth: Int
    ) throws(Problem) -> DocumentNode {
        try self.checkPlain(event)
        self.nodeCount += 1
        guard self.nodeCount <= Limits.yamlNodesMax else {
            let text = "more than \(Limits.yamlNodesMax) values in one file"
            throw self.problem("Y006", text, at: event.position, caret: "split the file")
        }
        guard depth < Limits.yamlDepthMax else {
            let text = "nested deeper than \(Limits.yamlDepthMax) levels"
            throw self.problem("Y005", text, at: event.position, caret: "one level too many")
        }
        switch event.kind {
        case .scalar:
            let value = event.isPlain ? coreSchemaValue(event.text) : .string(event.text)
            guard let value else {
                let text = "`\(event.text)` is no number that a file can hold"
                throw self.problem("Y008", text, at: event.position, length: event.length)
            }
            return DocumentNode(value, at: event.position, length: event.length)
        case .sequenceStart:
            var items: [DocumentNode] = []
            while let next = try self.next(events), next.kind != .end {
                items.append(try self.node(next, events, depth: depth + 1))
            }
            return DocumentNode(.array(items), at: event.position)
        case .mappingStart:
            return try self.mapping(event, events, depth: depth)
        case .documentStart, .alias, .end:
            throw self.problem("Y001", "no value where one is expected", at: event.position)
        }
    }

    private mutating func mapping(
        _ event: YAMLEvent,
        _ events: YAMLEvents,
        depth: Int
    ) throws(Problem) -> DocumentNode {
        var members: [DocumentMember] = []
        var lines: [String: Int] = [:]
        while let key = try self.next(events), key.kind != .end {
            try self.checkKey(key)
            guard let next = try self.next(events) else { break }
            let node = try self.node(next, events, depth: depth + 1)
            if let line = lines[key.text] {
                // The rest of the document can still be read: the first one counts.
                self.problems.append(
                    self.problem(
                        "Y002",
                        "duplicate key `\(key.text)`",
                        at: key.position,
                        length: key.length,
                        caret: "first in line \(line)"
                    )
                )
                continue
            }
            lines[key.text] = key.position.line
            members.append(
                DocumentMember(key: key.text, keyPosition: key.position, node: node)
            )
        }
        return DocumentNode(.object(members), at: event.position)
    }

    private func checkKey(_ key: YAMLEvent) throws(Problem) {
        try self.checkPlain(key)
        guard key.kind == .scalar else {
            let text = "a key that is a list or an object"
            throw self.problem("Y007", text, at: key.position, caret: "keys are words")
        }
        guard !key.text.isEmpty, key.text.utf8.count <= Limits.yamlKeyBytesMax else {
            let text = "a key of \(key.text.utf8.count) bytes"
            let caret = "1 to \(Limits.yamlKeyBytesMax) are allowed"
            throw self.problem("Y007", text, at: key.position, caret: caret)
        }
        if key.isPlain, key.text == "<<" {
            throw self.problem(
                "Y010",
                "a merge key `<<`",
                at: key.position,
                length: 2,
                caret: "write the fields out"
            )
        }
    }

    /// Aliases can blow a small file up to any size, and hide what a reviewer should see.
    private func checkPlain(_ event: YAMLEvent) throws(Problem) {
        if event.kind == .alias || event.hasAnchor {
            let text = event.kind == .alias ? "an alias" : "an anchor"
            throw self.problem("Y003", text, at: event.position, caret: "write the value out")
        }
        if event.hasTag {
            throw self.problem("Y004", "a tag", at: event.position, caret: "remove it")
        }
    }

    private func problem(
        _ code: String,
        _ text: String,
        at position: SourcePosition,
        length: Int = 1,
        caret: String = ""
    ) -> Problem {
        Problem(code: code, text, file: self.file, at: position, length: length, caret: caret)
    }
}
