// SPDX-License-Identifier: Apache-2.0

/// A fast 64-bit hash of bytes for tables in memory (folded multiply, as wyhash does it).
///
/// Keyed by `seed` so that a peer cannot choose colliding names. Never stored, never sent:
/// the value may change with any build.
public func byteHash(_ bytes: ByteWindow, seed: UInt64, foldingCase: Bool = false) -> UInt64 {
    var state = seed ^ 0xa076_1d64_78bd_642f
    var index = 0
    let count = bytes.count
    while index < count {
        var word: UInt64 = 0
        var shift: UInt64 = 0
        let end = min(index &+ 8, count)
        while index < end {
            let byte = foldingCase ? asciiLowercased(bytes[index]) : bytes[index]
            word |= UInt64(byte) << shift
            shift &+= 8
            index &+= 1
        }
        state = foldedMultiply(state ^ word, 0xe703_7ed1_a0b4_28db)
    }
    return foldedMultiply(state ^ UInt64(truncatingIfNeeded: count), 0x8ebc_6af0_9c88_c6e3)
}

/// Mixes two words into one: both halves of their 128-bit product.
public func foldedMultiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
}
