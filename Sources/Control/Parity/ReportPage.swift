// SPDX-License-Identifier: Apache-2.0

import Parity

extension ParityReport {
    /// The report as one self-contained page: no script, no request, prints on A4.
    public var html: String { ReportPage(self).markup.text }
}

/// Writes a report as HTML.
struct ReportPage {
    private let report: ParityReport

    init(_ report: ParityReport) { self.report = report }

    /// The whole page.
    var markup: Markup {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>Parity of \(self.report.migration): \(self.report.verdict.title)</title>
        <style>\(reportStyle)</style>
        </head>
        <body>
        <header>
        <p class="kind">Parity report</p>
        <h1>\(self.report.migration)</h1>
        \(self.verdict)
        </header>
        <main>
        \(self.scope)
        \(self.requirements)
        \(self.outcomes)
        \(self.charts)
        \(self.differences)
        \(self.accepted)
        \(self.coverage)
        \(self.comparison)
        \(self.epochs)
        \(self.reading)
        </main>
        </body>
        </html>

        """
    }

    // MARK: Sections

    private var verdict: Markup {
        let verdict = self.report.verdict
        var sentences = verdict.reasons
        if let missing = self.report.missingSentence { sentences.append(missing) }
        let reasons = Markup.joined(sentences.map { "<li>\($0)</li>" })
        let list: Markup = sentences.isEmpty ? "" : "<ul>\(reasons)</ul>"
        return """
            <div class="verdict \(self.tone)"><p class="word"><span aria-hidden="true">\(self.mark)</span> \(verdict.title)</p>\(list)</div>
            """
    }

    private var tone: Markup {
        switch self.report.verdict.word {
        case "GO": "go"
        case "NO_GO": "no"
        case "INVALID": "invalid"
        default: "open"
        }
    }

    private var mark: Markup {
        switch self.report.verdict.word {
        case "GO": "✓"
        case "NO_GO": "✗"
        case "INVALID": "!"
        default: "…"
        }
    }

    private var scope: Markup {
        let rows = Markup.joined(
            self.report.facts.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" }
        )
        return "<section><h2>Scope</h2><dl>\(rows)</dl></section>"
    }

    private var requirements: Markup {
        guard !self.report.verdict.checks.isEmpty else { return "" }
        let rows = Markup.joined(
            self.report.verdict.checks.map { check in
                let numbers = Markup.joined(
                    check.numbers.map { "<span>\($0.label) <b>\($0.text)</b></span> " }
                )
                return """
                    <tr><th scope="row">\(check.title)<div class="soft">\(check.route)</div></th><td class="state"><span aria-hidden="true">\(check.state.mark)</span> \(check.state.rawValue)</td><td>\(check.statement)<div class="numbers">\(numbers)</div></td></tr>
                    """
            }
        )
        return """
            <section><h2>Requirements</h2><div class="scroll"><table><thead><tr><th scope="col">asked for</th><th scope="col">state</th><th scope="col">found</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
            """
    }

    private var outcomes: Markup {
        let observed = ReportFigures.count(self.report.all.observed)
        var markup: Markup = """
            <section><h2>Outcomes</h2><p>\(observed) exchanges were sampled before their answers were known; each ended in exactly one outcome.</p>\(self.table(self.report.outcomeTable))
            """
        markup += "<p>\(self.report.noiseSentence)</p>"
        let unobserved = self.report.unobservedTable
        if !unobserved.rows.isEmpty {
            markup += "<h3>\(unobserved.title)</h3>\(self.table(unobserved))"
        }
        return markup + "</section>"
    }

    private var charts: Markup {
        guard !self.report.series.isEmpty else { return "" }
        let charts = ReportCharts(self.report)
        return """
            <section><h2>Over time</h2>\(charts.bound)\(charts.outcomes)</section>
            """
    }

    private var differences: Markup {
        let table = self.report.differenceTable(max: ReportLimits.pageRows)
        guard !table.rows.isEmpty else {
            return "<section><h2>Differences</h2><p>No difference was seen.</p></section>"
        }
        let examples = self.report.exampleTable(max: ReportLimits.pageRows)
        return """
            <section><h2>Differences</h2><p>By class and field. A field is a JSON pointer: * is any element, {key} a key that is data. Beside each stands what legacy does when it is read twice.</p>\(self.table(table))<h3>\(examples.title)</h3>\(self.table(examples))</section>
            """
    }

    private var accepted: Markup {
        let table = self.report.acceptedTable(max: ReportLimits.pageRows)
        let body: Markup =
            table.rows.isEmpty ? "<p>No rule accepts a difference.</p>" : self.table(table)
        return "<section><h2>Accepted differences</h2>\(body)</section>"
    }

    private var coverage: Markup {
        let report = self.report
        let uncovered = report.uncoveredTable(max: ReportLimits.pageRows)
        let lacking: Markup =
            uncovered.rows.isEmpty
            ? "" : "<h3>Not covered</h3>\(self.table(uncovered))"
        return """
            <section><h2>Coverage</h2><p>\(report.coveredCells) of \(report.cells.count) pairs of tenant and operation have the \(ReportFigures.count(report.coverageRequired)) comparisons that are asked for. Operations that were never used: \(report.neverExercised.count).</p>\(self.table(report.operationTable))\(lacking)</section>
            """
    }

    private var comparison: Markup {
        let report = self.report
        let chart: Markup =
            report.latency.first.map { $0.legacyCount > 0 && $0.modernCount > 0 } == true
            ? ReportCharts(report).latency : ""
        return """
            <section><h2>Latency and errors</h2><p>Request sent to last byte, both origins over the same exchanges. Modern's is its service time as a copy, off the client's way. Steps of 12.5 %.</p>\(chart)\(self.table(report.latencyTable(max: ReportLimits.pageRows)))<h3>Errors</h3>\(self.table(report.errorTable))</section>
            """
    }

    private var epochs: Markup {
        """
        <section><h2>Epochs</h2><p>Counts start anew when rules, a build or the data change; earlier epochs stay on record.</p>\(self.table(self.report.epochTable))</section>
        """
    }

    private var reading: Markup {
        """
        <section><h2>How to read this</h2><dl class="terms">
        <div><dt>GO</dt><dd>every requirement is met. Missing data is never GO.</dd></div>
        <div><dt>Upper bound</dt><dd>with the stated confidence the true rate of mismatches is below it, at every look, however often somebody looks.</dd></div>
        <div><dt>Compared</dt><dd>match, mismatch and modern_failed. Repeats of one request within the window count once.</dd></div>
        <div><dt>In re-reads</dt><dd>how often legacy differs from itself there when it is read twice in a row.</dd></div>
        <div><dt>Fingerprint</dt><dd>a keyed digest of a value: equal ones were equal values. Without the key, which the edge keeps and can destroy, it says nothing.</dd></div>
        </dl><p>No value of a record, query, header or path is in this report: only places, kinds, length classes and fingerprints. Built again from the same store it is the same bytes.</p></section>
        """
    }

    // MARK: Tables

    private func table(_ table: ReportTable) -> Markup {
        func side(_ index: Int) -> Markup {
            switch table.columns[index].side {
            case .left: ""
            case .word: " class=\"w\""
            case .right: " class=\"n\""
            }
        }
        let head = Markup.joined(
            table.columns.indices.map { index in
                "<th scope=\"col\"\(side(index))>\(table.columns[index].heading)</th>"
            }
        )
        let rows = Markup.joined(
            table.rows.map { row in
                let cells = Markup.joined(
                    row.indices.map { "<td\(side($0))>\(Markup.breakable(row[$0]))</td>" }
                )
                return "<tr>\(cells)</tr>\n"
            }
        )
        let more: Markup =
            table.leftOut > 0
            ? "<p>\(table.leftOut) more rows are in the JSON and CSV forms.</p>" : ""
        return """
            <div class="scroll" role="region" aria-label="\(table.title)" tabindex="0"><table><thead><tr>\(head)</tr></thead><tbody>
            \(rows)</tbody></table></div>\(more)
            """
    }
}
