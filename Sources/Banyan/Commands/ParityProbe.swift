// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Kernel
import Parity

/// The command `banyan parity probe`.
enum ParityProbeCommand {
    static let spec = CommandSpec(
        words: ["parity", "probe"],
        summary: "Show the synthetic reads of the route files, or make them now.",
        arguments: "[CELL]",
        positionals: 0...1,
        options: [
            .isSet("--once", "make each read now, and wait for the results"),
            .value("--rate", "NUMBER", "reads a second with --once, at most (5)"),
            CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample("banyan parity probe", "what the scheduled reads have last brought"),
            CommandExample(
                "banyan parity probe acme/care-plans --once",
                "verify a tenant before any of its traffic moves"
            ),
        ],
        exitCodes: [.failed, .nothingMatched, .unreachable, .permission],
        notes: [
            """
            Probes are declared in a route file under parity.probes: a path with variables, for
            tenants or waves, every so often, maybe with counts that have to agree. The edge makes
            them by itself, one at a time, at most 5 a second. Exit code 1: a read differed or
            failed.
            """
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let form = try context.form()
        let isOnce = context.arguments.isSet("--once")
        let source = try SyntheticSource(context, counts: isOnce)
        defer { source.stop(context.output) }
        var rows = try self.rows(source, context)
        guard !rows.isEmpty else {
            throw CommandFailure(
                .nothingMatched,
                "no probe is declared for this",
                hint: "parity.probes in a route file; banyan explain R016"
            )
        }
        if isOnce { try self.make(&rows, source, context) }
        switch form {
        case .json:
            context.output.line(DocumentValue.list(rows.map(\.document)).prettyJSON)
        case .table: self.write(rows, context)
        }
        return rows.contains { $0.isBad } ? .failed : .done
    }

    /// One read of a probe, and what came of it.
    private struct Row {
        var tenant: String
        var migration: String
        var route: String
        var probe: String
        var combination: Int
        var atMilliseconds: Int?
        var result: SyntheticResult?

        /// Whether the read says that origins differ, fail, or were not asked.
        var isBad: Bool {
            guard let result = self.result else { return false }
            if result.refusal != nil || result.counts == "unreadable" { return true }
            switch result.outcome {
            // Two refusals that agree verify nothing.
            case .match?: return result.legacyStatus >= 400
            case .raced?: return false
            default: return true
            }
        }

        var word: String {
            guard let result = self.result else { return "not yet" }
            return result.refusal?.rawValue ?? result.outcome?.word ?? "not asked"
        }

        var document: DocumentValue {
            var value: DocumentValue = [
                "tenant": .string(self.tenant), "migration": .string(self.migration),
                "route": .string(self.route), "probe": .string(self.probe),
                "combination": .integer(self.combination),
                "atMilliseconds": .optional(self.atMilliseconds),
            ]
            value.set("last", self.result?.document ?? .null)
            return value
        }
    }

    private static func rows(
        _ source: SyntheticSource,
        _ context: CommandContext
    ) throws(CommandFailure) -> [Row] {
        var tenant: String?
        var migration: String?
        if let cell = context.arguments.positionals.first {
            let parts = try cellArgument(cell).split(separator: "/", maxSplits: 1).map(String.init)
            tenant = parts.first == "*" ? nil : parts.first
            migration = parts.last == "*" ? nil : parts.last
        }
        var rows: [Row] = []
        while true {
            let page = try source.probes(tenant: tenant, migration: migration, from: rows.count)
            let items = page["probes"]?.items ?? []
            rows += items.map { node in
                Row(
                    tenant: node["tenant"]?.text ?? "",
                    migration: node["migration"]?.text ?? "",
                    route: node["route"]?.text ?? "",
                    probe: node["probe"]?.text ?? "",
                    combination: node["combination"]?.integer ?? 0,
                    atMilliseconds: node["atMilliseconds"]?.integer,
                    result: node["last"].flatMap { SyntheticResult(document: $0) }
                )
            }
            if let leftOut = page["leftOut"]?.integer, leftOut > 0, rows.count == items.count {
                context.output.note("warning: \(leftOut) reads are beyond the bound of one edge")
            }
            guard !items.isEmpty, rows.count < page["total"]?.integer ?? 0 else { return rows }
        }
    }

    private static func make(
        _ rows: inout [Row],
        _ source: SyntheticSource,
        _ context: CommandContext
    ) throws(CommandFailure) {
        var rate = 5.0
        if let text = context.arguments.value("--rate") {
            guard let number = Double(text), number > 0, number <= 1_000 else {
                throw CommandFailure(.usage, "--rate is a number above 0, at most 1000")
            }
            rate = number
        }
        let limiter = RateLimiter(perSecond: rate)
        for index in rows.indices {
            limiter.wait()
            let row = rows[index]
            do throws(ReplayUnreachable) {
                rows[index].result = try source.probe(
                    route: row.route,
                    name: row.probe,
                    tenant: row.tenant,
                    combination: row.combination
                )
            } catch {
                throw CommandFailure(error.isFinal ? .failed : .unreachable, printable(error.text))
            }
            rows[index].atMilliseconds = Int(wallMilliseconds())
        }
    }

    private static func write(_ rows: [Row], _ context: CommandContext) {
        let times = Times(zone: context.timeZone)
        var table = TextTable([
            "TENANT", "MIGRATION", "PROBE", "READ", "RESULT", "COUNTS", "LEGACY", "MODERN", "AT",
        ])
        for row in rows {
            table.append([
                row.tenant, row.migration, row.probe, "\(row.combination + 1)", row.word,
                row.result?.counts ?? "", row.result.map { "\($0.legacyStatus)" } ?? "",
                row.result.map { "\($0.modernStatus)" } ?? "",
                row.atMilliseconds.map { times.dateAndClock($0) } ?? "",
            ])
        }
        context.output.write(table.text)
        let bad = rows.count { $0.isBad }
        context.output.line("\(counted(rows.count, "read")), \(bad) to look at")
    }
}
