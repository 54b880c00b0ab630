// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: a writer's memory outlives the writer.

public import Bytes

/// What `body` writes.
public func written(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
    let capacity = 1 << 20
    return unsafe Array(unsafeUninitializedCapacity: capacity) { buffer, count in
        guard let base = buffer.baseAddress else { return }
        // SAFETY: the buffer has `capacity` bytes and outlives the writer.
        var writer = unsafe ByteWriter(base: base, position: 0, capacity: capacity)
        body(&writer)
        precondition(!writer.overflowed)
        count = writer.position
    }
}
