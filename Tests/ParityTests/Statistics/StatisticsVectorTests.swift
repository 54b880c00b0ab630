// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Parity
import Testing

/// `data/suites/statistics`: every value to 6 digits.
@Suite struct StatisticsVectorTests {
    private static func vectors() throws -> DocumentValue? {
        let package = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let shared =
            ProcessInfo.processInfo.environment["BANYAN_SHARED"].map { URL(fileURLWithPath: $0) }
            ?? package.deletingLastPathComponent().appendingPathComponent("shared")
        let file = shared.appendingPathComponent("data/suites/statistics/vectors.json")
        guard let content = try? Data(contentsOf: file) else {
            print("skipped: statistics vectors, no data/suites/statistics here")
            return nil
        }
        return try DocumentNode.parse(json: Array(content), file: "vectors.json").value
    }

    private func rows(_ name: String) throws -> [DocumentNode]? {
        guard let vectors = try Self.vectors() else { return nil }
        let rows = try #require(vectors[name]?.items)
        #expect(rows.count >= 6, "\(name)")
        return rows
    }

    private func near(_ value: Double, _ expected: Double, _ comment: Comment) {
        #expect(abs(value - expected) <= 1e-6 * max(abs(expected), 1e-9), comment)
    }

    private func trial(_ row: DocumentNode) throws -> (x: UInt64, n: UInt64) {
        (
            UInt64(try #require(row["x"]?.integer)), UInt64(try #require(row["n"]?.integer))
        )
    }

    @Test func `wealth against a rate at or above the limit`() throws {
        for row in try self.rows("down") ?? [] {
            let (x, n) = try self.trial(row)
            let limit = try #require(row["p0"]?.double)
            let value = EProcess.logDown(x, of: n, limit: limit)
            if let expected = row["lnE_unif"]?.double {
                self.near(value, expected, "x \(x) n \(n) p0 \(limit)")
            } else {
                // The reference underflows there; E lies between 1/(x+1) and 1.
                #expect(value > -6 && value < 0, "x \(x) n \(n) p0 \(limit): \(value)")
            }
        }
    }

    @Test func `wealth against a rate at or below the limit`() throws {
        for row in try self.rows("up") ?? [] {
            let (x, n) = try self.trial(row)
            let limit = try #require(row["p0"]?.double)
            let expected = try #require(row["lnE_up"]?.double)
            self.near(EProcess.logUp(x, of: n, limit: limit), expected, "x \(x) n \(n) p0 \(limit)")
        }
    }

    @Test func `upper bounds for one look and for any number of looks`() throws {
        for row in try self.rows("cp_upper_95") ?? [] {
            let (x, n) = try self.trial(row)
            let expected = try #require(row["u"]?.double)
            let value = ClopperPearson.upperBound(x, of: n, alpha: 0.05)
            self.near(value, expected, "Clopper-Pearson x \(x) n \(n)")
        }
        for row in try self.rows("av_upper_95_mix") ?? [] {
            let (x, n) = try self.trial(row)
            let expected = try #require(row["u"]?.double)
            self.near(EProcess.upperBound(x, of: n, alpha: 0.05), expected, "x \(x) n \(n)")
        }
    }

    @Test func `fewest observations for a GO`() throws {
        for row in try self.rows("min_n") ?? [] {
            let x = UInt64(try #require(row["x"]?.integer))
            let limit = try #require(row["p0"]?.double)
            let comment: Comment = "x \(x) p0 \(limit)"
            #expect(
                ClopperPearson.trialsNeeded(hits: x, limit: limit, alpha: 0.05).map(Int.init)
                    == row["cp"]?.integer,
                comment
            )
            for (key, isMixed) in [("av_unif", false), ("av_mix", true)] {
                let needed = EProcess.trialsNeeded(
                    hits: x,
                    limit: limit,
                    alpha: 0.05,
                    isMixed: isMixed
                )
                #expect(needed.map(Int.init) == row[key]?.integer, comment)
            }
        }
    }
}
