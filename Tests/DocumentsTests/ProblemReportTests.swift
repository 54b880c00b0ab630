// SPDX-License-Identifier: Apache-2.0

import Documents
import Testing

@Suite("Problem report")
struct ProblemReportTests {
    private let problems = [
        Problem(
            code: "R012",
            "unknown field `percnt` in `spec.shadow`",
            file: "Routes/virtual-care.yaml",
            at: SourcePosition(line: 16, column: 5),
            length: 6,
            caret: "did you mean `percent`?",
            notes: [
                "allowed here: maxBody, percent, sample, timeout", "explain: banyan explain R012",
            ]
        ),
        Problem(
            code: "R031",
            "upstream `virtual-care-servce` is not defined",
            file: "Routes/virtual-care.yaml",
            at: SourcePosition(line: 13, column: 20),
            notes: ["did you mean `virtual-care-service` (Routes/upstreams.yaml:9)?"]
        ),
        Problem(
            .warning,
            code: "R104",
            "301 with no max-age bound: browsers may keep it for ever, rollback would not reach them",
            file: "Routes/virtual-care.yaml",
            at: SourcePosition(line: 22, column: 13)
        ),
    ]

    private func report(_ problems: [Problem], source: String) -> ProblemReport {
        ProblemReport(problems, fileCount: 6, elapsedMilliseconds: 11) { _ in Array(source.utf8) }
    }

    @Test func `people read a paragraph each and a summary`() {
        let source = String(repeating: "\r\n", count: 15) + "    percnt: 10\r\n\n"
        #expect(
            self.report(self.problems, source: source).text(.human) == """
                error[R012]: unknown field `percnt` in `spec.shadow`
                  --> Routes/virtual-care.yaml:16:5
                   |
                16 |     percnt: 10
                   |     ^^^^^^ did you mean `percent`?
                   |
                   = allowed here: maxBody, percent, sample, timeout
                   = explain: banyan explain R012
                error[R031]: upstream `virtual-care-servce` is not defined
                  --> Routes/virtual-care.yaml:13:20
                   = did you mean `virtual-care-service` (Routes/upstreams.yaml:9)?
                warning[R104]: 301 with no max-age bound: browsers may keep it for ever, rollback would not reach them
                  --> Routes/virtual-care.yaml:22:13
                2 errors, 1 warning in 6 files (11 ms). Nothing was applied.

                """
        )
    }

    @Test func `editors read one line each`() {
        #expect(
            self.report([self.problems[0], self.problems[2]], source: "").text(.short) == """
                Routes/virtual-care.yaml:16:5: error: unknown field `percnt` in `spec.shadow` [R012]
                Routes/virtual-care.yaml:22:13: warning: 301 with no max-age bound: browsers may keep it for ever, rollback would not reach them [R104]

                """
        )
    }

    @Test func `programs read one object`() throws {
        let text = self.report(self.problems, source: "").text(.json)
        let node = try DocumentNode.parse(json: text, file: "report")
        #expect(node["errors"]?.integer == 2)
        #expect(node["warnings"]?.integer == 1)
        #expect(node["problems"]?.items?.count == 3)
        #expect(node["problems"]?.items?[0]["column"]?.integer == 5)
        #expect(node["problems"]?.items?[0]["caret"]?.text == "did you mean `percent`?")
    }

    @Test func `GitHub reads escaped workflow commands`() {
        let problem = Problem(
            code: "R1",
            "50% of `a`",
            file: "a,b:c.yaml",
            at: SourcePosition(line: 2, column: 3),
            notes: ["note"]
        )
        #expect(
            self.report([problem], source: "").text(.github)
                == "::error file=a%2Cb%3Ac.yaml,line=2,col=3,title=R1::50%25 of `a`%0Anote\n"
        )
    }

    @Test func `the summary counts and says what follows only when something was refused`() {
        #expect(self.report([], source: "").summary == "no errors in 6 files (11 ms).")
        #expect(
            self.report([self.problems[2]], source: "").summary == "1 warning in 6 files (11 ms)."
        )
        #expect(
            self.report([self.problems[0]], source: "").summary
                == "1 error in 6 files (11 ms). Nothing was applied."
        )
    }

    @Test func `tabs stay under tabs, controls are made visible, long lines are cut`() {
        func problem(_ column: Int) -> Problem {
            Problem(
                code: "X1",
                "m\u{1B}[31m",
                file: "f",
                at: SourcePosition(line: 1, column: column),
                caret: "here"
            )
        }
        let tab = self.report([problem(3)], source: "\t\u{1B}x").text(.human)
        #expect(tab.contains("1 | \t\u{FFFD}x\n   | \t ^ here\n"))
        #expect(!tab.contains("\u{1B}"))
        let long = String(repeating: "a", count: 5_000) + "B" + String(repeating: "c", count: 5_000)
        let cut = self.report([problem(5_001)], source: long).text(.human).split(separator: "\n")
        let at = cut[4].firstIndex(of: "^").map { cut[4].distance(from: cut[4].startIndex, to: $0) }
        let shown = cut[3].firstIndex(of: "B").map {
            cut[3].distance(from: cut[3].startIndex, to: $0)
        }
        #expect(at == shown && at != nil)
        #expect(cut[3].count < 140)
        #expect(self.report([problem(900)], source: "").text(.human).contains("^ here"))
    }

    @Test func `the nearest name is the one that was meant`() {
        let names = ["percent", "sample", "maxBody", "timeout", "stage", "stages"]
        let rows: [(String, String?)] = [
            ("percnt", "percent"), ("precent", "percent"), ("tiemout", "timeout"),
            ("stagess", "stages"), ("xyzzy", nil), ("maxbody", "maxBody"), ("", nil), ("a", nil),
            ("sampel", "sample"), ("mxBdy", "maxBody"), ("ab", nil),
        ]
        for (name, nearest) in rows {
            #expect(nearestName(name, among: names) == nearest, "\(name)")
        }
        // A third of a long name may be wrong.
        #expect(nearestName("virtuel-cere-servce", among: ["virtual-care-service"]) != nil)
        // Equally near: the first in alphabetical order.
        #expect(nearestName("cat", among: ["hat", "bat"]) == "bat")
    }
}
