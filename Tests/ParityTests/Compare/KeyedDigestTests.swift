// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Parity

@Suite("Keyed digests")
struct KeyedDigestTests {
    /// Vectors of SipHash-2-4 with 128 bits: key 00..0f, input 00, 01, ...
    ///
    /// of each length.
    @Test func `SipHash-2-4-128 gives the reference's vectors`() {
        let key = DigestKey(first: 0x0706_0504_0302_0100, second: 0x0f0e_0d0c_0b0a_0908)
        let vectors: [(Int, UInt64, UInt64)] = [
            (0, 0xe6a8_25ba_047f_81a3, 0x9302_55c7_1472_f66d),
            (1, 0x44af_996b_d8c1_87da, 0x45fc_229b_1159_7634),
            (7, 0x53c1_dbd8_beeb_f1a1, 0x3982_f01f_a64a_b8c0),
            (8, 0x61f5_5862_baa9_623b, 0xb497_14f3_64e2_830f),
            (15, 0x11a8_b033_99e9_9354, 0xd9c3_cf97_0fec_087e),
        ]
        for (count, first, second) in vectors {
            let digest = withWindow((0..<count).map(UInt8.init)) { KeyedDigest($0, key: key) }
            #expect(digest.first == first, "\(count)")
            #expect(digest.second == second, "\(count)")
        }
    }

    @Test func `digests of other texts, keys and domains are others`() {
        var seen = Set<KeyedDigest>()
        let table = IdentityTable(key: DigestKey(first: 1, second: 2))
        for rule in ["/id", "/a/id"] {
            for scope in ["", "acme"] {
                let domain = table.domain(Array(rule.utf8), scope: scope)
                for isModern in [false, true] {
                    for text in ["", "7", "77", "12345678", "123456789", "1234567\u{0}"] {
                        let digest = withWindow(Array(text.utf8)) {
                            domain.digest($0, isModern: isModern)
                        }
                        #expect(seen.insert(digest).inserted, "\(rule) \(scope) \(text)")
                    }
                }
            }
        }
        let other = IdentityTable(key: DigestKey(first: 1, second: 3))
        let digest = withWindow([0x37]) {
            other.domain(Array("/id".utf8), scope: "").digest($0, isModern: false)
        }
        #expect(!seen.contains(digest))
    }
}
