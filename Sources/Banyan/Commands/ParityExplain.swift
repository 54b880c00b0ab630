// SPDX-License-Identifier: Apache-2.0

import Control
import Documents

/// The command `banyan parity explain`.
enum ParityExplainCommand {
    static let spec = CommandSpec(
        words: ["parity", "explain"],
        summary: "Tell all that is known of the differences at one field, and what can be done.",
        arguments: "CELL FIELD",
        positionals: 2...2,
        options: [
            ParityTarget.tenantOption, ParityTarget.epochOption, ParityTarget.sinceOption,
            CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample(
                "banyan parity explain virtual-care '/participants/*/joinedAt'",
                "a field as banyan parity diff names it"
            ),
            CommandExample(
                "banyan parity explain acme/virtual-care header:etag -o json",
                "a header field, for a program"
            ),
        ],
        exitCodes: [.failed, .nothingMatched, .unreachable],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let form = try context.form()
        let target = try ParityTarget(context)
        let migration = try target.oneMigration("parity explain")
        let document = try EdgeAccess(context).get(
            "/parity/\(percentEncoded(migration))/explain",
            target.query(context) + [("pointer", context.positional(1))]
        )
        switch form {
        case .json: context.output.line(document.value.prettyJSON)
        case .table: context.output.write(self.text(document))
        }
        return .done
    }

    private static func text(_ document: DocumentNode) -> String {
        let pointer = document["pointer"]?.text ?? ""
        var lines = [pointer.isEmpty ? "(whole body)" : pointer]
        for row in document["differences"]?.items ?? [] {
            lines += self.lines(of: row)
        }
        for rule in document["accepted"]?.items ?? [] {
            lines.append("")
            lines.append("accepted by \(self.word(rule, "path")) (\(self.word(rule, "origin")))")
            lines.append("  owner \(self.word(rule, "owner")): \(self.word(rule, "reason"))")
            let expired = rule["isExpired"]?.bool == true ? " EXPIRED" : ""
            lines.append(
                "  expires \(rule["expires"]?.text ?? "never")\(expired), "
                    + "\(countText(rule["count"])) exchanges"
            )
        }
        for suggestion in document["suggestions"]?.items ?? [] {
            lines.append("")
            lines.append("suggested (\(self.word(suggestion, "strength"))):")
            lines.append("  \(self.word(suggestion, "yaml"))")
            for reason in suggestion["evidence"]?.items ?? [] {
                lines.append("  because: \(reason.text ?? "")")
            }
        }
        return lines.map { printable($0) + "\n" }.joined()
    }

    private static func lines(of row: DocumentNode) -> [String] {
        func side(_ name: String) -> String {
            let kind = row[name]?["kind"]?.text ?? "-"
            guard let length = row[name]?["lengthClass"]?.integer, length > 0 else { return kind }
            return "\(kind) of at most \(counted(length, "byte"))"
        }
        let tenants = (row["tenants"]?.items ?? []).compactMap(\.text)
        let named = tenants.prefix(8).map { $0.isEmpty ? "(no tenant)" : $0 }
            .joined(separator: ", ")
        let more = tenants.count > 8 ? " and \(tenants.count - 8) more" : ""
        return [
            "",
            "\(self.word(row, "class")), severity \(self.word(row, "severity"))  "
                + self.word(row, "operation"),
            "  \(self.word(row, "meaning")) \(self.word(row, "weight"))",
            "  in \(countText(row["count"])) of \(countText(row["compared"])) comparisons "
                + "(\(shareText(row["count"], of: row["compared"]))), "
                + "from \(row["first"]?.text ?? "-") to \(row["last"]?.text ?? "-")",
            "  legacy: \(side("legacy"))   modern: \(side("modern"))   (values are not kept)",
            "  tenants: \(named)\(more)",
            "  re-reads of legacy: differed in \(countText(row["noiseCount"])) of "
                + "\(countText(row["noiseReads"])); "
                + "modern alone \(countText(row["candidateOnly"])), "
                + "legacy alone \(countText(row["noiseOnly"]))",
            "  \(self.word(row, "judgement"))",
        ]
    }

    private static func word(_ row: DocumentNode, _ key: String) -> String { row[key]?.text ?? "-" }
}
