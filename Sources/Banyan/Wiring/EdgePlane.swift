// SPDX-License-Identifier: Apache-2.0

import Bytes
import Control
import Kernel
import Migration
import Proxy
import Synchronization
import TLS

/// The data plane behind the door that the control plane knows: the one place where the two meet.
final class EdgePlane: EdgePort {
    private let plane: DataPlane
    private let writers: RecentWriters
    private let notes: CellNotes
    private let log: AccessLogFile?
    private let logEnded = Latch(count: 1)
    private let parity: ParityPlane?
    private let comparing: CompareThreads
    /// Names of the routes by their number, those of earlier snapshots kept: counters outlive
    /// routes.
    private let routes = Mutex<[UInt32: String]>([:])
    /// What the workers were told last.
    private let transports: Mutex<TransportSet>
    /// Upstreams of the snapshot in force.
    private let upstreams = Mutex<[CountedUpstream]>([])

    /// Starts the workers, gives them every standing, and only then lets them serve.
    ///
    /// - Throws: what keeps the edge from listening or from opening its access log, for people.
    init(_ start: EdgeStart, workers: Int, seed: UInt64, parity: ParityPlane?) throws {
        let configuration = start.configuration
        self.writers = RecentWriters()
        self.notes = CellNotes()
        self.transports = Mutex(start.transports)
        self.log = try configuration.accessLogPath.map { try AccessLogFile(path: $0) }
        self.plane = try DataPlane(
            plan: try EdgePlane.plan(start, workers: workers),
            snapshot: start.snapshot,
            writers: self.writers,
            notes: self.notes,
            seed: seed
        )
        self.parity = parity
        // One thread for four workers: comparing takes what is left over.
        self.comparing = try CompareThreads(
            self.plane,
            parity?.service,
            count: max(1, self.plane.workerCount / 4)
        )
        self.learn(start.snapshot)
        for cell in start.diverged { self.notes.view.markDiverged(cell) }
        _ = self.apply(start.standings)
        try self.startLog()
        self.plane.open()
    }

    private static func plan(_ start: EdgeStart, workers: Int) throws -> ProxyPlan {
        let configuration = start.configuration
        var listeners: [ListenerPlan] = []
        for listener in configuration.listeners {
            let addresses = try resolve(host: listener.host, port: listener.port)
            guard let address = addresses.first else {
                throw WiringError("listener `\(listener.name)`: no address for \(listener.host)")
            }
            listeners.append(
                ListenerPlan(address: address, trustedPeers: listener.trustedPeers)
            )
        }
        var plan = ProxyPlan(
            workers: workers > 0 ? workers : coreCount(),
            listeners: listeners,
            edgeName: configuration.edgeName,
            writesLog: configuration.accessLogPath != nil
        )
        plan.limits = configuration.limits
        plan.transports = start.transports
        return plan
    }

    private func startLog() throws {
        guard let log = self.log else { return }
        _ = try CoreThread(name: "banyan-log") { [self] in
            log.run { self.plane.drainLog { log.write($0) } }
            self.logEnded.countDown()
        }
    }

    private func learn(_ snapshot: Snapshot) {
        let view = snapshot.view
        self.upstreams.withLock { $0 = CountedUpstream.all(of: view) }
        self.routes.withLock { routes in
            for index in 0..<view.routeCount {
                let route = view.route(index)
                routes[route.number] = view.window(route.name).text
            }
        }
    }

    // MARK: Standings

    var workerCount: Int { self.plane.workerCount }

    func apply(_ delta: Delta) -> Acknowledgement {
        self.plane.post(delta).wait(timeoutMilliseconds: Limits.acknowledgeTimeoutMilliseconds)
    }

    func forgetWriters(_ cells: [CellNumber]) {
        for cell in cells { self.notes.view.clearWriters(cell) }
    }

    func isDiverged(_ cell: CellNumber) -> Bool { self.notes.view.isDiverged(cell) }

    var divergedCount: Int? { self.notes.view.divergedCount }

    func setDiverged(_ isDiverged: Bool, _ cell: CellNumber) {
        if isDiverged {
            self.notes.view.markDiverged(cell)
        } else {
            self.notes.view.clearDiverged(cell)
        }
    }

    // MARK: The edge

    var addresses: [String] { self.plane.addresses.map(\.text) }

    func publish(
        _ snapshot: Snapshot,
        _ transports: TransportSet,
        timeoutMilliseconds: Int
    ) -> Bool {
        self.learn(snapshot)
        let isChanged = self.transports.withLock { last in
            defer { last = transports }
            return last !== transports
        }
        // Before the snapshot: its new endpoints are reached as these say.
        if isChanged { self.plane.post(transports) }
        return self.plane.post(snapshot).wait(timeoutMilliseconds: timeoutMilliseconds)
    }

    func update(_ endpoints: [EndpointNews]) {
        self.plane.post(
            EndpointUpdate(
                endpoints.map {
                    EndpointUpdate.Entry(
                        number: $0.number,
                        address: $0.address,
                        isHealthy: $0.isHealthy
                    )
                }
            )
        )
    }

    func ejectedWorkers(endpoint: UInt32) -> Int { self.plane.ejectedWorkers(endpoint: endpoint) }

    func figures() -> [MetricFamily] {
        let upstreams = self.upstreams.withLock { $0 }
        let counted = EndpointFigures(plane: self.plane, upstreams: upstreams).families
        let routes = self.routes.withLock { $0 }
        return EdgeFigures(plane: self.plane, routes: routes).families + counted + [
            MetricFamily(
                "banyan_parity_queue_depth",
                .gauge,
                "Sampled exchanges that wait for a compare thread.",
                value: Double(self.plane.waitingObservations)
            )
        ]
    }

    /// Takes what the workers could not observe for want of room into the ledger.
    func collectUnobserved() {
        guard let parity = self.parity else { return }
        for (number, name) in self.routes.withLock({ $0 }) {
            let word = MetricsLayout.unobserved(row: Int(number) + 1)
            parity.countWithoutSlot(route: name, total: self.plane.sum(word))
        }
    }

    func reopenAccessLog() { self.log?.reopen() }

    func streams() -> [StreamCount] {
        self.plane.streams(timeoutMilliseconds: Limits.acknowledgeTimeoutMilliseconds)
    }

    func drain(withinMilliseconds: Int) {
        self.plane.drain(withinMilliseconds: withinMilliseconds)
    }

    func join(timeoutMilliseconds: Int) -> Bool {
        self.plane.join(timeoutMilliseconds: timeoutMilliseconds)
    }

    func stop() {
        self.plane.stop()
        _ = self.plane.join(timeoutMilliseconds: 1_000)
        _ = self.comparing.stop(timeoutMilliseconds: 2_000)
        self.collectUnobserved()
        guard let log = self.log else { return }
        log.stop()
        _ = self.logEnded.wait(timeoutMilliseconds: 1_000)
    }
}

/// Why an edge cannot be wired, for people.
struct WiringError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
