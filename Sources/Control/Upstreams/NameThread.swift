// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Names
import Synchronization

/// The thread that keeps names resolved: asks for each when its TTL is over, tells what has
/// changed.
///
/// It starts with the first name and sleeps until the next one is due.
final class NameThread: Sendable {
    /// What is told: a name, and all its addresses now.
    typealias Change = @Sendable (NameQuestion, [[UInt8]]) -> Void

    private struct State {
        var book = NameBook()
        var waiters: [Waiter] = []
        var isRunning = false
        var isStopping = false
        var lookups: UInt64 = 0
        var failures: UInt64 = 0
    }

    private struct Waiter {
        var questions: Set<NameQuestion>
        var latch: Latch
    }

    private let plan: ResolverPlan
    private let state = Mutex(State())
    private let wakeup: Wakeup?
    private let wakeupNumber: Int32
    private let ended = Latch(count: 1)
    private let change: Change

    /// A thread that is not running yet.
    init(_ plan: ResolverPlan, change: @escaping Change) {
        self.plan = plan
        self.change = change
        // Without one, new names wait for the next look, 250 ms at most.
        let wakeup = try? Wakeup()
        switch wakeup {
        case .some(let made): self.wakeupNumber = made.number
        case .none: self.wakeupNumber = -1
        }
        self.wakeup = consume wakeup
    }

    /// Keeps exactly these names resolved.
    func keep(_ questions: Set<NameQuestion>) {
        let mustStart = self.state.withLock { state in
            state.book.keep(questions, nowMilliseconds: NameThread.now())
            guard !questions.isEmpty, !state.isRunning, !state.isStopping else { return false }
            state.isRunning = true
            return true
        }
        self.wakeup?.signal()
        guard mustStart else { return }
        do {
            try CoreThread(name: "banyan-names") { [self] in
                self.run()
                self.ended.countDown()
            }.detach()
        } catch {
            self.state.withLock { $0.isRunning = false }
        }
    }

    /// Waits until each of these names has been answered once, well or not; `false`: the time is
    /// over.
    func wait(for questions: Set<NameQuestion>, milliseconds: Int) -> Bool {
        let latch = Latch(count: 1)
        let mustWait = self.state.withLock { state in
            let open = questions.filter { !NameThread.isAnswered(state.book, $0) }
            guard !open.isEmpty, state.isRunning else { return false }
            state.waiters.append(Waiter(questions: open, latch: latch))
            return true
        }
        guard mustWait else { return true }
        defer { self.state.withLock { $0.waiters.removeAll { $0.latch === latch } } }
        return latch.wait(timeoutMilliseconds: milliseconds)
    }

    /// What is known of a name; `nil`: it is not kept.
    func entry(_ question: NameQuestion) -> NameBook.Entry? {
        self.state.withLock { $0.book[question] }
    }

    /// Names asked for so far, and how many of these failed.
    var counts: (lookups: UInt64, failures: UInt64) {
        self.state.withLock { ($0.lookups, $0.failures) }
    }

    /// Ends the thread; questions under way are dropped.
    func stop() {
        let isRunning = self.state.withLock { state in
            state.isStopping = true
            return state.isRunning
        }
        self.wakeup?.signal()
        if isRunning { _ = self.ended.wait(timeoutMilliseconds: 1_000) }
    }

    // MARK: The thread

    private static func now() -> UInt64 { monotonicNanoseconds() / 1_000_000 }

    private static func isAnswered(_ book: NameBook, _ question: NameQuestion) -> Bool {
        guard let entry = book[question] else { return true }
        return entry.answer != nil || entry.failures > 0
    }

    private func run() {
        var resolver: NameResolver?
        var made: UInt64 = 0
        while true {
            let now = NameThread.now()
            let (isStopping, due, pause) = self.state.withLock { state in
                let due = state.book.takeDue(nowMilliseconds: now)
                state.lookups += UInt64(due.count)
                return (state.isStopping, due, state.book.pause(nowMilliseconds: now))
            }
            if isStopping { return }
            if !due.isEmpty, NameThread.isStale(resolver, made: made, now: now) {
                // What the system says of its servers may have changed since.
                resolver = try? NameResolver(self.plan)
                made = now
            }
            guard resolver != nil else {
                self.fail(due, now)
                _ = waitUntilReady(
                    self.wakeupNumber,
                    for: .reading,
                    timeoutMilliseconds: Int(min(pause ?? 1_000, 1_000))
                )
                self.wakeup?.clear()
                continue
            }
            for (number, question) in due {
                resolver?.ask(question.name, family: question.family, tag: number)
            }
            let longest = pause.map { Int(min($0, 60_000)) } ?? 60_000
            let replies =
                resolver?.wait(
                    milliseconds: self.wakeupNumber < 0 ? min(longest, 250) : longest,
                    waking: self.wakeupNumber
                ) ?? []
            self.wakeup?.clear()
            self.take(replies)
        }
    }

    private static func isStale(
        _ resolver: borrowing NameResolver?,
        made: UInt64,
        now: UInt64
    )
        -> Bool
    {
        switch resolver {
        case .none: return true
        case .some(let resolver): return resolver.waiting == 0 && now &- made > 60_000
        }
    }

    private func fail(_ due: [(number: UInt32, question: NameQuestion)], _ now: UInt64) {
        self.take(due.map { NameReply(tag: $0.number, result: .failure(.unavailable)) })
    }

    private func take(_ replies: [NameReply]) {
        guard !replies.isEmpty else { return }
        let now = NameThread.now()
        let changes = self.state.withLock { state in
            var changes: [(NameQuestion, [[UInt8]])] = []
            for reply in replies {
                if case .failure = reply.result { state.failures += 1 }
                guard let question = state.book.take(reply, nowMilliseconds: now),
                    let answer = state.book[question]?.answer
                else { continue }
                changes.append((question, answer.addresses))
            }
            return changes
        }
        for (question, addresses) in changes { self.change(question, addresses) }
        // Whoever waits finds the addresses in the table already.
        self.state.withLock { state in
            for waiter in state.waiters
            where waiter.questions.allSatisfy({ NameThread.isAnswered(state.book, $0) }) {
                waiter.latch.countDown()
            }
        }
    }
}
