// SPDX-License-Identifier: Apache-2.0

import Bytes
public import Documents
import Foundation
import Kernel
import Migration
import Parity
import Store
import Synchronization

/// Makes synthetic reads without a running edge: from its files, its saved standings and its parity
/// store.
///
/// Cells whose writes go to modern count as diverged here: whether they were written to, only an
/// edge that stopped cleanly would know.
public final class LocalReads: Sendable {
    private let edge: BuiltEdge
    private let plan: ProbePlan
    private let parity: ParityPlane?
    private let reads: SyntheticReads
    private let lanes: [Lane]

    private final class Lane: Sendable {
        let session = Mutex(OriginSession())
    }

    /// Opens everything that `files` name; without `counts` nothing is opened for writing, and only
    /// dry reads can be made.
    ///
    /// - Throws: an `AdminProblem` when the files are invalid or the parity store cannot be opened.
    public init(files: EdgeFiles, counts: Bool) throws(AdminProblem) {
        let configuration = files.configuration
        let saved = LastKnownGood(folder: configuration.statePath).load().state ?? SavedState()
        let (edge, numbers) = try LocalReads.build(files, saved.tenants)
        self.edge = edge
        self.plan = ProbePlan(edge.files.set)
        let folder = URL(fileURLWithPath: configuration.storePath).deletingLastPathComponent().path
        do {
            self.parity =
                counts ? try ParityPlane(folder: folder, now: { wallMilliseconds() }) : nil
        } catch {
            let words = (error as? StoreError)?.text ?? (error as? Errno)?.text ?? "\(error)"
            throw AdminProblem(.storeUnavailable, "the parity store cannot be opened: \(words)")
        }
        self.parity?.adopt(edge.files.set)
        let standings = LocalStandings(saved, edge.guide)
        let explanation = Explanation(
            edge: edge,
            listeners: configuration.listeners,
            numbers: numbers,
            stored: { standings.stored($0) },
            isDiverged: { standings.isDiverged($0) }
        )
        let service = self.parity?.service
        self.reads = SyntheticReads(
            seed: UInt64.random(in: .min ... .max),
            now: { wallMilliseconds() },
            take: { service?.take($0) ?? .unobserved }
        ) { order, seed, turn throws(SyntheticRefusal) in
            try explanation.resolve(order, seed: seed, turn: turn)
        }
        self.lanes = (0..<Limits.replayConcurrencyMax).map { _ in Lane() }
    }

    private static func build(
        _ files: EdgeFiles,
        _ runtime: [StoredTenant]
    ) throws(AdminProblem) -> (BuiltEdge, SnapshotNumbers) {
        var numbers = SnapshotNumbers()
        do throws(FilesRefused) {
            let upstreams = UpstreamWatch(files.configuration.nameServers) { wallMilliseconds() }
            defer { upstreams.stop() }
            let builder = SnapshotBuilder(
                listeners: files.configuration.listeners,
                seed: UInt64.random(in: .min ... .max),
                lookUp: { upstreams.lookUp($0) },
                unixSeconds: { Int64(wallMilliseconds() / 1_000) }
            )
            let edge = try builder.build(
                try EdgeSet(files),
                runtime: runtime,
                previous: nil,
                serial: 1,
                numbers: &numbers
            )
            return (edge, numbers)
        } catch {
            throw error.problem
        }
    }

    /// Makes a read; `lane` is the number of the calling thread.
    public func read(_ order: SyntheticOrder, isDry: Bool, lane: Int) -> SyntheticResult {
        guard self.parity != nil || isDry else { return SyntheticResult(.notObserving) }
        return self.lanes[lane % self.lanes.count].session.withLock { session in
            self.reads.read(order, isDry: isDry, over: session)
        }
    }

    /// Makes the read of a probe now.
    public func probe(
        route: String,
        name: String,
        tenant: String,
        combination: Int
    ) -> SyntheticResult {
        let read = ProbeRead(route: route, probe: name, tenant: tenant, combination: combination)
        guard let order = self.plan.order(of: read) else { return SyntheticResult(.probeUnknown) }
        return self.read(order, isDry: false, lane: 0)
    }

    /// The probes of the files; nothing is known of their last reads.
    public func probes(_ query: ProbeQuery) -> DocumentValue {
        probeList(self.plan, query) { _ in nil }
    }

    /// What was read so far is on disk; `false`: the store did not take it.
    public func flush() -> Bool { self.parity?.ledger.flush() ?? true }

    /// Counts what still waits, and ends; `false`: the store did not take it.
    public func stop() -> Bool { self.parity?.stop() ?? true }
}

/// Where cells stood when the edge last saved it.
private struct LocalStandings: Sendable {
    private var records: [CellName: StandingRecord] = [:]
    private var diverged: Set<CellName> = []
    private let guide: StandingGuide

    init(_ saved: SavedState, _ guide: StandingGuide) {
        for record in saved.standings { self.records[record.cell] = record }
        self.diverged = Set(saved.divergences.filter(\.isDiverged).map(\.cell))
        self.guide = guide
    }

    func stored(_ cell: CellName) -> ExplainedStanding {
        guard let record = self.records[cell] else { return ExplainedStanding() }
        return ExplainedStanding(
            standing: record.standing,
            generation: record.generation,
            isFrozen: record.isFrozen
        )
    }

    func isDiverged(_ cell: CellName) -> Bool {
        if self.diverged.contains(cell) { return true }
        guard self.guide.migrations[cell.migration]?.data == .forward else { return false }
        let everyone = CellName(tenant: "*", migration: cell.migration)
        let stored = self.records[cell]?.standing ?? self.records[everyone]?.standing
        guard let standing = stored ?? self.guide.resolve(cell).map({ Standing($0) }) else {
            return false
        }
        return standing.stage > .live || (standing.stage == .live && standing.share == .all)
    }
}
