// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: a writer's memory outlives the writer; the offered content is never
// freed.

public import Bytes
public import Wire

/// The output of one `pull`; empty when there is none.
public func pulled(_ session: inout H2Session, room: Int) -> [UInt8] {
    unsafe Array(unsafeUninitializedCapacity: room) { buffer, count in
        guard let base = buffer.baseAddress else { return }
        // SAFETY: the buffer has `room` bytes and outlives the writer.
        var writer = unsafe ByteWriter(base: base, position: 0, capacity: room)
        do throws(H2Error) { try session.pull(into: &writer) } catch {}
        count = writer.position
    }
}

/// Content to offer.
public struct Content: @unchecked Sendable {
    /// Bytes that live as long as the process.
    public let window: ByteWindow

    init(count: Int) {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        unsafe memory.initialize(repeating: 0x78, count: count)
        // SAFETY: initialised above, and never freed.
        unsafe self.window = ByteWindow(base: UnsafePointer(memory), count: count)
    }
}

/// The content that every answer and request offers.
public let content = Content(count: 40_000)
