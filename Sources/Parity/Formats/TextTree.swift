// SPDX-License-Identifier: Apache-2.0

/// A text as an array of its lines: CRLF, CR and LF end a line alike, and the last line need not
/// be ended.
///
/// So lines that were put in or left out do not shift all others. `text` is UTF-8.
public func textTree(_ text: [UInt8]) throws(JSONTextError) -> JSONTree {
    var builder = JSONTreeBuilder()
    builder.beginArray()
    var start = 0
    var index = 0
    while index < text.count {
        let byte = text[index]
        guard byte == 0x0A || byte == 0x0D else {
            index += 1
            continue
        }
        builder.string(text[start..<index])
        let isPair = byte == 0x0D && index + 1 < text.count && text[index + 1] == 0x0A
        index += isPair ? 2 : 1
        start = index
    }
    if start < text.count { builder.string(text[start...]) }
    builder.endArray()
    return try builder.finish()
}
