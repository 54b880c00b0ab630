// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Testing

@testable import Migration

@Suite("Cohort")
struct CohortTests {
    private func bucket(_ flag: String, _ tenant: String, _ user: String) -> UInt16 {
        withWindow(Array(flag.utf8)) { flag in
            withWindow(Array(tenant.utf8)) { tenant in
                withWindow(Array(user.utf8)) { user in
                    userBucket(flagKey: flag, tenant: tenant, user: user)
                }
            }
        }
    }

    private func evaluate(
        _ rule: DocumentValue,
        flag: String,
        _ context: DocumentValue
    ) throws
        -> LogicValue
    {
        var evaluator = LogicEvaluator(
            attributes: LogicValue(context),
            flagKey: flag,
            unixSeconds: 0
        )
        return try evaluator.evaluate(LogicRule(compiling: DocumentNode(rule)), in: .context)
    }

    @Test func `a share holds a user exactly when the exported flagd rule does`() throws {
        let shares = [0, 1, 500, 2_500, 5_000, 9_999, 10_000].compactMap { Share(permyriad: $0) }
        let rules = shares.map { shareRule(of: .live, earlier: .shadow, share: $0) }
        for rule in rules {
            var schema = TargetingSchema(file: "exported")
            schema.checkRoot(try node(rule.json))
            #expect(schema.problems.isEmpty)
        }
        var held = [Int](repeating: 0, count: shares.count)
        let count = 4_000
        for number in 0..<count {
            // Lengths around every head of a CBOR text (24, 256) and every tail of the hash.
            let user = String(repeating: "ü", count: number % 150) + "u\(number)"
            let (flag, tenant) = ("virtual-care", "tenant-\(number % 7)")
            let place = self.bucket(flag, tenant, user)
            #expect(place < 10_000)
            for (index, share) in shares.enumerated() {
                let context: DocumentValue = ["tenant": .string(tenant), "user": .string(user)]
                let found = try self.evaluate(rules[index], flag: flag, context)
                let isHeld = place < share.permyriad
                #expect(found == .string(isHeld ? "live" : "shadow"), "\(user) \(share)")
                if isHeld { held[index] += 1 }
            }
        }
        #expect(held[0] == 0 && held[6] == count)
        #expect(abs(held[4] - count / 2) < 150, "\(held)")
        // Without a user: the earlier stage, also at 100 %, as the rule cannot know better.
        let nobody = try self.evaluate(rules[4], flag: "f", ["tenant": "t"])
        #expect(nobody == .string("shadow"))
    }

    @Test func `the hash of pieces is the hash of the whole`() {
        // MurmurHash3 x86_32, seed 0, reference values.
        let rows: [(String, UInt32)] = [
            ("", 0), ("a", 0x3C25_69B2), ("ab", 0x9BBF_D75F), ("abc", 0xB3DD_93FA),
            ("abcd", 0x43ED_676A), ("hello", 0x248B_FA47), ("ejOoVL", 0), ("bY9fO-", 1),
            ("SI7p-", 0x7FFF_FFFF), ("6LvT0", 0x8000_0000), ("ceQdGm", 0xFFFF_FFFF),
        ]
        for (text, hash) in rows { #expect(murmur3(text.utf8) == hash, "\(text)") }
        let bytes = (0..<64).map { UInt8(truncatingIfNeeded: $0 * 37) }
        for cut in 0...64 {
            var hash = CohortHash()
            withWindow(bytes) { window in
                hash.append(window.slice(0, cut))
                hash.append(window.slice(cut, 64 - cut))
            }
            #expect(hash.finish() == murmur3(bytes))
        }
    }

    @Test func `texts are hashed as their canonical CBOR`() {
        for count in [0, 1, 23, 24, 255, 256, 65_535, 65_536] {
            let text = String(repeating: "x", count: count)
            var hash = CohortHash()
            withWindow(Array(text.utf8)) { hash.appendCBORText($0) }
            #expect(hash.finish() == murmur3(canonicalCBOR(of: .string(text))), "\(count)")
        }
    }
}
