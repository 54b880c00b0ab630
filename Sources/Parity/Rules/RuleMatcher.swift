// SPDX-License-Identifier: Apache-2.0

import Bytes

/// All patterns of a rule set as one deterministic automaton over keys and indexes.
///
/// Its symbols are the names that patterns spell out, and one for every other key or index. State
/// 0 is dead: no pattern can match below it, so most of a text is compared without a look here.
struct RuleMatcher: Sendable {
    static let dead = 0
    static let start = 1

    /// What holds at a place.
    struct State: BitwiseCopyable, Sendable {
        /// The winning rule; -1: none.
        var rule: Int32 = -1
        /// A zero-tolerance pattern ends here.
        var isZero = false
        /// One ends below.
        var hasZeroBelow = false
        /// An identifier rule ends here or below: equal bytes still have to be learnt.
        var hasIdentifier = false
        /// A rule that is no ignore ends below.
        var hasOverrideBelow = false
        /// Any rule ends here or below.
        var hasRule = false
    }

    private(set) var states: [State] = []
    private var transitions: [Int32] = []
    private var names = NameTable()
    private var hasIndexNames = false
    private let width: Int

    /// The symbol of keys and indexes that no pattern spells out.
    var otherSymbol: Int { self.names.count }

    init(
        paths: [RulePath],
        zeroPaths: [RulePath],
        isIgnore: [Bool],
        isIdentifier: [Bool]
    ) throws(RuleSetError) {
        for path in paths + zeroPaths {
            for case .literal(let name) in path.segments {
                self.names.insert(name)
                self.hasIndexNames = self.hasIndexNames || name.allSatisfy(isDigit)
            }
        }
        self.width = self.names.count + 1
        var builder = SubsetBuilder(paths: paths + zeroPaths, names: self.names)
        let sets = try builder.build(width: self.width)
        self.transitions = builder.transitions
        for set in sets {
            var state = State()
            for position in set {
                guard let path = builder.accepted(position) else { continue }
                if path >= paths.count {
                    state.isZero = true
                } else if state.rule < 0 || !paths[Int(state.rule)].isMoreLiteral(than: paths[path])
                {
                    // Positions ascend with the rules, so an equally literal one here is later.
                    state.rule = Int32(path)
                }
            }
            self.states.append(state)
        }
        self.spread(isIgnore: isIgnore, isIdentifier: isIdentifier)
    }

    /// What lies below a state, by going backwards until nothing changes.
    private mutating func spread(isIgnore: [Bool], isIdentifier: [Bool]) {
        for state in self.states.indices where self.states[state].rule >= 0 {
            self.states[state].hasRule = true
            self.states[state].hasIdentifier = isIdentifier[Int(self.states[state].rule)]
        }
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for state in self.states.indices {
                var here = self.states[state]
                for symbol in 0..<self.width {
                    let below = self.states[self.next(state, symbol: symbol)]
                    let isOverride = below.rule >= 0 && !isIgnore[Int(below.rule)]
                    here.hasZeroBelow = here.hasZeroBelow || below.isZero || below.hasZeroBelow
                    here.hasIdentifier = here.hasIdentifier || below.hasIdentifier
                    here.hasOverrideBelow =
                        here.hasOverrideBelow || isOverride || below.hasOverrideBelow
                    here.hasRule = here.hasRule || below.hasRule
                }
                let before = self.states[state]
                if here.hasZeroBelow != before.hasZeroBelow
                    || here.hasIdentifier != before.hasIdentifier
                    || here.hasOverrideBelow != before.hasOverrideBelow
                    || here.hasRule != before.hasRule
                {
                    self.states[state] = here
                    hasChanged = true
                }
            }
        }
    }

    /// The state at a place that is not the whole body: `part:meta`, `header:etag`.
    func start(at place: String) -> Int {
        place.isEmpty ? Self.start : self.step(Self.start, name: Array(place.utf8))
    }

    /// Whether a pattern spells this key out.
    func names(_ window: ByteWindow, _ node: JSONNode) -> Bool {
        if node.flags & JSONNode.keyHasEscapes != 0 {
            return self.names.number(of: decodedKey(window, node)) != nil
        }
        let found = self.names.find(
            hash: node.keyHash,
            window,
            Int(node.keyStart) &+ 1,
            Int(node.keyEnd) &- 1
        )
        return found != nil
    }

    /// The state behind a symbol.
    @inline(__always)
    func next(_ state: Int, symbol: Int) -> Int {
        Int(self.transitions[state &* self.width &+ symbol])
    }

    /// The state behind a member.
    func step(_ state: Int, _ window: ByteWindow, member node: JSONNode) -> Int {
        if state == Self.dead { return state }
        if self.names.count == 0 { return self.next(state, symbol: 0) }
        if node.flags & JSONNode.keyHasEscapes != 0 {
            return self.step(state, name: decodedKey(window, node))
        }
        let symbol = self.names.find(
            hash: node.keyHash,
            window,
            Int(node.keyStart) &+ 1,
            Int(node.keyEnd) &- 1
        )
        return self.next(state, symbol: symbol ?? self.otherSymbol)
    }

    /// The state behind a key that is no node's.
    func step(_ state: Int, name: [UInt8]) -> Int {
        if state == Self.dead { return state }
        let symbol = withWindow(name) { window in
            self.names.find(
                hash: jsonKeyHash(window, 0, window.count, seed: jsonHashSeed),
                window,
                0,
                window.count
            )
        }
        return self.next(state, symbol: symbol ?? self.otherSymbol)
    }

    /// The state behind an index.
    @inline(__always)
    func step(_ state: Int, index: Int) -> Int {
        if state == Self.dead { return state }
        guard self.hasIndexNames else { return self.next(state, symbol: self.otherSymbol) }
        return self.step(state, name: Array("\(index)".utf8))
    }
}

