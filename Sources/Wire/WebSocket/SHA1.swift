// SPDX-License-Identifier: Apache-2.0

/// SHA-1 (FIPS 180-4 6.1): what RFC 6455 asks for, to show that its text was read; no secret rests
/// on it.
struct SHA1: BitwiseCopyable {
    private var state: InlineArray<5, UInt32> = [
        0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0,
    ]
    /// The block under way, big-endian (FIPS 180-4 5.2.1).
    private var words = InlineArray<80, UInt32>(repeating: 0)
    private var count: UInt64 = 0

    /// Takes the next byte of the message.
    mutating func add(_ byte: UInt8) {
        let at = Int(self.count & 63)
        self.words[at / 4] = self.words[at / 4] << 8 | UInt32(byte)
        self.count &+= 1
        if at == 63 { self.mix() }
    }

    /// The digest; nothing may be added behind it.
    mutating func finish() -> InlineArray<20, UInt8> {
        let bits = self.count &* 8
        self.add(0x80)
        while self.count & 63 != 56 { self.add(0) }
        for byte in 0..<8 { self.add(UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * byte))) }
        var digest = InlineArray<20, UInt8>(repeating: 0)
        for at in 0..<20 {
            digest[at] = UInt8(truncatingIfNeeded: self.state[at / 4] >> UInt32(24 - 8 * (at % 4)))
        }
        return digest
    }

    private mutating func mix() {
        for at in 16..<80 {
            let word =
                self.words[at - 3] ^ self.words[at - 8] ^ self.words[at - 14] ^ self.words[at - 16]
            self.words[at] = rotate(word, 1)
        }
        var (a, b, c) = (self.state[0], self.state[1], self.state[2])
        var (d, e) = (self.state[3], self.state[4])
        for at in 0..<80 {
            let choice: UInt32
            let constant: UInt32
            switch at {
            case 0..<20: (choice, constant) = (b & c | ~b & d, 0x5a82_7999)
            case 20..<40: (choice, constant) = (b ^ c ^ d, 0x6ed9_eba1)
            case 40..<60: (choice, constant) = (b & c | b & d | c & d, 0x8f1b_bcdc)
            default: (choice, constant) = (b ^ c ^ d, 0xca62_c1d6)
            }
            let next = rotate(a, 5) &+ choice &+ e &+ constant &+ self.words[at]
            (e, d, c, b, a) = (d, c, rotate(b, 30), a, next)
        }
        self.state[0] &+= a
        self.state[1] &+= b
        self.state[2] &+= c
        self.state[3] &+= d
        self.state[4] &+= e
    }
}

private func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 {
    word << bits | word >> (32 - bits)
}
