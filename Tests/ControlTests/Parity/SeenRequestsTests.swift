// SPDX-License-Identifier: Apache-2.0

import Parity
import Testing

@testable import Control

@Suite("Seen requests") struct SeenRequestsTests {
    private static func digest(_ number: Int) -> [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: number >> (8 * min($0, 3))) }
    }

    @Test func `beyond the bound requests are taken for repeats, until the next window`() {
        var seen = SeenRequests()
        func isNew(_ number: Int, at time: Int64 = 1_000, bad: Bool = false) -> Bool {
            seen.isNew(
                Self.digest(number),
                isBad: bad,
                unixMilliseconds: time,
                windowMilliseconds: 1_000,
                most: 10
            )
        }
        #expect((0..<20).filter { isNew($0) } == Array(0..<10))
        #expect(seen.count == 10)
        #expect(isNew(3, bad: true) && !isNew(3, bad: true))
        #expect(isNew(15, at: 2_000) && seen.count == 1)
    }

    @Test func `routes that are gone are forgotten with their windows`() throws {
        let folder = try ParityFolder()
        let ledger = try ParityLedger(paths: folder.paths)
        defer { ledger.stop() }
        ledger.setWindows(["r": 60_000])
        let observation = ParityLedgerTests.observation(.match, digest: 7)
        ledger.add(observation)
        ledger.add(observation)
        #expect(ledger.figures.unobserved[Int(UnobservedReason.repeated.rawValue)] == 1)
        #expect(ledger.state.withLock { $0.seenCount } == 1)
        ledger.setWindows(["s": 60_000])
        #expect(ledger.state.withLock { $0.seenCount } == 0)
        #expect(ledger.state.withLock { $0.seen.isEmpty })
    }
}
