// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// style.md C.5: one word, one meaning.
///
/// Ten words that have one of ours stay out of names.
enum WordRules {
    static let banned: [[String]] = [
        ["phase"], ["toggle"], ["mirror"], ["dark", "traffic"], ["backend"], ["variant", "path"],
        ["bucket"], ["old", "side"], ["new", "side"], ["switch", "over"], ["switchover"],
        ["revert"],
    ]

    /// Where `bucket` is the word of the art: histograms, hash tables, flagd's place of a user.
    ///
    /// It is banned as a name for a share.
    static let bucketMayStandIn = [
        "Histogram", "Metric", "Fractional", "Flag", "Counter", "RecentWriters", "Cohort",
        "Decision",
    ]

    static func check(_ file: SourceFile) -> [Finding] {
        guard file.module != nil else { return [] }
        let text = SwiftText(file.text)
        return text.words.compactMap { word in
            let parts = split(word.text)
            guard let hit = banned.first(where: { contains(parts, $0) }) else { return nil }
            if hit == ["bucket"], bucketMayStandIn.contains(where: { file.path.contains($0) }) {
                return nil
            }
            return Finding(
                path: file.path,
                line: text.line(of: word.start),
                text: "`\(word.text)` says \(hit.joined(separator: " "))"
            )
        }
    }

    /// `darkTrafficMax` as `dark traffic max`; a plural counts as its word.
    static func split(_ identifier: String) -> [String] {
        var parts: [String] = []
        var current = ""
        for character in identifier {
            if character.isUppercase || character == "_" {
                if !current.isEmpty { parts.append(current) }
                current = ""
            }
            if character != "_" { current += character.lowercased() }
        }
        if !current.isEmpty { parts.append(current) }
        return parts.map { part in
            guard part.hasSuffix("s") else { return part }
            let singular = String(part.dropLast())
            return banned.contains([singular]) ? singular : part
        }
    }

    private static func contains(_ parts: [String], _ run: [String]) -> Bool {
        guard parts.count >= run.count else { return false }
        return (0...parts.count - run.count).contains { start in
            Array(parts[start..<start + run.count]) == run
        }
    }

    // Written in parts, so that this file does not find itself.
    private static let unfinished = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]

    /// Work that was put off: finished, or taken out, or an issue.
    static func checkUnfinished(_ file: SourceFile) -> [Finding] {
        file.lines.enumerated().compactMap { number, line in
            let words = line.split { !$0.isLetter }
            guard let word = words.first(where: { unfinished.contains(String($0)) }) else {
                return nil
            }
            return Finding(path: file.path, line: number + 1, text: "unfinished: \(word)")
        }
    }

    // Folders that exist on one machine only.
    private static let machinePath =
        "/(?:wor" + "k|far" + "m|roo" + "t|tmp/bash_" + "jobs|home/[a-z]+)/"

    static func checkMachinePath(_ file: SourceFile) -> [Finding] {
        file.lines.enumerated().compactMap { number, line in
            guard line.range(of: machinePath, options: .regularExpression) != nil else {
                return nil
            }
            return Finding(path: file.path, line: number + 1, text: "a path of one machine")
        }
    }

    static func checkLicence(_ file: SourceFile) -> [Finding] {
        let line = "// SPDX-License-Identifier: Apache-2.0"
        let first = file.lines.first { !$0.hasPrefix("// swift-tools-version") } ?? ""
        return first == line ? [] : [Finding(path: file.path, line: 1, text: "no licence line")]
    }
}

@Suite("Words")
struct WordTests {
    @Test func `the ten words stay out of names in Sources`() {
        let findings = Tree.files.filter(\.isSwift).flatMap(WordRules.check)
        #expect(findings.isEmpty, "\(listed(findings))")
    }

    @Test func `nothing is left unfinished`() {
        let findings = Tree.files.flatMap(WordRules.checkUnfinished)
        #expect(findings.isEmpty, "\(listed(findings))")
    }

    @Test func `no path of one machine stands in the tree`() {
        let findings = Tree.files.flatMap(WordRules.checkMachinePath)
        #expect(findings.isEmpty, "\(listed(findings))")
    }

    @Test func `every Swift file begins with its licence`() {
        let findings = Tree.files.filter(\.isSwift).flatMap(WordRules.checkLicence)
        #expect(findings.isEmpty, "\(listed(findings))")
    }

    @Test func `each banned word is found in a name, and not in a comment or a string`() {
        let names = [
            "phaseCount", "Toggle", "mirrors", "darkTraffic", "backendName", "variantPath",
            "bucketBy", "oldSide", "newSideURL", "switchOver", "switchover", "revertAll",
        ]
        for name in names {
            let file = SourceFile(path: "Sources/Proxy/A.swift", text: "let \(name) = 1\n")
            #expect(WordRules.check(file).count == 1, "\(name)")
        }
        let spoken = SourceFile(
            path: "Sources/Proxy/A.swift",
            text: "// mirror\nlet a = \"backend\" // toggle\n"
        )
        #expect(WordRules.check(spoken).isEmpty)
        let histogram = SourceFile(
            path: "Sources/Proxy/Tally/Histogram.swift",
            text: "let bucketCount = 1\n"
        )
        #expect(WordRules.check(histogram).isEmpty)
    }

    @Test func `unfinished work, a machine's path and a missing licence are found`() {
        let lines = ["// TO" + "DO: later", "// FIX" + "ME", "see /wor" + "k/main/x"]
        let file = SourceFile(path: "A.swift", text: lines.joined(separator: "\n"))
        #expect(WordRules.checkUnfinished(file).count == 2)
        #expect(WordRules.checkMachinePath(file).map(\.line) == [3])
        #expect(WordRules.checkLicence(file).count == 1)
    }
}
