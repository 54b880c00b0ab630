// SPDX-License-Identifier: Apache-2.0

public import Documents
import Parity

// The report as JSON: the form that is stored, compared and signed. Its canonical bytes (RFC 8785)
// depend on nothing but the sources.

extension ParityReport {
    /// The report as a document; `rowsMax` bounds each long list, what is left out is counted.
    public func document(rowsMax: Int = ReportLimits.documentRows) -> DocumentValue {
        [
            "kind": "ParityReport", "version": 1, "migration": .string(self.migration),
            "tenants": .list(self.tenants), "generation": .integer(self.generation),
            "auditHead": .string(self.auditHead), "epoch": ParityReport.document(self.epoch),
            "earlierEpochs": .list(self.earlier.map(ParityReport.document)),
            "window": [
                "from": ReportFigures.instantValue(self.fromUnixMilliseconds),
                "to": ReportFigures.instantValue(self.toUnixMilliseconds),
                "since": ReportFigures.instantValue(self.sinceUnixMilliseconds ?? 0),
            ],
            "verdict": self.verdict.document,
            "outcomes": ParityReport.outcomes(self.all),
            "unobserved": self.unobservedDocument,
            "noise": [
                "reads": .integer(self.all.noiseReads),
                "differed": .integer(self.all.noiseDiffered),
                "candidateOnly": .integer(self.all.pairedCandidateOnly),
                "noiseOnly": .integer(self.all.pairedNoiseOnly),
            ],
            "errors": [
                "exchanges": .integer(self.errorTrials),
                "legacyOnly": .integer(self.all.legacyErrors),
                "modernOnly": .integer(self.all.modernErrors),
                "both": .integer(self.all.bothErrors),
            ],
            "latency": .list(self.latency.prefix(rowsMax).map(\.document)),
            "coverage": self.coverageDocument(rowsMax),
            "neverExercised": .list(
                self.neverExercised.prefix(rowsMax).map {
                    ["route": .string($0.route), "operation": .string($0.operation)]
                }
            ),
            "differences": .list(self.differences.prefix(rowsMax).map(\.document)),
            "differencesLeftOut": .integer(max(0, self.differences.count - rowsMax)),
            "accepted": .list(self.accepted.prefix(rowsMax).map(\.document)),
            "series": .list(self.series.map(\.document)),
        ]
    }

    /// The canonical bytes (RFC 8785): what a digest or a signature is made over.
    public func canonicalJSON() throws(DocumentsError) -> [UInt8] {
        try self.document().canonicalJSON()
    }

    /// Exchanges in which both origins were asked and at least one answered.
    var errorTrials: UInt64 {
        self.compared + self.all[.legacyFailed] + self.all[.bothFailed] + self.all[.raced]
    }

    private var unobservedDocument: DocumentValue {
        .fields(
            UnobservedReason.allCases.filter { $0 != .none }.map {
                ($0.word, .integer(self.all.unobserved[Int($0.rawValue)]))
            }
        )
    }

    private func coverageDocument(_ rowsMax: Int) -> DocumentValue {
        [
            "required": .integer(self.coverageRequired),
            "cells": .integer(self.cells.count), "covered": .integer(self.coveredCells),
            "rows": .list(
                self.cells.prefix(rowsMax).map { cell in
                    [
                        "tenant": .string(cell.tenant), "wave": .string(cell.wave),
                        "route": .string(cell.route), "operation": .string(cell.operation),
                        "compared": .integer(cell.compared),
                        "isCovered": .bool(cell.compared >= self.coverageRequired),
                        "outcomes": ParityReport.outcomes(cell),
                        "gateMismatches": .integer(cell.gateMismatches),
                        "zeroTolerance": .integer(cell.zeroTolerance),
                    ]
                }
            ),
            "leftOut": .integer(max(0, self.cells.count - rowsMax)),
        ]
    }

    static func outcomes(_ totals: ParityTotals) -> DocumentValue {
        .fields(
            ObservationOutcome.allCases.map { ($0.word, .integer(totals[$0])) }
                + [
                    ("compared", .integer(totals.compared)),
                    ("observed", .integer(totals.observed)),
                    ("gateMismatches", .integer(totals.gateMismatches)),
                    ("zeroTolerance", .integer(totals.zeroTolerance)),
                ]
        )
    }

