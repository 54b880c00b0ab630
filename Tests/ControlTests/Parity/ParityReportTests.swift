// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Parity
import Testing

@testable import Control

@Suite("Parity report") struct ParityReportTests {
    @Test func `every form is the golden one`() throws {
        let report = ReportFixture.report
        let forms: [(String, String)] = [
            ("report.txt", report.text),
            ("report.json", report.document().prettyJSON + "\n"),
            ("differences.csv", report.csv(.differences)),
            ("coverage.csv", report.csv(.coverage)), ("report.html", report.html),
        ]
        for (name, text) in forms {
            let difference = try ReportFixture.golden(name, text)
            #expect(difference == nil, "\(difference ?? "")")
        }
    }

    @Test func `a report that is built again is the same bytes, whatever the order of its parts`()
        throws
    {
        var sources = ReportFixture.sources
        let first = ParityReport(sources)
        sources.snapshot.totals.reverse()
        sources.snapshot.differences.reverse()
        sources.snapshot.series.reverse()
        sources.snapshot.earlier.reverse()
        sources.rules.reverse()
        sources.expected.reverse()
        let second = ParityReport(sources)
        #expect(first == second)
        #expect(try first.canonicalJSON() == second.canonicalJSON())
        #expect(first.text == second.text)
        for sheet in ReportSheet.allCases { #expect(first.csv(sheet) == second.csv(sheet)) }
    }

    @Test func `the canonical bytes read back as the document`() throws {
        let report = ReportFixture.report
        let bytes = try report.canonicalJSON()
        let read = try DocumentNode.parse(json: bytes, file: "report")
        #expect(try read.value.canonicalJSON() == bytes)
        #expect(read["verdict"]?["verdict"]?.text == "NO_GO")
        #expect(read["outcomes"]?["compared"]?.integer == 39_581)
        #expect(read["coverage"]?["covered"]?.integer == 3)
        #expect(read["coverage"]?["cells"]?.integer == 5)
    }

    @Test func `a scope of tenants leaves the others out`() {
        var sources = ReportFixture.sources
        sources.tenants = ["north-clinic"]
        sources.snapshot.differences[0].tenants = ["acme"]
        let report = ParityReport(sources)
        #expect(report.compared == 8_116)
        #expect(Set(report.cells.map(\.tenant)) == ["north-clinic"])
        #expect(!report.differences.contains { $0.sums.pointer == "/participants/*/joinedAt" })
        #expect(report.differences.contains { $0.sums.pointer == "/patientId" })
    }

    @Test func `since bounds charts and differences, not sums`() {
        var sources = ReportFixture.sources
        let whole = ParityReport(sources)
        sources.sinceUnixMilliseconds = ReportFixture.start + 12 * 24 * ReportFixture.hour + 1
        let report = ParityReport(sources)
        #expect(report.differences.isEmpty)
        #expect(report.compared == whole.compared)
        #expect(report.series.count < whole.series.count)
        // The bound stays cumulative: the last span's is that of the whole epoch.
        #expect(report.series.last?.upperBound == whole.series.last?.upperBound)
    }

    @Test func `an edge that started anew within the epoch says since when ids are held`() {
        var sources = ReportFixture.sources
        sources.snapshot.epoch.identitiesSinceUnixMilliseconds = ReportFixture.start + 1_000
        let fact = "held one to one since 2026-07-15T00:00:01Z"
        // Without a rule for ids there is nothing to be said.
        #expect(!ParityReport(sources).text.contains(fact))
        sources.hasIdentifiers = true
        let report = ParityReport(sources)
        #expect(report.text.contains(fact), "\(report.facts)")
        #expect(report.document()["epoch"]?["identitiesSince"]?.text == "2026-07-15T00:00:01Z")
        sources.snapshot.epoch.identitiesSinceUnixMilliseconds = 0
        #expect(!ParityReport(sources).text.contains("Identifiers"))
    }

    @Test func `nothing observed is a report too`() throws {
        var sources = ReportFixture.sources
        sources.snapshot = ParitySnapshot(
            epoch: ReportFixture.epoch,
            earlier: [],
            totals: [],
            differences: [],
            series: []
        )
        sources.verdict = ReportVerdict(word: "INSUFFICIENT_DATA")
        let report = ParityReport(sources)
        #expect(report.text.contains("INSUFFICIENT DATA"))
        #expect(report.text.contains("no difference was seen"))
        #expect(try !report.canonicalJSON().isEmpty)
    }

    @Test func `a cell of CSV is no formula and survives a reader`() {
        let table: [(String, String)] = [
            ("plain", "plain"), ("", ""), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""),
            ("=1+1", "\"'=1+1\""), ("+x", "\"'+x\""), ("-5", "-5"), ("-x", "\"'-x\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""), ("\tx", "\"'\tx\""), ("a\r\nb", "\"a\r\nb\""),
        ]
        for (text, cell) in table { #expect(csvCell(text) == cell, "\(text)") }
    }

    @Test func `numbers are written one way`() {
        let table: [(String, String)] = [
            (ReportFigures.count(0), "0"), (ReportFigures.count(34_409), "34,409"),
            (ReportFigures.count(1_000), "1,000"), (ReportFigures.count(999), "999"),
            (ReportFigures.count(UInt64.max), "18,446,744,073,709,551,615"),
            (ReportFigures.percent(1, of: 3), "33.33 %"), (ReportFigures.percent(0, of: 0), "-"),
            (ReportFigures.percent(1, of: 1_000_000), "< 0.01 %"),
            (ReportFigures.percent(999_999, of: 1_000_000), "> 99.99 %"),
            (ReportFigures.percent(5, of: 5), "100.00 %"),
            (ReportFigures.percent(UInt64.max, of: UInt64.max), "-"),
            (ReportFigures.percentDown(0.99990399), "99.9903 %"),
            (ReportFigures.percentDown(0.9999), "99.9900 %"),
            (ReportFigures.percentDown(.nan), "-"), (ReportFigures.percentDown(1), "100.0000 %"),
            (ReportFigures.fixed(-0.04, decimals: 1), "0.0"),
            (ReportFigures.fixed(2.25, decimals: 1), "2.3"),
            (ReportFigures.fixed(.infinity, decimals: 1), "-"),
            (ReportFigures.instant(1_786_716_187_412), "2026-08-14T14:03:07Z"),
            (ReportFigures.instant(0), "-"), (ReportFigures.day(951_782_400_000), "2000-02-29"),
            (ReportFigures.span(milliseconds: 13 * 86_400_000 + 4 * 3_600_000), "13 d 4 h"),
            (ReportFigures.lengthClass(16), "9-16 bytes"), (ReportFigures.lengthClass(1), "1 byte"),
            (ReportFigures.milliseconds(12_345), "12.3 ms"),
        ]
        for (text, expected) in table { #expect(text == expected) }
    }
}
