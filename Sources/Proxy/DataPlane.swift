// SPDX-License-Identifier: Apache-2.0

public import Bytes
public import Kernel
public import Migration
public import TLS

/// A listener as the data plane needs it.
public struct ListenerPlan: Sendable {
    /// Where to listen; port 0: the kernel chooses, once for all workers.
    public var address: SocketAddress
    /// Peers whose tenant, user and forwarding fields are believed.
    public var trustedPeers: [AddressBlock]

    /// A plan from its parts.
    public init(address: SocketAddress, trustedPeers: [AddressBlock]) {
        self.address = address
        self.trustedPeers = trustedPeers
    }
}

/// What the data plane is started with.
public struct ProxyPlan: Sendable {
    /// Workers, at least one.
    public var workers: Int
    /// Listeners, in the order of the configuration.
    public var listeners: [ListenerPlan]
    /// The edge's name in `Via` and `Forwarded`.
    public var edgeName: String
    /// Whether lines for the access log are written.
    public var writesLog: Bool
    /// Certificates and protocols of listeners and endpoints.
    public var transports = TransportSet.plain
    /// Bounds on clients, kept connections and copies.
    public var limits = EdgeLimits()
    /// Pins worker `n` to core `n`.
    public var pinsWorkers: Bool

    /// A plan with one worker per core, pinned when there is more than one.
    public init(workers: Int, listeners: [ListenerPlan], edgeName: String, writesLog: Bool) {
        precondition(workers > 0, "\(workers) workers")
        self.workers = workers
        self.listeners = listeners
        self.edgeName = edgeName
        self.writesLog = writesLog
        self.pinsWorkers = false
    }
}

/// The data plane: its workers, the doors to them, and what they count.
///
/// Thread-safe. Started once; ends with ``stop()`` or when drained.
public final class DataPlane: Sendable {
    private let mailboxes: [ReactorMailbox]
    private let counters: [SharedWords]
    private let rings: [AccessLogRing]
    private let arenas: [ObservationArena]
    private let compareWakeup: Wakeup
    private let done: [Latch]
    /// The addresses listened on, in the order of the plan.
    public let addresses: [SocketAddress]
    /// Workers that run.
    public var workerCount: Int { self.mailboxes.count }

    /// Opens the listeners and starts the workers.
    ///
    /// Connections wait until ``open()``, so that every standing can be applied before the first
    /// request.
    public init(
        plan: ProxyPlan,
        snapshot: Snapshot,
        writers: RecentWriters,
        notes: CellNotes,
        seed: UInt64
    ) throws(Errno) {
        let (sockets, addresses) = try DataPlane.openListeners(plan)
        self.addresses = addresses
        var mailboxes: [ReactorMailbox] = []
        var counters: [SharedWords] = []
        var rings: [AccessLogRing] = []
        var done: [Latch] = []
        var arenas: [ObservationArena] = []
        self.compareWakeup = try Wakeup()
        let edge = EdgeNames(
            plan: plan,
            seed: seed,
            compareDescriptor: self.compareWakeup.number
        )
        for worker in 0..<plan.workers {
            let mailbox = try ReactorMailbox()
            let words = SharedWords(capacity: MetricsLayout.words)
            let ring = AccessLogRing(
                capacity: plan.writesLog ? Limits.accessLogBytesMax : 4_096
            )
            let arena = ObservationArena()
            let latch = Latch(count: 1)
            mailboxes.append(mailbox)
            counters.append(words)
            rings.append(ring)
            arenas.append(arena)
            done.append(latch)
            let parts = WorkerParts(
                worker: worker,
                listeners: sockets.map { $0[worker] },
                mailbox: mailbox,
                counters: words,
                ring: ring,
                observations: arena,
                edge: edge,
                limits: plan.limits,
                transports: plan.transports,
                snapshot: snapshot,
                writers: writers,
                notes: notes,
                seed: seed &+ UInt64(worker)
            )
            _ = try CoreThread(
                name: "banyan-\(worker)",
                core: plan.pinsWorkers ? worker : nil,
                stackBytes: 1 << 21
            ) {
                Worker(parts).run()
                latch.countDown()
            }
        }
        self.mailboxes = mailboxes
        self.counters = counters
        self.rings = rings
        self.arenas = arenas
        self.done = done
    }

    /// Each listener's sockets, one per worker, and the address they share.
    private static func openListeners(
        _ plan: ProxyPlan
    ) throws(Errno) -> (sockets: [[Int32]], addresses: [SocketAddress]) {
        var sockets: [[Int32]] = []
        var addresses: [SocketAddress] = []
        for listener in plan.listeners {
            var wanted = listener.address
            var row: [Int32] = []
            for _ in 0..<plan.workers {
                let fd = try listen(on: wanted, sharesPort: true)
                // All workers share the port that the kernel gave to the first.
                wanted = localAddress(of: fd.number)
                row.append(fd.release())
            }
            sockets.append(row)
            addresses.append(wanted)
        }
        return (sockets, addresses)
    }

    /// Begins to serve, after everything that was posted before.
    public func open() { for mailbox in self.mailboxes { mailbox.post(.open) } }

