// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation
import Glibc
import Kernel

/// The command `banyan parity replay`.
enum ParityReplayCommand {
    static let spec = CommandSpec(
        words: ["parity", "replay"],
        summary: "Send the safe requests of a file to both origins and compare the answers.",
        arguments: "FILE",
        positionals: 1...1,
        options: [
            .value("--format", "FORMAT", "har, banyan, nginx, text, csv or jsonl (told by itself)"),
            .value("--rate", "NUMBER", "rows a second, at most (5); each asks both origins"),
            .value("--concurrency", "NUMBER", "rows under way at once (2)"),
            .value("--limit", "NUMBER", "stop after so many rows of the file"),
            .value("--tenant", "ID", "tenant of rows that name none"),
            .value("--base", "URL", "https://host in front of rows that are only paths"),
            .value("--state", "FILE", "where to keep the place (FILE.replay-state)"),
            .value("--errors", "FILE", "rows that failed, as JSON lines (FILE.replay-errors)"),
            .isSet("--dry-run", "ask nobody: say which rows would go where"),
            .isSet("--restart", "begin again, though there is a state file"),
            CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample(
                "banyan parity replay access.log --dry-run --tenant acme",
                "which rows can be replayed, by route"
            ),
            CommandExample(
                "banyan parity replay recorded.har --rate 10",
                "ten rows a second; when it is stopped, the same line goes on"
            ),
            CommandExample(
                "banyan parity replay urls.csv --limit 1000 -o json",
                "columns url and tenant; the result for a program"
            ),
        ],
        exitCodes: [.failed, .nothingMatched, .unreachable, .permission],
        notes: [
            """
            Only GET, HEAD and OPTIONS are sent, and of these only what the route calls safe; the
            rest is skipped and counted. Conditions, ranges and identity fields are left out, and
            Banyan-Shadow: 1 is set. Both origins are asked in random order.
            """,
            """
            Files: HAR 1.2 (sends the headers that were recorded, credentials too; `_tenant` names
            a tenant) · nginx combined · lines of `[METHOD] URL [TENANT]` · CSV with the columns
            url, tenant, method, user · JSON lines with url, tenant, method, user, headers ·
            Banyan's own access log: that keeps route patterns, neither ids nor queries, so only
            rows whose pattern is a whole path can be replayed; the others are told as no_path.
            """,
            """
            The state file holds the place and a digest of what was read before it. A replay that
            was stopped or killed goes on there; the running edge knows the rows it has seen, so
            none is observed twice. Without a running edge the reads are made here and counted into
            its parity store; rows of the second in which such a replay was killed are told as in
            doubt and not asked again. Failed rows go to the error file and never stop the replay.
            """,
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let form = try context.form()
        var plan = try ReplayPlan(context)
        // Before any thread starts: they inherit what is blocked.
        let signals = Signals(blocking: [SIGINT, SIGTERM])
        let run: ReplayRun
        do {
            run = try plan.makeRun(context)
        } catch let error as CommandFailure {
            throw error
        } catch let error as ReplayInputError {
            throw ParityReplayCommand.failure(of: error, plan)
        } catch {
            throw CommandFailure(.failed, "\(error.localizedDescription)")
        }
        try? CoreThread(name: "signals") {
            _ = signals.next()
            run.stop()
        }.detach()
        defer { plan.source?.stop(context.output) }
        let progress = ReplayProgress(context.output, size: plan.size)
        let end: ReplayRun.End
        do throws(Errno) {
            end = try run.run { progress.show($0, offset: run.offset) }
        } catch {
            throw CommandFailure(.failed, "no thread can be started: \(error.text)")
        }
        progress.finish()
        return try ParityReplayCommand.report(end, run.totals, plan, form, context)
    }

    private static func report(
        _ end: ReplayRun.End,
        _ totals: ReplayTotals,
        _ plan: ReplayPlan,
        _ form: OutputForm,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        switch form {
        case .json:
            var document = totals.document
            document.set("format", .string(plan.format.rawValue))
            document.set("isComplete", .bool(end == .complete))
            context.output.line(document.prettyJSON)
        case .table:
            context.output.write(ReplayText(totals, isDry: plan.options.isDry).text)
        }
        if !plan.options.isDry, totals.errors > 0 || totals.hasFailures {
            context.output.note("failed rows: \(printable(plan.errorPath))")
        }
        switch end {
        case .complete: return .done
        case .stopped:
            context.output.note("stopped; the same command goes on at row \(totals.rows + 1)")
            return .failed
        case .failed(let text):
            throw CommandFailure(
                .unreachable,
                printable(text),
                hint: "the same command goes on at row \(totals.rows + 1)"
            )
        }
    }

    private static func failure(of error: ReplayInputError, _ plan: ReplayPlan) -> CommandFailure {
        let file = printable(plan.path)
        switch error {
        case .unreadable(let why):
            return CommandFailure(.failed, "\(file) cannot be read: \(why)")
        case .noColumns:
            return CommandFailure(
                .failed,
                "\(file): the first line names no column url or path",
                hint: "--format text takes one URL a line"
            )
        case .noEntries: return CommandFailure(.failed, "\(file) has no log.entries: no HAR")
        case .changed:
            return CommandFailure(
                .failed,
                "\(file) is not the file that \(printable(plan.statePath)) stands for",
                hint: "--restart begins again; --state FILE keeps another place"
            )
        }
    }
}

extension ReplayTotals {
    /// Whether an origin failed to answer somewhere.
    var hasFailures: Bool {
        ["modern_failed", "legacy_failed", "both_failed"].contains { self.outcomes[$0] != nil }
    }
}

/// What the arguments of a replay say, and the run they make.
struct ReplayPlan {
    let path: String
    let statePath: String
    let errorPath: String
    let size: UInt64
    private(set) var format = ReplayFormat.text
    private(set) var options = ReplayOptions()
    private var given: ReplayFormat?
    private var defaults = ReplayDefaults()
    private let restarts: Bool
    /// Who makes the reads.
    private(set) var source: SyntheticSource?

