// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Whether some tag has more attributes than `Limits.xmlAttributesMax`.
///
/// libxml2 compares each attribute of a tag with all others before it tells anybody of the tag, so
/// this is asked before it reads. Comments, CDATA and instructions are skipped; what is not XML is
/// left to the parser.
func hasTooManyAttributes(_ text: [UInt8]) -> Bool {
    var index = 0
    while index < text.count {
        guard text[index] == UInt8(ascii: "<") else {
            index += 1
            continue
        }
        if let end = skipped(text, at: index) {
            index = end
            continue
        }
        var count = 0
        var quote: UInt8 = 0
        index += 1
        while index < text.count {
            let byte = text[index]
            if quote != 0 {
                if byte == quote { quote = 0 }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
                count += 1
                if count > Limits.xmlAttributesMax { return true }
            } else if byte == UInt8(ascii: ">") {
                break
            }
            index += 1
        }
    }
    return false
}

/// Behind a comment, CDATA section or instruction that begins at `index`; `nil`: none does.
private func skipped(_ text: [UInt8], at index: Int) -> Int? {
    for (open, close) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")]
    where text[index...].starts(with: open.utf8) {
        let end = Array(close.utf8)
        var here = index + open.utf8.count
        while here + end.count <= text.count {
            if text[here] == end[0], text[here..<here + end.count].elementsEqual(end) {
                return here + end.count
            }
            here += 1
        }
        return text.count
    }
    return nil
}
