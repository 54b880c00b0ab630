// SPDX-License-Identifier: Apache-2.0

import Parity
import Testing

@testable import Control

@Suite("Suggestions from the ledger") struct LedgerSuggestionTests {
    @Test func `evidence for a rule is kept over a restart, and suggests it`() throws {
        let folder = try ParityFolder()
        var identities = IdentityTable()
        var number = 0
        for _ in 0..<2 {
            let ledger = try ParityLedger(paths: folder.paths)
            ledger.setRuleSet(migration: "m", hash: "h1")
            for _ in 0..<15 {
                number += 1
                var observation = ParityLedgerTests.observation(.mismatch)
                observation.differences =
                    differences(
                        try JSONTree(parsing: Array(#"{"id":\#(number),"tags":["a","b"]}"#.utf8)),
                        try JSONTree(
                            parsing: Array(#"{"id":"u\#(number)","tags":["b","a"]}"#.utf8)
                        ),
                        rules: .none,
                        options: DifferOptions(),
                        identities: &identities
                    ).items
                ledger.add(observation)
            }
            #expect(ledger.stop())
        }
        let ledger = try ParityLedger(paths: folder.paths)
        let snapshot = try #require(try ledger.snapshot(migration: "m", epoch: 1))
        let found = suggestedRules(PointerEvidence.all(of: snapshot))
        #expect(found.map(\.rule.path) == ["/id", "/tags"])
        #expect(found.map(\.rule.kind) == [.identifier, .set])
        #expect(found.map(\.strength) == [.strong, .strong])
        #expect(found.map(\.explains) == [30, 30])
        ledger.stop()
    }
}
