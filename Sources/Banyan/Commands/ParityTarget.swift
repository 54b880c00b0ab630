// SPDX-License-Identifier: Apache-2.0

import Control
import Documents

/// Of whom a parity command speaks: a migration and, maybe, tenants.
struct ParityTarget {
    /// Migration; `nil`: all (`TENANT/*`, or nothing).
    var migration: String?
    /// Tenants; empty: all.
    var tenants: [String]

    static let tenantOption = OptionSpec.value(
        "--tenant",
        "ID",
        "only this tenant (may be repeated)",
        isRepeatable: true
    )
    static let epochOption = OptionSpec.value(
        "--epoch",
        "NUMBER",
        "an earlier epoch; without it the current one"
    )
    static let sinceOption = OptionSpec.value(
        "--since",
        "SPAN",
        "differences and charts since, say 14d or 2026-11-01; sums stay the epoch's"
    )
    static let exitCodeOption = OptionSpec.isSet(
        "--exit-code",
        "end with 4 unless the verdict is GO"
    )

    /// What the first argument (`TENANT/MIGRATION`, `MIGRATION`, ...) and `--tenant` say.
    init(_ context: CommandContext) throws(CommandFailure) {
        self.tenants = context.arguments.values("--tenant")
        self.migration = nil
        if let text = context.arguments.positionals.first {
            let cell = try cellArgument(text)
            let slash = cell.firstIndex(of: "/") ?? cell.endIndex
            let tenant = String(cell[..<slash])
            let migration = String(cell[cell.index(after: slash)...])
            if tenant != "*" { self.tenants.append(tenant) }
            if migration != "*" { self.migration = migration }
        }
        guard !self.tenants.contains(where: { $0.isEmpty || $0.contains(",") }) else {
            throw CommandFailure(.usage, "--tenant is one tenant's id; it may be repeated")
        }
    }

    /// The migration, of which this command needs one.
    func oneMigration(_ command: String) throws(CommandFailure) -> String {
        guard let migration = self.migration else {
            throw CommandFailure(
                .usage,
                "\(command) speaks of one migration",
                hint: "write it like acme/virtual-care or virtual-care"
            )
        }
        return migration
    }

    /// The query that goes with every path.
    func query(_ context: CommandContext) -> [(String, String?)] {
        [
            ("tenant", self.tenants.isEmpty ? nil : self.tenants.joined(separator: ",")),
            ("epoch", context.arguments.value("--epoch")),
            ("since", context.arguments.value("--since")),
        ]
    }
}

/// A count with a comma between groups of three digits; a dash for none.
func countText(_ node: DocumentNode?) -> String {
    guard let number = node?.integer else { return "-" }
    let digits = Array(String(number))
    var text = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
        text.append(digit)
    }
    return text
}

/// A part of a whole as percent with two decimals; a dash of nothing.
func shareText(_ part: DocumentNode?, of whole: DocumentNode?) -> String {
    guard let part = part?.integer, let whole = whole?.integer, whole > 0 else { return "-" }
    let hundredths = Int((Double(part) * 10_000 / Double(whole)).rounded())
    if hundredths == 0, part > 0 { return "< 0.01 %" }
    if hundredths == 10_000, part < whole { return "> 99.99 %" }
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) %"
}
