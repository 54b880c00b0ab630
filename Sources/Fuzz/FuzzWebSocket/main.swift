// SPDX-License-Identifier: Apache-2.0
// Any bytes as an upgrade and as the frames behind it. The first byte picks what is looked at:
// a request that asks, an answer that switches, or frames of a client or a server.

import Bytes
import FuzzDriver
import Wire

/// A request is asked about twice: as it came, and as Banyan would send it on.
private func checkRequest(_ bytes: [UInt8]) {
    withWindow(bytes) { head in
        var fields = FieldTable()
        guard let request = try? parseRequestHead(head, into: &fields) else { return }
        let token = upgradeToken(head, fields, request)
        guard asksForWebSocket(head, fields, request) else { return }
        precondition(request.method == .get && request.framing == .none)
        precondition(request.versionMinor == 1 && request.asksForUpgrade)
        if let token { precondition(token.length > 0 && token.end <= head.count) }
        let sent = written { writer in
            writer.append("GET / HTTP/1.1\r\nhost: x\r\n")
            writer.appendFields(of: head, fields, dropping: FieldMask().inserting(.host))
            writer.append("connection: upgrade\r\nupgrade: websocket\r\n\r\n")
        }
        guard sent.count <= Limits.headBytesMax else { return }
        withWindow(sent) { again in
            var table = FieldTable()
            guard let reread = try? parseRequestHead(again, into: &table) else {
                precondition(fields.count + 3 > Limits.headerFieldsMax, "refused when sent on")
                return
            }
            precondition(asksForWebSocket(again, table, reread), "asks no more when sent on")
        }
    }
}

private func checkAnswer(_ bytes: [UInt8]) {
    withWindow(bytes) { head in
        var fields = FieldTable()
        guard let answer = try? parseResponseHead(head, into: &fields, requestMethod: .get),
            switchesToWebSocket(head, fields, answer)
        else { return }
        precondition(answer.status == 101 && answer.framing == .none && answer.versionMinor == 1)
        withWindow(Array("WebSocket".utf8)) { token in
            precondition(switchesProtocol(head, fields, answer, to: token))
        }
    }
}

/// Boundaries do not depend on how the bytes are cut, and every byte is taken once.
private func checkFrames(_ bytes: [UInt8], isFromClient: Bool) {
    func boundaries(_ step: Int, _ boundary: FrameBoundary) -> [Int] {
        var tracker = FrameTracker(isFromClient: isFromClient)
        var found: [Int] = []
        var at = 0
        while at < bytes.count {
            let part = Array(bytes[at..<min(at + step, bytes.count)])
            let taken = withWindow(part) { tracker.take($0, upTo: boundary) }
            precondition(taken > 0 && taken <= part.count)
            at += taken
            if tracker.isAt(boundary) { found.append(at) }
        }
        return found
    }
    let frames = boundaries(max(bytes.count, 1), .frame)
    let messages = boundaries(max(bytes.count, 1), .message)
    precondition(Set(messages).isSubset(of: frames))
    guard bytes.count < 4_096 else { return }
    for step in [1, 3, 14] {
        precondition(boundaries(step, .frame) == frames)
        precondition(boundaries(step, .message) == messages)
    }
}

func check(_ bytes: [UInt8]) {
    guard let selector = bytes.first else { return }
    let input = Array(bytes.dropFirst())
    switch selector % 4 {
    case 0: checkRequest(input)
    case 1: checkAnswer(input)
    case 2: checkFrames(input, isFromClient: true)
    default: checkFrames(input, isFromClient: false)
    }
}

fuzz(check)
