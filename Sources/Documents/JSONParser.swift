// SPDX-License-Identifier: Apache-2.0

import Bytes

extension DocumentNode {
    /// Reads one JSON text (RFC 8259, strict; RFC 3629 UTF-8), keeping positions and lexemes.
    ///
    /// Refused beyond the grammar: duplicate keys of one object (equal as texts, so also
    /// canonically equivalent ones), lone surrogates, a byte order mark, more than
    /// `Limits.documentBytesMax` bytes or `Limits.documentDepthMax` levels. The problem names
    /// `file`, line and column.
    public static func parse(json bytes: [UInt8], file: String) throws(Problem) -> DocumentNode {
        var parser = JSONParser(bytes: bytes, file: file)
        return try parser.document()
    }

    /// Reads one JSON text; see ``parse(json:file:)``.
    public static func parse(json text: String, file: String) throws(Problem) -> DocumentNode {
        try self.parse(json: Array(text.utf8), file: file)
    }
}

/// A recursive-descent reader whose recursion is bounded by `Limits.documentDepthMax`.
struct JSONParser {
    private let bytes: [UInt8]
    private let file: String
    private var index = 0
    private var line = 1
    /// A byte whose column is known: columns are counted on from here, so reading stays linear.
    private var anchorIndex = 0
    private var anchorColumn = 1

