// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import Wire

// A client's HTTP/2 connection: bytes to frames, frames to streams. Each stream is a slot of its
// own (`H2/DownstreamStream.swift`) that the steps of a request treat like any client's connection.

extension Reactor {
    /// The client speaks HTTP/2: by ALPN, or by its preface in clear text (RFC 9113 3.2, 3.3).
    ///
    /// `false`: the connection is gone.
    mutating func openCarrier(_ handle: Handle) -> Bool {
        let d = handle.index
        do throws(H2Error) {
            try self.h2Downstreams.open(d, role: .server, limits: H2Limits())
        } catch {
            self.counters.count(.connectionsRefused)
            self.closeDownstream(handle)
            return false
        }
        self.carriers[Int(d)] = CarrierState()
        self.carriers[Int(d)].idleSinceMilliseconds = self.nowMilliseconds
        self.downstreams[d].step = .carrier
        self.downstreams[d].deadline =
            self.nowMilliseconds &+ UInt64(self.limits.idleTimeoutMilliseconds)
        self.armDownstream(d)
        self.watchHead(d)
        self.counters.count(.h2Connections)
        return true
    }

    /// Moves frames both ways, as far as it goes now.
    mutating func driveCarrier(_ handle: Handle) {
        let d = handle.index
        var turns = 0
        while self.flushCarrier(handle) {
            // A client that does not read its frames is not read from: what a peer can make us
            // owe it stays bounded.
            guard self.downstreams[d].output.isEmpty else { return }
            turns &+= 1
            if turns > Limits.blocksPerTurn {
                self.resume(handle)
                return
            }
            // What came with the preface is there already.
            switch self.downstreams[d].input.isEmpty ? self.readDownstream(d) : .progress {
            case .progress:
                guard self.takeFrames(handle) else { return }
            case .blocked:
                self.releaseInput(d)
                if self.isCarrierOver(d) { self.endCarrier(handle, lingers: true) }
                return
            case .ended:
                self.endCarrier(handle)
                return
            }
        }
    }

    private mutating func isCarrierOver(_ d: UInt32) -> Bool {
        self.h2Downstreams[d].isOver
            || (self.carriers[Int(d)].isEnding && self.carriers[Int(d)].streamCount == 0)
    }

    /// Hands what was read to the session, and its events to their streams.
    ///
    /// `false`: the connection is gone.
    private mutating func takeFrames(_ handle: Handle) -> Bool {
        let d = handle.index
        let input = self.downstreams[d].input
        let bytes = self.blocks.window(input.block, Int(input.start), Int(input.end))
        self.carriers[Int(d)].hasMoved = true
        do throws(H2Error) {
            try self.h2Downstreams[d].receive(bytes, nowMilliseconds: self.nowMilliseconds)
        } catch {
            self.countCarrierFailure(d)
            _ = self.flushCarrier(handle)
            if self.downstreams.isLive(handle) { self.endCarrier(handle, lingers: true) }
            return false
        }
        while let event = self.h2Downstreams[d].nextEvent() {
            self.take(event, of: handle, bytes)
        }
        self.downstreams[d].input.start = input.end
        self.watchHead(d)
        return true
    }

    /// A head that has begun must be whole in time, as one of HTTP/1.1 must; so must the preface.
    private mutating func watchHead(_ d: UInt32) {
        guard self.h2Downstreams[d].isInHead else {
            self.carriers[Int(d)].headDeadline = 0
            return
        }
        guard self.carriers[Int(d)].headDeadline == 0 else { return }
        let due = self.nowMilliseconds &+ UInt64(self.limits.headTimeoutMilliseconds)
        self.carriers[Int(d)].headDeadline = due
        self.bringForward(d, to: due)
    }

    /// Sees to it that the connection is looked at then, if not before.
    private mutating func bringForward(_ d: UInt32, to due: UInt64) {
        let deadline = self.downstreams[d].deadline
        guard due < deadline || deadline <= self.nowMilliseconds else { return }
        self.downstreams[d].deadline = due
        self.armDownstream(d)
    }

