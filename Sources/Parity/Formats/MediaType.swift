// SPDX-License-Identifier: Apache-2.0

/// A media type (RFC 9110 8.3.1) with what comparing needs of it.
public struct MediaType: Sendable, Hashable {
    /// `type/subtype` in lower case; empty: none was given, or it is malformed.
    public var essence: String
    /// Parameters in order, names in lower case, quotes resolved.
    public var parameters: [MediaTypeParameter]

    /// The type of a `Content-Type` value; `nil`: no such field.
    public init(_ value: String?) {
        self.essence = ""
        self.parameters = []
        guard let value else { return }
        var scanner = FieldScanner(value)
        let essence = asciiLowercased(scanner.take(until: ";"))
        if essence.utf8.count(where: { $0 == UInt8(ascii: "/") }) == 1 { self.essence = essence }
        while let parameter = scanner.parameter() {
            self.parameters.append(
                MediaTypeParameter(name: asciiLowercased(parameter.name), value: parameter.value)
            )
        }
    }

    /// The value of a parameter (name in lower case), or `nil`.
    public subscript(_ name: String) -> String? {
        self.parameters.first { $0.name == name }?.value
    }

    /// How a body of this type is compared; `nil`: the type does not say.
    public var format: BodyFormat? {
        let essence = self.essence.utf8
        guard let slash = essence.firstIndex(of: UInt8(ascii: "/")), slash != essence.startIndex,
            essence.index(after: slash) != essence.endIndex
        else { return nil }
        switch self.essence {
        case "application/x-www-form-urlencoded": return .form
        case "application/javascript", "application/x-ndjson", "application/graphql",
            "application/yaml", "application/toml", "application/x-javascript":
            return .text
        default: break
        }
        if self.essence.hasPrefix("multipart/") { return .multipart }
        if self.essence.hasSuffix("/json") || self.essence.hasSuffix("+json") { return .json }
        if self.essence.hasSuffix("/xml") || self.essence.hasSuffix("+xml") { return .xml }
        if self.essence.hasPrefix("text/") { return .text }
        return .bytes
    }
}

/// One parameter of a media type.
public struct MediaTypeParameter: Sendable, Hashable {
    /// Name in lower case.
    public var name: String
    /// Value, quotes resolved.
    public var value: String
}

/// How bodies are held against each other.
public enum BodyFormat: String, Sendable, Hashable, CaseIterable {
    /// RFC 8259, and every `+json`.
    case json
    /// XML, and every `+xml`.
    case xml
    /// Line by line.
    case text
    /// Names and values of a form.
    case form
    /// Part by part, each by its own type.
    case multipart
    /// Equal or not.
    case bytes

    /// What a body without a media type looks like.
    public static func sniffed(_ body: [UInt8]) -> BodyFormat {
        guard let text = utf8Text(body, charset: nil) else { return .bytes }
        let first = text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return .json
        case UInt8(ascii: "<"):
            return text.starts(with: Array("<?xml".utf8)) ? .xml : .text
        default: return text.contains(0) ? .bytes : .text
        }
    }
}

/// Reads `token; name=value; name="quoted"` from left to right.
///
/// Byte by byte: the marks are ASCII, and a field is read for every answer.
struct FieldScanner {
    private var rest: ArraySlice<UInt8>

    init(_ text: String) { self.rest = Array(text.utf8)[...] }

    /// What stands before `mark` or the end, trimmed; goes past the mark.
    mutating func take(until mark: Unicode.Scalar) -> String {
        let mark = UInt8(ascii: mark)
        let part = self.rest.prefix { $0 != mark }
        self.rest = self.rest.dropFirst(part.count + 1)
        return word(part)
    }

    /// The next `name=value`; a name alone has an empty value.
    mutating func parameter() -> (name: String, value: String)? {
        self.rest = self.rest.drop { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 }
        guard !self.rest.isEmpty else { return nil }
        let name = self.rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") }
        self.rest = self.rest.dropFirst(name.count)
        guard self.rest.first == UInt8(ascii: "=") else { return (word(name), "") }
        self.rest = self.rest.dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
        let isQuoted = self.rest.first == UInt8(ascii: "\"")
        return (word(name), isQuoted ? self.quoted() : self.take(until: ";"))
    }

    private mutating func quoted() -> String {
        self.rest = self.rest.dropFirst()
        var value: [UInt8] = []
        var isEscaped = false
        while let byte = self.rest.popFirst() {
            if isEscaped {
                value.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                break
            } else {
                value.append(byte)
            }
        }
        _ = self.take(until: ";")
        return String(decoding: value, as: UTF8.self)
    }
}

/// Bytes without spaces and tabs at both ends, as text.
private func word(_ bytes: ArraySlice<UInt8>) -> String {
    var bytes = bytes
    while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
    return String(decoding: bytes, as: UTF8.self)
}

/// Without spaces and tabs at both ends.
func trimmed(_ text: some StringProtocol) -> String { word(Array(text.utf8)[...]) }
