// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import Parity
import Wire

// Every sampled exchange gets a slot before anything is sent, and leaves it with exactly one
// outcome. Capturing copies bytes that are relayed anyway; it never waits and never changes what a
// client gets.

extension Reactor {
    /// The exchange is sampled at a stage that compares; what cannot be compared says why at once.
    mutating func startObserving(
        _ e: UInt32,
        _ view: SnapshotView,
        _ hit: RouteHit,
        _ route: RouteRecord
    ) {
        self.beginObservation(e, view, hit, route)
        if self.exchanges[e].isLasting {
            self.endObservation(e, .stream)
        } else if self.exchanges[e].decision.isBlind {
            self.endObservation(e, .diverged)
        } else if self.exchanges[e].decision.reason == .settle {
            self.endObservation(e, .settling)
        }
    }

    /// The exchange is sampled: it takes a slot, with the names under which it will be counted.
    mutating func beginObservation(
        _ e: UInt32,
        _ view: SnapshotView,
        _ hit: RouteHit,
        _ route: RouteRecord
    ) {
        guard let slot = self.observations.take() else {
            self.countUnobserved(e)
            return
        }
        self.exchanges[e].observation = slot
        let book = self.observations.view
        let decision = self.exchanges[e].decision
        book[slot].source =
            decision.asksBoth ? .dual : decision.origin == .legacy ? .shadow : .reverse
        book[slot].unixMilliseconds = self.wallMilliseconds
        book[slot].generation = self.exchanges[e].generation
        book[slot].bodyLimit = Int32(
            min(route.parityMaxBodyBytes, UInt32(Limits.observedBodyBytesMax))
        )
        book[slot].readsAgain =
            route.againPermyriad > 0
            && self.nextRandom() % 10_000 < UInt64(route.againPermyriad)
        book[slot].hasRequestBody = !self.exchanges[e].isRequestComplete
        self.writeNames(e, slot, view, hit, route)
        self.writeDigest(e, slot)
    }

    private func writeNames(
        _ e: UInt32,
        _ slot: UInt32,
        _ view: SnapshotView,
        _ hit: RouteHit,
        _ route: RouteRecord
    ) {
        let book = self.observations.view
        var writer = book.writer(slot)
        if self.exchanges[e].tenant != 0 {
            writer.append(view.tenantID(self.exchanges[e].tenant))
        }
        let tenantEnd = writer.position
        writer.append(view.migrationName(route.migration))
        let migrationEnd = writer.position
        writer.append(view.window(route.name))
        let routeEnd = writer.position
        // "GET /api/v1/care-plans/{rest}": the template, never the path.
        let method = self.methodWindow(e)
        writer.append(method.slice(0, min(method.count, 32)))
        writer.append(0x20)
        writer.append(view.window(view.pathLabel(hit)))
        book[slot].tenantCount = UInt16(tenantEnd)
        book[slot].migrationCount = UInt16(migrationEnd &- tenantEnd)
        book[slot].routeCount = UInt16(routeEnd &- migrationEnd)
        book[slot].operationCount = UInt16(writer.position &- routeEnd)
        // Both origins' bytes come behind the names.
        book[slot].legacy.start = book[slot].nameCount
        book[slot].modern.start = book[slot].nameCount
    }

    /// Repeats of one request are recognised by this, and not by their text.
    private func writeDigest(_ e: UInt32, _ slot: UInt32) {
        let book = self.observations.view
        let seed = self.edge.seed
        let tenant = UInt64(self.exchanges[e].tenant)
        let method = byteHash(self.methodWindow(e), seed: seed ^ tenant)
        let path = byteHash(self.pathWindow(e), seed: method)
        let query = byteHash(self.queryWindow(e), seed: path)
        book[slot].firstDigest = query
        book[slot].secondDigest = foldedMultiply(
            query ^ seed,
            byteHash(self.queryWindow(e), seed: byteHash(self.pathWindow(e), seed: ~method))
        )
    }

