// SPDX-License-Identifier: Apache-2.0

import Bytes

extension Differ {
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
        let side = isModern ? self.modern : self.legacy
        let here = side.nodes[node]
        switch here.kind {
        case .object:
            return self.objectHash(isModern: isModern, here, node, state: state, context)
        case .array:
            return self.arrayHash(isModern: isModern, here, node, state: state, context)
        default: return self.leafHash(side, here, self.rule(context), isModern: isModern)
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
        let end = Int(here.next)
        var child = node + 1
        var sum: UInt64 = 0
        while child < end {
            let next = self.memberState(
                isModern ? Place(-1, child) : Place(child, -1),
                state: state
            )
            let side = isModern ? self.modern : self.legacy
            let member = side.nodes[child]
            let hash = self.subtreeHash(isModern: isModern, child, state: next, inner)
            // An ignored member may as well be absent.
            if hash != 1 {
                sum &+= foldedMultiply(
                    UInt64(member.keyHash) ^ 0x9e37_79b9_7f4a_7c15,
                    hash
                )
            }
            child = Int(member.next)
        }
        return foldedMultiply(sum ^ UInt64(here.kind.rawValue), 0xe703_7ed1_a0b4_28db)
    }

    private mutating func arrayHash(
        isModern: Bool,
        _ here: JSONNode,
        _ node: Int,
        state: Int,
        _ context: RuleContext
    ) -> UInt64 {
        let inner = self.inherited(context, byItems: true)
        let isOrdered = !self.rule(context).isAboutArrays
        let end = Int(here.next)
        var child = node + 1
        var sum = UInt64(here.kind.rawValue)
        var index = 0
        while child < end {
            let next = self.rules.matcher.step(state, index: index)
            let hash = self.subtreeHash(isModern: isModern, child, state: next, inner)
            sum =
                isOrdered
                ? foldedMultiply(sum ^ hash, 0xa076_1d64_78bd_642f)
                : sum &+ foldedMultiply(hash, 0x8ebc_6af0_9c88_c6e3)
            index += 1
            child = Int((isModern ? self.modern : self.legacy).nodes[child].next)
        }
        return foldedMultiply(sum ^ UInt64(here.count), 0xe703_7ed1_a0b4_28db)
    }

    private func leafHash(
        _ side: DifferSide,
        _ node: JSONNode,
        _ rule: CompiledRule,
        isModern: Bool
    ) -> UInt64 {
        let kind = UInt64(node.kind.rawValue) &<< 8
        let isScalar = node.kind == .string || node.kind == .number
        switch rule {
        case .identifier where isScalar, .decimal where isScalar: return 2
        case .instant where isScalar: return kind | 2
        case .shape where node.kind == .string:
            return kind | UInt64(lengthClass(decodedText(side.window, node).count)) &<< 16 | 4
        case .shape: return kind | 4
        case .url where node.kind == .string:
            let rewrite = isModern ? self.modernURLs : self.legacyURLs
            return kind ^ self.hash(rewrite.rewritten(decodedText(side.window, node)))
        default: break
        }
        switch node.kind {
        case .number:
            guard let number = ExactDecimal(side.window, Int(node.start), Int(node.end)),
                number.top.hugeDigits.isEmpty
            else { return kind | 6 }
            let top = UInt64(bitPattern: Int64(number.top.word))
            return kind ^ self.hash(number.digits) ^ foldedMultiply(top | 1, 0x9e37_79b9_7f4a_7c15)
                ^ (number.isNegative ? 8 : 0)
        case .string where node.flags & JSONNode.hasEscapes != 0:
            return kind ^ self.hash(decodedText(side.window, node))
        default:
            let trim = node.kind == .string ? 1 : 0
            return kind
                ^ jsonHash(
                    side.window,
                    Int(node.start) + trim,
                    Int(node.end) - trim,
                    seed: jsonHashSeed
                )
        }
    }

    private func hash(_ bytes: [UInt8]) -> UInt64 {
        withWindow(bytes) { jsonHash($0, 0, $0.count, seed: jsonHashSeed) }
    }
}
