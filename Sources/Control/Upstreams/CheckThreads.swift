// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Kernel
import Synchronization

/// A few threads that look at endpoints, one check each at a time.
///
/// One of the idle threads waits for the next check to be due, the others for a call: an edge with
/// nothing to look at wakes nobody.
final class CheckThreads: Sendable {
    /// Makes a check; `nil`: it passed.
    typealias Look = @Sendable (EndpointCheck) -> EndpointProblem?
    /// Is told what came of each.
    typealias Report = @Sendable (EndpointCheck, EndpointProblem?) -> Void

    private struct State {
        var schedule = CheckSchedule()
        var threads = 0
        var waiting = 0
        var hasWatch = false
        var isStopping = false
    }

    private let state = Mutex(State())
    private let call = DispatchSemaphore(value: 0)
    private let look: Look
    private let report: Report

    init(look: @escaping Look, report: @escaping Report) {
        self.look = look
        self.report = report
    }

    /// Looks at exactly these endpoints from now on.
    func adopt(_ checks: [EndpointCheck]) {
        let wanted = self.state.withLock { state -> Int in
            guard !state.isStopping else { return 0 }
            state.schedule.adopt(checks, nowMilliseconds: CheckThreads.now()) {
                UInt64.random(in: $0)
            }
            let count = min(checks.count, Limits.healthThreadsMax)
            defer { state.threads = max(state.threads, count) }
            return max(0, count - state.threads)
        }
        for _ in 0..<wanted {
            do {
                try CoreThread(name: "banyan-health", stackBytes: 1 << 20) { [self] in self.run() }
                    .detach()
            } catch {
                self.state.withLock { $0.threads -= 1 }
            }
        }
        // Whoever watches the clock looks again.
        self.wakeAll()
    }

    /// Ends the threads; a check under way ends by its timeout and is told to nobody.
    func stop() {
        self.state.withLock { $0.isStopping = true }
        self.wakeAll()
    }

    private func wakeAll() {
        let waiting = self.state.withLock { $0.waiting }
        for _ in 0..<waiting { self.call.signal() }
    }

    private static func now() -> UInt64 { monotonicNanoseconds() / 1_000_000 }

    private enum Turn {
        case run(EndpointCheck)
        case wait(milliseconds: Int?)
        case end
    }

    private func run() {
        while true {
            switch self.next() {
            case .end: return
            case .run(let check):
                let problem = self.look(check)
                let mustTell = self.state.withLock { state in
                    state.schedule.finish(check, nowMilliseconds: CheckThreads.now()) {
                        UInt64.random(in: $0)
                    }
                    return !state.isStopping
                }
                if mustTell { self.report(check, problem) }
            case .wait(let milliseconds):
                if let milliseconds {
                    _ = self.call.wait(timeout: .now() + .milliseconds(milliseconds))
                } else {
                    self.call.wait()
                }
                self.state.withLock { state in
                    state.waiting -= 1
                    if milliseconds != nil { state.hasWatch = false }
                }
            }
        }
    }

    private func next() -> Turn {
        let (turn, mustCall) = self.state.withLock { state -> (Turn, Bool) in
            if state.isStopping { return (.end, false) }
            let now = CheckThreads.now()
            if let check = state.schedule.take(nowMilliseconds: now) {
                // Somebody else watches the clock meanwhile.
                return (.run(check), state.waiting > 0 && !state.hasWatch)
            }
            state.waiting += 1
            guard !state.hasWatch, let pause = state.schedule.pause(nowMilliseconds: now) else {
                return (.wait(milliseconds: nil), false)
            }
            state.hasWatch = true
            return (.wait(milliseconds: Int(min(pause, 60_000)) + 1), false)
        }
        if mustCall { self.call.signal() }
        return turn
    }
}
