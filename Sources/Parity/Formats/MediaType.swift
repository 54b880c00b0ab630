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
        if essence.split(separator: "/", omittingEmptySubsequences: false).count == 2 {
            self.essence = essence
        }
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
        let parts = self.essence.split(separator: "/").map(String.init)
        guard parts.count == 2 else { return nil }
        let subtype = parts[1]
        switch self.essence {
        case "application/x-www-form-urlencoded": return .form
        case "application/javascript", "application/x-ndjson", "application/graphql",
            "application/yaml", "application/toml", "application/x-javascript":
            return .text
        default: break
        }
        if parts[0] == "multipart" { return .multipart }
        if subtype == "json" || subtype.hasSuffix("+json") { return .json }
        if subtype == "xml" || subtype.hasSuffix("+xml") { return .xml }
        if parts[0] == "text" { return .text }
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
struct FieldScanner {
    private var rest: Substring

    init(_ text: String) { self.rest = text[...] }

    /// What stands before `mark` or the end, trimmed; goes past the mark.
    mutating func take(until mark: Character) -> String {
        let part = self.rest.prefix { $0 != mark }
        self.rest = self.rest.dropFirst(part.count + 1)
        return trimmed(part)
    }

    /// The next `name=value`; a name alone has an empty value.
    mutating func parameter() -> (name: String, value: String)? {
        while let first = self.rest.first, first == ";" || first == " " || first == "\t" {
            self.rest.removeFirst()
        }
        guard !self.rest.isEmpty else { return nil }
        let name = self.rest.prefix { $0 != "=" && $0 != ";" }
        self.rest = self.rest.dropFirst(name.count)
        guard self.rest.first == "=" else { return (trimmed(name), "") }
        self.rest.removeFirst()
        while let first = self.rest.first, first == " " || first == "\t" {
            self.rest.removeFirst()
        }
        return (trimmed(name), self.rest.first == "\"" ? self.quoted() : self.take(until: ";"))
    }

    private mutating func quoted() -> String {
        self.rest.removeFirst()
        var value = ""
        var isEscaped = false
        while let character = self.rest.popFirst() {
            if isEscaped {
                value.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                break
            } else {
                value.append(character)
            }
        }
        _ = self.take(until: ";")
        return value
    }
}

/// Without spaces and tabs at both ends.
func trimmed(_ text: some StringProtocol) -> String {
    var bytes = Array(text.utf8)[...]
    while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
}
