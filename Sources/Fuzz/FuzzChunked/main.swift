// SPDX-License-Identifier: Apache-2.0
// Any bytes as chunked content: the decoder gives the same payload, end and verdict however the
// bytes are cut, and what it gave reads the same after it was chunked anew.

import Bytes
import Glibc
import Wire

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argc: UnsafeMutablePointer<CInt>,
    _ argv: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private struct Outcome: Equatable {
    var payload: [UInt8] = []
    var consumed = 0
    var isFinished = false
    var error: WireError?
}

/// Decodes pieces whose sizes repeat `pieces`.
private func decode(_ bytes: [UInt8], pieces: [Int]) -> Outcome {
    var outcome = Outcome()
    var decoder = ChunkedDecoder()
    var turn = 0
    while outcome.consumed < bytes.count && !decoder.isFinished {
        let start = outcome.consumed
        let end = min(bytes.count, start + pieces[turn % pieces.count])
        turn += 1
        withWindow(Array(bytes[start..<end])) { window in
            do throws(WireError) {
                let step = try decoder.step(window)
                precondition(step.consumed > 0 && step.consumed <= window.count)
                precondition(step.payloadStart + step.payloadLength <= step.consumed)
                precondition(step.isFinished == decoder.isFinished)
                outcome.payload += window.slice(step.payloadStart, step.payloadLength).array
                outcome.consumed += step.consumed
            } catch {
                outcome.error = error
            }
        }
        if outcome.error != nil {
            // how much payload was handed out before the fault depends on the cuts
            outcome.payload = []
            outcome.consumed = 0
            break
        }
    }
    outcome.isFinished = decoder.isFinished
    return outcome
}

private func check(_ bytes: [UInt8]) {
    guard let seed = bytes.first else { return }
    let input = Array(bytes.dropFirst())
    let whole = decode(input, pieces: [max(input.count, 1)])
    for pieces in [[1], [2, 3], [Int(seed) + 1], [1, Int(seed % 16) + 1, 5]] {
        precondition(decode(input, pieces: pieces) == whole, "cutting changes the content")
    }
    guard whole.isFinished && !whole.payload.isEmpty else { return }
    var memory = [UInt8](repeating: 0, count: whole.payload.count + 64)
    let count = withWindow(whole.payload) { payload in
        unsafe memory.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            var writer = unsafe ByteWriter(base: base, position: 0, capacity: buffer.count)
            writer.appendChunkHeader(payload.count)
            writer.append(payload)
            writer.appendLineBreak()
            writer.appendLastChunk()
            precondition(!writer.overflowed)
            return writer.position
        }
    }
    let again = decode(Array(memory[..<count]), pieces: [Int(seed) + 1])
    precondition(again.isFinished && again.payload == whole.payload && again.consumed == count)
}

// SAFETY: libFuzzer gives `count` bytes at `data`, and argc and argv outlive the driver.
var argumentCount = CommandLine.argc
var arguments = unsafe CommandLine.unsafeArgv
exit(
    unsafe runDriver(&argumentCount, &arguments) { data, count in
        unsafe check(Array(UnsafeBufferPointer(start: data, count: count)))
        return 0
    }
)
