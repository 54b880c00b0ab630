// SPDX-License-Identifier: Apache-2.0
// Any bytes as a client's HTTP/2 connection: no crash, what is told can be parsed, every stream
// that is told of is told gone or still open, and output is bounded by what came in.

import Bytes
import FuzzDriver
import Wire

private let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
private let answer = Array("HTTP/1.1 200 OK\r\nContent-Type: x/y\r\n\r\n".utf8)

/// What the owner of a session does with its events.
private func take(_ session: inout H2Session, _ open: inout Set<Int32>, _ seed: UInt8) {
    while let event = session.nextEvent() {
        switch event.kind {
        case .head:
            precondition(open.insert(event.stream).inserted, "a stream is told twice")
            let text = session.text(event)
            precondition(text.headEnd(from: 0) == text.count, "no head")
            checkHead(text)
            session.setTag(event.stream, UInt32(event.stream))
            act(&session, event, seed)
        case .data:
            precondition(open.contains(event.stream) && event.count > 0)
            if seed & 1 == 0 { session.consume(event.stream, Int(event.count)) }
        case .trailers, .end:
            precondition(open.contains(event.stream))
        case .closed:
            precondition(open.remove(event.stream) != nil, "an end of no stream")
            precondition(event.tag == UInt32(event.stream), "the tag is lost")
        case .goAway, .settings, .pingAcknowledged: break
        }
    }
}

/// A head that is told is one that the parser of HTTP/1.1 takes, but for what has a status.
private func checkHead(_ text: ByteWindow) {
    var fields = FieldTable()
    do throws(WireError) {
        _ = try parseRequestHead(text, into: &fields)
    } catch {
        switch error {
        case .methodRefused, .badExpectation, .badContentLength, .requestLineTooLong, .badMethod,
            .tooManyFields, .badHost:
            break
        default: preconditionFailure("\(error)")
        }
    }
}

private func act(_ session: inout H2Session, _ event: H2Event, _ seed: UInt8) {
    switch (seed &+ UInt8(truncatingIfNeeded: event.stream)) % 5 {
    case 0: session.reset(event.stream, code: 8)
    case 1: break
    default:
        withWindow(answer) { head in
            do throws(H2Error) {
                try session.submitAnswer(event.stream, head: head, endsStream: seed & 2 == 0)
            } catch {}
        }
        session.offer(
            event.stream,
            content.window,
            content.window.slice(0, 100),
            isLast: seed & 4 == 0
        )
        if seed & 8 == 0 {
            withWindow(Array("grpc-status: 0\r\nbad\r\n".utf8)) {
                session.offerTrailers(event.stream, $0)
            }
        }
    }
}

func check(_ bytes: [UInt8]) {
    guard let seed = bytes.first else { return }
    let input = (seed & 0x80 == 0 ? preface : []) + bytes.dropFirst()
    let piece = seed & 0x40 == 0 ? Limits.blockBytes : Int(seed & 0x3f) + 1
    guard var session = try? H2Session(role: .server, limits: H2Limits()) else { return }
    var open: Set<Int32> = []
    var at = 0
    var made = 0
    while at < input.count && !session.isOver {
        let end = min(at + piece, input.count)
        var failed = false
        withWindow(Array(input[at..<end])) { window in
            do throws(H2Error) {
                try session.receive(window, nowMilliseconds: UInt64(at))
            } catch { failed = true }
            take(&session, &open, seed)
        }
        at = end
        while true {
            let output = pulled(&session, room: Limits.blockBytes)
            take(&session, &open, seed)
            for stream in open { _ = session.taken(stream) }
            made += output.count
            if output.isEmpty { break }
        }
        precondition(session.openStreams >= open.count, "streams are lost")
        if failed { break }
    }
    // Each stream offers 40,100 bytes at most once; the rest are answers to frames.
    precondition(made <= 64 * 1_024 + 64 * input.count + 45_000 * (input.count / 10 + 1))
}

fuzz(check)