    static func document(_ epoch: ParityEpoch) -> DocumentValue {
        var document: DocumentValue = [
            "number": .integer(epoch.number), "cause": .string(epoch.cause),
            "ruleSetHash": .string(epoch.ruleSetHash),
            "legacyBuild": .string(epoch.legacyBuild), "modernBuild": .string(epoch.modernBuild),
            "from": ReportFigures.instantValue(epoch.startUnixMilliseconds),
            "to": ReportFigures.instantValue(epoch.endUnixMilliseconds),
        ]
        let anew = epoch.identitiesSinceUnixMilliseconds
        if anew > 0 { document.set("identitiesSince", ReportFigures.instantValue(anew)) }
        return document
    }
}

/// Rows of a report's lists at most.
public enum ReportLimits {
    /// In JSON and CSV.
    public static let documentRows = 100_000
    /// In a table of the page.
    public static let pageRows = 500
    /// In a table of the text.
    public static let textRows = 40
}

extension ReportFigures {
    /// An instant as JSON: text, or null for 0.
    static func instantValue(_ unixMilliseconds: Int64) -> DocumentValue {
        unixMilliseconds > 0 ? .string(instant(unixMilliseconds)) : .null
    }
}

extension ReportVerdict {
    /// As JSON; numbers that are not known are null.
    public var document: DocumentValue {
        [
            "verdict": .string(self.word), "reasons": .list(self.reasons),
            "checks": .list(
                self.checks.map { check in
                    [
                        "check": .string(check.key), "route": .string(check.route),
                        "state": .string(check.state.rawValue),
                        "statement": .string(check.statement),
                        "numbers": .fields(
                            check.numbers.map { ($0.key, .decimal($0.value)) }
                        ),
                    ]
                }
            ),
            "missingComparisons": .optional(self.missingComparisons),
            "missingDays": self.missingDays.map { .decimal($0) } ?? .null,
        ]
    }
}

extension ReportDifference {
    /// As JSON: counts, kinds, length classes, fingerprints; never a value.
    public var document: DocumentValue {
        let sums = self.sums
        return [
            "route": .string(sums.route), "operation": .string(sums.operation),
            "pointer": .string(sums.pointer), "class": .string(sums.difference.word),
            "severity": .string(sums.severity.word), "count": .integer(sums.count),
            "compared": .integer(self.compared), "noise": .string(self.noise.rawValue),
            "noiseCount": .integer(sums.noiseCount), "noiseReads": .integer(self.noiseReads),
            "candidateOnly": .integer(sums.candidateOnly), "noiseOnly": .integer(sums.noiseOnly),
            "tenants": .list(sums.tenants),
            "legacy": [
                "kind": .string(sums.legacyKind.word),
                "lengthClass": .integer(sums.legacyLengthClass),
            ],
            "modern": [
                "kind": .string(sums.modernKind.word),
                "lengthClass": .integer(sums.modernLengthClass),
            ],
            "fingerprints": .list(sums.fingerprints),
            "first": ReportFigures.instantValue(sums.firstUnixMilliseconds),
            "last": ReportFigures.instantValue(sums.lastUnixMilliseconds),
        ]
    }
}

extension ReportAcceptance {
    /// As JSON.
    var document: DocumentValue {
        [
            "route": .string(self.route), "path": .string(self.path),
            "owner": .string(self.owner), "reason": .string(self.reason),
            "expires": self.expiresUnixSeconds.map {
                .string(ReportFigures.day($0 * 1_000))
            } ?? .null,
            "isExpired": .bool(self.isExpired), "origin": .string(self.origin),
            "count": .integer(self.count), "pointers": .list(self.pointers),
        ]
    }
}

extension ReportLatency {
    /// As JSON, microseconds.
    var document: DocumentValue {
        func quantiles(_ values: [UInt64]) -> DocumentValue {
            .fields(zip(ReportLatency.quantiles, values).map { ($0.name, .integer($1)) })
        }
        return [
            "route": .string(self.route), "operation": .string(self.operation),
            "legacyCount": .integer(self.legacyCount), "modernCount": .integer(self.modernCount),
            "legacyMicroseconds": quantiles(self.legacy),
            "modernMicroseconds": quantiles(self.modern),
        ]
    }
}

extension ReportSpan {
    /// As JSON.
    var document: DocumentValue {
        [
            "from": ReportFigures.instantValue(self.startUnixMilliseconds),
            "seconds": .integer(self.lengthMilliseconds / 1_000),
            "outcomes": .fields(
                ObservationOutcome.allCases.map {
                    ($0.word, .integer(self.outcomes[Int($0.rawValue)]))
                }
            ),
            "gateMismatches": .integer(self.gateMismatches),
            "upperBound": .decimal(self.upperBound),
        ]
    }
}
