// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import Proxy

/// Both ends of a WebSocket as bytes, for tests.
enum WebSocketPeer {
    static let asking =
        "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    static let accepting =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

    static func request(_ path: String = "/ws", _ fields: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: x\r\n\(asking)\(fields)\r\n"
    }

    /// A frame of a server, or of a client with the key 1 2 3 4.
    static func frame(_ first: UInt8, _ content: [UInt8], isClient: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = [first]
        let mark: UInt8 = isClient ? 0x80 : 0
        if content.count < 126 {
            bytes.append(mark | UInt8(content.count))
        } else if content.count < 65_536 {
            bytes += [mark | 126, UInt8(content.count >> 8), UInt8(content.count & 0xff)]
        } else {
            bytes.append(mark | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: content.count >> shift))
            }
        }
        guard isClient else { return bytes + content }
        let key: [UInt8] = [1, 2, 3, 4]
        return bytes + key + content.enumerated().map { $1 ^ key[$0 % 4] }
    }

    /// An origin that switches and then echoes bytes until its peer ends.
    static func echo() throws -> RawOrigin {
        try RawOrigin { connection in
            guard connection.readHead() != nil else { return }
            connection.send(accepting)
            while let part = connection.takePart() { guard connection.send(part) else { return } }
        }
    }

    /// A client behind the 101.
    static func open(_ edge: TestEdge, path: String = "/ws") throws -> TestClient {
        let client = try TestClient(port: edge.port)
        client.send(request(path))
        let head = client.readHeadOnly()
        guard head.hasPrefix("HTTP/1.1 101 ") else { throw Refused(head: head) }
        return client
    }

    struct Refused: Error { var head: String }
}

extension TestClient {
    /// Reads exactly this many bytes, or what came before the end.
    func read(exactly count: Int) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            guard let part = self.read(min(count - all.count, 1 << 18)), !part.isEmpty else {
                break
            }
            all += part
        }
        return all
    }
}
