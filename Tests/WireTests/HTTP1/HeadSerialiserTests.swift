// SPDX-License-Identifier: Apache-2.0
import Bytes
import Corpora
import Testing
import Wire

@Suite("Head serialiser")
struct HeadSerialiserTests {
    @Test func `kept fields keep their order and bytes, dropped ones leave no trace`()
        throws
    {
        let text =
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Secret, Cookie\r\nA:1\r\nX-Secret: s\r\n"
            + "Cookie: c=1\r\nTE: trailers\r\nX-Tenant-Id: evil\r\nB: \t2 \r\n"
            + "X_Tenant_Id: evil\r\n\r\n"
        try RequestHeadParserTests.parse(text) { head, _, fields in
            let plain = written { $0.appendFields(of: head, fields, dropping: FieldMask()) }
            #expect(
                String(decoding: plain, as: UTF8.self)
                    == "Host: a\r\nA:1\r\nCookie: c=1\r\nX-Tenant-Id: evil\r\nB: \t2 \r\n"
            )
            let mask = FieldMask.identity.inserting(.host)
            let masked = written { $0.appendFields(of: head, fields, dropping: mask) }
            #expect(String(decoding: masked, as: UTF8.self) == "A:1\r\nCookie: c=1\r\nB: \t2 \r\n")
        }
    }

    @Test func `every good request of the corpus reads the same after it was written anew`() throws
    {
        for row in try corpusRows("requests.txt") where row.expected == "OK" {
            try withWindow(row.bytes) { window in
                let skipped = try leadingEmptyLines(window)
                let rest = window.slice(skipped, window.count - skipped)
                let end = try #require(try requestHeadEnd(rest, scannedFrom: 0))
                let head = rest.slice(0, end)
                var fields = FieldTable()
                let request = try parseRequestHead(head, into: &fields)
                func part(_ range: HeadRange) -> ByteWindow {
                    head.slice(Int(range.start), Int(range.length))
                }
                let again = written { writer in
                    writer.appendRequestLine(
                        method: part(request.methodRange),
                        path: part(request.path),
                        query: request.hasQuery ? part(request.query) : nil
                    )
                    writer.appendFields(of: head, fields, dropping: FieldMask())
                    if request.versionMinor == 0 && fields.firstIndex(of: .host) == nil {
                        writer.appendField("Host", "a.example")
                    }
                    if request.framing == .chunked { writer.appendChunkedEncoding() }
                    writer.appendLineBreak()
                }
                try withWindow(again) { second in
                    var table = FieldTable()
                    let reread = try parseRequestHead(second, into: &table)
                    let comment = Comment(rawValue: row.name)
                    #expect(reread.method == request.method, comment)
                    #expect(reread.framing == request.framing, comment)
                    func again(_ range: HeadRange) -> ByteWindow {
                        second.slice(Int(range.start), Int(range.length))
                    }
                    #expect(again(reread.path).equals(part(request.path)), comment)
                    #expect(again(reread.query).equals(part(request.query)), comment)
                    for index in 0..<table.count where table[index].isHopByHop {
                        #expect(table[index].name == .transferEncoding, comment)
                    }
                }
            }
        }
    }

    @Test func `lines, framing and connection fields are spelled as the RFC spells them`() {
        withWindow(Array("OK".utf8)) { reason in
            let bytes = written { writer in
                writer.appendStatusLine(status: 200, reason: reason)
                writer.appendContentLength(0)
                writer.appendContentLength(1234)
                writer.appendChunkedEncoding()
                writer.appendConnection(keepsAlive: true, peerVersionMinor: 1)
                writer.appendConnection(keepsAlive: true, peerVersionMinor: 0)
                writer.appendConnection(keepsAlive: false, peerVersionMinor: 1)
                writer.appendField("Retry-After", "1")
                writer.appendLineBreak()
                writer.appendChunkHeader(4096)
                writer.appendLastChunk()
            }
            #expect(
                String(decoding: bytes, as: UTF8.self)
                    == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 1234\r\n"
                    + "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n"
                    + "Connection: close\r\nRetry-After: 1\r\n\r\n1000\r\n0\r\n\r\n"
            )
        }
    }

    @Test func `a request that does not fit is reported, and nothing is written beyond`() throws {
        try RequestHeadParserTests.parse("GET /abc HTTP/1.1\r\nHost: a\r\n\r\n") {
            head,
            _,
            fields in
            let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
            defer { memory.deallocate() }
            memory.initialize(repeating: 7, count: 16)
            var writer = ByteWriter(base: memory, position: 0, capacity: 8)
            writer.appendFields(of: head, fields, dropping: FieldMask())
            let hasOverflowed = writer.overflowed
            #expect(hasOverflowed)
            #expect((8..<16).allSatisfy { memory[$0] == 7 })
        }
    }

    @Test func `the mask has a bit for every treated name`() {
        #expect(HeaderName.allCases.count <= 64)
        for name in HeaderName.allCases where name != .other {
            let mask = FieldMask().inserting(name)
            for other in HeaderName.allCases { #expect(mask.contains(other) == (other == name)) }
        }
    }
}
