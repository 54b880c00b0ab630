// SPDX-License-Identifier: Apache-2.0

import Documents

/// The command `banyan freeze`.
enum FreezeCommand {
    static let spec = CommandSpec(
        words: ["freeze"],
        summary: "Refuse writes of cells (503) until unfreeze.",
        arguments: "CELL",
        positionals: 1...1,
        options: [
            .value("--reason", "TEXT", "why, for the audit"), CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample(
                "banyan freeze acme/virtual-care --reason CHG-1190",
                "stop acme's writes for the final copy of its records"
            ),
            CommandExample("banyan freeze '*/virtual-care'", "the same for every tenant"),
        ],
        exitCodes: [
            .failed, .nothingMatched, .conflict, .unconfirmed, .unreachable, .permission,
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        var body: DocumentValue = ["cells": .string(try cellArgument(context.positional(0)))]
        if let reason = context.arguments.value("--reason") { body.set("reason", .string(reason)) }
        _ = try context.form()
        return try present(EdgeAccess(context).post("/freeze", body), context)
    }
}
