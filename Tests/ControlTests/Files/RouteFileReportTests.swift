// SPDX-License-Identifier: Apache-2.0

import Bytes
import Control
import Documents
import Foundation
import Migration
import Testing

@Suite("Reports on route files")
struct RouteFileReportTests {
    @Test func `every golden case says what it always said`() throws {
        let cases = try GoldenCase.all(of: "RouteFiles")
        #expect(cases.count >= 40)
        for golden in cases {
            let difference = try golden.difference(to: golden.report)
            #expect(difference == nil, "\(golden.name):\n\(difference ?? "")")
        }
    }

    @Test func `a case whose text differs is noticed`() throws {
        let golden = try #require(GoldenCase.all(of: "RouteFiles").first)
        guard !GoldenCase.isUpdating else { return }
        #expect(
            try golden.difference(to: golden.expected + "more\n") == "+\(lines(golden) + 1): more\n"
        )
    }

    private func lines(_ golden: GoldenCase) -> Int {
        golden.expected.split(separator: "\n", omittingEmptySubsequences: false).count - 1
    }

    @Test func `every code of a golden report has a page, and every page its code once`() throws {
        let codes = ProblemCode.all.map(\.code)
        #expect(Set(codes).count == codes.count)
        for golden in try GoldenCase.all(of: "RouteFiles") {
            for line in golden.expected.split(separator: "\n") {
                guard line.hasPrefix("error[") || line.hasPrefix("warning["),
                    let start = line.firstIndex(of: "["), let end = line.firstIndex(of: "]")
                else { continue }
                let code = String(line[line.index(after: start)..<end])
                if code.hasPrefix("F") || code.hasPrefix("J") { continue }
                #expect(ProblemCode.named(code) != nil, "\(code) in \(golden.name)")
            }
        }
    }

    @Test func `every code about routes and YAML is brought about by a golden case`() throws {
        let seen = try GoldenCase.all(of: "RouteFiles").map(\.expected).joined()
        // R005 needs a folder, R006 and Y006 files of many megabytes: see EdgeFilesTests.
        // R090 to R096, R110 and R111 are the build's own words, after files were found valid (say
        // addresses). J and F are codes of JSON and flag documents: see DocumentsTests and
        // FlagDocumentTests.
        for code in ProblemCode.all.map(\.code)
        where !["R005", "R006", "R110", "R111", "Y006"].contains(code) && !code.hasPrefix("R09")
            && "RY".contains(code.prefix(1))
        {
            #expect(seen.contains("[\(code)]"), "\(code)")
        }
    }
}
