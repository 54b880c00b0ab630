// SPDX-License-Identifier: Apache-2.0
// Built by `make fuzz` only (libFuzzer's runtime). Any bytes as a route file and as banyan.yaml:
// they are read twice with the same result, refused with a place inside the file, or compile into a
// snapshot.

import Bytes
import Control
import Documents
import FuzzDriver
import Migration
import Patterns
import YAML

/// What the seeds refer to.
private let upstreams = SourceFile(
    name: "upstreams.yaml",
    bytes: Array(
        ["digital-communication", "virtual-care", "care-plan", "patient-portal", "old-care"].map {
            """
            apiVersion: banyan.dev/v1
            kind: Upstream
            metadata: { name: \($0) }
            spec: { endpoints: ["127.0.0.1:9101"] }
            ---

            """
        }.joined().utf8
    )
)

func check(_ bytes: [UInt8]) {
    // Longer inputs cost time and reach nothing new.
    guard bytes.count <= 16_384 else { return }
    checkYAML(bytes)
    let routes = [upstreams, SourceFile(name: "fuzz.yaml", bytes: bytes)]
    let files = EdgeFiles.check(routes: routes)
    let again = EdgeFiles.check(routes: routes)
    precondition(files.set == again.set && files.problems == again.problems, "read differently")
    checkReport(files, bytes)
    if files.isValid { checkCompiles(files) }
    let configuration = SourceFile(name: "banyan.yaml", bytes: bytes)
    checkReport(EdgeFiles.check(configuration: configuration, routes: [upstreams]), bytes)
}

private func checkYAML(_ bytes: [UInt8]) {
    let read = YAMLDocuments(yaml: bytes, file: "fuzz.yaml")
    for document in read.documents {
        // What YAML holds, JSON holds: files become answers of the admin API.
        let parsed = try? DocumentNode.parse(json: document.value.json, file: "fuzz.json")
        precondition(parsed?.value.json == document.value.json, "YAML that is no JSON")
    }
}

private func checkReport(_ files: EdgeFiles, _ bytes: [UInt8]) {
    let lines = bytes.count { $0 == 0x0a } + 1
    for problem in files.problems where problem.file != upstreams.name {
        precondition(problem.position.line >= 1 && problem.position.line <= lines, "line outside")
        precondition(problem.position.column >= 1, "column outside")
        let isKnown = ProblemCode.named(problem.code) != nil
        precondition(isKnown, "a code without a page")
    }
    let report = files.report(elapsedMilliseconds: 0)
    for form in ProblemReport.Form.allCases { _ = report.text(form) }
}

/// The compiler must not find what the files' own checks have let through.
private func checkCompiles(_ files: EdgeFiles) {
    var input = SnapshotInput { text in
        let pattern = try Pattern(text)
        return CompiledPattern(address: pattern.address, owner: pattern)
    }
    input.set = files.set
    for endpoint in files.set.upstreams.flatMap(\.endpoints) {
        input.addresses[endpoint] = [UInt8](repeating: 0, count: 16)
    }
    var numbers = SnapshotNumbers()
    do {
        _ = try SnapshotCompiler.compile(input, numbers: &numbers)
    } catch {
        preconditionFailure("validated, but: \(error)")
    }
}

fuzz(check)
