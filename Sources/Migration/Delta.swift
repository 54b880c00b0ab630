// SPDX-License-Identifier: Apache-2.0

/// One generation's changes of standings, as they go to every worker's mailbox.
public struct Delta: Sendable, Hashable {
    /// The generation; a worker ignores what is not newer than a cell's.
    public var generation: UInt64
    /// The cells that change.
    ///
    /// Empty: a round trip only.
    public var changes: [CellChange]

    /// A delta from its parts.
    public init(generation: UInt64, changes: [CellChange]) {
        self.generation = generation
        self.changes = changes
    }
}

/// What the workers answered to a delta.
public struct Acknowledgement: Sendable, Hashable {
    /// Workers that have applied it.
    public var confirmed: Int
    /// Workers that have not answered in time, by number.
    public var silent: [Int]
    /// From the post to the last answer (or the timeout).
    public var elapsedNanoseconds: UInt64
    /// Wall clock of the last request decided for legacy in these cells, ms since 1970; `nil`:
    /// none.
    public var lastLegacyMilliseconds: UInt64?
    /// Exchanges of these cells still in flight, by origin, when the delta was applied.
    public var inFlightLegacy: Int
    /// Exchanges of these cells still in flight, by origin, when the delta was applied.
    public var inFlightModern: Int
    /// Writes that these cells sent to modern since the edge started.
    public var modernWrites: UInt64
    /// Tunnels (WebSockets) of these cells on the origin that they have left.
    public var tunnelsLeft: Int
    /// Event streams and long downloads of these cells there.
    public var streamsLeft: Int

    /// Nothing answered yet.
    public init() {
        self.confirmed = 0
        self.silent = []
        self.elapsedNanoseconds = 0
        self.lastLegacyMilliseconds = nil
        self.inFlightLegacy = 0
        self.inFlightModern = 0
        self.modernWrites = 0
        self.tunnelsLeft = 0
        self.streamsLeft = 0
    }
}
