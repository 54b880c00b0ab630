// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where a command writes: data to stdout, messages to stderr.
final class CommandOutput: Sendable {
    /// Whether stdout is a terminal that shows colour.
    let usesColour: Bool
    /// Whether somebody can be asked: stdin and stderr are terminals.
    let isInteractive: Bool

    private let writeOut: @Sendable (String) -> Void
    private let writeError: @Sendable (String) -> Void

    /// An output over two sinks; `tests` give their own.
    init(
        usesColour: Bool,
        isInteractive: Bool,
        out: @escaping @Sendable (String) -> Void,
        error: @escaping @Sendable (String) -> Void
    ) {
        self.usesColour = usesColour
        self.isInteractive = isInteractive
        self.writeOut = out
        self.writeError = error
    }

    /// The process's own stdout and stderr; colour only on a terminal that does not refuse it.
    static func standard(environment: [String: String], isColourRefused: Bool) -> CommandOutput {
        let refuses =
            isColourRefused || !(environment["NO_COLOR"] ?? "").isEmpty
            || environment["TERM"] == "dumb"
        return CommandOutput(
            usesColour: isatty(STDOUT_FILENO) == 1 && !refuses,
            isInteractive: isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1,
            out: { try? FileHandle.standardOutput.write(contentsOf: Data($0.utf8)) },
            error: { try? FileHandle.standardError.write(contentsOf: Data($0.utf8)) }
        )
    }

    /// A line of data.
    func line(_ text: String) { self.writeOut(text + "\n") }

    /// Data as it is.
    func write(_ text: String) { self.writeOut(text) }

    /// A line for people.
    func note(_ text: String) { self.writeError(text + "\n") }

    /// A text for people without a line's end: a question.
    func ask(_ text: String) { self.writeError(text) }

    /// A word in colour, where colours are shown.
    func coloured(_ text: String, _ colour: Colour) -> String {
        self.usesColour ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
    }

    /// Colours that mean something; the words say the same.
    enum Colour: Int {
        case red = 31
        case green = 32
        case yellow = 33
        case bold = 1
    }
}

/// How a command that reads writes its answer.
enum OutputForm: String, CaseIterable {
    /// For people.
    case table
    /// One JSON document.
    case json
}

/// What a command runs with.
struct CommandContext: Sendable {
    /// The arguments.
    var arguments: ParsedCommand
    /// Where to write.
    var output: CommandOutput
    /// The environment.
    var environment: [String: String]
    /// Where times are shown.
    var timeZone = TimeZone.current

    /// The form that `-o` asks for.
    func form() throws(CommandFailure) -> OutputForm {
        let word = self.arguments.value("--output") ?? OutputForm.table.rawValue
        guard let form = OutputForm(rawValue: word) else {
            throw CommandFailure(.usage, "--output is table or json, not \"\(printable(word))\"")
        }
        return form
    }

    /// Argument `index` that is no option.
    func positional(_ index: Int) -> String { self.arguments.positionals[index] }
}
