// SPDX-License-Identifier: Apache-2.0

import Parity

// The tables of a report: the same rows in the terminal and on the page.

extension ParityReport {
    /// What is reported, as names and values.
    var facts: [(name: String, value: String)] {
        var facts: [(String, String)] = [
            ("Migration", self.migration),
            ("Tenants", self.tenants.isEmpty ? "all" : self.tenants.joined(separator: ", ")),
            (
                "Observed",
                self.fromUnixMilliseconds == 0
                    ? "nothing"
                    : ReportFigures.instant(self.fromUnixMilliseconds) + " to "
                        + ReportFigures.instant(self.toUnixMilliseconds) + " ("
                        + ReportFigures.span(
                            milliseconds: self.toUnixMilliseconds - self.fromUnixMilliseconds
                        ) + ")"
            ),
            ("Epoch", "\(self.epoch.number), started by: \(self.epoch.cause)"),
            ("Rule set", self.epoch.ruleSetHash.isEmpty ? "-" : "sha256 " + self.epoch.ruleSetHash),
            ("Legacy's build", self.epoch.legacyBuild.isEmpty ? "unknown" : self.epoch.legacyBuild),
            ("Modern's build", self.epoch.modernBuild.isEmpty ? "unknown" : self.epoch.modernBuild),
            ("Generation", "\(self.generation)"),
            ("Audit head", self.auditHead.isEmpty ? "-" : self.auditHead),
        ]
        if let since = self.sinceUnixMilliseconds {
            let text = ReportFigures.instant(since) + " (sums and verdict: the whole epoch)"
            facts.insert(("Charts and differences since", text), at: 3)
        }
        let anew = self.epoch.identitiesSinceUnixMilliseconds
        if self.hasIdentifiers, anew > 0 {
            let text =
                "held one to one since " + ReportFigures.instant(anew)
                + ", when the edge started anew; pairs of before are not remembered"
            facts.append(("Identifiers", text))
        }
        return facts.map { (name: $0.0, value: $0.1) }
    }

    var outcomeTable: ReportTable {
        var table = ReportTable("Outcomes", ["=outcome", ">exchanges", ">share", "counted as"])
        let observed = self.all.observed
        for outcome in ObservationOutcome.allCases {
            table.append([
                outcome.word, ReportFigures.count(self.all[outcome]),
                ReportFigures.percent(self.all[outcome], of: observed), outcome.meaning,
            ])
        }
        table.append(["all", ReportFigures.count(observed), "", ""])
        return table
    }

    /// Why exchanges were not compared; repeats are beside the sum.
    var unobservedTable: ReportTable {
        var table = ReportTable("Not compared", ["=reason", ">exchanges", "meaning"])
        for reason in UnobservedReason.allCases where reason != .none {
            let count = self.all.unobserved[Int(reason.rawValue)]
            guard count > 0 else { continue }
            table.append([reason.word, ReportFigures.count(count), reason.meaning])
        }
        return table
    }

    func differenceTable(max: Int) -> ReportTable {
        var table = ReportTable(
            "Differences",
            [
                "=severity", "=class", "field", "operation", ">exchanges", ">share", ">in re-reads",
                "against noise", ">tenants",
            ]
        )
        table.append(self.differences, max: max) { difference in
            let sums = difference.sums
            return [
                sums.severity.word, sums.difference.word, ReportFigures.place(sums.pointer),
                sums.operation, ReportFigures.count(sums.count),
                ReportFigures.percent(sums.count, of: difference.compared),
                ReportFigures.percent(sums.noiseCount, of: difference.noiseReads),
                difference.noise.text, ReportFigures.tenantCount(sums.tenants),
            ]
        }
        return table
    }

    func exampleTable(max: Int) -> ReportTable {
        var table = ReportTable(
            "What stands there (no value is kept)",
            ["field", "=class", "legacy", "modern", "fingerprints legacy:modern"]
        )
        table.append(self.differences, max: max) { difference in
            let sums = difference.sums
            return [
                ReportFigures.place(sums.pointer), sums.difference.word,
                ReportFigures.redacted(sums.legacyKind, sums.legacyLengthClass),
                ReportFigures.redacted(sums.modernKind, sums.modernLengthClass),
                sums.fingerprints.prefix(2).map(ReportFigures.shortPair).joined(separator: " "),
            ]
        }
        return table
    }