/// Names to numbers, open addressing.
struct NameTable: Sendable {
    private var bytes: [UInt8] = []
    private var entries: [Entry] = []
    /// Entry number + 1; 0: free.
    ///
    /// A power of two long.
    private var slots: [Int32] = [0, 0]

    private struct Entry: BitwiseCopyable {
        var hash: UInt32
        var start: Int32
        var end: Int32
    }

    var count: Int { self.entries.count }

    mutating func insert(_ name: [UInt8]) {
        guard self.number(of: name) == nil else { return }
        let start = Int32(self.bytes.count)
        self.bytes += name
        self.entries.append(
            Entry(hash: Self.hash(name), start: start, end: Int32(self.bytes.count))
        )
        self.slots = [Int32](repeating: 0, count: max(2, self.slots.count))
        if self.entries.count * 2 > self.slots.count {
            self.slots = [Int32](repeating: 0, count: self.slots.count * 2)
        }
        for (number, entry) in self.entries.enumerated() {
            var slot = Int(entry.hash) & (self.slots.count - 1)
            while self.slots[slot] != 0 { slot = (slot + 1) & (self.slots.count - 1) }
            self.slots[slot] = Int32(number + 1)
        }
    }

    func number(of name: [UInt8]) -> Int? {
        withWindow(name) { self.find(hash: Self.hash(name), $0, 0, $0.count) }
    }

    func find(hash: UInt32, _ window: ByteWindow, _ start: Int, _ end: Int) -> Int? {
        var slot = Int(hash) & (self.slots.count &- 1)
        while true {
            let number = Int(self.slots[slot]) &- 1
            if number < 0 { return nil }
            let entry = self.entries[number]
            if entry.hash == hash, Int(entry.end &- entry.start) == end &- start {
                var offset = 0
                while start &+ offset < end,
                    window[start &+ offset] == self.bytes[Int(entry.start) &+ offset]
                {
                    offset &+= 1
                }
                if start &+ offset == end { return number }
            }
            slot = (slot &+ 1) & (self.slots.count &- 1)
        }
    }

    private static func hash(_ name: [UInt8]) -> UInt32 {
        withWindow(name) { jsonKeyHash($0, 0, $0.count, seed: jsonHashSeed) }
    }
}

/// Patterns to automaton: the subset construction, bounded.
private struct SubsetBuilder {
    private let paths: [RulePath]
    /// First position of each path; a position is a place between two segments.
    private var firsts: [Int] = []
    private var pathOfPosition: [Int] = []
    /// What leads from a position to the next: a symbol, or one of the two wildcards.
    private var symbolOfPosition: [Int] = []
    private static let any = -1
    private static let anyDepth = -2
    private static let end = -3
    private(set) var transitions: [Int32] = []

    init(paths: [RulePath], names: NameTable) {
        self.paths = paths
        for (number, path) in paths.enumerated() {
            self.firsts.append(self.pathOfPosition.count)
            for segment in path.segments {
                self.pathOfPosition.append(number)
                switch segment {
                case .any: self.symbolOfPosition.append(Self.any)
                case .anyDepth: self.symbolOfPosition.append(Self.anyDepth)
                case .literal(let name):
                    self.symbolOfPosition.append(names.number(of: name) ?? Self.end)
                }
            }
            self.pathOfPosition.append(number)
            self.symbolOfPosition.append(Self.end)
        }
    }

    /// The path that ends at this position.
    func accepted(_ position: Int) -> Int? {
        let path = self.pathOfPosition[position]
        return position - self.firsts[path] == self.paths[path].segments.count ? path : nil
    }

    /// The sets of positions, by state; also fills ``transitions``.
    mutating func build(width: Int) throws(RuleSetError) -> [[Int]] {
        let first = self.closed(self.firsts)
        var sets: [[Int]] = [[], first]
        var numbers: [[Int]: Int32] = [[]: 0]
        if !first.isEmpty { numbers[first] = 1 }
        func number(_ set: [Int]) -> Int32 {
            if let number = numbers[set] { return number }
            let number = Int32(sets.count)
            numbers[set] = number
            sets.append(set)
            return number
        }
        var work = 0
        var state = 0
        while state < sets.count {
            let set = sets[state]
            // Names that no position of the set waits for lead where every other name leads.
            let waited = Set(set.map { self.symbolOfPosition[$0] }.filter { $0 >= 0 })
            work += (waited.count + 1) * (set.count + 1)
            guard (state + 1) * width <= Limits.parityMatcherEntriesMax,
                work <= Limits.parityMatcherWorkMax
            else { throw .tooComplex }
            let other = number(self.moved(set, width - 1))
            for symbol in 0..<width {
                self.transitions.append(
                    waited.contains(symbol) ? number(self.moved(set, symbol)) : other
                )
            }
            state += 1
        }
        return sets
    }

    private func moved(_ set: [Int], _ symbol: Int) -> [Int] {
        var result: [Int] = []
        for position in set {
            switch self.symbolOfPosition[position] {
            case Self.any, symbol: result.append(position + 1)
            case Self.anyDepth: result.append(position)
            default: break
            }
        }
        return self.closed(result)
    }

    /// `**` may also stand for nothing.
    private func closed(_ set: [Int]) -> [Int] {
        var found = Set<Int>()
        for start in set {
            var position = start
            found.insert(position)
            while self.symbolOfPosition[position] == Self.anyDepth {
                position += 1
                found.insert(position)
            }
        }
        return found.sorted()
    }
}
