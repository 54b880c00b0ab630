// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation
import Store

/// The command `banyan parity grant`.
enum ParityGrantCommand {
    static let spec = CommandSpec(
        words: ["parity", "grant"],
        summary: "Give leave to keep bodies of a route's mismatches, sealed to a reader.",
        arguments: "ROUTE --certificate FILE --owner NAME --reason TEXT",
        positionals: 1...1,
        options: [
            .value("--certificate", "FILE", "certificate of who may read them, PEM"),
            .value("--owner", "NAME", "who answers for the samples"),
            .value("--reason", "TEXT", "what they are needed for, for the audit"),
            .value("--quota", "NUMBER", "samples at most (10)"),
            .value("--for", "HOURS", "how long, at most 72 (24)"),
            CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample(
                "banyan parity grant care-plans --certificate reader.pem --owner ana --reason INC-7",
                "ten samples within a day, which only the holder of reader.key can open"
            ),
            CommandExample(
                "banyan parity grant portal --certificate r.pem --owner bo --reason INC-9 --quota 2",
                "two of them"
            ),
        ],
        exitCodes: [.failed, .unreachable, .permission],
        notes: [
            """
            Without a grant no body is ever kept. A pair of key and certificate is made with openssl
            req -x509 -newkey rsa:3072 -nodes -subj /CN=reader -keyout reader.key -out reader.pem;
            the key stays off the edge. Samples are encrypted before they are written
            (CMS, AES-256-GCM), grant and each sample are in the audit, and a restart ends every
            grant. banyan parity open shows a sample to the holder of the key.
            """
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let form = try context.form()
        let path = try context.needed("--certificate")
        guard let certificate = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw CommandFailure(.failed, "\(printable(path)) cannot be read")
        }
        let hours = try context.number("--for", 1...72) ?? 24
        let body: DocumentValue = [
            "route": .string(context.positional(0)),
            "owner": .string(try context.needed("--owner")),
            "reason": .string(try context.needed("--reason")),
            "quota": .integer(try context.number("--quota", 1...1_000) ?? 10),
            "milliseconds": .integer(hours * 3_600_000),
            "certificate": .string(certificate),
        ]
        let grant = try EdgeAccess(context).post("/parity/grants", body)
        guard form == .table else {
            context.output.line(grant.value.prettyJSON)
            return .done
        }
        let id = grant["id"]?.text ?? ""
        context.output.line("grant \(id): \(grant["left"]?.integer ?? 0) samples within \(hours) h")
        context.output.line("undo: banyan parity revoke \(id)")
        return .done
    }
}

/// The command `banyan parity grants`.
enum ParityGrantsCommand {
    static let spec = CommandSpec(
        words: ["parity", "grants"],
        summary: "List the grants for body samples that are open.",
        arguments: "",
        positionals: 0...0,
        options: [CommandSpec.formOption] + CommandSpec.edgeOptions,
        examples: [
            CommandExample("banyan parity grants", "who may read what, and how much is left"),
            CommandExample("banyan parity grants -o json", "the same for a program"),
        ],
        exitCodes: [.failed, .unreachable],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let form = try context.form()
        let document = try EdgeAccess(context).get("/parity/grants")
        guard form == .table else {
            context.output.line(document.value.prettyJSON)
            return .done
        }
        var table = TextTable(["GRANT", "ROUTE", "OWNER", "LEFT", "CERTIFICATE", "REASON"])
        for grant in document["grants"]?.items ?? [] {
            table.append([
                grant["id"]?.text ?? "", grant["route"]?.text ?? "", grant["owner"]?.text ?? "",
                String(grant["left"]?.integer ?? 0),
                String((grant["certificate"]?.text ?? "").prefix(16)), grant["reason"]?.text ?? "",
            ])
        }
        context.output.write(table.text)
        context.output.line(counted(table.count, "grant"))
        return .done
    }
}

