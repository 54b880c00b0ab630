// SPDX-License-Identifier: Apache-2.0

import Control
import Documents

/// The command `banyan parity diff`.
enum ParityDiffCommand {
    static let spec = CommandSpec(
        words: ["parity", "diff"],
        summary: "List the differences of both origins by class and field.",
        arguments: "CELL",
        positionals: 1...1,
        options: [
            .value("--class", "WORD", "only this class: value, missing, order, ..."),
            .value("--severity", "WORD", "only this severity: value, zero_tolerance, ..."),
            .value("--field", "POINTER", "only this field: /participants/*/joinedAt"),
            .value("--limit", "NUMBER", "rows, 40 by default", short: "n"),
            ParityTarget.tenantOption, ParityTarget.epochOption, ParityTarget.sinceOption,
            CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample("banyan parity diff virtual-care", "the worst first, noise beside"),
            CommandExample(
                "banyan parity diff acme/virtual-care --severity zero_tolerance",
                "what keeps a gate closed whatever the numbers say"
            ),
            CommandExample("banyan parity diff virtual-care --since 1d -o json", "for a program"),
        ],
        exitCodes: [.failed, .nothingMatched, .unreachable],
        notes: [
            """
            No value is shown, because none is kept: fields are JSON pointers with * for any element.
            IN RE-READS is how often legacy differs from itself there when it is asked twice.
            """
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let form = try context.form()
        let target = try ParityTarget(context)
        let migration = try target.oneMigration("parity diff")
        let arguments = context.arguments
        let document = try EdgeAccess(context).get(
            "/parity/\(percentEncoded(migration))/differences",
            target.query(context) + [
                ("class", arguments.value("--class")), ("severity", arguments.value("--severity")),
                ("pointer", arguments.value("--field")),
                ("limit", arguments.value("--limit") ?? "40"),
            ]
        )
        switch form {
        case .json: context.output.line(document.value.prettyJSON)
        case .table: self.write(document, migration, context)
        }
        return .done
    }

    private static func write(
        _ document: DocumentNode,
        _ migration: String,
        _ context: CommandContext
    ) {
        let rows = document["differences"]?.items ?? []
        guard !rows.isEmpty else {
            let compared = countText(document["compared"])
            context.output.line("no such difference in \(compared) comparisons")
            return
        }
        var table = TextTable([
            "SEVERITY", "CLASS", "FIELD", "EXCHANGES", "SHARE", "IN RE-READS", "NOISE", "LEGACY",
            "MODERN", "OPERATION",
        ])
        for row in rows {
            table.append([
                row["severity"]?.text ?? "", row["class"]?.text ?? "", self.place(row),
                countText(row["count"]), shareText(row["count"], of: row["compared"]),
                shareText(row["noiseCount"], of: row["noiseReads"]), row["noise"]?.text ?? "",
                row["legacy"]?["kind"]?.text ?? "", row["modern"]?["kind"]?.text ?? "",
                row["operation"]?.text ?? "",
            ])
        }
        context.output.write(table.text)
        let left = document["leftOut"]?.integer ?? 0
        if left > 0 { context.output.line("... and \(left) more (--limit)") }
        context.output.line(
            "values are not kept; banyan parity explain \(printable(migration)) FIELD tells more"
        )
    }

    private static func place(_ row: DocumentNode) -> String {
        let pointer = row["pointer"]?.text ?? ""
        return pointer.isEmpty ? "(whole body)" : pointer
    }
}
