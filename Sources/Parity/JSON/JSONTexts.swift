// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Keys hash differently in each process, so nobody can send keys that collide.
let jsonHashSeed = UInt64.random(in: .min ... .max)

/// Hash of the bytes [`start`, `end`): the same for a text with and without escapes, once they
/// are resolved.
func jsonHash(_ window: ByteWindow, _ start: Int, _ end: Int, seed: UInt64) -> UInt64 {
    var state = seed
    var index = start
    while index &+ 8 <= end {
        state = foldedMultiply(
            state ^ window.word(at: index, count: 8),
            0xe703_7ed1_a0b4_28db
        )
        index &+= 8
    }
    let rest = window.word(at: index, count: end &- index)
    state = foldedMultiply(state ^ rest, 0xa076_1d64_78bd_642f)
    return foldedMultiply(
        state ^ UInt64(truncatingIfNeeded: end &- start),
        0x8ebc_6af0_9c88_c6e3
    )
}

/// The hash that nodes keep of their key.
@inline(__always)
func jsonKeyHash(_ window: ByteWindow, _ start: Int, _ end: Int, seed: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: jsonHash(window, start, end, seed: seed))
}

/// The bytes that the inside of a string [`start`, `end`) stands for.
///
/// Surrogate pairs become their scalar; a lone surrogate becomes the three bytes that UTF-8 would
/// have for it, which no valid text holds, so it is equal only to itself.
func decodedEscapes(_ window: ByteWindow, _ start: Int, _ end: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(end - start)
    var index = start
    while index < end {
        let byte = window[index]
        guard byte == UInt8(ascii: "\\"), index + 1 < end else {
            bytes.append(byte)
            index += 1
            continue
        }
        let escape = window[index + 1]
        index += 2
        switch escape {
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            var code = codeUnit(window, index, end)
            index += 4
            if code & 0xFC00 == 0xD800, index + 6 <= end, window[index] == UInt8(ascii: "\\"),
                window[index + 1] == UInt8(ascii: "u")
            {
                let low = codeUnit(window, index + 2, end)
                if low & 0xFC00 == 0xDC00 {
                    code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
                    index += 6
                }
            }
            appendUTF8(code, to: &bytes)
        default: bytes.append(escape)
        }
    }
    return bytes
}

private func codeUnit(_ window: ByteWindow, _ start: Int, _ end: Int) -> UInt32 {
    var code: UInt32 = 0
    for index in start..<min(start + 4, end) { code = code << 4 | (hexDigit(window[index]) ?? 0) }
    return code
}

private func appendUTF8(_ code: UInt32, to bytes: inout [UInt8]) {
    switch code {
    case 0..<0x80: bytes.append(UInt8(code))
    case 0x80..<0x800: bytes += [UInt8(0xC0 | code >> 6), UInt8(0x80 | code & 0x3F)]
    case 0x800..<0x10000:
        bytes += [
            UInt8(0xE0 | code >> 12), UInt8(0x80 | code >> 6 & 0x3F), UInt8(0x80 | code & 0x3F),
        ]
    default:
        bytes += [
            UInt8(0xF0 | code >> 18 & 7), UInt8(0x80 | code >> 12 & 0x3F),
            UInt8(0x80 | code >> 6 & 0x3F), UInt8(0x80 | code & 0x3F),
        ]
    }
}

/// The key of a member as bytes, escapes resolved.
func decodedKey(_ window: ByteWindow, _ node: JSONNode) -> [UInt8] {
    let start = Int(node.keyStart) + 1
    let end = Int(node.keyEnd) - 1
    return node.flags & JSONNode.keyHasEscapes != 0
        ? decodedEscapes(window, start, end) : window.slice(start, end - start).array
}

/// The text of a string as bytes, escapes resolved.
func decodedText(_ window: ByteWindow, _ node: JSONNode) -> [UInt8] {
    let start = Int(node.start) + 1
    let end = Int(node.end) - 1
    return node.flags & JSONNode.hasEscapes != 0
        ? decodedEscapes(window, start, end) : window.slice(start, end - start).array
}

/// Whether two runs of `count` bytes are equal.
@inline(__always)
func equalBytes(_ a: ByteWindow, _ i: Int, _ b: ByteWindow, _ j: Int, count: Int) -> Bool {
    firstUnequal(a, i, b, j, count: count) == count
}

/// How many of `count` bytes from `i` and `j` are equal.
func firstUnequal(_ a: ByteWindow, _ i: Int, _ b: ByteWindow, _ j: Int, count: Int) -> Int {
    var done = 0
    while done &+ 8 <= count {
        let difference =
            a.word(at: i &+ done, count: 8) ^ b.word(at: j &+ done, count: 8)
        if difference != 0 { return done &+ difference.trailingZeroBitCount &>> 3 }
        done &+= 8
    }
    while done < count, a[i &+ done] == b[j &+ done] { done &+= 1 }
    return done
}

/// Whether two members have the same key, escapes resolved.
func equalKeys(_ a: ByteWindow, _ x: JSONNode, _ b: ByteWindow, _ y: JSONNode) -> Bool {
    guard x.keyHash == y.keyHash else { return false }
    if (x.flags | y.flags) & JSONNode.keyHasEscapes == 0 {
        let count = Int(x.keyEnd &- x.keyStart)
        return count == Int(y.keyEnd &- y.keyStart)
            && equalBytes(a, Int(x.keyStart), b, Int(y.keyStart), count: count)
    }
    return decodedKey(a, x) == decodedKey(b, y)
}

/// Whether an object has two members with the same key.
func hasDuplicateKeys(_ window: ByteWindow, _ nodes: [JSONNode], of object: Int) -> Bool {
    var members: [UInt64] = []
    members.reserveCapacity(Int(nodes[object].count))
    var child = object + 1
    let end = Int(nodes[object].next)
    while child < end {
        // The hash above, the node below: sorting brings equal hashes together.
        members.append(UInt64(nodes[child].keyHash) << 32 | UInt64(UInt32(child)))
        child = Int(nodes[child].next)
    }
    members.sort()
    // Equal hashes are as good as always equal keys; where they are not, all of a run is compared.
    var start = 0
    for index in members.indices.dropFirst() {
        if members[index] >> 32 != members[index - 1] >> 32 { start = index }
        for other in start..<index {
            let x = nodes[Int(UInt32(truncatingIfNeeded: members[other]))]
            let y = nodes[Int(UInt32(truncatingIfNeeded: members[index]))]
            if equalKeys(window, x, window, y) { return true }
        }
    }
    return false
}
