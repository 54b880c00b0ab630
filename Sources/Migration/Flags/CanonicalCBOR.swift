// SPDX-License-Identifier: Apache-2.0

/// The deterministic CBOR of a value (RFC 8949 4.2.1), as flagd's `fractional` v3 hashes it.
///
/// Integral numbers from -2^63 to 2^64-1 are integers, other numbers the shortest float that keeps
/// their value; keys are sorted by their encoded bytes. The value is small: evaluation bounds it.
func canonicalCBOR(of value: LogicValue) -> [UInt8] {
    var bytes: [UInt8] = []
    appendCBOR(value, to: &bytes)
    return bytes
}

private func appendCBOR(_ value: LogicValue, to bytes: inout [UInt8]) {
    switch value {
    case .null: bytes.append(0xF6)
    case .bool(let value): bytes.append(value ? 0xF5 : 0xF4)
    case .number(let number): appendNumber(number, to: &bytes)
    case .string(let text): appendText(text, to: &bytes)
    case .array(let items):
        appendHead(4, UInt64(items.count), to: &bytes)
        for item in items { appendCBOR(item, to: &bytes) }
    case .object(let object):
        appendHead(5, UInt64(object.count), to: &bytes)
        var members: [(key: [UInt8], value: LogicValue)] = object.map { key, value in
            var encoded: [UInt8] = []
            appendText(key, to: &encoded)
            return (encoded, value)
        }
        members.sort { $0.key.lexicographicallyPrecedes($1.key) }
        for member in members {
            bytes += member.key
            appendCBOR(member.value, to: &bytes)
        }
    }
}

private func appendText(_ text: String, to bytes: inout [UInt8]) {
    appendHead(3, UInt64(text.utf8.count), to: &bytes)
    bytes += text.utf8
}

private func appendNumber(_ number: Double, to bytes: inout [UInt8]) {
    if let integer = UInt64(exactly: number) {
        appendHead(0, integer, to: &bytes)
    } else if let integer = Int64(exactly: number) {
        appendHead(1, UInt64(-1 - integer), to: &bytes)
    } else if number.isNaN {
        bytes += [0xF9, 0x7E, 0x00]
    } else if Double(Float16(number)) == number {
        bytes.append(0xF9)
        appendBigEndian(UInt64(Float16(number).bitPattern), count: 2, to: &bytes)
    } else if Double(Float(number)) == number {
        bytes.append(0xFA)
        appendBigEndian(UInt64(Float(number).bitPattern), count: 4, to: &bytes)
    } else {
        bytes.append(0xFB)
        appendBigEndian(number.bitPattern, count: 8, to: &bytes)
    }
}

private func appendHead(_ major: UInt8, _ argument: UInt64, to bytes: inout [UInt8]) {
    let kind = major << 5
    switch argument {
    case 0..<24: bytes.append(kind | UInt8(argument))
    case 24...0xFF: bytes += [kind | 24, UInt8(argument)]
    case 0x100...0xFFFF:
        bytes.append(kind | 25)
        appendBigEndian(argument, count: 2, to: &bytes)
    case 0x1_0000...0xFFFF_FFFF:
        bytes.append(kind | 26)
        appendBigEndian(argument, count: 4, to: &bytes)
    default:
        bytes.append(kind | 27)
        appendBigEndian(argument, count: 8, to: &bytes)
    }
}

private func appendBigEndian(_ number: UInt64, count: Int, to bytes: inout [UInt8]) {
    for index in (0..<count).reversed() {
        bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index)))
    }
}
