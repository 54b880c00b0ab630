// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: bytes in [tail, head) modulo the capacity belong to the reader, the
// others to the writer; each side moves only its own word, after it is done with the bytes.

public import Bytes
import Glibc

/// The way of log lines from one worker to the thread that writes them: a byte ring with one writer
/// and one reader, no lock.
///
/// A disk that is too slow fills it, and then lines are dropped and counted; a worker never waits.
@safe
public final class AccessLogRing: @unchecked Sendable {
    private let base: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private let words: SharedWords

    /// A ring of `capacity` bytes (a power of two).
    public init(capacity: Int) {
        precondition(capacity > 0 && capacity & (capacity - 1) == 0, "\(capacity)")
        unsafe self.base = .allocate(capacity: capacity)
        self.capacity = capacity
        self.words = SharedWords(capacity: 16)
    }

    deinit { unsafe self.base.deallocate() }

    /// The writer's end.
    ///
    /// Exactly one may be in use, on one thread.
    var writer: AccessLogWriter {
        unsafe AccessLogWriter(base: self.base, capacity: self.capacity, words: self.words.view)
    }

    /// Hands what waits to `sink`, which returns how many bytes it took.
    ///
    /// Reader's thread only.
    public func drain(_ sink: (ByteWindow) -> Int) {
        let words = self.words.view
        while true {
            let tail = words.peek(1)
            let head = words.load(0)
            guard head > tail else { return }
            let at = Int(tail) & (self.capacity - 1)
            let count = min(Int(head - tail), self.capacity - at)
            // SAFETY: [at, at + count) was published by the writer and is not reused until `tail`
            // moves.
            let taken = unsafe sink(ByteWindow(base: self.base + at, count: count))
            guard taken > 0 else { return }
            words.publish(1, tail + UInt64(taken))
        }
    }
}

/// The writer's end of an ``AccessLogRing``: plain values only.
@safe
struct AccessLogWriter: BitwiseCopyable {
    private let base: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private let words: SharedWordsView

    @unsafe fileprivate init(
        base: UnsafeMutablePointer<UInt8>,
        capacity: Int,
        words: SharedWordsView
    ) {
        unsafe self.base = base
        self.capacity = capacity
        self.words = words
    }

    /// Appends a whole line; `false` when there is no room.
    func append(_ line: ByteWindow) -> Bool {
        let head = self.words.peek(0)
        let tail = self.words.load(1)
        guard self.capacity - Int(head - tail) >= line.count else { return false }
        let at = Int(head) & (self.capacity - 1)
        let first = min(line.count, self.capacity - at)
        // SAFETY: the room was checked: these bytes are not the reader's.
        unsafe memcpy(self.base + at, line.base, first)
        if first < line.count { unsafe memcpy(self.base, line.base + first, line.count - first) }
        self.words.publish(0, head + UInt64(line.count))
        return true
    }
}
