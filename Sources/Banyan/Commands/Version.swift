// SPDX-License-Identifier: Apache-2.0

import Control
import Documents

/// The command `banyan version`.
enum VersionCommand {
    static let spec = CommandSpec(
        words: ["version"],
        summary: "Print the version.",
        arguments: "",
        positionals: 0...0,
        options: [CommandSpec.formOption],
        examples: [
            CommandExample("banyan version", "the version of this binary"),
            CommandExample("banyan version -o json", "the same for a program"),
        ],
        exitCodes: [],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        switch try context.form() {
        case .table: context.output.line("banyan \(productVersion)")
        case .json:
            let document: DocumentValue = ["version": .string(productVersion)]
            context.output.line(document.prettyJSON)
        }
        return .done
    }
}
