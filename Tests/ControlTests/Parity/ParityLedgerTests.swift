// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Parity
import Store
import Testing

@testable import Control

/// A folder of its own, gone with the test.
final class ParityFolder {
    let path: String

    init() throws {
        self.path = NSTemporaryDirectory() + "banyan-parity-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: self.path,
            withIntermediateDirectories: true
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    var paths: ParityPaths { ParityPaths(folder: self.path) }

    /// Everything that stands in the folder's files.
    var contents: [UInt8] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: self.path)) ?? []
        return names.sorted().flatMap {
            Array(FileManager.default.contents(atPath: "\(self.path)/\($0)") ?? Data())
        }
    }
}

@Suite("Parity ledger") struct ParityLedgerTests {
    static func observation(
        _ outcome: ObservationOutcome,
        tenant: String = "acme",
        digest: UInt8? = nil,
        reason: UnobservedReason = .none,
        at milliseconds: Int64 = 1_700_000_000_000
    ) -> ParityObservation {
        var observation = ParityObservation(
            source: .shadow,
            tenant: tenant,
            wave: "1",
            migration: "m",
            route: "r",
            operation: "GET /a/{id}",
            outcome: outcome,
            reason: reason,
            requestDigest: digest.map { [UInt8](repeating: $0, count: 16) } ?? [],
            unixMilliseconds: milliseconds,
            generation: 1
        )
        observation.legacyStatus = 200
        observation.modernStatus = outcome == .modernFailed ? 0 : 200
        observation.legacyMicroseconds = 1_000
        observation.modernMicroseconds = outcome == .modernFailed ? 0 : 2_000
        if outcome == .mismatch { observation.differences = [self.difference()] }
        return observation
    }

    static func difference(
        _ pointer: String = "/name",
        _ severity: DifferenceSeverity = .value,
        _ legacy: String = "Anna Musterfrau",
        _ modern: String = "Anna Beispiel"
    ) -> ParityDifference {
        ParityDifference(
            pointer: pointer,
            difference: .value,
            severity: severity,
            legacyKind: .string,
            modernKind: .string,
            legacyValue: Array(legacy.utf8),
            modernValue: Array(modern.utf8)
        )
    }

    @Test func `what was counted is there after a restart, and its epoch goes on`() throws {
        let folder = try ParityFolder()
        do {
            let ledger = try ParityLedger(paths: folder.paths)
            ledger.setRuleSet(migration: "m", hash: "h1")
            for outcome in ObservationOutcome.allCases where outcome != .unobserved {
                ledger.add(ParityLedgerTests.observation(outcome))
            }
            ledger.add(ParityLedgerTests.observation(.unobserved, reason: .bodyTooLarge))
            #expect(ledger.stop())
        }
        let ledger = try ParityLedger(paths: folder.paths)
        ledger.setRuleSet(migration: "m", hash: "h1")
        ledger.add(ParityLedgerTests.observation(.match))
        let snapshot = try #require(try ledger.snapshot(migration: "m"))
        #expect(snapshot.epoch.number == 1)
        #expect(snapshot.epoch.ruleSetHash == "h1")
        #expect(snapshot.earlier == [])
        let totals = try #require(snapshot.totals.first)
        #expect(snapshot.totals.count == 1)
        #expect(totals.outcomes == [2, 1, 1, 1, 1, 1, 1])
        #expect(totals.gateMismatches == 1)
        #expect(totals.unobserved[Int(UnobservedReason.bodyTooLarge.rawValue)] == 1)
        #expect(totals.modernErrors == 1)
        #expect(totals.legacyErrors == 1)
        #expect(totals.bothErrors == 1)
        #expect(totals.legacyLatency.count == 8)
        #expect(totals.modernLatency.count == 7)
        #expect(totals.wave == "1")
        let difference = try #require(snapshot.differences.first)
        #expect(difference.count == 1)
        #expect(difference.tenants == ["acme"])
        #expect(difference.legacyLengthClass == 16)
        #expect(difference.fingerprints.count == 1)
        #expect(snapshot.series.first?.outcomes == [2, 1, 1, 1, 1, 1, 1])
        #expect(ledger.migrations() == ["m"])
        ledger.stop()
    }

