// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Parity
import Wire

// `dual` with `answer: agreed`: legacy's answer is held until modern's is there and compared,
// within a budget. Equal: modern's is served; otherwise, late or too long: legacy's. Both wait in
// the observation's slot, so what is served is what was compared.

/// Where an exchange is that may be answered by either origin.
///
///     none ──▶ holding ──▶ serving ──▶ none (streaming on) or the end
enum HoldStep: UInt8, BitwiseCopyable {
    /// Answers go straight to the client.
    case none
    /// Legacy's answer goes into the slot, and nothing to the client.
    case holding
    /// The client gets an answer from the slot.
    case serving
}

extension Reactor {
    /// The client's answer is held from now on, if the slot is sure to have room for both.
    mutating func startHolding(_ exchange: Handle) {
        let e = exchange.index
        let slot = self.exchanges[e].observation
        guard slot != .max, self.exchanges[e].answer == .waiting,
            let hit = self.exchanges[e].hit
        else { return }
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let route = view.route(hit.route)
        guard route.servesAgreed else { return }
        let book = self.observations.view
        // A step moves up to a block: a slot that might not hold one holds nothing.
        guard Int(book[slot].bodyLimit) >= Limits.blockBytes else { return }
        guard self.observations.hold(slot, 2 * Int(book[slot].bodyLimit)) else { return }
        book[slot].isAgreed = true
        self.observations.agreed[Int(slot)] = AgreedSlot(client: exchange)
        self.exchanges[e].hold = .holding
        self.exchanges[e].heldSlot = slot
        self.exchanges[e].agreedBudget = max(route.agreedBudgetMilliseconds, 1)
    }

    /// Whether the answer's head found its place in the slot.
    func holdsHead(_ e: UInt32) -> Bool {
        self.observations.view[self.exchanges[e].heldSlot].legacy.end != .tooLarge
    }

    /// Whether the slot might not hold the next part: the client is answered by legacy from now on.
    mutating func releaseIfLong(_ exchange: Handle) {
        let e = exchange.index
        guard self.exchanges[e].hold == .holding else { return }
        let book = self.observations.view
        let slot = self.exchanges[e].heldSlot
        guard
            Int(book[slot].legacy.bodyCount) + Limits.blockBytes > Int(book[slot].bodyLimit)
        else { return }
        book[slot].legacy.end = .tooLarge
        self.exchanges[e].observation = slot
        self.endObservation(e)
        self.serve(exchange, .legacy)
    }

    /// Legacy's answer is whole: it waits for modern's, for as long as the route allows.
    mutating func holdComplete(_ e: UInt32) {
        guard self.exchanges[e].hold == .holding else { return }
        self.endObservation(e)
        let d = self.exchanges[e].downstream.index
        self.exchanges[e].holdDeadline =
            self.nowMilliseconds &+ UInt64(self.exchanges[e].agreedBudget)
        self.startRateWindow(d)
    }

    /// The compare threads have looked at an agreed observation.
    mutating func takeAgreement(slot: UInt32, serial: UInt32, isEqual: Bool) {
        let book = self.observations.view
        guard book[slot].serial == serial else { return }
        if self.observations.agreed[Int(slot)].isServed {
            self.observations.give(slot)
            return
        }
        self.observations.agreed[Int(slot)].isCompared = true
        let exchange = self.observations.agreed[Int(slot)].client
        guard self.exchanges.isLive(exchange),
            self.exchanges[exchange.index].hold == .holding,
            self.exchanges[exchange.index].heldSlot == slot
        else { return }
        self.counters.count(isEqual ? .agreedModern : .agreedLegacy)
        self.serve(exchange, isEqual ? .modern : .legacy)
        self.pumpAnswer(exchange)
    }

    /// Modern is late: legacy's answer is served.
    ///
    /// `true`: the exchange was held.
    mutating func releaseLate(_ exchange: Handle) -> Bool {
        let e = exchange.index
        guard self.exchanges[e].hold == .holding, self.exchanges[e].holdDeadline > 0,
            self.exchanges[e].holdDeadline <= self.nowMilliseconds
        else { return false }
        self.counters.count(.agreedLate)
        self.serve(exchange, .legacy)
        self.pumpAnswer(exchange)
        return true
    }

