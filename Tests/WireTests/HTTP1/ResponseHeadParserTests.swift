// SPDX-License-Identifier: Apache-2.0
import Bytes
import Corpora
import Testing
import Wire

@Suite("Response heads")
struct ResponseHeadParserTests {
    @Test func `every response of the corpus gets the verdict that its row names`() throws {
        let rows = try corpusRows("responses.txt")
        #expect(rows.count >= 80)
        for row in rows {
            #expect(
                Self.verdict(row, piece: row.bytes.count) == row.expected,
                Comment(rawValue: row.name)
            )
        }
    }

    @Test func `every response of the corpus is judged alike when it comes byte by byte`() throws {
        for row in try corpusRows("responses.txt") {
            let slow = Self.verdict(row, piece: 1)
            let isGood = row.expected.contains(" ") || row.expected == "INCOMPLETE"
            #expect(
                isGood ? slow == row.expected : !slow.contains(" ") && slow != "INCOMPLETE",
                Comment(rawValue: row.name)
            )
        }
    }

    @Test func `a 204 keeps no length and a 304 does`() throws {
        for (status, isDropped) in [
            ("204 x\r\nContent-Length: 0", true), ("304 x\r\nContent-Length: 9", false),
        ] {
            try withWindow(Array("HTTP/1.1 \(status)\r\n\r\n".utf8)) { head in
                var fields = FieldTable()
                let response = try parseResponseHead(head, into: &fields, requestMethod: .get)
                #expect(fields[0].isHopByHop == isDropped)
                #expect(response.contentLength == (isDropped ? nil : 9))
            }
        }
    }

    @Test func `a head with any one byte changed is parsed or refused`() {
        let bytes = Array(
            "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: X-A\r\nX-A: b\r\n\r\n".utf8
        )
        for index in bytes.indices {
            for value in UInt8.min...UInt8.max {
                var changed = bytes
                changed[index] = value
                withWindow(changed) { head in
                    var fields = FieldTable()
                    let response = try? parseResponseHead(
                        head,
                        into: &fields,
                        requestMethod: .get
                    )
                    #expect(response.map { (100...599).contains($0.status) } ?? true)
                }
            }
        }
    }

    private static func verdict(_ row: CorpusRow, piece: Int) -> String {
        let word = String(row.name.prefix { $0 != " " })
        let method = MethodToken.allCases.first { "\($0.word)" == word } ?? .other
        var available = 0
        var scanned = 0
        do throws(WireError) {
            while available < row.bytes.count {
                available = min(row.bytes.count, available + piece)
                let end = try withBytes(Array(row.bytes[..<available])) {
                    window throws(WireError) in
                    try responseHeadEnd(window, scannedFrom: scanned)
                }
                scanned = available
                guard let end else { continue }
                let head = try withBytes(Array(row.bytes[..<end])) { head throws(WireError) in
                    var fields = FieldTable()
                    return try parseResponseHead(head, into: &fields, requestMethod: method)
                }
                return "OK \(Self.describe(head.framing)) \(head.keepsAlive ? "keep" : "close")"
            }
            return "INCOMPLETE"
        } catch {
            return "\(error)"
        }
    }

    private static func describe(_ framing: BodyFraming) -> String {
        switch framing {
        case .none: "none"
        case .length(let length): "length:\(length)"
        case .chunked: "chunked"
        case .untilClose: "untilClose"
        }
    }
}
