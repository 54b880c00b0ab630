// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: `slots[i]` is initialised exactly when `isOpen[i]`; the arena behind it
// is mapped once and never moved.

import Bytes
import Glibc

/// The sessions of one worker by connection index; memory only for touched pages.
@safe
public struct H2SessionTable: ~Copyable {
    private let slots: UnsafeMutablePointer<H2Session>
    private let fields: UnsafeMutablePointer<H2FieldList>
    private var isOpen: SparseArena<UInt8>
    /// Indices in all.
    public let capacity: Int
    /// Sessions that are open.
    public private(set) var count = 0
    /// One behind the highest index ever used.
    private var touched = 0

    /// Reserves addresses for `capacity` sessions.
    ///
    /// Traps when they cannot be had.
    public init(capacity: Int) {
        precondition(capacity > 0, "\(capacity) sessions")
        let bytes = capacity * MemoryLayout<H2Session>.stride
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
        unsafe self.slots = unsafe mapped.bindMemory(to: H2Session.self, capacity: capacity)
        unsafe self.fields = .allocate(capacity: 1)
        unsafe self.fields.initialize(to: H2FieldList())
        self.isOpen = SparseArena(capacity: capacity)
        self.capacity = capacity
    }

    deinit {
        for index in 0..<self.touched where self.isOpen[index] != 0 {
            unsafe (self.slots + index).deinitialize(count: 1)
        }
        unsafe self.fields.deinitialize(count: 1)
        unsafe self.fields.deallocate()
        unsafe munmap(self.slots, self.capacity * MemoryLayout<H2Session>.stride)
    }

    /// Opens the session of a connection that has none; traps when it has one.
    public mutating func open(
        _ index: UInt32,
        role: H2Role,
        limits: H2Limits
    ) throws(H2Error) {
        precondition(self.isOpen[Int(index)] == 0, "connection \(index) has a session")
        let session = try unsafe H2Session(role: role, limits: limits, fields: self.fields)
        // SAFETY: the slot is inside, and empty.
        unsafe (self.slots + Int(index)).initialize(to: session)
        self.isOpen[Int(index)] = 1
        self.touched = max(self.touched, Int(index) + 1)
        self.count += 1
    }

    /// Frees the session of a connection, if it has one.
    public mutating func close(_ index: UInt32) {
        guard self.isOpen[Int(index)] != 0 else { return }
        unsafe (self.slots + Int(index)).deinitialize(count: 1)
        self.isOpen[Int(index)] = 0
        self.count -= 1
    }

    /// Whether the connection has a session.
    public func isOpen(_ index: UInt32) -> Bool { self.isOpen[Int(index)] != 0 }

    /// The session of a connection; traps when it has none.
    public subscript(index: UInt32) -> H2Session {
        _read {
            precondition(self.isOpen[Int(index)] != 0, "connection \(index) has no session")
            // SAFETY: initialised, as its mark says.
            yield unsafe self.slots[Int(index)]
        }
        _modify {
            precondition(self.isOpen[Int(index)] != 0, "connection \(index) has no session")
            // SAFETY: initialised, as its mark says.
            yield unsafe &self.slots[Int(index)]
        }
    }
}
