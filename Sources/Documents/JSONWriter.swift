// SPDX-License-Identifier: Apache-2.0

extension DocumentValue {
    /// The value as JSON on one line, members in their order, numbers as they were written.
    public var json: String {
        var writer = JSONWriter(indent: nil)
        writer.write(self, depth: 0)
        return writer.text
    }

    /// The value as JSON for people: two spaces per level, no line break at the end.
    public var prettyJSON: String {
        var writer = JSONWriter(indent: "  ")
        writer.write(self, depth: 0)
        return writer.text
    }

    /// The value as JSON on one line, in bytes.
    public var jsonBytes: [UInt8] { Array(self.json.utf8) }
}

/// Writes JSON.
///
/// Only what RFC 8259 demands is escaped; everything else stays UTF-8.
struct JSONWriter {
    private(set) var text = ""
    private let indent: String?

    init(indent: String?) {
        self.indent = indent
    }

    mutating func write(_ value: DocumentValue, depth: Int) {
        switch value {
        case .null: self.text += "null"
        case .bool(let value): self.text += value ? "true" : "false"
        case .number(let lexeme): self.text += lexeme
        case .string(let string): JSONWriter.quote(string, into: &self.text)
        case .array(let items):
            self.block("[", "]", count: items.count, depth: depth) { writer, index in
                writer.write(items[index].value, depth: depth + 1)
            }
        case .object(let members):
            self.block("{", "}", count: members.count, depth: depth) { writer, index in
                JSONWriter.quote(members[index].key, into: &writer.text)
                writer.text += writer.indent == nil ? ":" : ": "
                writer.write(members[index].node.value, depth: depth + 1)
            }
        }
    }

    private mutating func block(
        _ open: String,
        _ close: String,
        count: Int,
        depth: Int,
        _ element: (inout JSONWriter, Int) -> Void
    ) {
        self.text += open
        for index in 0..<count {
            if index > 0 { self.text += "," }
            self.breakLine(depth: depth + 1)
            element(&self, index)
        }
        if count > 0 { self.breakLine(depth: depth) }
        self.text += close
    }

    private mutating func breakLine(depth: Int) {
        guard let indent = self.indent else { return }
        self.text += "\n"
        for _ in 0..<depth { self.text += indent }
    }

    /// A text in quotes, escaped as RFC 8785 3.2.2.2 wants it (which RFC 8259 allows).
    static func quote(_ string: String, into text: inout String) {
        text += "\""
        let isPlain = string.utf8.allSatisfy {
            $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if isPlain {
            text += string
        } else {
            for scalar in string.unicodeScalars { self.escape(scalar, into: &text) }
        }
        text += "\""
    }

    private static func escape(_ scalar: Unicode.Scalar, into text: inout String) {
        switch scalar {
        case "\"": text += "\\\""
        case "\\": text += "\\\\"
        case "\u{8}": text += "\\b"
        case "\t": text += "\\t"
        case "\n": text += "\\n"
        case "\u{C}": text += "\\f"
        case "\r": text += "\\r"
        case "\u{0}"..<"\u{20}":
            let digits = String(scalar.value, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        default: text.unicodeScalars.append(scalar)
        }
    }
}
