// SPDX-License-Identifier: Apache-2.0

import Bytes

/// The array that is compared: its items on both sides and what rules say about them.
struct ArrayPair {
    let at: Place
    let state: Int
    /// Of the array itself.
    let context: RuleContext
    /// Of its items.
    let inner: RuleContext
    let legacy: [Int]
    let modern: [Int]
}

extension Differ {
    /// Items are compared by position, as a set or by key, as the rule says.
    mutating func compareArrays(_ at: Place, state: Int, _ context: RuleContext) {
        let pair = ArrayPair(
            at: at,
            state: state,
            context: context,
            inner: self.inherited(context, byItems: true),
            legacy: items(self.legacy, at.legacy),
            modern: items(self.modern, at.modern)
        )
        switch self.tag(context) {
        case .set:
            self.compareUnordered(pair, Array(pair.legacy.indices), Array(pair.modern.indices))
        case .keyed:
            guard case .keyed(let by) = self.rule(context) else { return }
            self.compareKeyed(pair, by: by)
        default: self.compareOrdered(pair)
        }
    }

    // MARK: Ordered

    private mutating func compareOrdered(_ pair: ArrayPair) {
        guard pair.legacy.count == pair.modern.count else { return self.compareShifted(pair) }
        let unequal = pair.legacy.indices.filter { index in
            !self.haveEqualBytes(
                self.legacy.nodes[pair.legacy[index]],
                self.modern.nodes[pair.modern[index]]
            )
        }
        // One item that differs cannot have changed places; nor have items that agree in place.
        var inner = pair.inner
        if unequal.count > 1 && !inner.isInPlace {
            for index in unequal {
                guard self.agreeInPlace(pair, index) else { return self.compareShifted(pair) }
            }
            inner.isInPlace = true
        }
        let learns = self.rules.matcher.states[pair.state].hasIdentifier || inner.rule >= 0
        for index in learns ? Array(pair.legacy.indices) : unequal {
            self.compareItems(pair, index, index, inner)
        }
    }

    /// Whether two items agree by their rules; told by hash where hashes are there already.
    private mutating func agreeInPlace(_ pair: ArrayPair, _ index: Int) -> Bool {
        let at = Place(pair.legacy[index], pair.modern[index])
        if !self.legacyHashes.isEmpty, self.legacyHashes[at.legacy] != 0 {
            return self.hash(pair, index, isModern: false) == self.hash(pair, index, isModern: true)
        }
        let state = self.rules.matcher.step(pair.state, index: index)
        return self.agree(at, state: state, pair.inner)
    }

    /// Items were moved, added or left out, or several changed in place.
    private mutating func compareShifted(_ pair: ArrayPair) {
        let match = self.matchedItems(pair)
        if match.hasMoved { self.emit(.order, .order, pair.at, pair.context) }
        if pair.legacy.count != pair.modern.count {
            var context = pair.context
            let holdsZero = match.legacyOnly.contains { index in
                self.holdsZeroTolerance(
                    self.legacy,
                    pair.legacy[index],
                    self.rules.matcher.step(pair.state, index: index)
                )
            }
            if holdsZero {
                context.isZero = true
                context.accepted = -1
            }
            let severity: DifferenceSeverity =
                pair.legacy.count > pair.modern.count ? .missing : .value
            self.emit(.count, severity, pair.at, context)
        }
        for (left, right) in match.pairs {
            var inner = pair.inner
            inner.isGuess =
                inner.isGuess
                || left != right
                    && self.hash(pair, left, isModern: false)
                        != self.hash(pair, right, isModern: true)
            self.compareItems(pair, left, right, inner)
        }
        guard pair.legacy.count == pair.modern.count else { return }
        for index in match.legacyOnly { self.compareAbsentItem(pair, legacy: index) }
        for index in match.modernOnly { self.compareAbsentItem(pair, modern: index) }
    }

    /// Which item stands for which: those that agree first, then those between the same neighbours.
    private mutating func matchedItems(_ pair: ArrayPair) -> ItemMatch {
        let left = pair.legacy.indices.map { self.hash(pair, $0, isModern: false) }
        let right = pair.modern.indices.map { self.hash(pair, $0, isModern: true) }
        return ItemMatch(left, right, cells: &self.alignmentCells)
    }

    // MARK: Sets

