// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@testable import Control

@Suite("Audit of synthetic reads") struct SyntheticAuditTests {
    @Test func `an order is told once while it goes on, and again after a pause`() {
        let audit = SyntheticAudit()
        let pause = UInt64(Limits.syntheticAuditMilliseconds)
        #expect(audit.isNews("ana run a", nowMilliseconds: 1))
        for step in UInt64(1)...10 {
            #expect(!audit.isNews("ana run a", nowMilliseconds: step * (pause - 1)))
        }
        #expect(audit.isNews("bo run a", nowMilliseconds: 1))
        #expect(audit.isNews("ana run a", nowMilliseconds: 11 * pause))
    }

    @Test func `beyond its bound the quietest is forgotten, never one that goes on`() {
        let audit = SyntheticAudit()
        for number in 0..<UInt64(Limits.syntheticAuditMax) * 3 {
            #expect(audit.isNews("run \(number)", nowMilliseconds: number))
            if number > 0 { #expect(!audit.isNews("run \(number - 1)", nowMilliseconds: number)) }
        }
        #expect(audit.isNews("run 0", nowMilliseconds: 2_000))
    }
}
