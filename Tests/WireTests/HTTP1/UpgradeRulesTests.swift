// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@testable import Wire

@Suite("Upgrade rules")
struct UpgradeRulesTests {
    private static let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    private static let version = "Sec-WebSocket-Version: 13\r\n"
    private static let hop = "Connection: Upgrade\r\nUpgrade: websocket\r\n"

    private static func asks(_ line: String, _ fields: String) -> Bool? {
        withWindow(Array("\(line) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n".utf8)) { bytes in
            var table = FieldTable()
            guard let head = try? parseRequestHead(bytes, into: &table) else { return nil }
            return asksForWebSocket(bytes, table, head)
        }
    }

    @Test func `a request asks for a WebSocket only with all that RFC 6455 wants`() {
        let (key, version, hop) = (Self.key, Self.version, Self.hop)
        let rows: [(String, String, String, Bool?)] = [
            ("proper", "GET /", hop + key + version, true),
            (
                "lists", "GET /",
                "Connection: keep-alive, UPGRADE\r\nUpgrade: h2c, WebSocket\r\n"
                    + key + version, true
            ),
            ("POST", "POST /", hop + key + version, false),
            ("content", "GET /", hop + key + version + "Content-Length: 4\r\n", false),
            ("chunked", "GET /", hop + key + version + "Transfer-Encoding: chunked\r\n", false),
            ("no Connection", "GET /", "Upgrade: websocket\r\n" + key + version, false),
            (
                "another token", "GET /", "Connection: upgrade\r\nUpgrade: h2c\r\n" + key + version,
                false
            ),
            ("no key", "GET /", hop + version, false),
            ("two keys", "GET /", hop + key + key + version, false),
            ("short key", "GET /", hop + "Sec-WebSocket-Key: abcd\r\n" + version, false),
            (
                "key of other bytes", "GET /",
                hop + version
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!==\r\n", false
            ),
            ("no version", "GET /", hop + key, false),
            ("another version", "GET /", hop + key + "Sec-WebSocket-Version: 8\r\n", false),
            ("two versions", "GET /", hop + key + version + version, false),
            (
                "a key that Connection names", "GET /",
                "Connection: upgrade, sec-websocket-key\r\nUpgrade: websocket\r\n" + key + version,
                false
            ),
        ]
        for (name, line, fields, expected) in rows {
            #expect(Self.asks(line, fields) == expected, Comment(rawValue: name))
        }
    }

    @Test func `an HTTP 1.0 request asks for nothing`() throws {
        let text = "GET / HTTP/1.0\r\nHost: x\r\n\(Self.hop)\(Self.key)\(Self.version)\r\n"
        let asks = try withWindow(Array(text.utf8)) { bytes in
            var table = FieldTable()
            let head = try parseRequestHead(bytes, into: &table)
            return asksForWebSocket(bytes, table, head)
        }
        #expect(!asks)
    }

    @Test func `a protocol that a route allows is one token`() {
        let rows: [(String, String?)] = [
            ("Connection: upgrade\r\nUpgrade: foo/2\r\n", "foo/2"),
            ("Connection: upgrade\r\nUpgrade: foo, bar\r\n", nil),
            ("Connection: upgrade\r\nUpgrade: foo\r\nUpgrade: bar\r\n", nil),
            ("Upgrade: foo\r\n", nil),
            ("Connection: upgrade\r\nUpgrade: \r\n", nil),
            ("Connection: upgrade\r\nUpgrade: foo\r\nContent-Length: 1\r\n", nil),
        ]
        for (fields, expected) in rows {
            let found: String? = withWindow(
                Array("POST / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n".utf8)
            ) { bytes in
                var table = FieldTable()
                guard let head = try? parseRequestHead(bytes, into: &table),
                    let range = upgradeToken(bytes, table, head)
                else { return nil }
                return bytes.slice(Int(range.start), Int(range.length)).text
            }
            #expect(found == expected, Comment(rawValue: fields))
        }
    }

    @Test func `only a proper 101 switches`() {
        let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        let rows: [(String, String, Bool)] = [
            ("HTTP/1.1 101 Switching Protocols", Self.hop + accept, true),
            ("HTTP/1.1 101 X", "Connection: upgrade\r\nUpgrade: WEBSOCKET\r\n" + accept, true),
            ("HTTP/1.1 101 X", Self.hop, false),
            ("HTTP/1.1 101 X", Self.hop + accept + accept, false),
            ("HTTP/1.1 101 X", Self.hop + "Sec-WebSocket-Accept: x\r\n", false),
            ("HTTP/1.1 101 X", "Upgrade: websocket\r\n" + accept, false),
            ("HTTP/1.1 101 X", "Connection: upgrade\r\n" + accept, false),
            ("HTTP/1.1 101 X", "Connection: upgrade\r\nUpgrade: h2c\r\n" + accept, false),
            (
                "HTTP/1.1 101 X", "Connection: upgrade\r\nUpgrade: websocket, h2c\r\n" + accept,
                false
            ),
            ("HTTP/1.0 101 X", Self.hop + accept, false),
            ("HTTP/1.1 200 OK", Self.hop + accept, false),
        ]
        for (line, fields, expected) in rows {
            let switches = withWindow(Array("\(line)\r\n\(fields)\r\n".utf8)) { bytes in
                var table = FieldTable()
                guard
                    let head = try? parseResponseHead(bytes, into: &table, requestMethod: .get)
                else { return false }
                return switchesToWebSocket(bytes, table, head)
            }
            #expect(switches == expected, Comment(rawValue: line + fields))
        }
    }

    @Test func `an event stream is told by its media type`() {
        let rows = [
            ("text/event-stream", true), ("Text/Event-Stream; charset=utf-8", true),
            ("text/event-streams", false), ("text/html", false),
        ]
        for (type, expected) in rows {
            let isStream = withWindow(
                Array("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\n\r\n".utf8)
            ) { bytes in
                var table = FieldTable()
                _ = try? parseResponseHead(bytes, into: &table, requestMethod: .get)
                return isEventStream(bytes, table)
            }
            #expect(isStream == expected, Comment(rawValue: type))
        }
    }
}
