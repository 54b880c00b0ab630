// SPDX-License-Identifier: Apache-2.0

internal import Parity

/// Rows of the parity store as values, and back.
enum ParityRows {
    static let differenceColumns =
        "severity, counts, tenants, kinds, fingerprints, accepted_by, first_ms, last_ms"

    /// Binds a row of differences from parameter `from` on.
    static func bind(
        _ row: ParityDifferenceTotals,
        to statement: borrowing SQLiteStatement,
        from: Int32
    ) throws(StoreError) {
        try statement.bind(Int64(row.severity.rawValue), at: from)
        let counts = [row.count, row.noiseCount, row.candidateOnly, row.noiseOnly] + row.hinted
        try statement.bind(ParityCodec.bytes(counts), at: from + 1)
        try statement.bind(row.tenants.joined(separator: "\n"), at: from + 2)
        let kinds = [
            UInt64(row.legacyKind.rawValue), UInt64(row.modernKind.rawValue),
            UInt64(row.legacyLengthClass), UInt64(row.modernLengthClass),
        ]
        try statement.bind(ParityCodec.bytes(kinds), at: from + 3)
        try statement.bind(row.fingerprints.joined(separator: "\n"), at: from + 4)
        try statement.bind(row.acceptedBy, at: from + 5)
        try statement.bind(row.firstUnixMilliseconds, at: from + 6)
        try statement.bind(row.lastUnixMilliseconds, at: from + 7)
    }

    /// The row whose columns ``differenceColumns`` begin at `from`.
    static func difference(
        _ statement: borrowing SQLiteStatement,
        from: Int32,
        _ key: ParityDifferenceKey
    ) -> ParityDifferenceTotals {
        let severity = DifferenceSeverity(rawValue: UInt8(clamping: statement.integer(from)))
        var row = ParityDifferenceTotals(
            route: key.route,
            operation: key.operation,
            pointer: key.pointer,
            difference: key.difference,
            severity: severity ?? .value
        )
        let counts = ParityCodec.counts(statement.bytes(from + 1), atLeast: 4)
        row.count = counts[0]
        row.noiseCount = counts[1]
        row.candidateOnly = counts[2]
        row.noiseOnly = counts[3]
        row.hinted = Array(counts[4...])
        row.tenants = self.lines(statement.text(from + 2))
        let kinds = ParityCodec.counts(statement.bytes(from + 3), atLeast: 4)
        row.legacyKind = ValueKind(rawValue: UInt8(clamping: kinds[0])) ?? .absent
        row.modernKind = ValueKind(rawValue: UInt8(clamping: kinds[1])) ?? .absent
        row.legacyLengthClass = UInt32(clamping: kinds[2])
        row.modernLengthClass = UInt32(clamping: kinds[3])
        row.fingerprints = self.lines(statement.text(from + 4))
        row.acceptedBy = statement.text(from + 5) ?? ""
        row.firstUnixMilliseconds = statement.integer(from + 6)
        row.lastUnixMilliseconds = statement.integer(from + 7)
        return row
    }

    /// A row of a series.
    static func time(_ bytes: [UInt8], _ key: ParityTimeKey) -> ParityTimeTotals {
        let outcomes = ObservationOutcome.allCases.count
        let counts = ParityCodec.counts(bytes, atLeast: outcomes + 1)
        return ParityTimeTotals(
            startUnixMilliseconds: key.startUnixMilliseconds,
            lengthMilliseconds: key.lengthMilliseconds,
            route: key.route,
            outcomes: Array(counts[..<outcomes]),
            gateMismatches: counts[outcomes]
        )
    }

    private static func lines(_ text: String?) -> [String] {
        (text ?? "").split(separator: "\n").map(String.init)
    }
}
