// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation
import Kernel
import Migration
import Proxy
import Store
import Synchronization

/// One edge in this process: standings, control plane, workers, admin socket, metrics listener.
///
///     files ──▶ ControlPlane ──▶ EdgePlane (workers)
///     admin socket ──▶ AdminAPI ──▶ ControlPlane ──▶ Standings ──▶ EdgePlane
final class RunningEdge: Sendable {
    private let configuration: ConfigurationModel
    private let standings: Standings
    private let plane: ControlPlane
    private let workers: EdgePlane
    private let admin: ControlServer
    private let observer: ControlServer
    private let parity: ParityPlane?
    private let probes: ProbeThread?
    private let isStopping = Mutex(false)

    /// The control plane once there is one: both listeners answer before it, that the edge starts.
    private final class Door: Sendable {
        let plane = Mutex<ControlPlane?>(nil)
    }

    /// Starts everything; when this returns, requests are served.
    init(_ configuration: ConfigurationModel, path: String) throws(CommandFailure) {
        self.configuration = configuration
        let door = Door()
        try RunningEdge.makeFolders(configuration)
        // The socket first: a second edge on the same folders must not touch their journal.
        self.admin = try RunningEdge.listen(
            .unix(path: configuration.adminSocket, mode: 0o660),
            "admin"
        ) { request in
            guard let plane = door.plane.withLock({ $0 }) else { return RunningEdge.starting }
            return AdminAPI(edge: plane).answer(request)
        }
        self.observer = try RunningEdge.listen(
            .tcp(host: configuration.observeHost, port: configuration.observePort),
            "observe"
        ) { request in
            guard let plane = door.plane.withLock({ $0 }) else {
                return request.path == "/livez" ? .text("ok\n") : RunningEdge.starting
            }
            return plane.observed.answer(request)
        }
        self.standings = try RunningEdge.openStandings(configuration)
        self.parity = RunningEdge.openParity(configuration)
        self.plane = ControlPlane(
            configuration: configuration,
            standings: self.standings,
            seed: UInt64.random(in: .min ... .max),
            saved: SavedFiles(folder: configuration.statePath),
            parity: self.parity,
            now: { wallMilliseconds() }
        ) { () throws(FilesRefused) in
            try EdgeSet(EdgeFiles.load(configuration: path))
        }
        do throws(CommandFailure) {
            self.workers = try RunningEdge.startWorkers(configuration, self.plane)
        } catch {
            self.standings.stop()
            self.admin.stop()
            throw error
        }
        self.probes = RunningEdge.startSyntheticReads(self.plane)
        door.plane.withLock { $0 = self.plane }
        let plane = self.plane
        let workers = self.workers
        let isStopping = { @Sendable [self] in self.isStopping.withLock { $0 } }
        try? CoreThread(name: "divergence") {
            while !isStopping() {
                sleepThread(milliseconds: 1_000)
                if !isStopping() {
                    plane.collectDivergences()
                    workers.collectUnobserved()
                }
            }
        }.detach()
        // A thread of its own: reading a large store takes longer than a divergence may wait.
        try? CoreThread(name: "parity-figures") {
            var second = 0
            while !isStopping() {
                if second % 30 == 0 { plane.refreshParityFigures() }
                second += 1
                sleepThread(milliseconds: 1_000)
            }
        }.detach()
    }

    private static var starting: ControlResponse { .text("starting\n", status: 503) }

    // MARK: Start

