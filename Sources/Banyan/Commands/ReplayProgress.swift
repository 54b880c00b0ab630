// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Kernel
import Synchronization

/// Says on stderr how far a replay is: one line that changes on a terminal, a line every ten
/// seconds elsewhere.
final class ReplayProgress: Sendable {
    private let output: CommandOutput
    private let size: UInt64
    private let start = monotonicNanoseconds()
    private let shown = Mutex(Shown())

    private struct Shown {
        var nanoseconds: UInt64 = 0
        var width = 0
        var firstRows: Int?
    }

    init(_ output: CommandOutput, size: UInt64) {
        self.output = output
        self.size = size
    }

    /// The totals as of now.
    func show(_ totals: ReplayTotals, offset: UInt64) {
        let now = monotonicNanoseconds()
        let pause: UInt64 = self.output.isInteractive ? 200_000_000 : 10_000_000_000
        let (isDue, first) = self.shown.withLock { shown in
            let first = shown.firstRows ?? totals.rows
            shown.firstRows = first
            let since = shown.nanoseconds == 0 ? self.start : shown.nanoseconds
            guard now - since >= pause else { return (false, first) }
            shown.nanoseconds = now
            return (true, first)
        }
        guard isDue else { return }
        let seconds = Double(now - self.start) / 1_000_000_000
        let line = ReplayProgress.line(
            totals,
            share: self.size == 0 ? 1 : Double(offset) / Double(self.size),
            rowsPerSecond: Double(totals.rows - first) / max(seconds, 0.001)
        )
        guard self.output.isInteractive else {
            self.output.note(line)
            return
        }
        let width = self.shown.withLock { shown in
            defer { shown.width = line.count }
            return shown.width
        }
        self.output.ask("\r" + pad(line, width))
    }

    /// Ends the line that changes.
    func finish() {
        if self.shown.withLock({ $0.width > 0 }) { self.output.note("") }
    }

    static func line(_ totals: ReplayTotals, share: Double, rowsPerSecond: Double) -> String {
        var parts = ["\(Int(min(share, 1) * 100)) %", counted(totals.rows, "row")]
        for word in totals.outcomes.keys.sorted() {
            parts.append("\(totals.outcomes[word] ?? 0) \(word)")
        }
        if totals.skipped > 0 { parts.append("\(totals.skipped) skipped") }
        if totals.errors > 0 { parts.append(counted(totals.errors, "error")) }
        parts.append("\(Int(rowsPerSecond.rounded())) rows/s")
        return parts.joined(separator: " · ")
    }
}

/// The result of a replay for people.
struct ReplayText {
    private let totals: ReplayTotals
    private let isDry: Bool

    init(_ totals: ReplayTotals, isDry: Bool) {
        self.totals = totals
        self.isDry = isDry
    }

    var text: String {
        var table = TextTable(["ROWS", "WHAT", "MEANING"])
        let totals = self.totals
        for (word, count) in totals.outcomes.sorted(by: { $0.value > $1.value }) {
            table.append(["\(count)", word, ReplayText.meanings[word] ?? ""])
        }
        for (place, count) in totals.operations.sorted(by: { $0.value > $1.value }).prefix(50) {
            table.append(["\(count)", "would be asked", place])
        }
        if totals.skipped > 0 {
            table.append(["\(totals.skipped)", "skipped", "not a safe request: never replayed"])
        }
        for (word, count) in totals.refused.sorted(by: { $0.value > $1.value }) {
            let meaning =
                SyntheticRefusal(rawValue: word)?.meaning
                ?? ReplayRowProblem(rawValue: word)?.meaning ?? ""
            table.append(["\(count)", word, meaning])
        }
        if totals.inDoubt > 0 {
            let meaning = "a killed run may have observed them: not asked again"
            table.append(["\(totals.inDoubt)", "in doubt", meaning])
        }
        var text = table.count > 0 ? table.text : ""
        text += counted(totals.rows, "row")
        if self.isDry {
            let asked = totals.operations.values.reduce(0, +)
            text += ", \(asked) would be asked of both origins"
            text += " for \(counted(totals.tenants.count, "tenant"))\n"
        } else {
            text += ", \(totals.observed) observed\n"
        }
        return text
    }

    private static let meanings = [
        "match": "both answers agree by the route's rules",
        "mismatch": "they differ (a recheck may still find a race): banyan parity diff",
        "modern_failed": "legacy answered, modern did not",
        "legacy_failed": "modern answered, legacy did not",
        "both_failed": "neither answered",
        "raced": "legacy changed meanwhile",
        "unobserved": "not comparable: see banyan parity status",
    ]
}
