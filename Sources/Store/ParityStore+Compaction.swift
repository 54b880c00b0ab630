// SPDX-License-Identifier: Apache-2.0

internal import Bytes
internal import Parity

/// Making room: what an open epoch needs for its verdict is kept in full, what is only history in
/// sums, so that a year of ten thousand tenants stays below 1 GiB.
extension ParityStore {
    /// Merges and removes what is old at `nowUnixMilliseconds`.
    ///
    /// Nothing of an open epoch is touched but old hours of its series, which become days.
    ///
    /// One transaction for each epoch, so that counting never waits long.
    ///
    /// The number, by migration, up to which epochs have no fingerprints any more.
    @discardableResult
    public mutating func compact(
        nowUnixMilliseconds now: Int64
    ) throws(StoreError) -> [String: UInt64] {
        var history: [String: UInt64] = [:]
        for migration in try self.migrations() {
            let all = try self.epochs(of: migration)
            for (place, entry) in all.enumerated() {
                try self.mergeHours(epoch: entry.id, before: now - Limits.parityHoursMilliseconds)
                let end = entry.epoch.endUnixMilliseconds
                guard end > 0 else { continue }
                let isExpired = end < now - Limits.parityRetentionMilliseconds
                let isOld =
                    end < now - Limits.parityByTenantMilliseconds
                    || all.count - place > Limits.parityEpochsByTenant + 1
                if isExpired {
                    try self.remove(epoch: entry.id)
                } else if isOld {
                    try self.mergeTenants(epoch: entry.id)
                }
                if isExpired || isOld { history[migration] = entry.epoch.number }
            }
        }
        return history
    }

    private func remove(epoch: Int64) throws(StoreError) {
        try self.connection.transaction { () throws(StoreError) in
            for table in ["totals", "differences", "series"] {
                try self.connection.execute("DELETE FROM \(table) WHERE epoch = \(epoch)")
            }
            try self.connection.execute("DELETE FROM epochs WHERE id = \(epoch)")
        }
    }

    // MARK: Hours to days

    private func mergeHours(epoch: Int64, before: Int64) throws(StoreError) {
        let day: Int64 = 86_400_000
        let find = try self.connection.prepare(
            """
            SELECT start_ms, route, counts FROM series
            WHERE epoch = ?1 AND length_ms < ?2 AND start_ms < ?3
            """
        )
        try find.bind(epoch, at: 1)
        try find.bind(day, at: 2)
        // Whole days only: a day that is half hours would be counted in two places.
        let limit = before / day * day
        try find.bind(limit, at: 3)
        var days: [[Int64]: [UInt64]] = [:]
        while try find.step() {
            let key = [find.integer(0) / day * day, find.integer(1)]
            let counts = ParityCodec.counts(
                find.bytes(2),
                atLeast: ObservationOutcome.allCases.count + 1
            )
            let before = days[key] ?? [UInt64](repeating: 0, count: counts.count)
            days[key] = zip(before, counts).map { $0 &+ $1 }
        }
        guard !days.isEmpty else { return }
        try self.connection.transaction { () throws(StoreError) in
            try self.connection.execute(
                "DELETE FROM series WHERE epoch = \(epoch) AND length_ms < \(day) "
                    + "AND start_ms < \(limit)"
            )
            let read = try self.connection.prepare(
                """
                SELECT counts FROM series
                WHERE epoch = ?1 AND start_ms = ?2 AND length_ms = ?3 AND route = ?4
                """
            )
            let write = try self.connection.prepare(
                "INSERT OR REPLACE INTO series VALUES (?1, ?2, ?3, ?4, ?5)"
            )
            for (key, added) in days {
                // Hours that came late (a clock that was set back) join the day that there is.
                var counts = added
                try read.bind(epoch, at: 1)
                try read.bind(key[0], at: 2)
                try read.bind(day, at: 3)
                try read.bind(key[1], at: 4)
                if try read.step() {
                    let known = ParityCodec.counts(read.bytes(0), atLeast: counts.count)
                    counts = zip(known, counts).map { $0 &+ $1 }
                }
                read.reset()
                try write.bind(epoch, at: 1)
                try write.bind(key[0], at: 2)
                try write.bind(day, at: 3)
                try write.bind(key[1], at: 4)
                try write.bind(ParityCodec.bytes(counts), at: 5)
                try write.run()
            }
        }
    }

    // MARK: Tenants to waves

