// SPDX-License-Identifier: Apache-2.0

import Bytes

/// A message head of the control plane: its first line in three parts, and its fields.
///
/// Strict where it matters for framing (RFC 9112 2.2, 5.1): no bare CR or LF, no folding, no space
/// before the colon. Peers are local tools and scrapers, so nothing here is tuned.
struct ControlHead {
    /// Method and target of a request, version and status of an answer, and what follows.
    var firstLine: [String]
    var fields: [ControlField]

    /// All values of a field, lists split at commas.
    func values(_ name: String) -> [String] {
        self.fields.filter { $0.name.lowercased() == name }.flatMap { field in
            field.value.split(separator: ",", omittingEmptySubsequences: false).map {
                trimmed($0[...])
            }
        }
    }

    /// Takes a whole head off the front of `bytes`; `nil` when its end has not come yet.
    static func parse(_ bytes: inout [UInt8]) throws(ControlMessageError) -> ControlHead? {
        while bytes.starts(with: [0x0d, 0x0a]) { bytes.removeFirst(2) }
        guard let end = withWindow(bytes, { $0.headEnd(from: 0) }) else { return nil }
        guard end <= Limits.headBytesMax else {
            throw .refused(431, "the head is longer than \(Limits.headBytesMax) bytes")
        }
        let head = bytes[..<(end - 4)]
        guard let text = String(validating: head, as: UTF8.self),
            head.allSatisfy({ $0 != 0 && $0 != 0x7f })
        else { throw .refused(400, "the head holds bytes that are not text") }
        bytes.removeFirst(end)
        var lines: [Substring] = []
        for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
            lines.append(Substring(line))
        }
        for index in lines.indices.dropLast() {
            guard lines[index].unicodeScalars.last == "\r" else {
                throw .refused(400, "a line does not end in CRLF")
            }
            lines[index] = Substring(lines[index].unicodeScalars.dropLast())
        }
        guard !lines.contains(where: { $0.unicodeScalars.contains("\r") }) else {
            throw .refused(400, "a bare CR")
        }
        return try ControlHead.parse(lines: lines)
    }

    private static func parse(lines: [Substring]) throws(ControlMessageError) -> ControlHead {
        guard lines.count <= Limits.headerFieldsMax + 1 else {
            throw .refused(431, "more than \(Limits.headerFieldsMax) fields")
        }
        var fields: [ControlField] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
                line[..<colon].utf8.allSatisfy(isTokenByte)
            else { throw .refused(400, "a field is not NAME: VALUE") }
            fields.append(
                ControlField(
                    String(line[..<colon]),
                    trimmed(line[line.index(after: colon)...])
                )
            )
        }
        let parts = (lines.first ?? "").split(
            separator: " ",
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
        guard parts.count >= 2 else { throw .refused(400, "the first line has too few parts") }
        return ControlHead(firstLine: parts.map(String.init), fields: fields)
    }
}

private func trimmed(_ text: Substring) -> String {
    var scalars = text.unicodeScalars[...]
    while scalars.first == " " || scalars.first == "\t" { scalars.removeFirst() }
    while scalars.last == " " || scalars.last == "\t" { scalars.removeLast() }
    return String(scalars)
}

/// RFC 9110 5.6.2.
private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e...0x60, 0x7c, 0x7e: true
    default: false
    }
}
