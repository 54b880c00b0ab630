// SPDX-License-Identifier: Apache-2.0

/// What becomes of streams (WebSockets, event streams, long downloads) that run on the origin which
/// their cell has left: `streams` of a route.
public enum StreamRule: UInt8, BitwiseCopyable, Sendable {
    /// They stay until they end by themselves.
    case pin
    /// They are closed after a time.
    case drain
    /// They are closed at once.
    case close
}

/// `spec.streams` of a route.
public struct StreamModel: Hashable, Sendable {
    /// What becomes of them.
    public var rule = StreamRule.pin
    /// How long `drain` leaves them.
    public var drainMilliseconds = 0

    /// They stay.
    public init() {}
}

/// What kind of stream.
public enum StreamKind: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    /// Another protocol behind a 101.
    case tunnel
    /// `text/event-stream`.
    case events
    /// An answer that has been going on for longer than `Limits.longAnswerMilliseconds`.
    case download

    /// The word in JSON: `tunnel`.
    public var word: String {
        switch self {
        case .tunnel: "tunnel"
        case .events: "events"
        case .download: "download"
        }
    }
}

/// Streams of one cell, origin and kind that run now.
public struct StreamCount: BitwiseCopyable, Sendable, Hashable {
    /// Whose.
    public var cell: CellNumber
    /// Where they run.
    public var origin: Origin
    /// What they are.
    public var kind: StreamKind
    /// Their cell has left that origin.
    public var isPrevious: Bool
    /// How many.
    public var count: Int
    /// Age of the oldest.
    public var oldestMilliseconds: UInt64

    /// A count from its parts.
    public init(
        cell: CellNumber,
        origin: Origin,
        kind: StreamKind,
        isPrevious: Bool,
        count: Int,
        oldestMilliseconds: UInt64
    ) {
        self.cell = cell
        self.origin = origin
        self.kind = kind
        self.isPrevious = isPrevious
        self.count = count
        self.oldestMilliseconds = oldestMilliseconds
    }

    /// Counts of several workers as one list.
    public static func merged(_ lists: [[StreamCount]]) -> [StreamCount] {
        var sums: [StreamCount: StreamCount] = [:]
        for one in lists.joined() {
            var key = one
            key.count = 0
            key.oldestMilliseconds = 0
            var sum = sums[key] ?? key
            sum.count += one.count
            sum.oldestMilliseconds = max(sum.oldestMilliseconds, one.oldestMilliseconds)
            sums[key] = sum
        }
        return Array(sums.values)
    }
}

extension Standing {
    /// Whether any user of the cell is still served by this origin.
    ///
    /// Below 100 % the users outside the share are served one stage earlier, and writes may be too.
    public func mayServe(_ origin: Origin, earlierStage: Stage) -> Bool {
        if self.stage.origin == origin { return true }
        return self.share < .all && earlierStage.origin == origin
    }
}

extension Stage {
    /// Who answers safe requests at this stage (design.md 2); those that have moved on ask nobody,
    /// and what still runs on modern may end there.
    public var origin: Origin { self < .live ? .legacy : .modern }
}