    func acceptedTable(max: Int) -> ReportTable {
        var table = ReportTable(
            "Accepted differences",
            ["field", "owner", "reason", "=expires", ">exchanges", "rule"]
        )
        table.append(self.accepted, max: max) { rule in
            let expires =
                rule.expiresUnixSeconds.map { ReportFigures.day($0 * 1_000) } ?? "never"
            return [
                rule.path, rule.owner, rule.reason, rule.isExpired ? expires + " EXPIRED" : expires,
                ReportFigures.count(rule.count), rule.origin,
            ]
        }
        return table
    }

    /// Operations with their numbers, whatever tenant.
    var operationTable: ReportTable {
        var table = ReportTable(
            "Operations",
            [
                "route", "operation", ">compared", ">match", ">mismatch", ">modern failed",
                ">other", ">tenants covered",
            ]
        )
        var tenants: [ParityOperation: (all: Int, covered: Int)] = [:]
        for cell in self.cells {
            let key = ParityOperation(route: cell.route, operation: cell.operation)
            var pair = tenants[key] ?? (0, 0)
            pair.all += 1
            if cell.compared >= self.coverageRequired { pair.covered += 1 }
            tenants[key] = pair
        }
        for sums in self.operations {
            let key = ParityOperation(route: sums.route, operation: sums.operation)
            let pair = tenants[key] ?? (0, 0)
            table.append([
                sums.route, sums.operation, ReportFigures.count(sums.compared),
                ReportFigures.count(sums[.match]), ReportFigures.count(sums[.mismatch]),
                ReportFigures.count(sums[.modernFailed]),
                ReportFigures.count(sums.observed - sums.compared), "\(pair.covered)/\(pair.all)",
            ])
        }
        for operation in self.neverExercised {
            table.append([
                operation.route, operation.operation, "0", "0", "0", "0", "0", "never exercised",
            ])
        }
        return table
    }

    /// Tenants x operations that have too few comparisons, the fewest first.
    func uncoveredTable(max: Int) -> ReportTable {
        var table = ReportTable(
            "Not covered",
            ["tenant", "wave", "operation", ">compared", ">asked for"]
        )
        let missing = self.cells.filter { $0.compared < self.coverageRequired }
            .sorted {
                ($0.compared, $0.tenant, $0.operation) < ($1.compared, $1.tenant, $1.operation)
            }
        table.append(missing, max: max) { cell in
            [
                cell.tenant, cell.wave, cell.operation, ReportFigures.count(cell.compared),
                ReportFigures.count(self.coverageRequired),
            ]
        }
        return table
    }

    func latencyTable(max: Int) -> ReportTable {
        var table = ReportTable(
            "Latency",
            ["operation", "=origin", ">answers"] + ReportLatency.quantiles.map { ">" + $0.name }
        )
        for row in self.latency.prefix(max) {
            table.append(self.latencyCells(row, "legacy", row.legacyCount, row.legacy))
            table.append(self.latencyCells(row, "modern", row.modernCount, row.modern))
        }
        table.leftOut = Swift.max(0, self.latency.count - max)
        return table
    }

    private func latencyCells(
        _ row: ReportLatency,
        _ origin: String,
        _ count: UInt64,
        _ values: [UInt64]
    ) -> [String] {
        [
            row.operation.isEmpty ? "all" : row.operation, origin, ReportFigures.count(count),
        ]
            + ReportLatency.quantiles.indices.map {
                $0 < values.count ? ReportFigures.milliseconds(values[$0]) : ""
            }
    }

    var errorTable: ReportTable {
        var table = ReportTable("Errors", ["who failed", ">exchanges", ">share"])
        let trials = self.errorTrials
        for (name, count) in [
            ("legacy alone", self.all.legacyErrors), ("modern alone", self.all.modernErrors),
            ("both", self.all.bothErrors),
        ] {
            table.append([
                name, ReportFigures.count(count),
                ReportFigures.percent(count, of: trials, decimals: 4),
            ])
        }
        return table
    }

