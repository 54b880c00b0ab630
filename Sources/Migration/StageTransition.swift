// SPDX-License-Identifier: Apache-2.0

/// Which way a change of standing goes.
public enum TransitionDirection: Sendable, Equatable {
    /// Towards `gone`, or to a larger share of the same stage.
    case forward
    /// Towards `legacy`, or to a smaller share of the same stage.
    case backward
    /// The same standing.
    case none
}

/// Why a change of standing is refused.
public enum StageTransitionError: Error, Sendable, Equatable {
    /// The migration does not use this stage.
    case stageNotUsed(Stage, used: [Stage])
    /// A forward step over a stage, without a reason to skip it.
    case skips([Stage])
    /// A jump over a stage is at 100 %.
    case jumpBelowAll
    /// A share below 100 % at a stage that is all or nothing.
    case shareNotAllowed(Stage)
    /// The cell stands there already.
    case unchanged(Standing)
    /// Forward where only backward is meant.
    case notBackward(from: Standing, to: Standing)
}

/// The only rules for moving a cell (design.md 2).
public struct StageTransition: Sendable {
    /// The stages that the migration uses, in order.
    public let stages: [Stage]

    /// The rules of a migration with these stages.
    public init(stages: [Stage]) { self.stages = stages.sorted() }

    /// Which way `from` to `to` goes.
    public func direction(from: Standing, to: Standing) -> TransitionDirection {
        if to.stage > from.stage { return .forward }
        if to.stage < from.stage { return .backward }
        if to.share > from.share { return .forward }
        return to.share < from.share ? .backward : .none
    }

    /// Refuses what may not stand at all: an unused stage, a share where there is none.
    public func check(_ standing: Standing) throws(StageTransitionError) {
        guard self.stages.contains(standing.stage) else {
            throw .stageNotUsed(standing.stage, used: self.stages)
        }
        let isPartial = standing.share < .all
        let allowsPart = standing.stage != .legacy && standing.stage < .redirect
        if isPartial, !allowsPart { throw .shareNotAllowed(standing.stage) }
    }

    /// Refuses a flip that the rules do not allow; `hasReason` lets it go over a stage, at 100 %.
    ///
    /// Forward is one entry of `stages` at a time, any share. A step to the next entry is allowed
    /// from any share of the present one only when that one is complete, or with a reason.
    public func checkFlip(
        from: Standing,
        to: Standing,
        hasReason: Bool
    ) throws(StageTransitionError) {
        try self.check(to)
        switch self.direction(from: from, to: to) {
        case .none: throw .unchanged(to)
        case .backward: return
        case .forward: break
        }
        let skipped = self.stages.filter { $0 > from.stage && $0 < to.stage }
        if skipped.isEmpty {
            if to.stage > from.stage, from.share < .all, !hasReason { throw .skips([from.stage]) }
            return
        }
        guard hasReason else { throw .skips(skipped) }
        guard to.share == .all else { throw .jumpBelowAll }
    }

    /// Refuses a rollback that is none.
    public func checkRollback(from: Standing, to: Standing) throws(StageTransitionError) {
        try self.check(to)
        switch self.direction(from: from, to: to) {
        case .backward: return
        case .none: throw .unchanged(to)
        case .forward: throw .notBackward(from: from, to: to)
        }
    }

    /// The stage before `stage` in the list; the stage itself when it is the first.
    public func stage(before stage: Stage) -> Stage {
        self.stages.last { $0 < stage } ?? self.stages.first ?? .legacy
    }
}

extension Standing {
    /// Reads `live`, `live=5%`, `live 5%`, `live=12.5%`; `nil` when it is none of these.
    public init?(text: String) {
        let parts = text.split(
            maxSplits: 1,
            omittingEmptySubsequences: false,
            whereSeparator: { $0 == "=" || $0 == " " }
        )
        guard let word = parts.first, let stage = Stage(name: String(word)) else { return nil }
        guard parts.count == 2 else {
            self.init(stage)
            return
        }
        guard let share = Share(text: String(parts[1])) else { return nil }
        self.init(stage, share: share)
    }

    /// `live`, or `live=5%` below 100 %.
    public var text: String {
        self.share == .all ? self.stage.name : "\(self.stage.name)=\(self.share.text)"
    }
}

extension Share {
    /// Reads `5%`, `12.5%`, `0.01%`; at most two decimals.
    public init?(text: String) {
        guard text.hasSuffix("%") else { return nil }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { ("0"..."9").contains($0) } }),
            parts[0].count <= 3, let whole = Int(parts[0])
        else { return nil }
        var hundredths = 0
        if parts.count == 2 {
            guard parts[1].count <= 2, let digits = Int(parts[1]) else { return nil }
            hundredths = parts[1].count == 1 ? digits * 10 : digits
        }
        self.init(permyriad: whole * 100 + hundredths)
    }

    /// `5%`, `12.5%`, `0.01%`.
    public var text: String {
        let whole = self.permyriad / 100
        let rest = self.permyriad % 100
        if rest == 0 { return "\(whole)%" }
        if rest % 10 == 0 { return "\(whole).\(rest / 10)%" }
        return rest < 10 ? "\(whole).0\(rest)%" : "\(whole).\(rest)%"
    }
}
