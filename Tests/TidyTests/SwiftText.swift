// SPDX-License-Identifier: Apache-2.0

/// Swift source with comments, string literals and raw identifiers blanked out, byte for byte.
///
/// What is left is code, and line numbers stay true.
///
/// Not a parser: it knows just enough of Swift's lexical structure for the house rules.
struct SwiftText {
    /// The blanked bytes; as long as the source.
    private(set) var code: [UInt8]

    init(_ source: String) {
        self.code = Array(source.utf8)
        var index = 0
        while index < self.code.count { index = self.skipToken(at: index) }
    }

    /// The blanked text by lines.
    var lines: [String] {
        self.code.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The line of a byte, from 1.
    func line(of index: Int) -> Int {
        1 + self.code[..<index].count { $0 == UInt8(ascii: "\n") }
    }

    private func has(_ text: StaticString, at index: Int) -> Bool {
        let bytes = text.description.utf8
        return index + bytes.count <= self.code.count
            && self.code[index..<index + bytes.count].elementsEqual(bytes)
    }

    private mutating func blank(_ range: Range<Int>) {
        for index in range where self.code[index] != UInt8(ascii: "\n") {
            self.code[index] = UInt8(ascii: " ")
        }
    }

    /// Blanks the token at `index` if it is no code; where the next one starts.
    private mutating func skipToken(at index: Int) -> Int {
        let end: Int
        switch self.code[index] {
        case UInt8(ascii: "/") where self.has("//", at: index):
            end = self.code[index...].firstIndex(of: UInt8(ascii: "\n")) ?? self.code.count
        case UInt8(ascii: "/") where self.has("/*", at: index):
            end = self.endOfBlockComment(from: index)
        case UInt8(ascii: "`"):
            end = (self.code[(index + 1)...].firstIndex(of: UInt8(ascii: "`")) ?? index) + 1
        case UInt8(ascii: "\""):
            end = self.endOfString(from: index, pounds: 0)
        case UInt8(ascii: "#"):
            var quote = index
            while quote < self.code.count, self.code[quote] == UInt8(ascii: "#") { quote += 1 }
            guard quote < self.code.count, self.code[quote] == UInt8(ascii: "\"") else {
                return quote
            }
            end = self.endOfString(from: quote, pounds: quote - index)
        default:
            return index + 1
        }
        self.blank(index..<end)
        return end
    }

    private func endOfBlockComment(from start: Int) -> Int {
        var depth = 0
        var index = start
        while index < self.code.count {
            if self.has("/*", at: index) {
                depth += 1
                index += 2
            } else if self.has("*/", at: index) {
                depth -= 1
                index += 2
                if depth == 0 { return index }
            } else {
                index += 1
            }
        }
        return index
    }

    /// The end of a literal whose opening quote is at `start`, interpolations and all.
    private func endOfString(from start: Int, pounds: Int) -> Int {
        let isMultiline = self.has("\"\"\"", at: start)
        let fence = [UInt8](repeating: UInt8(ascii: "\""), count: isMultiline ? 3 : 1)
        let tail = [UInt8](repeating: UInt8(ascii: "#"), count: pounds)
        let close = fence + tail
        let escape = [UInt8(ascii: "\\")] + tail
        var index = start + fence.count
        while index < self.code.count {
            if self.code[index...].starts(with: escape) {
                index += escape.count
                guard index < self.code.count else { break }
                index =
                    self.code[index] == UInt8(ascii: "(")
                    ? self.endOfInterpolation(from: index) : index + 1
            } else if self.code[index...].starts(with: close) {
                return index + close.count
            } else {
                index += 1
            }
        }
        return self.code.count
    }

    private func endOfInterpolation(from start: Int) -> Int {
        var depth = 0
        var index = start
        while index < self.code.count {
            switch self.code[index] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return index + 1 }
            case UInt8(ascii: "\""):
                index = self.endOfString(from: index, pounds: 0)
                continue
            default: break
            }
            index += 1
        }
        return index
    }
}

extension SwiftText {
    /// A word of the code and where it starts.
    struct Word {
        let text: String
        let start: Int
    }

    /// Identifiers and keywords, in order.
    var words: [Word] {
        var words: [Word] = []
        var start: Int?
        for (index, byte) in (self.code + [UInt8(ascii: " ")]).enumerated() {
            let isPart =
                byte == UInt8(ascii: "_") || byte >= 0x80
                || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
                || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z"))
                || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
            if isPart {
                start = start ?? index
            } else if let from = start {
                words.append(
                    Word(
                        text: String(decoding: self.code[from..<index], as: UTF8.self),
                        start: from
                    )
                )
                start = nil
            }
        }
        return words
    }

    /// Each function with a body: the lines from its first word to its closing brace.
    var functions: [(name: String, lines: ClosedRange<Int>)] {
        let words = self.words
        var found: [(String, ClosedRange<Int>)] = []
        for (number, word) in words.enumerated() {
            let isDeclaration = ["func", "init", "deinit", "subscript"].contains(word.text)
            guard isDeclaration, word.start == 0 || self.code[word.start - 1] != UInt8(ascii: ".")
            else { continue }
            guard let open = self.bodyStart(after: word.start + word.text.utf8.count) else {
                continue
            }
            let next = word.text == "func" && number + 1 < words.count ? words[number + 1].text : ""
            let name = next.isEmpty ? word.text : next
            found.append((name, self.line(of: word.start)...self.line(of: self.close(of: open))))
        }
        return found
    }

    /// The brace that opens the body of a declaration whose keyword ends at `index`.
    private func bodyStart(after index: Int) -> Int? {
        var depth = 0
        var word: [UInt8] = []
        let enders = ["func", "var", "let", "init", "case", "struct", "enum", "class", "static"]
        for position in index..<self.code.count {
            let byte = self.code[position]
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "{") where depth == 0: return position
            case UInt8(ascii: "}") where depth == 0: return nil
            default: break
            }
            // No body (a requirement of a protocol): the next declaration comes first.
            if byte >= UInt8(ascii: "a"), byte <= UInt8(ascii: "z") {
                word.append(byte)
            } else {
                if depth == 0, enders.contains(String(decoding: word, as: UTF8.self)) { return nil }
                word = []
            }
        }
        return nil
    }

    private func close(of open: Int) -> Int {
        var depth = 0
        for position in open..<self.code.count {
            if self.code[position] == UInt8(ascii: "{") { depth += 1 }
            if self.code[position] == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return position }
            }
        }
        return self.code.count - 1
    }
}
