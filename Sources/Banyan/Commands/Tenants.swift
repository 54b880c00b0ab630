// SPDX-License-Identifier: Apache-2.0

import Control
import Documents

/// The command `banyan tenants list`.
enum TenantsListCommand {
    static let spec = CommandSpec(
        words: ["tenants", "list"],
        summary: "List the tenants that the edge knows.",
        arguments: "",
        positionals: 0...0,
        options: [CommandSpec.formOption] + CommandSpec.edgeOptions,
        examples: [
            CommandExample(
                "banyan tenants list",
                "ids, hosts and labels, and where they come from"
            ),
            CommandExample("banyan tenants list -o json", "the same for a program"),
        ],
        exitCodes: [.failed, .unreachable],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let form = try context.form()
        let document = try EdgeAccess(context).get("/tenants")
        guard form == .table else {
            context.output.line(document.value.prettyJSON)
            return .done
        }
        var table = TextTable(["TENANT", "HOSTS", "ALIASES", "LABELS", "FROM"])
        for tenant in document["tenants"]?.items ?? [] {
            let labels = (tenant["labels"]?.members ?? []).map {
                "\($0.key)=\($0.node.text ?? "")"
            }
            table.append([
                tenant["id"]?.text ?? "", joined(tenant["hosts"]), joined(tenant["aliases"]),
                labels.joined(separator: ","), tenant["source"]?.text ?? "",
            ])
        }
        context.output.write(table.text)
        context.output.line(counted(table.count, "tenant"))
        for note in document["problems"]?.items?.compactMap(\.text) ?? [] {
            context.output.note("warning: \(printable(note))")
        }
        return .done
    }

    private static func joined(_ node: DocumentNode?) -> String {
        (node?.items ?? []).compactMap(\.text).joined(separator: ",")
    }
}

/// The command `banyan tenants add`.
enum TenantsAddCommand {
    static let spec = CommandSpec(
        words: ["tenants", "add"],
        summary: "Add a tenant at run time, or change one that was added so.",
        arguments: "ID [--host HOST]... [--alias WORD]... [--label NAME=VALUE]...",
        positionals: 1...1,
        options: [
            .value("--host", "HOST", "a host that means this tenant", isRepeatable: true),
            .value(
                "--alias",
                "WORD",
                "another word for it in paths and headers",
                isRepeatable: true
            ),
            .value("--label", "NAME=VALUE", "what flags may target", isRepeatable: true),
            .value("--reason", "TEXT", "why, for the audit"),
            CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample(
                "banyan tenants add acme --host acme.care.example --label wave=1",
                "a tenant of the first wave"
            ),
            CommandExample(
                "banyan tenants add st-mary --host st-mary.care.example --alias stm",
                "one that paths may call stm"
            ),
        ],
        exitCodes: [.failed, .conflict, .unreachable, .permission],
        notes: ["A tenant with the same id in Routes/ wins over one that was added here."],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        var labels: DocumentValue = [:]
        for pair in context.arguments.values("--label") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandFailure(.usage, "--label is NAME=VALUE, not \"\(printable(pair))\"")
            }
            labels.set(String(parts[0]), .string(String(parts[1])))
        }
        var body: DocumentValue = [
            "id": .string(context.positional(0)),
            "hosts": .list(context.arguments.values("--host")),
            "aliases": .list(context.arguments.values("--alias")),
            "labels": labels,
        ]
        if let reason = context.arguments.value("--reason") { body.set("reason", .string(reason)) }
        return try presentTenant(try EdgeAccess(context).post("/tenants", body), "added", context)
    }
}

/// The command `banyan tenants remove`.
enum TenantsRemoveCommand {
    static let spec = CommandSpec(
        words: ["tenants", "remove"],
        summary: "Take a tenant away that was added at run time.",
        arguments: "ID",
        positionals: 1...1,
        options: [
            .value("--reason", "TEXT", "why, for the audit"), CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample("banyan tenants remove acme", "acme's hosts mean no tenant any more"),
            CommandExample("banyan tenants remove acme --reason CHG-1201", "with a reason"),
        ],
        exitCodes: [.failed, .nothingMatched, .conflict, .unreachable, .permission],
        notes: [
            "Its standings stay in the store: a tenant that comes back stands where it stood."
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let reason = context.arguments.value("--reason").map { "?reason=\(percentEncoded($0))" }
        let path = "/tenants/\(percentEncoded(context.positional(0)))\(reason ?? "")"
        return try presentTenant(try EdgeAccess(context).delete(path), "removed", context)
    }
}

/// Prints what became of a tenant.
private func presentTenant(
    _ document: DocumentNode,
    _ verb: String,
    _ context: CommandContext
) throws(CommandFailure) -> ExitCode {
    switch try context.form() {
    case .json: context.output.line(document.value.prettyJSON)
    case .table:
        let id = printable(document["id"]?.text ?? context.positional(0))
        context.output.line("\(verb) tenant \(id), snapshot \(document["snapshot"]?.integer ?? 0)")
        if let actor = document["actor"]?.text { context.output.line("by \(printable(actor))") }
        if let undo = document["undo"]?.text { context.output.line("undo: \(printable(undo))") }
    }
    return document["isRecorded"]?.bool == false ? .unconfirmed : .done
}
