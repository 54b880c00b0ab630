// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the windows of a stream are those of its last offer, which the caller
// keeps in place; `kept` is nil or owns `keptCount` bytes, freed by `release`.

import Bytes

/// What a session knows of one of its streams.
@safe
struct H2Stream: BitwiseCopyable {
    /// Its number; 0 in a free slot.
    var stream: Int32
    /// The caller's word for it.
    var tag = UInt32.max
    /// What is left of the last offer.
    private var first = H2Stream.nothing
    private var second = H2Stream.nothing
    /// Bytes that have left since the caller last asked.
    var taken = 0
    /// Content that the caller was told of and has not consumed.
    var unread = 0
    private var kept: UnsafeMutablePointer<UInt8>?
    private var keptCount = 0
    var nextFree: UInt16 = 0
    var interimHeads: UInt8 = 0
    /// END_STREAM goes behind the offer.
    var isLast = false
    /// libnghttp2 has put the stream aside until there is more to send.
    var isDeferred = false
    /// The caller knows of the stream, so it is told of its end.
    var isAnnounced = false
    /// The session itself answers it.
    var isRefused = false
    /// A frame of it was sent.
    var isSent = false
    /// Our END_STREAM is sent.
    var hasEnded = false
    /// The peer's END_STREAM came.
    var hasPeerEnded = false
    /// An answer's final head came, or was sent.
    var hasFinalHead = false
    /// The caller asked for its reset, so it is none of the peer's.
    var isReset = false
    /// libnghttp2 has told of the fault that it resets the stream for.
    var isFaultTold = false
    /// It is gone, which the caller was not told yet.
    var isClosed = false
    /// An extended CONNECT (RFC 8441).
    var isTunnel = false
    /// Trailers wait in `kept`.
    var hasTrailers = false

    private static var nothing: ByteWindow { withWindow([]) { $0 } }

    init(stream: Int32) {
        self.stream = stream
        unsafe self.kept = nil
    }

    /// Gives back what the slot owns.
    mutating func release() {
        unsafe self.kept?.deallocate()
        unsafe self.kept = nil
        self.keptCount = 0
    }

    /// Keeps a copy of bytes that are needed later.
    mutating func keep(_ bytes: ByteWindow) {
        self.release()
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        // SAFETY: `copy` has room for all of the window.
        unsafe copy.update(from: bytes.base, count: bytes.count)
        unsafe self.kept = copy
        self.keptCount = bytes.count
    }

    /// What ``keep(_:)`` was given; valid until ``release()``.
    var keptBytes: ByteWindow {
        guard let kept = unsafe self.kept else { return H2Stream.nothing }
        // SAFETY: allocated with this many bytes.
        return unsafe ByteWindow(base: kept, count: self.keptCount)
    }

    mutating func offer(_ first: ByteWindow, _ second: ByteWindow, isLast: Bool) {
        self.first = first
        self.second = second
        self.isLast = isLast
    }

    mutating func abandon() {
        self.first = H2Stream.nothing
        self.second = H2Stream.nothing
    }

    /// Bytes that may be sent.
    var offered: Int { self.first.count &+ self.second.count }

    /// Whether there is nothing to send, and more may come.
    var waits: Bool { self.offered == 0 && !self.isLast && !self.hasTrailers }

    /// Moves `count` bytes of the offer to `target`, which has room for them.
    @unsafe
    mutating func move(_ count: Int, to target: UnsafeMutablePointer<UInt8>) {
        precondition(count <= self.offered, "\(count) of \(self.offered) bytes")
        let fromFirst = min(self.first.count, count)
        // SAFETY: both parts lie inside their windows, and the caller has the room.
        unsafe target.update(from: self.first.base, count: fromFirst)
        self.first = self.first.slice(fromFirst, self.first.count &- fromFirst)
        let rest = count &- fromFirst
        if rest > 0 {
            // SAFETY: as above.
            unsafe (target + fromFirst).update(from: self.second.base, count: rest)
            self.second = self.second.slice(rest, self.second.count &- rest)
        }
        self.taken &+= count
    }
}
