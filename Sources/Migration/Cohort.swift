// SPDX-License-Identifier: Apache-2.0

public import Bytes
public import Documents

/// MurmurHash3 x86_32 with seed 0, fed in pieces: no allocation, no text.
///
/// This is the hash of flagd's `fractional`; a digest of anything else it is not.
public struct CohortHash: BitwiseCopyable, Sendable {
    private var state: UInt32 = 0
    /// Up to three bytes that wait for a whole word, the first in the lowest place.
    private var tail: UInt32 = 0
    private var length: UInt32 = 0

    /// Nothing hashed yet.
    public init() {}

    /// Takes one byte.
    public mutating func append(_ byte: UInt8) {
        let shift = 8 &* (self.length & 3)
        self.tail |= UInt32(byte) &<< shift
        self.length &+= 1
        if shift == 24 { self.mixTail() }
    }

    /// Takes the bytes of a window.
    public mutating func append(_ bytes: ByteWindow) {
        var index = 0
        while index < bytes.count, self.length & 3 != 0 {
            self.append(bytes[index])
            index &+= 1
        }
        while index &+ 4 <= bytes.count {
            self.tail =
                UInt32(bytes[index]) | UInt32(bytes[index &+ 1]) &<< 8
                | UInt32(bytes[index &+ 2]) &<< 16 | UInt32(bytes[index &+ 3]) &<< 24
            self.mixTail()
            self.length &+= 4
            index &+= 4
        }
        while index < bytes.count {
            self.append(bytes[index])
            index &+= 1
        }
    }

    /// Takes the head of a CBOR text string of `count` bytes (RFC 8949 3.1); the bytes follow.
    public mutating func appendCBORTextHead(count: Int) {
        precondition(count >= 0, "a text of \(count) bytes")
        switch count {
        case 0..<24: self.append(0x60 | UInt8(truncatingIfNeeded: count))
        case 24..<0x100:
            self.append(0x78)
            self.append(UInt8(truncatingIfNeeded: count))
        case 0x100..<0x1_0000:
            self.append(0x79)
            self.append(UInt8(truncatingIfNeeded: count &>> 8))
            self.append(UInt8(truncatingIfNeeded: count))
        default:
            self.append(0x7A)
            self.append(UInt8(truncatingIfNeeded: count &>> 24))
            self.append(UInt8(truncatingIfNeeded: count &>> 16))
            self.append(UInt8(truncatingIfNeeded: count &>> 8))
            self.append(UInt8(truncatingIfNeeded: count))
        }
    }

    /// Takes a whole CBOR text string: head and bytes.
    public mutating func appendCBORText(_ bytes: ByteWindow) {
        self.appendCBORTextHead(count: bytes.count)
        self.append(bytes)
    }

    /// The hash of everything taken; more may still be appended to this value.
    public func finish() -> UInt32 {
        var hash = self.state
        if self.length & 3 != 0 { hash ^= CohortHash.scrambled(self.tail) }
        hash ^= self.length
        hash ^= hash &>> 16
        hash = hash &* 0x85EB_CA6B
        hash ^= hash &>> 13
        hash = hash &* 0xC2B2_AE35
        return hash ^ (hash &>> 16)
    }

    private mutating func mixTail() {
        let mixed = self.state ^ CohortHash.scrambled(self.tail)
        self.state = (mixed &<< 13 | mixed &>> 19) &* 5 &+ 0xE654_6B64
        self.tail = 0
    }

    private static func scrambled(_ word: UInt32) -> UInt32 {
        let product = word &* 0xCC9E_2D51
        return (product &<< 15 | product &>> 17) &* 0x1B87_3593
    }
}

/// The place of a user among 10,000: a share of `s` permyriad holds exactly the places below `s`.
///
/// It is what flagd's `fractional` v3 computes for the rule of ``shareRule(of:earlier:share:)``:
/// the hash of the CBOR text `FLAG/TENANT/USER`, scaled to 10,000. A list of the three would be the
/// natural subject, but stock flagd takes a first argument that is a list for a variant, so the
/// three are joined; a flag key or tenant id holds no `/`.
///
/// For the hot path: bytes only, no allocation.
public func userBucket(flagKey: ByteWindow, tenant: ByteWindow, user: ByteWindow) -> UInt16 {
    var hash = CohortHash()
    hash.appendCBORTextHead(count: flagKey.count &+ tenant.count &+ user.count &+ 2)
    hash.append(flagKey)
    hash.append(UInt8(ascii: "/"))
    hash.append(tenant)
    hash.append(UInt8(ascii: "/"))
    hash.append(user)
    return UInt16(truncatingIfNeeded: (UInt64(hash.finish()) &* 10_000) &>> 32)
}

/// A standing with a share as the flagd rule that decides the same for every user.
///
/// The context needs `tenant` and `user`; without a user the earlier stage answers (design.md 2).
/// Valid in documents whose flag set is `bucketing: flagd-v3`, and in stock flagd of that kind.
public func shareRule(of stage: Stage, earlier: Stage, share: Share) -> DocumentValue {
    let subject: DocumentValue = [
        "cat": [
            ["var": "$flagd.flagKey"], "/", ["var": "tenant"], "/", ["var": "user"],
        ]
    ]
    return [
        "if": [
            ["!!": [["var": "user"]]],
            [
                "fractional": [
                    subject,
                    [.string(stage.name), .integer(share.permyriad)],
                    [.string(earlier.name), .integer(10_000 - Int(share.permyriad))],
                ]
            ],
            .string(earlier.name),
        ]
    ]
}
