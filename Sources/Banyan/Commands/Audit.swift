// SPDX-License-Identifier: Apache-2.0

import Control
import Documents

/// The command `banyan audit tail`.
enum AuditTailCommand {
    static let spec = CommandSpec(
        words: ["audit", "tail"],
        summary: "Show the last acts: who moved what, when and why.",
        arguments: "",
        positionals: 0...0,
        options: [
            .value("--lines", "NUMBER", "how many acts, 20 by default, at most 1,000", short: "n"),
            CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample("banyan audit tail", "the last 20 acts"),
            CommandExample("banyan audit tail -n 100 -o json", "the last 100, for a program"),
        ],
        exitCodes: [.failed, .unreachable],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let text = context.arguments.value("--lines") ?? "20"
        guard let lines = Int(text), (1...1_000).contains(lines) else {
            throw CommandFailure(.usage, "--lines is a number from 1 to 1000")
        }
        let form = try context.form()
        let document = try EdgeAccess(context).get("/audit", [("lines", "\(lines)")])
        guard form == .table else {
            context.output.line(document.value.prettyJSON)
            return .done
        }
        let times = Times(zone: context.timeZone)
        var table = TextTable(["#", "TIME", "GENERATION", "ACT", "CELLS", "BY", "REASON"])
        for entry in document["entries"]?.items ?? [] {
            table.append([
                "\(entry["sequence"]?.integer ?? 0)",
                times.dateAndClock(entry["timeMilliseconds"]?.integer ?? 0),
                "\(entry["generation"]?.integer ?? 0)", entry["act"]?.text ?? "",
                self.cells(entry), entry["actor"]?.text ?? "", entry["reason"]?.text ?? "",
            ])
        }
        context.output.write(table.text)
        return .done
    }

    /// `acme/virtual-care legacy -> live=5%`, or the first and how many more.
    private static func cells(_ entry: DocumentNode) -> String {
        let cells = entry["cells"]?.items ?? []
        guard let first = cells.first else { return entry["tenant"]?.text ?? "" }
        var text = first["cell"]?.text ?? ""
        if let act = entry["act"]?.text, act == "flip" || act == "rollback" || act == "overtaken" {
            text += " \(first["from"]?.text ?? "(flag)") -> \(first["to"]?.text ?? "(flag)")"
        }
        let count = entry["cellCount"]?.integer ?? cells.count
        return count > 1 ? text + " and \(count - 1) more" : text
    }
}

/// The command `banyan audit verify`.
enum AuditVerifyCommand {
    static let spec = CommandSpec(
        words: ["audit", "verify"],
        summary: "Check the hash chain of the audit from its first entry to its last.",
        arguments: "",
        positionals: 0...0,
        options: [CommandSpec.formOption] + CommandSpec.edgeOptions,
        examples: [
            CommandExample(
                "banyan audit verify",
                "exit 1 names the first entry that does not hold"
            ),
            CommandExample("banyan audit verify -o json", "the same for a program"),
        ],
        exitCodes: [.failed, .unreachable],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let form = try context.form()
        let document = try EdgeAccess(context).get("/audit/verify")
        let holds = document["holds"]?.bool ?? false
        switch form {
        case .json: context.output.line(document.value.prettyJSON)
        case .table:
            let entries = document["entries"]?.integer ?? 0
            if holds {
                context.output.line(
                    "ok: \(entries) entries, head \(document["head"]?.text ?? "")"
                )
            } else {
                context.output.line("BROKEN: \(document["detail"]?.text ?? "")")
            }
        }
        return holds ? .done : .failed
    }
}
