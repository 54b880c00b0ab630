// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Reads one JSON text into nodes: one pass, no recursion, no allocation per value.
struct JSONReader {
    private(set) var nodes: [JSONNode] = []
    private(set) var hasByteOrderMark = false
    private let limits: JSONTextLimits
    private let seed = jsonHashSeed
    private var open: [Frame] = []
    private var index = 0

    /// An object or array whose end has not come yet.
    private struct Frame: BitwiseCopyable {
        var node: UInt32
        var count: UInt32 = 0
        /// Bits of the hashes of the keys so far: a key that finds its bit set may be a duplicate.
        var keyBits: UInt64 = 0
        var isObject: Bool
        var mayHaveDuplicates = false
    }

    /// The key that the next value belongs to.
    private struct Key: BitwiseCopyable {
        var start: UInt32 = 0
        var end: UInt32 = 0
        var hash: UInt32 = 0
        var flags: UInt8 = 0
    }

    init(limits: JSONTextLimits, count: Int) {
        self.limits = limits
        // Measured on FHIR: a value for each 16 to 30 bytes.
        self.nodes.reserveCapacity(min(count / 16 + 8, limits.valuesMax))
    }

    mutating func read(_ window: ByteWindow) throws(JSONTextError) {
        guard window.count <= min(self.limits.bytesMax, Int(UInt32.max) - 1) else {
            throw JSONTextError(reason: .tooLong, offset: self.limits.bytesMax)
        }
        if window.count >= 3, window[0] == 0xEF, window[1] == 0xBB, window[2] == 0xBF {
            self.hasByteOrderMark = true
            self.index = 3
        }
        self.skipSpace(window)
        guard self.index < window.count else { throw self.error(.empty) }
        var key = Key()
        while true {
            let isOpened = try self.value(window, key)
            if isOpened, try self.startChild(window, &key) { continue }
            if try self.finishValue(window, &key) { return }
        }
    }

    // MARK: Structure

    /// Reads the value at `index`; whether it is a container with something inside.
    private mutating func value(_ window: ByteWindow, _ key: Key) throws(JSONTextError) -> Bool {
        guard self.index < window.count else { throw self.error(.truncated) }
        guard self.nodes.count < self.limits.valuesMax else { throw self.error(.tooManyValues) }
        let start = self.index
        var kind = JSONKind.null
        var flags = key.flags
        switch window[start] {
        case UInt8(ascii: "\""):
            kind = .string
            if try self.string(window) { flags |= JSONNode.hasEscapes }
        case UInt8(ascii: "{"): return try self.enter(window, key, isObject: true)
        case UInt8(ascii: "["): return try self.enter(window, key, isObject: false)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            kind = .number
            try self.number(window)
        case UInt8(ascii: "t"):
            kind = .bool
            try self.word(window, "true")
        case UInt8(ascii: "f"):
            kind = .bool
            try self.word(window, "false")
        case UInt8(ascii: "n"): try self.word(window, "null")
        default: throw self.error(.unexpectedByte)
        }
        self.append(key, kind: kind, flags: flags, start: start)
        return false
    }

    private mutating func append(_ key: Key, kind: JSONKind, flags: UInt8, start: Int) {
        self.nodes.append(
            JSONNode(
                start: UInt32(truncatingIfNeeded: start),
                end: UInt32(truncatingIfNeeded: self.index),
                next: UInt32(truncatingIfNeeded: self.nodes.count &+ 1),
                keyStart: key.start,
                keyEnd: key.end,
                keyHash: key.hash,
                count: 0,
                kind: kind,
                flags: flags
            )
        )
    }

    /// Opens a container; whether it has something inside (an empty one is closed at once).
    private mutating func enter(
        _ window: ByteWindow,
        _ key: Key,
        isObject: Bool
    ) throws(JSONTextError) -> Bool {
        guard self.open.count < self.limits.depthMax else { throw self.error(.tooDeep) }
        let start = self.index
        self.index &+= 1
        self.skipSpace(window)
        guard self.index < window.count else { throw self.error(.truncated) }
        let isEmpty = window[self.index] == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
        if isEmpty { self.index &+= 1 }
        let node = UInt32(truncatingIfNeeded: self.nodes.count)
        self.append(key, kind: isObject ? .object : .array, flags: key.flags, start: start)
        if !isEmpty { self.open.append(Frame(node: node, isObject: isObject)) }
        return !isEmpty
    }

