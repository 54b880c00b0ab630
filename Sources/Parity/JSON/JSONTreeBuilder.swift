// SPDX-License-Identifier: Apache-2.0

/// Makes a ``JSONTree`` of something that is no JSON: XML, a form, header fields.
///
/// It writes the JSON text that such a thing stands for; ``finish(limits:)`` reads it, so a built
/// tree keeps every rule and bound of a received one. Calls come in the order of the text:
/// `beginObject`, `key`, a value, ..., `endObject`.
public struct JSONTreeBuilder: Sendable {
    private var bytes: [UInt8] = []
    /// Whether a comma is due before the next value or key.
    private var needsComma = false

    /// Nothing written yet.
    public init() {}

    /// Bytes written so far: a caller that reads a hostile source stops at its own bound.
    public var count: Int { self.bytes.count }

    /// Opens an object.
    public mutating func beginObject() { self.open(UInt8(ascii: "{")) }

    /// Closes the innermost object.
    public mutating func endObject() { self.close(UInt8(ascii: "}")) }

    /// Opens an array.
    public mutating func beginArray() { self.open(UInt8(ascii: "[")) }

    /// Closes the innermost array.
    public mutating func endArray() { self.close(UInt8(ascii: "]")) }

    /// The key of the value that follows.
    public mutating func key(_ text: String) {
        self.comma()
        self.quote(text.utf8)
        self.bytes.append(UInt8(ascii: ":"))
        self.needsComma = false
    }

    /// A text.
    public mutating func string(_ text: String) {
        self.comma()
        self.quote(text.utf8)
        self.needsComma = true
    }

    /// A text of UTF-8 bytes; others make ``finish(limits:)`` fail.
    public mutating func string(_ text: some Sequence<UInt8>) {
        self.comma()
        self.quote(text)
        self.needsComma = true
    }

    /// A number as RFC 8259 6 writes it; other texts make ``finish(limits:)`` fail.
    public mutating func number(_ lexeme: String) { self.word(lexeme) }

    /// `true` or `false`.
    public mutating func bool(_ value: Bool) { self.word(value ? "true" : "false") }

    /// `null`.
    public mutating func null() { self.word("null") }

    /// The tree of what was written.
    public consuming func finish(
        limits: JSONTextLimits = JSONTextLimits()
    ) throws(JSONTextError) -> JSONTree {
        try JSONTree(parsing: self.bytes, limits: limits)
    }

    private mutating func open(_ byte: UInt8) {
        self.comma()
        self.bytes.append(byte)
        self.needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        self.bytes.append(byte)
        self.needsComma = true
    }

    private mutating func word(_ text: String) {
        self.comma()
        self.bytes += text.utf8
        self.needsComma = true
    }

    private mutating func comma() {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func quote(_ text: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        self.bytes.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                self.bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                self.bytes += "\\u00".utf8
                self.bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: self.bytes.append(byte)
            }
        }
        self.bytes.append(UInt8(ascii: "\""))
    }
}
