// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Parity

/// A month of a made-up migration, with every kind of row that a report can have.
enum ReportFixture {
    static let start: Int64 = 1_784_073_600_000  // 2026-07-15T00:00:00Z
    static let hour: Int64 = 3_600_000

    static let epoch = ParityEpoch(
        number: 3,
        migration: "virtual-care",
        ruleSetHash: String(repeating: "5e", count: 32),
        legacyBuild: "dc-4.18.2",
        modernBuild: "vc-1.4.0",
        cause: "build",
        startUnixMilliseconds: start,
        endUnixMilliseconds: 0
    )

    static var earlier: [ParityEpoch] {
        [1, 2].map { number in
            var epoch = self.epoch
            epoch.number = UInt64(number)
            epoch.ruleSetHash = String(repeating: "0\(number)", count: 32)
            epoch.modernBuild = "vc-1.3.\(number)"
            epoch.cause = number == 1 ? "first" : "rules"
            epoch.startUnixMilliseconds = self.start - Int64(30 - 10 * number) * 24 * self.hour
            epoch.endUnixMilliseconds = self.start - Int64(20 - 10 * number) * 24 * self.hour
            return epoch
        }
    }

    static func totals(
        _ tenant: String,
        _ wave: String,
        _ operation: String,
        match: UInt64,
        mismatch: UInt64,
        failed: UInt64 = 0
    ) -> ParityTotals {
        var totals = ParityTotals(
            tenant: tenant,
            wave: wave,
            route: "virtual-care",
            operation: operation
        )
        totals[.match] = match
        totals[.mismatch] = mismatch
        totals[.modernFailed] = failed
        totals[.legacyFailed] = failed / 2
        totals[.raced] = mismatch / 3
        totals[.unobserved] = match / 500
        totals.unobserved[Int(UnobservedReason.queueFull.rawValue)] = match / 500
        totals.unobserved[Int(UnobservedReason.repeated.rawValue)] = match / 7
        totals.gateMismatches = mismatch
        totals.modernErrors = failed
        totals.legacyErrors = failed / 2
        totals.noiseReads = match / 100
        totals.noiseDiffered = match / 2_000
        totals.pairedCandidateOnly = mismatch / 2
        totals.pairedNoiseOnly = match / 2_500
        for step in 0..<200 {
            totals.legacyLatency.add(microseconds: UInt32(9_000 + step * step))
            totals.modernLatency.add(microseconds: UInt32(7_000 + step * step * step / 90))
        }
        totals.firstUnixMilliseconds = self.start + 61_000
        totals.lastUnixMilliseconds = self.start + 13 * 24 * self.hour + 4_217_000
        return totals
    }

    static func difference(
        _ pointer: String,
        _ kind: DifferenceClass,
        _ severity: DifferenceSeverity,
        count: UInt64,
        noise: UInt64 = 0,
        legacy: ValueKind = .string,
        modern: ValueKind = .string
    ) -> ParityDifferenceTotals {
        var sums = ParityDifferenceTotals(
            route: "virtual-care",
            operation: "GET /api/v1/digital-communication/virtual-sessions/{id}",
            pointer: pointer,
            difference: kind,
            severity: severity
        )
        sums.count = count
        sums.noiseCount = noise
        sums.candidateOnly = count / 4
        sums.noiseOnly = noise / 3
        sums.tenants = ["acme", "north-clinic"]
        sums.legacyKind = legacy
        sums.modernKind = modern
        sums.legacyLengthClass = legacy == .absent ? 0 : 32
        sums.modernLengthClass = modern == .absent ? 0 : 16
        sums.fingerprints = ["0011223344556677:8899aabbccddeeff"]
        sums.firstUnixMilliseconds = self.start + 3 * self.hour
        sums.lastUnixMilliseconds = self.start + 12 * 24 * self.hour
        return sums
    }

    static var differences: [ParityDifferenceTotals] {
        var accepted = self.difference("/meta/lastUpdated", .value, .accepted, count: 39_211)
        accepted.acceptedBy = "ignore /meta/lastUpdated"
        return [
            self.difference("/participants/*/joinedAt", .zone, .value, count: 1_904),
            self.difference("/patientId", .value, .zeroTolerance, count: 2),
            self.difference(
                "/summary",
                .missing,
                .missing,
                count: 12,
                modern: .absent
            ),
            self.difference(
                "/onlineCount",
                .value,
                .value,
                count: 40,
                noise: 39,
                legacy: .number,
                modern: .number
            ),
            self.difference("/tags", .order, .order, count: 7, legacy: .array, modern: .array),
            self.difference(
                "/price",
                .lexeme,
                .formatting,
                count: 811,
                legacy: .number,
                modern: .number
            ),
            self.difference("header:etag", .header, .header, count: 21_007),
            self.difference("", .malformed, .value, count: 1),
            self.difference("/<script>alert(1)</script>&\"'", .value, .value, count: 3),
            self.difference("=cmd|' /C calc'!A0", .added, .value, count: 3, legacy: .absent),
            accepted,
        ]
    }

