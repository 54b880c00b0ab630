// SPDX-License-Identifier: Apache-2.0

import Bytes

/// What a slot whose transport is a stream has beside its connection record (RFC 9113 5).
///
/// Lives in an arena beside the slab of connections, under the slot's index: connections that are
/// no streams pay nothing for it. All zero is its empty value.
struct StreamState: BitwiseCopyable {
    /// The connection that carries it.
    var carrier = Handle(index: 0, serial: 0)
    /// Its number there.
    var id: Int32 = 0
    /// The peer has ended its direction.
    var hasEnded = false
    /// The stream does not exist any more.
    var isGone = false
    /// It is in its carrier's list.
    var isListed = false
    /// It was ended by an error of the peer or of the connection.
    var isBroken = false
    /// Our final head was submitted.
    var hasHead = false
    /// Windows of this slot are with the session.
    var isOffered = false
    /// Our last byte was offered as such.
    var hasSentEnd = false
    /// A block of trailer lines to be sent behind the content, plus one; 0: none.
    var trailers: UInt32 = 0
    var trailerCount: Int32 = 0
    /// Neighbours in the carrier's list, plus one; 0: none.
    var next: UInt32 = 0
    var previous: UInt32 = 0
    /// Content that was received and not yet read, in order; all blocks but the last are full.
    private var blocks = InlineArray<3, BlockIndex>(repeating: 0)
    private var blockCount: UInt8 = 0
    private var tailEnd: Int32 = 0
    /// Bytes of the queue that are no content: a head's text takes nothing from a window.
    private var uncounted: Int32 = 0

    /// Bytes in the queue.
    var queued: Int {
        self.blockCount == 0
            ? 0 : (Int(self.blockCount) - 1) * Limits.blockBytes + Int(self.tailEnd)
    }

    /// Appends what was received; `false`: no block is left.
    ///
    /// `isHead`: the text of a head, which flow control does not count.
    mutating func append(_ bytes: ByteWindow, isHead: Bool, _ pool: inout BlockPool) -> Bool {
        var done = 0
        while done < bytes.count {
            if self.blockCount == 0 || Int(self.tailEnd) == Limits.blockBytes {
                guard Int(self.blockCount) < Limits.h2StreamBlocksMax, let block = pool.take()
                else { return false }
                self.blocks[Int(self.blockCount)] = block
                self.blockCount &+= 1
                self.tailEnd = 0
            }
            let count = min(bytes.count - done, Limits.blockBytes - Int(self.tailEnd))
            let block = self.blocks[Int(self.blockCount) - 1]
            var writer = pool.writer(block, from: Int(self.tailEnd))
            writer.append(bytes.slice(done, count))
            self.tailEnd &+= Int32(count)
            done += count
        }
        if isHead { self.uncounted &+= Int32(bytes.count) }
        return true
    }

    /// Takes the first block of the queue with what is in it; `content` is what flow control
    /// counted of it.
    mutating func popBlock() -> (cursor: BlockCursor, content: Int)? {
        guard self.blockCount > 0 else { return nil }
        let count = self.blockCount == 1 ? self.tailEnd : Int32(Limits.blockBytes)
        let cursor = BlockCursor(block: self.blocks[0], start: 0, end: count)
        for index in 1..<Int(self.blockCount) { self.blocks[index - 1] = self.blocks[index] }
        self.blockCount &-= 1
        let text = min(self.uncounted, count)
        self.uncounted &-= text
        return (cursor, Int(count - text))
    }

    /// Gives all blocks back; how many bytes of content they held.
    mutating func dropQueue(_ pool: inout BlockPool) -> Int {
        var content = 0
        while let (cursor, count) = self.popBlock() {
            pool.give(cursor.block)
            content += count
        }
        if self.trailers != 0 { pool.give(self.trailers - 1) }
        self.trailers = 0
        self.trailerCount = 0
        return content
    }

    /// Keeps trailer lines; `false`: no block is left, or they are too long.
    mutating func keepTrailers(_ lines: ByteWindow, _ pool: inout BlockPool) -> Bool {
        guard self.trailers == 0, lines.count <= Limits.blockBytes, let block = pool.take()
        else { return false }
        var writer = pool.writer(block, from: 0)
        writer.append(lines)
        self.trailers = block + 1
        self.trailerCount = Int32(lines.count)
        return true
    }
}

/// What a connection that carries streams has beside its record; all zero is its empty value.
struct CarrierState: BitwiseCopyable {
    /// First of its streams' slots, plus one; 0: none.
    var firstStream: UInt32 = 0
    var streamCount: UInt32 = 0
    /// No new streams: it is being given up.
    var isEnding = false
    /// It was counted as one that broke the protocol.
    var isCounted = false
    /// Bytes were sent or received since its deadline was set.
    var hasMoved = false
    /// Since when it has had no stream, on the worker's clock.
    var idleSinceMilliseconds: UInt64 = 0
    /// When the preface or head that has begun must be whole, on the worker's clock; 0: none has.
    var headDeadline: UInt64 = 0
    /// When the last stream's number is told although the drain's notice was not acknowledged, on
    /// the worker's clock; 0: no notice was given.
    var noticeDeadline: UInt64 = 0
    /// When bytes were received last, on the worker's clock.
    var receivedNanoseconds: UInt64 = 0
}
