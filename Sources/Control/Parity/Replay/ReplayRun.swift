// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
public import Kernel
import Parity
import Store
import Synchronization

/// How a replay runs.
public struct ReplayOptions: Sendable, Hashable {
    /// Rows a second, at most.
    public var rate = 5.0
    /// Rows under way at once.
    public var concurrency = 2
    /// Rows to read, at most; `nil`: all.
    public var limit: Int?
    /// Nothing is asked of an origin.
    public var isDry = false
    /// How long an edge that cannot be reached is waited for.
    public var patienceMilliseconds = 30_000

    /// Polite defaults.
    public init() {}
}

/// Who makes the reads of a replay: a running edge, or this process.
public protocol ReplayAsker: Sendable {
    /// Makes the read of a row, on one of the run's threads; `lane` is the thread's number.
    ///
    /// - Throws: ``ReplayUnreachable`` when it could not even be tried; it is tried again.
    func ask(
        _ order: SyntheticOrder,
        row: Int,
        run: String,
        isDry: Bool,
        lane: Int
    )
        throws(ReplayUnreachable) -> SyntheticResult
    /// Rows asked before this are on disk when it returns.
    func settle() throws(ReplayUnreachable)
    /// Rows are remembered by their run, so one that is sent twice is observed once.
    var remembersRows: Bool { get }
}

/// The edge could not be asked.
public struct ReplayUnreachable: Error, Sendable, Hashable {
    /// Why, for people.
    public var text: String
    /// Trying again cannot help.
    public var isFinal: Bool

    /// A failure from its parts.
    public init(_ text: String, isFinal: Bool = false) {
        self.text = text
        self.isFinal = isFinal
    }
}

/// Replays a file: threads take rows in order, ask at a bounded rate, and what is done is kept in a
/// state file, so that a killed run goes on where it was and observes every row exactly once.
///
/// Thread-safe.
public final class ReplayRun: Sendable {
    /// How a run ended.
    public enum End: Sendable, Hashable {
        /// Every row is done with.
        case complete
        /// ``stop()`` was called.
        case stopped
        /// Something failed that another try does not mend; the state is kept.
        case failed(String)
    }

    private struct Book {
        var input: ReplayInput
        var state: ReplayState
        var errors: ReplayErrors?
        /// Ends of rows that are under way or done beyond the state's offset, by row.
        var ends: [Int: (offset: UInt64, digest: [UInt8])] = [:]
        var done: Set<Int>
        var isAtEnd = false
        var isAtLimit = false
        var failure: String?
        var lastSave: UInt64 = 0
    }

    private let book: Mutex<Book>
    private let asker: any ReplayAsker
    private let options: ReplayOptions
    private let limiter: RateLimiter
    private let statePath: String?
    private let isStopping = Atomic<Bool>(false)

    /// A run over an input that stands at `state`; without paths nothing is written.
    ///
    /// - Throws: `ReplayInputError` when the input is not the state's; what opening the error file
    ///   throws.
    public init(
        input: sending ReplayInput,
        state: ReplayState,
        statePath: String?,
        errorPath: String?,
        asker: any ReplayAsker,
        options: ReplayOptions
    ) throws {
        var state = state
        try input.skip(to: state.offset, rows: state.rows, digest: state.digest)
        let errors = try errorPath.map {
            try ReplayErrors(path: $0, keeping: state.errorBytes)
        }
        var done = Set(state.doneBeyond)
        if state.claimedRow > state.rows {
            // Observed or not: nobody can say. Twice would be worse than once too few.
            let claimed = (state.rows + 1...state.claimedRow).filter { !done.contains($0) }
            state.totals.inDoubt += claimed.count
            state.totals.rows += claimed.count
            done.formUnion(claimed)
        }
        state.claimedRow = 0
        self.book = Mutex(Book(input: input, state: state, errors: errors, done: done))
        self.asker = asker
        self.options = options
        self.limiter = RateLimiter(perSecond: options.rate)
        self.statePath = statePath
    }

