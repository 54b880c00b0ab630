// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// style.md D.27: a file that scrolls for ever, or a function that does, has more than one idea.
enum LengthRules {
    static let fileLinesMax = 600
    static let functionLinesMax = 70
    static let columnsMax = 100

    static func check(_ file: SourceFile) -> [Finding] {
        var findings: [Finding] = []
        var isInText = false
        for (number, line) in file.lines.enumerated() {
            // Texts are what people or parsers read: where they break is not the source's choice.
            let trimmed = line.drop { $0 == " " }
            let isText = isInText || trimmed.hasPrefix("\"") || trimmed.hasPrefix("#\"")
            if line.components(separatedBy: "\"\"\"").count % 2 == 0 { isInText.toggle() }
            guard line.count > columnsMax, !isText else { continue }
            findings.append(
                Finding(path: file.path, line: number + 1, text: "\(line.count) columns")
            )
        }
        guard !file.isTable else { return findings }
        // The text after the last line feed is no line.
        let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
        if count > fileLinesMax {
            findings.append(Finding(path: file.path, line: count, text: "\(count) lines in a file"))
        }
        for function in SwiftText(file.text).functions where function.lines.count > functionLinesMax
        {
            findings.append(
                Finding(
                    path: file.path,
                    line: function.lines.lowerBound,
                    text: "\(function.lines.count) lines in \(function.name)"
                )
            )
        }
        return findings
    }
}

@Suite("Lengths")
struct LengthTests {
    @Test func `files, functions and lines stay within 600, 70 and 100`() {
        let findings = Tree.files.filter(\.isSwift).flatMap(LengthRules.check)
        #expect(findings.isEmpty, "\(listed(findings))")
    }

    @Test func `a long file, function or line is found`() {
        let long = SourceFile(
            path: "A.swift",
            text: String(repeating: "let a = 1\n", count: 601)
        )
        #expect(LengthRules.check(long).map(\.text) == ["601 lines in a file"])
        let body = String(repeating: "    a()\n", count: 69)
        let function = SourceFile(path: "A.swift", text: "func f() {\n\(body)}\n")
        #expect(LengthRules.check(function).map(\.text) == ["71 lines in f"])
        let wide = SourceFile(
            path: "A.swift",
            text: "// " + String(repeating: "x", count: 98) + "\n"
        )
        #expect(LengthRules.check(wide).map(\.text) == ["101 columns"])
        let text = SourceFile(
            path: "A.swift",
            text: "let a = \"\"\"\n    " + String(repeating: "x", count: 101) + "\n    \"\"\"\n"
        )
        #expect(LengthRules.check(text).isEmpty)
    }

    @Test func `a table that says so may be long`() {
        let text = "// Table: vectors\n" + String(repeating: "let a = 1\n", count: 601)
        #expect(LengthRules.check(SourceFile(path: "A.swift", text: text)).isEmpty)
    }

    @Test func `braces in strings and requirements without body are no functions`() {
        let text = #"""
            protocol P { func none(); func other() -> Int }
            func f() { let a = "{ \(g("}"))"; /* { */ }
            func h() {}
            """#
        let functions = SwiftText(text).functions
        #expect(functions.map(\.name) == ["f", "h"])
        #expect(functions.map(\.lines) == [2...2, 3...3])
    }
}
