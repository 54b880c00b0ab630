// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite("Glossary")
struct GlossaryTests {
    /// The words that the product is told in; a page that lacks one has lost its meaning.
    private static let words = [
        "tenant", "origin", "upstream", "endpoint", "route", "migration", "stage", "share", "cell",
        "standing", "decision", "exchange", "shadow read", "dual read", "parity", "difference",
        "flip", "rollback", "generation", "snapshot", "freeze", "hold", "gate", "rescue", "worker",
        "edge", "fleet",
    ]

    /// Words without a row of their own in the table below `## Words`.
    static func missing(_ words: [String], in page: String) -> [String] {
        let section = page.components(separatedBy: "\n## Words\n").last ?? ""
        let rows = section.components(separatedBy: "\n").filter { $0.hasPrefix("| ") }
        let told = rows.flatMap { row in
            (row.split(separator: "|").first ?? "").split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
        return words.filter { !told.contains($0) }
    }

    @Test func `ARCHITECTURE tells what every word of the product means`() throws {
        let page = try #require(Tree.files.first { $0.path == "ARCHITECTURE.md" })
        let missing = Self.missing(Self.words, in: page.text)
        #expect(missing.isEmpty, "\(missing)")
    }

    @Test func `a word that the table lacks is found`() {
        let page = "cell | x\n## Words\n\n| word | meaning |\n|---|---|\n| flip, gate | a cell |\n"
        #expect(Self.missing(["flip", "gate", "cell"], in: "a\n" + page) == ["cell"])
    }
}
