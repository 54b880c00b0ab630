// SPDX-License-Identifier: Apache-2.0

/// One option of a command.
struct OptionSpec: Sendable {
    /// Long form, with its dashes: `--reason`.
    var name: String
    /// One letter behind one dash, or `nil`.
    var short: Character?
    /// What stands for the value in help; `nil`: a switch.
    var value: String?
    /// One sentence.
    var help: String
    /// Whether it may be given more than once.
    var isRepeatable = false

    /// An option that takes a value.
    static func value(
        _ name: String,
        _ value: String,
        _ help: String,
        short: Character? = nil,
        isRepeatable: Bool = false
    ) -> OptionSpec {
        OptionSpec(name: name, short: short, value: value, help: help, isRepeatable: isRepeatable)
    }

    /// An option that is there or not.
    static func isSet(_ name: String, _ help: String) -> OptionSpec {
        OptionSpec(name: name, short: nil, value: nil, help: help)
    }
}

/// One line of a command's examples.
struct CommandExample: Sendable {
    /// What to type.
    var command: String
    /// What it does.
    var purpose: String

    init(_ command: String, _ purpose: String) {
        self.command = command
        self.purpose = purpose
    }
}

/// A command: its words, what it takes, and what it does.
struct CommandSpec: Sendable {
    /// One word, or two for a command of a group: `tenants add`.
    var words: [String]
    /// One line for the list of commands.
    var summary: String
    /// What follows the words in the usage line: `CELL STAGE[=SHARE] --reason TEXT`.
    var arguments: String
    /// How many arguments that are no options it takes.
    var positionals: ClosedRange<Int>
    /// Its own options; the common ones are added by ``allOptions``.
    var options: [OptionSpec]
    /// At least two.
    var examples: [CommandExample]
    /// Codes besides 0 and 64.
    var exitCodes: [ExitCode]
    /// More to say, one paragraph each.
    var notes: [String] = []
    /// Does it.
    var run: @Sendable (CommandContext) throws(CommandFailure) -> ExitCode

    /// `flip`, `tenants add`.
    var name: String { self.words.joined(separator: " ") }

    /// Its own options and those of every command.
    var allOptions: [OptionSpec] { self.options + CommandSpec.commonOptions }

    static let commonOptions: [OptionSpec] = [
        .isSet("--no-color", "write no colour, even to a terminal (as NO_COLOR does)"),
        OptionSpec(name: "--help", short: "h", value: nil, help: "show this help"),
    ]

    /// `--socket` and `--config`: of every command that asks a running edge.
    static let edgeOptions: [OptionSpec] = [
        .value("--socket", "PATH", "the edge's Unix socket (or BANYAN_SOCKET)"),
        .value("--config", "FILE", "banyan.yaml that names the socket (or BANYAN_CONFIG)"),
    ]

    /// `-o` of every command that reads.
    static let formOption = OptionSpec.value(
        "--output",
        "FORM",
        "table (default) or json: exactly one document on stdout",
        short: "o"
    )
}

/// A command that ends early: what to say on stderr, and the code.
struct CommandFailure: Error {
    var code: ExitCode
    var message: String
    /// How to go on; one line.
    var hint: String?
    /// No edge runs there: an edge that is slow, starting or without its store is another matter.
    var isNobodyThere = false

    init(_ code: ExitCode, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
