// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Parity
import Store
import Testing

@testable import Control

/// What a ledger does when its disk, its files or its clock do not do what they should.
@Suite("Parity ledger: trouble") struct ParityTroubleTests {
    private typealias Ledger = ParityLedgerTests

    /// Nothing can open the store until `restore` is called.
    private static func hide(_ path: String) throws -> () throws -> Void {
        let files = FileManager.default
        try files.moveItem(atPath: path, toPath: path + ".hidden")
        try files.createDirectory(atPath: path, withIntermediateDirectories: false)
        return {
            try files.removeItem(atPath: path)
            try files.moveItem(atPath: path + ".hidden", toPath: path)
        }
    }

    @Test func `a store that is out of reach at the start never mixes epochs of other rules`()
        throws
    {
        for (hash, number) in [("h1", UInt64(1)), ("h2", 2)] {
            let folder = try ParityFolder()
            let first = try ParityLedger(paths: folder.paths)
            first.setRuleSet(migration: "m", hash: "h1")
            for _ in 0..<3 { first.add(Ledger.observation(.match)) }
            #expect(first.stop())
            let restore = try Self.hide(folder.paths.store)
            let ledger = try ParityLedger(paths: folder.paths)
            ledger.setRuleSet(migration: "m", hash: hash)
            ledger.add(Ledger.observation(.mismatch))
            #expect(!ledger.flush(), "\(hash)")
            try restore()
            #expect(ledger.flush(), "\(hash)")
            let now = try #require(try ledger.snapshot(migration: "m"))
            #expect(now.epoch.number == number)
            #expect(now.epoch.ruleSetHash == hash)
            #expect(now.totals.first?[.mismatch] == 1)
            let old = try #require(try ledger.snapshot(migration: "m", epoch: 1))
            #expect(old.epoch.ruleSetHash == "h1")
            #expect(old.totals.first?[.match] == 3)
            #expect(old.totals.first?[.mismatch] == (number == 1 ? 1 : 0))
            #expect((old.epoch.endUnixMilliseconds == 0) == (number == 1))
            ledger.stop()
        }
    }

    @Test func `a store that another process has locked gets everything when it is free`() throws {
        let folder = try ParityFolder()
        let ledger = try ParityLedger(paths: folder.paths)
        ledger.add(Ledger.observation(.match))
        #expect(ledger.flush())
        do {
            let other = try SQLiteConnection.open(
                path: folder.paths.store,
                busyMilliseconds: 5_000
            )
            try other.execute("BEGIN EXCLUSIVE")
            ledger.add(Ledger.observation(.match))
            #expect(!ledger.flush())
            #expect(ledger.figures.failedFlushes > 0)
            #expect(ledger.figures.storeProblem.contains("locked"))
            try other.execute("ROLLBACK")
        }
        #expect(ledger.flush())
        #expect(try ledger.snapshot(migration: "m")?.totals.first?[.match] == 2)
        ledger.stop()
    }

    @Test func `a damaged page is met once, and counting goes on in a file of its own`() throws {
        let folder = try ParityFolder()
        let first = try ParityLedger(paths: folder.paths)
        for tenant in 0..<200 { first.add(Ledger.observation(.match, tenant: "t\(tenant)")) }
        #expect(first.stop())
        // The first page, which opening reads, is as it was.
        let path = folder.paths.store
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(bytes.count > 8_192)
        for index in 4_096..<bytes.count { bytes[index] = 0xff }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let ledger = try ParityLedger(paths: folder.paths)
        ledger.add(Ledger.observation(.mismatch))
        _ = ledger.flush()
        #expect(ledger.flush())
        let totals = try #require(try ledger.snapshot(migration: "m")?.totals)
        #expect(totals.map { $0[.mismatch] } == [1])
        #expect(FileManager.default.fileExists(atPath: path + ".damaged-1"))
        #expect(!FileManager.default.fileExists(atPath: path + ".damaged-2"))
        ledger.stop()
    }