    /// A body that was teed makes a request another one.
    private func addBodyToDigest(_ e: UInt32, _ slot: UInt32) {
        let book = self.observations.view
        guard book[slot].hasRequestBody, self.exchanges[e].tee == .full else { return }
        var left = Int(self.exchanges[e].teeCount)
        var index = 0
        while left > 0 {
            let count = min(left, Limits.blockBytes)
            let part = self.blocks.window(self.exchanges[e].teeBlocks[index], 0, count)
            book[slot].firstDigest = byteHash(part, seed: book[slot].firstDigest)
            book[slot].secondDigest = byteHash(part, seed: ~book[slot].secondDigest)
            left -= count
            index += 1
        }
    }

    // MARK: Capture

    /// An origin is asked: its request's head is kept, so that it can be asked again later.
    mutating func captureRequest(_ e: UInt32, _ head: ByteWindow) {
        let slot = self.exchanges[e].observation
        guard slot != .max else { return }
        let origin = self.exchanges[e].origin
        let book = self.observations.view
        // The second origin's bytes follow the first's, or, if both are asked at once, begin in the
        // middle: each has its room.
        let other = book[slot][origin.other]
        var part = self.observations.blank.legacy
        part.start = book[slot].nameCount
        if other.end == .complete || other.end == .failed || other.end == .tooLarge {
            part.start = other.limit
        } else if other.requestCount > 0 {
            part.start = Int32(ObservationArena.areaBytes / 2 + 2_048)
        }
        guard head.count <= Limits.observedHeadBytesMax / 2 else {
            self.abandonObservation(e, .requestTooLarge)
            return
        }
        book.write(slot, at: Int(part.start), head)
        part.requestCount = Int32(head.count)
        // Where it went, not where the snapshot says: names move.
        let address = self.pools[Int(self.exchanges[e].pool)].address
        part.address = address.storage
        part.addressCount = UInt8(address.length)
        book[slot][origin] = part
    }

    /// The final head of the answer that the exchange takes.
    mutating func captureHead(_ e: UInt32, _ head: ByteWindow, status: UInt16) {
        let slot = self.exchanges[e].observation
        guard slot != .max else { return }
        let origin = self.exchanges[e].origin
        let book = self.observations.view
        var part = book[slot][origin]
        part.status = status
        guard head.count <= Limits.observedHeadBytesMax / 2 else {
            part.end = .tooLarge
            book[slot][origin] = part
            return
        }
        book.write(slot, at: Int(part.start &+ part.requestCount), head)
        part.headCount = Int32(head.count)
        part.bodyCount = 0
        book[slot][origin] = part
    }

    /// A part of the answer's body, transfer coding removed.
    mutating func captureBody(_ e: UInt32, _ bytes: ByteWindow) {
        let slot = self.exchanges[e].observation
        let origin = self.exchanges[e].origin
        let book = self.observations.view
        guard book[slot][origin].end != .tooLarge else { return }
        let part = book[slot][origin]
        // An agreed observation has paid for both bodies in advance.
        guard Int(part.bodyCount) + bytes.count <= Int(book[slot].bodyLimit),
            book[slot].isAgreed || self.observations.hold(slot, bytes.count)
        else {
            book[slot][origin].end = .tooLarge
            return
        }
        book.write(slot, at: Int(part.limit), bytes)
        book[slot][origin].bodyCount = part.bodyCount &+ Int32(bytes.count)
    }

    /// The origin's answer is whole.
    mutating func endPart(_ e: UInt32) {
        let slot = self.exchanges[e].observation
        guard slot != .max else { return }
        self.setEnd(e, .complete)
    }

    /// The origin has failed: no answer, or a part of one.
    mutating func failPart(_ e: UInt32) {
        let slot = self.exchanges[e].observation
        guard slot != .max else { return }
        self.setEnd(e, .failed)
    }

    private mutating func setEnd(_ e: UInt32, _ end: AnswerEnd) {
        let slot = self.exchanges[e].observation
        let origin = self.exchanges[e].origin
        let book = self.observations.view
        if book[slot][origin].end != .tooLarge { book[slot][origin].end = end }
        let passed = self.nowNanoseconds &- self.exchanges[e].upstreamStartNanoseconds
        book[slot][origin].microseconds = UInt32(clamping: max(passed / 1_000, 1))
    }

    // MARK: End

