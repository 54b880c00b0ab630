// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: libFuzzer's bytes are copied before anything else sees them.

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

/// Leak checking off: it takes values behind Swift's tagged pointers for lost.
@_cdecl("__lsan_is_turned_off")
func isLeakCheckingOff() -> CInt { 1 }
