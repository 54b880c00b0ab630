// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration

/// The exchanges of a worker that are streams, so that a flip finds them without a look at all.
///
/// Each exchange knows its place here; taking one out moves the last into its place.
struct StreamBook: ~Copyable {
    private var places: SparseArena<Handle>
    private(set) var count = 0

    init() { self.places = SparseArena(capacity: Limits.exchangesMax) }

    /// The stream at a place below `count`.
    subscript(place: Int) -> Handle {
        precondition(place < self.count, "place \(place) of \(self.count)")
        return self.places[place]
    }

    /// Appends a stream; its place.
    mutating func append(_ exchange: Handle) -> UInt32 {
        precondition(self.count < self.places.capacity, "more streams than exchanges")
        self.places[self.count] = exchange
        self.count += 1
        return UInt32(self.count - 1)
    }

    /// Takes out the stream at a place; who has that place now, if anybody.
    mutating func remove(at place: UInt32) -> Handle? {
        precondition(Int(place) < self.count, "place \(place) of \(self.count)")
        self.count -= 1
        guard Int(place) < self.count else { return nil }
        self.places[Int(place)] = self.places[self.count]
        return self.places[Int(place)]
    }
}

extension Reactor {
    /// The exchange is a stream from now on: flips look at it.
    mutating func bookStream(_ exchange: Handle) {
        let e = exchange.index
        guard self.exchanges[e].streamPlace == .max, self.exchanges[e].kind == .client else {
            return
        }
        self.exchanges[e].streamPlace = self.streamBook.append(exchange)
        if let hit = self.exchanges[e].hit {
            let route = self.snapshots.view(self.exchanges[e].snapshotSlot).route(hit.route)
            self.exchanges[e].streamRule = route.streamRule
            self.exchanges[e].streamDrain = route.streamDrainMilliseconds
        }
        // Its cell may have moved while it was no stream yet.
        self.followMove(exchange)
    }

    /// An answer that has been going on for long is a stream too.
    mutating func bookIfLong(_ exchange: Handle) {
        let e = exchange.index
        let age = self.nowNanoseconds &- self.exchanges[e].startNanoseconds
        guard self.exchanges[e].answer == .streaming,
            age / 1_000_000 >= UInt64(Limits.longAnswerMilliseconds)
        else { return }
        self.bookStream(exchange)
    }

    /// The exchange is over.
    mutating func unbookStream(_ e: UInt32) {
        let place = self.exchanges[e].streamPlace
        guard place != .max else { return }
        self.exchanges[e].streamPlace = .max
        if let moved = self.streamBook.remove(at: place) {
            self.exchanges[moved.index].streamPlace = place
        }
    }
}
