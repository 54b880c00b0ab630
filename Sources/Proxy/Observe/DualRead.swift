// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Parity
import Wire

// At `dual` both origins are asked at once. The second side is an exchange of its own, of the kind
// of a copy: its own head, pool, deadline and breaker, so that nothing of it can reach the client.

extension Reactor {
    /// Modern is asked too: at once, or when the request's body is there.
    mutating func startSecondRead(_ exchange: Handle) {
        let e = exchange.index
        guard self.exchanges[e].copyState == .due else { return }
        guard self.exchanges[e].isRequestComplete else { return }
        self.counters.count(.copiesDue)
        if let counter = self.refusalOfCopy(e) {
            self.shedSecondRead(e, counter)
            return
        }
        guard let second = self.makeSecondRead(e) else {
            self.shedSecondRead(e, .copiesShedQueue)
            return
        }
        self.exchanges[e].copyState = .sent
        self.exchanges[second.index].isUnreached = true
        let slot = self.exchanges[e].observation
        if slot != .max { self.observations.view[slot].outstanding = 1 }
        self.startHolding(exchange)
        // After the client's own side, in this same turn of the loop.
        self.giveWay(second)
    }

    private mutating func shedSecondRead(_ e: UInt32, _ counter: WorkerCounter) {
        self.counters.count(counter)
        self.exchanges[e].copyState = .shed
        self.endObservation(e, counter.unobservedReason)
    }

    /// The second side: what belongs to the request is its own.
    private mutating func makeSecondRead(_ e: UInt32) -> Handle? {
        guard let hit = self.exchanges[e].hit, let head = self.blocks.take() else { return nil }
        var second = self.exchanges[e]
        second.kind = .copy
        second.downstream = .none
        second.upstream = .none
        second.headBlock = head
        second.headStart = 0
        var writer = self.blocks.writer(head, from: 0)
        writer.append(self.headWindow(e))
        second.pathBlock = .none
        second.teeBlocks = InlineArray(repeating: .none)
        second.requestTrailers = .none
        second.answerTrailers = .none
        second.isCounted = false
        second.hasWriter = false
        second.isWaiting = false
        second.place = .max
        second.isResumed = false
        second.hold = .none
        second.heldSlot = .max
        guard !writer.overflowed, let handle = self.exchanges.insert(second) else {
            self.blocks.give(head)
            return nil
        }
        let s = handle.index
        self.snapshots.retain(second.snapshotSlot)
        guard self.copyPath(from: e, to: s), self.copyTee(from: e, to: s),
            self.copyRequestTrailers(from: e, to: s)
        else {
            self.exchanges[s].observation = .max
            self.dropExchange(handle)
            return nil
        }
        self.prepareCopyOf(s, hit)
        return handle
    }

    private mutating func copyPath(from e: UInt32, to s: UInt32) -> Bool {
        guard self.exchanges[e].pathBlock != .none else { return true }
        guard let block = self.blocks.take() else { return false }
        self.exchanges[s].pathBlock = block
        var writer = self.blocks.writer(block, from: 0)
        writer.append(self.pathWindow(e))
        return !writer.overflowed
    }

    private mutating func copyTee(from e: UInt32, to s: UInt32) -> Bool {
        guard self.exchanges[e].tee == .full else {
            self.exchanges[s].teeCount = 0
            return true
        }
        var left = Int(self.exchanges[e].teeCount)
        var index = 0
        while left > 0 {
            guard let block = self.blocks.take() else { return false }
            self.exchanges[s].teeBlocks[index] = block
            let count = min(left, Limits.blockBytes)
            var writer = self.blocks.writer(block, from: 0)
            writer.append(self.blocks.window(self.exchanges[e].teeBlocks[index], 0, count))
            left -= count
            index += 1
        }
        return true
    }
}
