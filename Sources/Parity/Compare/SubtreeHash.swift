// SPDX-License-Identifier: Apache-2.0

import Bytes

extension Differ {
    /// What an ignored value hashes to.
    private static let ignoredHash: UInt64 = 1

    /// A hash that is equal wherever two values agree by their rules; what a rule lets differ is
    /// not in it.
    ///
    /// Items of arrays are matched by it, and what was matched is then compared. Each node's place,
    /// and so its rule, is its own: its hash is made once.
    mutating func subtreeHash(
        isModern: Bool,
        _ node: Int,
        state: Int,
        _ outer: RuleContext
    ) -> UInt64 {
        if isModern {
            if self.modernHashes.isEmpty {
                self.modernHashes = [UInt64](repeating: 0, count: self.modern.nodes.count)
            }
            if self.modernHashes[node] != 0 { return self.modernHashes[node] }
        } else {
            if self.legacyHashes.isEmpty {
                self.legacyHashes = [UInt64](repeating: 0, count: self.legacy.nodes.count)
            }
            if self.legacyHashes[node] != 0 { return self.legacyHashes[node] }
        }
        let hash = self.freshHash(isModern: isModern, node, state: state, outer) | 1
        if isModern { self.modernHashes[node] = hash } else { self.legacyHashes[node] = hash }
        return hash
    }

    private mutating func freshHash(
        isModern: Bool,
        _ node: Int,
        state: Int,
        _ outer: RuleContext
    ) -> UInt64 {
        let context = self.context(outer, state: state)
        if context.accepted >= 0 { return 0 }
        let here = self.node(node, isModern: isModern)
        switch here.kind {
        case .object:
            return self.objectHash(isModern: isModern, here, node, state: state, context)
        case .array:
            return self.arrayHash(isModern: isModern, here, node, state: state, context)
        default: return self.leafHash(here, self.tag(context), isModern: isModern)
        }
    }

    private mutating func objectHash(
        isModern: Bool,
        _ here: JSONNode,
        _ node: Int,
        state: Int,
        _ context: RuleContext
    ) -> UInt64 {
        let inner = self.inherited(context, byItems: false)
        let sum = self.restHash(
            node &+ 1,
            Int(here.next),
            isModern: isModern,
            state: state,
            inner
        )
        return foldedMultiply(sum ^ UInt64(here.kind.rawValue), 0xe703_7ed1_a0b4_28db)
    }

    /// The sum over the members [`start`, `end`): their order means nothing, and an ignored member
    /// may as well be absent.
    mutating func restHash(
        _ start: Int,
        _ end: Int,
        isModern: Bool,
        state: Int,
        _ inner: RuleContext
    ) -> UInt64 {
        var child = start
        var sum: UInt64 = 0
        while child < end {
            let member = self.node(child, isModern: isModern)
            let next =
                state == RuleMatcher.dead
                ? state
                : self.rules.matcher.step(state, self.window(isModern: isModern), member: member)
            let hash = self.subtreeHash(isModern: isModern, child, state: next, inner)
            if hash != Self.ignoredHash {
                sum &+= foldedMultiply(UInt64(member.keyHash) ^ 0x9e37_79b9_7f4a_7c15, hash)
            }
            child = Int(member.next)
        }
        return sum
    }

    private mutating func arrayHash(
        isModern: Bool,
        _ here: JSONNode,
        _ node: Int,
        state: Int,
        _ context: RuleContext
    ) -> UInt64 {
        let inner = self.inherited(context, byItems: true)
        let start = node &+ 1
        let end = Int(here.next)
        let sum =
            self.tag(context).isAboutArrays
            ? self.unorderedHash(start, end, isModern: isModern, state, inner)
            : self.orderedHash(start, end, isModern: isModern, state, inner)
        return foldedMultiply(sum ^ UInt64(here.count), 0xe703_7ed1_a0b4_28db)
    }

