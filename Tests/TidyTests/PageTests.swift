// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Pages that people trust: what they name exists.
enum PageRules {
    private static let extensions = [
        ".swift", ".md", ".json", ".yaml", ".yml", ".h", ".c", ".sh", ".allow",
    ]

    /// Paths in code spans and links of a page that do not exist.
    ///
    /// A bare file name may lie anywhere.
    static func checkPaths(
        _ page: SourceFile,
        topLevel: Set<String>,
        exists: (String) -> Bool,
        names: Set<String>
    ) -> [Finding] {
        var findings: [Finding] = []
        for (number, line) in prose(page) {
            for candidate in spans(line, "`", "`") + spans(line, "](", ")") {
                let path = String(candidate.prefix { $0 != "#" && $0 != " " })
                let first = String(path.prefix { $0 != "/" })
                let isFile = extensions.contains { path.hasSuffix($0) }
                let isPath = path.contains("/") && topLevel.contains(first)
                let isPlain = path.allSatisfy {
                    $0.isLetter || $0.isNumber || "./_+-".contains($0)
                }
                guard isPlain, isFile || isPath, !path.hasPrefix("/"), path.count > 1 else {
                    continue
                }
                let isFound =
                    exists(path) || (!path.contains("/") && names.contains(path))
                    || names.contains { !isPath && $0.hasSuffix("/" + path) }
                if !isFound {
                    findings.append(
                        Finding(path: page.path, line: number, text: "`\(path)` does not exist")
                    )
                }
            }
        }
        return findings
    }

    /// Targets of `make X` on a page that the Makefile does not have.
    static func checkCommands(_ page: SourceFile, makefile: String) -> [Finding] {
        let targets = makefile.split(separator: "\n").compactMap { line in
            line.first?.isLowercase == true && line.contains(":")
                ? String(line.prefix { $0 != ":" && $0 != " " }) : nil
        }
        var isCode = false
        var findings: [Finding] = []
        for (number, line) in page.lines.enumerated() {
            if line.hasPrefix("```") { isCode.toggle() }
            let pieces = isCode ? [String(line)] : spans(line, "`", "`")
            for piece in pieces {
                let words = piece.split(whereSeparator: \.isWhitespace)
                guard let make = words.firstIndex(of: "make"), make + 1 < words.count else {
                    continue
                }
                let target = String(words[make + 1])
                if target.allSatisfy({ $0.isLowercase || $0 == "-" }), !targets.contains(target) {
                    findings.append(
                        Finding(path: page.path, line: number + 1, text: "no `make \(target)`")
                    )
                }
            }
        }
        return findings
    }

    /// A runbook is read at 3 a.m.: always the same five headings, in this order.
    static func checkRunbook(_ page: SourceFile) -> [Finding] {
        let wanted = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Verify"]
        let headings = page.lines.filter { $0.hasPrefix("## ") }.map { String($0.dropFirst(3)) }
        let own = headings.filter(wanted.contains)
        guard own != wanted else { return [] }
        return [Finding(path: page.path, line: 1, text: "headings \(own), expected \(wanted)")]
    }

    /// Every flag says who owns it and when it is to be gone.
    static func checkFlags(_ file: SourceFile) -> [Finding] {
        let parsed = try? JSONSerialization.jsonObject(with: Data(file.text.utf8))
        guard let document = parsed as? [String: Any],
            let flags = document["flags"] as? [String: Any]
        else { return [Finding(path: file.path, line: 1, text: "no flagd document")] }
        return flags.sorted { $0.key < $1.key }.flatMap { name, value in
            let metadata = (value as? [String: Any])?["metadata"] as? [String: Any] ?? [:]
            var findings: [Finding] = []
            if (metadata["owner"] as? String ?? "").isEmpty {
                findings.append(Finding(path: file.path, line: 1, text: "\(name) has no owner"))
            }
            let expiry = metadata["expires"] as? String ?? ""
            if expiry.range(of: #"^\d{4}-\d{2}-\d{2}$"#, options: .regularExpression) == nil {
                findings.append(
                    Finding(path: file.path, line: 1, text: "\(name) has no date in `expires`")
                )
            }
            return findings
        }
    }

