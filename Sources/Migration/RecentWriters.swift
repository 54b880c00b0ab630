// SPDX-License-Identifier: Apache-2.0

public import Bytes

/// Which side took a user's last write, and until when it counts: shared by all workers, lock-free.
///
/// A table of words in buckets of eight (one cache line). A word: tag 22 | in flight 6 | side 1 |
/// until 35 (ms of the monotonic clock, which so wraps after a year, not after weeks).
/// Bounded: a full bucket gives up the entry that is soonest to expire, and says so.
public final class RecentWriters: Sendable {
    private let words: SharedWords

    /// A table of `slots` words (a power of two, at least 8).
    public init(slots: Int = Limits.recentWriterSlots) {
        precondition(slots >= 8 && slots & (slots - 1) == 0, "\(slots) slots")
        self.words = SharedWords(capacity: slots)
    }

    /// A plain view for a worker; valid while the table lives.
    public var view: RecentWritersView { RecentWritersView(words: self.words.view) }
}

/// The table without its reference.
public struct RecentWritersView: BitwiseCopyable, Sendable {
    private let words: SharedWordsView

    fileprivate init(words: SharedWordsView) { self.words = words }

    /// The longest that an entry may still have to live; what looks like more has long expired.
    private static let leftMax = UInt64(Limits.writeInFlightMilliseconds)
    private static let untilMask: UInt64 = 1 << 35 - 1

    /// The key of a user within a cell.
    ///
    /// `epoch` changes with every rollback of the cell, which makes all its earlier entries
    /// unreachable: that is how a rollback clears them.
    public func key(_ cell: CellNumber, epoch: UInt32, user: UInt64) -> UInt64 {
        let place = UInt64(cell.migration) << 32 | UInt64(cell.tenant)
        let mixed = foldedMultiply(place ^ 0x9e37_79b9_7f4a_7c15, user | 1)
        let key = foldedMultiply(mixed ^ UInt64(epoch) << 17, 0xe703_7ed1_a0b4_28db)
        return key == 0 ? 1 : key
    }

    private func bucket(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: key) & (self.words.capacity - 1) & ~7
    }

    private static func tag(_ key: UInt64) -> UInt64 { max(key >> 42, 1) }

    /// Milliseconds left of a word's time at `now`; 0: it is over, or the slot is free.
    private static func left(_ word: UInt64, _ now: UInt64) -> UInt64 {
        guard word != 0 else { return 0 }
        let left = (word &- now) & RecentWritersView.untilMask
        return left <= RecentWritersView.leftMax ? left : 0
    }

    private static func word(
        tag: UInt64,
        inFlight: UInt64,
        side: Origin,
        until: UInt64
    ) -> UInt64 {
        tag << 42 | inFlight << 36 | UInt64(side.rawValue) << 35 | (until & untilMask)
    }

    /// A write of this user goes to `side`; ``endWrite(_:_:nowMilliseconds:settleMilliseconds:)``
    /// must follow.
    ///
    /// `false`: the entry of another user had to give way for it.
    public func beginWrite(_ key: UInt64, _ side: Origin, nowMilliseconds now: UInt64) -> Bool {
        let tag = RecentWritersView.tag(key)
        let first = self.bucket(key)
        let until = now &+ UInt64(Limits.writeInFlightMilliseconds)
        while true {
            let (place, isOwn) = self.place(tag, first, now)
            var expected = self.words.load(place)
            if isOwn != (expected >> 42 == tag) { continue }
            let left = RecentWritersView.left(expected, now)
            let inFlight = isOwn && left > 0 ? min((expected >> 36 & 63) + 1, 63) : 1
            let word = RecentWritersView.word(
                tag: tag,
                inFlight: inFlight,
                side: side,
                until: until
            )
            guard self.words.compareExchange(place, &expected, word) else { continue }
            if isOwn { return true }
            // Two workers may have taken two slots at once: the earlier one holds.
            let earliest = (first..<place).contains { self.words.load($0) >> 42 == tag }
            var own = word
            if earliest, self.words.compareExchange(place, &own, 0) { continue }
            return left == 0
        }
    }

    /// The slot of a tag in its bucket; if it has none, the slot that is soonest to be free.
    private func place(_ tag: UInt64, _ first: Int, _ now: UInt64) -> (index: Int, isOwn: Bool) {
        var place = first
        var soonest = UInt64.max
        for index in first..<first + 8 {
            let word = self.words.load(index)
            if word >> 42 == tag { return (index, true) }
            let left = RecentWritersView.left(word, now)
            if left < soonest {
                soonest = left
                place = index
            }
        }
        return (place, false)
    }

    /// The write has been answered: its side is read for `settleMilliseconds` from now.
    public func endWrite(
        _ key: UInt64,
        _ side: Origin,
        nowMilliseconds now: UInt64,
        settleMilliseconds: UInt32
    ) {
        let tag = RecentWritersView.tag(key)
        let first = self.bucket(key)
        for index in first..<first + 8 {
            var word = self.words.load(index)
            while word >> 42 == tag {
                let inFlight = max(word >> 36 & 63, 1) - 1
                // Another write of the same user may still run: its time is not cut.
                let hold =
                    inFlight > 0
                    ? UInt64(Limits.writeInFlightMilliseconds) : UInt64(settleMilliseconds)
                let next = RecentWritersView.word(
                    tag: tag,
                    inFlight: inFlight,
                    side: side,
                    until: now &+ hold
                )
                if self.words.compareExchange(index, &word, next) { return }
            }
        }
    }

    /// The side that took the user's last write, while that counts.
    public func side(_ key: UInt64, nowMilliseconds now: UInt64) -> Origin? {
        let tag = RecentWritersView.tag(key)
        let first = self.bucket(key)
        for index in first..<first + 8 {
            let word = self.words.load(index)
            guard word >> 42 == tag else { continue }
            guard RecentWritersView.left(word, now) > 0 else { return nil }
            return word >> 35 & 1 == 0 ? .legacy : .modern
        }
        return nil
    }
}