    /// Items (by number) whose order means nothing.
    private mutating func compareUnordered(_ pair: ArrayPair, _ left: [Int], _ right: [Int]) {
        // Groups lie in an array of their own, so that taking from one copies none.
        var groups: [[Int]] = []
        var numbers: [UInt64: Int] = [:]
        for index in right.reversed() {
            let hash = self.hash(pair, index, isModern: true)
            if let number = numbers[hash] {
                groups[number].append(index)
            } else {
                numbers[hash] = groups.count
                groups.append([index])
            }
        }
        var leftOnly: [Int] = []
        for index in left {
            let hash = self.hash(pair, index, isModern: false)
            guard let number = numbers[hash], !groups[number].isEmpty else {
                leftOnly.append(index)
                continue
            }
            let choice = self.choice(pair, index, groups[number])
            self.compareItems(pair, index, groups[number].remove(at: choice))
        }
        let rightOnly = groups.joined().sorted()
        if leftOnly.count == 1, rightOnly.count == 1 {
            return self.compareItems(pair, leftOnly[0], rightOnly[0])
        }
        for index in leftOnly { self.compareAbsentItem(pair, legacy: index) }
        for index in rightOnly { self.compareAbsentItem(pair, modern: index) }
    }

    /// Which of the items that may stand for one does so best: the same bytes, a pair of ids that
    /// is known, one within its tolerance; else the first one.
    ///
    /// Candidates are in reverse order.
    private mutating func choice(_ pair: ArrayPair, _ index: Int, _ candidates: [Int]) -> Int {
        let last = candidates.count - 1
        let x = self.legacy.nodes[pair.legacy[index]]
        guard last > 0, x.kind != .object, x.kind != .array else { return last }
        let next = self.rules.matcher.step(pair.state, index: index)
        let context = self.context(pair.inner, state: next)
        var best = last
        for choice in stride(from: last, through: max(0, last - 255), by: -1) {
            // A look at a pair costs as much as some cells of an alignment.
            guard self.alignmentCells >= 16 else { break }
            self.alignmentCells -= 16
            let y = self.modern.nodes[pair.modern[candidates[choice]]]
            switch self.verdict(x, y, context) {
            case .agree: return choice
            case .ids:
                let pair = self.idPair(x, y, context)
                if self.identities.counterpart(ofLegacy: pair.legacy) == pair.modern {
                    return choice
                }
                // Ids that nobody has seen: the same text is the likelier pair.
                if self.isEqualLexeme(x, y) { best = choice }
            case .differ(_, let severity): if severity == .formatting { best = choice }
            }
        }
        return best
    }

    // MARK: Keyed

    private mutating func compareKeyed(_ pair: ArrayPair, by: [[[UInt8]]]) {
        var waiting: [[UInt8]: [Int]] = [:]
        var leftOnly: [Int] = []
        var rightOnly: [Int] = []
        for index in pair.modern.indices.reversed() {
            if let key = self.key(pair, index, by, isModern: true) {
                waiting[key, default: []].append(index)
            } else {
                rightOnly.append(index)
            }
        }
        var unkeyed: [Int] = []
        for index in pair.legacy.indices {
            guard let key = self.key(pair, index, by, isModern: false) else {
                unkeyed.append(index)
                continue
            }
            if let other = waiting[key]?.popLast() {
                self.compareItems(pair, index, other)
            } else {
                leftOnly.append(index)
            }
        }
        rightOnly.reverse()
        let others = waiting.values.joined().sorted()
        guard unkeyed.isEmpty else {
            // Items without a key, or whose id nobody has seen yet, are matched by what they hold.
            return self.compareUnordered(
                pair,
                (leftOnly + unkeyed).sorted(),
                (others + rightOnly).sorted()
            )
        }
        if pair.legacy.count == 1, pair.modern.count == 1, leftOnly.count == 1 {
            // The only one on both sides: its key has changed, it is told how.
            return self.compareItems(pair, 0, 0)
        }
        for index in leftOnly { self.compareAbsentItem(pair, legacy: index) }
        for index in (others + rightOnly).sorted() { self.compareAbsentItem(pair, modern: index) }
    }

