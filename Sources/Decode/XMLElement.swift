// SPDX-License-Identifier: Apache-2.0

/// One element of an XML document, its names resolved: prefixes mean nothing.
public struct XMLElement: Sendable, Hashable {
    /// Name without prefix.
    public var name: String
    /// Namespace name; empty: none.
    public var namespace: String
    /// Attributes in the order of the document; namespace declarations are none.
    public var attributes: [XMLAttribute]
    /// Elements and texts in order; comments and processing instructions are left out.
    public var content: [XMLContent]

    /// An element from its parts.
    public init(
        name: String,
        namespace: String = "",
        attributes: [XMLAttribute] = [],
        content: [XMLContent] = []
    ) {
        self.name = name
        self.namespace = namespace
        self.attributes = attributes
        self.content = content
    }

    /// The elements inside, in order.
    public var children: [XMLElement] {
        self.content.compactMap { piece in
            guard case .element(let child) = piece else { return nil }
            return child
        }
    }

    /// Whether text other than white space stands beside elements.
    var isMixed: Bool {
        var hasElement = false
        var hasText = false
        for piece in self.content {
            switch piece {
            case .element: hasElement = true
            case .text(let text): hasText = hasText || text.utf8.contains { !isXMLSpace($0) }
            }
        }
        return hasElement && hasText
    }
}

/// One attribute.
public struct XMLAttribute: Sendable, Hashable {
    /// Name without prefix.
    public var name: String
    /// Namespace name; empty: none.
    public var namespace: String
    /// Value, normalised by the parser (XML 1.0 3.3.3).
    public var value: String

    /// An attribute from its parts.
    public init(name: String, namespace: String = "", value: String) {
        self.name = name
        self.namespace = namespace
        self.value = value
    }
}

/// What an element holds.
public enum XMLContent: Sendable, Hashable {
    /// An element.
    case element(XMLElement)
    /// Text, entities and CDATA resolved.
    case text(String)
}

/// White space of XML (XML 1.0 2.3).
func isXMLSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
}
