// SPDX-License-Identifier: Apache-2.0

import Bytes

extension Differ {
    /// Members are matched by key; their order means nothing (RFC 8259 4).
    mutating func compareObjects(_ at: Place, state: Int, _ outer: RuleContext) {
        let x = self.legacy.nodes[at.legacy]
        let y = self.modern.nodes[at.modern]
        let context = self.inherited(outer, byItems: false)
        if (x.flags | y.flags) & JSONNode.hasDuplicateKeys != 0 {
            return self.compareDuplicates(at, state: state, context)
        }
        var i = at.legacy + 1
        var j = at.modern + 1
        let iEnd = Int(x.next)
        let jEnd = Int(y.next)
        // Most services write members in one order: as long as both do, no table is needed.
        while i < iEnd, j < jEnd {
            let left = self.legacy.nodes[i]
            let right = self.modern.nodes[j]
            guard equalKeys(self.legacy.window, left, self.modern.window, right) else { break }
            self.compareMember(Place(i, j), state: state, context)
            i = Int(left.next)
            j = Int(right.next)
        }
        if i < iEnd || j < jEnd {
            self.compareRest(i, iEnd, j, jEnd, state: state, context)
        }
    }

    private mutating func compareMember(_ at: Place, state: Int, _ context: RuleContext) {
        let next = self.memberState(at, state: state)
        self.path.append(PathStep(at, isMember: true))
        self.compare(at, state: next, context)
        self.path.removeLast()
    }

    private mutating func compareAbsentMember(_ at: Place, state: Int, _ context: RuleContext) {
        let next = self.memberState(at, state: state)
        self.path.append(PathStep(at, isMember: true))
        self.compareAbsent(at, state: next, context)
        self.path.removeLast()
    }

    func memberState(_ at: Place, state: Int) -> Int {
        guard state != RuleMatcher.dead else { return state }
        return at.legacy >= 0
            ? self.rules.matcher.step(
                state,
                self.legacy.window,
                member: self.legacy.nodes[at.legacy]
            )
            : self.rules.matcher.step(
                state,
                self.modern.window,
                member: self.modern.nodes[at.modern]
            )
    }

    /// Members from where the orders part; no key is twice on either side.
    private mutating func compareRest(
        _ i: Int,
        _ iEnd: Int,
        _ j: Int,
        _ jEnd: Int,
        state: Int,
        _ context: RuleContext
    ) {
        var rest = MemberTable(self.modern, from: j, to: jEnd)
        var left = i
        while left < iEnd {
            let node = self.legacy.nodes[left]
            if let right = rest.take(self.legacy.window, node, of: self.modern) {
                self.compareMember(Place(left, right), state: state, context)
            } else {
                self.compareAbsentMember(Place(left, -1), state: state, context)
            }
            left = Int(node.next)
        }
        for right in rest.untaken {
            self.compareAbsentMember(Place(-1, right), state: state, context)
        }
    }

    /// Objects of which at least one has a key twice: occurrence is compared with occurrence, and
    /// where their numbers differ, the last ones, which most readers take.
    private mutating func compareDuplicates(_ at: Place, state: Int, _ context: RuleContext) {
        let left = self.membersByKey(self.legacy, at.legacy)
        var right = self.membersByKey(self.modern, at.modern)
        for group in left {
            guard let others = right.take(group.key) else {
                self.compareAbsentMember(Place(group.last, -1), state: state, context)
                continue
            }
            if group.nodes.count == others.nodes.count {
                for (i, j) in zip(group.nodes, others.nodes) {
                    self.compareMember(Place(i, j), state: state, context)
                }
            } else {
                let at = Place(group.last, others.last)
                let next = self.memberState(at, state: state)
                self.path.append(PathStep(at, isMember: true))
                self.emit(.duplicateKey, .value, at, self.context(context, state: next))
                self.path.removeLast()
                self.compareMember(at, state: state, context)
            }
        }
        for group in right where !group.isTaken {
            self.compareAbsentMember(Place(-1, group.last), state: state, context)
        }
    }

    private func membersByKey(_ side: DifferSide, _ object: Int) -> KeyGroups {
        var groups = KeyGroups()
        var child = object + 1
        while child < Int(side.nodes[object].next) {
            groups.add(decodedKey(side.window, side.nodes[child]), child)
            child = Int(side.nodes[child].next)
        }
        return groups
    }
}

/// Members of an object that still have to find their counterpart.
private struct MemberTable {
    private var members: [UInt32] = []
    private var isTaken: [Bool] = []
    /// Member number + 1 by hash of its key; empty for few members, which are searched one by one.
    private var slots: [UInt32] = []
    /// Members before it are taken.
    private var first = 0

    init(_ side: DifferSide, from start: Int, to end: Int) {
        var child = start
        while child < end {
            self.members.append(UInt32(truncatingIfNeeded: child))
            child = Int(side.nodes[child].next)
        }
        self.isTaken = [Bool](repeating: false, count: self.members.count)
        guard self.members.count > 16 else { return }
        var size = 64
        while size < self.members.count * 2 { size *= 2 }
        self.slots = [UInt32](repeating: 0, count: size)
        for (number, member) in self.members.enumerated() {
            var slot = Int(side.nodes[Int(member)].keyHash) & (size - 1)
            while self.slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            self.slots[slot] = UInt32(number + 1)
        }
    }

    /// Finds and takes the member with the same key.
    mutating func take(_ window: ByteWindow, _ node: JSONNode, of side: DifferSide) -> Int? {
        while self.first < self.members.count, self.isTaken[self.first] { self.first += 1 }
        if self.slots.isEmpty {
            for number in self.first..<self.members.count where !self.isTaken[number] {
                let member = Int(self.members[number])
                if equalKeys(window, node, side.window, side.nodes[member]) {
                    self.isTaken[number] = true
                    return member
                }
            }
            return nil
        }
        var slot = Int(node.keyHash) & (self.slots.count - 1)
        while self.slots[slot] != 0 {
            let number = Int(self.slots[slot]) - 1
            let member = Int(self.members[number])
            if !self.isTaken[number], equalKeys(window, node, side.window, side.nodes[member]) {
                self.isTaken[number] = true
                return member
            }
            slot = (slot + 1) & (self.slots.count - 1)
        }
        return nil
    }

    /// What nobody took, in order.
    var untaken: [Int] {
        self.members.indices.filter { !self.isTaken[$0] }.map { Int(self.members[$0]) }
    }
}

/// Members of an object under each of its keys, in order of first appearance.
private struct KeyGroups: Sequence {
    struct Group {
        let key: [UInt8]
        var nodes: [Int]
        var isTaken = false

        var last: Int { self.nodes[self.nodes.count - 1] }
    }

    private var groups: [Group] = []
    private var numbers: [[UInt8]: Int] = [:]

    mutating func add(_ key: [UInt8], _ node: Int) {
        if let number = self.numbers[key] {
            self.groups[number].nodes.append(node)
        } else {
            self.numbers[key] = self.groups.count
            self.groups.append(Group(key: key, nodes: [node]))
        }
    }

    mutating func take(_ key: [UInt8]) -> Group? {
        guard let number = self.numbers[key] else { return nil }
        self.groups[number].isTaken = true
        return self.groups[number]
    }

    func makeIterator() -> IndexingIterator<[Group]> { self.groups.makeIterator() }
}
