// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: libFuzzer's bytes are copied before anything else sees them; `checkOne`
// is set once, before libFuzzer begins.

import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ oneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// A C function carries no closure, so what it calls stands here.
private nonisolated(unsafe) var checkOne: ([UInt8]) -> Void = { _ in }

/// Hands every input of libFuzzer to `check`; does not return.
public func fuzz(_ check: @escaping ([UInt8]) -> Void) -> Never {
    unsafe checkOne = check
    var argumentCount = CommandLine.argc
    // SAFETY: argc and argv live as long as the process.
    var arguments = unsafe CommandLine.unsafeArgv
    exit(
        unsafe runDriver(&argumentCount, &arguments) { data, count in
            // SAFETY: libFuzzer gives `count` readable bytes at `data`.
            unsafe checkOne(Array(UnsafeBufferPointer(start: data, count: count)))
            return 0
        }
    )
}
