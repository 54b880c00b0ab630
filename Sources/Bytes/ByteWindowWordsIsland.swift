// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: every load stays inside the window; preconditions stand before it.

import CLinux

extension ByteWindow {
    /// Up to eight bytes from `start` as one little-endian number, the rest zero.
    ///
    /// Comparing words instead of bytes is what keeps the recognition of names short.
    @inlinable @inline(__always)
    public func word(at start: Int, count: Int) -> UInt64 {
        precondition(
            start >= 0 && count >= 0 && count <= 8 && start &+ count <= self.count,
            "outside the window"
        )
        if start &+ 8 <= self.count {
            // SAFETY: all eight bytes lie inside.
            let whole = unsafe UInt64(
                littleEndian: UnsafeRawPointer(self.base + start).loadUnaligned(as: UInt64.self)
            )
            return count == 8
                ? whole : whole & ((1 &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1)
        }
        var result: UInt64 = 0
        var index = count
        while index > 0 {
            index &-= 1
            // SAFETY: index < count, which lies inside.
            result = unsafe result &<< 8 | UInt64(self.base[start &+ index])
        }
        return result
    }

    /// First index at or after `start` of a byte that is no letter, digit or `-`, else `count`.
    public func nameEnd(from start: Int) -> Int {
        precondition(start >= 0 && start <= self.count, "outside the window")
        // SAFETY: start is inside, and the scanner reads count - start bytes.
        return unsafe start + Int(banyan_scan_name(self.base + start, self.count - start))
    }

    /// First index at or after `start` of a byte that is not graphic ASCII, or is `#` or `?`,
    /// else `count`.
    public func targetEnd(from start: Int) -> Int {
        precondition(start >= 0 && start <= self.count, "outside the window")
        // SAFETY: start is inside, and the scanner reads count - start bytes.
        return unsafe start + Int(banyan_scan_target(self.base + start, self.count - start))
    }
}

/// Up to eight bytes of an ASCII literal from `start`, as ``ByteWindow/word(at:count:)`` gives
/// them.
///
/// With a literal the compiler folds this to a constant.
@inlinable @inline(__always)
public func asciiWord(_ literal: StaticString, from start: Int = 0) -> UInt64 {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    var index = start
    while index < literal.utf8CodeUnitCount && shift < 64 {
        // SAFETY: index is below the literal's length.
        result = unsafe result | UInt64(literal.utf8Start[index]) &<< shift
        shift &+= 8
        index &+= 1
    }
    return result
}

/// Whether the byte may stand in a token (RFC 9110 5.6.2).
@inlinable @inline(__always)
public func isTokenByte(_ byte: UInt8) -> Bool {
    // Bit n of the words stands for byte n: the digits, letters and !#$%&'*+-.^_`|~.
    let word: UInt64 = byte < 64 ? 0x03ff_6cfa_0000_0000 : 0x57ff_ffff_c7ff_fffe
    return byte < 128 && word &>> UInt64(byte & 63) & 1 == 1
}