    /// Counts a connection that cannot go on, once: for a broken protocol, or for a budget.
    private mutating func countCarrierFailure(_ d: UInt32) {
        guard !self.carriers[Int(d)].isCounted else { return }
        // libnghttp2 ends some connections by itself; budgets are also used up by what is sent.
        let failure = self.h2Downstreams[d].failure
        guard failure != nil || self.h2Downstreams[d].goAwayCode != 0 else { return }
        self.carriers[Int(d)].isCounted = true
        self.counters.count(.h2ConnectionErrors)
        if case .flood(let flood) = failure { self.counters.count(.flood(flood)) }
    }

    private mutating func take(_ event: H2Event, of carrier: Handle, _ bytes: ByteWindow) {
        let d = carrier.index
        switch event.kind {
        case .head:
            self.beginStream(carrier, event)
        case .data:
            let content = bytes.slice(Int(event.offset), Int(event.count))
            guard let stream = self.downstreamStream(event, of: carrier) else {
                // Nobody wants it any more: an answer that came before the end of its request.
                self.h2Downstreams[d].consume(event.stream, Int(event.count))
                if self.h2Downstreams[d].isFinished(event.stream) {
                    self.h2Downstreams[d].reset(event.stream, code: 0)
                }
                return
            }
            let s = Int(stream.index)
            guard self.streams[s].append(content, isHead: false, &self.blocks) else {
                self.loseStream(stream)
                return
            }
            self.downstreams[stream.index].canRead = true
            self.resume(stream)
        case .trailers:
            guard let stream = self.downstreamStream(event, of: carrier) else { return }
            self.keepRequestTrailers(stream, self.h2Downstreams[d].text(event))
        case .end:
            guard let stream = self.downstreamStream(event, of: carrier) else { return }
            self.streams[Int(stream.index)].hasEnded = true
            self.downstreams[stream.index].canRead = true
            self.resume(stream)
        case .closed:
            self.closeStream(event, of: carrier)
        case .pingAcknowledged:
            self.endNotice(d)
        case .goAway, .settings:
            break
        }
    }

    /// Sends frames until none wait or the socket takes no more.
    ///
    /// `false`: the connection is gone.
    private mutating func flushCarrier(_ handle: Handle) -> Bool {
        let d = handle.index
        while true {
            if self.downstreams[d].output.isEmpty {
                guard self.h2Downstreams[d].hasOutput else { break }
                guard let block = self.takeOutput(d) else {
                    self.endCarrier(handle)
                    return false
                }
                var writer = self.blocks.writer(block, from: 0)
                do throws(H2Error) {
                    try self.h2Downstreams[d].pull(into: &writer)
                } catch {
                    self.endCarrier(handle)
                    return false
                }
                self.downstreams[d].output = BlockCursor(
                    block: block,
                    start: 0,
                    end: Int32(writer.position)
                )
                self.settleStreams(handle)
                if self.downstreams[d].output.isEmpty { break }
            }
            let start = self.downstreams[d].output.start
            switch self.flushDownstream(d) {
            case .done: self.carriers[Int(d)].hasMoved = true
            case .blocked:
                if self.downstreams[d].output.start != start {
                    self.carriers[Int(d)].hasMoved = true
                }
                return true
            case .failed:
                self.endCarrier(handle)
                return false
            }
        }
        if self.downstreams[d].output.block != .none {
            self.blocks.give(self.downstreams[d].output.block)
            self.downstreams[d].output = BlockCursor()
        }
        return true
    }

    /// Frames were made: streams whose content went into them go on.
    private mutating func settleStreams(_ handle: Handle) {
        let d = handle.index
        while let event = self.h2Downstreams[d].nextEvent() {
            if event.kind == .closed { self.closeStream(event, of: handle) }
        }
        var next = self.carriers[Int(d)].firstStream
        while next != 0 {
            let s = next - 1
            next = self.streams[Int(s)].next
            guard self.streams[Int(s)].isOffered,
                self.h2Downstreams[d].hasTaken(self.streams[Int(s)].id),
                let stream = self.downstreams.handle(at: s)
            else { continue }
            self.downstreams[s].canWrite = true
            self.resume(stream)
        }
    }

