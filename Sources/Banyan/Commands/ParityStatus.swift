// SPDX-License-Identifier: Apache-2.0

import Control
import Documents

/// The command `banyan parity status`.
enum ParityStatusCommand {
    static let spec = CommandSpec(
        words: ["parity", "status"],
        summary: "Show how far both origins agree, and what a gate would say now.",
        arguments: "[CELL]",
        positionals: 0...1,
        options: [
            ParityTarget.tenantOption, ParityTarget.exitCodeOption, CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample("banyan parity status", "every migration, one row each"),
            CommandExample("banyan parity status acme/virtual-care", "one tenant of a migration"),
            CommandExample(
                "banyan parity status virtual-care --exit-code",
                "for a pipeline: exit 4 unless it is GO"
            ),
        ],
        exitCodes: [.failed, .nothingMatched, .refused, .unreachable],
        notes: [
            """
            PARITY is the share of answers that agree at least, with the gate's confidence, however
            often somebody looks. The verdict is as of now: traffic that has stopped is told.
            """
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let form = try context.form()
        let target = try ParityTarget(context)
        let document = try EdgeAccess(context).get(
            "/parity",
            target.query(context) + [("migration", target.migration)]
        )
        switch form {
        case .json: context.output.line(document.value.prettyJSON)
        case .table: self.write(document, context)
        }
        let isGo = (document["migrations"]?.items ?? []).allSatisfy {
            $0["verdict"]?["verdict"]?.text == "GO"
        }
        return context.arguments.isSet("--exit-code") && !isGo ? .refused : .done
    }

    private static func write(_ document: DocumentNode, _ context: CommandContext) {
        var table = TextTable([
            "MIGRATION", "EPOCH", "COMPARED", "MISMATCHES", "PARITY", "UNOBSERVED", "COVERED",
            "VERDICT", "MISSING",
        ])
        let rows = document["migrations"]?.items ?? []
        for row in rows {
            let outcomes = row["outcomes"]
            let parity = self.check("parity", row)
            let bound = parity?["numbers"]?["upperBound"]?.double
            table.append([
                row["migration"]?.text ?? "", "\(row["epoch"]?.integer ?? 0)",
                countText(outcomes?["compared"]), countText(self.mismatches(row)),
                bound.map(self.agreement) ?? "",
                shareText(outcomes?["unobserved"], of: outcomes?["observed"]),
                "\(row["covered"]?.integer ?? 0)/\(row["cells"]?.integer ?? 0)",
                row["verdict"]?["verdict"]?.text ?? "", self.missing(row),
            ])
        }
        context.output.write(table.text)
        for row in rows {
            guard let name = row["migration"]?.text else { continue }
            for reason in (row["verdict"]?["reasons"]?.items ?? []).prefix(3) {
                let text = printable(reason.text ?? "")
                // A migration is often called as its only route is.
                context.output.line(text.hasPrefix(name) ? text : "\(printable(name)): \(text)")
            }
        }
    }

    /// The worst of the migration's routes.
    private static func check(_ key: String, _ row: DocumentNode) -> DocumentNode? {
        (row["verdict"]?["checks"]?.items ?? []).filter { $0["check"]?.text == key }
            .max {
                ($0["numbers"]?["upperBound"]?.double ?? 1)
                    < ($1["numbers"]?["upperBound"]?.double ?? 1)
            }
    }

    private static func mismatches(_ row: DocumentNode) -> DocumentNode? {
        let outcomes = row["outcomes"]
        guard let differed = outcomes?["gateMismatches"]?.integer,
            let failed = outcomes?["modern_failed"]?.integer
        else { return nil }
        return DocumentNode(.integer(differed + failed))
    }

    /// `>= 99.9904 %`, rounded down.
    private static func agreement(_ bound: Double) -> String {
        guard (0...1).contains(bound) else { return "-" }
        let units = Int(((1 - bound) * 1_000_000 + 1e-6).rounded(.down))
        let fraction = "\(units % 10_000)"
        return ">= \(units / 10_000)."
            + String(repeating: "0", count: 4 - fraction.count) + fraction + " %"
    }

    private static func missing(_ row: DocumentNode) -> String {
        guard let count = row["verdict"]?["missingComparisons"], !count.isNull else { return "" }
        guard let days = row["verdict"]?["missingDays"]?.double else { return countText(count) }
        return "\(countText(count)), \(Int(days.rounded(.up))) d"
    }
}