    /// Before a child of the innermost container: reads its key; always true.
    private mutating func startChild(
        _ window: ByteWindow,
        _ key: inout Key
    ) throws(JSONTextError) -> Bool {
        let top = self.open.count &- 1
        self.open[top].count &+= 1
        guard self.open[top].isObject else {
            key = Key()
            return true
        }
        guard self.index < window.count else { throw self.error(.truncated) }
        guard window[self.index] == UInt8(ascii: "\"") else { throw self.error(.unexpectedByte) }
        let start = self.index
        let hasEscapes = try self.string(window)
        key.start = UInt32(truncatingIfNeeded: start)
        key.end = UInt32(truncatingIfNeeded: self.index)
        key.flags = hasEscapes ? JSONNode.keyHasEscapes : 0
        key.hash =
            hasEscapes
            ? self.hashOfEscaped(window, start &+ 1, self.index &- 1)
            : jsonKeyHash(window, start &+ 1, self.index &- 1, seed: self.seed)
        let bit = 1 as UInt64 &<< UInt64(key.hash & 63)
        if self.open[top].keyBits & bit != 0 { self.open[top].mayHaveDuplicates = true }
        self.open[top].keyBits |= bit
        self.skipSpace(window)
        guard self.index < window.count else { throw self.error(.truncated) }
        guard window[self.index] == UInt8(ascii: ":") else { throw self.error(.unexpectedByte) }
        self.index &+= 1
        self.skipSpace(window)
        return true
    }

    /// Behind a value: closes what ends here; whether the text is complete.
    private mutating func finishValue(
        _ window: ByteWindow,
        _ key: inout Key
    ) throws(JSONTextError) -> Bool {
        while true {
            self.skipSpace(window)
            guard let frame = self.open.last else {
                guard self.index == window.count else { throw self.error(.trailingBytes) }
                return true
            }
            guard self.index < window.count else { throw self.error(.truncated) }
            let byte = window[self.index]
            if byte == UInt8(ascii: ",") {
                self.index &+= 1
                self.skipSpace(window)
                _ = try self.startChild(window, &key)
                return false
            }
            guard byte == (frame.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw self.error(.unexpectedByte)
            }
            self.index &+= 1
            self.close(window, frame)
        }
    }

    private func hashOfEscaped(_ window: ByteWindow, _ start: Int, _ end: Int) -> UInt32 {
        let seed = self.seed
        return withWindow(decodedEscapes(window, start, end)) {
            jsonKeyHash($0, 0, $0.count, seed: seed)
        }
    }

    private mutating func close(_ window: ByteWindow, _ frame: Frame) {
        self.open.removeLast()
        let node = Int(frame.node)
        self.nodes[node].end = UInt32(truncatingIfNeeded: self.index)
        self.nodes[node].next = UInt32(truncatingIfNeeded: self.nodes.count)
        self.nodes[node].count = frame.count
        if frame.mayHaveDuplicates, hasDuplicateKeys(window, self.nodes, of: node) {
            self.nodes[node].flags |= JSONNode.hasDuplicateKeys
        }
    }

    // MARK: Leaves

    private mutating func word(
        _ window: ByteWindow,
        _ word: StaticString
    ) throws(JSONTextError) {
        let count = word.utf8CodeUnitCount
        guard self.index &+ count <= window.count else {
            throw self.error(.unexpectedByte)
        }
        guard window.word(at: self.index, count: count) == asciiWord(word) else {
            throw self.error(.unexpectedByte)
        }
        self.index &+= count
    }

    /// RFC 8259 6.
    private mutating func number(_ window: ByteWindow) throws(JSONTextError) {
        var index = self.index
        let count = window.count
        if window[index] == UInt8(ascii: "-") { index &+= 1 }
        let first = index
        while index < count, isDigit(window[index]) { index &+= 1 }
        let isLeadingZero =
            index &- first > 1 && window[first] == UInt8(ascii: "0")
        guard index > first, !isLeadingZero else { throw self.error(.badNumber, at: index) }
        if index < count, window[index] == UInt8(ascii: ".") {
            index &+= 1
            let fraction = index
            while index < count, isDigit(window[index]) { index &+= 1 }
            guard index > fraction else { throw self.error(.badNumber, at: index) }
        }
        if index < count, window[index] | 0x20 == UInt8(ascii: "e") {
            index &+= 1
            if index < count,
                window[index] == UInt8(ascii: "+") || window[index] == UInt8(ascii: "-")
            {
                index &+= 1
            }
            let exponent = index
            while index < count, isDigit(window[index]) { index &+= 1 }
            guard index > exponent else { throw self.error(.badNumber, at: index) }
        }
        self.index = index
    }