    @Test func `no value reaches a file, and fingerprints differ by tenant and epoch`() throws {
        let folder = try ParityFolder()
        let ledger = try ParityLedger(paths: folder.paths)
        ledger.add(ParityLedgerTests.observation(.mismatch, tenant: "acme"))
        ledger.add(ParityLedgerTests.observation(.mismatch, tenant: "other"))
        ledger.beginEpoch(migration: "m", cause: "data")
        ledger.add(ParityLedgerTests.observation(.mismatch, tenant: "acme"))
        let first = try #require(try ledger.snapshot(migration: "m", epoch: 1))
        let second = try #require(try ledger.snapshot(migration: "m"))
        #expect(second.epoch.cause == "data")
        #expect(second.earlier.map(\.number) == [1])
        let prints = first.differences[0].fingerprints + second.differences[0].fingerprints
        #expect(Set(prints).count == 3)
        ledger.stop()
        let text = String(decoding: folder.contents, as: UTF8.self)
        for value in ["Anna", "Musterfrau", "Beispiel"] { #expect(!text.contains(value)) }
        #expect(text.contains("/name"))
    }

    @Test func `a repeat counts once, unless it gets worse`() throws {
        let folder = try ParityFolder()
        let ledger = try ParityLedger(paths: folder.paths)
        ledger.setWindows(["r": 60_000])
        let hour: Int64 = 3_600_000
        let rows: [(ObservationOutcome, UInt8, Int64)] = [
            (.match, 1, hour), (.match, 1, hour + 1), (.match, 2, hour), (.mismatch, 1, hour + 2),
            (.mismatch, 1, hour + 3), (.match, 1, hour + 60_000),
        ]
        for (outcome, digest, time) in rows {
            ledger.add(ParityLedgerTests.observation(outcome, digest: digest, at: time))
        }
        let totals = try #require(try ledger.snapshot(migration: "m")?.totals.first)
        #expect(totals[.match] == 3)
        #expect(totals[.mismatch] == 1)
        #expect(totals[.unobserved] == 0)
        #expect(totals.unobserved[Int(UnobservedReason.repeated.rawValue)] == 2)
        ledger.stop()
    }

    @Test func `rules and builds begin epochs, and a late answer of an old build counts nowhere`()
        throws
    {
        let folder = try ParityFolder()
        let ledger = try ParityLedger(paths: folder.paths)
        ledger.setRuleSet(migration: "m", hash: "h1")
        ledger.setRuleSet(migration: "m", hash: "h1")
        func add(_ build: String) {
            var observation = ParityLedgerTests.observation(.match)
            observation.modernBuild = build
            ledger.add(observation)
        }
        add("")
        add("b1")
        add("b2")
        add("b1")
        add("b2")
        ledger.setRuleSet(migration: "m", hash: "h2")
        add("b2")
        let snapshot = try #require(try ledger.snapshot(migration: "m"))
        let epochs = snapshot.earlier + [snapshot.epoch]
        #expect(epochs.map(\.cause) == ["first", "build", "rules"])
        #expect(epochs.map(\.modernBuild) == ["r=b1", "r=b2", "r=b2"])
        #expect(epochs.map(\.ruleSetHash) == ["h1", "h1", "h2"])
        #expect(epochs.dropLast().allSatisfy { $0.endUnixMilliseconds > $0.startUnixMilliseconds })
        let second = try #require(try ledger.snapshot(migration: "m", epoch: 2)?.totals.first)
        #expect(second[.match] == 2)
        #expect(second.unobserved[Int(UnobservedReason.otherBuild.rawValue)] == 1)
        ledger.stop()
        let again = try ParityLedger(paths: folder.paths)
        again.setRuleSet(migration: "m", hash: "h2")
        #expect(try again.snapshot(migration: "m")?.epoch.number == 3)
        again.stop()
    }

    @Test func `an epoch that goes on after a restart says since when ids are held`() throws {
        let folder = try ParityFolder()
        for (run, since) in [Int64(0), 1_700_000_000_002, 1_700_000_000_003].enumerated() {
            let ledger = try ParityLedger(paths: folder.paths)
            let time = 1_700_000_000_001 + Int64(run)
            ledger.add(ParityLedgerTests.observation(.match, at: time))
            ledger.add(ParityLedgerTests.observation(.match, at: time + 100))
            let epoch = try #require(try ledger.snapshot(migration: "m")).epoch
            #expect(epoch.number == 1)
            #expect(epoch.identitiesSinceUnixMilliseconds == since, "run \(run)")
            ledger.stop()
        }
        let ledger = try ParityLedger(paths: folder.paths)
        ledger.beginEpoch(migration: "m", cause: "data")
        ledger.add(ParityLedgerTests.observation(.match))
        let epoch = try #require(try ledger.snapshot(migration: "m")).epoch
        #expect(epoch.number == 2 && epoch.identitiesSinceUnixMilliseconds == 0)
        ledger.stop()
    }

    @Test func `the bound of kinds of differences holds over a restart`() throws {
        let folder = try ParityFolder()
        var number = 0
        for run in 0..<3 {
            let ledger = try ParityLedger(paths: folder.paths)
            for _ in 0..<60 {
                var observation = ParityLedgerTests.observation(.mismatch)
                observation.differences = (0..<50).map { _ in
                    number += 1
                    return ParityLedgerTests.difference("/field\(number)")
                }
                ledger.add(observation)
            }
            let rows = try #require(try ledger.snapshot(migration: "m")).differences
            let named = rows.filter { $0.pointer != "(other)" }
            #expect(named.count == min(number, Limits.parityDifferenceKindsMax), "run \(run)")
            // One more for each run before: see below.
            #expect(rows.reduce(0) { $0 + $1.count } == UInt64(number + run), "run \(run)")
            // What was known stays known by its name.
            ledger.add(ParityLedgerTests.observation(.mismatch))
            ledger.stop()
        }
    }

    @Test func `a paired test is told only by what was chosen for it`() throws {
        let folder = try ParityFolder()
        let ledger = try ParityLedger(paths: folder.paths)
        func add(_ outcome: ObservationOutcome, noise: [ParityDifference]) {
            var observation = ParityLedgerTests.observation(outcome)
            observation.hasNoise = true
            observation.noise = noise
            ledger.add(observation)
        }
        let difference = ParityLedgerTests.difference()
        add(.match, noise: [])
        add(.mismatch, noise: [])
        add(.mismatch, noise: [difference])
        add(.match, noise: [difference])
        ledger.add(ParityLedgerTests.observation(.mismatch))
        let snapshot = try #require(try ledger.snapshot(migration: "m"))
        let totals = snapshot.totals[0]
        #expect(totals.noiseReads == 4)
        #expect(totals.noiseDiffered == 2)
        #expect(totals.pairedCandidateOnly == 1)
        #expect(totals.pairedNoiseOnly == 1)
        let row = snapshot.differences[0]
        #expect(row.count == 3)
        #expect(row.noiseCount == 2)
        #expect(row.candidateOnly == 1)
        #expect(row.noiseOnly == 1)
        ledger.stop()
    }

    @Test func `a damaged store is put aside, and counting goes on`() throws {
        let folder = try ParityFolder()
        try Data("this is no database, and never was one, not at all".utf8)
            .write(to: URL(fileURLWithPath: folder.paths.store))
        let ledger = try ParityLedger(paths: folder.paths)
        ledger.add(ParityLedgerTests.observation(.match))
        #expect(try ledger.snapshot(migration: "m")?.totals.first?[.match] == 1)
        #expect(FileManager.default.fileExists(atPath: folder.paths.store + ".damaged-1"))
        ledger.stop()
    }

    @Test func `a store that cannot be had now gets everything later`() throws {
        let folder = try ParityFolder()
        // A folder in the store's place: it cannot be opened as a file.
        try FileManager.default.createDirectory(
            atPath: folder.paths.store,
            withIntermediateDirectories: false
        )
        let ledger = try ParityLedger(paths: folder.paths)
        ledger.add(ParityLedgerTests.observation(.match))
        #expect(!ledger.flush())
        ledger.add(ParityLedgerTests.observation(.mismatch))
        #expect(!ledger.flush())
        #expect(!ledger.figures.storeProblem.isEmpty)
        try FileManager.default.removeItem(atPath: folder.paths.store)
        let totals = try #require(try ledger.snapshot(migration: "m")?.totals.first)
        #expect(totals[.match] == 1)
        #expect(totals[.mismatch] == 1)
        #expect(ledger.figures.storeProblem.isEmpty)
        ledger.stop()
    }

    @Test func `what an edge had not written when it was killed is counted as not observed`() throws
    {
        let folder = try ParityFolder()
        do {
            // What a killed edge leaves: counts in the mapped file, nothing in the store.
            let (counts, left) = try UnflushedCounts.open(path: folder.paths.unflushed)
            #expect(left.isEmpty)
            counts.add(5, migration: "m")
            counts.add(-2, migration: "m")
        }
        let ledger = try ParityLedger(paths: folder.paths)
        let totals = try #require(try ledger.snapshot(migration: "m")?.totals.first)
        #expect(totals[.unobserved] == 3)
        #expect(totals.unobserved[Int(UnobservedReason.edgeStopped.rawValue)] == 3)
        ledger.stop()
        let (_, left) = try UnflushedCounts.open(path: folder.paths.unflushed)
        #expect(left.isEmpty)
    }

    @Test func `shredded keys make fingerprints noise`() throws {
        let folder = try ParityFolder()
        let keys = try ParityKeys(path: folder.paths.keys)
        func one(_ keys: ParityKeys, _ tenant: String) -> String {
            keys.fingerprint([1, 2, 3], tenant: tenant, migration: "m", epoch: 1)
        }
        let acme = one(keys, "acme")
        let other = one(keys, "other")
        #expect(acme != other)
        #expect(one(try ParityKeys(path: folder.paths.keys), "acme") == acme)
        #expect(try keys.shred(tenant: "acme") == 1)
        let again = try ParityKeys(path: folder.paths.keys)
        #expect(one(again, "acme") != acme)
        #expect(one(again, "other") == other)
        let mode = try FileManager.default.attributesOfItem(atPath: folder.paths.keys)
        #expect(mode[.posixPermissions] as? Int == 0o600)
        #expect(keys.fingerprint([], tenant: "acme", migration: "m", epoch: 1).isEmpty)
    }
}
