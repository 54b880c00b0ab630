// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: zlib reads only the input that outlives the call and writes only into
// the turn's memory, and a stream that was begun is ended.

import Bytes
import CZlib

/// gzip (RFC 1952): all members, zero bytes between and after them skipped as gunzip does.
func gunzipped(_ bytes: [UInt8], budget: inout DecodeBudget) throws(DecodeError) -> [UInt8] {
    var output: [UInt8] = []
    var position = 0
    repeat {
        position += try inflateMember(
            bytes,
            from: position,
            form: .gzip,
            into: &output,
            budget: &budget
        )
        while position < bytes.count, bytes[position] == 0 { position += 1 }
        if position < bytes.count, bytes[position] != 0x1F { throw .trailingBytes(.gzip) }
    } while position < bytes.count
    return output
}

/// deflate: zlib's form (RFC 1950) as the standard says, else raw (RFC 1951) as some servers do.
func inflated(_ bytes: [UInt8], budget: inout DecodeBudget) throws(DecodeError) -> [UInt8] {
    // RFC 1950 2.2: method 8, and both bytes together a multiple of 31.
    let isWrapped =
        bytes.count >= 2 && bytes[0] & 0x0F == 8
        && (Int(bytes[0]) << 8 | Int(bytes[1])).isMultiple(of: 31)
    var output: [UInt8] = []
    let used = try inflateMember(
        bytes,
        from: 0,
        form: isWrapped ? .zlib : .raw,
        into: &output,
        budget: &budget
    )
    if used != bytes.count { throw .trailingBytes(.deflate) }
    return output
}

/// What stands around the compressed blocks; the raw value is zlib's `windowBits`.
private enum InflateForm: CInt {
    case gzip = 31
    case zlib = 15
    case raw = -15

    var coding: ContentCoding { self == .gzip ? .gzip : .deflate }
}

/// Decodes one member that begins at `start`; returns how many bytes it has.
private func inflateMember(
    _ bytes: [UInt8],
    from start: Int,
    form: InflateForm,
    into output: inout [UInt8],
    budget: inout DecodeBudget
) throws(DecodeError) -> Int {
    var stream = unsafe z_stream()
    let size = unsafe CInt(MemoryLayout<z_stream>.size)
    guard unsafe inflateInit2_(&stream, form.rawValue, ZLIB_VERSION, size) == Z_OK else {
        throw .memory(form.coding)
    }
    defer { _ = unsafe inflateEnd(&stream) }
    var turn = [UInt8](repeating: 0, count: Limits.decodeTurnBytes)
    while true {
        let position = unsafe start + Int(stream.total_in)
        // SAFETY: both pointers are set anew for each call and point into arrays that are pinned
        // for its length; zlib keeps its window in memory of its own.
        let result = unsafe bytes[position...].withUnsafeBufferPointer { input in
            unsafe turn.withUnsafeMutableBufferPointer { room in
                unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = room.baseAddress
                unsafe stream.avail_out = UInt32(room.count)
                return unsafe inflate(&stream, Z_NO_FLUSH)
            }
        }
        let made = unsafe turn.count - Int(stream.avail_out)
        try budget.turn(outputBytes: output.count + made)
        output.append(contentsOf: turn[..<made])
        switch result {
        case Z_STREAM_END: return unsafe Int(stream.total_in)
        case Z_OK, Z_BUF_ERROR:
            // All input read and room left: more would have come if it were there.
            let isStarved = unsafe stream.avail_in == 0 && stream.avail_out > 0
            if isStarved { throw .truncated(form.coding) }
        case Z_MEM_ERROR: throw .memory(form.coding)
        default: throw .corrupt(form.coding)
        }
    }
}