/// The command `banyan parity revoke`.
enum ParityRevokeCommand {
    static let spec = CommandSpec(
        words: ["parity", "revoke"],
        summary: "End a grant for body samples.",
        arguments: "GRANT",
        positionals: 1...1,
        options: CommandSpec.edgeOptions,
        examples: [
            CommandExample("banyan parity revoke g1795250509-1", "no further sample"),
            CommandExample("banyan parity revoke g1795250509-2 --socket edge.sock", "another edge"),
        ],
        exitCodes: [.failed, .nothingMatched, .unreachable, .permission],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let id = context.positional(0)
        _ = try EdgeAccess(context).delete("/parity/grants/\(id)")
        context.output.line("grant \(printable(id)) has ended; samples that were written stay")
        return .done
    }
}

/// The command `banyan parity open`.
enum ParityOpenCommand {
    static let spec = CommandSpec(
        words: ["parity", "open"],
        summary: "Show a sealed body sample to the holder of its key; needs no edge.",
        arguments: "FILE --key FILE",
        positionals: 1...1,
        options: [.value("--key", "FILE", "private key of the grant's certificate, PEM")],
        examples: [
            CommandExample(
                "banyan parity open samples/g1795250509-1-1.cms --key reader.key",
                "prints one JSON document; it holds patient data"
            ),
            CommandExample("banyan parity open one.cms --key reader.key", "a copy of one"),
        ],
        exitCodes: [.failed],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let path = context.positional(0)
        let keyPath = try context.needed("--key")
        guard let sealed = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.failed, "\(printable(path)) cannot be read")
        }
        guard let key = FileManager.default.contents(atPath: keyPath) else {
            throw CommandFailure(.failed, "\(printable(keyPath)) cannot be read")
        }
        do throws(SealError) {
            let plain = try openSealed(Array(sealed), keyPEM: Array(key))
            context.output.line(String(decoding: plain, as: UTF8.self))
            return .done
        } catch {
            throw CommandFailure(.failed, "\(printable(path)): \(error.text)")
        }
    }
}

/// The command `banyan parity shred`.
enum ParityShredCommand {
    static let spec = CommandSpec(
        words: ["parity", "shred"],
        summary: "Destroy the keys under which values were made into fingerprints.",
        arguments: "[CELL] --reason TEXT",
        positionals: 0...1,
        options: [.value("--reason", "TEXT", "why, for the audit")] + CommandSpec.edgeOptions,
        examples: [
            CommandExample(
                "banyan parity shred 'acme/*' --reason DPO-3",
                "acme's fingerprints can no longer be linked to anything"
            ),
            CommandExample("banyan parity shred --reason DPO-4", "the same for all tenants"),
        ],
        exitCodes: [.failed, .unreachable, .permission],
        notes: ["There is no way back. Counts and classes of differences stay."],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        var body: DocumentValue = ["reason": .string(try context.needed("--reason"))]
        if let cell = context.arguments.positionals.first {
            let parts = try cellArgument(cell).split(separator: "/", maxSplits: 1).map(String.init)
            if let tenant = parts.first, tenant != "*" { body.set("tenant", .string(tenant)) }
            if let migration = parts.last, migration != "*" {
                body.set("migration", .string(migration))
            }
        }
        let answer = try EdgeAccess(context).post("/parity/shred", body)
        context.output.line("\(counted(answer["keys"]?.integer ?? 0, "key")) destroyed")
        return .done
    }
}

extension CommandContext {
    /// The value of an option that must be given.
    func needed(_ option: String) throws(CommandFailure) -> String {
        guard let value = self.arguments.value(option), !value.isEmpty else {
            throw CommandFailure(.usage, "\(option) is missing")
        }
        return value
    }

    /// A whole number within bounds; `nil` when the option is not given.
    func number(_ option: String, _ range: ClosedRange<Int>) throws(CommandFailure) -> Int? {
        guard let text = self.arguments.value(option) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw CommandFailure(
                .usage,
                "\(option) is a number from \(range.lowerBound) to \(range.upperBound), "
                    + "not \"\(printable(text))\""
            )
        }
        return number
    }
}