    var epochTable: ReportTable {
        var table = ReportTable(
            "Epochs",
            [
                ">epoch", "=from", "=to", "started by", "legacy's build", "modern's build",
                "rule set",
            ]
        )
        for epoch in self.earlier + [self.epoch] {
            table.append([
                "\(epoch.number)", ReportFigures.instant(epoch.startUnixMilliseconds),
                epoch.endUnixMilliseconds == 0
                    ? "open" : ReportFigures.instant(epoch.endUnixMilliseconds),
                epoch.cause, epoch.legacyBuild, epoch.modernBuild,
                String(epoch.ruleSetHash.prefix(12)),
            ])
        }
        return table
    }

    var noiseSentence: String {
        guard self.all.noiseReads > 0 else {
            return "Legacy was not read twice: nothing is known about its noise."
        }
        let all = self.all
        let share = ReportFigures.percent(all.noiseDiffered, of: all.noiseReads)
        return "Legacy was read twice \(ReportFigures.count(all.noiseReads)) times and differed "
            + "from itself in \(ReportFigures.count(all.noiseDiffered)) (\(share)). Modern alone "
            + "differed in \(ReportFigures.count(all.pairedCandidateOnly)) of them, legacy alone "
            + "in \(ReportFigures.count(all.pairedNoiseOnly))."
    }
}

extension ReportFigures {
    /// A pointer template for people: the whole body has the empty one.
    static func place(_ pointer: String) -> String {
        pointer.isEmpty ? "(whole body)" : pointer
    }

    /// `string, 9-16 bytes`: what may be said of a value.
    static func redacted(_ kind: ValueKind, _ lengthClass: UInt32) -> String {
        switch kind {
        case .absent, .null: kind.word
        default: kind.word + ", " + self.lengthClass(lengthClass)
        }
    }

    /// The first digits of a pair of fingerprints.
    static func shortPair(_ pair: String) -> String {
        pair.split(separator: ":", omittingEmptySubsequences: false).map { $0.prefix(8) }
            .joined(separator: ":")
    }

    /// How many tenants; the ledger names 64 at most.
    static func tenantCount(_ tenants: [String]) -> String {
        tenants.count >= 64 ? "64 or more" : "\(tenants.count)"
    }
}

extension ObservationOutcome {
    /// What a gate makes of it.
    var meaning: String {
        switch self {
        case .match: "compared, equal by the rules"
        case .mismatch: "compared, differs"
        case .modernFailed: "compared: a mismatch, since modern gave no answer or 5xx"
        case .legacyFailed: "shown only: legacy gave no answer or 5xx, modern answered"
        case .bothFailed: "shown only: neither answered"
        case .raced: "shown only: the record changed between two reads of legacy"
        case .unobserved: "not compared; above the limit they count as mismatches"
        }
    }
}

extension UnobservedReason {
    /// For people.
    var meaning: String {
        switch self {
        case .none: "compared"
        case .diverged: "legacy lacks writes that went to modern"
        case .queueFull: "the queue of the compare threads was full"
        case .bodyTooLarge: "the answer was longer than parity.maxBody"
        case .requestTooLarge: "the request's body was longer than shadow.maxBody"
        case .clientAborted: "the client went away before its answer was complete"
        case .breakerOpen: "the breaker of copies was open"
        case .draining: "the edge was going away"
        case .undecodable: "a body could not be decoded"
        case .budget: "the time or memory for comparing was spent"
        case .edgeStopped: "the edge stopped before the count was on disk"
        case .repeated: "the same request again within the window: not independent, in no sum"
        case .otherBuild: "an origin answered with another build than the epoch's"
        case .settling: "the user had just written"
        case .rescued: "legacy rescued the exchange: there was no second answer"
        case .answeredByBanyan: "banyan answered by itself"
        case .conditional: "a 304, 206, 412 or 416: a copy has no condition and no range"
        case .stream: "a WebSocket or an event stream: it has no end to compare"
        }
    }
}
