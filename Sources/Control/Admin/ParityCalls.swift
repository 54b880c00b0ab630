// SPDX-License-Identifier: Apache-2.0

import Documents
import Parity

/// The paths of the admin API that tell about parity; all of them only read.
extension AdminAPI {
    static let parityRoutes: [Route] = [
        Route(path: ["parity"], method: "GET", isChange: false) { api, call throws(AdminProblem) in
            let query = call.request.query
            let reports = try api.edge.parityOverview(
                migration: query["migration"],
                tenants: call.tenants
            )
            return ["migrations": .list(reports.map(\.summary))]
        },
        Route(
            path: ["parity", "{id}", "report"],
            method: "GET",
            isChange: false,
            respond: { api, call throws(AdminProblem) in
                try call.answer(try api.edge.parityReport(try call.reportQuery()))
            }
        ),
        Route(path: ["parity", "{id}", "differences"], method: "GET", isChange: false) {
            api,
            call throws(AdminProblem) in
            let rows = try call.number("limit", 100, in: 1...ReportLimits.documentRows)
            let report = try api.edge.parityReport(try call.reportQuery())
            return try call.differences(report, rowsMax: rows)
        },
        Route(path: ["parity", "{id}", "explain"], method: "GET", isChange: false) {
            api,
            call throws(AdminProblem) in
            guard let pointer = call.request.query["pointer"] else {
                throw AdminProblem(.invalid, "pointer is missing", hint: "?pointer=/participants")
            }
            let query = try call.reportQuery()
            let report = try api.edge.parityReport(query)
            return try DifferenceExplanation(
                report,
                pointer: pointer,
                suggestions: try api.edge.paritySuggestions(query, minimum: 1)
            ).document
        },
        Route(path: ["parity", "{id}", "suggest"], method: "GET", isChange: false) {
            api,
            call throws(AdminProblem) in
            let minimum = try call.number("minimum", 20, in: 1...1_000_000_000)
            let found = try api.edge.paritySuggestions(
                try call.reportQuery(),
                minimum: UInt64(minimum)
            )
            return suggestionDocument(found, migration: call.bound)
        },
    ]
}

extension AdminCall {
    /// `?tenant=a,b`: the tenants in scope.
    var tenants: [String] {
        (self.request.query["tenant"] ?? "").split(separator: ",").map(String.init)
    }

    /// The migration in the path, and `?tenant=&epoch=&since=`.
    func reportQuery() throws(AdminProblem) -> ReportQuery {
        var query = ReportQuery(migration: self.bound)
        query.tenants = self.tenants
        query.since = self.request.query["since"]
        if let text = self.request.query["epoch"] {
            guard let number = UInt64(text), number > 0 else {
                throw AdminProblem(.invalid, "epoch is a number from 1 on")
            }
            query.epoch = number
        }
        return query
    }

    /// A number of the query.
    func number(
        _ name: String,
        _ usual: Int,
        in range: ClosedRange<Int>
    ) throws(AdminProblem) -> Int {
        guard let text = self.request.query[name] else { return usual }
        guard let number = Int(text), range.contains(number) else {
            throw AdminProblem(
                .invalid,
                "\(name) is a number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// A report with its verdict beside.
    func answer(_ report: ParityReport) throws(AdminProblem) -> ControlResponse {
        var answer = try self.rendered(report)
        answer.headers.append(ControlField("Banyan-Verdict", report.verdict.word))
        return answer
    }

    /// The report in the form that `?format=` names; JSON in its canonical bytes.
    func rendered(_ report: ParityReport) throws(AdminProblem) -> ControlResponse {
        let format = self.request.query["format"] ?? "json"
        switch format {
        case "json":
            do throws(DocumentsError) {
                return ControlResponse(
                    contentType: "application/json",
                    body: try report.canonicalJSON()
                )
            } catch {
                throw AdminProblem(.failed, "a number of the report has no canonical form")
            }
        case "text": return .text(report.text)
        case "html":
            return ControlResponse(
                contentType: "text/html; charset=utf-8",
                body: Array(report.html.utf8)
            )
        case "csv":
            let name = self.request.query["table"] ?? ReportSheet.differences.rawValue
            guard let sheet = ReportSheet(rawValue: name) else {
                throw AdminProblem(
                    .invalid,
                    "there is no table \"\(printable(name))\"",
                    hint: "one of " + ReportSheet.allCases.map(\.rawValue).joined(separator: ", ")
                )
            }
            return ControlResponse(
                contentType: "text/csv; charset=utf-8; header=present",
                body: Array(report.csv(sheet).utf8)
            )
        default:
            throw AdminProblem(
                .invalid,
                "there is no format \"\(printable(format))\"",
                hint: "one of json, text, csv, html"
            )
        }
    }

    /// The differences of a report that `?class=&severity=&pointer=` leave.
    func differences(
        _ report: ParityReport,
        rowsMax: Int
    ) throws(AdminProblem) -> DocumentValue {
        let query = self.request.query
        let classes = DifferenceClass.allCases.map(\.word)
        try self.check("class", among: classes)
        try self.check("severity", among: DifferenceSeverity.allCases.map(\.word))
        let rows = report.differences.filter { difference in
            (query["class"] ?? difference.sums.difference.word) == difference.sums.difference.word
                && (query["severity"] ?? difference.sums.severity.word)
                    == difference.sums.severity.word
                && (query["pointer"] ?? difference.sums.pointer) == difference.sums.pointer
        }
        return [
            "migration": .string(report.migration), "epoch": .integer(report.epoch.number),
            "compared": .integer(report.compared),
            "differences": .list(rows.prefix(rowsMax).map(\.document)),
            "leftOut": .integer(max(0, rows.count - rowsMax)),
        ]
    }

    private func check(_ name: String, among words: [String]) throws(AdminProblem) {
        guard let word = self.request.query[name], !words.contains(word) else { return }
        throw AdminProblem(
            .invalid,
            "there is no \(name) \"\(printable(word))\"",
            hint: nearestName(word, among: words).map { "did you mean \($0)?" }
                ?? "one of " + words.joined(separator: ", ")
        )
    }
}

extension ParityReport {
    /// A row of the overview: what a console's tile or `banyan parity status` shows.
    var summary: DocumentValue {
        let bound = self.series.last?.upperBound ?? .nan
        return [
            "migration": .string(self.migration), "epoch": .integer(self.epoch.number),
            "cause": .string(self.epoch.cause),
            "from": ReportFigures.instantValue(self.fromUnixMilliseconds),
            "to": ReportFigures.instantValue(self.toUnixMilliseconds),
            "verdict": self.verdict.document, "outcomes": ParityReport.outcomes(self.all),
            "upperBound": self.tenants.isEmpty ? .decimal(bound) : .null,
            "mismatchLimit": .decimal(self.mismatchLimit),
            "cells": .integer(self.cells.count), "covered": .integer(self.coveredCells),
            "neverExercised": .integer(self.neverExercised.count),
            "differences": .integer(self.differences.count),
            "zeroTolerance": .integer(self.all.zeroTolerance),
            "ruleSetHash": .string(self.epoch.ruleSetHash),
        ]
    }
}
