// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Kernel
public import Migration
import Store
import Synchronization
import TLS

/// The control plane of one edge: files and standings on one side, the data plane on the other.
///
///     Routes/, FeatureFlags/ ──▶ build ──▶ snapshot ──▶ workers
///     flip, rollback, freeze ──▶ standings ──▶ delta ──▶ workers
///
/// Builds are one at a time and hold no lock that a flip or a rollback needs; what is in force is
/// swapped under one short lock. Thread-safe.
public final class ControlPlane: Sendable {
    /// The configuration in force.
    public let configuration: ConfigurationModel
    /// Standings, their store and journal.
    public let standings: Standings

    /// Parity, when this edge observes.
    public let parity: ParityPlane?

    /// Names and health of endpoints.
    let upstreams: UpstreamWatch
    let saved: SavedFiles?
    let loadFiles: @Sendable () throws(FilesRefused) -> EdgeSet
    let builder: SnapshotBuilder
    /// Opens certificates; holds the keys of session tickets.
    let transports = TransportBuilder()
    let now: @Sendable () -> UInt64
    /// Held by whoever builds: names get their numbers under it.
    let building = Mutex(SnapshotNumbers())
    /// Held through a whole change of files or tenants (read, build, publish), never by flips.
    private let changing = Mutex<Void>(())
    let state = Mutex(State())
    /// Reads that Banyan makes by itself: replay and probes.
    let synthetic = SyntheticDesk()

    struct State {
        var edge: BuiltEdge?
        var numbers = SnapshotNumbers()
        var port: (any EdgePort)?
        var serial: UInt64 = 0
        var loadedMilliseconds: UInt64 = 0
        var reloadMilliseconds: UInt64 = 0
        var reloadProblem: String?
        var isDraining = false
        var flips: UInt64 = 0
        var rollbacks: UInt64 = 0
        /// Families of each migration's epoch, as they were last reckoned.
        var parityFigures: [MetricFamily] = []
    }

    /// A control plane that has loaded nothing yet.
    ///
    /// - Parameters:
    ///   - loadFiles: reads and validates `Routes/` and `FeatureFlags/`; called again by reloads.
    ///   - saved: where the last set that was taken is kept; `nil`: nowhere.
    ///   - parity: compares and counts; `nil`: nothing is observed.
    ///   - now: milliseconds since 1970.
    ///   - seed: keys the tables of snapshots; random in production.
    public init(
        configuration: ConfigurationModel,
        standings: Standings,
        seed: UInt64,
        saved: SavedFiles? = nil,
        parity: ParityPlane? = nil,
        now: @escaping @Sendable () -> UInt64,
        loadFiles: @escaping @Sendable () throws(FilesRefused) -> EdgeSet
    ) {
        self.configuration = configuration
        self.standings = standings
        self.saved = saved
        self.parity = parity
        self.now = now
        self.loadFiles = loadFiles
        self.parity?.grants.attach { kind, actor, text in
            standings.recordNote(kind, ActOrder(actor: actor, reason: text))
        }
        let upstreams = UpstreamWatch(configuration.nameServers, now: now)
        self.upstreams = upstreams
        self.builder = SnapshotBuilder(
            listeners: configuration.listeners,
            seed: seed,
            lookUp: { upstreams.lookUp($0) },
            unixSeconds: { Int64(now() / 1_000) }
        )
    }

    // MARK: Start and stop

    /// Loads, compiles, and has `makePort` start the data plane; then it serves.
    ///
    /// Invalid files are answered by the saved copy of the last set that was taken, if there is
    /// one.
    ///
    /// - Throws: `FilesRefused`, or what `makePort` throws.
    public func start(
        makePort: (EdgeStart) throws -> any EdgePort
    ) throws {
        let runtime = self.standings.book.tenants
        let edge: BuiltEdge
        do throws(FilesRefused) {
            edge = try self.build(try self.loadFiles(), runtime: runtime)
        } catch {
            guard let saved = self.saved?.load(),
                let before = try? self.build(saved, runtime: runtime)
            else { throw error }
            edge = before
            self.state.withLock { $0.reloadProblem = error.lines.first ?? "the files are invalid" }
        }
        self.standings.adopt(edge.guide)
        let diverged = self.standings.book.divergences.filter(\.isDiverged).map {
            self.standings.numbers.number(of: $0.cell)
        }
        self.parity?.adopt(edge.files.set)
        let port = try makePort(
            EdgeStart(
                configuration: self.configuration,
                snapshot: edge.snapshot,
                transports: edge.transports.set,
                standings: self.standings.everything(),
                diverged: diverged
            )
        )
        self.standings.attach(port)
        self.saved?.save(edge.files)
        let now = self.now()
        let numbers = self.state.withLock { state in
            state.edge = edge
            state.port = port
            state.loadedMilliseconds = now
            state.reloadMilliseconds = now
            return state.numbers.endpoints
        }
        self.upstreams.adopt(
            edge.files.set.upstreams,
            numbers: numbers,
            transports: edge.transports.set,
            port: port
        )
    }