    static var series: [ParityTimeTotals] {
        (0..<(13 * 24)).map { hour in
            let match = UInt64(90 + (hour % 24) * 3)
            let mismatch: UInt64 = hour == 100 ? 5 : hour % 97 == 0 ? 1 : 0
            return ParityTimeTotals(
                startUnixMilliseconds: self.start + Int64(hour) * self.hour,
                lengthMilliseconds: self.hour,
                route: "virtual-care",
                outcomes: [match, mismatch, hour == 200 ? 3 : 0, 0, 0, mismatch / 2, match / 90],
                gateMismatches: mismatch
            )
        }
    }

    static var snapshot: ParitySnapshot {
        let get = "GET /api/v1/digital-communication/virtual-sessions/{id}"
        let list = "GET /api/v1/digital-communication/virtual-sessions"
        return ParitySnapshot(
            epoch: self.epoch,
            earlier: self.earlier,
            totals: [
                self.totals("acme", "1", get, match: 31_040, mismatch: 9, failed: 2),
                self.totals("north-clinic", "2", get, match: 8_100, mismatch: 4),
                self.totals("acme", "1", list, match: 411, mismatch: 0),
                self.totals("north-clinic", "2", list, match: 12, mismatch: 0),
                self.totals("", "", list, match: 3, mismatch: 0),
            ],
            differences: self.differences,
            series: self.series
        )
    }

    static var verdict: ReportVerdict {
        ReportVerdict(
            word: "NO_GO",
            reasons: [
                "2 exchanges differ where any difference is one too many (/patientId).",
                "15 mismatches in 39,581 comparisons: at least 99.93 % agree, asked for are 99.99 %.",
            ],
            checks: [
                ReportCheck(
                    key: "zero_tolerance",
                    statement: "2 of 0 allowed",
                    state: .missed,
                    numbers: [
                        ReportNumber(key: "count", label: "exchanges", value: 2, text: "2")
                    ]
                ),
                ReportCheck(
                    key: "parity",
                    statement: "at least 99.93 % with 95 % confidence; asked for are 99.99 %",
                    state: .open,
                    numbers: [
                        ReportNumber(
                            key: "mismatches",
                            label: "mismatches x",
                            value: 15,
                            text: "15"
                        ),
                        ReportNumber(key: "trials", label: "of n", value: 39_581, text: "39,581"),
                        ReportNumber(
                            key: "upperBound",
                            label: "upper bound U",
                            value: 0.00067,
                            text: "0.0670 %"
                        ),
                    ]
                ),
                ReportCheck(
                    key: "latency",
                    statement: "p95 within 10 % of legacy's",
                    state: .met,
                    numbers: []
                ),
            ],
            missingComparisons: 260_422,
            missingDays: 84.6
        )
    }

    static var sources: ReportSources {
        var sources = ReportSources(
            snapshot: self.snapshot,
            verdict: self.verdict,
            upperBound: { mismatches, trials in (Double(mismatches) + 3) / Double(trials) },
            isBeyondNoise: { candidate, noise in candidate > 2 * noise + 5 }
        )
        sources.generation = 1_841
        sources.auditHead = String(repeating: "ab", count: 32)
        sources.rules = [
            (
                "virtual-care",
                ParityRule(
                    path: "/meta/lastUpdated",
                    kind: .ignore(
                        owner: "telehealth",
                        reason: "server clock",
                        expiresUnixSeconds: 1_801_353_600
                    ),
                    origin: "Routes/virtual-care.yaml:21"
                )
            ),
            (
                "virtual-care",
                ParityRule(
                    path: "/legacyOnly",
                    kind: .ignore(
                        owner: "care",
                        reason: "gone in 2.0",
                        expiresUnixSeconds: 1_784_073_601
                    ),
                    origin: "Routes/virtual-care.yaml:22"
                )
            ),
        ]
        sources.expected = [
            ParityOperation(
                route: "virtual-care",
                operation: "GET /api/v1/digital-communication/virtual-sessions/{id}/notes"
            ),
            ParityOperation(
                route: "virtual-care",
                operation: "GET /api/v1/digital-communication/virtual-sessions"
            ),
        ]
        return sources
    }

    static var report: ParityReport { ParityReport(self.sources) }

    /// Compares with a golden file; `UPDATE_GOLDEN=1` writes it anew.
    static func golden(_ name: String, _ actual: String) throws -> String? {
        let url = packageRoot.appendingPathComponent("Tests/Golden/ParityReport/\(name)")
        if GoldenCase.isUpdating {
            try Data(actual.utf8).write(to: url)
            return nil
        }
        let expected = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        guard expected != actual else { return nil }
        let lines = expected.components(separatedBy: "\n")
        for (index, line) in actual.components(separatedBy: "\n").enumerated()
        where index >= lines.count || lines[index] != line {
            return
                "\(name):\(index + 1): \(line)\nexpected: \(index < lines.count ? lines[index] : "")"
        }
        return "\(name): \(lines.count) lines expected"
    }
}
