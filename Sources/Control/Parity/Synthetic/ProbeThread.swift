// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
public import Kernel
import Migration
import Synchronization

/// Makes an edge's scheduled probe reads, one after the other, so that they never overlap; at a
/// bounded rate, so that 10,000 tenants do not fall on a fragile service at once.
public final class ProbeThread: Sendable {
    private let plane: ControlPlane
    private let isStopping = Atomic<Bool>(false)
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the thread; it follows the files of `plane` over reloads.
    public init(_ plane: ControlPlane) throws(Errno) {
        self.plane = plane
        try CoreThread(name: "banyan-probe", stackBytes: 2 << 20) { [self] in
            self.run()
            self.ended.signal()
        }.detach()
    }

    /// Ends the thread; a read that is under way is waited for, two seconds at most.
    public func stop() {
        self.isStopping.store(true, ordering: .releasing)
        self.wake.signal()
        _ = self.ended.wait(timeout: .now() + .seconds(2))
    }

    private var mustEnd: Bool { self.isStopping.load(ordering: .acquiring) }

    private func run() {
        let limiter = RateLimiter(perSecond: Limits.probesPerSecond)
        var schedule = ProbeSchedule()
        var plan = ProbePlan()
        var serial: UInt64?
        while !self.mustEnd {
            let now = monotonicNanoseconds() / 1_000_000
            if let edge = self.plane.state.withLock({ $0.edge }), edge.snapshot.serial != serial {
                serial = edge.snapshot.serial
                plan = ProbePlan(edge.files.set)
                schedule.adopt(plan, nowMilliseconds: now) { Int.random(in: $0) }
                self.plane.synthetic.probes.keep(plan)
            }
            guard let read = schedule.next(nowMilliseconds: now) else {
                _ = self.wake.wait(
                    timeout: .now() + .milliseconds(schedule.count == 0 ? 1_000 : 200)
                )
                continue
            }
            guard limiter.wait(unless: { self.mustEnd }) else { return }
            self.make(read, plan)
            let after = monotonicNanoseconds() / 1_000_000
            schedule.finish(read, nowMilliseconds: after) { Int.random(in: $0) }
        }
    }

    private func make(_ read: ProbeRead, _ plan: ProbePlan) {
        guard let order = plan.order(of: read) else { return }
        // All lanes busy with a replay: the next turn comes soon enough.
        guard let result = self.plane.synthetic.read(order, isDry: false) else { return }
        self.plane.synthetic.probes.note(read, result, unixMilliseconds: self.plane.now())
    }
}
