// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: everything libxml2 makes is freed in the function that asked for it,
// and what leaves is copied into Swift's own values first.

import Bytes
import CLibXML2

/// Parses UTF-8 text; bounded while it is read, so a hostile document never becomes large here.
func parsedXML(
    _ text: [UInt8],
    keepsComments: Bool
) throws(DecodeError) -> (root: XMLElement, canonical: [UInt8]) {
    if hasTooManyAttributes(text) { throw .xmlTooLarge }
    _ = libxml2IsReady
    // Messages of libxml2 quote the document: none may reach standard error. Per thread.
    unsafe xmlSetStructuredErrorFunc(nil) { _, _ in }
    guard text.count < Int(Int32.max), let parser = unsafe xmlNewParserCtxt() else {
        throw .xmlTooLarge
    }
    defer { unsafe xmlFreeParserCtxt(parser) }
    var guardian = XMLGuard()
    let document = unsafe withUnsafeMutablePointer(to: &guardian) { guardian in
        // SAFETY: the guard outlives the parse, which is the only caller of the two functions.
        unsafe parser.pointee._private = UnsafeMutableRawPointer(guardian)
        unsafe parser.pointee.sax.pointee.internalSubset = refuseDocumentType
        unsafe parser.pointee.sax.pointee.startElementNs = countElement
        let document = unsafe text.withUnsafeBytes { bytes in
            unsafe xmlCtxtReadMemory(
                parser,
                bytes.bindMemory(to: CChar.self).baseAddress,
                CInt(bytes.count),
                nil,
                "UTF-8",
                options
            )
        }
        unsafe parser.pointee._private = nil
        return unsafe document
    }
    defer { if let document = unsafe document { unsafe xmlFreeDoc(document) } }
    if guardian.hasDocumentType { throw .xmlDocumentType }
    if guardian.isTooLarge { throw .xmlTooLarge }
    guard let document = unsafe document,
        unsafe parser.pointee.wellFormed == 1 && parser.pointee.nsWellFormed == 1,
        let root = unsafe xmlDocGetRootElement(document)
    else { throw .xmlMalformed }
    return (try unsafe element(root, depth: 1), try unsafe canonical(document, keepsComments))
}

/// No network, no messages, CDATA as text, the declared encoding ignored (the text is UTF-8).
///
/// Not `XML_PARSE_HUGE`, `NOENT`, `DTDLOAD` or `XINCLUDE`: libxml2's own bounds stay.
private let options = CInt(
    XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
        | XML_PARSE_NOCDATA.rawValue | XML_PARSE_IGNORE_ENC.rawValue
)

private let libxml2IsReady: Bool = {
    xmlInitParser()
    return true
}()

/// What one parse has seen.
private struct XMLGuard {
    var nodes = 0
    var depth = 0
    var hasDocumentType = false
    var isTooLarge = false
}

private func refuseDocumentType(
    _ context: UnsafeMutableRawPointer?,
    _: UnsafePointer<xmlChar>?,
    _: UnsafePointer<xmlChar>?,
    _: UnsafePointer<xmlChar>?
) {
    // SAFETY: libxml2 hands back the parser that parsedXML made, whose guard is alive.
    guard let parser = unsafe context?.assumingMemoryBound(to: xmlParserCtxt.self) else { return }
    let state = unsafe parser.pointee._private?.assumingMemoryBound(to: XMLGuard.self)
    unsafe state?.pointee.hasDocumentType = true
    unsafe xmlStopParser(parser)
}

private func countElement(
    _ context: UnsafeMutableRawPointer?,
    _ name: UnsafePointer<xmlChar>?,
    _ prefix: UnsafePointer<xmlChar>?,
    _ uri: UnsafePointer<xmlChar>?,
    _ namespaceCount: CInt,
    _ namespaces: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?,
    _ attributeCount: CInt,
    _ defaultedCount: CInt,
    _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
) {
    // SAFETY: as above; the arguments go on to libxml2's own function untouched.
    guard let parser = unsafe context?.assumingMemoryBound(to: xmlParserCtxt.self),
        let state = unsafe parser.pointee._private?.assumingMemoryBound(to: XMLGuard.self)
    else { return }
    unsafe state.pointee.nodes += 1 + Int(attributeCount) + Int(namespaceCount)
    let isTooLarge =
        unsafe state.pointee.nodes > Limits.xmlNodesMax
        || Int(parser.pointee.nameNr) > Limits.xmlDepthMax
        || Int(parser.pointee.nsNr) / 2 > Limits.xmlNamespacesMax
    if isTooLarge {
        unsafe state.pointee.isTooLarge = true
        return unsafe xmlStopParser(parser)
    }
    unsafe xmlSAX2StartElementNs(
        context,
        name,
        prefix,
        uri,
        namespaceCount,
        namespaces,
        attributeCount,
        defaultedCount,
        attributes
    )
}

/// Canonical XML 1.0 (W3C 2001) of a whole document.
private func canonical(_ document: xmlDocPtr, _ keepsComments: Bool) throws(DecodeError) -> [UInt8]
{
    var memory: UnsafeMutablePointer<xmlChar>?
    let count = unsafe xmlC14NDocDumpMemory(document, nil, 0, nil, keepsComments ? 1 : 0, &memory)
    // SAFETY: xmlFree belongs to the allocator of libxml2; the bytes are copied before.
    defer { if let memory = unsafe memory { unsafe xmlFreeMemory(memory) } }
    guard count >= 0, let memory = unsafe memory else { throw .xmlMalformed }
    return unsafe Array(UnsafeBufferPointer(start: memory, count: Int(count)))
}

/// Copies an element and what is inside; depth is bounded by the guard.
private func element(_ node: xmlNodePtr, depth: Int) throws(DecodeError) -> XMLElement {
    guard depth <= Limits.xmlDepthMax + 2 else { throw .xmlTooLarge }
    // SAFETY: nodes of a document that is not freed while this runs.
    var result = XMLElement(
        name: unsafe string(node.pointee.name),
        namespace: unsafe string(node.pointee.ns?.pointee.href)
    )
    var attribute = unsafe node.pointee.properties
    while let here = unsafe attribute {
        let value = unsafe xmlNodeListGetString(node.pointee.doc, here.pointee.children, 1)
        defer { if let value = unsafe value { unsafe xmlFreeMemory(value) } }
        result.attributes.append(
            XMLAttribute(
                name: unsafe string(here.pointee.name),
                namespace: unsafe string(here.pointee.ns?.pointee.href),
                value: unsafe string(value)
            )
        )
        unsafe attribute = here.pointee.next
    }
    var text = ""
    var child = unsafe node.pointee.children
    while let here = unsafe child {
        switch unsafe here.pointee.type {
        case XML_ELEMENT_NODE:
            if !text.isEmpty { result.content.append(.text(text)) }
            text = ""
            result.content.append(.element(try unsafe element(here, depth: depth + 1)))
        case XML_TEXT_NODE, XML_CDATA_SECTION_NODE: unsafe text += string(here.pointee.content)
        case XML_ENTITY_REF_NODE: throw .xmlMalformed
        default: break
        }
        unsafe child = here.pointee.next
    }
    if !text.isEmpty { result.content.append(.text(text)) }
    return result
}

/// A copy of a NUL-terminated text of libxml2.
private func string(_ text: UnsafePointer<xmlChar>?) -> String {
    // SAFETY: libxml2's texts are valid UTF-8 and end with NUL.
    guard let text = unsafe text else { return "" }
    return unsafe String(cString: text)
}
