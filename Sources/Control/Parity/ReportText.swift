// SPDX-License-Identifier: Apache-2.0

import Documents
import Parity

extension ParityReport {
    /// The report for a terminal: no colour, no control characters, lines as long as they need.
    public var text: String {
        var text = "Parity of \(printable(self.migration)): \(self.verdict.title)\n"
        for reason in self.verdict.reasons { text += "  \(printable(reason))\n" }
        if let missing = self.missingSentence { text += "  \(missing)\n" }
        text += "\n"
        let width = self.facts.map(\.name.count).max() ?? 0
        for fact in self.facts {
            let space = String(repeating: " ", count: width - fact.name.count)
            text += "  \(fact.name)\(space)  \(printable(fact.value))\n"
        }
        text += self.checksText
        text += ParityReport.section(self.outcomeTable)
        text += "  \(self.noiseSentence)\n"
        if !self.unobservedTable.rows.isEmpty {
            text += ParityReport.section(self.unobservedTable)
        }
        text += ParityReport.section(
            self.differenceTable(max: ReportLimits.textRows),
            empty: "no difference was seen"
        )
        if !self.differences.isEmpty {
            text += ParityReport.section(self.exampleTable(max: ReportLimits.textRows))
        }
        text += ParityReport.section(
            self.acceptedTable(max: ReportLimits.textRows),
            empty: "no rule accepts a difference"
        )
        text += ParityReport.section(self.operationTable, empty: "no operation was used")
        text += ParityReport.section(
            self.uncoveredTable(max: ReportLimits.textRows),
            empty: "every tenant has enough comparisons of every operation that it uses"
        )
        text += ParityReport.section(self.latencyTable(max: ReportLimits.textRows))
        text += ParityReport.section(self.errorTable)
        text += ParityReport.section(self.epochTable)
        return text
    }

    /// What is missing for a decision, or `nil`.
    var missingSentence: String? {
        guard let missing = self.verdict.missingComparisons else { return nil }
        var text = "Missing: \(ReportFigures.count(missing)) comparisons"
        if let days = self.verdict.missingDays {
            text += ", \(ReportFigures.fixed(days, decimals: 1)) days at this rate"
        }
        return text + "."
    }

    private var checksText: String {
        guard !self.verdict.checks.isEmpty else { return "" }
        var text = "\nRequirements\n"
        let width = self.verdict.checks.map(\.title.count).max() ?? 0
        for check in self.verdict.checks {
            let space = String(repeating: " ", count: width - check.title.count)
            let route = check.route.isEmpty ? "" : check.route + ": "
            text += "  \(check.state.mark) \(check.title)\(space)  "
            text += printable(route + check.statement) + "\n"
            let numbers = check.numbers.map { "\($0.label) \($0.text)" }.joined(separator: " · ")
            if !numbers.isEmpty {
                text += "    \(String(repeating: " ", count: width))  \(printable(numbers))\n"
            }
        }
        return text
    }

    private static func section(_ table: ReportTable, empty: String = "none") -> String {
        "\n\(table.title)\n" + (table.rows.isEmpty ? "  \(empty)\n" : table.text)
    }
}