    /// The exchange leaves its observation: whole, or for a reason.
    ///
    /// With both origins asked at once the last of the two hands it over; a reason given by either
    /// stands.
    mutating func endObservation(_ e: UInt32, _ reason: UnobservedReason = .none) {
        let slot = self.exchanges[e].observation
        guard slot != .max else { return }
        self.exchanges[e].observation = .max
        let book = self.observations.view
        self.addBodyToDigest(e, slot)
        if reason != .none, book[slot].reason == .none { book[slot].reason = reason }
        guard book[slot].outstanding == 0 else {
            book[slot].outstanding &-= 1
            return
        }
        self.publishObservation(slot)
    }

    /// It cannot be observed any more, though its exchange goes on.
    mutating func abandonObservation(_ e: UInt32, _ reason: UnobservedReason) {
        self.endObservation(e, reason)
    }

    /// The client's side is over and there is no copy of it: what is known is all there will be.
    mutating func endClientSide(_ e: UInt32) {
        let slot = self.exchanges[e].observation
        guard slot != .max else { return }
        let decided = self.exchanges[e].decision.origin
        let isModernFailed =
            decided == .modern && self.observations.view[slot].modern.end == .failed
        let end = self.observations.view[slot][decided].end
        if self.exchanges[e].isAborted, end == .notAsked {
            self.endObservation(e, .clientAborted)
        } else if self.exchanges[e].copyState == .sent || self.exchanges[e].isRescued
            || isModernFailed
        {
            // A dual read's other side ends by itself; a rescue says all by its two parts.
            self.endObservation(e)
        } else {
            self.endObservation(e, .answeredByBanyan)
        }
    }

    /// A copy has neither conditions nor a range: what such a request got has no counterpart.
    mutating func noteConditional(_ e: UInt32) {
        let slot = self.exchanges[e].observation
        guard slot != .max, self.observations.view[slot].reason == .none else { return }
        switch self.exchanges[e].status {
        case 206, 304, 412, 416: self.observations.view[slot].reason = .conditional
        default: break
        }
    }

    /// No copy was sent.
    ///
    /// A failed modern is a finding all the same.
    mutating func endShedCopy(_ e: UInt32, _ reason: UnobservedReason) {
        let slot = self.exchanges[e].observation
        guard slot != .max else { return }
        let isModernFailed =
            self.exchanges[e].decision.origin == .modern
            && self.observations.view[slot].modern.end == .failed
        let isOurs = !self.exchanges[e].isAborted && self.exchanges[e].answeredBy == .banyan
        self.endObservation(e, isModernFailed ? .none : isOurs ? .answeredByBanyan : reason)
    }

    /// A copy has failed: its origin's fault, or our own bound.
    mutating func endFailedCopy(_ e: UInt32, _ error: ExchangeError) {
        let slot = self.exchanges[e].observation
        guard slot != .max else { return }
        let wasAsked = self.exchanges[e].upstreamStartNanoseconds > 0
        switch error {
        case .poolExhausted: self.endObservation(e, .queueFull)
        case .totalTimedOut where !wasAsked: self.endObservation(e, .budget)
        case .headTooLong: self.endObservation(e, .requestTooLarge)
        case .outOfResources: self.endObservation(e, .queueFull)
        default:
            self.failPart(e)
            self.endObservation(e)
        }
    }

    mutating func publishObservation(_ slot: UInt32) {
        let book = self.observations.view
        book[slot].isPublished = true
        let isAgreed = book[slot].isAgreed
        let waiting = book.publish(slot)
        self.counters.count(.observations)
        if isAgreed || waiting >= Limits.observationsBeforeWake {
            Wakeup.signal(self.edge.compareDescriptor)
        }
    }

    /// There is no slot: only the route's number is counted.
    private mutating func countUnobserved(_ e: UInt32) {
        self.counters.count(.observationsWithoutSlot)
        self.counters.add(MetricsLayout.unobserved(row: Int(self.exchanges[e].metricsRow)), 1)
    }
}

extension WorkerCounter {
    /// The reason of an observation whose copy was shed under this counter.
    var unobservedReason: UnobservedReason {
        switch self {
        case .copiesShedBody: .requestTooLarge
        case .copiesShedBreaker: .breakerOpen
        case .copiesShedAborted: .clientAborted
        default: .queueFull
        }
    }
}
