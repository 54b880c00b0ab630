// SPDX-License-Identifier: Apache-2.0
// Built by `make fuzz` only (libFuzzer's runtime). Any bytes as the body of an answer: decoded,
// read as XML, multipart, form or text. Nothing may crash, hang, go over a bound or contradict
// itself. The first byte chooses what is read.

import Decode
import FuzzDriver
import Parity

/// Small bounds: a bomb shows itself early.
let budget = DecodeBudget(outputBytesMax: 1 << 20, ratioFloorBytes: 1 << 16, steps: 256)

func check(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let body = Array(bytes.dropFirst())
    switch choice % 8 {
    case 0: checkCoding("gzip", body)
    case 1: checkCoding("deflate", body)
    case 2: checkCoding("br", body)
    case 3: checkCoding("zstd", body)
    case 4: checkXML(body)
    case 5: checkPair(body)
    case 6: checkMultipart(body)
    default: checkTexts(body)
    }
}

func checkCoding(_ coding: String, _ body: [UInt8]) {
    for list in [coding, "gzip, \(coding)"] {
        let read = try? decodedContent(body, contentEncoding: list, budget: budget)
        precondition((read?.count ?? 0) <= budget.outputBytesMax, "longer than its bound")
    }
}

func checkXML(_ body: [UInt8]) {
    guard let document = try? XMLDocument(body) else { return }
    guard let again = try? XMLDocument(document.canonical) else {
        preconditionFailure("the canonical form is no document")
    }
    precondition(again.canonical == document.canonical, "the canonical form is not stable")
    guard let trees = try? xmlTrees(document, again) else { return }
    precondition(isSame(trees.legacy, trees.modern), "one document differs from itself")
}

/// Two documents with a NUL between them: either order finds a difference, or neither does.
func checkPair(_ body: [UInt8]) {
    let parts = body.split(separator: 0, maxSplits: 1).map { Array($0) }
    guard parts.count == 2, let left = try? XMLDocument(parts[0]),
        let right = try? XMLDocument(parts[1]), let there = try? xmlTrees(left, right),
        let back = try? xmlTrees(right, left)
    else { return }
    let isEqual = isSame(there.legacy, there.modern)
    precondition(isEqual == isSame(back.legacy, back.modern), "not symmetric")
    precondition(isEqual || left.canonical != right.canonical, "canonically equal, but different")
}

func checkMultipart(_ body: [UInt8]) {
    for boundary in ["b", "--"] {
        let type = MediaType("multipart/mixed; boundary=\(boundary)")
        guard let parts = try? MultipartBody(body, mediaType: type).parts else { continue }
        let count = parts.reduce(0) { $0 + $1.body.count }
        precondition(count <= body.count, "more content than there is")
        let pairing = PartPairing(parts, parts)
        precondition(!pairing.hasMoved, "parts moved against themselves")
        precondition(pairing.pairs.allSatisfy { $0.modern?.body == $0.legacy?.body }, "mispaired")
    }
}

func checkTexts(_ body: [UInt8]) {
    for charset in [nil, "utf-8", "latin1", "utf-16", "utf-16le"] {
        guard let text = utf8Text(body, charset: charset) else { continue }
        precondition(String(validating: text, as: UTF8.self) != nil, "not UTF-8")
        guard let tree = try? textTree(text) else { preconditionFailure("a text is no tree") }
        precondition(isSame(tree, tree), "a text differs from itself")
    }
    if let form = (try? formTree(body)) ?? nil {
        precondition(isSame(form, form), "a form differs from itself")
    }
    let field = String(decoding: body, as: UTF8.self)
    _ = MediaType(field).format
    let answer = CapturedAnswer(
        end: .complete,
        status: 200,
        fields: [
            CapturedField("content-type", field), CapturedField("set-cookie", field),
            CapturedField("link", field), CapturedField("location", field),
        ]
    )
    var identities = IdentityTable()
    let names = ["content-type", "set-cookie", "link", "location"]
    let list = fieldDifferences(
        answer,
        answer,
        names: names,
        rules: .none,
        options: DifferOptions(),
        identities: &identities
    )
    precondition(list.isEmpty, "fields differ from themselves")
    _ = fieldDifferences(
        answer,
        CapturedAnswer(end: .complete, status: 404),
        names: names,
        rules: .none,
        options: DifferOptions(),
        identities: &identities
    )
}

func isSame(_ legacy: JSONTree, _ modern: JSONTree) -> Bool {
    var identities = IdentityTable()
    return differences(
        legacy,
        modern,
        rules: .none,
        options: DifferOptions(),
        identities: &identities
    ).isEmpty
}

fuzz(check)
