// SPDX-License-Identifier: Apache-2.0

import Bytes
public import Parity

/// Two documents as the neutral trees that rules and pointers are about.
///
///     <a x="1"><b>t</b><b/></a>   is   {"a": {"@x": "1", "b": [{"#text": "t"}, {}]}}
///
/// - Elements of one name are always an array, so a pointer does not depend on how many there are:
///   `/ClinicalDocument/id/*/@extension`. Only the document element is none.
/// - Names have no prefix. Where the namespace is not the parent's, `@xmlns` has it. Attributes of
///   well-known namespaces keep the usual prefix (`@xsi:type`); one of another namespace is
///   `@ns:name`, and `@xmlns:name` has its namespace.
/// - Text is trimmed, except under `xml:space="preserve"`. What mixes text and elements, and every
///   narrative (XHTML, `text` of a CDA section), is a `#text` of its words and a `#markup` that
///   says what stands around how many of them.
/// - Elements of different names have an order, too. Where both documents have the same ones in
///   another order, and only there, `#order` lists them.
///
/// - Throws: ``DecodeError/xmlTooLarge`` when a tree is over a bound of `Limits`.
public func xmlTrees(
    _ legacy: XMLDocument,
    _ modern: XMLDocument
) throws(DecodeError) -> (legacy: JSONTree, modern: JSONTree) {
    (
        try tree(legacy.root, other: modern.root),
        try tree(modern.root, other: legacy.root)
    )
}

private func tree(_ root: XMLElement, other: XMLElement) throws(DecodeError) -> JSONTree {
    var writer = XMLTreeWriter()
    writer.builder.beginObject()
    writer.builder.key(root.name)
    writer.write(root, other: other, within: XMLTreeWriter.Surroundings())
    writer.builder.endObject()
    do throws(JSONTextError) {
        return try writer.builder.finish()
    } catch {
        throw .xmlTooLarge
    }
}

/// Writes one document's tree, with a look at the other for what only a pair can tell.
private struct XMLTreeWriter {
    var builder = JSONTreeBuilder()

    /// What an element inherits.
    struct Surroundings {
        var namespace = ""
        var parent = ""
        var keepsSpace = false
    }

    mutating func write(_ element: XMLElement, other: XMLElement?, within: Surroundings) {
        self.builder.beginObject()
        if element.namespace != within.namespace {
            self.builder.key("@xmlns")
            self.builder.string(element.namespace)
        }
        var keepsSpace = within.keepsSpace
        // In the order of the canonical form (Canonical XML 2.2), so that it decides nothing.
        let order = element.attributes.sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
        for attribute in order {
            let name = attributeName(attribute)
            if name == "xml:space" { keepsSpace = attribute.value == "preserve" }
            self.builder.key("@" + name)
            self.builder.string(attribute.value)
            if name.hasPrefix("ns:") {
                self.builder.key("@xmlns:" + attribute.name)
                self.builder.string(attribute.namespace)
            }
        }
        if element.isMixed || isNarrative(element, within: within.parent) {
            self.writeNarrative(element)
        } else {
            self.writeText(element, keepsSpace: keepsSpace)
            self.writeChildren(
                element,
                other: other,
                within: Surroundings(
                    namespace: element.namespace,
                    parent: element.name,
                    keepsSpace: keepsSpace
                )
            )
        }
        self.builder.endObject()
    }

    private mutating func writeText(_ element: XMLElement, keepsSpace: Bool) {
        var text = ""
        for case .text(let piece) in element.content { text += piece }
        let bytes = Array(text.utf8)
        let start = bytes.firstIndex { !isXMLSpace($0) } ?? bytes.endIndex
        let end = bytes.lastIndex { !isXMLSpace($0) }.map { $0 + 1 } ?? start
        let hasElements = element.content.contains {
            if case .element = $0 { true } else { false }
        }
        let kept = keepsSpace && !hasElements ? bytes[...] : bytes[start..<end]
        guard !kept.isEmpty else { return }
        self.builder.key("#text")
        self.builder.string(kept)
    }

