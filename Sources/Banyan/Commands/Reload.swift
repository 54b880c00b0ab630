// SPDX-License-Identifier: Apache-2.0

import Documents

/// `banyan reload`: what SIGHUP does, with the answer on the terminal.
enum ReloadCommand {
    static let spec = CommandSpec(
        words: ["reload"],
        summary: "Load Routes/ and FeatureFlags/ again, all or nothing.",
        arguments: "",
        positionals: 0...0,
        options: [CommandSpec.formOption] + CommandSpec.edgeOptions,
        examples: [
            CommandExample(
                "banyan reload",
                "exit 1 prints every finding; the old set stays in force"
            ),
            CommandExample("banyan reload -o json", "the same for a program"),
        ],
        exitCodes: [.failed, .unreachable, .permission],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let form = try context.form()
        let document = try EdgeAccess(context).post("/reload", [:])
        switch form {
        case .json: context.output.line(document.value.prettyJSON)
        case .table:
            let snapshot = document["snapshot"]?.integer ?? 0
            let routes = document["routes"]?.integer ?? 0
            let tenants = document["tenants"]?.integer ?? 0
            context.output.line(
                "snapshot \(snapshot): \(counted(routes, "route")), \(counted(tenants, "tenant"))"
            )
            for note in document["notes"]?.items?.compactMap(\.text) ?? [] {
                context.output.line("note: \(printable(note))")
            }
        }
        return .done
    }
}
