// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import Patterns
import TLS
import Wire

/// What a worker's thread is started with.
struct WorkerParts: Sendable {
    let worker: Int
    let listeners: [Int32]
    let mailbox: ReactorMailbox
    let counters: SharedWords
    let ring: AccessLogRing
    let observations: ObservationArena
    let edge: EdgeNames
    let limits: EdgeLimits
    let transports: TransportSet
    let snapshot: Snapshot
    let writers: RecentWriters
    let notes: CellNotes
    let seed: UInt64
}

/// One core's thread: owns its reactor, and the references whose plain views the reactor uses.
final class Worker {
    private let parts: WorkerParts

    init(_ parts: WorkerParts) { self.parts = parts }

    func run() {
        let now = monotonicNanoseconds()
        var poller: EpollPoller
        do throws(Errno) {
            poller = try EpollPoller(capacity: Limits.eventsPerPoll)
            try poller.addLevel(
                self.parts.mailbox.wakeupDescriptor,
                token: EventToken(.mailbox, Handle(index: 0, serial: 1)).word
            )
        } catch {
            fatalError("worker \(self.parts.worker) cannot poll: \(error.text)")
        }
        var blocks = BlockPool(capacity: Limits.blocksMax)
        guard let scratch = blocks.take() else { fatalError("no block for scratch") }
        var reactor = Reactor(
            worker: self.parts.worker,
            poller: poller,
            blocks: blocks,
            downstreams: Slab(capacity: Limits.downstreamConnectionsMax),
            tlsDownstreams: TLSSessionTable(capacity: Limits.downstreamConnectionsMax),
            h2Downstreams: H2SessionTable(capacity: Limits.downstreamConnectionsMax),
            carriers: SparseArena(capacity: Limits.downstreamConnectionsMax),
            streams: SparseArena(capacity: Limits.downstreamConnectionsMax),
            clientNames: SparseArena(capacity: Limits.downstreamConnectionsMax),
            upstreams: Slab(capacity: Limits.upstreamConnectionsMax),
            tlsUpstreams: TLSSessionTable(capacity: Limits.upstreamConnectionsMax),
            h2Upstreams: H2SessionTable(capacity: Limits.upstreamConnectionsMax),
            upstreamCarriers: SparseArena(capacity: Limits.upstreamConnectionsMax),
            upstreamStreams: SparseArena(capacity: Limits.upstreamConnectionsMax),
            transports: self.parts.transports,
            exchanges: Slab(capacity: Limits.exchangesMax),
            pools: SparseArena(capacity: Limits.endpointsMax * 2),
            upstreamStates: SparseArena(capacity: Limits.upstreamsMax),
            tunnels: SparseArena(capacity: Limits.exchangesMax),
            standings: StandingTable(),
            timers: TimerWheel(
                nodes: Reactor.timerNodes,
                slots: 4_096,
                tickMilliseconds: 50,
                nowMilliseconds: now / 1_000_000
            ),
            resumed: HandleRing(capacity: Limits.downstreamConnectionsMax + 1),
            resumedUpstreams: HandleRing(capacity: Limits.upstreamConnectionsMax + 1),
            waitingTurn: HandleRing(capacity: Limits.exchangesMax * 2),
            listeners: self.parts.listeners.enumerated().map {
                ListenerState(fd: $1, number: UInt16($0))
            },
            snapshots: SnapshotShelf(self.parts.snapshot),
            matcher: PatternScratch(),
            counters: self.parts.counters.view,
            writers: self.parts.writers.view,
            notes: self.parts.notes.view,
            observations: ObservationBook(self.parts.observations.view),
            log: self.parts.ring.writer,
            mailbox: self.parts.mailbox,
            edge: self.parts.edge,
            limits: self.parts.limits,
            scratch: scratch,
            random: self.parts.seed,
            nowNanoseconds: now,
            nowMilliseconds: now / 1_000_000,
            wallMilliseconds: Kernel.wallMilliseconds()
        )
        reactor.take(self.parts.transports)
        reactor.preparePools(self.parts.snapshot.view, isFirst: true)
        reactor.run()
    }
}
