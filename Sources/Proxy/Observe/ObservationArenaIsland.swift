// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: a slot belongs to the worker until its number is published in the ready
// ring, then to whoever takes it from there until it is given back through the other ring; areas
// are mapped once, never moved, and every offset is checked against the area's length.

import Bytes
import Glibc
import Parity
import Synchronization

/// The observations of one worker, on their way to the compare threads: fixed slots in memory that
/// is reserved and not paid for until it is used, and two rings of slot numbers.
///
/// It holds plaintext of records, so it stays out of core files (MADV_DONTDUMP), and long answers
/// are given back to the kernel as soon as they are read.
@safe
final class ObservationArena: @unchecked Sendable {
    /// Bytes of a slot's area: names, then each origin's heads and body.
    static let areaBytes =
        4_096 + 2 * (Limits.observedHeadBytesMax + Limits.observedBodyBytesMax)
    /// What a slot may keep resident when it is free.
    static let keptBytes = 65_536

    private let records: UnsafeMutablePointer<ObservationRecord>
    private let areas: UnsafeMutablePointer<UInt8>
    private let slots: Int
    private let words: SharedWords
    /// One compare thread at a time moves the reader's ends of the rings.
    private let reader = Mutex(())

    init(slots: Int = Limits.observationSlots) {
        self.slots = slots
        let bytes = slots * Self.areaBytes
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
        // SAFETY: the mapping has `bytes` bytes and lives as long as this object.
        _ = unsafe madvise(mapped, bytes, MADV_DONTDUMP)
        unsafe self.areas = unsafe mapped.bindMemory(to: UInt8.self, capacity: bytes)
        unsafe self.records = .allocate(capacity: slots)
        unsafe self.records.initialize(repeating: ObservationRecord(), count: slots)
        self.words = SharedWords(capacity: 64 + 2 * slots)
    }

    deinit {
        unsafe munmap(self.areas, self.slots * Self.areaBytes)
        unsafe self.records.deallocate()
    }

    /// The worker's end.
    ///
    /// Exactly one may be in use, on one thread.
    var view: ObservationView {
        unsafe ObservationView(
            records: self.records,
            areas: self.areas,
            slots: self.slots,
            words: self.words.view
        )
    }

    /// Observations that wait.
    var waiting: Int {
        let words = self.words.view
        return Int(truncatingIfNeeded: words.load(0) &- words.peek(8))
    }

    /// The next slot that a worker has published, or `nil`.
    ///
    /// Any compare thread.
    func take() -> UInt32? {
        self.reader.withLock { _ in
            let words = self.words.view
            let tail = words.peek(8)
            guard words.load(0) != tail else { return nil }
            let slot = words.peek(64 + Int(tail % UInt64(self.slots)))
            words.publish(8, tail &+ 1)
            return UInt32(slot)
        }
    }

    /// What a published slot says.
    ///
    /// Only by the thread that took it.
    func record(_ slot: UInt32) -> ObservationRecord {
        precondition(Int(slot) < self.slots, "slot \(slot)")
        return unsafe self.records[Int(slot)]
    }

    /// A copy of bytes of a published slot's area.
    ///
    /// Only by the thread that took it.
    func bytes(_ slot: UInt32, _ start: Int, _ count: Int) -> [UInt8] {
        precondition(
            Int(slot) < self.slots && start >= 0 && count >= 0 && start + count <= Self.areaBytes,
            "slot \(slot): \(start), \(count)"
        )
        // SAFETY: the range lies inside the slot's area.
        return unsafe Array(
            UnsafeBufferPointer(
                start: self.areas + (Int(slot) * Self.areaBytes + start),
                count: count
            )
        )
    }

    /// Gives a taken slot back to its worker.
    func giveBack(_ slot: UInt32) {
        self.trim(slot)
        self.reader.withLock { _ in
            let words = self.words.view
            let head = words.peek(16)
            words.store(64 + self.slots + Int(head % UInt64(self.slots)), UInt64(slot))
            words.publish(16, head &+ 1)
        }
    }

