// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Parity
import Testing

@testable import Control

@Suite("Admin API of parity") struct ParityCallTests {
    private let edge = RecordingEdge()

    private func ask(_ path: String) -> ControlResponse {
        AdminAPI(edge: self.edge, ownUser: 1_000).answer(
            ControlRequest(
                method: "GET",
                target: "/admin/v1" + path,
                peer: .local(user: 4_711, process: 1)
            )
        )
    }

    private var orders: [String] { self.edge.orders.withLock { $0 } }

    @Test func `what is asked reaches the edge`() {
        let table: [(String, String)] = [
            ("/parity", "overview - []"),
            ("/parity?migration=m&tenant=a,b", #"overview m ["a", "b"]"#),
            ("/parity/m/report", "report m [] 0 -"),
            ("/parity/m/report?tenant=a&epoch=3&since=14d", #"report m ["a"] 3 14d"#),
            ("/parity/m/differences?since=1d", "report m [] 0 1d"),
            ("/parity/m/suggest?minimum=5", "suggest m 5"),
        ]
        for (path, order) in table {
            #expect(self.ask(path).status == 200, "\(path)")
            #expect(self.orders.last == order, "\(path)")
        }
    }

    @Test func `a report comes in the form that is asked for, with its verdict beside`() throws {
        let report = ReportFixture.report
        let table: [(String, String, String)] = [
            ("", "application/json", String(decoding: try report.canonicalJSON(), as: UTF8.self)),
            ("?format=text", "text/plain; charset=utf-8", report.text),
            ("?format=html", "text/html; charset=utf-8", report.html),
            (
                "?format=csv", "text/csv; charset=utf-8; header=present",
                report.csv(.differences)
            ),
            (
                "?format=csv&table=coverage", "text/csv; charset=utf-8; header=present",
                report.csv(.coverage)
            ),
        ]
        for (query, type, text) in table {
            let answer = self.ask("/parity/m/report" + query)
            #expect(answer.status == 200, "\(query)")
            #expect(answer.contentType == type, "\(query)")
            #expect(answer.text == text, "\(query)")
            #expect(answer.header("Banyan-Verdict") == "NO_GO", "\(query)")
        }
    }

    @Test func `what cannot be meant is refused with the way on`() {
        let table: [(String, String)] = [
            ("/parity/m/report?format=pdf", "one of json, text, csv, html"),
            ("/parity/m/report?format=csv&table=x", "one of differences, coverage"),
            ("/parity/m/report?epoch=0", "epoch is a number from 1 on"),
            ("/parity/m/report?epoch=x", "epoch is a number from 1 on"),
            ("/parity/m/differences?class=vlaue", "did you mean value?"),
            ("/parity/m/differences?severity=bad", "one of accepted"),
            ("/parity/m/differences?limit=0", "limit is a number from 1 to"),
            ("/parity/m/explain", "pointer is missing"),
            ("/parity/m/suggest?minimum=-1", "minimum is a number"),
        ]
        for (path, words) in table {
            let answer = self.ask(path)
            #expect(answer.status == 400, "\(path)")
            #expect(answer.text.contains(words), "\(path): \(answer.text)")
        }
        #expect(self.ask("/parity/m/nothing").status == 404)
    }

    @Test func `differences are chosen by class, severity and field`() throws {
        let table: [(String, Int)] = [
            ("", 10), ("?class=value", 3), ("?severity=zero_tolerance", 1),
            ("?pointer=/patientId", 1), ("?pointer=", 1), ("?class=order&severity=value", 0),
            ("?limit=4", 4),
        ]
        for (query, count) in table {
            let answer = self.ask("/parity/m/differences" + query)
            let document = try DocumentNode.parse(json: answer.bytes, file: "answer")
            #expect(document["differences"]?.items?.count == count, "\(query)")
        }
    }

    @Test func `a field is explained, an unknown one brings the nearest`() throws {
        let found = self.ask("/parity/m/explain?pointer=/onlineCount")
        let document = try DocumentNode.parse(json: found.bytes, file: "answer")
        let difference = document["differences"]?.items?.first
        #expect(difference?["noise"]?.text == "alike")
        #expect(difference?["judgement"]?.text?.contains("likely noise") == true)
        let accepted = self.ask("/parity/m/explain?pointer=/meta/lastUpdated")
        #expect(accepted.text.contains("telehealth"))
        let near = self.ask("/parity/m/explain?pointer=/patientID")
        #expect(near.status == 404)
        #expect(near.text.contains("did you mean /patientId?"))
    }

    @Test func `suggestions are YAML that a route file takes`() throws {
        let suggestions = [
            RuleSuggestion(
                rule: ParityRule(path: "/tags", kind: .set, origin: "suggested"),
                strength: .strong,
                explains: 7,
                seen: 10,
                evidence: ["moved in 7 of 10"]
            ),
            RuleSuggestion(
                rule: ParityRule(
                    path: "/**/at",
                    kind: .instant(skewMilliseconds: 1_000),
                    origin: "suggested"
                ),
                strength: .likely,
                explains: 7,
                seen: 10,
                evidence: []
            ),
            RuleSuggestion(
                rule: ParityRule(
                    path: "/a\"b",
                    kind: .ignore(owner: "", reason: "", expiresUnixSeconds: nil),
                    origin: "suggested"
                ),
                strength: .ask,
                explains: 7,
                seen: 10,
                evidence: []
            ),
        ]
        #expect(
            suggestionBlock(suggestions) == """
                parity:
                  json:
                    set:
                      # strong: moved in 7 of 10
                      - "/tags"
                    instant:
                      - { path: "/**/at", skew: 1s }
                    ignore:
                      - { path: "/a\\"b", owner: "", reason: "" }

                """
        )
        #expect(suggestionBlock([]) == "")
    }
}
