// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: the decoder reads only the input and writes only into the turn's
// memory, both pinned for one call, and it is freed once.

import Bytes
import CZstd

/// zstd (RFC 8878): all frames, skippable ones too; windows up to 8 MiB (RFC 9659); no
/// dictionaries.
func unzstandarded(_ bytes: [UInt8], budget: inout DecodeBudget) throws(DecodeError) -> [UInt8] {
    guard let state = unsafe ZSTD_createDCtx() else { throw .memory(.zstd) }
    defer { unsafe ZSTD_freeDCtx(state) }
    let bound = CInt(Limits.zstdWindowLogMax)
    let set = unsafe ZSTD_DCtx_setParameter(state, ZSTD_d_windowLogMax, bound)
    if ZSTD_isError(set) != 0 { throw .memory(.zstd) }
    var output: [UInt8] = []
    var turn = [UInt8](repeating: 0, count: Limits.decodeTurnBytes)
    var position = 0
    while true {
        var made = 0
        // SAFETY: see the invariant; the sizes are those of the pinned arrays.
        let result = unsafe bytes.withUnsafeBytes { input in
            unsafe turn.withUnsafeMutableBytes { room in
                var source = unsafe ZSTD_inBuffer(
                    src: input.baseAddress,
                    size: input.count,
                    pos: position
                )
                var target = unsafe ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
                let result = unsafe ZSTD_decompressStream(state, &target, &source)
                unsafe position = source.pos
                unsafe made = target.pos
                return result
            }
        }
        if ZSTD_isError(result) != 0 {
            // ZSTD_error_frameParameter_windowTooLarge and ZSTD_error_memory_allocation.
            let code = 0 &- result
            throw code == 16 || code == 64 ? .memory(.zstd) : .corrupt(.zstd)
        }
        try budget.turn(outputBytes: output.count + made)
        output.append(contentsOf: turn[..<made])
        if result == 0, position == bytes.count { return output }
        // Nothing more to read, and it did not fill its room: it waits for input that is not there.
        if result != 0, position == bytes.count, made < turn.count { throw .truncated(.zstd) }
    }
}