    private mutating func mergeTenants(epoch: Int64) throws(StoreError) {
        let nobody = try self.name("")
        let find = try self.connection.prepare(
            """
            SELECT operation, wave, counts, legacy_latency, modern_latency, first_ms, last_ms
            FROM totals WHERE epoch = ?1 AND tenant NOT IN
                (SELECT id FROM names WHERE text = '' OR text LIKE '(wave %')
            """
        )
        try find.bind(epoch, at: 1)
        var sums: [[Int64]: ParityTotals] = [:]
        while try find.step() {
            let row = totals(find, from: 2)
            sums[[find.integer(0), find.integer(1)], default: emptyTotals()].merge(row)
        }
        guard !sums.isEmpty else { return }
        // Names are numbered outside of the transaction: they are never taken back.
        var tenants: [Int64: Int64] = [:]
        for wave in Set(sums.keys.map { $0[1] }) {
            tenants[wave] = try self.name("(wave \(try self.text(wave)))")
        }
        try self.connection.transaction { () throws(StoreError) in
            try self.connection.execute(
                "DELETE FROM totals WHERE epoch = \(epoch) AND tenant NOT IN "
                    + "(SELECT id FROM names WHERE text = '' OR text LIKE '(wave %')"
            )
            let read = try self.connection.prepare(
                """
                SELECT counts, legacy_latency, modern_latency, first_ms, last_ms FROM totals
                WHERE epoch = ?1 AND operation = ?2 AND tenant = ?3
                """
            )
            let write = try self.connection.prepare(
                "INSERT OR REPLACE INTO totals VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
            )
            for (key, added) in sums {
                let tenant = tenants[key[1]] ?? nobody
                // What was counted late, after the first merge, joins the row that there is.
                var sum = added
                try read.bind(epoch, at: 1)
                try read.bind(key[0], at: 2)
                try read.bind(tenant, at: 3)
                if try read.step() { sum.merge(totals(read, from: 0)) }
                read.reset()
                try write.bind(epoch, at: 1)
                try write.bind(key[0], at: 2)
                try write.bind(tenant, at: 3)
                try write.bind(key[1], at: 4)
                try write.bind(ParityCodec.bytes(sum.counts), at: 5)
                try write.bind(ParityCodec.bytes(sum.legacyLatency), at: 6)
                try write.bind(ParityCodec.bytes(sum.modernLatency), at: 7)
                try write.bind(sum.firstUnixMilliseconds, at: 8)
                try write.bind(sum.lastUnixMilliseconds, at: 9)
                try write.run()
            }
            try self.trimDifferences(epoch: epoch)
        }
    }

    /// History needs neither names of tenants nor fingerprints, and the most frequent kinds only.
    private func trimDifferences(epoch: Int64) throws(StoreError) {
        try self.connection.execute(
            "UPDATE differences SET tenants = '', fingerprints = '' WHERE epoch = \(epoch)"
        )
        let find = try self.connection.prepare(
            "SELECT operation, pointer, class, counts FROM differences WHERE epoch = ?1"
        )
        try find.bind(epoch, at: 1)
        var rows: [(key: [Int64], count: UInt64)] = []
        while try find.step() {
            let key = [find.integer(0), find.integer(1), find.integer(2)]
            rows.append((key, ParityCodec.counts(find.bytes(3), atLeast: 1)[0]))
        }
        guard rows.count > Limits.parityOldDifferenceKinds else { return }
        rows.sort { $0.count > $1.count }
        for row in rows.dropFirst(Limits.parityOldDifferenceKinds) {
            try self.connection.execute(
                "DELETE FROM differences WHERE epoch = \(epoch) AND operation = \(row.key[0]) "
                    + "AND pointer = \(row.key[1]) AND class = \(row.key[2])"
            )
        }
    }

    private func text(_ name: Int64) throws(StoreError) -> String {
        let find = try self.connection.prepare("SELECT text FROM names WHERE id = ?1")
        try find.bind(name, at: 1)
        return try find.step() ? find.text(0) ?? "" : ""
    }
}

private func emptyTotals() -> ParityTotals {
    ParityTotals(tenant: "", wave: "", route: "", operation: "")
}

/// A row of totals whose counts stand in column `from`.
private func totals(_ statement: borrowing SQLiteStatement, from: Int32) -> ParityTotals {
    var row = emptyTotals()
    row.counts = ParityCodec.counts(statement.bytes(from), atLeast: row.counts.count)
    row.legacyLatency = ParityCodec.histogram(statement.bytes(from + 1))
    row.modernLatency = ParityCodec.histogram(statement.bytes(from + 2))
    row.firstUnixMilliseconds = statement.integer(from + 3)
    row.lastUnixMilliseconds = statement.integer(from + 4)
    return row
}