    /// The connection ends: its streams lose their client, then it closes.
    ///
    /// `lingers`: what the client still sends is dropped for a while, or it would be reset before
    /// it has read our GOAWAY.
    mutating func endCarrier(_ handle: Handle, lingers: Bool = false) {
        let d = handle.index
        self.countCarrierFailure(d)
        while self.carriers[Int(d)].firstStream != 0 {
            let s = self.carriers[Int(d)].firstStream - 1
            guard let stream = self.downstreams.handle(at: s) else {
                preconditionFailure("slot \(s) is in a carrier's list and not live")
            }
            self.streams[Int(s)].isGone = true
            self.streams[Int(s)].isBroken = true
            self.loseStream(stream)
        }
        guard lingers else {
            self.closeDownstream(handle)
            return
        }
        self.h2Downstreams.close(d)
        self.startLinger(handle)
    }

    /// Its time is over: an unused connection says goodbye, one that is stuck is given up.
    mutating func expireCarrier(_ handle: Handle) {
        let d = handle.index
        let isUsed = self.carriers[Int(d)].streamCount > 0
        let isStuck = !self.carriers[Int(d)].hasMoved && !self.downstreams[d].output.isEmpty
        // Frames that open no stream keep nothing alive: else a byte now and then would.
        let idleEnd =
            self.carriers[Int(d)].idleSinceMilliseconds
            &+ UInt64(self.limits.idleTimeoutMilliseconds)
        if isStuck {
            self.counters.count(.clientsTooSlow)
            // What it has not read goes with it.
            self.cutDownstreamTransport(d)
            self.endCarrier(handle)
            return
        }
        let notice = self.carriers[Int(d)].noticeDeadline
        if notice != 0, notice <= self.nowMilliseconds {
            self.endNotice(d)
            self.resume(handle)
        }
        let headEnd = self.carriers[Int(d)].headDeadline
        let isLate = headEnd != 0 && headEnd <= self.nowMilliseconds
        if isLate { self.counters.count(.clientsTooSlow) }
        if isLate || (!isUsed && idleEnd <= self.nowMilliseconds) {
            self.h2Downstreams[d].finishShutdown()
            guard self.flushCarrier(handle) else { return }
            if !self.downstreams[d].output.isEmpty { self.cutDownstreamTransport(d) }
            self.endCarrier(handle)
            return
        }
        self.carriers[Int(d)].hasMoved = false
        self.downstreams[d].deadline = idleEnd
        if isUsed || !self.downstreams[d].output.isEmpty { self.watchCarrier(d) }
        if headEnd != 0 { self.bringForward(d, to: headEnd) }
        if notice > self.nowMilliseconds { self.bringForward(d, to: notice) }
        self.armDownstream(d)
    }

    /// Sees to it that the connection is looked at after one rate window.
    mutating func watchCarrier(_ d: UInt32) {
        self.bringForward(
            d,
            to: self.nowMilliseconds &+ UInt64(self.limits.rateWindowMilliseconds)
        )
    }

    /// The edge drains: the client is asked for no more streams, those under way are served.
    ///
    /// The last one's number is told a round trip later (RFC 9113 6.8), for which our PING is
    /// acknowledged: what the client has sent before it read the notice has come by then.
    mutating func drainCarrier(_ handle: Handle) {
        let d = handle.index
        guard !self.carriers[Int(d)].isEnding, self.carriers[Int(d)].noticeDeadline == 0 else {
            return
        }
        let due = self.nowMilliseconds &+ UInt64(self.limits.drainIdleMilliseconds)
        self.carriers[Int(d)].noticeDeadline = due
        self.h2Downstreams[d].beginShutdown()
        // libnghttp2 sends a PING before anything else: it has to follow the notice.
        guard self.flushCarrier(handle) else { return }
        self.h2Downstreams[d].ping()
        self.bringForward(d, to: due)
        self.resume(handle)
    }

    /// From here on no new streams; those that run are finished.
    private mutating func endNotice(_ d: UInt32) {
        guard self.carriers[Int(d)].noticeDeadline != 0, !self.carriers[Int(d)].isEnding else {
            return
        }
        self.carriers[Int(d)].isEnding = true
        self.h2Downstreams[d].finishShutdown()
    }
}
