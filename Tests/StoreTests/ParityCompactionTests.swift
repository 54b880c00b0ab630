// SPDX-License-Identifier: Apache-2.0

import Foundation
import Parity
import Testing

@testable import Store

@Suite("Parity store: room") struct ParityCompactionTests {
    private static let day: Int64 = 86_400_000
    private static let start: Int64 = 1_700_000_000_000 / 86_400_000 * 86_400_000

    private static func epoch(_ number: UInt64, ended: Bool) -> ParityEpoch {
        let start = self.start + Int64(number) * self.day
        return ParityEpoch(
            number: number,
            migration: "m",
            ruleSetHash: String(repeating: "a", count: 64),
            legacyBuild: "",
            modernBuild: "r=b\(number)",
            cause: "build",
            startUnixMilliseconds: start,
            endUnixMilliseconds: ended ? start + self.day : 0
        )
    }

    /// A busy day: each tenant has asked three routes, and its latencies are spread as real ones.
    private static func batch(tenants: Int, day: Int64) -> ParityBatch {
        var batch = ParityBatch()
        var random = UInt64(truncatingIfNeeded: day) | 1
        for tenant in 0..<tenants {
            for route in ["visits", "care-plans", "portal"] {
                let operation = "GET /api/v1/\(route)/{id}"
                var totals = ParityTotals(
                    tenant: "tenant-\(tenant)",
                    wave: "\(tenant % 10)",
                    route: route,
                    operation: operation
                )
                totals[.match] = UInt64(1_000 + tenant)
                totals[.mismatch] = 3
                totals.gateMismatches = 3
                totals.noiseReads = 12
                for _ in 0..<40 {
                    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    totals.legacyLatency.add(microseconds: 500 + UInt32(random >> 50))
                    totals.modernLatency.add(microseconds: 400 + UInt32(random >> 51))
                }
                totals.firstUnixMilliseconds = day
                totals.lastUnixMilliseconds = day + 1
                let key = ParityTotalsKey(
                    route: route,
                    operation: operation,
                    tenant: totals.tenant
                )
                batch.totals[key] = totals
            }
        }
        for hour in 0..<24 {
            let key = ParityTimeKey(
                startUnixMilliseconds: day + Int64(hour) * 3_600_000,
                lengthMilliseconds: 3_600_000,
                route: "visits"
            )
            batch.series[key] = ParityTimeTotals(
                startUnixMilliseconds: key.startUnixMilliseconds,
                lengthMilliseconds: 3_600_000,
                route: "visits",
                outcomes: [1, 2, 3, 4, 5, 6, 7],
                gateMismatches: 1
            )
        }
        for number in 0..<300 {
            let key = ParityDifferenceKey(
                route: "visits",
                operation: "GET /api/v1/visits/{id}",
                pointer: "/field\(number)/name",
                difference: .value
            )
            var row = ParityDifferenceTotals(
                route: key.route,
                operation: key.operation,
                pointer: key.pointer,
                difference: .value,
                severity: .value
            )
            row.count = UInt64(number)
            row.tenants = (0..<64).map { "tenant-\($0)" }.sorted()
            row.fingerprints = (0..<5).map {
                "\($0)".padding(toLength: 33, withPad: "a", startingAt: 0)
            }
            batch.differences[key] = row
        }
        return batch
    }

