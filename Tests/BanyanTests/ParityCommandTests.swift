// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation
import Parity
import Testing

@testable import Banyan

/// A report with one difference, one accepted rule and a verdict, as an edge gives it.
enum StubParity {
    static var suggestions: [RuleSuggestion] {
        [
            RuleSuggestion(
                rule: ParityRule(path: "/at", kind: .set, origin: "suggested"),
                strength: .strong,
                explains: 40,
                seen: 2_000,
                evidence: ["the same elements in another order"]
            )
        ]
    }

    static var report: ParityReport { self.report(word: "NO_GO") }

    static func report(word: String) -> ParityReport {
        var totals = ParityTotals(
            tenant: "acme",
            wave: "1",
            route: "care",
            operation: "GET /care/{id}"
        )
        totals[.match] = 1_950
        totals[.mismatch] = 40
        totals[.modernFailed] = 10
        totals.gateMismatches = 40
        totals.noiseReads = 20
        totals.firstUnixMilliseconds = 1_786_000_000_000
        totals.lastUnixMilliseconds = 1_786_716_187_412
        var difference = ParityDifferenceTotals(
            route: "care",
            operation: "GET /care/{id}",
            pointer: "/at",
            difference: .order,
            severity: .order
        )
        difference.count = 40
        difference.tenants = ["acme"]
        difference.legacyKind = .array
        difference.modernKind = .array
        difference.legacyLengthClass = 32
        difference.modernLengthClass = 32
        let snapshot = ParitySnapshot(
            epoch: ParityEpoch(
                number: 2,
                migration: "care",
                ruleSetHash: "00ff",
                legacyBuild: "",
                modernBuild: "",
                cause: "rules",
                startUnixMilliseconds: 1_786_000_000_000,
                endUnixMilliseconds: 0
            ),
            earlier: [],
            totals: [totals],
            differences: [difference],
            series: []
        )
        return ParityReport(
            ReportSources(
                snapshot: snapshot,
                verdict: self.verdict(word),
                upperBound: { Double($0) / Double($1) },
                isBeyondNoise: { _, _ in false }
            )
        )
    }
}

extension StubParity {
    private static func verdict(_ word: String) -> ReportVerdict {
        ReportVerdict(
            word: word,
            reasons: word == "GO" ? [] : ["care: 50 mismatches are too many"],
            checks: [
                ReportCheck(
                    key: "parity",
                    route: "care",
                    statement: "at least 96.6 % agree",
                    state: .missed,
                    numbers: [
                        ReportNumber(
                            key: "upperBound",
                            label: "upper bound U",
                            value: 0.034,
                            text: "3.40000 %"
                        )
                    ]
                )
            ],
            missingComparisons: 600_000,
            missingDays: 12.2
        )
    }
}

@Suite("Parity commands") struct ParityCommandTests {
    private func ask(_ arguments: [String]) throws -> CommandResult {
        let path = NSTemporaryDirectory() + "cli-\(UUID().uuidString.prefix(8)).sock"
        let edge = StubEdge(report: ActReport(act: "flip", generation: 1, actor: "alice"))
        let server = try ControlServer(.unix(path: path, mode: 0o600), name: "stub") {
            AdminAPI(edge: edge).answer($0)
        }
        defer { server.stop() }
        return run(arguments, environment: ["BANYAN_SOCKET": path])
    }

    @Test func `status has a row per migration and why it is no GO`() throws {
        let result = try self.ask(["parity", "status"])
        #expect(result.code == .done)
        #expect(result.error == "")
        #expect(
            result.out == """
                MIGRATION  EPOCH  COMPARED  MISMATCHES  PARITY        UNOBSERVED  COVERED  VERDICT  MISSING
                care       2      2,000     50          >= 96.6000 %  0.00 %      1/1      NO_GO    600,000, 13 d
                care: 50 mismatches are too many

                """
        )
        #expect(try self.ask(["parity", "status", "--exit-code"]).code == .refused)
    }

    @Test func `diff lists differences without values`() throws {
        let result = try self.ask(["parity", "diff", "acme/care"])
        #expect(result.code == .done)
        #expect(result.out.contains("order     order  /at"))
        #expect(result.out.contains("40         2.00 %"))
        #expect(result.out.contains("values are not kept"))
        let none = try self.ask(["parity", "diff", "care", "--class", "status"])
        #expect(none.out == "no such difference in 2,000 comparisons\n")
        #expect(try self.ask(["parity", "diff", "care", "--class", "oder"]).code == .usage)
    }

    @Test func `explain says what it means and what could be done`() throws {
        let result = try self.ask(["parity", "explain", "care", "/at"])
        #expect(result.code == .done)
        for words in [
            "The same elements in another order.", "in 40 of 2,000 comparisons (2.00 %)",
            "tenants: acme", "this is modern's doing", "suggested (strong):", "set: [\"/at\"]",
        ] {
            #expect(result.out.contains(words), "\(words)")
        }
        let unknown = try self.ask(["parity", "explain", "care", "/ta"])
        #expect(unknown.code == .nothingMatched)
        #expect(unknown.error.contains("no difference was seen at /ta"))
    }

    @Test func `suggest prints a block for the route file`() throws {
        let result = try self.ask(["parity", "suggest", "care"])
        #expect(
            result.out == """
                parity:
                  json:
                    set:
                      # strong: the same elements in another order
                      - "/at"

                """
        )
    }

    @Test func `a report comes in every form, byte by byte`() throws {
        let report = StubParity.report
        let table: [([String], String)] = [
            ([], report.text), (["--format", "text"], report.text),
            (["--format", "html"], report.html),
            (["--format", "csv"], report.csv(.differences)),
            (["--format", "csv", "--table", "coverage"], report.csv(.coverage)),
            (["-o", "json"], String(decoding: try report.canonicalJSON(), as: UTF8.self)),
            (["--format=json"], String(decoding: try report.canonicalJSON(), as: UTF8.self)),
        ]
        for (options, text) in table {
            let result = try self.ask(["parity", "report", "care"] + options)
            #expect(result.code == .done, "\(options)")
            #expect(result.out == text, "\(options)")
            #expect(result.error == "", "\(options)")
        }
        #expect(try self.ask(["parity", "report", "care", "--exit-code"]).code == .refused)
        #expect(try self.ask(["parity", "report", "other"]).code == .nothingMatched)
    }

    @Test func `wrong usage names the way on`() throws {
        let table: [([String], String)] = [
            (["report"], "parity report needs CELL"),
            (["report", "acme/*"], "parity report speaks of one migration"),
            (["report", "care", "--format", "htlm"], "--format is text, json, csv or html"),
            (["report", "care", "--table", "coverage"], "--table goes with --format csv"),
            (["report", "care", "-o", "json", "--format", "csv"], "contradict each other"),
            (["report", "care", "--epoch", "x"], "epoch is a number from 1 on"),
            (["diff", "care", "--limit", "0"], "limit is a number"),
            (["status", "--tenant", ""], "--tenant is one tenant's id"),
            (["reprt", "care"], "Did you mean \"report\"?"),
        ]
        for (arguments, words) in table {
            let result = try self.ask(["parity"] + arguments)
            #expect(result.code == .usage, "\(arguments)")
            #expect(result.error.contains(words), "\(arguments): \(result.error)")
        }
    }
}
