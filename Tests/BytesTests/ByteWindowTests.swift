// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@Suite("Byte window")
struct ByteWindowTests {
    /// Searches look at several bytes at once: every length and place around a word's end.
    @Test func `a byte is found wherever it is, and not where it is not`() {
        for count in 0..<40 {
            for place in 0..<max(count, 1) {
                var bytes = [UInt8](repeating: 0x61, count: count)
                if count > 0 { bytes[place] = 0x3a }
                withWindow(bytes) { window in
                    #expect(window.firstIndex(of: 0x3a) == (count > 0 ? place : nil))
                    #expect(window.firstIndex(of: 0x7a) == nil)
                    if count > 0 { #expect(window.firstIndex(of: 0x3a, from: place + 1) == nil) }
                }
            }
        }
    }

    /// RFC 9112 2.1: a head ends with an empty line; a bare LF ends no line.
    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", 18), ("a\r\nb\r\n\r\nrest", 8), ("a\r\nb\r\n", nil),
        ("\r\n\r\n", 4),
        ("a\n\n", nil), ("a\r\n\n", nil), ("", nil), ("\r\r\n\r\n", 5),
    ])
    func `a head ends behind its empty line`(text: String, end: Int?) {
        withWindow(Array(text.utf8)) { #expect($0.headEnd(from: 0) == end) }
    }

    @Test func `a head's end is found from wherever the last search stopped`() {
        let head = Array("GET /a HTTP/1.1\r\nHost: x\r\nA: 1\r\n\r\nGET".utf8)
        withWindow(head) { window in
            let end = window.headEnd(from: 0)
            for start in 0..<30 { #expect(window.headEnd(from: start) == end, "from \(start)") }
        }
    }

    @Test func `equality is by bytes, and by letters where case is ignored`() {
        withWindow(Array("Content-Type".utf8)) { window in
            #expect(window.equals("Content-Type") && !window.equals("content-type"))
            #expect(window.equalsIgnoringCase("content-type"))
            #expect(!window.equalsIgnoringCase("content-typ") && !window.equals("Content-Type "))
            #expect(window.slice(0, 3).isPrefix(of: "Connection"))
            #expect(!window.isPrefix(of: "Content"))
        }
        // 0x40 and 0x60 differ in the bit that letters' case is.
        withWindow([0x40]) { #expect(!$0.equalsIgnoringCase("`")) }
    }

    @Test func `a window over an inline array or a literal is over its bytes`() {
        let bytes: InlineArray<3, UInt8> = [1, 2, 3]
        #expect(withWindow(bytes) { $0.array } == [1, 2, 3])
        #expect(withWindow("abc") { $0.text } == "abc")
    }

    @Test func `a hash is by bytes and seed, and by letters where case is folded`() {
        func hash(_ text: String, _ seed: UInt64 = 1, fold: Bool = false) -> UInt64 {
            withWindow(Array(text.utf8)) { byteHash($0, seed: seed, foldingCase: fold) }
        }
        #expect(hash("acme") == hash("acme") && hash("acme") != hash("acme", 2))
        #expect(
            hash("acme") != hash("Acme") && hash("ACME", fold: true) == hash("acme", fold: true)
        )
        let names = (0..<20_000).map { "tenant-\($0)" }
        #expect(Set(names.map { hash($0) }).count == names.count)
        // Neither padding nor length is lost.
        #expect(Set((0..<40).map { hash(String(repeating: "\0", count: $0)) }).count == 40)
    }
}
