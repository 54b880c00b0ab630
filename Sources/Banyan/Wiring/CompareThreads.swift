// SPDX-License-Identifier: Apache-2.0

import Bytes
import Control
import Kernel
import Parity
import Proxy
import Synchronization

/// The threads that compare: they take observations from the workers to the parity service.
///
/// They run at a low priority, and when they are behind, observations are counted as unobserved: a
/// client never waits for them.
final class CompareThreads: Sendable {
    private let plane: DataPlane
    private let service: ParityService?
    private let isStopping = Atomic<Bool>(false)
    private let ended: Latch
    private let count: Int

    /// Starts `count` threads; without a service they only give the workers their slots back.
    init(_ plane: DataPlane, _ service: ParityService?, count: Int) throws(Errno) {
        precondition(count > 0, "\(count) compare threads")
        self.plane = plane
        self.service = service
        self.count = count
        self.ended = Latch(count: count)
        for number in 0..<count {
            try CoreThread(name: "banyan-compare-\(number)", stackBytes: 4 << 20) { [self] in
                lowerThreadPriority()
                self.run()
                self.ended.countDown()
            }.detach()
        }
    }

    private func run() {
        // An edge without observations must not wake up two hundred times a second for them.
        var nap = Limits.compareNapMilliseconds
        while true {
            let isLast = self.isStopping.load(ordering: .acquiring)
            nap = min(nap * 2, Limits.compareIdleNapMilliseconds)
            while let observed = self.plane.takeObservation() {
                self.compare(observed)
                nap = Limits.compareNapMilliseconds
            }
            if isLast { return }
            self.plane.waitForObservations(milliseconds: nap)
        }
    }

    private func compare(_ observed: ObservedExchange) {
        let outcome = self.service?.take(observed.exchange)
        if observed.isAgreed { self.plane.agree(observed, isEqual: outcome == .match) }
    }

    /// Compares what still waits, then ends; `false` when that took longer.
    func stop(timeoutMilliseconds: Int) -> Bool {
        self.isStopping.store(true, ordering: .releasing)
        return self.ended.wait(timeoutMilliseconds: timeoutMilliseconds)
    }
}
