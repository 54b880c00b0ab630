// SPDX-License-Identifier: Apache-2.0

import Parity

#if canImport(Glibc)
import Glibc
#endif

/// The charts of a report as SVG: told by shape, position and words, not by colour.
struct ReportCharts {
    private let report: ParityReport
    private static let width = 960.0
    private static let left = 108.0
    private static let right = 20.0

    init(_ report: ParityReport) { self.report = report }

    // MARK: Bound

    /// The upper bound of the mismatch rate over time, on a logarithmic scale, beside the limit.
    var bound: Markup {
        let points = self.report.series.filter { $0.upperBound.isFinite && $0.upperBound > 0 }
        guard let last = points.last else { return "" }
        let limit = self.report.mismatchLimit
        // Room below the limit: that is where the line has to end.
        let values = points.map { min(1, $0.upperBound) } + [limit / 2]
        let lowest = Int((values.min().map(log10) ?? -5).rounded(.down))
        let decades = lowest...0
        let (top, height) = (14.0, 210.0)
        func y(_ value: Double) -> Double {
            top + height * -log10(min(1, max(value, pow(10, Double(lowest))))) / Double(-lowest)
        }
        var body = Markup()
        for decade in decades where lowest < 0 {
            let at = y(pow(10, Double(decade)))
            body += self.rule("grid", at)
            body += self.label(Self.left - 8, at + 4, "end", Self.rate(decade))
        }
        body += self.timeAxis(top + height)
        body += self.rule("limit", y(limit))
        body += self.label(
            Self.width - Self.right,
            y(limit) - 6,
            "end",
            "allowed: \(Self.percent(limit))"
        )
        let line = points.map { Self.pair(self.x(ending: $0), y($0.upperBound)) }
            .joined(separator: " ")
        body += "<polyline class=\"bound\" points=\"\(line)\"/>"
        for point in points {
            let at = (self.x(ending: point), y(point.upperBound))
            body += """
                <circle class="dot" r="2.5" cx="\(Self.number(at.0))" cy="\(Self.number(at.1))"/>
                """
        }
        let latest = Self.percent(last.upperBound)
        return self.figure(
            "Upper bound of the mismatch rate",
            "Everything compared so far in this epoch, all tenants. The line must end below the dashed one. Latest: \(latest).",
            height: top + height + 34,
            body
        )
    }

    // MARK: Outcomes

    /// Bars over time, one row of its own for each outcome that occurred.
    var outcomes: Markup {
        let spans = self.report.series
        let shown = ObservationOutcome.allCases.filter { outcome in
            spans.contains { $0.outcomes[Int(outcome.rawValue)] > 0 }
        }
        guard !shown.isEmpty else { return "" }
        let (row, bars) = (46.0, 32.0)
        var body = Markup()
        for (index, outcome) in shown.enumerated() {
            let counts = spans.map { $0.outcomes[Int(outcome.rawValue)] }
            let most = counts.max() ?? 1
            let base = Double(index) * row + row - 4
            body += self.label(Self.left - 8, base - 12, "end", outcome.word)
            body += """
                <text class="soft" x="\(Self.number(Self.left - 8))" y="\(Self.number(base + 2))" text-anchor="end">max \(ReportFigures.count(most))</text>
                """
            body += self.rule("axis", base)
            for (span, count) in zip(spans, counts) where count > 0 {
                let height = max(1.5, bars * Double(count) / Double(most))
                let begin = self.x(span.startUnixMilliseconds)
                let width = max(1, self.x(ending: span) - begin - 1)
                body += """
                    <rect class="bar" x="\(Self.number(begin))" y="\(Self.number(base - height))" width="\(Self.number(width))" height="\(Self.number(height))"/>
                    """
            }
        }
        let bottom = Double(shown.count) * row
        body += self.timeAxis(bottom)
        return self.figure(
            "Outcomes",
            "Exchanges by outcome, all tenants; each row has its own scale. One bar: \(ReportFigures.span(milliseconds: spans[0].lengthMilliseconds)).",
            height: bottom + 34,
            body
        )
    }

    // MARK: Latency

