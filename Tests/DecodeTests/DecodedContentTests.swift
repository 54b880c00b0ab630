// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Decode

/// How each coding is made by an implementation that is not ours.
struct Encoder: Sendable {
    let error: ContentCoding
    let encode: @Sendable ([UInt8]) throws -> [UInt8]

    var coding: String { self.error.rawValue }
}

let encoders: [Encoder] = [
    Encoder(error: .gzip) { try Oracle.python("w(gzip.compress(b))", $0) },
    Encoder(error: .deflate) { try Oracle.python("w(zlib.compress(b))", $0) },
    Encoder(error: .br) { try Oracle.python("import brotli;w(brotli.compress(b))", $0) },
    Encoder(error: .zstd) { try Oracle.run(["zstd", "-q", "-c"], input: $0).output },
]

/// Text like records: repeats itself, but not wholly.
func sampleText(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var number: UInt64 = 7
    while bytes.count < count {
        number = number &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes += Array(#"{"id":"\#(number >> 33)","status":"active","note":"übersicht"},"#.utf8)
    }
    return Array(bytes.prefix(count))
}

@Suite("Content codings")
struct DecodedContentTests {
    @Test func `what others have encoded comes out as it was, in every coding and size`() throws {
        for size in [0, 1, 100, 65_535, 65_536, 65_537, 1_000_000] {
            let text = sampleText(size)
            for encoder in encoders {
                let body = try encoder.encode(text)
                #expect(!body.isEmpty)
                let back = try decodedContent(body, contentEncoding: encoder.coding)
                #expect(back == text, "\(encoder.coding) of \(size) bytes")
            }
        }
    }

    @Test func `a body cut short is truncated, wherever it is cut`() throws {
        let text = sampleText(3_000)
        for encoder in encoders {
            let body = try encoder.encode(text)
            for length in 1..<body.count {
                let cut = Array(body.prefix(length))
                // A lone first byte of zlib's form is read as raw deflate: also no whole body.
                let error = #expect(throws: DecodeError.self, "\(encoder.coding) at \(length)") {
                    try decodedContent(cut, contentEncoding: encoder.coding)
                }
                if length > 1 {
                    #expect(error == .truncated(encoder.error), "\(encoder.coding) at \(length)")
                }
            }
        }
    }

    @Test func `a flipped bit is an error or changes what is read, never a crash`() throws {
        let text = sampleText(2_000)
        for encoder in encoders {
            let body = try encoder.encode(text)
            var errors = 0
            for position in 0..<body.count {
                var broken = body
                broken[position] ^= 1 << UInt8(position % 8)
                do throws(DecodeError) {
                    let read = try decodedContent(broken, contentEncoding: encoder.coding)
                    // Checksums: only header bits without meaning can pass.
                    if encoder.coding == "gzip" || encoder.coding == "deflate" {
                        #expect(read == text, "\(encoder.coding) at \(position)")
                    }
                } catch {
                    errors += 1
                }
            }
            #expect(errors > body.count / 2, "\(encoder.coding)")
        }
    }

    @Test func `bytes of another coding are corrupt`() throws {
        let plain = Array("this is no compressed body at all".utf8)
        for encoder in encoders where encoder.coding != "gzip" {
            #expect(throws: DecodeError.self, "\(encoder.coding)") {
                try decodedContent(plain, contentEncoding: encoder.coding)
            }
        }
        #expect(throws: DecodeError.corrupt(.gzip)) {
            try decodedContent(plain, contentEncoding: "gzip")
        }
    }

    @Test func `several members of gzip are one body, zeros between them skipped`() throws {
        let body = try Oracle.python(
            "w(gzip.compress(b[:10])+gzip.compress(b'')+bytes(7)+gzip.compress(b[10:])+bytes(512))",
            sampleText(100)
        )
        #expect(try decodedContent(body, contentEncoding: "x-gzip") == sampleText(100))
        #expect(throws: DecodeError.trailingBytes(.gzip)) {
            try decodedContent(body + [65, 66], contentEncoding: "gzip")
        }
        #expect(throws: DecodeError.truncated(.gzip)) {
            try decodedContent(body + [0x1F, 0x8B], contentEncoding: "gzip")
        }
    }

    @Test func `several frames of zstd are one body, skippable frames are skipped`() throws {
        let first = try Oracle.run(["zstd", "-q", "-c"], input: sampleText(50)).output
        let second = try Oracle.run(["zstd", "-q", "-c", "-19"], input: sampleText(70)).output
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
        let body = first + skippable + second
        #expect(
            try decodedContent(body, contentEncoding: "zstd") == sampleText(50) + sampleText(70)
        )
    }

    @Test func `raw deflate is taken too`() throws {
        let raw = "c=zlib.compressobj(9,zlib.DEFLATED,-15);w(c.compress(b)+c.flush())"
        for size in [0, 1, 5_000] {
            let body = try Oracle.python(raw, sampleText(size))
            #expect(try decodedContent(body, contentEncoding: "deflate") == sampleText(size))
        }
    }

    @Test func `stacked codings come off last one first, identity and empty members aside`() throws
    {
        let text = sampleText(5_000)
        let body = try Oracle.python(
            "import brotli;w(gzip.compress(brotli.compress(zlib.compress(b))))",
            text
        )
        let list = " Deflate,identity ,, BR\t,GZIP"
        #expect(try decodedContent(body, contentEncoding: list) == text)
        #expect(throws: DecodeError.self) {
            try decodedContent(body, contentEncoding: "gzip, br, deflate")
        }
    }

    @Test func `unknown and too many codings are refused, none leaves the body alone`() throws {
        let text = sampleText(10)
        for list in ["compress", "gzip, exi", "g zip", "gzip;q=1", "aes128gcm"] {
            #expect(throws: DecodeError.unknownCoding, "\(list)") {
                try decodedContent(text, contentEncoding: list)
            }
        }
        #expect(throws: DecodeError.tooManyCodings) {
            try decodedContent(text, contentEncoding: "br,br,br,br,br")
        }
        for list in ["", " ", ",", "identity"] {
            #expect(try decodedContent(text, contentEncoding: list) == text)
        }
        #expect(try decodedContent([], contentEncoding: "gzip, br") == [])
    }
}

