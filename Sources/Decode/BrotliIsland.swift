// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the decoder reads only the input and writes only into the turn's
// memory, both pinned for one call, and it is destroyed once.

import Bytes
import CBrotli

/// brotli (RFC 7932): windows up to 16 MiB, as the standard has them; no large windows.
func unbrotlied(_ bytes: [UInt8], budget: inout DecodeBudget) throws(DecodeError) -> [UInt8] {
    guard let state = unsafe BrotliDecoderCreateInstance(nil, nil, nil) else {
        throw .memory(.br)
    }
    defer { unsafe BrotliDecoderDestroyInstance(state) }
    var output: [UInt8] = []
    var turn = [UInt8](repeating: 0, count: Limits.decodeTurnBytes)
    var left = bytes.count
    while true {
        var room = turn.count
        // SAFETY: see the invariant; brotli moves the copies of the pointers, not ours.
        let result = unsafe bytes[(bytes.count - left)...].withUnsafeBufferPointer { input in
            unsafe turn.withUnsafeMutableBufferPointer { out in
                var next = input.baseAddress
                var target = out.baseAddress
                return unsafe BrotliDecoderDecompressStream(
                    state,
                    &left,
                    &next,
                    &room,
                    &target,
                    nil
                )
            }
        }
        let made = turn.count - room
        try budget.turn(outputBytes: output.count + made)
        output.append(contentsOf: turn[..<made])
        switch result {
        case BROTLI_DECODER_RESULT_SUCCESS:
            if left > 0 { throw .trailingBytes(.br) }
            return output
        case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: continue
        case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: throw .truncated(.br)
        default:
            // Codes of -21 and below are failed allocations (BROTLI_DECODER_ERROR_CODES_LIST).
            let code = unsafe BrotliDecoderGetErrorCode(state).rawValue
            if (-30 ... -21).contains(code) { throw .memory(.br) }
            throw .corrupt(.br)
        }
    }
}
