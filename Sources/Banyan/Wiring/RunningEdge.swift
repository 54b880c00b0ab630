// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation
import Kernel
import Migration
import Proxy
import Store
import Synchronization

extension EdgePlane: EdgePort {}

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
    private let log: AccessLogFile?
    private let logThread: CoreThread?
    private let isStopping = Mutex(false)

    /// Starts everything; when this returns, requests are served.
    init(_ configuration: ConfigurationModel, path: String) throws(CommandFailure) {
        self.configuration = configuration
        self.standings = try RunningEdge.openStandings(configuration)
        let saved = SavedFiles(folder: configuration.statePath)
        self.plane = ControlPlane(
            configuration: configuration,
            standings: self.standings,
            seed: UInt64.random(in: .min ... .max),
            now: { wallMilliseconds() }
        ) { () throws(FilesRefused) in
            let files = EdgeFiles.load(configuration: path)
            let set = try EdgeSet(files)
            saved.save(files)
            return set
        }
        do throws(CommandFailure) {
            self.log = try RunningEdge.openLog(configuration)
            self.workers = try RunningEdge.startWorkers(
                configuration,
                self.plane,
                saved,
                writesLog: self.log != nil
            )
            self.observer = try RunningEdge.listen(
                .tcp(host: configuration.observeHost, port: configuration.observePort),
                "observe",
                handler: self.plane.observed.answer
            )
            let api = AdminAPI(edge: self.plane)
            self.admin = try RunningEdge.listen(
                .unix(path: configuration.adminSocket, mode: 0o660),
                "admin",
                handler: api.answer
            )
        } catch {
            self.standings.stop()
            throw error
        }
        if let log = self.log {
            let workers = self.workers
            self.logThread = try? CoreThread(name: "access-log") {
                log.run { workers.drainLog(log) }
            }
        } else {
            self.logThread = nil
        }
        let plane = self.plane
        let isStopping = { @Sendable [self] in self.isStopping.withLock { $0 } }
        try? CoreThread(name: "divergence") {
            while !isStopping() {
                sleepThread(milliseconds: 1_000)
                if !isStopping() { plane.collectDivergences() }
            }
        }.detach()
    }

    // MARK: Start

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

    private static func openLog(
        _ configuration: ConfigurationModel
    ) throws(CommandFailure) -> AccessLogFile? {
        guard let path = configuration.accessLogPath else { return nil }
        do {
            return try AccessLogFile(path: path)
        } catch {
            let words = (error as? Errno)?.text ?? "\(error)"
            throw CommandFailure(.failed, "the access log \(path) cannot be opened: \(words)")
        }
    }

    private static func startWorkers(
        _ configuration: ConfigurationModel,
        _ plane: ControlPlane,
        _ saved: SavedFiles,
        writesLog: Bool
    ) throws(CommandFailure) -> EdgePlane {
        let plan = try RunningEdge.plan(configuration, writesLog: writesLog)
        let made = Mutex<EdgePlane?>(nil)
        do {
            try plane.start(fallback: saved.load) { snapshot in
                let workers = try EdgePlane(
                    plan: plan,
                    snapshot: snapshot,
                    seed: UInt64.random(in: .min ... .max)
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
                "cannot listen on \(places.joined(separator: ", ")): \(words)"
            )
        }
        guard let workers = made.withLock({ $0 }) else {
            throw CommandFailure(.failed, "no workers were started")
        }
        return workers
    }

    private static func plan(
        _ configuration: ConfigurationModel,
        writesLog: Bool
    ) throws(CommandFailure) -> ProxyPlan {
        var listeners: [ListenerPlan] = []
        for listener in configuration.listeners {
            let addresses = try? resolve(host: listener.host, port: listener.port)
            guard let address = addresses?.first else {
                throw CommandFailure(
                    .configuration,
                    "listener \(listener.name): \(listener.host) has no address"
                )
            }
            listeners.append(
                ListenerPlan(address: address, trustedPeers: listener.trustedPeers)
            )
        }
        let workers = configuration.workers > 0 ? configuration.workers : coreCount()
        var plan = ProxyPlan(
            workers: workers,
            listeners: listeners,
            edgeName: configuration.edgeName,
            writesLog: writesLog
        )
        plan.pinsWorkers = workers > 1 && workers <= coreCount()
        return plan
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
            case .system(let what, let why):
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
    func reopenAccessLog() { self.log?.reopen() }

    /// Drains and stops everything; `false` when connections had to be cut.
    func stop() -> Bool {
        self.plane.beginDraining()
        sleepThread(milliseconds: UInt32(self.configuration.drainDelayMilliseconds))
        let isClean = self.workers.drain(
            timeoutMilliseconds: self.configuration.drainTimeoutMilliseconds
        )
        self.isStopping.withLock { $0 = true }
        self.admin.stop()
        self.standings.stop()
        self.observer.stop(timeoutMilliseconds: 1_000)
        self.log?.stop()
        self.logThread?.join()
        return isClean
    }
}