@Suite("Bombs")
struct DecodeBudgetTests {
    @Test func `a hundred megabytes of zeros stop at the bounds in every coding`() throws {
        let zeros = [UInt8](repeating: 0, count: 100_000_000)
        for encoder in encoders {
            let bomb = try encoder.encode(zeros)
            #expect(bomb.count < 200_000, "\(encoder.coding)")
            // zlib makes at most 1,032 of one byte, so its bombs of this size reach the length
            // first.
            let error = #expect(throws: DecodeError.self, "\(encoder.coding)") {
                try decodedContent(bomb, contentEncoding: encoder.coding)
            }
            let isDense = encoder.coding == "br" || encoder.coding == "zstd"
            #expect(error == (isDense ? .tooDense : .tooLarge), "\(encoder.coding)")
            let patient = DecodeBudget(ratioMax: .max)
            #expect(throws: DecodeError.tooLarge, "\(encoder.coding)") {
                try decodedContent(bomb, contentEncoding: encoder.coding, budget: patient)
            }
        }
    }

    @Test func `a bomb in a bomb is held by the bytes as sent`() throws {
        let bomb = try Oracle.python(
            "w(gzip.compress(gzip.compress(gzip.compress(bytes(200_000_000)))))",
            []
        )
        #expect(throws: DecodeError.tooDense) {
            try decodedContent(bomb, contentEncoding: "gzip,gzip,gzip")
        }
    }

    @Test func `thousands of empty members take too many steps`() throws {
        let members = try Oracle.python("w(gzip.compress(b'')*50_000)", [])
        #expect(throws: DecodeError.tooManySteps) {
            try decodedContent(members, contentEncoding: "gzip")
        }
        let frame = try Oracle.run(["zstd", "-q", "-c"], input: []).output
        let frames = [[UInt8]](repeating: frame, count: 50_000).flatMap { $0 }
        #expect(throws: DecodeError.tooManySteps) {
            try decodedContent(frames, contentEncoding: "zstd")
        }
    }

    @Test func `a zstd frame that asks for a window beyond 8 MiB is refused`() throws {
        let command = ["zstd", "-q", "-c", "--long=27"]
        let body = try Oracle.run(command, input: sampleText(4_000)).output
        #expect(throws: DecodeError.memory(.zstd)) {
            try decodedContent(body, contentEncoding: "zstd")
        }
    }

    @Test func `small dense bodies pass: the ratio counts from a mebibyte on`() throws {
        let spaces = [UInt8](repeating: 32, count: Limits.decodedRatioFloorBytes)
        for encoder in encoders {
            let body = try encoder.encode(spaces)
            #expect(try decodedContent(body, contentEncoding: encoder.coding) == spaces)
        }
    }
}
