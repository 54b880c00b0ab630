// SPDX-License-Identifier: Apache-2.0
// Any bytes as a response head: parsing never crashes, whole and piecewise agree, and what is
// written anew reads the same. The first byte picks the method that is answered.

import Bytes
import FuzzDriver
import Wire

/// Length of the head when bytes arrive `piece` at a time; `nil` when refused or incomplete.
private func headLength(_ bytes: [UInt8], piece: Int) -> Int? {
    var available = 0
    var scanned = 0
    while available < bytes.count {
        available = min(bytes.count, available + piece)
        var end: Int?
        do {
            try withWindow(Array(bytes[..<available])) { window in
                end = try responseHeadEnd(window, scannedFrom: scanned)
            }
        } catch {
            return nil
        }
        if let end { return end }
        scanned = available
    }
    return nil
}

private func checkRewritten(
    _ head: ByteWindow,
    _ response: ResponseHead,
    _ fields: borrowing FieldTable,
    _ method: MethodToken
) {
    let rewritten = written { writer in
        writer.appendStatusLine(
            status: response.status,
            reason: head.slice(Int(response.reason.start), Int(response.reason.length))
        )
        writer.appendFields(of: head, fields, dropping: FieldMask())
        if response.framing == .chunked { writer.appendChunkedEncoding() }
        writer.appendConnection(keepsAlive: response.keepsAlive, peerVersionMinor: 1)
        writer.appendLineBreak()
    }
    guard rewritten.count <= Limits.headBytesMax else { return }
    withWindow(rewritten) { again in
        var table = FieldTable()
        do {
            let reread = try parseResponseHead(again, into: &table, requestMethod: method)
            precondition(reread.status == response.status)
            precondition(reread.framing == response.framing)
            precondition(reread.contentLength == response.contentLength)
            precondition(reread.keepsAlive == response.keepsAlive)
            precondition(reread.reason.length == response.reason.length)
        } catch WireError.tooManyFields {
            // the fields that were added pass the bound
        } catch {
            preconditionFailure("what was written anew is refused: \(error)")
        }
    }
}

func check(_ bytes: [UInt8]) {
    guard let selector = bytes.first else { return }
    let method = MethodToken(rawValue: selector % 10) ?? .other
    let input = Array(bytes.dropFirst())
    let whole = headLength(input, piece: max(input.count, 1))
    withWindow(input) { window in
        var fields = FieldTable()
        if let whole {
            let head = window.slice(0, whole)
            if let response = try? parseResponseHead(head, into: &fields, requestMethod: method) {
                for index in 0..<fields.count {
                    let slot = fields[index]
                    precondition(Int(slot.lineEnd) <= head.count - 2 && slot.nameLength > 0)
                }
                checkRewritten(head, response, fields, method)
                if input.count < 4_096 {
                    for piece in [1, 3, 7] {
                        precondition(headLength(input, piece: piece) == whole)
                    }
                }
            }
        }
        _ = try? parseResponseHead(window, into: &fields, requestMethod: method)
    }
}

fuzz(check)