    /// Lines outside fenced code, with their numbers.
    private static func prose(_ page: SourceFile) -> [(Int, Substring)] {
        var isCode = false
        return page.lines.enumerated().compactMap { number, line in
            if line.hasPrefix("```") {
                isCode.toggle()
                return nil
            }
            return isCode ? nil : (number + 1, line)
        }
    }

    private static func spans(_ line: Substring, _ open: String, _ close: String) -> [String] {
        var found: [String] = []
        var rest = line
        while let start = rest.range(of: open) {
            rest = rest[start.upperBound...]
            guard let end = rest.range(of: close) else { break }
            found.append(String(rest[..<end.lowerBound]))
            rest = rest[end.upperBound...]
        }
        return found
    }
}

@Suite("Pages")
struct PageTests {
    private static func page(_ path: String) -> SourceFile? {
        Tree.files.first { $0.path == path }
    }

    @Test func `every path that ARCHITECTURE and README name exists`() throws {
        let topLevel = Set(Tree.files.compactMap { $0.folders.first })
        let names = Set(Tree.files.flatMap { [$0.name, $0.path] })
        for path in ["ARCHITECTURE.md", "README.md"] {
            let page = try #require(Self.page(path), "\(path) is missing")
            let findings = PageRules.checkPaths(
                page,
                topLevel: topLevel,
                exists: Tree.exists,
                names: names
            )
            #expect(findings.isEmpty, "\(listed(findings))")
        }
    }

    @Test func `every make target that a page names is in the Makefile`() throws {
        let makefile = try #require(Self.page("Makefile"))
        let pages = Tree.files.filter { $0.path.hasSuffix(".md") }
        let findings = pages.flatMap { PageRules.checkCommands($0, makefile: makefile.text) }
        #expect(findings.isEmpty, "\(listed(findings))")
    }

    @Test func `every runbook has the five headings`() {
        let pages = Tree.files.filter {
            $0.folders.first == "Runbooks" && $0.path.hasSuffix(".md") && $0.name != "README.md"
        }
        let findings = pages.flatMap(PageRules.checkRunbook)
        #expect(findings.isEmpty, "\(listed(findings))")
        #expect(!pages.isEmpty)
    }

    @Test func `every flag has an owner and an expiry`() {
        let files = Tree.files.filter {
            $0.folders.first == "FeatureFlags" && $0.path.hasSuffix(".json")
        }
        let findings = files.flatMap(PageRules.checkFlags)
        #expect(findings.isEmpty, "\(listed(findings))")
        #expect(!files.isEmpty)
    }

    @Test func `a path or a command that does not exist is found`() {
        let text = """
            See `Sources/Proxy/Gone.swift`, [this](Runbooks/none.md), `Missing.swift` and
            `Listener.swift`, `Sources/Proxy`, `/metrics`, `application/json`, run `make nothing`.
            ```
            make bench
            make none
            ```
            """
        let page = SourceFile(path: "ARCHITECTURE.md", text: text)
        let findings = PageRules.checkPaths(
            page,
            topLevel: ["Sources", "Runbooks"],
            exists: { $0 == "Sources/Proxy" },
            names: ["Listener.swift"]
        )
        #expect(
            findings.map(\.text) == [
                "`Sources/Proxy/Gone.swift` does not exist", "`Missing.swift` does not exist",
                "`Runbooks/none.md` does not exist",
            ]
        )
        let commands = PageRules.checkCommands(page, makefile: "bench: build ## x\n\techo\n")
        #expect(commands.map(\.text) == ["no `make nothing`", "no `make none`"])
    }

    @Test func `a runbook without a heading and a flag without owner or expiry are found`() {
        let runbook = SourceFile(
            path: "Runbooks/a.md",
            text: "# A\n## Meaning\n## Impact\n## Diagnosis\n## Verify\n"
        )
        #expect(PageRules.checkRunbook(runbook).count == 1)
        let flags =
            #"{"flags": {"a": {"metadata": {"owner": "x", "expires": "2027-01-31"}}, "b": {}}}"#
        let file = SourceFile(path: "FeatureFlags/a.json", text: flags)
        #expect(
            PageRules.checkFlags(file).map(\.text) == [
                "b has no owner", "b has no date in `expires`",
            ]
        )
    }
}
