// SPDX-License-Identifier: Apache-2.0

import Bytes

extension Differ {
    /// Whether two values agree by their rules, without noting or learning anything.
    ///
    /// Gives up at the first difference, so that arrays whose items all stayed where they were are
    /// told apart cheaply from those that have to be matched. Where order means nothing hashes
    /// decide.
    mutating func agree(_ at: Place, state: Int, _ outer: RuleContext) -> Bool {
        let x = self.legacy.nodes[at.legacy]
        let y = self.modern.nodes[at.modern]
        if self.haveEqualBytes(x, y) { return true }
        let context = self.context(outer, state: state)
        if context.accepted >= 0 { return true }
        switch (x.kind, y.kind) {
        case (.object, .object): return self.objectsAgree(at, x, y, state: state, context)
        case (.array, .array): return self.arraysAgree(at, x, y, state: state, context)
        default:
            switch self.verdict(x, y, context) {
            case .agree, .ids: return true
            case .differ(_, let severity): return severity == .formatting
            }
        }
    }

    private mutating func objectsAgree(
        _ at: Place,
        _ x: JSONNode,
        _ y: JSONNode,
        state: Int,
        _ context: RuleContext
    ) -> Bool {
        let inner = self.inherited(context, byItems: false)
        var i = at.legacy &+ 1
        var j = at.modern &+ 1
        let iEnd = Int(x.next)
        let jEnd = Int(y.next)
        while i < iEnd, j < jEnd {
            let left = self.legacy.nodes[i]
            let right = self.modern.nodes[j]
            guard equalKeys(self.legacy.window, left, self.modern.window, right) else { break }
            let next = self.memberState(Place(i, j), state: state)
            guard self.agree(Place(i, j), state: next, inner) else { return false }
            i = Int(left.next)
            j = Int(right.next)
        }
        if i == iEnd, j == jEnd { return true }
        // Another order, or members that only one side has: the parts before agree.
        return self.restHash(i, iEnd, isModern: false, state: state, inner)
            == self.restHash(j, jEnd, isModern: true, state: state, inner)
    }

    private mutating func arraysAgree(
        _ at: Place,
        _ x: JSONNode,
        _ y: JSONNode,
        state: Int,
        _ context: RuleContext
    ) -> Bool {
        guard x.count == y.count else { return false }
        if self.tag(context).isAboutArrays {
            let inner = self.inherited(context, byItems: true)
            return self.unorderedHash(at.legacy &+ 1, Int(x.next), isModern: false, state, inner)
                == self.unorderedHash(at.modern &+ 1, Int(y.next), isModern: true, state, inner)
        }
        let inner = self.inherited(context, byItems: true)
        var i = at.legacy &+ 1
        var j = at.modern &+ 1
        var index = 0
        while i < Int(x.next) {
            let next = self.rules.matcher.step(state, index: index)
            guard self.agree(Place(i, j), state: next, inner) else { return false }
            i = Int(self.legacy.nodes[i].next)
            j = Int(self.modern.nodes[j].next)
            index &+= 1
        }
        return true
    }
}
