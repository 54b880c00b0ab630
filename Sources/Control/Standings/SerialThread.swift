// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Kernel
internal import Synchronization

/// A thread that owns one blocking resource and does jobs on it one after the other.
///
/// Whoever must not be held up by a disk submits and goes on, or waits a bounded time.
final class SerialThread<Resource: ~Copyable>: Sendable {
    typealias Job = @Sendable (inout Resource) -> Void

    private struct Queue {
        var jobs: [Job] = []
        var isStopping = false
    }

    private let queue = Mutex(Queue())
    private let ready = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the thread; `tick` runs when nothing was asked for `tickMilliseconds`, and at least
    /// that often between jobs.
    init(
        name: String,
        tickMilliseconds: Int,
        make: @escaping @Sendable () -> Resource,
        tick: @escaping Job
    ) throws(Errno) {
        _ = try CoreThread(name: name, stackBytes: 1 << 20) { [self] in
            var resource = make()
            var lastTick = monotonicNanoseconds()
            while true {
                let job = self.next(waitMilliseconds: tickMilliseconds)
                if let job { job(&resource) }
                let now = monotonicNanoseconds()
                if now - lastTick >= UInt64(tickMilliseconds) * 1_000_000 {
                    lastTick = now
                    tick(&resource)
                }
                if job == nil, self.isOver { break }
            }
            // The resource closes before the end is told: its files are free then.
            _ = consume resource
            self.ended.signal()
        }
    }

    private var isOver: Bool { self.queue.withLock { $0.isStopping && $0.jobs.isEmpty } }

    private func next(waitMilliseconds: Int) -> Job? {
        if self.queue.withLock({ $0.jobs.isEmpty && !$0.isStopping }) {
            _ = self.ready.wait(timeout: .now() + .milliseconds(waitMilliseconds))
        }
        return self.queue.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
    }

    /// Queues a job.
    ///
    /// After `stop` it is not run: `false`.
    @discardableResult
    func submit(_ job: @escaping Job) -> Bool {
        let isTaken = self.queue.withLock { queue in
            if queue.isStopping { return false }
            queue.jobs.append(job)
            return true
        }
        self.ready.signal()
        return isTaken
    }

    /// Queues a job and waits for its answer; `nil` when the time is over (the job still runs).
    func call<Value: Sendable>(
        waitMilliseconds: Int,
        _ job: @escaping @Sendable (inout Resource) -> Value
    ) -> Value? {
        let answer = Answer<Value>()
        guard self.submit({ answer.give(job(&$0)) }) else { return nil }
        return answer.wait(milliseconds: waitMilliseconds)
    }

    /// Runs what is queued, closes the resource and returns; `false` when the time is over.
    @discardableResult
    func stop(waitMilliseconds: Int) -> Bool {
        self.queue.withLock { $0.isStopping = true }
        self.ready.signal()
        return self.ended.wait(timeout: .now() + .milliseconds(waitMilliseconds)) == .success
    }
}

/// One value that one thread gives and another waits for.
final class Answer<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let given = DispatchSemaphore(value: 0)

    func give(_ value: Value) {
        self.value.withLock { $0 = value }
        self.given.signal()
    }

    func wait(milliseconds: Int) -> Value? {
        _ = self.given.wait(timeout: .now() + .milliseconds(milliseconds))
        return self.value.withLock { $0 }
    }
}
