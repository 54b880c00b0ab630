// SPDX-License-Identifier: Apache-2.0

import Control
import Documents

/// The command `banyan parity suggest`.
enum ParitySuggestCommand {
    static let spec = CommandSpec(
        words: ["parity", "suggest"],
        summary: "Propose comparing rules from what was seen, with the evidence.",
        arguments: "CELL",
        positionals: 1...1,
        options: [
            .value("--minimum", "NUMBER", "differences that a place needs, 20 by default"),
            ParityTarget.tenantOption, ParityTarget.epochOption, CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample(
                "banyan parity suggest virtual-care",
                "a block of YAML for spec.parity of the route file"
            ),
            CommandExample("banyan parity suggest virtual-care --minimum 1 -o json", "every hint"),
        ],
        exitCodes: [.failed, .nothingMatched, .unreachable],
        notes: [
            """
            A suggestion is a proposal: nothing is applied. Rules that still compare come before
            ignore rules, whose owner and reason are left empty for a person to fill in: until then
            banyan validate refuses them. Another rule set begins another epoch.
            """
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let form = try context.form()
        let target = try ParityTarget(context)
        let migration = try target.oneMigration("parity suggest")
        let document = try EdgeAccess(context).get(
            "/parity/\(percentEncoded(migration))/suggest",
            target.query(context) + [("minimum", context.arguments.value("--minimum"))]
        )
        switch form {
        case .json: context.output.line(document.value.prettyJSON)
        case .table:
            let block = document["yaml"]?.text ?? ""
            guard !block.isEmpty else {
                context.output.note(
                    "nothing to suggest: no place has a steady, harmless difference"
                )
                return .done
            }
            for line in block.split(separator: "\n") {
                context.output.line(printable(String(line)))
            }
        }
        return .done
    }
}
