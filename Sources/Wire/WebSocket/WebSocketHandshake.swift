// SPDX-License-Identifier: Apache-2.0

public import Bytes

/// The fields of a WebSocket's opening that HTTP/2 does without (RFC 8441 5) and HTTP/1.1 asks for.
public enum WebSocketHandshake {
    /// A fresh Sec-WebSocket-Key: 16 random bytes in base64 (RFC 6455 4.1).
    public static func key() -> InlineArray<24, UInt8> {
        var random = SystemRandomNumberGenerator()
        var nonce = InlineArray<16, UInt8>(repeating: 0)
        for at in 0..<16 { nonce[at] = UInt8(truncatingIfNeeded: random.next() as UInt64) }
        return base64(nonce)
    }

    /// The Sec-WebSocket-Accept that answers a key (RFC 6455 4.2.2).
    public static func accept(for key: ByteWindow) -> InlineArray<28, UInt8> {
        var digest = SHA1()
        for at in 0..<key.count { digest.add(key[at]) }
        let name: StaticString = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        withWindow(name) { for at in 0..<$0.count { digest.add($0[at]) } }
        return base64(digest.finish())
    }

    /// RFC 4648 4; `output` is a third longer than `input`, rounded up to four.
    private static func base64<let input: Int, let output: Int>(
        _ bytes: InlineArray<input, UInt8>
    ) -> InlineArray<output, UInt8> {
        precondition(output == (input + 2) / 3 * 4, "\(input) bytes are not \(output) letters")
        var text = InlineArray<output, UInt8>(repeating: UInt8(ascii: "="))
        for group in 0..<output / 4 {
            let start = 3 * group
            let count = min(3, input - start)
            var word: UInt32 = 0
            for index in 0..<3 {
                word = word << 8 | (index < count ? UInt32(bytes[start + index]) : 0)
            }
            for index in 0...count {
                text[4 * group + index] = letter(word >> UInt32(18 - 6 * index) & 63)
            }
        }
        return text
    }

    private static func letter(_ sextet: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: sextet)
        return switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + value - 26
        case 52..<62: UInt8(ascii: "0") + value - 52
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }
}