    private static func size(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.size] as? Int) ?? 0
    }

    @Test func `old epochs keep their sums, hours become days, and the expired are gone`() throws {
        let path = NSTemporaryDirectory() + "banyan-compaction-\(UUID().uuidString).db"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var store = try ParityStore(path: path)
        for number in UInt64(1)...12 {
            let epoch = Self.epoch(number, ended: number < 12)
            let batch = Self.batch(tenants: 20, day: epoch.startUnixMilliseconds)
            try store.add([(epoch, batch)])
        }
        let before = try #require(try store.snapshot(migration: "m", epoch: 1))
        try store.compact(nowUnixMilliseconds: Self.start + 13 * Self.day)
        let old = try #require(try store.snapshot(migration: "m", epoch: 1))
        #expect(old.totals.count == 30)
        #expect(Set(old.totals.map(\.tenant)) == Set((0..<10).map { "(wave \($0))" }))
        for route in ["visits", "care-plans", "portal"] {
            let sums = [before, old].map { snapshot in
                snapshot.totals.filter { $0.route == route }.reduce(into: UInt64(0)) {
                    $0 += $1[.match]
                }
            }
            #expect(sums[0] == sums[1])
        }
        #expect(old.differences.count == 200)
        #expect(old.differences.allSatisfy { $0.tenants.isEmpty && $0.fingerprints.isEmpty })
        #expect(old.differences.map(\.count).min() == 100)
        #expect(try store.snapshot(migration: "m", epoch: 4)?.totals.count == 60)
        #expect(try store.snapshot(migration: "m", epoch: 3)?.totals.count == 30)
        // The open epoch is as it was.
        #expect(try store.snapshot(migration: "m")?.totals.count == 60)
        // Forty days later its hours are a day, with the same sums.
        try store.compact(nowUnixMilliseconds: Self.start + 60 * Self.day)
        let series = try #require(try store.snapshot(migration: "m")?.series)
        #expect(series.count == 1)
        #expect(series[0].lengthMilliseconds == Self.day)
        #expect(series[0].outcomes == [24, 48, 72, 96, 120, 144, 168])
        // What is counted late joins the sums of its wave.
        let late = Self.epoch(1, ended: true)
        try store.add([(late, Self.batch(tenants: 20, day: late.startUnixMilliseconds))])
        try store.compact(nowUnixMilliseconds: Self.start + 60 * Self.day)
        let twice = try #require(try store.snapshot(migration: "m", epoch: 1)).totals
        #expect(twice.count == 30)
        for (sum, first) in zip(twice, old.totals) {
            #expect(sum[.match] == 2 * first[.match] && sum.tenant == first.tenant)
            #expect(sum.legacyLatency.cells == first.legacyLatency.cells.mapValues { 2 * $0 })
        }
        // Twice changes nothing.
        let once = try store.snapshot(migration: "m", epoch: 1)
        try store.compact(nowUnixMilliseconds: Self.start + 60 * Self.day)
        #expect(try store.snapshot(migration: "m", epoch: 1) == once)
        try store.compact(nowUnixMilliseconds: Self.start + 500 * Self.day)
        #expect(try store.epochs(of: "m").map(\.epoch.number) == [12])
    }

    @Test func `a file of the first version is brought up and keeps what it has`() throws {
        let path = NSTemporaryDirectory() + "banyan-v1-\(UUID().uuidString).db"
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            let old = try SQLiteConnection.open(path: path, creates: true, busyMilliseconds: 100)
            try old.execute(ParitySchema.first)
            try old.execute("PRAGMA user_version = 1")
            try old.execute("INSERT INTO epochs VALUES (1, 'm', 7, 'h', '', 'r=b', 'first', 5, 0)")
        }
        for _ in 0..<2 {
            let store = try ParityStore(path: path)
            let epoch = try #require(try store.epochs(of: "m").first?.epoch)
            #expect(epoch.number == 7 && epoch.modernBuild == "r=b")
            #expect(epoch.identitiesSinceUnixMilliseconds == 0)
        }
        do {
            let later = try SQLiteConnection.open(path: path, creates: true, busyMilliseconds: 100)
            try later.execute("PRAGMA user_version = 3")
        }
        #expect(throws: StoreError.self) { _ = try ParityStore(path: path) }
    }

    @Test func `a year of three routes and 10,000 tenants with an epoch a day is below 1 GiB`()
        throws
    {
        let path = NSTemporaryDirectory() + "banyan-year-\(UUID().uuidString).db"
        defer {
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: path + suffix)
            }
        }
        var store = try ParityStore(path: path)
        func add(_ number: UInt64) throws -> Int {
            let epoch = Self.epoch(number, ended: true)
            let batch = Self.batch(tenants: 10_000, day: epoch.startUnixMilliseconds)
            try store.add([(epoch, batch)])
            try store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return try Self.size(path)
        }
        let empty = try Self.size(path)
        let full = try add(1) - empty
        // Old: one row for each wave and operation, in place of one for each tenant.
        try store.compact(nowUnixMilliseconds: Self.start + 100 * Self.day)
        try store.connection.execute("VACUUM")
        try store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        let merged = try Self.size(path) - empty
        let year = full * 10 + merged * 365
        print("an epoch of 30,000 rows: \(full) bytes, as history \(merged); a year: \(year)")
        #expect(full > 1_000_000)
        #expect(year < 1 << 30)
    }
}
