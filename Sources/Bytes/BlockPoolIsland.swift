// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the arena is mapped once, never moved or unmapped while the pool lives,
// and block indices are checked, so a pointer made here always points into mapped memory.

import Glibc

/// Index of a block of a worker's pool; `BlockIndex.none` when there is none.
public typealias BlockIndex = UInt32

extension BlockIndex {
    /// No block.
    public static var none: BlockIndex { .max }
}

/// The pooled byte blocks of one worker: reserved at start, touched when first used, never grown.
///
/// Last-in first-out, so that the block just released is the one that the cache still holds, and
/// those that nobody needs lie at the bottom, where `trim` gives their memory back.
@safe
public struct BlockPool: ~Copyable {
    private let base: UnsafeMutablePointer<UInt8>
    private let free: UnsafeMutablePointer<BlockIndex>
    private var freeCount: Int
    /// The free blocks from the bottom that have no memory: never taken, or trimmed since.
    private var cleanCount: Int
    private let pageBytes = Int(getpagesize())
    /// The fewest free blocks since `trim` has looked last.
    private var leastFree: Int
    /// Blocks of the pool.
    public let capacity: Int
    /// Blocks in use.
    public var used: Int { self.capacity - self.freeCount }

    /// Reserves `capacity` blocks of `Limits.blockBytes`.
    ///
    /// Traps when the addresses cannot be had.
    public init(capacity: Int) {
        precondition(capacity > 0 && capacity < Int(BlockIndex.max))
        let bytes = capacity * Limits.blockBytes
        let mapped = unsafe mmap(
            nil,
            bytes,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
            -1,
            0
        )
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            fatalError("cannot reserve \(bytes) bytes of address space for blocks")
        }
        unsafe self.base = unsafe mapped.bindMemory(to: UInt8.self, capacity: bytes)
        unsafe self.free = .allocate(capacity: capacity)
        for index in 0..<capacity {
            // Highest last, so that low blocks are handed out first and high ones stay untouched.
            unsafe (self.free + index).initialize(to: BlockIndex(capacity - 1 - index))
        }
        self.capacity = capacity
        self.freeCount = capacity
        self.cleanCount = capacity
        self.leastFree = capacity
    }

    deinit {
        unsafe munmap(self.base, self.capacity * Limits.blockBytes)
        unsafe self.free.deallocate()
    }

    /// A block, its content undefined, or `nil` when all are in use.
    public mutating func take() -> BlockIndex? {
        guard self.freeCount > 0 else { return nil }
        self.freeCount &-= 1
        if self.freeCount < self.leastFree {
            self.leastFree = self.freeCount
            if self.freeCount < self.cleanCount { self.cleanCount = self.freeCount }
        }
        return unsafe self.free[self.freeCount]
    }

    /// Gives a block back.
    ///
    /// Each block exactly once.
    public mutating func give(_ block: BlockIndex) {
        precondition(self.freeCount < self.capacity && Int(block) < self.capacity, "block \(block)")
        unsafe self.free[self.freeCount] = block
        self.freeCount &+= 1
    }

    /// Gives the memory of `most` blocks at most back to the kernel, of those that nobody has taken
    /// since the last call that returned `false`.
    ///
    /// `true`: there are more of them, so call again soon.
    public mutating func trim(most: Int) -> Bool {
        // The kernel would round up into the next block where its pages are larger.
        guard Limits.blockBytes % self.pageBytes == 0 else { return false }
        let end = min(self.leastFree, self.cleanCount + most)
        for position in self.cleanCount..<end {
            // SAFETY: positions below freeCount hold blocks of the pool that nobody uses.
            unsafe madvise(self.pointer(self.free[position]), Limits.blockBytes, MADV_DONTNEED)
        }
        self.cleanCount = end
        guard end == self.leastFree else { return true }
        self.leastFree = self.freeCount
        return false
    }

    /// Where a block starts; valid as long as the pool.
    @unsafe public func pointer(_ block: BlockIndex) -> UnsafeMutablePointer<UInt8> {
        precondition(Int(block) < self.capacity, "block \(block) of \(self.capacity)")
        return unsafe self.base + Int(block) &* Limits.blockBytes
    }

    /// The bytes [`start`, `end`) of a block.
    public func window(_ block: BlockIndex, _ start: Int, _ end: Int) -> ByteWindow {
        precondition(start >= 0 && start <= end && end <= Limits.blockBytes, "\(start)..<\(end)")
        return unsafe ByteWindow(base: self.pointer(block) + start, count: end - start)
    }

    /// A writer that fills [`start`, `Limits.blockBytes`) of a block.
    public func writer(_ block: BlockIndex, from start: Int) -> ByteWriter {
        precondition(start >= 0 && start <= Limits.blockBytes, "\(start)")
        return unsafe ByteWriter(
            base: self.pointer(block),
            position: start,
            capacity: Limits.blockBytes
        )
    }

    /// Moves [`start`, `end`) of a block to its beginning; returns the new end.
    public func compact(_ block: BlockIndex, _ start: Int, _ end: Int) -> Int {
        precondition(start >= 0 && start <= end && end <= Limits.blockBytes, "\(start)..<\(end)")
        let pointer = unsafe self.pointer(block)
        unsafe memmove(pointer, pointer + start, end - start)
        return end - start
    }
}
