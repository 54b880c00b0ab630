// SPDX-License-Identifier: Apache-2.0
import Bytes
import Wire

/// What a session told, with its bytes.
struct H2Seen: Equatable {
    var kind: H2EventKind
    var stream: Int32
    var tag: UInt32 = .max
    var code: UInt32 = 0
    var endsStream = false
    var extendedConnect = false
    var text = ""
}

/// A session with the loop of its owner: what it told is kept, content is consumed when asked.
final class H2Peer {
    var session: H2Session
    var seen: [H2Seen] = []
    var now: UInt64 = 1
    var consumes = true
    var failure: H2Error?
    /// Bytes that offers point to: kept for the peer's life.
    private var kept: [UnsafeMutablePointer<UInt8>] = []

    init(_ role: H2Role, _ limits: H2Limits = H2Limits()) throws {
        self.session = try H2Session(role: role, limits: limits)
    }

    deinit { for memory in self.kept { memory.deallocate() } }

    /// Hands bytes in, in pieces of at most a block.
    func receive(_ bytes: [UInt8], pieces: Int = Limits.blockBytes) {
        var at = 0
        while at < bytes.count && self.failure == nil {
            let end = min(at + pieces, bytes.count)
            withWindow(Array(bytes[at..<end])) { window in
                do throws(H2Error) {
                    try self.session.receive(window, nowMilliseconds: self.now)
                } catch { self.failure = error }
                self.drain(window)
            }
            at = end
        }
    }

    private func drain(_ window: ByteWindow?) {
        while let event = self.session.nextEvent() {
            var seen = H2Seen(kind: event.kind, stream: event.stream, tag: event.tag)
            seen.code = event.code
            seen.endsStream = event.endsStream
            seen.extendedConnect = event.extendedConnect
            switch event.kind {
            case .head, .trailers: seen.text = self.session.text(event).text
            case .data:
                seen.text =
                    window?.slice(Int(event.offset), Int(event.count)).text ?? "content of no read"
                if self.consumes { self.session.consume(event.stream, Int(event.count)) }
            default: break
            }
            self.seen.append(seen)
        }
    }

    /// All that waits to be sent, made in blocks of `room`.
    func output(room: Int = Limits.blockBytes) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
            defer { memory.deallocate() }
            var writer = ByteWriter(base: memory, position: 0, capacity: room)
            do throws(H2Error) {
                try self.session.pull(into: &writer)
            } catch { self.failure = error }
            bytes += Array(UnsafeBufferPointer(start: memory, count: writer.position))
            self.drain(nil)
            if writer.position == 0 { return bytes }
        }
    }

    /// What was told since the last call.
    func take() -> [H2Seen] {
        defer { self.seen = [] }
        return self.seen
    }

    /// A window that lives as long as the peer.
    func keep(_ text: String) -> ByteWindow {
        let bytes = Array(text.utf8)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        memory.update(from: bytes, count: bytes.count)
        self.kept.append(memory)
        return ByteWindow(base: memory, count: bytes.count)
    }

    func request(_ head: String, ends: Bool = true, tag: UInt32 = 7) throws -> Int32 {
        try self.session.submitRequest(
            head: self.keep(head),
            isSecure: false,
            endsStream: ends,
            tag: tag
        )
    }

    // Macros cannot look into what is not copyable.
    func taken(_ stream: Int32) -> Int { self.session.taken(stream) }
    var isInHead: Bool { self.session.isInHead }
    func isFinished(_ stream: Int32) -> Bool { self.session.isFinished(stream) }
    var openStreams: Int { self.session.openStreams }
    var isOver: Bool { self.session.isOver }
    var hasOutput: Bool { self.session.hasOutput }
    var takesRequests: Bool { self.session.takesRequests }
    var peerStreamsMax: Int { self.session.peerStreamsMax }
    var allowsConnect: Bool { self.session.peerAllowsConnectProtocol }
    var goAwayCode: UInt32 { self.session.goAwayCode }
    func count(_ flood: H2Flood) -> UInt64 { self.session.count(flood) }

    func answer(_ stream: Int32, _ head: String, ends: Bool = false) throws {
        try self.session.submitAnswer(stream, head: self.keep(head), endsStream: ends)
    }

    func offer(_ stream: Int32, _ first: String, _ second: String = "", last: Bool = false) {
        self.session.offer(stream, self.keep(first), self.keep(second), isLast: last)
    }
}

/// Carries bytes between two sessions until neither has any.
func exchange(_ client: H2Peer, _ server: H2Peer, room: Int = Limits.blockBytes) {
    while true {
        let up = client.output(room: room)
        server.receive(up)
        let down = server.output(room: room)
        client.receive(down)
        if up.isEmpty && down.isEmpty { return }
    }
}

/// A client and a server that know each other's settings.
func h2Pair(
    client: H2Limits = H2Limits(),
    server: H2Limits = H2Limits()
) throws -> (H2Peer, H2Peer) {
    let pair = (try H2Peer(.client, client), try H2Peer(.server, server))
    exchange(pair.0, pair.1)
    _ = pair.0.take()
    _ = pair.1.take()
    return pair
}
