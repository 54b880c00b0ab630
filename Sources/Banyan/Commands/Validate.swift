// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation

/// The command `banyan validate`.
enum ValidateCommand {
    static let spec = CommandSpec(
        words: ["validate"],
        summary: "Check configuration, routes, tenants and flags; nothing is applied.",
        arguments: "[PATH]...",
        positionals: 0...64,
        options: [
            .value(
                "--output",
                "FORM",
                "human (default), short (FILE:LINE:COL), json, or github (annotations)",
                short: "o"
            ),
            .isSet("--resolve", "also ask DNS for the names of endpoints; none is a warning"),
        ],
        examples: [
            CommandExample("banyan validate", "banyan.yaml here and the folders that it names"),
            CommandExample("banyan validate Routes FeatureFlags", "two folders as one set"),
            CommandExample("banyan validate -o github", "annotate a pull request"),
            CommandExample("banyan validate --resolve", "find names that nobody knows, too"),
        ],
        exitCodes: [.failed],
        notes: [
            "Needs no running edge, and no network but for --resolve. "
                + "`banyan explain CODE` explains a finding."
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let word = context.arguments.value("--output") ?? ProblemReport.Form.human.rawValue
        guard let form = ProblemReport.Form(rawValue: word) else {
            let forms = ProblemReport.Form.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(
                .usage,
                "--output is one of \(forms), not \"\(printable(word))\""
            )
        }
        var result = validateAll(context.arguments.positionals)
        if context.arguments.isSet("--resolve") { result.resolveNames() }
        let report = result.report()
        if form == .human, result.files.isValid {
            if report.warningCount > 0 { context.output.write(report.text(.human)) }
            let warnings = report.warningCount
            context.output.line(
                "ok: \(result.counts), 0 errors, \(warnings) warning\(warnings == 1 ? "" : "s")"
            )
        } else {
            context.output.write(report.text(form))
        }
        return result.files.isValid ? .done : .failed
    }
}