    /// Reads a string from its opening quote; whether it has escapes.
    private mutating func string(_ window: ByteWindow) throws(JSONTextError) -> Bool {
        var index = self.index &+ 1
        let count = window.count
        var hasEscapes = false
        while true {
            // Eight plain bytes at a time: strings are most of a text.
            while index &+ 8 <= count {
                let marks = specialBytes(window.word(at: index, count: 8))
                guard marks == 0 else {
                    index &+= marks.trailingZeroBitCount &>> 3
                    break
                }
                index &+= 8
            }
            guard index < count else { throw self.error(.truncated, at: count) }
            let byte = window[index]
            if byte == UInt8(ascii: "\"") {
                self.index = index &+ 1
                return hasEscapes
            } else if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                index = try self.escape(window, index)
            } else if byte >= 0x80 {
                let length = utf8SequenceLength(window, at: index)
                guard length > 0 else { throw self.error(.badUTF8, at: index) }
                index &+= length
            } else if byte < 0x20 {
                throw self.error(.controlCharacter, at: index)
            } else {
                index &+= 1
            }
        }
    }

    /// RFC 8259 7; the index behind the escape that starts at `index`.
    private func escape(_ window: ByteWindow, _ index: Int) throws(JSONTextError) -> Int {
        guard index &+ 1 < window.count else { throw self.error(.truncated, at: window.count) }
        switch window[index &+ 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return index &+ 2
        case UInt8(ascii: "u"):
            for digit in index &+ 2..<index &+ 6 {
                guard digit < window.count else { throw self.error(.truncated, at: digit) }
                guard hexDigit(window[digit]) != nil else {
                    throw self.error(.badEscape, at: digit)
                }
            }
            return index &+ 6
        default: throw self.error(.badEscape, at: index &+ 1)
        }
    }

    @inline(__always)
    private mutating func skipSpace(_ window: ByteWindow) {
        while self.index < window.count {
            let byte = window[self.index]
            guard byte <= 0x20 else { return }
            guard
                byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
            else { return }
            self.index &+= 1
        }
    }

    private func error(_ reason: JSONTextError.Reason, at offset: Int? = nil) -> JSONTextError {
        JSONTextError(reason: reason, offset: offset ?? self.index)
    }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte &- 0x30)
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte &- 0x57)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte &- 0x37)
    default: nil
    }
}

/// High bit of each byte that is a quote, a backslash, below 0x20 or above 0x7F.
///
/// Bytes above the lowest mark may be marked wrongly (borrows); only the lowest is used.
@inline(__always)
private func specialBytes(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quote = word ^ (ones &* 0x22)
    let backslash = word ^ (ones &* 0x5C)
    let found =
        (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
        | (word &- ones &* 0x20) & ~word | word
    return found & (ones &* 0x80)
}

/// Bytes of the UTF-8 sequence at `index` (RFC 3629 4); 0 when there is none.
func utf8SequenceLength(_ window: ByteWindow, at index: Int) -> Int {
    let lead = window[index]
    if lead < 0x80 { return 1 }
    let length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0
    guard length > 0, index &+ length <= window.count else { return 0 }
    let second = window[index &+ 1]
    let isSecond: Bool =
        switch lead {
        case 0xE0: second >= 0xA0 && second < 0xC0
        case 0xED: second >= 0x80 && second < 0xA0
        case 0xF0: second >= 0x90 && second < 0xC0
        case 0xF4: second >= 0x80 && second < 0x90
        default: second & 0xC0 == 0x80
        }
    guard isSecond else { return 0 }
    for offset in 2..<max(length, 2) where window[index &+ offset] & 0xC0 != 0x80 { return 0 }
    return length
}
