// SPDX-License-Identifier: Apache-2.0

import Control
import Documents

/// Checks the shape of a cell argument: `TENANT/MIGRATION`, `*/MIGRATION`, `TENANT/*`, `MIGRATION`.
func cellArgument(_ text: String) throws(CommandFailure) -> String {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }), text != "*",
        text != "*/*"
    else {
        throw CommandFailure(
            .usage,
            "\"\(printable(text))\" is no cell",
            hint: "cells are TENANT/MIGRATION, */MIGRATION or TENANT/*"
        )
    }
    return parts.count == 1 ? "*/\(text)" : text
}

/// Prints what an act did, for people or as JSON; the exit code is 6 when it is not complete.
func present(
    _ document: DocumentNode,
    _ context: CommandContext
) throws(CommandFailure) -> ExitCode {
    guard let report = ActReport(document: document) else {
        throw CommandFailure(.failed, "the edge's answer is no report of an act")
    }
    switch try context.form() {
    case .json: context.output.line(report.document.prettyJSON)
    case .table: context.output.write(ActText(report, Times(zone: context.timeZone)).text)
    }
    if !report.silent.isEmpty {
        let names = report.silent.map { "\($0)" }.joined(separator: ", ")
        context.output.note(
            "NOT CONFIRMED by worker \(names) within 1 s; the \(report.act) stands."
        )
    }
    if !report.isRecorded {
        context.output.note(
            "NOT RECORDED: the \(report.act) is in force, but neither store nor journal has it.\n"
                + "  = a restart now would forget it; see Runbooks/store-unavailable.md"
        )
    }
    return report.isComplete ? .done : .unconfirmed
}

/// A report of an act in words.
struct ActText {
    private let report: ActReport
    private let times: Times

    init(_ report: ActReport, _ times: Times) {
        self.report = report
        self.times = times
    }

    /// Streams that the act has left where they were.
    private var leftBehind: String? {
        var parts: [String] = []
        if self.report.tunnelsLeft > 0 { parts.append(counted(self.report.tunnelsLeft, "tunnel")) }
        if self.report.streamsLeft > 0 { parts.append(counted(self.report.streamsLeft, "stream")) }
        guard !parts.isEmpty else { return nil }
        return "still on the previous origin: \(parts.joined(separator: ", "))"
            + " (`banyan status` shows them)"
    }

    /// All lines.
    var text: String {
        var lines = self.moves
        lines.append(self.figures)
        if self.report.act == "rollback" {
            lines.append(
                "in flight on modern: \(self.report.inFlightModern)"
                    + (self.report.inFlightModern > 0 ? " (finishing there)" : "")
            )
        }
        if let left = self.leftBehind { lines.append(left) }
        if let writes = self.report.writesLeftBehind {
            let tail = writes > 0 ? " (legacy does not have them)" : ""
            lines.append("writes left behind on modern: \(writes)\(tail)")
        }
        if let clear = self.report.redirectsClearMilliseconds {
            lines.append("redirect caches are clear at \(self.times.clock(Int(clear)))")
        }
        lines += self.report.notes.map { "note: \(printable($0))" }
        var who = "by \(printable(self.report.actor))"
        if let reason = self.report.reason { who += ", reason: \(printable(reason))" }
        lines.append(who)
        if let undo = self.report.undo { lines.append("undo: \(undo)") }
        return lines.map { $0 + "\n" }.joined()
    }

    private var moves: [String] {
        let shown = self.report.cells.prefix(10)
        let mark = self.report.isUngated ? "   (ungated)" : ""
        var lines = shown.map { move in
            let name = printable(move.cell)
            switch self.report.act {
            case "freeze": return "\(name): writes are refused (503)"
            case "unfreeze": return "\(name): writes are allowed"
            default:
                if move.from == move.to { return "\(name): stays at \(move.to ?? "(flag)")" }
                return "\(name): \(move.from ?? "(flag)") -> \(move.to ?? "(flag)")\(mark)"
            }
        }
        let rest = self.report.cellCount - shown.count
        if rest > 0 { lines.append("... and \(rest) more cells") }
        if self.report.cellCount == 0 { lines.append("no cell moved") }
        return Array(lines)
    }

    /// The line `generation 1841, 2/2 workers, 0.4 ms, last legacy request 14:03:07.412`.
    private var figures: String {
        let tenths = (self.report.elapsedNanoseconds + 50_000) / 100_000
        var line = "generation \(self.report.generation), "
        line += "\(self.report.confirmed)/\(self.report.workers) workers, "
        line += "\(tenths / 10).\(tenths % 10) ms"
        if let last = self.report.lastLegacyMilliseconds {
            line += ", last legacy request \(self.times.clock(Int(last)))"
        }
        return line
    }
}
