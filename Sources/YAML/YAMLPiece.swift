// SPDX-License-Identifier: Apache-2.0

import Documents

/// A part of a file that begins at a line start.
struct YAMLPiece: Equatable {
    /// Its first byte.
    var offset: Int
    /// Its first line, from 1.
    var line: Int
}

/// The first document that begins after this piece's first line and after the line of an error;
/// the end of the file when there is none.
func nextPiece(_ bytes: [UInt8], after piece: YAMLPiece, errorLine: Int) -> YAMLPiece {
    var next = piece
    while let end = bytes[next.offset...].firstIndex(of: 0x0a) {
        next = YAMLPiece(offset: end + 1, line: next.line + 1)
        // libfyaml may notice an error only at the mark that ends the document.
        guard next.line >= errorLine, next.offset + 3 <= bytes.count else { continue }
        let isMark = bytes[next.offset..<next.offset + 3].allSatisfy { $0 == 0x2d }
        let isWhole = next.offset + 3 == bytes.count || bytes[next.offset + 3] <= 0x20
        if isMark, isWhole { return next }
    }
    return YAMLPiece(offset: bytes.count, line: next.line)
}

/// The first place that is not UTF-8 or is a control character; libfyaml never sees those.
///
/// A byte order mark is one of them: it would shift every column of the first line. So is a
/// carriage return without line feed, which some readers take for the end of a line and others do
/// not.
func firstUnreadablePlace(_ bytes: [UInt8]) -> (text: String, position: SourcePosition)? {
    let isText = String(validating: bytes, as: UTF8.self) != nil
    let isControlled = bytes.indices.contains { index in
        isRefusedControl(UInt32(bytes[index])) || isLoneReturn(bytes, index)
    }
    let hasMark = bytes.starts(with: [0xef, 0xbb, 0xbf])
    guard !isText || isControlled || hasMark else { return nil }
    var position = SourcePosition(line: 1, column: 1)
    let scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
        if scalar == "\u{FFFD}", !isText { return ("bytes that are not UTF-8", position) }
        if scalar == "\u{FEFF}" { return ("a byte order mark", position) }
        if isRefusedControl(scalar.value) { return ("a control character", position) }
        if scalar == "\r", index + 1 == scalars.count || scalars[index + 1] != "\n" {
            return ("a carriage return without line feed", position)
        }
        if scalar == "\n" {
            position = SourcePosition(line: position.line + 1, column: 1)
        } else {
            position.column += 1
        }
    }
    return ("bytes that are not UTF-8", SourcePosition(line: 1, column: 1))
}

private func isLoneReturn(_ bytes: [UInt8], _ index: Int) -> Bool {
    bytes[index] == 0x0d && (index + 1 == bytes.count || bytes[index + 1] != 0x0a)
}

private func isRefusedControl(_ value: UInt32) -> Bool {
    value == 0x7f || (value < 0x20 && value != 0x09 && value != 0x0a && value != 0x0d)
}
