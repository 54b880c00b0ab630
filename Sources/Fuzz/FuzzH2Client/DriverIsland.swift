// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: libFuzzer's bytes are copied before anything else sees them, and the
// writer's memory outlives the writer.

import Bytes
import Glibc
import Wire

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ oneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Hands every input of libFuzzer to `check`; does not return.
func fuzz() -> Never {
    var argumentCount = CommandLine.argc
    // SAFETY: argc and argv live as long as the process.
    var arguments = unsafe CommandLine.unsafeArgv
    exit(
        unsafe runDriver(&argumentCount, &arguments) { data, count in
            // SAFETY: libFuzzer gives `count` readable bytes at `data`.
            unsafe check(Array(UnsafeBufferPointer(start: data, count: count)))
            return 0
        }
    )
}

/// The output of one `pull`; empty when there is none.
func pulled(_ session: inout H2Session, room: Int) -> [UInt8] {
    unsafe Array(unsafeUninitializedCapacity: room) { buffer, count in
        guard let base = buffer.baseAddress else { return }
        // SAFETY: the buffer has `room` bytes and outlives the writer.
        var writer = unsafe ByteWriter(base: base, position: 0, capacity: room)
        do throws(H2Error) { try session.pull(into: &writer) } catch {}
        count = writer.position
    }
}

/// Content to offer.
struct Content: @unchecked Sendable {
    /// Bytes that live as long as the process.
    let window: ByteWindow

    init(count: Int) {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        unsafe memory.initialize(repeating: 0x78, count: count)
        // SAFETY: initialised above, and never freed.
        unsafe self.window = ByteWindow(base: UnsafePointer(memory), count: count)
    }
}

/// The content that every answer and request offers.
let content = Content(count: 40_000)