    /// Ends the run after the rows that are under way.
    public func stop() { self.isStopping.store(true, ordering: .releasing) }

    /// What came out so far.
    public var totals: ReplayTotals { self.book.withLock { $0.state.totals } }

    /// Bytes of the file that are read.
    public var offset: UInt64 { self.book.withLock { $0.input.offset } }

    /// Runs to the end; `progress` is called several times a second by this thread.
    public func run(progress: (ReplayTotals) -> Void) throws(Errno) -> End {
        let lanes = max(1, min(self.options.concurrency, Limits.replayConcurrencyMax))
        let ended = Latch(count: lanes)
        for lane in 0..<lanes {
            try CoreThread(name: "replay-\(lane)", stackBytes: 2 << 20) { [self] in
                self.work(lane)
                ended.countDown()
            }.detach()
        }
        while !ended.wait(timeoutMilliseconds: 100) {
            self.save(isLast: false)
            progress(self.totals)
        }
        self.save(isLast: true)
        progress(self.totals)
        return self.book.withLock { book in
            if let failure = book.failure { return .failed(failure) }
            let isOver = book.isAtEnd || book.isAtLimit
            return isOver && ReplayRun.isDone(book) ? .complete : .stopped
        }
    }

    private var mustEnd: Bool {
        self.isStopping.load(ordering: .acquiring)
            || self.book.withLock { $0.failure != nil }
    }

    private func fail(_ text: String) {
        self.book.withLock { if $0.failure == nil { $0.failure = text } }
    }

    // MARK: Rows

    private func work(_ lane: Int) {
        while !self.mustEnd, let row = self.take() {
            switch row.request {
            case .failure(let problem): self.finish(row, problem)
            case .success(let request):
                guard self.options.isDry || self.limiter.wait(unless: { self.mustEnd }) else {
                    return
                }
                var order = SyntheticOrder(request, source: .replay)
                order.needsWholePath = row.isPattern
                guard let result = self.ask(order, row.number, lane) else { return }
                self.finish(row, result)
            }
        }
    }

    /// The next row that nobody has done; `nil`: none is left.
    private func take() -> ReplayRow? { self.book.withLock { self.take(&$0) } }

    private func take(_ book: inout Book) -> ReplayRow? {
        while true {
            guard book.failure == nil, !book.isAtEnd, !book.isAtLimit else { return .none }
            if let limit = self.options.limit, book.input.rows >= limit {
                book.isAtLimit = true
                return nil
            }
            do throws(ReplayInputError) {
                guard let row = try book.input.next() else {
                    book.isAtEnd = true
                    return nil
                }
                book.ends[row.number] = (row.endOffset, row.prefixDigest)
                guard book.done.contains(row.number) else {
                    return self.claim(row.number, &book) ? row : nil
                }
                ReplayRun.advance(&book)
            } catch {
                book.failure = "the file cannot be read on: \(error)"
                return nil
            }
        }
    }

    /// Without somebody who remembers rows, a row is claimed on disk before it is asked, so that a
    /// killed run never asks it twice; claims are made for about a second's worth of rows.
    private func claim(_ row: Int, _ book: inout Book) -> Bool {
        guard !self.asker.remembersRows, !self.options.isDry, let path = self.statePath,
            row > book.state.claimedRow
        else { return true }
        book.state.claimedRow = row + Int(self.options.rate)
        do throws(StoreError) {
            try replaceFile(path, with: self.state(&book).json)
            return true
        } catch {
            book.failure = "the state file cannot be written: \(error.text)"
            return false
        }
    }

