// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation

/// The command `banyan parity report`.
enum ParityReportCommand {
    static let spec = CommandSpec(
        words: ["parity", "report"],
        summary: "Write the report that a cutover is signed on.",
        arguments: "CELL",
        positionals: 1...1,
        options: [
            .value(
                "--format",
                "FORM",
                "text (default), json, csv or html (one file, prints on A4)"
            ),
            .value(
                "--table",
                "NAME",
                "of csv: differences (default), coverage, accepted, latency, series, verdict"
            ),
            ParityTarget.tenantOption, ParityTarget.epochOption, ParityTarget.sinceOption,
            ParityTarget.exitCodeOption, CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample("banyan parity report acme/virtual-care", "one tenant, for people"),
            CommandExample(
                "banyan parity report virtual-care --format html",
                "one page for whoever signs, on stdout: no script, no request, prints on A4"
            ),
            CommandExample(
                "banyan parity report virtual-care --format csv --table coverage",
                "tenants and operations, for a spreadsheet"
            ),
        ],
        exitCodes: [.failed, .nothingMatched, .refused, .unreachable],
        notes: [
            """
            The same store gives the same bytes: the report knows no clock but the data's. JSON is
            canonical (RFC 8785), without a line's end, so that its digest can be signed.
            """,
            """
            Where no edge runs it is read from the edge's files and parity store; nothing is written.
            """,
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let format = try self.format(context)
        let target = try ParityTarget(context)
        let migration = try target.oneMigration("parity report")
        let table = context.arguments.value("--table")
        guard table == nil || format == "csv" else {
            throw CommandFailure(.usage, "--table goes with --format csv")
        }
        let query = target.query(context) + [("format", format), ("table", table)]
        let answer = try self.answer(context, migration, query)
        context.output.write(answer.text)
        let isGo = answer.header("Banyan-Verdict") == "GO"
        return context.arguments.isSet("--exit-code") && !isGo ? .refused : .done
    }

    /// What the edge answers; where none runs, what its files and its parity store say.
    ///
    /// A socket that was named must answer.
    private static func answer(
        _ context: CommandContext,
        _ migration: String,
        _ query: [(String, String?)]
    ) throws(CommandFailure) -> ControlResponse {
        do throws(CommandFailure) {
            return try EdgeAccess(context).fetch(
                "/parity/\(percentEncoded(migration))/report",
                query
            )
        } catch {
            let answer = try Offline(context, instead: error).read { files throws(AdminProblem) in
                try LocalReports(files: files).report(
                    migration: migration,
                    query: EdgeAccess.tail(query)
                )
            }
            context.output.note("no edge is running: read from its files and parity store")
            return answer
        }
    }

    /// `--format`, or what `-o` means by it.
    private static func format(_ context: CommandContext) throws(CommandFailure) -> String {
        let form = try context.form()
        guard let format = context.arguments.value("--format") else {
            return form == .json ? "json" : "text"
        }
        let known = ["text", "json", "csv", "html"]
        guard known.contains(format) else {
            throw CommandFailure(
                .usage,
                "--format is text, json, csv or html, not \"\(printable(format))\"",
                hint: nearestName(format, among: known).map { "did you mean \($0)?" }
            )
        }
        guard form == .table || format == "json" else {
            throw CommandFailure(.usage, "-o json and --format \(format) contradict each other")
        }
        return format
    }
}
