// SPDX-License-Identifier: Apache-2.0

import Bytes
import Synchronization

/// Where an edge's synthetic reads are ordered: a fixed number at once, over kept connections.
final class SyntheticDesk: Sendable {
    /// Rows of replays that were observed.
    let replays = ReplayBook()
    /// What became of probes.
    let probes = ProbeBook()

    private let reads = Mutex<SyntheticReads?>(nil)
    private let lanes = (0..<Limits.replayConcurrencyMax).map { _ in Lane() }

    /// One read at a time, and the connections it keeps.
    private final class Lane: Sendable {
        let session = Mutex(OriginSession())
    }

    /// From now on reads can be made.
    func open(_ reads: SyntheticReads) { self.reads.withLock { $0 = reads } }

    /// From now on none can.
    func close() { self.reads.withLock { $0 = nil } }

    /// Makes a read; `nil`: too many are under way.
    func read(_ order: SyntheticOrder, isDry: Bool) -> SyntheticResult? {
        guard let reads = self.reads.withLock({ $0 }) else { return SyntheticResult(.notObserving) }
        for lane in self.lanes {
            let result = lane.session.withLockIfAvailable { session in
                reads.read(order, isDry: isDry, over: session)
            }
            if let result { return result }
        }
        return nil
    }
}
