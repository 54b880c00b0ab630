// SPDX-License-Identifier: Apache-2.0

/// A valid gzip file (RFC 1952) without compression: one member of stored blocks (RFC 1951 3.2.4).
///
/// The sample needs answers that are coded, not small ones; so it needs no zlib.
func storedGzip(_ content: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    var rest = content[...]
    repeat {
        let part = rest.prefix(0xffff)
        rest = rest.dropFirst(part.count)
        let length = UInt16(part.count)
        bytes.append(rest.isEmpty ? 1 : 0)
        bytes += littleEndian(length) + littleEndian(~length)
        bytes += part
    } while !rest.isEmpty
    return bytes + littleEndian(crc32(content))
        + littleEndian(UInt32(truncatingIfNeeded: content.count))
}

/// The check sum of RFC 1952 8.
func crc32(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = 0xffff_ffff
    for byte in bytes {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xedb8_8320 : sum >> 1 }
    }
    return ~sum
}

private func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
}
