// SPDX-License-Identifier: Apache-2.0

import Control
import Documents

/// The command `banyan status`.
enum StatusCommand {
    static let spec = CommandSpec(
        words: ["status"],
        summary: "Show where cells stand, and how the edge and its endpoints are.",
        arguments: "[CELL]",
        positionals: 0...1,
        options: [
            .isSet("--all", "also cells that nobody has touched (at most 1,000 rows)"),
            CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample("banyan status", "every touched cell and every migration's default"),
            CommandExample("banyan status acme/virtual-care", "one cell"),
            CommandExample("banyan status 'acme/*' -o json", "one tenant, for a program"),
        ],
        exitCodes: [.failed, .nothingMatched, .unreachable],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let cell = context.arguments.positionals.first
        if let cell { _ = try cellArgument(cell) }
        let form = try context.form()
        let document = try EdgeAccess(context).get(
            "/status",
            [("cell", cell), ("all", context.arguments.isSet("--all") ? "1" : nil)]
        )
        guard let report = StatusReport(document: document) else {
            throw CommandFailure(.failed, "the edge's answer is no status")
        }
        switch form {
        case .json: context.output.line(report.document.prettyJSON)
        case .table: self.write(report, context)
        }
        return .done
    }

    /// Endpoints that somebody looks at, that have a name, or that workers have ejected; of the
    /// others nothing is known.
    private static func write(
        _ endpoints: [EndpointStatus],
        _ times: Times,
        _ context: CommandContext
    ) {
        let known = endpoints.filter { $0.isChecked || $0.isNamed || $0.ejectedWorkers > 0 }
        guard !known.isEmpty else { return }
        var table = TextTable(["UPSTREAM", "ENDPOINT", "ADDRESS", "STATE", "SINCE", "WHY"])
        for row in known {
            table.append([
                row.upstream, row.endpoint, row.address ?? "",
                row.state.rawValue
                    + (row.ejectedWorkers > 0
                        ? ", ejected by \(counted(row.ejectedWorkers, "worker"))" : ""),
                times.dateAndClock(Int(row.sinceMilliseconds)), row.reason ?? "",
            ])
        }
        context.output.line("")
        context.output.write(table.text)
    }

    /// `2 tunnels still on legacy (oldest 3 min)` for each origin that has any.
    private static func leftBehind(_ cell: CellStatus) -> [String] {
        ["legacy", "modern"].compactMap { origin in
            let streams = cell.streams.filter { $0.isLeftBehind && $0.origin == origin }
            guard !streams.isEmpty else { return nil }
            let tunnels = streams.filter { $0.kind == "tunnel" }.reduce(0) { $0 + $1.count }
            let others = streams.reduce(0) { $0 + $1.count } - tunnels
            var parts: [String] = []
            if tunnels > 0 { parts.append(counted(tunnels, "tunnel")) }
            if others > 0 { parts.append(counted(others, "stream")) }
            let oldest = streams.map(\.oldestMilliseconds).max() ?? 0
            return "\(parts.joined(separator: " and ")) still on \(origin) (oldest \(age(oldest)))"
        }
    }

    private static func age(_ milliseconds: UInt64) -> String {
        switch milliseconds {
        case ..<60_000: "\(milliseconds / 1_000) s"
        case ..<7_200_000: "\(milliseconds / 60_000) min"
        case ..<172_800_000: "\(milliseconds / 3_600_000) h"
        default: "\(milliseconds / 86_400_000) d"
        }
    }

    private static func write(_ report: StatusReport, _ context: CommandContext) {
        let times = Times(zone: context.timeZone)
        var table = TextTable([
            "TENANT", "MIGRATION", "STAGE", "SHARE", "FROM", "SINCE", "BY", "NOTES",
        ])
        for cell in report.cells {
            var notes: [String] = []
            if cell.isFrozen { notes.append("frozen") }
            if let since = cell.blindSinceMilliseconds {
                notes.append("blind since \(times.dateAndClock(Int(since)))")
            }
            if let resume = cell.resume { notes.append("rolled back from \(resume)") }
            notes += self.leftBehind(cell)
            table.append([
                cell.tenant, cell.migration, cell.stage, cell.share, cell.source,
                cell.sinceMilliseconds.map { times.dateAndClock(Int($0)) } ?? "", cell.actor ?? "",
                notes.joined(separator: ", "),
            ])
        }
        context.output.write(table.text)
        var line = counted(report.cells.count, "row")
        if report.leftOut > 0 { line += " (\(report.leftOut) left out: name a cell)" }
        line += " · generation \(report.generation) · snapshot \(report.snapshot)"
        line += " · \(counted(report.workers, "worker"))"
        line += " · \(counted(report.tenants, "tenant")) · \(counted(report.routes, "route"))"
        if report.isDraining { line += " · draining" }
        context.output.line(line)
        self.write(report.endpoints, times, context)
        if let problem = report.reloadProblem {
            context.output.note("warning: the last reload was refused: \(printable(problem))")
        }
        if let problem = report.storeProblem {
            context.output.note("warning: the store: \(printable(problem))")
        }
    }
}
