// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import Patterns
import TLS
import Wire

/// What a descriptor in the poller belongs to.
enum TokenKind: UInt64 {
    case downstream = 0
    case upstream = 1
    case listener = 2
    case mailbox = 3
}

/// The word that comes back with an event: kind, index and serial, so that an event for a slot that
/// was freed (or taken by somebody else) in the same batch is recognised and dropped.
struct EventToken: BitwiseCopyable {
    let word: UInt64

    init(_ kind: TokenKind, _ handle: Handle) {
        self.word = UInt64(handle.serial) << 32 | kind.rawValue << 30 | UInt64(handle.index)
    }

    init(word: UInt64) { self.word = word }

    var kind: UInt64 { self.word >> 30 & 3 }
    var handle: Handle {
        Handle(
            index: UInt32(truncatingIfNeeded: self.word & 0x3fff_ffff),
            serial: UInt32(truncatingIfNeeded: self.word >> 32)
        )
    }
}

/// A listening socket of this worker.
struct ListenerState: BitwiseCopyable {
    var fd: Int32
    /// Index of the listener in the snapshot's configuration.
    var number: UInt16
}

/// The whole state of one worker, and the loop of its core.
///
/// poll → mailbox → events → resumed connections → timers → log.
///
/// One owner, one thread; parts are bitwise values in slabs, named by handles. Extensions in the
/// folders of this module are the steps of a request, in the order in which `ExchangeStep` has
/// them.
struct Reactor: ~Copyable {
    let worker: Int
    var poller: EpollPoller
    var blocks: BlockPool
    var downstreams: Slab<DownstreamConnection>
    var tlsDownstreams: TLSSessionTable
    var h2Downstreams: H2SessionTable
    /// Of the client connections that carry streams, by slot.
    var carriers: SparseArena<CarrierState>
    /// Of the clients' slots that are streams.
    var streams: SparseArena<StreamState>
    /// Names of clients' certificates, by slot of the connection.
    var clientNames: SparseArena<ClientNames>
    var upstreams: Slab<UpstreamConnection>
    var tlsUpstreams: TLSSessionTable
    var h2Upstreams: H2SessionTable
    var upstreamCarriers: SparseArena<CarrierState>
    var upstreamStreams: SparseArena<StreamState>
    /// Certificates and protocols of listeners and endpoints; looked at when connections begin.
    var transports: TransportSet
    /// What the hot path needs of it, by listener.
    var faces: [ListenerFace] = []
    var exchanges: Slab<Exchange>
    var pools: SparseArena<UpstreamPool>
    var upstreamStates: SparseArena<UpstreamState>
    /// By the index of the exchange; only those of open tunnels mean anything.
    var tunnels: SparseArena<TunnelState>
    var tunnelCount = 0
    var streamBook = StreamBook()
    var standings: StandingTable
    var timers: TimerWheel
    var requestFields = FieldTable()
    var answerFields = FieldTable()
    /// The exchange whose head `requestFields` describes.
    var fieldsOwner = Handle.none
    var resumed: HandleRing
    var resumedUpstreams: HandleRing
    var waitingTurn: HandleRing
    var listeners: [ListenerState] = []
    var snapshots: SnapshotShelf
    var matcher: PatternScratch
    let counters: SharedWordsView
    let writers: RecentWritersView
    let notes: CellNotesView
    var observations: ObservationBook
    var log: AccessLogWriter
    let mailbox: ReactorMailbox
    let edge: EdgeNames
    let limits: EdgeLimits
    let scratch: BlockIndex
    var random: UInt64
    var shadowBlocks = 0
    var isDraining = false
    var isStopped = false
    /// When streams are closed so that a drain ends in time (worker ms); 0: not.
    var drainClosesAt: UInt64 = 0
    /// The clock as of this wake-up.
    var nowNanoseconds: UInt64
    var nowMilliseconds: UInt64
    var wallMilliseconds: UInt64
    var wallBase: UInt64 = 0
    var wallReadMilliseconds: UInt64 = 0
    var nextTrimMilliseconds: UInt64 = 0
    /// Blocks wait for the next trim.
    var isTrimming = false
    var timeText = TimeText()

    /// Runs until told to stop, and what was told to drain is gone.
    mutating func run() {
        while !self.isStopped {
            let ready = self.poller.wait(timeoutMilliseconds: self.pollTimeout())
            self.readClock()
            if self.mailbox.hasMail { self.readMail() }
            self.closeSpoilt(ready)
            for index in 0..<ready { self.handle(self.poller.event(index)) }
            self.driveResumed()
            self.driveWaitingTurn()
            // Exchanges that went on have filled the HTTP/2 connections that carry them.
            var passes = 1
            while passes < 3, !self.resumed.isEmpty || !self.resumedUpstreams.isEmpty {
                self.driveResumed()
                self.driveWaitingTurn()
                passes &+= 1
            }
            self.expireTimers()
            if self.nowMilliseconds >= self.nextTrimMilliseconds { self.trimBlocks() }
            // The scratch block is the worker's own.
            self.counters.store(WorkerCounter.blocksUsed.rawValue, UInt64(self.blocks.used - 1))
            if self.isDraining { self.closeStreamsForDrain() }
            if self.isDraining, self.isIdle { self.isStopped = true }
        }
        self.closeEverything()
    }

    /// Up to a timer tick while deadlines are armed; otherwise until something happens.
    private func pollTimeout() -> Int32 {
        if !self.resumed.isEmpty || !self.waitingTurn.isEmpty || !self.resumedUpstreams.isEmpty {
            return 0
        }
        return self.timers.count > 0 || self.isDraining || self.isTrimming
            ? Int32(self.timers.tickMilliseconds) : 1_000
    }

