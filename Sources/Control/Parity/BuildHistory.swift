// SPDX-License-Identifier: Apache-2.0

import Bytes
import Parity

/// Which builds answer for a migration's routes, and which did before.
///
/// A new build begins an epoch (parity.md f3 v). While builds change, answers of the one before
/// still come in: they count nowhere. When the build before is all that answers for
/// `Limits.parityBuildReturnMilliseconds`, it was rolled back to, and an epoch of its own begins:
/// n = 0, because what was seen of it then is an epoch that has ended.
struct BuildHistory {
    /// Current builds, by route.
    private(set) var legacy: [String: String] = [:]
    private(set) var modern: [String: String] = [:]
    /// Builds before, the oldest first: `l` or `m`, route, `=`, build.
    private var earlier: [String] = []
    private var returns: [String: Return] = [:]
    /// Epochs that builds may still begin, and when that was last topped up.
    private var budget = (left: Double(Limits.parityBuildEpochsMax), unixMilliseconds: Int64(0))

    /// An earlier build that answers again.
    private struct Return {
        var build: String
        var answers = 0
        var since: Int64
    }

    /// What an answer's builds mean for the epoch.
    enum Finding {
        /// The epoch's own, or nothing is said.
        case current
        /// The first word about a build: the epoch that is running takes its name.
        case named
        /// Another build: a new epoch.
        case changed
        /// Of a build before, or one change too many: it counts nowhere.
        case other
    }

    /// Nothing known.
    init() {}

    /// What epochs say, the oldest first; the current builds are the last one's while it is open.
    init(_ epochs: [ParityEpoch]) {
        let isOpen = epochs.last?.endUnixMilliseconds == 0
        // Only so many are remembered, and each epoch has one build for a route at least.
        for epoch in epochs.suffix(Limits.parityBuildsMax).dropLast(isOpen ? 1 : 0) {
            self.remember(pairs(epoch.legacyBuild), "l")
            self.remember(pairs(epoch.modernBuild), "m")
        }
        guard isOpen, let last = epochs.last else { return }
        self.legacy = pairs(last.legacyBuild)
        self.modern = pairs(last.modernBuild)
        self.forgetCurrent()
    }

    /// Current builds as an epoch stores them.
    var legacyText: String { text(self.legacy) }
    var modernText: String { text(self.modern) }

    /// Builds that are remembered beside the current ones.
    var earlierCount: Int { self.earlier.count }

    /// Whether no route has another build in `later` than in `known`, both as epochs store them.
    static func agree(_ known: String, _ later: String) -> Bool {
        let known = pairs(known)
        return pairs(later).allSatisfy { route, build in (known[route] ?? build) == build }
    }

    /// Learns what was before; the current builds of this one stay.
    mutating func adopt(_ known: BuildHistory) {
        let mine = self.earlier
        self.earlier = known.earlier
        self.remember(known.legacy, "l")
        self.remember(known.modern, "m")
        for name in mine { self.remember(name) }
        self.legacy.merge(known.legacy) { mine, _ in mine }
        self.modern.merge(known.modern) { mine, _ in mine }
        self.forgetCurrent()
    }

    // MARK: Answers

    /// Takes the builds that an observation names.
    mutating func take(_ observation: ParityObservation) -> Finding {
        let route = observation.route
        let now = observation.unixMilliseconds
        let sides = [
            ("l", observation.legacyBuild, self.legacy[route]),
            ("m", observation.modernBuild, self.modern[route]),
        ].filter { !$0.1.isEmpty }
        var finding = Finding.current
        for (side, build, current) in sides {
            if build == current {
                if !self.returns.isEmpty { self.returns["\(side)\(route)"] = nil }
            } else if self.earlier.contains("\(side)\(route)=\(build)"),
                !self.hasReturned("\(side)\(route)", build, now)
            {
                finding = .other
            } else if finding != .other {
                finding = current == nil && finding != .changed ? .named : .changed
            }
        }
        guard finding == .named || finding == .changed else { return finding }
        if finding == .changed, !self.mayChange(now) { return .other }
        for (side, build, current) in sides where build != current {
            if let current { self.remember("\(side)\(route)=\(current)") }
            if side == "l" { self.legacy[route] = build } else { self.modern[route] = build }
            self.earlier.removeAll { $0 == "\(side)\(route)=\(build)" }
            self.returns["\(side)\(route)"] = nil
        }
        return finding
    }

    /// Counts one more answer of an earlier build; whether it was rolled back to.
    private mutating func hasReturned(_ place: String, _ build: String, _ now: Int64) -> Bool {
        var entry = self.returns[place] ?? Return(build: build, since: now)
        if entry.build != build { entry = Return(build: build, since: now) }
        entry.answers += 1
        self.returns[place] = entry
        return entry.answers >= Limits.parityBuildReturnAnswers
            && now - entry.since >= Limits.parityBuildReturnMilliseconds
    }

    /// A field that is another one with each answer names no build: it must not fill the store.
    private mutating func mayChange(_ now: Int64) -> Bool {
        let hours = Double(max(0, now - self.budget.unixMilliseconds)) / 3_600_000
        let left = min(Double(Limits.parityBuildEpochsMax), self.budget.left + hours)
        self.budget = (left, now)
        guard left >= 1 else { return false }
        self.budget.left -= 1
        return true
    }

    // MARK: Builds before

    private mutating func remember(_ builds: [String: String], _ side: String) {
        for name in builds.map({ "\(side)\($0.key)=\($0.value)" }).sorted() { self.remember(name) }
    }

    private mutating func remember(_ name: String) {
        self.earlier.removeAll { $0 == name }
        self.earlier.append(name)
        // The oldest would be a new build if it ever came back: an epoch of its own, no harm.
        if self.earlier.count > Limits.parityBuildsMax { self.earlier.removeFirst() }
    }

    private mutating func forgetCurrent() {
        let current = Set(
            self.legacy.map { "l\($0.key)=\($0.value)" }
                + self.modern.map { "m\($0.key)=\($0.value)" }
        )
        self.earlier.removeAll { current.contains($0) }
    }
}

/// Builds by route as an epoch stores them: `route=build`, sorted, joined.
private func text(_ builds: [String: String]) -> String {
    builds.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
}

private func pairs(_ text: String) -> [String: String] {
    var pairs: [String: String] = [:]
    for part in text.split(separator: " ") {
        let sides = part.split(separator: "=", maxSplits: 1)
        if sides.count == 2 { pairs[String(sides[0])] = String(sides[1]) }
    }
    return pairs
}
