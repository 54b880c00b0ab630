// SPDX-License-Identifier: Apache-2.0

import Documents

/// A command line, understood.
struct ParsedCommand {
    /// What to run.
    var spec: CommandSpec
    /// Arguments that are no options, in order.
    var positionals: [String]
    /// Values by option name; a switch has one empty value.
    var options: [String: [String]]

    /// The option's value, or `nil` when it was not given.
    func value(_ name: String) -> String? { self.options[name]?.first }

    /// All values of a repeatable option.
    func values(_ name: String) -> [String] { self.options[name] ?? [] }

    /// Whether a switch was given.
    func isSet(_ name: String) -> Bool { self.options[name] != nil }
}

/// What a command line asks for.
enum CommandRequest {
    /// Run a command.
    case run(ParsedCommand)
    /// Show a command's help.
    case help(CommandSpec)
    /// Show the commands of a group.
    case groupHelp(String)
    /// Show all commands; `isAsked`: with `--help`, not because nothing was given.
    case overview(isAsked: Bool)
}

/// Understands command lines by the table of commands.
struct CommandParser {
    /// All commands.
    let commands: [CommandSpec]

    /// What the arguments, without the program's name, ask for.
    func parse(_ arguments: [String]) throws(CommandFailure) -> CommandRequest {
        let ended = arguments.firstIndex(of: "--") ?? arguments.endIndex
        let wantsHelp = arguments[..<ended].contains { $0 == "-h" || $0 == "--help" }
        let words = arguments.filter { $0 != "-h" && $0 != "--help" || !wantsHelp }
        guard let first = words.first(where: { !$0.hasPrefix("-") }), words[0] == first else {
            if let option = words.first, !wantsHelp {
                if option == "--version" { return try self.parse(["version"] + words.dropFirst()) }
                throw CommandFailure(
                    .usage,
                    "option \"\(printable(option))\" stands before the command",
                    hint: "banyan COMMAND [OPTIONS]; banyan --help lists the commands"
                )
            }
            return .overview(isAsked: wantsHelp)
        }
        if first == "help" { return try self.help(about: Array(words.dropFirst())) }
        let spec = try self.find(words, wantsHelp: wantsHelp)
        guard let spec else { return .groupHelp(first) }
        if wantsHelp { return .help(spec) }
        return .run(try self.read(Array(words.dropFirst(spec.words.count)), of: spec))
    }

    private func help(about words: [String]) throws(CommandFailure) -> CommandRequest {
        guard !words.isEmpty else { return .overview(isAsked: true) }
        guard let spec = try self.find(words, wantsHelp: true) else { return .groupHelp(words[0]) }
        return .help(spec)
    }

    /// The command that the first one or two words name; `nil`: a group without its command.
    private func find(
        _ words: [String],
        wantsHelp: Bool
    ) throws(CommandFailure) -> CommandSpec? {
        let first = words[0]
        if let spec = self.commands.first(where: { $0.words == [first] }) { return spec }
        let group = self.commands.filter { $0.words.count == 2 && $0.words[0] == first }
        guard !group.isEmpty else {
            throw self.unknown("command", first, among: Set(self.commands.map { $0.words[0] }))
        }
        guard words.count > 1, !words[1].hasPrefix("-") else {
            if wantsHelp { return nil }
            let names = group.map { $0.words[1] }.joined(separator: ", ")
            throw CommandFailure(
                .usage,
                "\"\(first)\" needs one of: \(names)",
                hint: "banyan \(first) --help"
            )
        }
        if let spec = group.first(where: { $0.words[1] == words[1] }) { return spec }
        throw self.unknown("command", words[1], among: Set(group.map { $0.words[1] }), after: first)
    }

    /// Reads what follows a command's words.
    private func read(
        _ arguments: [String],
        of spec: CommandSpec
    ) throws(CommandFailure) -> ParsedCommand {
        var parsed = ParsedCommand(spec: spec, positionals: [], options: [:])
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                parsed.positionals += rest
                break
            }
            guard argument.hasPrefix("-"), argument.count > 1 else {
                parsed.positionals.append(argument)
                continue
            }
            try self.readOption(argument, &rest, into: &parsed)
        }
        let count = parsed.positionals.count
        guard spec.positionals.contains(count) else {
            let extra = count > spec.positionals.upperBound
            var what = "\(spec.name) needs \(spec.arguments)"
            if extra {
                let first = printable(parsed.positionals[spec.positionals.upperBound])
                what = "unexpected argument \"\(first)\""
            }
            throw CommandFailure(
                .usage,
                what,
                hint: "usage: banyan \(spec.name) \(spec.arguments)"
            )
        }
        return parsed
    }

    private func readOption(
        _ argument: String,
        _ rest: inout ArraySlice<String>,
        into parsed: inout ParsedCommand
    ) throws(CommandFailure) {
        let spec = parsed.spec
        var name = argument
        var value: String?
        if argument.hasPrefix("--") {
            if let equals = argument.firstIndex(of: "=") {
                name = String(argument[..<equals])
                value = String(argument[argument.index(after: equals)...])
            }
        } else {
            name = String(argument.prefix(2))
            if argument.count > 2 {
                value = String(argument.dropFirst(argument.dropFirst(2).first == "=" ? 3 : 2))
            }
        }
        let option = spec.allOptions.first {
            $0.name == name || $0.short.map { "-\($0)" == name } ?? false
        }
        guard let option else {
            throw self.unknown("option", name, among: Set(spec.allOptions.map(\.name)), of: spec)
        }
        if option.value == nil, value != nil {
            throw CommandFailure(.usage, "\(option.name) takes no value")
        }
        if let placeholder = option.value, value == nil {
            guard let next = rest.popFirst() else {
                throw CommandFailure(.usage, "\(option.name) needs a value: \(placeholder)")
            }
            value = next
        }
        if parsed.options[option.name] != nil, !option.isRepeatable {
            throw CommandFailure(.usage, "\(option.name) is given twice")
        }
        parsed.options[option.name, default: []].append(value ?? "")
    }

    private func unknown(
        _ kind: String,
        _ name: String,
        among known: Set<String>,
        after group: String? = nil,
        of spec: CommandSpec? = nil
    ) -> CommandFailure {
        var message = "unknown \(kind) \"\(printable(name))\"."
        if let near = nearestName(name, among: known.sorted()) {
            message += " Did you mean \"\(near)\"?"
        }
        let about = spec?.name ?? group
        return CommandFailure(
            .usage,
            message,
            hint: "banyan \(about.map { "\($0) " } ?? "")--help"
        )
    }
}

/// A text with its control characters shown as `?`: a terminal must not obey an argument or a file.
func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
        result.unicodeScalars.append(isControl ? "?" : scalar)
    }
    return result
}