    init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    mutating func document() throws(Problem) -> DocumentNode {
        guard self.bytes.count <= Limits.documentBytesMax else {
            throw self.problem(
                "J008",
                "the document has \(self.bytes.count) bytes",
                caret: "at most \(Limits.documentBytesMax) are read"
            )
        }
        if self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw self.problem("J001", "a byte order mark before the JSON text", caret: "remove it")
        }
        let node = try self.value(depth: 0)
        self.skipSpace()
        guard self.index == self.bytes.count else {
            throw self.problem("J001", "text after the end of the JSON value")
        }
        return node
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(Problem) -> DocumentNode {
        self.skipSpace()
        let position = self.position()
        let start = self.index
        guard start < self.bytes.count else {
            throw self.problem("J001", "the JSON text ends where a value is expected")
        }
        let value: DocumentValue
        switch self.bytes[start] {
        case UInt8(ascii: "{"):
            try self.checkDepth(depth)
            value = try self.object(depth: depth)
        case UInt8(ascii: "["):
            try self.checkDepth(depth)
            value = try self.array(depth: depth)
        case UInt8(ascii: "\""): value = .string(try self.string())
        case UInt8(ascii: "t"): value = try self.word("true", .bool(true))
        case UInt8(ascii: "f"): value = try self.word("false", .bool(false))
        case UInt8(ascii: "n"): value = try self.word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): value = try self.number()
        default: throw self.unexpected("a value")
        }
        let end = self.position()
        let length = end.line == position.line ? max(1, end.column - position.column) : 1
        return DocumentNode(value, at: position, length: length)
    }

    private func checkDepth(_ depth: Int) throws(Problem) {
        guard depth < Limits.documentDepthMax else {
            throw self.problem(
                "J006",
                "nested deeper than \(Limits.documentDepthMax) levels",
                caret: "one level too many"
            )
        }
    }

    private mutating func object(depth: Int) throws(Problem) -> DocumentValue {
        self.index += 1
        var members: [DocumentMember] = []
        var seen = Set<String>()
        self.skipSpace()
        if self.take("}") { return .object([]) }
        while true {
            self.skipSpace()
            let keyPosition = self.position()
            let start = self.index
            guard self.peek == UInt8(ascii: "\"") else { throw self.unexpected("a key in quotes") }
            let key = try self.string()
            guard seen.insert(key).inserted else {
                throw self.duplicate(key, members: members, at: keyPosition, from: start)
            }
            self.skipSpace()
            guard self.take(":") else { throw self.unexpected("`:`") }
            let node = try self.value(depth: depth + 1)
            members.append(DocumentMember(key: key, keyPosition: keyPosition, node: node))
            self.skipSpace()
            if self.take("}") { return .object(members) }
            guard self.take(",") else { throw self.unexpected("`,` or `}`") }
        }
    }

    private mutating func array(depth: Int) throws(Problem) -> DocumentValue {
        self.index += 1
        var items: [DocumentNode] = []
        self.skipSpace()
        if self.take("]") { return .array([]) }
        while true {
            items.append(try self.value(depth: depth + 1))
            self.skipSpace()
            if self.take("]") { return .array(items) }
            guard self.take(",") else { throw self.unexpected("`,` or `]`") }
        }
    }

    private mutating func word(
        _ text: StaticString,
        _ value: DocumentValue
    ) throws(Problem) -> DocumentValue {
        let word = Array("\(text)".utf8)
        guard self.bytes[self.index...].starts(with: word) else {
            throw self.unexpected("a value")
        }
        self.index += word.count
        return value
    }

    private mutating func number() throws(Problem) -> DocumentValue {
        let start = self.index
        if self.peek == UInt8(ascii: "-") { self.index += 1 }
        if self.peek == UInt8(ascii: "0") {
            self.index += 1
            if self.isDigit { throw self.problem("J002", "a number with a leading zero") }
        } else {
            try self.digits()
        }
        if self.peek == UInt8(ascii: ".") {
            self.index += 1
            try self.digits()
        }
        if self.peek == UInt8(ascii: "e") || self.peek == UInt8(ascii: "E") {
            self.index += 1
            if self.peek == UInt8(ascii: "+") || self.peek == UInt8(ascii: "-") { self.index += 1 }
            try self.digits()
        }
        return .number(String(decoding: self.bytes[start..<self.index], as: UTF8.self))
    }

    private mutating func digits() throws(Problem) {
        guard self.isDigit else { throw self.problem("J002", "a digit is missing in a number") }
        while self.isDigit { self.index += 1 }
    }

    // MARK: Strings

    private mutating func string() throws(Problem) -> String {
        self.index += 1
        var text = ""
        var start = self.index
        while true {
            guard let byte = self.peek else {
                throw self.problem("J003", "a string without its closing quote")
            }
            switch byte {
            case UInt8(ascii: "\""):
                let run = try self.decoded(start..<self.index)
                self.index += 1
                return text.isEmpty ? run : text + run
            case UInt8(ascii: "\\"):
                text += try self.decoded(start..<self.index)
                self.index += 1
                text.unicodeScalars.append(try self.escape())
                start = self.index
            case 0..<0x20:
                throw self.problem(
                    "J003",
                    "a control character in a string",
                    caret: "write it as an escape"
                )
            default: self.index += 1
            }
        }
    }

    private mutating func decoded(_ range: Range<Int>) throws(Problem) -> String {
        if let text = String(validating: self.bytes[range], as: UTF8.self) { return text }
        self.index = range.lowerBound + validUTF8Prefix(self.bytes[range])
        throw self.problem("J004", "bytes that are not UTF-8")
    }

    private mutating func escape() throws(Problem) -> Unicode.Scalar {
        guard let byte = self.peek else {
            throw self.problem("J003", "a string without its closing quote")
        }
        self.index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try self.unicodeEscape()
        default:
            self.index -= 1
            throw self.problem(
                "J003",
                "an unknown escape in a string",
                caret: "allowed: \\\" \\\\ \\/ \\b \\f \\n \\r \\t, and \\u with four hex digits"
            )
        }
    }

    private mutating func unicodeEscape() throws(Problem) -> Unicode.Scalar {
        let start = self.index - 2
        let first = try self.fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        // Only surrogates are no scalars: a pair, high then low, stands for one.
        if first < 0xDC00, self.peek == UInt8(ascii: "\\"),
            self.index + 1 < self.bytes.count, self.bytes[self.index + 1] == UInt8(ascii: "u")
        {
            self.index += 2
            let second = try self.fourHexDigits()
            if (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            {
                return scalar
            }
        }
        self.index = start
        throw self.problem("J003", "a surrogate without its other half in a string")
    }

    private mutating func fourHexDigits() throws(Problem) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = self.peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw self.problem("J003", "`\\u` needs four hexadecimal digits") }
            number = number << 4 | UInt32(digit)
            self.index += 1
        }
        return number
    }

    // MARK: Bytes and positions

    private var peek: UInt8? {
        self.index < self.bytes.count ? self.bytes[self.index] : nil
    }

    private var isDigit: Bool {
        guard let byte = self.peek else { return false }
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.peek == UInt8(ascii: character) else { return false }
        self.index += 1
        return true
    }

    /// Line breaks stand only in white space, so lines are counted here.
    ///
    /// CR LF is one break.
    private mutating func skipSpace() {
        while let byte = self.peek {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): self.index += 1
            case UInt8(ascii: "\r"):
                self.index += 1
                if self.peek != UInt8(ascii: "\n") { self.beginLine() }
            case UInt8(ascii: "\n"):
                self.index += 1
                self.beginLine()
            default: return
            }
        }
    }

    private mutating func beginLine() {
        self.line += 1
        self.anchorIndex = self.index
        self.anchorColumn = 1
    }

    private mutating func position() -> SourcePosition {
        let position = self.place()
        self.anchorIndex = self.index
        self.anchorColumn = position.column
        return position
    }

    private func place() -> SourcePosition {
        // Asked for a place before the anchor (an escape that turned out wrong), count back.
        let range = min(self.anchorIndex, self.index)..<max(self.anchorIndex, self.index)
        var scalars = 0
        for byte in self.bytes[range] where byte & 0xC0 != 0x80 { scalars += 1 }
        let column = self.anchorColumn + (self.index < self.anchorIndex ? -scalars : scalars)
        return SourcePosition(line: self.line, column: max(1, column))
    }

    // MARK: Problems

    private func problem(_ code: String, _ message: String, caret: String = "") -> Problem {
        Problem(code: code, message, file: self.file, at: self.place(), caret: caret)
    }

    private func unexpected(_ expected: String) -> Problem {
        guard let byte = self.peek else {
            return self.problem("J001", "the JSON text ends where \(expected) is expected")
        }
        let found = byte > 0x20 && byte < 0x7F ? "`\(Unicode.Scalar(byte))`" : "a byte"
        return self.problem("J001", "\(found) where \(expected) is expected", caret: "here")
    }

    private func duplicate(
        _ key: String,
        members: [DocumentMember],
        at position: SourcePosition,
        from start: Int
    ) -> Problem {
        let first = members.first { $0.key == key }?.keyPosition ?? position
        return Problem(
            code: "J005",
            "key `\(key)` appears twice in one object",
            file: self.file,
            at: position,
            length: self.place().column - position.column,
            caret: "first at line \(first.line), column \(first.column)"
        )
    }
}

/// Bytes of the longest prefix that is UTF-8.
func validUTF8Prefix(_ bytes: ArraySlice<UInt8>) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var count = 0
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
        count += UTF8.width(scalar)
    }
    return count
}
