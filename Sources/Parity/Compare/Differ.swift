// SPDX-License-Identifier: Apache-2.0

import Bytes

/// What two texts disagree on, by a route's rules.
///
/// Pure but for `identities`, which learns. Equal bytes are found before any structure is looked
/// at. Work is linear in both texts, whatever they hold, but for the alignment of arrays, which has
/// a bound of its own (`Limits.parityAlignmentCellsMax`).
public func differences(
    _ legacy: JSONTree,
    _ modern: JSONTree,
    rules: RuleSet,
    options: DifferOptions,
    identities: inout IdentityTable
) -> DifferenceList {
    let start = rules.matcher.start(at: options.place)
    let learns = rules.matcher.states[start].hasIdentifier
    return withWindow(legacy.bytes) { left in
        withWindow(modern.bytes) { right in
            if !learns, left.count == right.count,
                equalBytes(left, 0, right, 0, count: left.count)
            {
                return DifferenceList()
            }
            var differ = Differ(
                legacy: DifferSide(window: left, nodes: legacy.nodes),
                modern: DifferSide(window: right, nodes: modern.nodes),
                rules: rules,
                options: options
            )
            // The table is handed over, not shared: two owners would copy it at the first id.
            swap(&identities, &differ.identities)
            if legacy.hasByteOrderMark != modern.hasByteOrderMark {
                differ.emit(.lexeme, .formatting, Place(0, 0), RuleContext())
            }
            differ.compare(Place(0, 0), state: start, RuleContext())
            differ.learnIDs()
            swap(&identities, &differ.identities)
            return differ.found.list
        }
    }
}

/// One of the two texts.
struct DifferSide {
    let window: ByteWindow
    let nodes: [JSONNode]
}

/// Two nodes that are held against each other; -1: absent on that side.
struct Place: BitwiseCopyable {
    var legacy: Int
    var modern: Int

    init(_ legacy: Int, _ modern: Int) {
        self.legacy = legacy
        self.modern = modern
    }
}

/// What rules above a place say about it.
struct RuleContext: BitwiseCopyable {
    /// The rule in force; -1: exact values.
    var rule: Int32 = -1
    /// The ignore rule in force; -1: none.
    var accepted: Int32 = -1
    /// Where the ignored subtree begins, as a depth of the path.
    var acceptedDepth: Int32 = 0
    /// Any difference here is one too many.
    var isZero = false
    /// Everything below is known to agree in place, so no array needs to be matched.
    var isInPlace = false
    /// The two are held against each other only because nothing fits better.
    var isGuess = false
}

/// Walks two trees side by side and notes where they differ.
struct Differ {
    let legacy: DifferSide
    let modern: DifferSide
    let rules: RuleSet
    let options: DifferOptions
    var identities = IdentityTable(key: DigestKey(first: 0, second: 0), pairsMax: 0)
    /// Steps from the root to the place that is compared.
    var path: [PathStep] = []
    var found: FoundDifferences
    var alignmentCells = Limits.parityAlignmentCellsMax
    /// Hashes of subtrees by node, made when arrays have to be matched; 0: not yet.
    var legacyHashes: [UInt64] = []
    var modernHashes: [UInt64] = []
    /// Pairs of ids that the table does not know yet.
    var newIDs = NewIdentities()
    /// Domains of the identifier rules that were met.
    var domains: [(rule: Int32, domain: IdentityTable.Domain)] = []
    let legacyURLs: URLRewrite
    let modernURLs: URLRewrite
    /// Bytes [from, to) of legacy are known to equal those of modern `delta` further on.
    private var equalFrom = 0
    private var equalTo = 0
    private var equalDelta = Int.min

    init(
        legacy: DifferSide,
        modern: DifferSide,
        rules: RuleSet,
        options: DifferOptions
    ) {
        self.legacy = legacy
        self.modern = modern
        self.rules = rules
        self.options = options
        self.found = FoundDifferences(max: options.differencesMax)
        let rewrites = rules.tags.contains(.url)
        self.legacyURLs = URLRewrite(
            hosts: rewrites ? options.legacyHost : "",
            pathPrefix: rewrites ? options.legacyPathPrefix : ""
        )
        self.modernURLs = URLRewrite(
            hosts: rewrites ? options.modernHost : "",
            pathPrefix: rewrites ? options.modernPathPrefix : ""
        )
    }

    /// A node of one side.
    @inline(__always)
    func node(_ index: Int, isModern: Bool) -> JSONNode {
        isModern ? self.modern.nodes[index] : self.legacy.nodes[index]
    }

    /// The text of one side.
    @inline(__always)
    func window(isModern: Bool) -> ByteWindow {
        isModern ? self.modern.window : self.legacy.window
    }

