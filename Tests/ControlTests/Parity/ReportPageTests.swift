// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parity
import Testing

@testable import Control

@Suite("Parity report page") struct ReportPageTests {
    /// Tags in order: `<p>` is `p`, `</p>` is `/p`.
    private static func tags(_ page: String) -> [String] {
        var tags: [String] = []
        var rest = page[...]
        while let open = rest.firstIndex(of: "<") {
            let inside = rest[rest.index(after: open)...]
            guard let close = inside.firstIndex(of: ">") else { break }
            let tag = inside[..<close]
            if tag.hasSuffix("/") {
                rest = inside[close...]
                continue
            }
            tags.append(String(tag.prefix { $0 != " " && $0 != "\n" }))
            rest = inside[close...]
        }
        return tags
    }

    @Test func `every element is closed in order`() {
        let void: Set<String> = ["!DOCTYPE", "meta", "wbr"]
        var open: [String] = []
        for tag in ReportPageTests.tags(ReportFixture.report.html) where !void.contains(tag) {
            if tag.hasPrefix("/") {
                #expect(open.popLast() == String(tag.dropFirst()))
            } else {
                open.append(tag)
            }
        }
        #expect(open.isEmpty)
    }

    @Test func `the page asks for nothing and runs nothing`() {
        let page = ReportFixture.report.html
        for word in ["<script", "http:", "https:", "src=", "href=", "url(", "@import", " on"] {
            let found = page.components(separatedBy: word).count - 1
            // " on" is in sentences; as an attribute it has a `=` close behind.
            guard word == " on" else {
                #expect(found == 0, "\(word)")
                continue
            }
            #expect(page.range(of: " on[a-z]+=", options: .regularExpression) == nil)
        }
        #expect(page.contains("default-src 'none'"))
    }

    @Test func `whatever a name says stays text`() {
        let hostile = "</td><script>x</script>\"'&\u{202E}\u{0}\u{7}\n]]>"
        var sources = ReportFixture.sources
        sources.snapshot.epoch.migration = hostile
        sources.snapshot.epoch.cause = hostile
        sources.snapshot.epoch.legacyBuild = hostile
        sources.auditHead = hostile
        sources.tenants = []
        for index in sources.snapshot.totals.indices {
            sources.snapshot.totals[index].tenant = hostile
            sources.snapshot.totals[index].operation = hostile
            sources.snapshot.totals[index].route = hostile
        }
        for index in sources.snapshot.differences.indices {
            sources.snapshot.differences[index].pointer = hostile
            sources.snapshot.differences[index].operation = hostile
            sources.snapshot.differences[index].fingerprints = [hostile]
        }
        sources.verdict.reasons = [hostile]
        sources.verdict.checks[0].statement = hostile
        sources.verdict.checks[0].numbers[0].text = hostile
        let report = ParityReport(sources)
        #expect(!report.html.contains("<script"))
        #expect(!report.html.contains("\u{202E}"))
        #expect(!report.html.contains("\u{0}"))
        #expect(report.html.contains("&lt;script&gt;"))
        // A terminal is not steered either.
        let steering = report.text.unicodeScalars.filter { $0.value < 0x20 && $0 != "\n" }
        #expect(steering.isEmpty)
        #expect(!report.text.contains("\u{202E}"))
    }

    @Test func `states are told by words and marks, charts by a label`() {
        let page = ReportFixture.report.html
        #expect(page.contains("</span> NO-GO"))
        #expect(page.contains("</span> missed"))
        let charts = page.components(separatedBy: "<svg ").dropFirst()
        #expect(charts.count == 3)
        for chart in charts {
            #expect(chart.contains("role=\"img\" aria-label=\""))
            #expect(!chart.prefix { $0 != ">" }.contains("aria-label=\"\""))
        }
    }

    @Test func `an empty epoch has a page without charts`() {
        var sources = ReportFixture.sources
        sources.snapshot.totals = []
        sources.snapshot.series = []
        sources.snapshot.differences = []
        let page = ParityReport(sources).html
        #expect(!page.contains("<svg"))
        #expect(page.contains("No difference was seen."))
    }
}
