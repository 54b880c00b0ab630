// SPDX-License-Identifier: Apache-2.0

import Bytes

/// A secret of 16 bytes that digests are made with.
public struct DigestKey: BitwiseCopyable, Sendable, Hashable {
    /// First half.
    public var first: UInt64
    /// Second half.
    public var second: UInt64

    /// A key from its halves.
    public init(first: UInt64, second: UInt64) {
        self.first = first
        self.second = second
    }

    /// A fresh secret of this process.
    public static func random() -> DigestKey {
        DigestKey(first: .random(in: .min ... .max), second: .random(in: .min ... .max))
    }
}

/// 16 bytes that stand for a text: equal for equal texts, and nothing else can be told from them
/// without the key.
struct KeyedDigest: Hashable, BitwiseCopyable, Sendable {
    var first: UInt64
    var second: UInt64

    /// SipHash-2-4 with 128 bits of output (Aumasson, Bernstein) of the bytes in view.
    init(_ window: ByteWindow, key: DigestKey) {
        var state = SipState(key: key)
        var index = 0
        while index &+ 8 <= window.count {
            state.take(window.word(at: index, count: 8))
            index &+= 8
        }
        let rest = window.word(at: index, count: window.count &- index)
        state.take(rest | UInt64(truncatingIfNeeded: window.count) &<< 56)
        (self.first, self.second) = state.finish()
    }

    /// It is as good as random already: half of it is hash enough.
    func hash(into hasher: inout Hasher) { hasher.combine(self.first) }
}

private struct SipState: BitwiseCopyable {
    var v0: UInt64
    var v1: UInt64
    var v2: UInt64
    var v3: UInt64

    init(key: DigestKey) {
        self.v0 = key.first ^ 0x736f_6d65_7073_6575
        self.v1 = key.second ^ 0x646f_7261_6e64_6f6d ^ 0xEE
        self.v2 = key.first ^ 0x6c79_6765_6e65_7261
        self.v3 = key.second ^ 0x7465_6462_7974_6573
    }

    mutating func take(_ word: UInt64) {
        self.v3 ^= word
        self.rounds(2)
        self.v0 ^= word
    }

    mutating func finish() -> (UInt64, UInt64) {
        self.v2 ^= 0xEE
        self.rounds(4)
        let first = self.v0 ^ self.v1 ^ self.v2 ^ self.v3
        self.v1 ^= 0xDD
        self.rounds(4)
        return (first, self.v0 ^ self.v1 ^ self.v2 ^ self.v3)
    }

    private mutating func rounds(_ count: Int) {
        for _ in 0..<count {
            self.v0 = self.v0 &+ self.v1
            self.v1 = rotated(self.v1, 13) ^ self.v0
            self.v0 = rotated(self.v0, 32)
            self.v2 = self.v2 &+ self.v3
            self.v3 = rotated(self.v3, 16) ^ self.v2
            self.v0 = self.v0 &+ self.v3
            self.v3 = rotated(self.v3, 21) ^ self.v0
            self.v2 = self.v2 &+ self.v1
            self.v1 = rotated(self.v1, 17) ^ self.v2
            self.v2 = rotated(self.v2, 32)
        }
    }
}

private func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 {
    word &<< bits | word &>> (64 &- bits)
}
