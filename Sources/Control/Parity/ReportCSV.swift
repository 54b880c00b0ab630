// SPDX-License-Identifier: Apache-2.0

import Parity

/// Tables of a report that can be had as CSV.
public enum ReportSheet: String, Sendable, CaseIterable {
    /// Kinds of differences with their counts and noise.
    case differences
    /// Tenant x operation with all outcomes.
    case coverage
    /// Rules that accept differences.
    case accepted
    /// Quantiles by operation and origin.
    case latency
    /// Outcomes and bound over time.
    case series
    /// The verdict's requirements and their numbers.
    case verdict
}

extension ParityReport {
    /// One table as CSV (RFC 4180, CRLF, a heading, UTF-8 without mark), full numbers, no units.
    public func csv(_ sheet: ReportSheet) -> String {
        let rows =
            switch sheet {
            case .differences: self.differenceSheet
            case .coverage: self.coverageSheet
            case .accepted: self.acceptedSheet
            case .latency: self.latencySheet
            case .series: self.seriesSheet
            case .verdict: self.verdictSheet
            }
        var text = ""
        for row in rows.prefix(ReportLimits.documentRows + 1) {
            text += row.map(csvCell).joined(separator: ",") + "\r\n"
        }
        return text
    }

    private var differenceSheet: [[String]] {
        [
            [
                "route", "operation", "pointer", "class", "severity", "count", "compared",
                "noise", "noise_count", "noise_reads", "candidate_only", "noise_only", "tenants",
                "legacy_kind", "legacy_length_class", "modern_kind", "modern_length_class",
                "first", "last",
            ]
        ]
            + self.differences.map { difference in
                let sums = difference.sums
                return [
                    sums.route, sums.operation, sums.pointer, sums.difference.word,
                    sums.severity.word, "\(sums.count)", "\(difference.compared)",
                    difference.noise.rawValue, "\(sums.noiseCount)", "\(difference.noiseReads)",
                    "\(sums.candidateOnly)", "\(sums.noiseOnly)",
                    sums.tenants.joined(separator: " "), sums.legacyKind.word,
                    "\(sums.legacyLengthClass)", sums.modernKind.word,
                    "\(sums.modernLengthClass)",
                    ReportFigures.instant(sums.firstUnixMilliseconds),
                    ReportFigures.instant(sums.lastUnixMilliseconds),
                ]
            }
    }

    private var coverageSheet: [[String]] {
        [
            ["tenant", "wave", "route", "operation", "compared", "required", "is_covered"]
                + ObservationOutcome.allCases.map(\.word) + ["gate_mismatches", "zero_tolerance"]
        ]
            + self.cells.map { cell in
                [
                    cell.tenant, cell.wave, cell.route, cell.operation, "\(cell.compared)",
                    "\(self.coverageRequired)",
                    cell.compared >= self.coverageRequired ? "true" : "false",
                ]
                    + ObservationOutcome.allCases.map { "\(cell[$0])" }
                    + ["\(cell.gateMismatches)", "\(cell.zeroTolerance)"]
            }
    }

    private var acceptedSheet: [[String]] {
        [["route", "path", "owner", "reason", "expires", "is_expired", "count", "rule"]]
            + self.accepted.map { rule in
                [
                    rule.route, rule.path, rule.owner, rule.reason,
                    rule.expiresUnixSeconds.map { ReportFigures.day($0 * 1_000) } ?? "",
                    rule.isExpired ? "true" : "false", "\(rule.count)", rule.origin,
                ]
            }
    }

    private var latencySheet: [[String]] {
        var rows = [
            ["route", "operation", "origin", "answers"]
                + ReportLatency.quantiles.map { $0.name + "_microseconds" }
        ]
        for row in self.latency {
            let sides = [
                ("legacy", row.legacyCount, row.legacy), ("modern", row.modernCount, row.modern),
            ]
            for (origin, count, values) in sides {
                rows.append(
                    [row.route, row.operation, origin, "\(count)"]
                        + ReportLatency.quantiles.indices.map {
                            $0 < values.count ? "\(values[$0])" : ""
                        }
                )
            }
        }
        return rows
    }

    private var seriesSheet: [[String]] {
        [
            ["from", "seconds"] + ObservationOutcome.allCases.map(\.word)
                + ["gate_mismatches", "upper_bound"]
        ]
            + self.series.map { span in
                [
                    ReportFigures.instant(span.startUnixMilliseconds),
                    "\(span.lengthMilliseconds / 1_000)",
                ]
                    + span.outcomes.map { "\($0)" }
                    + [
                        "\(span.gateMismatches)",
                        span.upperBound.isFinite ? "\(span.upperBound)" : "",
                    ]
            }
    }

    private var verdictSheet: [[String]] {
        var rows = [["check", "route", "state", "number", "value"]]
        rows.append(["verdict", "", self.verdict.word, "", ""])
        for check in self.verdict.checks {
            for number in check.numbers {
                rows.append([
                    check.key, check.route, check.state.rawValue, number.key,
                    number.value.isFinite ? "\(number.value)" : "",
                ])
            }
            if check.numbers.isEmpty {
                rows.append([check.key, check.route, check.state.rawValue, "", ""])
            }
        }
        return rows
    }
}

/// A cell of CSV that no spreadsheet takes for a formula.
///
/// A cell that begins with `=`, `+`, `-`, `@`, a tab or a line break gets an apostrophe before it
/// (spreadsheets then show the text), unless it is a plain number.
func csvCell(_ text: String) -> String {
    var cell = text
    if let first = cell.unicodeScalars.first, "=+-@\t\r\n".unicodeScalars.contains(first),
        Double(cell) == nil
    {
        cell = "'" + cell
    }
    let needsQuotes = cell.unicodeScalars.contains { "\",\r\n'; \t".unicodeScalars.contains($0) }
    guard needsQuotes else { return cell }
    var quoted = "\""
    for scalar in cell.unicodeScalars {
        if scalar == "\"" { quoted += "\"" }
        quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
}
