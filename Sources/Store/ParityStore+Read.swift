// SPDX-License-Identifier: Apache-2.0

public import Parity

extension ParityStore {
    /// All that is known of one epoch of a migration (`nil`: its latest), in one consistent look.
    ///
    /// `tenants`: only these in the totals; empty: all. `nil` when there is no such epoch.
    public func snapshot(
        migration: String,
        epoch number: UInt64? = nil,
        tenants: [String] = []
    ) throws(StoreError) -> ParitySnapshot? {
        try self.connection.execute("BEGIN")
        defer { try? self.connection.execute("COMMIT") }
        let all = try self.epochs(of: migration)
        guard
            let index = number.map({ n in all.firstIndex { $0.epoch.number == n } })
                ?? (all.isEmpty ? nil : all.count - 1)
        else { return nil }
        let id = all[index].id
        return ParitySnapshot(
            epoch: all[index].epoch,
            earlier: all[..<index].map(\.epoch),
            totals: try self.totals(epoch: id, tenants: Set(tenants)),
            differences: try self.differences(epoch: id),
            series: try self.series(epoch: id)
        )
    }

    private func totals(
        epoch: Int64,
        tenants: Set<String>
    ) throws(StoreError) -> [ParityTotals] {
        let statement = try self.connection.prepare(
            """
            SELECT r.text, o.text, t.text, w.text, counts, legacy_latency, modern_latency,
                first_ms, last_ms
            FROM totals
            JOIN operations p ON p.id = totals.operation
            JOIN names r ON r.id = p.route JOIN names o ON o.id = p.operation
            JOIN names t ON t.id = totals.tenant JOIN names w ON w.id = totals.wave
            WHERE epoch = ?1 ORDER BY r.text, o.text, t.text
            """
        )
        try statement.bind(epoch, at: 1)
        var rows: [ParityTotals] = []
        while try statement.step() {
            let tenant = statement.text(2) ?? ""
            guard tenants.isEmpty || tenants.contains(tenant) else { continue }
            var row = ParityTotals(
                tenant: tenant,
                wave: statement.text(3) ?? "",
                route: statement.text(0) ?? "",
                operation: statement.text(1) ?? ""
            )
            row.counts = ParityCodec.counts(statement.bytes(4), atLeast: row.counts.count)
            row.legacyLatency = ParityCodec.histogram(statement.bytes(5))
            row.modernLatency = ParityCodec.histogram(statement.bytes(6))
            row.firstUnixMilliseconds = statement.integer(7)
            row.lastUnixMilliseconds = statement.integer(8)
            rows.append(row)
        }
        return rows
    }

    private func differences(epoch: Int64) throws(StoreError) -> [ParityDifferenceTotals] {
        let statement = try self.connection.prepare(
            """
            SELECT r.text, o.text, n.text, class, \(ParityRows.differenceColumns)
            FROM differences
            JOIN operations p ON p.id = differences.operation
            JOIN names r ON r.id = p.route JOIN names o ON o.id = p.operation
            JOIN names n ON n.id = differences.pointer
            WHERE epoch = ?1 ORDER BY r.text, o.text, n.text, class
            """
        )
        try statement.bind(epoch, at: 1)
        var rows: [ParityDifferenceTotals] = []
        while try statement.step() {
            let number = UInt8(clamping: statement.integer(3))
            let key = ParityDifferenceKey(
                route: statement.text(0) ?? "",
                operation: statement.text(1) ?? "",
                pointer: statement.text(2) ?? "",
                difference: DifferenceClass(rawValue: number) ?? .value
            )
            rows.append(ParityRows.difference(statement, from: 4, key))
        }
        return rows
    }

    /// Differences that an epoch (its number in this file) has, without what was counted.
    public func differenceKeys(
        epoch: Int64
    ) throws(StoreError) -> Set<ParityDifferenceKey> {
        let statement = try self.connection.prepare(
            """
            SELECT r.text, o.text, n.text, class FROM differences
            JOIN operations p ON p.id = differences.operation
            JOIN names r ON r.id = p.route JOIN names o ON o.id = p.operation
            JOIN names n ON n.id = differences.pointer
            WHERE epoch = ?1
            """
        )
        try statement.bind(epoch, at: 1)
        var keys: Set<ParityDifferenceKey> = []
        while try statement.step() {
            let number = UInt8(clamping: statement.integer(3))
            keys.insert(
                ParityDifferenceKey(
                    route: statement.text(0) ?? "",
                    operation: statement.text(1) ?? "",
                    pointer: statement.text(2) ?? "",
                    difference: DifferenceClass(rawValue: number) ?? .value
                )
            )
        }
        return keys
    }

    private func series(epoch: Int64) throws(StoreError) -> [ParityTimeTotals] {
        let statement = try self.connection.prepare(
            """
            SELECT start_ms, length_ms, n.text, counts FROM series
            JOIN names n ON n.id = series.route
            WHERE epoch = ?1 ORDER BY start_ms, n.text, length_ms
            """
        )
        try statement.bind(epoch, at: 1)
        var rows: [ParityTimeTotals] = []
        while try statement.step() {
            let key = ParityTimeKey(
                startUnixMilliseconds: statement.integer(0),
                lengthMilliseconds: statement.integer(1),
                route: statement.text(2) ?? ""
            )
            rows.append(ParityRows.time(statement.bytes(3), key))
        }
        return rows
    }
}