    /// Asks, again and again while the edge cannot be reached; `nil`: given up, the row is not
    /// done.
    private func ask(_ order: SyntheticOrder, _ row: Int, _ lane: Int) -> SyntheticResult? {
        let run = self.book.withLock { $0.state.run }
        let patience = UInt64(self.options.patienceMilliseconds) * 1_000_000
        let until = monotonicNanoseconds() + patience
        var pause: UInt32 = 50
        while true {
            do throws(ReplayUnreachable) {
                return try self.asker.ask(
                    order,
                    row: row,
                    run: run,
                    isDry: self.options.isDry,
                    lane: lane
                )
            } catch {
                guard !error.isFinal, monotonicNanoseconds() < until, !self.mustEnd else {
                    if error.isFinal || !self.isStopping.load(ordering: .acquiring) {
                        self.fail(error.text)
                    }
                    return nil
                }
                sleepThread(milliseconds: pause)
                pause = min(pause * 2, 1_000)
            }
        }
    }

    private func finish(_ row: ReplayRow, _ problem: ReplayRowProblem) {
        self.book.withLock { book in
            book.state.totals.count(problem)
            if problem != .unsafeMethod {
                self.note(row.number, problem.rawValue, problem.meaning, &book)
            }
            book.done.insert(row.number)
            ReplayRun.advance(&book)
        }
    }

    private func finish(_ row: ReplayRow, _ result: SyntheticResult) {
        self.book.withLock { book in
            book.state.totals.count(result)
            if let refusal = result.refusal, refusal != .unsafeMethod {
                self.note(row.number, refusal.rawValue, refusal.meaning, &book)
            }
            switch result.outcome {
            case .modernFailed?, .legacyFailed?, .bothFailed?:
                let detail = "legacy \(result.legacyStatus), modern \(result.modernStatus)"
                self.note(row.number, result.outcome?.word ?? "", detail, &book)
            default: break
            }
            book.done.insert(row.number)
            ReplayRun.advance(&book)
        }
    }

    private func note(_ row: Int, _ reason: String, _ detail: String, _ book: inout Book) {
        do {
            try book.errors?.write(row: row, reason: reason, detail: detail)
        } catch {
            book.failure = "the error file cannot be written: \(error.localizedDescription)"
        }
    }

    /// Moves the state over all rows that are done without a gap.
    private static func advance(_ book: inout Book) {
        while book.done.contains(book.state.rows + 1), let end = book.ends[book.state.rows + 1] {
            book.state.rows += 1
            book.done.remove(book.state.rows)
            book.ends[book.state.rows] = nil
            book.state.offset = end.offset
            book.state.digest = end.digest
        }
    }

    // MARK: State

    /// Writes the state, a few times a second.
    private func save(isLast: Bool) {
        if isLast { self.complete() }
        guard let path = self.statePath, !self.options.isDry else { return }
        let now = monotonicNanoseconds()
        let bytes = self.book.withLock { book -> [UInt8]? in
            guard isLast || now - book.lastSave >= 250_000_000 else { return nil }
            book.lastSave = now
            if isLast { book.state.claimedRow = 0 }
            return self.state(&book).json
        }
        guard let bytes else { return }
        do {
            if isLast { try self.asker.settle() }
            try replaceFile(path, with: bytes)
        } catch let error as StoreError {
            self.fail("the state file cannot be written: \(error.text)")
        } catch {
            self.fail((error as? ReplayUnreachable)?.text ?? "\(error)")
        }
    }

    private func state(_ book: inout Book) -> ReplayState {
        book.state.doneBeyond = Array(book.done.filter { $0 > book.state.rows })
        book.state.errorBytes = book.errors?.bytes ?? 0
        return book.state
    }

    private func complete() {
        self.book.withLock { book in
            book.state.isComplete = book.isAtEnd && ReplayRun.isDone(book)
        }
    }

    /// Every row that was read is done with.
    private static func isDone(_ book: borrowing Book) -> Bool {
        book.failure == nil && book.state.rows == book.input.rows
    }
}

extension ReplayRowProblem {
    /// What it means, for people.
    public var meaning: String {
        switch self {
        case .malformed: "the row is not written as the file's format says"
        case .tooLong: "the row is longer than \(Limits.replayRowBytesMax) bytes"
        case .noPath: SyntheticRefusal.noPath.meaning
        case .unsafeMethod: SyntheticRefusal.unsafeMethod.meaning
        }
    }
}