    /// Legacy's quantiles beside modern's: a ring and a square on one line.
    var latency: Markup {
        guard let all = self.report.latency.first, let least = (all.legacy + all.modern).min(),
            let most = (all.legacy + all.modern).max()
        else { return "" }
        let low = log10(Double(max(1, least)) * 0.8)
        let high = log10(Double(max(2, most)) * 1.25)
        func x(_ value: UInt64) -> Double {
            Self.left + (Self.width - Self.left - Self.right - 60)
                * (log10(Double(max(1, value))) - low) / (high - low)
        }
        let (row, top) = (40.0, 26.0)
        var body = Markup()
        for (index, quantile) in ReportLatency.quantiles.enumerated()
        where index < all.legacy.count && index < all.modern.count {
            let y = top + Double(index) * row + 14
            let (legacy, modern) = (x(all.legacy[index]), x(all.modern[index]))
            body += self.rule("grid", y)
            body += self.label(Self.left - 8, y + 4, "end", quantile.name)
            body += """
                <line class="between" x1="\(Self.number(legacy))" x2="\(Self.number(modern))" y1="\(Self.number(y))" y2="\(Self.number(y))"/>
                <rect class="modern" x="\(Self.number(modern - 6))" y="\(Self.number(y - 6))" width="12" height="12"/>
                <circle class="legacy" r="7" cx="\(Self.number(legacy))" cy="\(Self.number(y))"/>
                """
            body += self.label(
                legacy,
                y - 11,
                "middle",
                "L " + ReportFigures.milliseconds(all.legacy[index])
            )
            body += self.label(
                modern,
                y + 22,
                "middle",
                "M " + ReportFigures.milliseconds(all.modern[index])
            )
        }
        return self.figure(
            "Latency",
            "Ring L: legacy. Square M: modern. Further right is slower; the scale is logarithmic.",
            height: top + Double(ReportLatency.quantiles.count) * row + 8,
            body
        )
    }

    // MARK: Parts

    private func figure(
        _ title: String,
        _ description: String,
        height: Double,
        _ body: Markup
    ) -> Markup {
        """
        <figure><figcaption>\(title)<span>\(description)</span></figcaption><svg viewBox="0 0 \(Self.number(Self.width)) \(Self.number(height))" role="img" aria-label="\(title). \(description)">\(body)</svg></figure>
        """
    }

    private func rule(_ kind: String, _ y: Double) -> Markup {
        """
        <line class="\(kind)" x1="\(Self.number(Self.left))" x2="\(Self.number(Self.width - Self.right))" y1="\(Self.number(y))" y2="\(Self.number(y))"/>
        """
    }

    private func label(_ x: Double, _ y: Double, _ anchor: String, _ text: String) -> Markup {
        """
        <text x="\(Self.number(x))" y="\(Self.number(y))" text-anchor="\(anchor)">\(text)</text>
        """
    }

    /// The line of time with its first, middle and last instant.
    private func timeAxis(_ y: Double) -> Markup {
        var markup = self.rule("axis", y)
        let (first, last) = self.reach
        let isShort = last - first <= 3 * 86_400_000
        let anchors = [("start", first), ("middle", first + (last - first) / 2), ("end", last)]
        for (anchor, instant) in anchors {
            let text = isShort ? ReportFigures.instant(instant) : ReportFigures.day(instant)
            markup += self.label(self.x(instant), y + 18, anchor, text)
        }
        return markup
    }

    private var reach: (Int64, Int64) {
        let first = self.report.series.first?.startUnixMilliseconds ?? 0
        let last = self.report.series.last.map { $0.startUnixMilliseconds + $0.lengthMilliseconds }
        return (first, max(first + 1, last ?? 0))
    }

    private func x(_ instant: Int64) -> Double {
        let (first, last) = self.reach
        let share = Double(instant - first) / Double(last - first)
        return Self.left + (Self.width - Self.left - Self.right) * share
    }

    private func x(ending span: ReportSpan) -> Double {
        self.x(span.startUnixMilliseconds + span.lengthMilliseconds)
    }

    /// A coordinate: a tenth of a unit is finer than any eye.
    private static func number(_ value: Double) -> String {
        ReportFigures.fixed(value, decimals: 1)
    }

    private static func pair(_ x: Double, _ y: Double) -> String { "\(number(x)),\(number(y))" }

    /// A power of ten as percent: -4 is `0.01 %`.
    private static func rate(_ decade: Int) -> String {
        let exponent = decade + 2
        guard exponent < 0 else {
            return "1" + String(repeating: "0", count: exponent) + " %"
        }
        return "0." + String(repeating: "0", count: -exponent - 1) + "1 %"
    }

    private static func percent(_ rate: Double) -> String {
        let percent = rate * 100
        return ReportFigures.fixed(percent, decimals: percent < 0.01 ? 5 : percent < 1 ? 4 : 2)
            + " %"
    }
}
