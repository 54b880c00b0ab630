// SPDX-License-Identifier: Apache-2.0
// Any bytes as an upstream's HTTP/2 connection: no crash, what is told can be parsed, and every
// request ends at most once.

import Bytes
import FuzzDriver
import Wire

private let requests = [
    "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "POST /b?c HTTP/1.1\r\nHost: a.example\r\nTE: trailers\r\nContent-Length: 40000\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "GET /c HTTP/1.1\r\nHost: a.example\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
].map { Array($0.utf8) }

private func take(_ session: inout H2Session, _ open: inout Set<Int32>) {
    while let event = session.nextEvent() {
        switch event.kind {
        case .head:
            precondition(open.contains(event.stream) && event.tag == 9)
            let text = session.text(event)
            precondition(text.headEnd(from: 0) == text.count, "no head")
            var fields = FieldTable()
            do throws(WireError) {
                _ = try parseResponseHead(text, into: &fields, requestMethod: .get)
            } catch {
                switch error {
                case .badContentLength, .conflictingFraming, .tooManyFields: break
                default: preconditionFailure("\(error)")
                }
            }
        case .data:
            precondition(open.contains(event.stream))
            session.consume(event.stream, Int(event.count))
        case .trailers, .end: precondition(open.contains(event.stream))
        case .closed: precondition(open.remove(event.stream) != nil, "an end of no stream")
        case .goAway, .settings, .pingAcknowledged: break
        }
    }
}

private func ask(_ session: inout H2Session, _ open: inout Set<Int32>) {
    for (index, request) in requests.enumerated() where session.takesRequests {
        withWindow(request) { head in
            do throws(H2Error) {
                let stream = try session.submitRequest(
                    head: head,
                    isSecure: index == 0,
                    endsStream: index != 1,
                    tag: 9
                )
                open.insert(stream)
                if index == 1 {
                    session.offer(stream, content.window, content.window.slice(0, 0), isLast: true)
                }
            } catch {}
        }
    }
}

func check(_ bytes: [UInt8]) {
    guard let seed = bytes.first else { return }
    let input = Array(bytes.dropFirst())
    let piece = seed & 0x40 == 0 ? Limits.blockBytes : Int(seed & 0x3f) + 1
    guard var session = try? H2Session(role: .client, limits: H2Limits()) else { return }
    var open: Set<Int32> = []
    if seed & 0x80 == 0 { ask(&session, &open) }
    while !pulled(&session, room: Limits.blockBytes).isEmpty {}
    var at = 0
    while at < input.count && !session.isOver {
        let end = min(at + piece, input.count)
        var failed = false
        withWindow(Array(input[at..<end])) { window in
            do throws(H2Error) {
                try session.receive(window, nowMilliseconds: UInt64(at))
            } catch { failed = true }
            take(&session, &open)
        }
        if at == 0 { ask(&session, &open) }
        at = end
        while !pulled(&session, room: Limits.blockBytes).isEmpty { take(&session, &open) }
        take(&session, &open)
        precondition(session.openStreams >= open.count, "streams are lost")
        if failed { break }
    }
}

fuzz(check)