    /// Legacy failed while its answer was held: the client has seen nothing of it yet.
    mutating func dropHold(_ e: UInt32) {
        guard self.exchanges[e].hold == .holding else { return }
        self.exchanges[e].hold = .none
        self.exchanges[e].answer = .waiting
    }

    /// The client is gone from a held exchange: the slot is free once the compare threads let go.
    mutating func leaveHeldSlot(_ e: UInt32) {
        let slot = self.exchanges[e].heldSlot
        guard slot != .max else { return }
        self.exchanges[e].heldSlot = .max
        self.exchanges[e].hold = .none
        if self.observations.agreed[Int(slot)].isCompared {
            self.observations.give(slot)
        } else {
            self.observations.agreed[Int(slot)].isServed = true
        }
    }

    // MARK: Serving from the slot

    /// The client gets this origin's answer from the slot.
    private mutating func serve(_ exchange: Handle, _ origin: Origin) {
        let e = exchange.index
        let book = self.observations.view
        let slot = self.exchanges[e].heldSlot
        let part = book[slot][origin]
        let start = Int(part.start &+ part.requestCount)
        let bytes = book.window(slot, start, start + Int(part.headCount))
        self.exchanges[e].hold = .serving
        self.exchanges[e].holdDeadline = 0
        self.exchanges[e].served = origin
        self.exchanges[e].serveOffset = 0
        if origin == .modern, let hit = self.exchanges[e].hit {
            let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
            self.exchanges[e].origin = .modern
            self.exchanges[e].upstreamIndex = view.route(hit.route).modernUpstream
        }
        self.exchanges[e].status = part.status
        self.exchanges[e].upstreamNanoseconds = UInt64(part.microseconds) * 1_000
        self.exchanges[e].answeredBy = origin == .legacy ? .legacy : .modern
        do throws(WireError) {
            let head = try parseResponseHead(
                bytes,
                into: &self.answerFields,
                requestMethod: self.exchanges[e].head.method
            )
            if self.writeAnswerHead(e, head, bytes) { return }
        } catch {}
        // The head was read once before: only its rewritten form can be too long.
        self.exchanges[e].hold = .none
        self.exchanges[e].answer = .waiting
        self.fail(exchange, .badHead)
    }

    /// Puts the next part of the slot's body up for sending.
    ///
    /// `false`: all of it is.
    mutating func takeFromSlot(_ e: UInt32) -> Bool {
        let book = self.observations.view
        let slot = self.exchanges[e].heldSlot
        let part = book[slot][self.exchanges[e].served]
        let left = Int(part.bodyCount &- self.exchanges[e].serveOffset)
        let d = self.exchanges[e].downstream.index
        guard left > 0 else {
            self.endServing(e, d)
            return false
        }
        guard let block = self.takeOutput(d) else {
            self.fail(self.downstreams[d].exchange, .outOfResources)
            return true
        }
        let end = Int(self.downstreams[d].output.end)
        let count = min(left, Limits.blockBytes - end - 64)
        guard count > 0 else { return true }
        let from = Int(part.bodyStart &+ self.exchanges[e].serveOffset)
        var writer = self.blocks.writer(block, from: end)
        let bytes = book.window(slot, from, from + count)
        if self.exchanges[e].answerFraming == .chunked {
            appendChunk(bytes, &writer)
        } else {
            writer.append(bytes)
        }
        precondition(!writer.overflowed, "a body step larger than its room")
        self.downstreams[d].output.end = Int32(writer.position)
        self.exchanges[e].serveOffset &+= Int32(count)
        return true
    }

    /// The slot's body is with the client: the answer ends, or goes on from the upstream.
    private mutating func endServing(_ e: UInt32, _ d: UInt32) {
        self.exchanges[e].hold = .none
        guard self.exchanges[e].answer == .complete,
            self.exchanges[e].answerFraming == .chunked
        else { return }
        self.appendLastChunk(e, d)
    }

    /// The end of a chunked body (RFC 9112 7.1).
    mutating func appendLastChunk(_ e: UInt32, _ d: UInt32) {
        guard let block = self.takeOutput(d) else {
            self.exchanges[e].isAborted = true
            return
        }
        var writer = self.blocks.writer(block, from: Int(self.downstreams[d].output.end))
        writer.append("0\r\n\r\n")
        self.downstreams[d].output.end = Int32(writer.position)
    }
}
