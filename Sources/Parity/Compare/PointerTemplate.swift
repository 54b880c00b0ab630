// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Whether a key looks like data rather than like a name: an id, a date, a person.
///
/// Pointer templates are stored and shown, so a key that may tell something about a person must not
/// be in them. In doubt it is data: letters, digits and `_-:#$` make a name, `@` at its start
/// too; three digits in a row, a digit first, many digits in a long key or anything else do not.
func isIdentifierLike(_ key: ByteWindow) -> Bool {
    guard key.count <= 64 else { return true }
    var digits = 0
    var run = 0
    var isHexadecimal = key.count >= 16
    for index in 0..<key.count {
        let byte = key[index]
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            digits += 1
            run += 1
            if run >= 3 || index == 0 { return true }
            continue
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            isHexadecimal = isHexadecimal && asciiLowercased(byte) <= UInt8(ascii: "f")
        case UInt8(ascii: "@"): if index > 0 { return true }
        case UInt8(ascii: "-"): break
        case UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "#"), UInt8(ascii: "$"):
            isHexadecimal = false
        default: return true
        }
        run = 0
    }
    return isHexadecimal || digits >= 2 && key.count >= 20 || digits >= 4
}

private func isDataKey(_ window: ByteWindow, _ node: JSONNode) -> Bool {
    guard node.flags & JSONNode.keyHasEscapes == 0 else {
        return withWindow(decodedKey(window, node), isIdentifierLike)
    }
    let count = Int(node.keyEnd &- node.keyStart)
    return count > 2 && isIdentifierLike(window.slice(Int(node.keyStart) + 1, count - 2))
}

extension Differ {
    /// Members of an object beyond which it is a map, whatever its keys look like.
    private static let namesMax = 64

    /// The template of the first `depth` steps of the path.
    mutating func pointer(depth: Int) -> String {
        var bytes = Array(self.options.place.utf8)
        var parent = Place(0, 0)
        for index in 0..<depth {
            let step = self.path[index]
            bytes.append(UInt8(ascii: "/"))
            if !step.isMember {
                bytes.append(UInt8(ascii: "*"))
            } else if self.isData(step, in: parent) {
                bytes += "{key}".utf8
            } else {
                self.appendKey(of: step, to: &bytes)
            }
            parent = step.place
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A hash of what ``pointer(depth:)`` gives, without making it.
    mutating func pathHash(depth: Int) -> UInt64 {
        var hash = jsonHashSeed
        var parent = Place(0, 0)
        for index in 0..<depth {
            let step = self.path[index]
            var part: UInt64 = 1
            if step.isMember {
                part = self.isData(step, in: parent) ? 2 : self.keyHash(step)
            }
            hash = foldedMultiply(hash ^ part, 0xe703_7ed1_a0b4_28db)
            parent = step.place
        }
        return hash
    }

    /// All 64 bits: two places of one exchange must not be taken for one.
    private func keyHash(_ step: PathStep) -> UInt64 {
        let at = step.place
        let isModern = at.legacy < 0
        let node = self.node(isModern ? at.modern : at.legacy, isModern: isModern)
        let window = self.window(isModern: isModern)
        if node.flags & JSONNode.keyHasEscapes != 0 {
            return withWindow(decodedKey(window, node)) {
                jsonHash($0, 0, $0.count, seed: jsonHashSeed)
            }
        }
        return jsonHash(
            window,
            Int(node.keyStart) + 1,
            Int(node.keyEnd) - 1,
            seed: jsonHashSeed
        )
    }

    /// Whether a member's key stands for data: its object is a map, and no rule spells the key out.
    private mutating func isData(_ step: PathStep, in parent: Place) -> Bool {
        guard
            self.isMap(parent.legacy, isModern: false) || self.isMap(parent.modern, isModern: true)
        else { return false }
        let at = step.place
        let isModern = at.legacy < 0
        let node = self.node(isModern ? at.modern : at.legacy, isModern: isModern)
        return !self.rules.matcher.names(self.window(isModern: isModern), node)
    }

    private func appendKey(of step: PathStep, to bytes: inout [UInt8]) {
        let at = step.place
        let isModern = at.legacy < 0
        let node = self.node(isModern ? at.modern : at.legacy, isModern: isModern)
        for byte in decodedKey(self.window(isModern: isModern), node) {
            switch byte {
            case UInt8(ascii: "~"): bytes += "~0".utf8
            case UInt8(ascii: "/"): bytes += "~1".utf8
            default: bytes.append(byte)
            }
        }
    }

    /// Whether an object maps ids to values: one key that looks like data makes all of them data.
    private mutating func isMap(_ object: Int, isModern: Bool) -> Bool {
        guard object >= 0 else { return false }
        let number = isModern ? -1 - object : object
        if let isMap = self.found.maps[number] { return isMap }
        let here = self.node(object, isModern: isModern)
        let window = self.window(isModern: isModern)
        var isMap = here.count > Self.namesMax
        var child = object + 1
        while !isMap, child < Int(here.next) {
            let node = self.node(child, isModern: isModern)
            isMap = isDataKey(window, node) && !self.rules.matcher.names(window, node)
            child = Int(node.next)
        }
        self.found.maps[number] = isMap
        return isMap
    }
}
