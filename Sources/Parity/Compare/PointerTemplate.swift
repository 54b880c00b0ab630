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
            } else {
                self.appendKey(of: step, in: parent, to: &bytes)
            }
            parent = step.place
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func appendKey(of step: PathStep, in parent: Place, to bytes: inout [UInt8]) {
        let at = step.place
        let side = at.legacy >= 0 ? self.legacy : self.modern
        let node = side.nodes[at.legacy >= 0 ? at.legacy : at.modern]
        let isNamed = self.rules.matcher.names(side.window, node)
        if !isNamed,
            self.isMap(parent.legacy, isModern: false)
                || self.isMap(parent.modern, isModern: true)
        {
            bytes += "{key}".utf8
            return
        }
        for byte in decodedKey(side.window, node) {
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
        let side = isModern ? self.modern : self.legacy
        var isMap = side.nodes[object].count > Self.namesMax
        var child = object + 1
        while !isMap, child < Int(side.nodes[object].next) {
            let node = side.nodes[child]
            isMap =
                !self.rules.matcher.names(side.window, node)
                && withWindow(decodedKey(side.window, node), isIdentifierLike)
            child = Int(node.next)
        }
        self.found.maps[number] = isMap
        return isMap
    }
}