    /// The sum over the items [`start`, `end`) of an array whose order means nothing.
    mutating func unorderedHash(
        _ start: Int,
        _ end: Int,
        isModern: Bool,
        _ state: Int,
        _ inner: RuleContext
    ) -> UInt64 {
        var child = start
        var sum: UInt64 = 0
        var index = 0
        while child < end {
            let next = self.rules.matcher.step(state, index: index)
            let hash = self.subtreeHash(isModern: isModern, child, state: next, inner)
            sum &+= foldedMultiply(hash, 0x8ebc_6af0_9c88_c6e3)
            index &+= 1
            child = Int(self.node(child, isModern: isModern).next)
        }
        return sum
    }

    private mutating func orderedHash(
        _ start: Int,
        _ end: Int,
        isModern: Bool,
        _ state: Int,
        _ inner: RuleContext
    ) -> UInt64 {
        var child = start
        var sum: UInt64 = 1
        var index = 0
        while child < end {
            let next = self.rules.matcher.step(state, index: index)
            let hash = self.subtreeHash(isModern: isModern, child, state: next, inner)
            sum = foldedMultiply(sum ^ hash, 0xa076_1d64_78bd_642f)
            index &+= 1
            child = Int(self.node(child, isModern: isModern).next)
        }
        return sum
    }

    private func leafHash(_ node: JSONNode, _ tag: RuleTag, isModern: Bool) -> UInt64 {
        let window = self.window(isModern: isModern)
        let kind = UInt64(node.kind.rawValue) &<< 8
        let isScalar = node.kind == .string || node.kind == .number
        switch tag {
        case .identifier where isScalar, .decimal where isScalar: return 2
        case .instant where isScalar: return kind | 2
        case .shape where node.kind == .string:
            return kind | UInt64(lengthClass(decodedText(window, node).count)) &<< 16 | 4
        case .shape: return kind | 4
        case .url where node.kind == .string:
            let rewrite = isModern ? self.modernURLs : self.legacyURLs
            return kind ^ self.hash(rewrite.rewritten(decodedText(window, node)))
        default: break
        }
        switch node.kind {
        case .number: return kind ^ self.numberHash(window, node)
        case .string where node.flags & JSONNode.hasEscapes != 0:
            return kind ^ self.hash(decodedText(window, node))
        default:
            let trim = node.kind == .string ? 1 : 0
            return kind
                ^ jsonHash(window, Int(node.start) + trim, Int(node.end) - trim, seed: jsonHashSeed)
        }
    }

    /// Equal for equal numbers, however they are written.
    private func numberHash(_ window: ByteWindow, _ node: JSONNode) -> UInt64 {
        let start = Int(node.start)
        let end = Int(node.end)
        // An integer of a few digits is its own value; most numbers are.
        if end &- start <= 15, window[start] != UInt8(ascii: "-") {
            var value: UInt64 = 0
            var index = start
            while index < end, isDigit(window[index]) {
                value = value &* 10 &+ UInt64(window[index] &- 0x30)
                index &+= 1
            }
            if index == end { return foldedMultiply(value | 1 &<< 63, jsonHashSeed | 1) }
        }
        guard let number = ExactDecimal(window, start, end), number.top.hugeDigits.isEmpty else {
            return 6
        }
        let places = number.top.word
        if !number.isNegative, places <= 15, places >= number.digits.count {
            var value: UInt64 = 0
            for place in 0..<places {
                let digit = place < number.digits.count ? number.digits[place] : 0
                value = value * 10 + UInt64(digit)
            }
            return foldedMultiply(value | 1 &<< 63, jsonHashSeed | 1)
        }
        let top = UInt64(bitPattern: Int64(places))
        return self.hash(number.digits) ^ foldedMultiply(top &* 2 | 1, 0x9e37_79b9_7f4a_7c15)
            ^ (number.isNegative ? 8 : 0)
    }

    private func hash(_ bytes: [UInt8]) -> UInt64 {
        withWindow(bytes) { jsonHash($0, 0, $0.count, seed: jsonHashSeed) }
    }
}
