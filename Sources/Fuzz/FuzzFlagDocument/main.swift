// SPDX-License-Identifier: Apache-2.0
// Built by `make fuzz` only (libFuzzer's runtime). Any bytes as a flag document: load it, evaluate
// every flag for a few contexts twice, write out what was read. It must never crash, hang or
// contradict itself.

import Documents
import FuzzDriver
import Migration

let contexts: [FlagContext] = [
    .empty,
    FlagContext(["targetingKey": "acme", "tenant": "acme", "id": "acme", "wave": "1"]),
    FlagContext([
        "targetingKey": 7, "labels": ["wave": "1", "region": "eu"], "list": [1, "2", [3], .null],
        "version": "1.2.3-beta.1", "a": ["b": ["c": 1e300]], "email": "é@example.org",
    ]),
]

func check(_ bytes: [UInt8]) {
    var problems: [Problem] = []
    let document = FlagDocument.read(json: bytes, file: "fuzz.json", problems: &problems)
    precondition((document == nil) == !problems.isEmpty, "refused without a problem")
    let report = ProblemReport(problems, fileCount: 1, elapsedMilliseconds: 0) { _ in bytes }
    for form in ProblemReport.Form.allCases { _ = report.text(form) }
    for flag in document?.flags ?? [] {
        for context in contexts {
            let first = flag.evaluate(context, unixSeconds: 1_750_000_000)
            let second = flag.evaluate(context, unixSeconds: 1_750_000_000)
            precondition(first == second, "evaluation is not pure")
            precondition((first.errorCode == nil) == (first.reason != .error), "error without code")
        }
    }
    guard let node = try? DocumentNode.parse(json: bytes, file: "fuzz.json") else { return }
    for text in [node.value.json, node.value.prettyJSON] {
        let again = try? DocumentNode.parse(json: text, file: "fuzz.json")
        precondition(again?.value.json == node.value.json, "written JSON reads differently")
    }
    if let canonical = try? node.value.canonicalJSON() {
        let again = try? DocumentNode.parse(json: canonical, file: "fuzz.json")
        precondition((try? again?.value.canonicalJSON()) == canonical, "not canonical")
    }
}

fuzz(check)