    /// Ends what watches endpoints: names are no longer resolved, nobody is looked at.
    public func stopWatching() { self.upstreams.stop() }

    /// Says from now on that no new traffic should come (`/readyz` 503).
    public func beginDraining() { self.state.withLock { $0.isDraining = true } }

    /// Takes the workers' diverged marks onto disk; call it every few seconds.
    public func collectDivergences() { self.standings.collectDivergences() }

    // MARK: Build

    /// Runs a change of files or tenants, one at a time.
    func oneAtATime<Value: Sendable>(
        _ body: () throws(AdminProblem) -> Value
    ) throws(AdminProblem) -> Value {
        let result = self.changing.withLock { _ -> Result<Value, AdminProblem> in
            do throws(AdminProblem) {
                return .success(try body())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Compiles a set; nobody else builds meanwhile.
    ///
    /// - Parameter kept: certificates and protocols that have not changed; `nil`: they are read.
    func build(
        _ files: EdgeSet,
        runtime: [StoredTenant],
        keeping kept: BuiltTransports? = nil
    ) throws(FilesRefused) -> BuiltEdge {
        var files = files
        let transports: BuiltTransports
        if let kept { transports = kept } else { transports = try self.readTransports(&files) }
        let (previous, serial) = self.state.withLock { state in
            state.serial += 1
            return (state.edge?.resolved, state.serial)
        }
        let result = self.building.withLock { numbers -> Result<BuiltEdge, FilesRefused> in
            self.number(files, runtime, &numbers)
            do throws(FilesRefused) {
                var edge = try self.builder.build(
                    files,
                    runtime: runtime,
                    previous: previous,
                    serial: serial,
                    numbers: &numbers
                )
                edge.transports = transports
                // The same object where nothing has changed: workers keep their connections then.
                if edge.transports.set === TransportSet.plain {
                    edge.transports.number(for: edge.snapshot)
                }
                let book = numbers
                self.state.withLock { $0.numbers = book }
                return .success(edge)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Opens every certificate that the files name; what is to be said of them joins the warnings.
    private func readTransports(_ files: inout EdgeSet) throws(FilesRefused) -> BuiltTransports {
        let written = files.configuration?.listeners ?? []
        // Listeners stay as they were opened; what they speak is taken from the files as they are.
        let listeners = self.configuration.listeners.map { running in
            written.first { now in
                now.name == running.name && (now.tls == nil) == (running.tls == nil)
            } ?? running
        }
        if listeners.contains(where: { $0.tls != nil })
            || files.set.upstreams.contains(where: { $0.tls != nil })
        {
            let workers = self.configuration.workers
            SecretHeap.start(
                connectionsMax: (workers > 0 ? workers : coreCount())
                    * (Limits.downstreamConnectionsMax + Limits.upstreamConnectionsMax)
            )
        }
        let (transports, problems) = self.transports.build(
            listeners: listeners,
            upstreams: files.set.upstreams,
            earlier: self.state.withLock { $0.edge?.transports },
            unixSeconds: Int64(self.now() / 1_000)
        )
        guard !problems.contains(where: { $0.severity == .error }) else {
            throw FilesRefused(problems)
        }
        files.warnings += problems
        return transports
    }

    /// Gives every name its number before the compiler runs, so that it needs no lock of standings.
    private func number(
        _ files: EdgeSet,
        _ runtime: [StoredTenant],
        _ numbers: inout SnapshotNumbers
    ) {
        let tenants = files.set.tenants.map(\.id) + runtime.map(\.id)
        let migrations = files.set.routes.map(\.migration)
        let books = self.standings.numbers.withBooks { tenantBook, migrationBook in
            for id in tenants { _ = tenantBook.number(of: id) }
            for name in migrations { _ = migrationBook.number(of: name) }
            return (tenantBook, migrationBook)
        }
        numbers.tenants = books.0
        numbers.migrations = books.1
    }

    /// Puts a built set in force: what standings resolve by, then what workers route by.
    func publish(_ edge: BuiltEdge) -> Bool {
        self.standings.adopt(edge.guide)
        self.parity?.adopt(edge.files.set)
        let port = self.state.withLock { state in
            state.edge = edge
            return state.port
        }
        let isTaken =
            port?.publish(
                edge.snapshot,
                edge.transports.set,
                timeoutMilliseconds: Limits.acknowledgeTimeoutMilliseconds
            ) ?? true
        // Behind the snapshot: it names the endpoints, this says where they are now.
        let numbers = self.state.withLock { $0.numbers.endpoints }
        self.upstreams.adopt(
            edge.files.set.upstreams,
            numbers: numbers,
            transports: edge.transports.set,
            port: port
        )
        return isTaken
    }

    /// What is in force; refuses before the start.
    func current() throws(AdminProblem) -> BuiltEdge {
        guard let edge = self.state.withLock({ $0.edge }) else {
            throw AdminProblem(.unavailable, "the edge is starting")
        }
        return edge
    }
}