    /// Compares two values that stand at one place.
    mutating func compare(_ at: Place, state: Int, _ outer: RuleContext) {
        let x = self.legacy.nodes[at.legacy]
        let y = self.modern.nodes[at.modern]
        let context = self.context(outer, state: state)
        if self.haveEqualBytes(x, y), !self.learns(state, context) { return }
        switch (x.kind, y.kind) {
        case (.object, .object): self.compareObjects(at, state: state, context)
        case (.array, .array): self.compareArrays(at, state: state, context)
        case (_, .object), (_, .array), (.object, _), (.array, _):
            var context = context
            context.isZero =
                context.isZero || self.holdsZeroTolerance(self.legacy, at.legacy, state)
                || self.holdsZeroTolerance(self.modern, at.modern, state)
            self.emit(.type, .missing, at, context)
        default: self.compareLeaves(at, x, y, context)
        }
    }

    /// What stands on one side only; also for members of an object, which have no counterpart.
    mutating func compareAbsent(_ at: Place, state: Int, _ outer: RuleContext) {
        var context = self.context(outer, state: state)
        let isMissing = at.modern < 0
        let side = isMissing ? self.legacy : self.modern
        let node = isMissing ? at.legacy : at.modern
        if !context.isZero, self.holdsZeroTolerance(side, node, state) { context.isZero = true }
        if context.isZero { context.accepted = -1 }
        let isNull = side.nodes[node].kind == .null
        self.emit(
            isMissing ? .missing : .added,
            isMissing && !isNull ? .missing : .value,
            at,
            context
        )
    }

    /// The context at a place whose rules are those of `state`.
    func context(_ outer: RuleContext, state: Int) -> RuleContext {
        guard state != RuleMatcher.dead else { return outer }
        let here = self.rules.matcher.states[state]
        var context = outer
        if here.isZero {
            context.isZero = true
            context.accepted = -1
        }
        guard here.rule >= 0 else { return context }
        if self.rules.tags[Int(here.rule)] == .ignore {
            let isExpired = self.rules.expiries[Int(here.rule)] <= self.options.nowUnixSeconds
            if !context.isZero, !isExpired, context.accepted < 0 {
                context.accepted = here.rule
                context.acceptedDepth = Int32(truncatingIfNeeded: self.path.count)
            }
            context.rule = -1
        } else {
            context.rule = here.rule
            context.accepted = -1
        }
        return context
    }

    /// The kind of the rule in force.
    @inline(__always)
    func tag(_ context: RuleContext) -> RuleTag {
        context.rule < 0 ? .exact : self.rules.tags[Int(context.rule)]
    }

    /// The rule in force.
    func rule(_ context: RuleContext) -> CompiledRule {
        context.rule < 0 ? .exact : self.rules.compiled[Int(context.rule)]
    }

    /// What of a container's context holds for its items or members.
    ///
    /// A shape reaches all the way down. What is said of an array of plain values is said of its
    /// items.
    func inherited(_ context: RuleContext, byItems: Bool) -> RuleContext {
        guard context.rule >= 0 else { return context }
        let tag = self.rules.tags[Int(context.rule)]
        if tag == .shape { return context }
        var inner = context
        if !byItems || tag.isAboutArrays { inner.rule = -1 }
        return inner
    }

    /// Whether equal bytes still have something to teach.
    private func learns(_ state: Int, _ context: RuleContext) -> Bool {
        self.rules.matcher.states[state].hasIdentifier
            || self.tag(context) == .identifier
    }

    /// Whether a missing or added value holds a place where nothing may differ.
    func holdsZeroTolerance(_ side: DifferSide, _ node: Int, _ state: Int) -> Bool {
        let here = self.rules.matcher.states[state]
        if here.isZero { return true }
        guard here.hasZeroBelow else { return false }
        let isArray = side.nodes[node].kind == .array
        let end = Int(side.nodes[node].next)
        var child = node + 1
        var index = 0
        while child < end {
            let next =
                isArray
                ? self.rules.matcher.step(state, index: index)
                : self.rules.matcher.step(state, side.window, member: side.nodes[child])
            if self.holdsZeroTolerance(side, child, next) { return true }
            child = Int(side.nodes[child].next)
            index += 1
        }
        return false
    }

    /// Whether the lexemes of two values are the same bytes.
    ///
    /// Runs of equal bytes are remembered, so that a nested value is not read again for each of its
    /// levels.
    mutating func haveEqualBytes(_ x: JSONNode, _ y: JSONNode) -> Bool {
        let count = Int(x.end &- x.start)
        guard count == Int(y.end &- y.start) else { return false }
        let start = Int(x.start)
        let delta = Int(y.start) &- start
        if delta != self.equalDelta || start < self.equalFrom || start >= self.equalTo {
            let room = min(
                self.legacy.window.count &- start,
                self.modern.window.count &- Int(y.start)
            )
            self.equalDelta = delta
            self.equalFrom = start
            self.equalTo =
                start
                &+ firstUnequal(
                    self.legacy.window,
                    start,
                    self.modern.window,
                    Int(y.start),
                    count: room
                )
        }
        return start &+ count <= self.equalTo
    }
}
