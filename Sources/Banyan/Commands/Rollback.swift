// SPDX-License-Identifier: Apache-2.0

import Documents

/// `banyan rollback`: no gate, no prompt, no store can hold it up.
enum RollbackCommand {
    static let spec = CommandSpec(
        words: ["rollback"],
        summary: "Move cells back at once; asks nobody.",
        arguments: "CELL [--to STAGE[=SHARE]]",
        positionals: 1...1,
        options: [
            .value("--to", "STAGE[=SHARE]", "any earlier stage instead of legacy"),
            .value("--reason", "TEXT", "why, for the audit"),
            CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample("banyan rollback acme/virtual-care", "the red button for one tenant"),
            CommandExample(
                "banyan rollback virtual-care",
                "all tenants of a migration, and its default"
            ),
            CommandExample(
                "banyan rollback acme/virtual-care --to shadow --reason INC-77",
                "back to shadow only"
            ),
        ],
        exitCodes: [.failed, .nothingMatched, .refused, .unconfirmed, .unreachable, .permission],
        notes: [
            "Works with the store locked, full, corrupt or gone: memory first, then the journal,\n"
                + "then the store. Exit 6 names what is missing; the rollback stands all the same."
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        var body: DocumentValue = ["cells": .string(try cellArgument(context.positional(0)))]
        if let stage = context.arguments.value("--to") { body.set("to", .string(stage)) }
        if let reason = context.arguments.value("--reason") { body.set("reason", .string(reason)) }
        _ = try context.form()
        return try present(EdgeAccess(context).post("/rollback", body), context)
    }
}
