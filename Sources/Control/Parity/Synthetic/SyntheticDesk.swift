// SPDX-License-Identifier: Apache-2.0

import Bytes
import Synchronization

/// Where an edge's synthetic reads are ordered: a fixed number at once, over kept connections.
final class SyntheticDesk: Sendable {
    /// Rows of replays that were observed.
    let replays = ReplayBook()
    /// What became of probes.
    let probes = ProbeBook()
    /// What the audit was told of.
    let audit = SyntheticAudit()

    private let state = Mutex(State())
    private let lanes = (0..<Limits.replayConcurrencyMax).map { _ in Lane() }

    private struct State {
        var reads: SyntheticReads?
        var isClosed = false
    }

    /// One read at a time, and the connections it keeps.
    private final class Lane: Sendable {
        let session = Mutex(OriginSession())
    }

    /// From now on reads can be made.
    func open(_ reads: SyntheticReads) { self.state.withLock { $0.reads = reads } }

    /// From now on none can: the edge stops, and another may soon be there.
    func close() { self.state.withLock { $0 = State(reads: nil, isClosed: true) } }

    /// Makes a read; `nil`: too many are under way, or the edge stops.
    func read(_ order: SyntheticOrder, isDry: Bool) -> SyntheticResult? {
        let state = self.state.withLock { $0 }
        guard let reads = state.reads else {
            return state.isClosed ? nil : SyntheticResult(.notObserving)
        }
        for lane in self.lanes {
            let result = lane.session.withLockIfAvailable { session in
                reads.read(order, isDry: isDry, over: session)
            }
            if let result { return result }
        }
        return nil
    }
}
