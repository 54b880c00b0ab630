// SPDX-License-Identifier: Apache-2.0

/// A piece of HTML or SVG.
///
/// Only literals are markup: whatever is put into one as text is escaped, so a name from a file or
/// a field from an answer can never become an element, an attribute or a script.
///
///     let row: Markup = "<td title=\"\(name)\">\(value)</td>"
struct Markup: ExpressibleByStringInterpolation, Sendable {
    /// The markup itself.
    private(set) var text: String

    /// Nothing.
    init() { self.text = "" }

    init(stringLiteral value: StaticString) { self.text = "\(value)" }

    init(stringInterpolation: StringInterpolation) { self.text = stringInterpolation.text }

    /// Text that stands for itself.
    static func escaped(_ text: String) -> Markup {
        var markup = Markup()
        markup.text = escape(text)
        return markup
    }

    /// Text that stands for itself and may be broken behind each `/`: paths and pointers.
    static func breakable(_ text: String) -> Markup {
        var markup = Markup()
        markup.text = escape(text).split(separator: "/", omittingEmptySubsequences: false)
            .joined(separator: "/<wbr>")
        return markup
    }

    /// Pieces behind one another.
    static func joined(_ parts: some Sequence<Markup>) -> Markup {
        var markup = Markup()
        for part in parts { markup.text += part.text }
        return markup
    }

    static func + (a: Markup, b: Markup) -> Markup {
        var sum = a
        sum.text += b.text
        return sum
    }

    static func += (a: inout Markup, b: Markup) { a.text += b.text }

    /// What a literal with values is made of.
    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            self.text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        mutating func appendLiteral(_ literal: StaticString) { self.text += "\(literal)" }

        /// A text: escaped.
        mutating func appendInterpolation(_ text: String) { self.text += escape(text) }

        /// A number.
        mutating func appendInterpolation(_ number: Int) { self.text += "\(number)" }

        /// Markup: as it is.
        mutating func appendInterpolation(_ markup: Markup) { self.text += markup.text }
    }

    /// A text in which nothing is markup, in content and in quoted attributes.
    ///
    /// Characters that no document may hold, and those that turn the direction of writing around,
    /// become U+FFFD.
    private static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            default:
                result.unicodeScalars.append(isShown(scalar) ? scalar : "\u{FFFD}")
            }
        }
        return result
    }

    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069,
            0xFFFE...0xFFFF:
            false
        default: true
        }
    }
}
