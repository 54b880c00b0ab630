// SPDX-License-Identifier: Apache-2.0

public import Bytes

/// The fields of a WebSocket's opening that HTTP/2 does without (RFC 8441 5) and HTTP/1.1 asks for.
public enum WebSocketHandshake {
    /// A fresh Sec-WebSocket-Key: 16 random bytes in base64 (RFC 6455 4.1).
    public static func key() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        var nonce: [UInt8] = []
        for _ in 0..<16 { nonce.append(.random(in: 0...255, using: &random)) }
        return base64(nonce)
    }

    /// The Sec-WebSocket-Accept that answers a key (RFC 6455 4.2.2).
    public static func accept(for key: ByteWindow) -> [UInt8] {
        base64(sha1(key.array + Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
    }

    /// RFC 4648 4.
    static func base64(_ bytes: [UInt8]) -> [UInt8] {
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
        )
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var word: UInt32 = 0
            for index in 0..<3 {
                word = word << 8 | (index < count ? UInt32(bytes[start + index]) : 0)
            }
            for index in 0..<4 {
                let sextet = Int(word >> UInt32(18 - 6 * index)) & 63
                output.append(index <= count ? alphabet[sextet] : UInt8(ascii: "="))
            }
        }
        return output
    }

    /// FIPS 180-4 6.1: what RFC 6455 asks for, to show that its text was read; no secret rests on
    /// it.
    static func sha1(_ message: [UInt8]) -> [UInt8] {
        var padded = message
        padded.append(0x80)
        while padded.count % 64 != 56 { padded.append(0) }
        let bits = UInt64(message.count) * 8
        for shift in stride(from: 56, through: 0, by: -8) {
            padded.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
        var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        for block in stride(from: 0, to: padded.count, by: 64) {
            mix(padded[block..<block + 64], into: &state)
        }
        return state.flatMap { word in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
        }
    }

    private static func mix(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
        var words: [UInt32] = []
        words.reserveCapacity(80)
        for at in stride(from: block.startIndex, to: block.endIndex, by: 4) {
            words.append(block[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) })
        }
        for at in 16..<80 {
            words.append(rotate(words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16], 1))
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for at in 0..<80 {
            let (choice, constant): (UInt32, UInt32) =
                switch at {
                case 0..<20: (b & c | ~b & d, 0x5a82_7999)
                case 20..<40: (b ^ c ^ d, 0x6ed9_eba1)
                case 40..<60: (b & c | b & d | c & d, 0x8f1b_bcdc)
                default: (b ^ c ^ d, 0xca62_c1d6)
                }
            let next = rotate(a, 5) &+ choice &+ e &+ constant &+ words[at]
            (e, d, c, b, a) = (d, c, rotate(b, 30), a, next)
        }
        for (index, value) in [a, b, c, d, e].enumerated() { state[index] &+= value }
    }

    private static func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 {
        word << bits | word >> (32 - bits)
    }
}