    @Test func `a full disk stops nothing, and nothing is lost when there is room`() async throws {
        let folder = try ParityFolder()
        let path = folder.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            signal(SIGXFSZ, SIG_IGN)
            let ledger = try ParityLedger(paths: ParityPaths(folder: path))
            ledger.add(Ledger.observation(.match))
            guard ledger.flush() else { exit(2) }
            setFileLimit(bytes: 65_536)
            for tenant in 0..<5_000 {
                ledger.add(Ledger.observation(.match, tenant: "tenant-\(tenant)"))
            }
            guard !ledger.flush(), ledger.figures.failedFlushes > 0 else { exit(3) }
            setFileLimit(bytes: 1 << 30)
            guard ledger.flush() else { exit(4) }
            let totals = try ledger.snapshot(migration: "m")?.totals ?? []
            guard totals.count == 5_001, totals.allSatisfy({ $0[.match] == 1 }) else { exit(5) }
            guard ledger.stop() else { exit(6) }
        }
    }

    @Test func `of what a killed edge counted at most the last second is missing, and is told`()
        async throws
    {
        let folder = try ParityFolder()
        let path = folder.path
        for round in 1...5 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, round = round as Int] in
                let ledger = try ParityLedger(paths: ParityPaths(folder: path))
                ledger.setRuleSet(migration: "m", hash: "h1")
                for _ in 0..<100 { ledger.add(Ledger.observation(.match)) }
                guard ledger.flush() else { exit(2) }
                for _ in 0..<round { ledger.add(Ledger.observation(.match)) }
                kill(getpid(), SIGKILL)
            }
        }
        let ledger = try ParityLedger(paths: folder.paths)
        ledger.setRuleSet(migration: "m", hash: "h1")
        let snapshot = try #require(try ledger.snapshot(migration: "m"))
        let matches = snapshot.totals.reduce(UInt64(0)) { $0 + $1[.match] }
        let stopped = Int(UnobservedReason.edgeStopped.rawValue)
        let lost = snapshot.totals.reduce(UInt64(0)) { $0 + $1.unobserved[stopped] }
        // The thread's own second may have struck between the last observation and the kill.
        #expect((500...515).contains(matches))
        #expect((0...15).contains(lost))
        #expect(matches + lost >= 515)
        #expect(snapshot.epoch.number == 1)
        ledger.stop()
    }

    @Test func `a clock that jumps takes no history with it`() throws {
        let folder = try ParityFolder()
        let ledger = try ParityLedger(paths: folder.paths)
        for cause in ["data", "data"] {
            ledger.add(Ledger.observation(.match))
            ledger.beginEpoch(migration: "m", cause: cause)
        }
        #expect(ledger.stop())
        var session = ParityStoreSession(ParityStoreSession.State(path: folder.paths.store))
        let day: Int64 = 86_400_000
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        func count() -> Int { session.known()?["m"]?.epochs.count ?? 0 }
        #expect(count() == 3)
        #expect(session.compact(now: now, monotonicMilliseconds: 0) == [:])
        #expect(session.compact(now: now + 500 * day, monotonicMilliseconds: 2 * day) == [:])
        #expect(count() == 3)
        // Set right again: one more day of doubt, and nothing is old.
        #expect(session.compact(now: now + 3 * day, monotonicMilliseconds: 3 * day) == [:])
        #expect(session.compact(now: now + 4 * day, monotonicMilliseconds: 4 * day) == [:])
        #expect(count() == 3)
        // Time that has really passed: ended epochs expire, and their keys may go.
        let later = session.compact(now: now + 500 * day, monotonicMilliseconds: 500 * day)
        #expect(later == ["m": 2])
        #expect(count() == 1)
    }

    @Test func `repeats are told from each other while windows change and clocks go back`() {
        var seen = SeenRequests()
        let digest = [UInt8](repeating: 7, count: 16)
        func isNew(_ time: Int64) -> Bool {
            seen.isNew(digest, isBad: false, unixMilliseconds: time, windowMilliseconds: 1_000)
        }
        #expect(isNew(10_000))
        #expect(!isNew(10_999))
        #expect(isNew(11_000))
        // Late, of the window before: no reason to forget this one.
        #expect(!isNew(10_999))
        #expect(!isNew(11_001))
        // Set back by an hour's worth: a window like any other.
        #expect(isNew(2_000))
        #expect(!isNew(2_001))
    }

    @Test func `a damaged key file costs keys, not the edge`() throws {
        let folder = try ParityFolder()
        let path = folder.paths.keys
        func one(_ keys: ParityKeys, _ tenant: String) -> String {
            keys.fingerprint([1, 2, 3], tenant: tenant, migration: "m", epoch: 1)
        }
        let acme = one(try ParityKeys(path: path), "acme")
        // A disk became full in the middle of a line, and of a character.
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Array("m\t1\tother".utf8) + [0xc3])
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        let keys = try ParityKeys(path: path)
        #expect(one(keys, "acme") == acme)
        let third = one(keys, "third")
        #expect(one(try ParityKeys(path: path), "third") == third)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }
}

/// Files of this process cannot grow beyond `bytes`.
private func setFileLimit(bytes: UInt) {
    var limit = rlimit(rlim_cur: bytes, rlim_max: 1 << 40)
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
}
