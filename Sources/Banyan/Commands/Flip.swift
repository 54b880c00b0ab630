// SPDX-License-Identifier: Apache-2.0

import Documents

/// The command `banyan flip`.
enum FlipCommand {
    static let spec = CommandSpec(
        words: ["flip"],
        summary: "Move cells to a stage, forward through the gate.",
        arguments: "CELL STAGE[=SHARE] --reason TEXT | --resume CELL --reason TEXT",
        positionals: 0...2,
        options: [
            .value("--reason", "TEXT", "why, for the audit; needed for every forward flip"),
            .value("--resume", "CELL", "go back to where the cell stood before its last rollback"),
            .value(
                "--confirm",
                "MIGRATION",
                "the migration's name: needed for redirect and gone when nobody can be asked"
            ),
            .value(
                "--if-generation",
                "NUMBER",
                "refuse with exit 5 when a cell was moved after this generation"
            ),
            .isSet("--no-input", "never ask, even on a terminal"),
            CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample(
                "banyan flip acme/virtual-care shadow --reason CHG-1180",
                "start copying acme's reads to modern"
            ),
            CommandExample(
                "banyan flip acme/virtual-care live=5% --reason CHG-1182",
                "let modern answer the reads of 5 % of acme's users"
            ),
            CommandExample(
                "banyan flip '*/virtual-care' modern --reason CHG-1190",
                "move every tenant, and the default for new ones"
            ),
            CommandExample(
                "banyan flip --resume acme/virtual-care --reason \"fixed in 2.4.1\"",
                "take the last rollback back"
            ),
        ],
        exitCodes: [
            .failed, .nothingMatched, .refused, .conflict, .unconfirmed, .unreachable, .permission,
        ],
        notes: [
            "Stages: legacy shadow live modern redirect gone. Forward is one stage at a time, any\n"
                + "share; over a stage at 100 %. A flip is in force when the command returns."
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        var body: DocumentValue = [:]
        let cell: String
        var stage: String?
        if let resumed = context.arguments.value("--resume") {
            guard context.arguments.positionals.isEmpty else {
                throw CommandFailure(.usage, "--resume knows the stage: give no other argument")
            }
            cell = try cellArgument(resumed)
            body.set("resume", true)
        } else {
            guard context.arguments.positionals.count == 2 else {
                throw CommandFailure(
                    .usage,
                    "flip needs CELL STAGE[=SHARE], or --resume CELL",
                    hint: "banyan flip acme/virtual-care shadow --reason CHG-1180"
                )
            }
            cell = try cellArgument(context.positional(0))
            stage = context.positional(1)
            body.set("to", .string(context.positional(1)))
        }
        body.set("cells", .string(cell))
        if let reason = context.arguments.value("--reason") { body.set("reason", .string(reason)) }
        if let text = context.arguments.value("--if-generation") {
            guard let generation = UInt64(text) else {
                throw CommandFailure(.usage, "--if-generation is a number")
            }
            body.set("ifGeneration", .integer(generation))
        }
        _ = try context.form()
        if let name = try self.confirmation(cell, stage, context) {
            body.set("confirm", .string(name))
        }
        return try present(EdgeAccess(context).post("/flip", body), context)
    }

    /// The migration's name for a stage that clients may remember; asked for on a terminal.
    private static func confirmation(
        _ cell: String,
        _ stage: String?,
        _ context: CommandContext
    ) throws(CommandFailure) -> String? {
        let given = context.arguments.value("--confirm")
        guard stage == "redirect" || stage == "gone", let stage else { return given }
        let migration = String(cell.split(separator: "/").last ?? "")
        if let given {
            guard given == migration else {
                throw CommandFailure(
                    .usage,
                    "--confirm says \"\(printable(given))\", the cell \"\(migration)\""
                )
            }
            return given
        }
        let how = "pass --confirm=\(migration) (stage \(stage) is seen by every client)"
        guard context.output.isInteractive, !context.arguments.isSet("--no-input") else {
            throw CommandFailure(.usage, "nobody can be asked to confirm", hint: how)
        }
        context.output.ask("Clients will be sent away (\(stage)). Type \(migration) to go on: ")
        guard readLine() == migration else {
            throw CommandFailure(.usage, "not confirmed; nothing was changed", hint: how)
        }
        return migration
    }
}
