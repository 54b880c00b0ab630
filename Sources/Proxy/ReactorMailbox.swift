// SPDX-License-Identifier: Apache-2.0

import Kernel
public import Migration
import Synchronization
import TLS

/// What may be said to a worker from outside.
enum MailboxMessage: Sendable {
    /// Routes, tenants and flags changed. The worker keeps its own reference.
    case snapshot(Snapshot, SnapshotReceipt?)
    /// Standings changed.
    case delta(Delta, DeltaReceipt)
    /// Endpoints have moved, or are well or unwell.
    case endpoints(EndpointUpdate)
    /// The compare threads have looked at an observation that a client waits for.
    case agreement(slot: UInt32, serial: UInt32, isEqual: Bool)
    /// Certificates or protocols changed.
    case transports(TransportSet)
    /// Start accepting: standings are as they must be.
    case open
    /// Stop accepting, finish what runs, then stop.
    ///
    /// Streams are closed in time before `withinMilliseconds` are over.
    case drain(withinMilliseconds: Int)
    /// What streams are there?
    case streams(StreamReceipt)
    /// Stop now.
    case stop
}

/// Collects the workers' answers to one delta.
///
/// Workers fill it from their threads, each once; the sender reads it after waiting.
public final class DeltaReceipt: Sendable {
    private struct Answers {
        var confirmed: Set<Int> = []
        var acknowledgement = Acknowledgement()
    }

    private let answers = Mutex(Answers())
    private let latch: Latch
    private let workers: Int
    private let postedNanoseconds: UInt64

    init(workers: Int) {
        self.workers = workers
        self.latch = Latch(count: workers)
        self.postedNanoseconds = monotonicNanoseconds()
    }

    /// What one worker knows of the cells of a delta when it has applied it.
    struct Figures: Sendable {
        var lastLegacyMilliseconds: UInt64 = 0
        var inFlightLegacy = 0
        var inFlightModern = 0
        var modernWrites: UInt64 = 0
        var tunnelsLeft = 0
        var streamsLeft = 0
    }

    /// Worker `worker` has applied the delta.
    func confirm(worker: Int, _ figures: Figures) {
        self.answers.withLock { answers in
            guard answers.confirmed.insert(worker).inserted else { return }
            answers.acknowledgement.confirmed += 1
            if figures.lastLegacyMilliseconds > 0 {
                answers.acknowledgement.lastLegacyMilliseconds = max(
                    answers.acknowledgement.lastLegacyMilliseconds ?? 0,
                    figures.lastLegacyMilliseconds
                )
            }
            answers.acknowledgement.inFlightLegacy += figures.inFlightLegacy
            answers.acknowledgement.inFlightModern += figures.inFlightModern
            answers.acknowledgement.modernWrites += figures.modernWrites
            answers.acknowledgement.tunnelsLeft += figures.tunnelsLeft
            answers.acknowledgement.streamsLeft += figures.streamsLeft
        }
        self.latch.countDown()
    }

    /// Waits for all workers, `timeoutMilliseconds` at most, and names those that are silent.
    public func wait(timeoutMilliseconds: Int) -> Acknowledgement {
        _ = self.latch.wait(timeoutMilliseconds: timeoutMilliseconds)
        let elapsed = monotonicNanoseconds() - self.postedNanoseconds
        return self.answers.withLock { answers in
            var result = answers.acknowledgement
            result.elapsedNanoseconds = elapsed
            result.silent = (0..<self.workers).filter { !answers.confirmed.contains($0) }
            return result
        }
    }
}

/// Collects what streams the workers have.
final class StreamReceipt: Sendable {
    private let lists = Mutex<[[StreamCount]]>([])
    private let latch: Latch

    init(workers: Int) { self.latch = Latch(count: workers) }

    func confirm(_ list: [StreamCount]) {
        self.lists.withLock { $0.append(list) }
        self.latch.countDown()
    }

    /// Waits for all workers, `timeoutMilliseconds` at most; a silent one's are missing.
    func wait(timeoutMilliseconds: Int) -> [StreamCount] {
        _ = self.latch.wait(timeoutMilliseconds: timeoutMilliseconds)
        return self.lists.withLock { StreamCount.merged($0) }
    }
}

/// Collects the workers' word that they route by a new snapshot.
public final class SnapshotReceipt: Sendable {
    private let latch: Latch

    init(workers: Int) { self.latch = Latch(count: workers) }

    func confirm() { self.latch.countDown() }

    /// Waits until every worker routes by the snapshot; `false` when the time is over.
    public func wait(timeoutMilliseconds: Int) -> Bool {
        self.latch.wait(timeoutMilliseconds: timeoutMilliseconds)
    }
}

/// The only door into a worker: many senders, one FIFO, drained before sockets are read.
///
/// The lock is held to append or to take the whole list, and the worker looks at an atomic flag
/// first: in steady state it takes no lock.
final class ReactorMailbox: Sendable {
    private let messages = Mutex<[MailboxMessage]>([])
    private let isFilled = Atomic<Bool>(false)
    private let wakeup: Wakeup

    init() throws(Errno) { self.wakeup = try Wakeup() }

    /// For the worker's poller.
    var wakeupDescriptor: Int32 { self.wakeup.number }

    /// Posts a message and wakes the worker.
    ///
    /// From any thread.
    func post(_ message: MailboxMessage) {
        self.messages.withLock { $0.append(message) }
        self.isFilled.store(true, ordering: .releasing)
        self.wakeup.signal()
    }

    /// Whether something waits: one atomic load.
    var hasMail: Bool { self.isFilled.load(ordering: .acquiring) }

    /// Takes everything that waits, in order.
    func takeAll() -> [MailboxMessage] {
        self.wakeup.clear()
        // First the flag, then the list: a message posted in between is taken now and the flag
        // stays set, which costs one empty look later.
        self.isFilled.store(false, ordering: .sequentiallyConsistent)
        return self.messages.withLock { messages in
            let taken = messages
            messages = []
            return taken
        }
    }
}