    private mutating func writeChildren(
        _ element: XMLElement,
        other: XMLElement?,
        within: Surroundings
    ) {
        let children = element.children
        guard !children.isEmpty else { return }
        let others = other?.children ?? []
        var otherGroups: [String: [XMLElement]] = [:]
        for child in others { otherGroups[child.name, default: []].append(child) }
        var numbers: [String: Int] = [:]
        var groups: [(name: String, elements: [XMLElement])] = []
        for child in children {
            if let number = numbers[child.name] {
                groups[number].elements.append(child)
            } else {
                numbers[child.name] = groups.count
                groups.append((child.name, [child]))
            }
        }
        let names = children.map(\.name)
        let otherNames = others.map(\.name)
        if groups.count > 1, names != otherNames, names.sorted() == otherNames.sorted() {
            self.builder.key("#order")
            self.builder.beginArray()
            for name in names { self.builder.string(name) }
            self.builder.endArray()
        }
        for group in groups {
            self.builder.key(group.name)
            self.builder.beginArray()
            let counterparts = otherGroups[group.name] ?? []
            for (index, child) in group.elements.enumerated() {
                let counterpart = index < counterparts.count ? counterparts[index] : nil
                self.write(child, other: counterpart, within: within)
            }
            self.builder.endArray()
        }
    }

    private mutating func writeNarrative(_ element: XMLElement) {
        var narrative = Narrative()
        narrative.read(element)
        if !narrative.words.isEmpty {
            self.builder.key("#text")
            self.builder.string(narrative.words)
        }
        if narrative.hasElements {
            self.builder.key("#markup")
            self.builder.string(narrative.finishedMarkup())
        }
    }
}

/// Words and markup of a mixed element, apart: an emphasis that moves is no other text.
private struct Narrative {
    /// All text, white space collapsed.
    private(set) var words: [UInt8] = []
    private(set) var hasElements = false
    private var markup: [UInt8] = []
    /// Words since the last tag.
    private var count = 0
    private var isInWord = false

    mutating func read(_ element: XMLElement) {
        for piece in element.content {
            switch piece {
            case .text(let text): self.read(text)
            case .element(let child):
                self.hasElements = true
                self.tag("<" + child.name)
                if child.namespace != element.namespace {
                    self.markup += " xmlns=\"\(child.namespace)\"".utf8
                }
                let attributes = child.attributes.map { (attributeName($0), $0.value) }
                for (name, value) in attributes.sorted(by: { $0 < $1 }) {
                    self.markup += " \(name)=\"\(value)\"".utf8
                }
                self.markup.append(UInt8(ascii: ">"))
                self.read(child)
                self.tag("</" + child.name + ">")
            }
        }
    }

    mutating func finishedMarkup() -> [UInt8] {
        self.tag("")
        return self.markup
    }

    private mutating func read(_ text: String) {
        for byte in text.utf8 {
            if isXMLSpace(byte) {
                self.isInWord = false
            } else {
                if !self.isInWord {
                    if !self.words.isEmpty { self.words.append(0x20) }
                    self.count += 1
                    self.isInWord = true
                }
                self.words.append(byte)
            }
        }
    }

    /// How many words began before it, then the tag.
    private mutating func tag(_ text: String) {
        if self.count > 0 { self.markup += "\(self.count)".utf8 }
        self.count = 0
        // A tag is no space between letters, but a paragraph is: what inline elements are is not
        // known here, so every tag parts words.
        self.isInWord = false
        self.markup += text.utf8
    }
}

/// Elements that are text for people, whatever they hold.
private func isNarrative(_ element: XMLElement, within parent: String) -> Bool {
    element.namespace == "http://www.w3.org/1999/xhtml"
        || element.namespace == "urn:hl7-org:v3" && element.name == "text" && parent == "section"
}

/// The name of an attribute in trees: a prefix only where everybody uses the same one.
private func attributeName(_ attribute: XMLAttribute) -> String {
    switch attribute.namespace {
    case "http://www.w3.org/2001/XMLSchema-instance": "xsi:" + attribute.name
    case "http://www.w3.org/XML/1998/namespace": "xml:" + attribute.name
    case "http://www.w3.org/1999/xlink": "xlink:" + attribute.name
    case "urn:hl7-org:sdtc": "sdtc:" + attribute.name
    case "": attribute.name
    default: "ns:" + attribute.name
    }
}