    /// What an item is matched by; `nil` when it has none of the members, or an id of legacy whose
    /// counterpart is not known.
    private mutating func key(
        _ pair: ArrayPair,
        _ index: Int,
        _ by: [[[UInt8]]],
        isModern: Bool
    ) -> [UInt8]? {
        let side = isModern ? self.modern : self.legacy
        let item = isModern ? pair.modern[index] : pair.legacy[index]
        var key: [UInt8] = []
        var hasMember = false
        for names in by {
            var state = self.rules.matcher.step(pair.state, index: index)
            guard let node = find(side, item, names, self.rules.matcher, &state) else {
                key.append(0)
                continue
            }
            guard let part = self.keyPart(side, node, state, isModern: isModern) else { return nil }
            hasMember = true
            key.append(1)
            for shift in stride(from: 0, to: 32, by: 8) {
                key.append(UInt8(truncatingIfNeeded: part.count >> shift))
            }
            key += part
        }
        return hasMember ? key : nil
    }

    private mutating func keyPart(
        _ side: DifferSide,
        _ node: Int,
        _ state: Int,
        isModern: Bool
    ) -> [UInt8]? {
        let here = side.nodes[node]
        let rule = self.rules.matcher.states[state].rule
        guard self.isScalar(here) else {
            return side.window.slice(Int(here.start), Int(here.end &- here.start)).array
        }
        let text = self.scalarText(side.window, here)
        switch rule < 0 ? .exact : self.rules.compiled[Int(rule)] {
        case .url where here.kind == .string:
            return (isModern ? self.modernURLs : self.legacyURLs).rewritten(text)
        case .identifier:
            let domain = self.domain(rule)
            let own = withWindow(text) { domain.digest($0, isModern: isModern) }
            let digest = isModern ? own : self.identities.counterpart(ofLegacy: own)
            return digest.map { digest in
                (0..<16).map { place in
                    let word = place < 8 ? digest.first : digest.second
                    return UInt8(truncatingIfNeeded: word >> UInt64(place % 8 * 8))
                }
            }
        default: return [here.kind.rawValue] + text
        }
    }

    // MARK: Items

    private mutating func hash(_ pair: ArrayPair, _ index: Int, isModern: Bool) -> UInt64 {
        self.subtreeHash(
            isModern: isModern,
            isModern ? pair.modern[index] : pair.legacy[index],
            state: self.rules.matcher.step(pair.state, index: index),
            pair.inner
        )
    }

    private mutating func compareItems(
        _ pair: ArrayPair,
        _ left: Int,
        _ right: Int,
        _ inner: RuleContext? = nil
    ) {
        let at = Place(pair.legacy[left], pair.modern[right])
        self.path.append(PathStep(at, isMember: false))
        let state = self.rules.matcher.step(pair.state, index: left)
        self.compare(at, state: state, inner ?? pair.inner)
        self.path.removeLast()
    }

    private mutating func compareAbsentItem(
        _ pair: ArrayPair,
        legacy: Int? = nil,
        modern: Int? = nil
    ) {
        let at = Place(legacy.map { pair.legacy[$0] } ?? -1, modern.map { pair.modern[$0] } ?? -1)
        let next = self.rules.matcher.step(pair.state, index: legacy ?? modern ?? 0)
        self.path.append(PathStep(at, isMember: false))
        self.compareAbsent(at, state: next, pair.inner)
        self.path.removeLast()
    }
}

/// The nodes of an array's items.
private func items(_ side: DifferSide, _ array: Int) -> [Int] {
    var items: [Int] = []
    items.reserveCapacity(Int(side.nodes[array].count))
    let end = Int(side.nodes[array].next)
    var child = array + 1
    while child < end {
        items.append(child)
        child = Int(side.nodes[child].next)
    }
    return items
}

/// The node that a chain of keys leads to; the state goes along.
private func find(
    _ side: DifferSide,
    _ item: Int,
    _ names: [[UInt8]],
    _ matcher: RuleMatcher,
    _ state: inout Int
) -> Int? {
    var node = item
    for name in names {
        guard side.nodes[node].kind == .object else { return nil }
        let end = Int(side.nodes[node].next)
        var child = node + 1
        var found: Int?
        while child < end, found == nil {
            let member = side.nodes[child]
            let mayBeSame =
                member.flags & JSONNode.keyHasEscapes != 0
                || Int(member.keyEnd &- member.keyStart) == name.count + 2
            if mayBeSame, decodedKey(side.window, member) == name { found = child }
            child = Int(member.next)
        }
        guard let found else { return nil }
        state = matcher.step(state, name: name)
        node = found
    }
    return node
}