    /// What a rush of traffic has touched goes back when it is over.
    private mutating func trimBlocks() {
        self.isTrimming = self.blocks.trim(most: Limits.blocksPerTrim)
        let pause = self.isTrimming ? self.timers.tickMilliseconds : Limits.blockTrimMilliseconds
        self.nextTrimMilliseconds = self.nowMilliseconds &+ pause
    }

    private mutating func readClock() {
        self.nowNanoseconds = monotonicNanoseconds()
        self.nowMilliseconds = self.nowNanoseconds / 1_000_000
        // The wall clock is read now and then, and carried on by the monotonic one in between.
        let passed = self.nowMilliseconds &- self.wallReadMilliseconds
        if passed >= 50 {
            self.wallBase = Kernel.wallMilliseconds()
            self.wallReadMilliseconds = self.nowMilliseconds
            self.wallMilliseconds = self.wallBase
        } else {
            self.wallMilliseconds = self.wallBase &+ passed
        }
    }

    /// Drained before sockets are read: no request that is read later sees an older standing.
    private mutating func readMail() {
        for message in self.mailbox.takeAll() {
            switch message {
            case .snapshot(let snapshot, let receipt):
                self.take(snapshot)
                receipt?.confirm()
            case .endpoints(let update): self.take(update)
            case .delta(let delta, let receipt):
                receipt.confirm(worker: self.worker, self.apply(delta))
            case .agreement(let slot, let serial, let isEqual):
                self.takeAgreement(slot: slot, serial: serial, isEqual: isEqual)
            case .transports(let transports):
                self.take(transports)
            case .open:
                self.openListeners()
            case .drain(let milliseconds):
                self.startDraining(withinMilliseconds: milliseconds)
            case .streams(let receipt):
                receipt.confirm(self.countStreams())
            case .stop:
                self.isStopped = true
            }
        }
    }

    /// Bytes or an end on an idle connection to an origin: it closes before any other event of the
    /// batch can give it an exchange, whose answer those bytes would seem to be.
    private mutating func closeSpoilt(_ ready: Int) {
        for index in 0..<ready {
            let event = self.poller.event(index)
            let token = EventToken(word: event.token)
            guard token.kind == TokenKind.upstream.rawValue,
                self.upstreams.isLive(token.handle),
                self.upstreams[token.handle.index].step == .idle
            else { continue }
            self.upstreamReady(token.handle, event)
        }
    }

    private mutating func handle(_ event: ReadyEvent) {
        let token = EventToken(word: event.token)
        switch token.kind {
        case TokenKind.downstream.rawValue:
            guard self.downstreams.isLive(token.handle) else { return }
            self.downstreamReady(token.handle, event)
        case TokenKind.upstream.rawValue:
            guard self.upstreams.isLive(token.handle) else { return }
            self.upstreamReady(token.handle, event)
        case TokenKind.listener.rawValue:
            self.acceptWaiting(Int(token.handle.index))
        default:
            // The mailbox: it was drained before the first event.
            break
        }
    }

    /// Connections that were given back to work by somebody else's event.
    private mutating func driveResumed() {
        var left = self.resumed.count
        while left > 0, let handle = self.resumed.popFirst() {
            left &-= 1
            guard self.downstreams.isLive(handle) else { continue }
            self.downstreams[handle.index].isResumed = false
            self.driveDownstream(handle)
        }
        left = self.resumedUpstreams.count
        while left > 0, let handle = self.resumedUpstreams.popFirst() {
            left &-= 1
            guard self.upstreams.isLive(handle) else { continue }
            self.upstreams[handle.index].isResumed = false
            if self.upstreams[handle.index].step == .carrier { self.driveUpstreamCarrier(handle) }
        }
    }

    /// Has an exchange go on because something came for it.
    mutating func wake(_ exchange: Handle) {
        if self.exchanges.isLive(exchange) { self.giveWay(exchange) }
    }

    /// Has an exchange go on after all others had a turn: its sockets are edge-triggered, and what
    /// is left in them makes no new event.
    mutating func giveWay(_ exchange: Handle) {
        guard !self.exchanges[exchange.index].isResumed else { return }
        self.exchanges[exchange.index].isResumed = true
        self.waitingTurn.append(exchange)
    }

    /// Exchanges that gave way go on.
    private mutating func driveWaitingTurn() {
        var left = self.waitingTurn.count
        while left > 0, let exchange = self.waitingTurn.popFirst() {
            left &-= 1
            guard self.exchanges.isLive(exchange) else { continue }
            self.exchanges[exchange.index].isResumed = false
            if self.exchanges[exchange.index].isUnreached {
                self.exchanges[exchange.index].isUnreached = false
                self.reach(exchange)
            } else {
                self.pumpExchange(exchange)
            }
        }
    }

    /// Has a connection looked at once more, after the events in hand.
    mutating func resume(_ handle: Handle) {
        guard !self.downstreams[handle.index].isResumed else { return }
        self.downstreams[handle.index].isResumed = true
        self.resumed.append(handle)
    }

    /// No client is left.
    ///
    /// Copies in flight hold nobody up: a silent shadow must not delay a stop.
    private var isIdle: Bool { self.downstreams.count == 0 }

    /// A pseudo-random word for sampling (not for secrets).
    mutating func nextRandom() -> UInt64 {
        self.random &+= 0x9e37_79b9_7f4a_7c15
        var word = self.random
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
