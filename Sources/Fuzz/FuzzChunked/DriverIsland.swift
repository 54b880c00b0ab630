// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: libFuzzer's bytes are copied before anything else sees them, and the
// writer's memory outlives the writer.

import Bytes
import Glibc

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

/// What `body` writes.
func written(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
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
