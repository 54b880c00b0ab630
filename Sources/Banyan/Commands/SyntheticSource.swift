// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation
import Kernel
import Synchronization

/// Who makes the reads of `parity replay` and `parity probe`: the running edge, or, where none
/// runs, this process on the edge's files and parity store.
enum SyntheticSource: Sendable {
    case edge(EdgeAccess)
    case here(LocalReads, EdgeAccess)

    /// Looks for the edge first.
    ///
    /// A socket that was named must answer; `counts`: reads will be counted.
    init(_ context: CommandContext, counts: Bool) throws(CommandFailure) {
        let edge = try EdgeAccess(context)
        do throws(CommandFailure) {
            _ = try edge.get("/status")
            self = .edge(edge)
        } catch {
            let reads = try Offline(context, instead: error).read { files throws(AdminProblem) in
                try LocalReads(files: files, counts: counts)
            }
            self = .here(reads, edge)
            context.output.note(
                counts
                    ? "no edge is running: counted into the parity store beside it"
                    : "no edge is running: told from its files"
            )
        }
    }

    /// Asks for rows of a replay.
    var asker: any ReplayAsker {
        switch self {
        case .edge(let edge): EdgeReplay(edge)
        case .here(let reads, let edge): LocalReplay(reads, edge)
        }
    }

    /// A page of the probes that are declared.
    func probes(
        tenant: String?,
        migration: String?,
        from: Int
    ) throws(CommandFailure) -> DocumentNode {
        switch self {
        case .edge(let edge):
            return try edge.get(
                "/parity/probes",
                [("tenant", tenant), ("migration", migration), ("from", "\(from)")]
            )
        case .here(let reads, _):
            var query = ProbeQuery()
            query.tenant = tenant
            query.migration = migration
            query.from = from
            return DocumentNode(reads.probes(query))
        }
    }

    /// Makes the read of a probe.
    func probe(
        route: String,
        name: String,
        tenant: String,
        combination: Int
    ) throws(ReplayUnreachable) -> SyntheticResult {
        switch self {
        case .edge(let edge):
            return try EdgeReplay.read(
                edge,
                [
                    "tenant": .string(tenant),
                    "probe": [
                        "route": .string(route), "name": .string(name),
                        "combination": .integer(combination),
                    ],
                ]
            )
        case .here(let reads, _):
            return reads.probe(route: route, name: name, tenant: tenant, combination: combination)
        }
    }

    /// Everything is counted; says so when it is not.
    func stop(_ output: CommandOutput) {
        guard case .here(let reads, _) = self, !reads.stop() else { return }
        output.note("warning: the last observations could not be stored")
    }
}

/// Makes the reads of a replay in this process.
struct LocalReplay: ReplayAsker {
    private let reads: LocalReads
    private let edge: EdgeAccess
    private let lastLook = LastLook()

    private final class LastLook: Sendable {
        let nanoseconds = Mutex<UInt64>(0)
    }

    init(_ reads: LocalReads, _ edge: EdgeAccess) {
        self.reads = reads
        self.edge = edge
    }

    /// What this process knows of rows ends with it.
    var remembersRows: Bool { false }

    func ask(
        _ order: SyntheticOrder,
        row: Int,
        run: String,
        isDry: Bool,
        lane: Int
    ) throws(ReplayUnreachable) -> SyntheticResult {
        // Two processes would count epochs of one store: the edge's word is the one that counts.
        guard isDry || !self.hasEdgeStarted() else {
            throw ReplayUnreachable("an edge has been started meanwhile", isFinal: true)
        }
        return self.reads.read(order, isDry: isDry, lane: lane)
    }

    func settle() throws(ReplayUnreachable) {
        guard self.reads.flush() else {
            throw ReplayUnreachable("the parity store does not take observations", isFinal: true)
        }
    }

    /// Looks once a second.
    private func hasEdgeStarted() -> Bool {
        let now = monotonicNanoseconds()
        let isDue = self.lastLook.nanoseconds.withLock { last in
            guard now - last >= 1_000_000_000 else { return false }
            last = now
            return true
        }
        guard isDue else { return false }
        return (try? self.edge.get("/status")) != nil
    }
}
