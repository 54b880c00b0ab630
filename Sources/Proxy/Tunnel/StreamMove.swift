// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration

// A flip moves requests; what streams are left on the previous origin follow their route: `pin`
// leaves them, `drain` closes them after a time, `close` at once. A WebSocket is closed by a Close
// frame in each direction, every other stream by a cut: no part is ever taken for the whole.

extension Reactor {
    /// Standings have changed: streams are on the right origin again, or left behind.
    ///
    /// How many of the delta's cells are left behind goes into the figures.
    mutating func moveStreams(_ delta: Delta, _ figures: inout DeltaReceipt.Figures) {
        for place in 0..<self.streamBook.count {
            let exchange = self.streamBook[place]
            self.followMove(exchange)
            let e = exchange.index
            guard self.exchanges[e].isLeftBehind, self.hasMoved(e, at: delta.generation) else {
                continue
            }
            if self.exchanges[e].upgrade == .open {
                figures.tunnelsLeft += 1
            } else {
                figures.streamsLeft += 1
            }
        }
    }

    /// Files have changed: flags, and what the routes want of streams.
    mutating func reviewStreams(_ view: SnapshotView) {
        guard self.streamBook.count > 0 else { return }
        var indices: [UInt32: UInt32] = [:]
        for index in 0..<view.routeCount {
            indices[view.route(UInt32(index)).number] = UInt32(index)
        }
        for place in 0..<self.streamBook.count {
            let e = self.streamBook[place].index
            guard let hit = self.exchanges[e].hit else { continue }
            let number = self.snapshots.view(self.exchanges[e].snapshotSlot).route(hit.route).number
            // A route that is gone has no other wish than its last.
            if let index = indices[number] {
                let route = view.route(index)
                if route.streamRule != self.exchanges[e].streamRule
                    || route.streamDrainMilliseconds != self.exchanges[e].streamDrain
                {
                    self.exchanges[e].streamRule = route.streamRule
                    self.exchanges[e].streamDrain = route.streamDrainMilliseconds
                    if self.exchanges[e].isLeftBehind { self.setStreamEnd(e) }
                }
            }
            self.followMove(self.streamBook[place])
        }
    }

    /// Whether the stream's cell, or everybody's, got its standing by that delta.
    private func hasMoved(_ e: UInt32, at generation: UInt64) -> Bool {
        let migration = self.exchanges[e].migration
        let own = CellNumber(tenant: self.exchanges[e].tenant, migration: migration)
        let everyone = CellNumber(tenant: 0, migration: migration)
        return self.standings[own].generation == generation
            || self.standings[everyone].generation == generation
    }

    /// Sees whether a stream's origin still serves its cell, and acts when that has changed.
    mutating func followMove(_ exchange: Handle) {
        let e = exchange.index
        guard let hit = self.exchanges[e].hit, let standing = self.standing(of: e) else { return }
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let isLeft = !standing.mayServe(
            self.exchanges[e].decision.origin,
            earlierStage: view.route(hit.route).earlierStage(standing.stage)
        )
        guard isLeft != self.exchanges[e].isLeftBehind else { return }
        self.exchanges[e].isLeftBehind = isLeft
        self.setStreamEnd(e)
    }

    /// Where the stream's cell stands now, as `findStanding` has it for requests; `nil`: its
    /// migration is gone, and nothing says that the stream is in the wrong place.
    private func standing(of e: UInt32) -> Standing? {
        let cell = CellNumber(
            tenant: self.exchanges[e].tenant,
            migration: self.exchanges[e].migration
        )
        if cell.tenant != 0, let own = self.standings[cell].standing { return own }
        let everyone = CellNumber(tenant: 0, migration: cell.migration)
        if let shared = self.standings[everyone].standing { return shared }
        let view = self.snapshots.view(self.snapshots.current)
        let flag = view.stageDefault(migration: cell.migration, tenant: cell.tenant)
        return flag.source == .nothingKnown ? nil : Standing(flag.stage)
    }

    /// Sets when the stream ends by its route's rule; 0: not at all.
    private mutating func setStreamEnd(_ e: UInt32) {
        var end: UInt64 = 0
        if self.exchanges[e].isLeftBehind {
            switch self.exchanges[e].streamRule {
            case .pin: break
            case .drain: end = self.nowMilliseconds &+ UInt64(self.exchanges[e].streamDrain)
            case .close: end = self.nowMilliseconds
            }
        }
        if self.exchanges[e].upgrade == .open {
            guard self.tunnels[Int(e)].closing == nil else { return }
            self.tunnels[Int(e)].closesAt = end
            self.armTunnel(e)
        } else {
            guard self.exchanges[e].answer != .complete else { return }
            self.exchanges[e].cutsAt = end
            let d = self.exchanges[e].downstream.index
            guard end > 0 else { return }
            if self.downstreams[d].deadline == 0 || end < self.downstreams[d].deadline {
                self.downstreams[d].deadline = max(end, 1)
                self.armDownstream(d)
            }
        }
    }

    /// Cuts a stream whose time is over.
    ///
    /// `true`: it is gone.
    mutating func cutMoved(_ exchange: Handle) -> Bool {
        let e = exchange.index
        let end = self.exchanges[e].cutsAt
        guard end > 0, end <= self.nowMilliseconds, self.exchanges[e].answer == .streaming else {
            return false
        }
        self.counters.count(.streamsMoved)
        self.fail(exchange, .streamMoved)
        return true
    }

    // MARK: Drain of the edge

    /// The time of a drain is nearly over: tunnels are closed, event streams are cut.
    mutating func closeStreamsForDrain() {
        guard self.drainClosesAt > 0, self.drainClosesAt <= self.nowMilliseconds else { return }
        self.drainClosesAt = 0
        // From the end: those that end at once make room for the last.
        var place = self.streamBook.count
        while place > 0 {
            place -= 1
            guard place < self.streamBook.count else { continue }
            let exchange = self.streamBook[place]
            if self.exchanges[exchange.index].upgrade == .open {
                self.closeTunnel(exchange, .draining)
            } else if self.exchanges[exchange.index].isLasting {
                self.fail(exchange, .streamMoved)
            }
        }
    }

    // MARK: Counts

    /// What streams this worker has, by cell, origin and kind.
    func countStreams() -> [StreamCount] {
        var list: [StreamCount] = []
        list.reserveCapacity(self.streamBook.count)
        for place in 0..<self.streamBook.count {
            let e = self.streamBook[place].index
            let kind: StreamKind =
                self.exchanges[e].upgrade == .open
                ? .tunnel : self.exchanges[e].isLasting ? .events : .download
            list.append(
                StreamCount(
                    cell: CellNumber(
                        tenant: self.exchanges[e].tenant,
                        migration: self.exchanges[e].migration
                    ),
                    origin: self.exchanges[e].origin,
                    kind: kind,
                    isPrevious: self.exchanges[e].isLeftBehind,
                    count: 1,
                    oldestMilliseconds: (self.nowNanoseconds &- self.exchanges[e].startNanoseconds)
                        / 1_000_000
                )
            )
        }
        return StreamCount.merged([list])
    }
}
