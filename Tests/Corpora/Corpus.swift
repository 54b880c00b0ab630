// SPDX-License-Identifier: Apache-2.0
import Foundation

/// One row of a corpus file: `EXPECTED | NAME | BYTES`.
public struct CorpusRow: Sendable {
    /// What the row must lead to; the file's first lines say in which words.
    public let expected: String
    /// The situation, unique in its file.
    public let name: String
    /// The bytes to send.
    public let bytes: [UInt8]
}

/// Rows of a file that stands beside this one, such as `requests.txt`.
///
/// Used by the unit tests of the codec and by acceptance tests that send each row to a live edge.
public func corpusRows(_ file: String) throws -> [CorpusRow] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
    return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
        let parts = line.components(separatedBy: " | ")
        guard parts.count >= 3 else { throw CorpusError.notARow(String(line)) }
        return CorpusRow(
            expected: parts[0],
            name: parts[1],
            bytes: try unescaped(parts[2...].joined(separator: " | "))
        )
    }
}

/// A corpus file is not written as its first lines say.
public enum CorpusError: Error {
    /// Fewer than three columns.
    case notARow(String)
    /// An escape that is not one of the list.
    case badEscape(String)
}

/// Bytes of the escapes `\r \n \t \0 \xHH \\` and `{x*N}`; every other character is itself.
private func unescaped(_ text: String) throws -> [UInt8] {
    let input = Array(text.utf8)
    var output: [UInt8] = []
    var at = 0
    while at < input.count {
        if input[at] == UInt8(ascii: "\\"), at + 1 < input.count {
            let simple: [UInt8: UInt8] = [
                UInt8(ascii: "r"): 13, UInt8(ascii: "n"): 10, UInt8(ascii: "t"): 9,
                UInt8(ascii: "0"): 0, UInt8(ascii: "\\"): UInt8(ascii: "\\"),
            ]
            if let byte = simple[input[at + 1]] {
                output.append(byte)
                at += 2
                continue
            }
            guard input[at + 1] == UInt8(ascii: "x"), at + 3 < input.count,
                let byte = UInt8(String(decoding: input[at + 2...at + 3], as: UTF8.self), radix: 16)
            else { throw CorpusError.badEscape(text) }
            output.append(byte)
            at += 4
        } else if input[at] == UInt8(ascii: "{"), at + 3 < input.count,
            input[at + 2] == UInt8(ascii: "*"),
            let close = input[at...].firstIndex(of: UInt8(ascii: "}")),
            let count = Int(String(decoding: input[at + 3..<close], as: UTF8.self))
        {
            output.append(contentsOf: repeatElement(input[at + 1], count: count))
            at = close + 1
        } else {
            output.append(input[at])
            at += 1
        }
    }
    return output
}
