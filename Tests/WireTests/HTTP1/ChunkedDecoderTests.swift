// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing
import Wire

@Suite("Chunked decoder")
struct ChunkedDecoderTests {
    @Test func `content is the same for every way to cut it in two and three`() throws {
        let text = "5;a=b\r\nhello\r\n6\r\n world\r\n000\r\nX-Sum: 1\r\nY:\r\n\r\n"
        let bytes = Array(text.utf8) + Array("GET /".utf8)
        for first in 0...bytes.count {
            for second in stride(from: first, through: bytes.count, by: 3) {
                let (payload, rest, finished, trailers) = try Self.decode(
                    bytes,
                    cuts: [first, second]
                )
                #expect(finished)
                #expect(String(decoding: trailers, as: UTF8.self) == "X-Sum: 1\r\nY:\r\n")
                #expect(String(decoding: payload, as: UTF8.self) == "hello world")
                #expect(rest == 5)
            }
        }
    }

    @Test func `no trailers are told where there are none`() throws {
        for text in ["0\r\n\r\n", "1;a=\"b\"\r\nx\r\n0;c\r\n\r\nX: y\r\n\r\n"] {
            #expect(try Self.decode(Array(text.utf8), cuts: []).trailers.isEmpty)
        }
    }

    @Test func `nothing is consumed behind the end`() throws {
        var decoder = ChunkedDecoder()
        try withBytes(Array("0\r\n\r\n0\r\n\r\n".utf8)) { window throws(WireError) in
            #expect(try decoder.step(window).consumed == 5)
            #expect(decoder.isFinished)
            #expect(try decoder.step(window).consumed == 0)
        }
    }

    @Test func `a chunk of the greatest size is taken piece by piece`() throws {
        var decoder = ChunkedDecoder()
        try withBytes(Array("fffffffffffffff\r\n".utf8)) { window throws(WireError) in
            _ = try decoder.step(window)
        }
        try withBytes([UInt8](repeating: 1, count: 100)) { window throws(WireError) in
            let step = try decoder.step(window)
            #expect(step.payloadLength == 100 && step.payloadStart == 0 && step.consumed == 100)
        }
    }

    @Test func `the bounds of the size line and of the trailer section are exact`() {
        let line = Limits.chunkLineBytesMax
        for (extra, isGood) in [(line - 2, true), (line - 1, false)] {
            let text = "1;" + String(repeating: "x", count: extra) + "\r\na\r\n0\r\n\r\n"
            #expect(((try? Self.decode(Array(text.utf8), cuts: [])) != nil) == isGood, "\(extra)")
        }
        // the section's bytes: the field line with its CRLF and the last CRLF
        for (value, isGood) in [
            (Limits.trailerBytesMax - 6, true), (Limits.trailerBytesMax - 5, false),
        ] {
            let text = "0\r\nX:" + String(repeating: "t", count: value) + "\r\n\r\n"
            #expect(((try? Self.decode(Array(text.utf8), cuts: [])) != nil) == isGood, "\(value)")
        }
    }

    @Test func `content with any one byte changed decodes or is refused, and ends no earlier`() {
        let bytes = Array("3;a=\"b\"\r\nabc\r\n0\r\nX: y\r\n\r\n".utf8)
        for index in bytes.indices {
            for value in UInt8.min...UInt8.max {
                var changed = bytes
                changed[index] = value
                let whole = try? Self.decode(changed, cuts: [])
                let cut = try? Self.decode(changed, cuts: Array(0...bytes.count))
                #expect(whole?.payload == cut?.payload && whole?.rest == cut?.rest)
            }
        }
    }

    /// Decodes pieces cut at the given places: payload, bytes left over, whether it was complete.
    static func decode(
        _ bytes: [UInt8],
        cuts: [Int]
    ) throws(WireError) -> (payload: [UInt8], rest: Int, finished: Bool, trailers: [UInt8]) {
        var decoder = ChunkedDecoder()
        var payload: [UInt8] = []
        var trailers: [UInt8] = []
        var start = 0
        for end in cuts + [bytes.count] {
            while start < end && !decoder.isFinished {
                let piece = Array(bytes[start..<end])
                let step = try withBytes(piece) { window throws(WireError) in
                    try decoder.step(window)
                }
                payload += piece[step.payloadStart..<step.payloadStart + step.payloadLength]
                trailers += piece[step.trailerStart..<step.trailerStart + step.trailerLength]
                start += step.consumed
            }
        }
        return (payload, bytes.count - start, decoder.isFinished, trailers)
    }
}
