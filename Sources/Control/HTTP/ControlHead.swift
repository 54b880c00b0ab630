// SPDX-License-Identifier: Apache-2.0

import Bytes
import Wire

/// A message head of the control plane: its first line in three parts, and its fields.
///
/// Parsed by Wire, as strictly as clients' requests; copied into texts: peers are local tools
/// and scrapers and nothing here is tuned.
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

    /// Takes a whole request head off the front of `bytes`; `nil` when its end has not come yet.
    static func takeRequest(_ bytes: inout [UInt8]) throws(ControlMessageError) -> ControlHead? {
        try ControlHead.take(&bytes) { window, fields throws(WireError) in
            let skipped = try leadingEmptyLines(window)
            let rest = window.slice(skipped, window.count - skipped)
            guard let end = try requestHeadEnd(rest, scannedFrom: 0) else { return nil }
            let head = rest.slice(0, end)
            let request = try parseRequestHead(head, into: &fields)
            func text(_ range: HeadRange) -> String {
                head.slice(Int(range.start), Int(range.length)).text
            }
            let query = request.hasQuery ? "?" + text(request.query) : ""
            let line = [
                text(request.methodRange), text(request.path) + query,
                "HTTP/1.\(request.versionMinor)",
            ]
            return Taken(line: line, head: head, length: skipped + end)
        }
    }

    /// Takes a whole answer head off the front of `bytes`; `nil` when its end has not come yet.
    static func takeAnswer(
        _ bytes: inout [UInt8],
        to method: MethodToken
    ) throws(ControlMessageError) -> ControlHead? {
        try ControlHead.take(&bytes) { window, fields throws(WireError) in
            guard let end = try responseHeadEnd(window, scannedFrom: 0) else { return nil }
            let head = window.slice(0, end)
            let answer = try parseResponseHead(head, into: &fields, requestMethod: method)
            return Taken(
                line: ["HTTP/1.\(answer.versionMinor)", "\(answer.status)"],
                head: head,
                length: end
            )
        }
    }

    /// What a parser has taken: the first line's parts, the head's bytes, and how many in all.
    private struct Taken {
        var line: [String]
        var head: ByteWindow
        var length: Int
    }

    private static func take(
        _ bytes: inout [UInt8],
        _ parse: (ByteWindow, inout FieldTable) throws(WireError) -> Taken?
    ) throws(ControlMessageError) -> ControlHead? {
        guard !bytes.isEmpty else { return nil }
        var fields = FieldTable()
        var length = 0
        let result = withWindow(bytes) { window -> Result<ControlHead?, ControlMessageError> in
            do throws(WireError) {
                guard let taken = try parse(window, &fields) else { return .success(nil) }
                length = taken.length
                var list: [ControlField] = []
                for index in 0..<fields.count {
                    let slot = fields[index]
                    list.append(
                        ControlField(
                            taken.head.slice(Int(slot.nameStart), Int(slot.nameLength)).text,
                            taken.head.slice(Int(slot.valueStart), Int(slot.valueLength)).text
                        )
                    )
                }
                return .success(ControlHead(firstLine: taken.line, fields: list))
            } catch {
                return .failure(.refused(Int(error.status), "\(error)"))
            }
        }
        let head = try result.get()
        bytes.removeFirst(length)
        return head
    }
}

private func trimmed(_ text: Substring) -> String {
    var scalars = text.unicodeScalars[...]
    while scalars.first == " " || scalars.first == "\t" { scalars.removeFirst() }
    while scalars.last == " " || scalars.last == "\t" { scalars.removeLast() }
    return String(scalars)
}
