// SPDX-License-Identifier: Apache-2.0

import Parity

/// One XML document as it was received: its elements and its canonical form.
///
/// Plaintext of records: made, compared and dropped in memory.
public struct XMLDocument: Sendable {
    /// The document element.
    public let root: XMLElement
    /// Canonical XML 1.0 without comments: equal for documents that differ in writing only.
    public let canonical: [UInt8]

    /// Reads a document strictly: no document type, no entities but XML's own, no network, within
    /// `Limits.xmlNodesMax` and `Limits.xmlDepthMax`.
    ///
    /// `charset` is the one of the media type, which wins over the document's own (RFC 7303 3).
    ///
    /// - Throws: ``DecodeError/xmlMalformed``, ``DecodeError/xmlDocumentType``,
    ///   ``DecodeError/xmlTooLarge``, ``DecodeError/charset``.
    public init(_ bytes: [UInt8], charset: String? = nil) throws(DecodeError) {
        let parsed = try parsedXML(try xmlText(bytes, charset: charset), keepsComments: false)
        self.root = parsed.root
        self.canonical = parsed.canonical
    }
}

/// Canonical XML 1.0 of a document.
///
/// - Throws: as ``XMLDocument/init(_:charset:)``.
public func canonicalXML(
    _ bytes: [UInt8],
    charset: String? = nil,
    keepsComments: Bool = false
) throws(DecodeError) -> [UInt8] {
    try parsedXML(try xmlText(bytes, charset: charset), keepsComments: keepsComments).canonical
}

/// A document as UTF-8, without a byte order mark.
private func xmlText(_ bytes: [UInt8], charset: String?) throws(DecodeError) -> [UInt8] {
    let name = charset ?? declaredEncoding(bytes)
    guard let text = utf8Text(bytes, charset: name) else { throw .charset }
    return text
}

/// The encoding that an XML declaration names (XML 1.0 4.3.3), if its bytes can be read as ASCII,
/// or UTF-16 without a mark when the first `<` stands in two bytes (appendix F).
private func declaredEncoding(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: [0x3C, 0x00]) { return "utf-16le" }
    if bytes.starts(with: [0x00, 0x3C]) { return "utf-16be" }
    let head = String(decoding: bytes.prefix(256), as: UTF8.self)
    guard head.hasPrefix("<?xml"), let end = head.firstRange(of: "?>")?.lowerBound,
        let word = head[..<end].firstRange(of: "encoding")?.upperBound
    else { return nil }
    let rest = head[word..<end].drop { $0 == " " || $0 == "=" || $0 == "\t" || $0 == "\n" }
    guard let quote = rest.first, quote == "\"" || quote == "'" else { return nil }
    return String(rest.dropFirst().prefix { $0 != quote })
}
