// SPDX-License-Identifier: Apache-2.0

/// Writes HTTP/2 frames byte by byte, right or wrong (RFC 9113 4.1).
public enum H2Frames {
    /// What a client sends first (RFC 9113 3.4).
    public static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// Preface and empty SETTINGS, and the acknowledgement of the server's.
    public static let opening = preface + settings([]) + settingsAcknowledgement

    /// Any frame; `length` may lie.
    public static func frame(
        _ type: UInt8,
        _ flags: UInt8,
        _ stream: UInt32,
        _ payload: [UInt8],
        length: Int? = nil
    ) -> [UInt8] {
        let length = length ?? payload.count
        var bytes = Array(word(UInt32(length)).dropFirst())
        bytes.append(type)
        bytes.append(flags)
        bytes += word(stream)
        bytes += payload
        return bytes
    }

    /// Four bytes, the highest first.
    public static func word(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
    }

    /// DATA; `flags` 1: END_STREAM, 8: padded.
    public static func data(_ stream: UInt32, _ content: [UInt8], _ flags: UInt8 = 0) -> [UInt8] {
        frame(0, flags, stream, content)
    }

    /// HEADERS; `flags` 1: END_STREAM, 4: END_HEADERS, 8: padded, 0x20: priority.
    public static func headers(_ stream: UInt32, _ block: [UInt8], _ flags: UInt8 = 5) -> [UInt8] {
        frame(1, flags, stream, block)
    }

    /// CONTINUATION; `flags` 4: END_HEADERS.
    public static func continuation(
        _ stream: UInt32,
        _ block: [UInt8],
        _ flags: UInt8 = 4
    ) -> [UInt8] { frame(9, flags, stream, block) }

    /// RST_STREAM.
    public static func reset(_ stream: UInt32, _ code: UInt32 = 8) -> [UInt8] {
        frame(3, 0, stream, word(code))
    }

    /// SETTINGS.
    public static func settings(_ entries: [(UInt16, UInt32)], stream: UInt32 = 0) -> [UInt8] {
        var payload: [UInt8] = []
        for (id, value) in entries {
            payload += word(UInt32(id)).dropFirst(2)
            payload += word(value)
        }
        return frame(4, 0, stream, payload)
    }

    /// SETTINGS with ACK.
    public static let settingsAcknowledgement = frame(4, 1, 0, [])

    /// PING with this in all its bytes.
    public static func ping(_ byte: UInt8, _ flags: UInt8 = 0) -> [UInt8] {
        frame(6, flags, 0, Array(repeating: byte, count: 8))
    }

    /// WINDOW_UPDATE.
    public static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> [UInt8] {
        frame(8, 0, stream, word(increment))
    }

    /// An HPACK literal without indexing (RFC 7541 6.2.2).
    public static func field(_ name: [UInt8], _ value: [UInt8]) -> [UInt8] {
        [0] + string(name) + string(value)
    }

    /// An HPACK literal without indexing, of texts.
    public static func field(_ name: String, _ value: String) -> [UInt8] {
        field(Array(name.utf8), Array(value.utf8))
    }

    /// An HPACK string without Huffman coding (RFC 7541 5.2).
    public static func string(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.count < 127 { return [UInt8(bytes.count)] + bytes }
        var rest = bytes.count - 127
        var length: [UInt8] = [127]
        while rest >= 128 {
            length.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return length + [UInt8(rest)] + bytes
    }

    /// The pseudo-header fields of a request.
    public static func start(
        method: String? = "GET",
        scheme: String? = "http",
        path: String? = "/",
        authority: String? = "a.example"
    ) -> [UInt8] {
        var block: [UInt8] = []
        if let method { block += field(":method", method) }
        if let scheme { block += field(":scheme", scheme) }
        if let path { block += field(":path", path) }
        if let authority { block += field(":authority", authority) }
        return block
    }

    /// A complete GET.
    public static func get(_ stream: UInt32) -> [UInt8] { headers(stream, start()) }

    /// The head of a POST whose content follows.
    public static func post(_ stream: UInt32, _ fields: [UInt8] = []) -> [UInt8] {
        headers(stream, start(method: "POST") + fields, 4)
    }
}

/// One frame that came back.
public struct H2Frame: Sendable, Equatable {
    /// Its type.
    public let type: UInt8
    /// Its flags.
    public let flags: UInt8
    /// Its stream.
    public let stream: Int32
    /// What it holds.
    public let payload: [UInt8]

    /// The error code of RST_STREAM and GOAWAY.
    public var code: UInt32? {
        let at = self.type == 3 ? 0 : self.type == 7 ? 4 : -1
        guard at >= 0, self.payload.count >= at + 4 else { return nil }
        return self.payload[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The status of HEADERS that begin with it, as encoders write it (RFC 7541 A, B).
    public var status: Int? {
        let indexed = [200, 204, 206, 304, 400, 404, 500]
        guard self.type == 1, let first = self.payload.first else { return nil }
        if first >= 0x88 && first <= 0x8e { return indexed[Int(first) - 0x88] }
        guard first & 0xf == 8, first & 0x80 == 0, self.payload.count > 3 else { return nil }
        let length = Int(self.payload[1] & 0x7f)
        guard self.payload.count >= 2 + length else { return nil }
        let text = self.payload[2..<2 + length]
        if self.payload[1] & 0x80 == 0 { return Int(String(decoding: text, as: UTF8.self)) }
        // Huffman: 0 to 2 have five bits, 3 to 9 have six and begin with 011.
        let bits = text.flatMap { byte in (0..<8).map { Int(byte >> UInt8(7 - $0)) & 1 } }
        var status = 0
        var at = 0
        for _ in 0..<3 {
            let size = at + 1 < bits.count && bits[at + 1] == 1 ? 6 : 5
            guard at + size <= bits.count else { return nil }
            let code = bits[at..<at + size].reduce(0) { $0 * 2 + $1 }
            status = status * 10 + (size == 5 ? code : code - 0b011001 + 3)
            at += size
        }
        return status
    }

    /// Takes whole frames off the front of `bytes`.
    public static func take(from bytes: inout [UInt8]) -> [H2Frame] {
        var frames: [H2Frame] = []
        var at = 0
        while at + 9 <= bytes.count {
            let length = Int(bytes[at]) << 16 | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            guard at + 9 + length <= bytes.count else { break }
            let stream = bytes[at + 5..<at + 9].reduce(0) { $0 << 8 | UInt32($1) }
            frames.append(
                H2Frame(
                    type: bytes[at + 3],
                    flags: bytes[at + 4],
                    stream: Int32(bitPattern: stream & 0x7fff_ffff),
                    payload: Array(bytes[at + 9..<at + 9 + length])
                )
            )
            at += 9 + length
        }
        bytes.removeFirst(at)
        return frames
    }
}
