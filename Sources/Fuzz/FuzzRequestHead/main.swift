// SPDX-License-Identifier: Apache-2.0
// Any bytes as a request stream: parsing never crashes, whole and piecewise agree, and what is
// written anew reads the same.

import Bytes
import FuzzDriver
import Wire

/// Length of the first head when bytes arrive `piece` at a time; `nil` when refused or incomplete.
private func headLength(_ bytes: [UInt8], piece: Int) -> Int? {
    var available = 0
    var scanned = 0
    while available < bytes.count {
        available = min(bytes.count, available + piece)
        var end: Int?
        do {
            try withWindow(Array(bytes[..<available])) { window in
                end = try requestHeadEnd(window, scannedFrom: scanned)
            }
        } catch {
            return nil
        }
        if let end { return end }
        scanned = available
    }
    return nil
}

private func checkSlots(_ head: ByteWindow, _ fields: borrowing FieldTable) {
    var previous = 0
    for index in 0..<fields.count {
        let slot = fields[index]
        let nameEnd = Int(slot.nameStart) + Int(slot.nameLength)
        precondition(Int(slot.nameStart) >= previous && slot.nameLength > 0)
        precondition(Int(slot.valueStart) > nameEnd && head[nameEnd] == 0x3a)
        precondition(Int(slot.valueStart) + Int(slot.valueLength) <= Int(slot.lineEnd) - 2)
        precondition(Int(slot.lineEnd) <= head.count - 2)
        previous = Int(slot.lineEnd)
    }
}

private func checkRewritten(
    _ head: ByteWindow,
    _ request: RequestHead,
    _ fields: borrowing FieldTable
) {
    func part(_ range: HeadRange) -> ByteWindow {
        head.slice(Int(range.start), Int(range.length))
    }
    let rewritten = written { writer in
        writer.appendRequestLine(
            method: part(request.methodRange),
            path: part(request.path),
            query: request.hasQuery ? part(request.query) : nil
        )
        writer.appendFields(of: head, fields, dropping: FieldMask())
        if request.framing == .chunked { writer.appendChunkedEncoding() }
        if fields.firstIndex(of: .host) == nil { writer.appendField("Host", "a") }
        writer.appendLineBreak()
    }
    guard rewritten.count <= Limits.headBytesMax else { return }
    withWindow(rewritten) { again in
        var table = FieldTable()
        do {
            let reread = try parseRequestHead(again, into: &table)
            precondition(reread.method == request.method)
            // HTTP/1.0 content without chunks, and 1.1 alike
            precondition(reread.framing == request.framing)
            precondition(
                again.slice(Int(reread.path.start), Int(reread.path.length))
                    .equals(part(request.path))
            )
            precondition(
                again.slice(Int(reread.query.start), Int(reread.query.length))
                    .equals(part(request.query))
            )
            var kept = 0
            for index in 0..<fields.count where !fields[index].isHopByHop {
                let slot = fields[index]
                let other = table[kept]
                precondition(other.name == slot.name)
                precondition(
                    again.slice(Int(other.valueStart), Int(other.valueLength)).equals(
                        head.slice(Int(slot.valueStart), Int(slot.valueLength))
                    )
                )
                kept += 1
            }
        } catch WireError.tooManyFields {
            // the fields that were added pass the bound
        } catch WireError.requestLineTooLong {
            // HTTP/1.1 in place of an absolute-form is never longer
            preconditionFailure("a rewritten line grew")
        } catch {
            preconditionFailure("what was written anew is refused: \(error)")
        }
    }
}

func check(_ bytes: [UInt8]) {
    let whole = headLength(bytes, piece: max(bytes.count, 1))
    if bytes.count < 4_096 {
        for piece in [1, 3, 7] {
            let cut = headLength(bytes, piece: piece)
            // Slow bytes may be refused earlier, for an LF without its CR in front of a complete
            // head.
            guard cut != whole else { continue }
            precondition(cut == nil, "a head appeared by cutting")
            withWindow(bytes) { window in
                var fields = FieldTable()
                let end = whole ?? 0
                precondition(
                    (try? parseRequestHead(window.slice(0, end), into: &fields)) == nil,
                    "a good head was refused by cutting"
                )
            }
        }
    }
    withWindow(bytes) { window in
        _ = try? leadingEmptyLines(window)
        var fields = FieldTable()
        // also as a head of exactly these bytes, ended or not
        if let request = try? parseRequestHead(window, into: &fields) {
            checkSlots(window, fields)
            checkRewritten(window, request, fields)
        }
        guard let whole else { return }
        let head = window.slice(0, whole)
        if let request = try? parseRequestHead(head, into: &fields) {
            checkSlots(head, fields)
            checkRewritten(head, request, fields)
        }
    }
}

fuzz(check)
