// SPDX-License-Identifier: Apache-2.0
// Any bytes as chunked content: the decoder gives the same payload, end and verdict however the
// bytes are cut, and what it gave reads the same after it was chunked anew.

import Bytes
import FuzzDriver
import Wire

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

func check(_ bytes: [UInt8]) {
    guard let seed = bytes.first else { return }
    let input = Array(bytes.dropFirst())
    let whole = decode(input, pieces: [max(input.count, 1)])
    for pieces in [[1], [2, 3], [Int(seed) + 1], [1, Int(seed % 16) + 1, 5]] {
        precondition(decode(input, pieces: pieces) == whole, "cutting changes the content")
    }
    guard whole.isFinished && !whole.payload.isEmpty else { return }
    let rewritten = written { writer in
        writer.appendChunkHeader(whole.payload.count)
        withWindow(whole.payload) { writer.append($0) }
        writer.appendLineBreak()
        writer.appendLastChunk()
    }
    let again = decode(rewritten, pieces: [Int(seed) + 1])
    precondition(
        again.isFinished && again.payload == whole.payload && again.consumed == rewritten.count
    )
}

fuzz(check)
