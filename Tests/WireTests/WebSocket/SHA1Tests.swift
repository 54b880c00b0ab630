// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Wire

@Suite("SHA-1")
struct SHA1Tests {
    /// Lengths around a block's end; by Python's hashlib.
    @Test(arguments: [
        (0, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        (3, "7e240de74fb1ed08fa08d38063f6a6a91462a815"),
        (55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
        (56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"),
        (63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"),
        (64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
        (65, "11655326c708d70319be2610e8a57d9a5b959d3b"),
        (119, "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"),
        (120, "f34c1488385346a55709ba056ddd08280dd4c6d6"),
        (200, "e61cfffe0d9195a525fc6cf06ca2d77119c24a40"),
    ])
    func `a digest of that many letters a is that of FIPS 180-4`(count: Int, wanted: String) {
        var digest = SHA1()
        for _ in 0..<count { digest.add(UInt8(ascii: "a")) }
        let bytes = digest.finish()
        let digits = Array("0123456789abcdef")
        let hex = bytes.indices.flatMap { at in
            [digits[Int(bytes[at] >> 4)], digits[Int(bytes[at] & 15)]]
        }
        #expect(String(hex) == wanted)
    }
}