    init(_ context: CommandContext) throws(CommandFailure) {
        let arguments = context.arguments
        self.path = context.positional(0)
        self.statePath = arguments.value("--state") ?? self.path + ".replay-state"
        self.errorPath = arguments.value("--errors") ?? self.path + ".replay-errors"
        self.restarts = arguments.isSet("--restart")
        let attributes = try? FileManager.default.attributesOfItem(atPath: self.path)
        self.size = (attributes?[.size] as? UInt64) ?? 0
        if let word = arguments.value("--format") {
            guard let format = ReplayFormat(rawValue: word) else {
                let known = ReplayFormat.allCases.map(\.rawValue)
                throw CommandFailure(
                    .usage,
                    "\"\(printable(word))\" is no format",
                    hint: nearestName(word, among: known).map { "did you mean \($0)?" }
                        ?? "formats: \(known.joined(separator: ", "))"
                )
            }
            self.given = format
        }
        self.defaults.tenant = arguments.value("--tenant")
        if let base = arguments.value("--base") {
            guard base.hasPrefix("http://") || base.hasPrefix("https://") else {
                throw CommandFailure(.usage, "--base is https://HOST")
            }
            self.defaults.base = base.hasSuffix("/") ? String(base.dropLast()) : base
        }
        self.options.isDry = arguments.isSet("--dry-run")
        if let text = arguments.value("--rate") {
            guard let rate = Double(text), rate > 0, rate <= 10_000 else {
                throw CommandFailure(.usage, "--rate is a number above 0, at most 10000")
            }
            self.options.rate = rate
        }
        let lanes = 1...64
        if let count = try ReplayPlan.number(arguments, "--concurrency", lanes) {
            self.options.concurrency = count
        }
        self.options.limit = try ReplayPlan.number(arguments, "--limit", 1...Int.max)
    }

    private static func number(
        _ arguments: ParsedCommand,
        _ name: String,
        _ range: ClosedRange<Int>
    ) throws(CommandFailure) -> Int? {
        guard let text = arguments.value(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let upper = range.upperBound == .max ? "" : ", at most \(range.upperBound)"
            throw CommandFailure(.usage, "\(name) is a number from \(range.lowerBound)\(upper)")
        }
        return number
    }

    /// Opens everything; says so when it goes on where an earlier run has stopped.
    mutating func makeRun(_ context: CommandContext) throws -> ReplayRun {
        let input = try ReplayInput(path: self.path, format: self.given, defaults: self.defaults)
        self.format = input.format
        var state = ReplayState(run: UUID().uuidString.lowercased(), format: self.format)
        let bytes = FileManager.default.contents(atPath: self.statePath)
        if let bytes, !self.restarts, !self.options.isDry {
            guard let kept = ReplayState(json: Array(bytes)), kept.format == self.format else {
                throw ReplayInputError.changed
            }
            state = kept
            context.output.note(
                kept.isComplete
                    ? "all \(kept.rows) rows were replayed already (--restart begins again)"
                    : "goes on after row \(kept.rows)"
            )
        }
        let isDry = self.options.isDry
        let source = try SyntheticSource(context, counts: !isDry)
        self.source = source
        return try ReplayRun(
            input: input,
            state: state,
            statePath: isDry ? nil : self.statePath,
            errorPath: isDry ? nil : self.errorPath,
            asker: source.asker,
            options: self.options
        )
    }
}