    /// Posts a delta to every worker; the receipt collects their answers.
    public func post(_ delta: Delta) -> DeltaReceipt {
        let receipt = DeltaReceipt(workers: self.workerCount)
        for mailbox in self.mailboxes { mailbox.post(.delta(delta, receipt)) }
        return receipt
    }

    /// Posts a snapshot to every worker; the receipt tells when all route by it.
    @discardableResult
    public func post(_ snapshot: Snapshot) -> SnapshotReceipt {
        let receipt = SnapshotReceipt(workers: self.workerCount)
        for mailbox in self.mailboxes { mailbox.post(.snapshot(snapshot, receipt)) }
        return receipt
    }

    /// Tells every worker what has changed about endpoints; in order with snapshots.
    public func post(_ update: EndpointUpdate) {
        for mailbox in self.mailboxes { mailbox.post(.endpoints(update)) }
    }

    /// New certificates and protocols: connections that begin later use them.
    ///
    /// Post them before the snapshot that needs them.
    public func post(_ transports: TransportSet) {
        for mailbox in self.mailboxes { mailbox.post(.transports(transports)) }
    }

    /// Streams that run now, by cell, origin and kind; a worker that does not answer in time is
    /// left out.
    public func streams(timeoutMilliseconds: Int) -> [StreamCount] {
        let receipt = StreamReceipt(workers: self.workerCount)
        for mailbox in self.mailboxes { mailbox.post(.streams(receipt)) }
        return receipt.wait(timeoutMilliseconds: timeoutMilliseconds)
    }

    /// Stops accepting; every worker ends when its last connection is gone.
    ///
    /// Streams are closed before `withinMilliseconds` are over: WebSockets with a Close frame.
    public func drain(withinMilliseconds: Int = 30_000) {
        for mailbox in self.mailboxes {
            mailbox.post(.drain(withinMilliseconds: withinMilliseconds))
        }
    }

    /// Ends every worker now; what is in flight is cut.
    public func stop() { for mailbox in self.mailboxes { mailbox.post(.stop) } }

    /// Waits until every worker has ended; `false` when the time is over.
    public func join(timeoutMilliseconds: Int) -> Bool {
        let until = monotonicNanoseconds() + UInt64(timeoutMilliseconds) * 1_000_000
        for latch in self.done {
            let now = monotonicNanoseconds()
            let left = now < until ? Int((until - now) / 1_000_000) : 0
            guard latch.wait(timeoutMilliseconds: left) else { return false }
        }
        return true
    }

    /// A counter summed over the workers.
    public func total(_ counter: WorkerCounter) -> UInt64 { self.sum(counter.rawValue) }

    /// A word of the metrics table (see ``MetricsLayout``) summed over the workers.
    public func sum(_ word: Int) -> UInt64 {
        var total: UInt64 = 0
        for words in self.counters { total &+= words.view.peek(word) }
        return total
    }

    /// Workers in which an endpoint is ejected now.
    public func ejectedWorkers(endpoint: UInt32) -> Int {
        let word = MetricsLayout.endpoint(endpoint, .ejectedUntil)
        let now = monotonicNanoseconds() / 1_000_000
        return self.counters.count { $0.view.peek(word) > now }
    }

    /// What is known of an endpoint from outside, as the first worker has it.
    public func health(endpoint: UInt32) -> EndpointHealth {
        let word = self.counters[0].view.peek(MetricsLayout.endpoint(endpoint, .health))
        return EndpointHealth(rawValue: Int(truncatingIfNeeded: word)) ?? .unknown
    }

    // MARK: Observations

    /// Observations that wait to be compared.
    public var waitingObservations: Int { self.arenas.reduce(0) { $0 + $1.waiting } }

    /// Takes the next observation, with its bytes, away from the workers; `nil`: none waits.
    ///
    /// Any thread.
    public func takeObservation() -> ObservedExchange? {
        for (worker, arena) in self.arenas.enumerated() {
            if let slot = arena.take() { return arena.observed(slot, worker: worker) }
        }
        return nil
    }

    /// Says what came of comparing an observation that a client waits for; must be said once for
    /// each
    /// ``ObservedExchange/isAgreed``.
    public func agree(_ observed: ObservedExchange, isEqual: Bool) {
        precondition(observed.isAgreed, "nobody waits for it")
        self.mailboxes[observed.worker].post(
            .agreement(slot: observed.slot, serial: observed.serial, isEqual: isEqual)
        )
    }

    /// Waits until there may be observations, `milliseconds` at most.
    ///
    /// Ends early when many wait, or one that holds a client up.
    public func waitForObservations(milliseconds: Int) {
        if waitUntilReady(
            self.compareWakeup.number,
            for: .reading,
            timeoutMilliseconds: milliseconds
        ) {
            self.compareWakeup.clear()
        }
    }

    /// Takes log lines out of the workers' rings.
    ///
    /// One thread only.
    public func drainLog(_ sink: (ByteWindow) -> Int) {
        for ring in self.rings { ring.drain(sink) }
    }
}
