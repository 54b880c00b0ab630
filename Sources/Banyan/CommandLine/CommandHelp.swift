// SPDX-License-Identifier: Apache-2.0

/// Writes help texts from the table of commands.
enum CommandHelp {
    /// All commands, examples first.
    static func overview(_ commands: [CommandSpec]) -> String {
        var text = """
            Banyan moves traffic from a legacy service to its successors, one tenant and one path at
            a time, and back.

            Examples:
              banyan serve --config banyan.yaml
              banyan flip acme/virtual-care live=5% --reason CHG-1182
              banyan rollback acme/virtual-care

            Commands:

            """
        let width = commands.map(\.name.count).max() ?? 0
        for command in commands { text += "  \(pad(command.name, width))  \(command.summary)\n" }
        text += """

            Cells are written TENANT/MIGRATION, */MIGRATION (every tenant and the default) or
            TENANT/*. `banyan COMMAND --help` shows options, examples and exit codes.

            """
        return text
    }

    /// The commands of a group.
    static func group(_ name: String, _ commands: [CommandSpec]) -> String {
        let members = commands.filter { $0.words.count == 2 && $0.words[0] == name }
        let width = members.map(\.name.count).max() ?? 0
        var text = "Usage: banyan \(name) COMMAND\n\nExamples:\n"
        for member in members {
            if let example = member.examples.first { text += "  \(example.command)\n" }
        }
        text += "\nCommands:\n"
        for member in members { text += "  \(pad(member.name, width))  \(member.summary)\n" }
        return text
    }

    /// One command.
    static func command(_ spec: CommandSpec) -> String {
        var text = "\(spec.summary)\n\nUsage: banyan \(spec.name)"
        if !spec.arguments.isEmpty { text += " \(spec.arguments)" }
        text += "\n\nExamples:\n"
        for example in spec.examples {
            text += "  # \(example.purpose)\n  \(example.command)\n"
        }
        text += "\nOptions:\n"
        let rows = spec.allOptions.map { option -> (String, String) in
            let short = option.short.map { "-\($0), " } ?? "    "
            let value = option.value.map { " \($0)" } ?? ""
            return ("\(short)\(option.name)\(value)", option.help)
        }
        let width = rows.map(\.0.count).max() ?? 0
        for row in rows { text += "  \(pad(row.0, width))  \(row.1)\n" }
        for note in spec.notes { text += "\n\(note)\n" }
        text += "\nExit codes:\n"
        let codes = Set(spec.exitCodes).union([.done, .usage]).sorted { $0.rawValue < $1.rawValue }
        for code in codes { text += "  \(pad("\(code.rawValue)", 2))  \(code.meaning)\n" }
        return text
    }
}

/// A text filled up with spaces to `width` characters.
func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}
