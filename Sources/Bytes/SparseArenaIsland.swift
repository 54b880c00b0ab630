// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the arena is mapped once, zero-filled by the kernel, never moved, and
// indices are checked, so loads and stores stay inside and meet initialised memory.

import CLinux
import Glibc

/// A very long zero-filled table of plain values of which only touched pages cost memory.
///
/// So a table over every cell that could exist needs neither hashing nor growth. Zero must be a
/// valid value of `Element`.
@safe
public struct SparseArena<Element: BitwiseCopyable>: ~Copyable {
    private let base: UnsafeMutablePointer<Element>
    /// Elements in all.
    public let capacity: Int

    /// Reserves addresses for `capacity` elements.
    ///
    /// Traps when they cannot be had.
    public init(capacity: Int) {
        let bytes = capacity * MemoryLayout<Element>.stride
        let mapped = unsafe mmap(
            nil,
            bytes,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
            -1,
            0
        )
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            fatalError("cannot reserve \(bytes) bytes of address space")
        }
        unsafe self.base = unsafe mapped.bindMemory(to: Element.self, capacity: capacity)
        self.capacity = capacity
    }

    deinit { unsafe munmap(self.base, self.capacity * MemoryLayout<Element>.stride) }

    /// The element at `index`.
    public subscript(index: Int) -> Element {
        _read {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: self.capacity), "\(index)")
            yield unsafe self.base[index]
        }
        _modify {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: self.capacity), "\(index)")
            yield unsafe &self.base[index]
        }
    }
}

/// A sparse table of 64-bit words that one thread writes and others read, or that several write.
///
/// Single-writer words use ``add(_:_:)`` and ``store(_:_:)``; shared ones
/// ``compareExchange(_:_:_:)``.
@safe
public final class SharedWords: @unchecked Sendable {
    private let base: UnsafeMutablePointer<UInt64>
    /// Words in all.
    public let capacity: Int

    /// Reserves addresses for `capacity` words, all zero.
    ///
    /// Traps when they cannot be had.
    public init(capacity: Int) {
        let bytes = max(capacity, 1) * 8
        let mapped = unsafe mmap(
            nil,
            bytes,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
            -1,
            0
        )
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            fatalError("cannot reserve \(bytes) bytes of address space")
        }
        unsafe self.base = unsafe mapped.bindMemory(to: UInt64.self, capacity: capacity)
        self.capacity = capacity
    }

    deinit { unsafe munmap(self.base, max(self.capacity, 1) * 8) }

    /// A plain view for a hot path; valid while this object lives.
    public var view: SharedWordsView {
        unsafe SharedWordsView(base: self.base, capacity: self.capacity)
    }
}

/// The words of a ``SharedWords`` without its reference.
@safe
public struct SharedWordsView: BitwiseCopyable, @unchecked Sendable {
    private let base: UnsafeMutablePointer<UInt64>
    /// Words in all.
    public let capacity: Int

    @unsafe fileprivate init(base: UnsafeMutablePointer<UInt64>, capacity: Int) {
        unsafe self.base = base
        self.capacity = capacity
    }

    private func at(_ index: Int) -> UnsafeMutablePointer<UInt64> {
        precondition(UInt(bitPattern: index) < UInt(bitPattern: self.capacity), "\(index)")
        return unsafe self.base + index
    }

    /// The word, with whatever its writer stored before it (acquire).
    public func load(_ index: Int) -> UInt64 { unsafe banyan_load_acquire(self.at(index)) }

    /// The word, in no order with others (relaxed).
    public func peek(_ index: Int) -> UInt64 { unsafe banyan_load_relaxed(self.at(index)) }

    /// Stores a word as its only writer (relaxed).
    public func store(_ index: Int, _ value: UInt64) {
        unsafe banyan_store_relaxed(self.at(index), value)
    }

    /// Stores a word as its only writer, after everything stored before it (release).
    public func publish(_ index: Int, _ value: UInt64) {
        unsafe banyan_store_release(self.at(index), value)
    }

    /// Adds as the only writer: a load and a store, no lock prefix.
    public func add(_ index: Int, _ value: UInt64) {
        unsafe banyan_add_relaxed(self.at(index), value)
    }

    /// Replaces `expected` by `desired`; otherwise `expected` becomes what stands there.
    public func compareExchange(_ index: Int, _ expected: inout UInt64, _ desired: UInt64) -> Bool {
        unsafe banyan_compare_exchange(self.at(index), &expected, desired) != 0
    }
}