    /// Returns the pages behind the first few to the kernel.
    private func trim(_ slot: UInt32) {
        let record = self.record(slot)
        let used = Int(max(record.legacy.limit, record.modern.limit))
        guard used > Self.keptBytes else { return }
        // SAFETY: areas are page-aligned (their length is), and nobody else uses the slot now.
        unsafe madvise(
            self.areas + (Int(slot) * Self.areaBytes + Self.keptBytes),
            Self.areaBytes - Self.keptBytes,
            MADV_DONTNEED
        )
    }
}

/// The worker's end of an ``ObservationArena``: plain values only.
@safe
struct ObservationView: BitwiseCopyable {
    private let records: UnsafeMutablePointer<ObservationRecord>
    private let areas: UnsafeMutablePointer<UInt8>
    private let slots: Int
    private let words: SharedWordsView

    @unsafe fileprivate init(
        records: UnsafeMutablePointer<ObservationRecord>,
        areas: UnsafeMutablePointer<UInt8>,
        slots: Int,
        words: SharedWordsView
    ) {
        unsafe self.records = records
        unsafe self.areas = areas
        self.slots = slots
        self.words = words
    }

    /// Slots in all.
    var count: Int { self.slots }

    /// The record of a slot that the worker holds.
    subscript(slot: UInt32) -> ObservationRecord {
        _read {
            precondition(Int(slot) < self.slots, "slot \(slot)")
            yield unsafe self.records[Int(slot)]
        }
        nonmutating _modify {
            precondition(Int(slot) < self.slots, "slot \(slot)")
            yield unsafe &self.records[Int(slot)]
        }
    }

    /// A writer on the part of a slot's area that holds names.
    func writer(_ slot: UInt32) -> ByteWriter {
        precondition(Int(slot) < self.slots, "slot \(slot)")
        // SAFETY: the first 4 KiB of an area are for names.
        return unsafe ByteWriter(
            base: self.areas + Int(slot) &* ObservationArena.areaBytes,
            position: 0,
            capacity: 4_096
        )
    }

    /// Copies bytes into a slot's area.
    func write(_ slot: UInt32, at offset: Int, _ bytes: ByteWindow) {
        precondition(
            Int(slot) < self.slots && offset >= 0
                && offset &+ bytes.count <= ObservationArena.areaBytes,
            "slot \(slot): \(offset), \(bytes.count)"
        )
        // SAFETY: the range lies inside the slot's area, and a window never overlaps it.
        unsafe memcpy(
            self.areas + (Int(slot) &* ObservationArena.areaBytes &+ offset),
            bytes.base,
            bytes.count
        )
    }

    /// Bytes of a slot's area.
    func window(_ slot: UInt32, _ start: Int, _ end: Int) -> ByteWindow {
        precondition(
            Int(slot) < self.slots && start >= 0 && start <= end
                && end <= ObservationArena.areaBytes,
            "slot \(slot): \(start), \(end)"
        )
        // SAFETY: the range lies inside the slot's area, which outlives the worker.
        return unsafe ByteWindow(
            base: self.areas + (Int(slot) &* ObservationArena.areaBytes &+ start),
            count: end &- start
        )
    }

    /// Returns the pages behind the first few of a slot that was long to the kernel.
    func trim(_ slot: UInt32) {
        let record = self[slot]
        guard Int(max(record.legacy.limit, record.modern.limit)) > ObservationArena.keptBytes else {
            return
        }
        // SAFETY: areas are page-aligned (their length is), and the worker holds the slot.
        unsafe madvise(
            self.areas
                + (Int(slot) &* ObservationArena.areaBytes &+ ObservationArena.keptBytes),
            ObservationArena.areaBytes - ObservationArena.keptBytes,
            MADV_DONTNEED
        )
    }

    /// Hands a slot to the compare threads; how many wait now.
    func publish(_ slot: UInt32) -> Int {
        let head = self.words.peek(0)
        self.words.store(64 &+ Int(head % UInt64(self.slots)), UInt64(slot))
        self.words.publish(0, head &+ 1)
        return Int(truncatingIfNeeded: head &+ 1 &- self.words.peek(8))
    }

    /// A slot that the compare threads have given back, or `nil`.
    func reclaim() -> UInt32? {
        let tail = self.words.peek(24)
        guard self.words.load(16) != tail else { return nil }
        let slot = self.words.peek(64 &+ self.slots &+ Int(tail % UInt64(self.slots)))
        self.words.store(24, tail &+ 1)
        return UInt32(truncatingIfNeeded: slot)
    }
}