    /// Makes the folders that hold socket, store, state and access log, for their owner alone.
    private static func makeFolders(
        _ configuration: ConfigurationModel
    ) throws(CommandFailure) {
        var files = [configuration.adminSocket, configuration.storePath]
        if let log = configuration.accessLogPath, log != "-" { files.append(log) }
        let folders = files.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
        for folder in folders + [configuration.statePath] {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700]
                )
            } catch {
                throw CommandFailure(
                    .unreachable,
                    "the folder \(folder) cannot be made: \(error.localizedDescription)"
                )
            }
        }
    }

    private static func openStandings(
        _ configuration: ConfigurationModel
    ) throws(CommandFailure) -> Standings {
        do {
            return try Standings(
                paths: StandingPaths(
                    store: configuration.storePath,
                    state: configuration.statePath
                ),
                now: { wallMilliseconds() }
            )
        } catch {
            let words = (error as? StoreError)?.text ?? (error as? Errno)?.text ?? "\(error)"
            throw CommandFailure(
                .unreachable,
                "standings cannot be read: \(words)",
                hint: "store \(configuration.storePath), state \(configuration.statePath); "
                    + "see Runbooks/store-unavailable.md"
            )
        }
    }

    /// Parity beside the store.
    ///
    /// An edge that cannot count still serves, and says so.
    private static func openParity(_ configuration: ConfigurationModel) -> ParityPlane? {
        let folder = URL(fileURLWithPath: configuration.storePath).deletingLastPathComponent().path
        do {
            return try ParityPlane(folder: folder, now: { wallMilliseconds() })
        } catch {
            let words = (error as? StoreError)?.text ?? (error as? Errno)?.text ?? "\(error)"
            print("warning: nothing is compared: \(folder): \(words)")
            return nil
        }
    }

    /// Replays are taken and probes made from now on, where there is parity to count them.
    private static func startSyntheticReads(_ plane: ControlPlane) -> ProbeThread? {
        guard let parity = plane.parity else { return nil }
        plane.openSyntheticReads(parity.service)
        return try? ProbeThread(plane)
    }

    private static func startWorkers(
        _ configuration: ConfigurationModel,
        _ plane: ControlPlane
    ) throws(CommandFailure) -> EdgePlane {
        let made = Mutex<EdgePlane?>(nil)
        do {
            try plane.start { start in
                let workers = try EdgePlane(
                    start,
                    workers: configuration.workers,
                    seed: UInt64.random(in: .min ... .max),
                    parity: plane.parity
                )
                made.withLock { $0 = workers }
                return workers
            }
        } catch let refusal as FilesRefused {
            throw CommandFailure(
                .configuration,
                refusal.lines.joined(separator: "\n"),
                hint: "banyan validate shows every finding with its place"
            )
        } catch {
            let words = (error as? Errno)?.text ?? "\(error)"
            let places = configuration.listeners.map { "\($0.host):\($0.port)" }
            throw CommandFailure(
                .failed,
                "cannot serve on \(places.joined(separator: ", ")): \(words)"
            )
        }
        guard let workers = made.withLock({ $0 }) else {
            throw CommandFailure(.failed, "no workers were started")
        }
        return workers
    }

    private static func listen(
        _ endpoint: ControlEndpoint,
        _ name: String,
        handler: @escaping ControlServer.Handler
    ) throws(CommandFailure) -> ControlServer {
        do {
            return try ControlServer(endpoint, name: name, handler: handler)
        } catch {
            switch error {
            case .badAddress(let address):
                throw CommandFailure(.configuration, "\(name): \(address) is no address")
            case .inUse(let address):
                throw CommandFailure(
                    .failed,
                    "\(name): somebody listens on \(address) already",
                    hint: "is another edge running?"
                )
            case .nobody(let what, let why), .system(let what, let why):
                throw CommandFailure(.failed, "\(name): \(what): \(why)")
            }
        }
    }

    // MARK: Life

    /// What listens where.
    var greeting: [String] {
        let report = try? self.plane.status(cells: nil, includesUntouched: false)
        var lines = [
            "banyan \(productVersion): \(counted(report?.routes ?? 0, "route")), "
                + "\(counted(report?.tenants ?? 0, "tenant")), "
                + "\(counted(self.workers.workerCount, "worker")), "
                + "generation \(report?.generation ?? 0)"
        ]
        for (listener, address) in zip(self.configuration.listeners, self.workers.addresses) {
            lines.append("listening on \(address) (\(listener.name))")
        }
        lines.append("metrics and health on \(self.observer.address)")
        lines.append("admin on \(self.admin.address)")
        lines += self.standings.health.notes.map { "note: \($0)" }
        lines += self.plane.checks().filter { $0.state == .degraded }.map {
            "warning: \($0.name): \($0.detail)"
        }
        return lines
    }

    /// Loads the files again; what to say about it.
    func reload() -> String {
        do throws(AdminProblem) {
            let answer = try self.plane.reload(actor: "SIGHUP")
            return "reloaded: snapshot \(answer["snapshot"]?.integer ?? 0)"
        } catch {
            return (["reload refused: \(error.detail)"] + error.findings).joined(separator: "\n")
        }
    }

    /// Has the access log's file opened again.
    func reopenAccessLog() { self.workers.reopenAccessLog() }

    /// Drains and stops everything; `false` when connections had to be cut.
    func stop() -> Bool {
        self.plane.beginDraining()
        sleepThread(milliseconds: UInt32(self.configuration.drainDelayMilliseconds))
        self.probes?.stop()
        self.plane.closeSyntheticReads()
        self.plane.stopWatching()
        self.workers.drain(withinMilliseconds: self.configuration.drainTimeoutMilliseconds)
        let isClean = self.workers.join(
            timeoutMilliseconds: self.configuration.drainTimeoutMilliseconds
        )
        self.workers.stop()
        let isCounted = self.parity?.stop() ?? true
        self.isStopping.withLock { $0 = true }
        self.admin.stop()
        self.standings.stop()
        self.observer.stop(timeoutMilliseconds: 1_000)
        if !isCounted { print("warning: the last observations could not be stored") }
        return isClean
    }
}
