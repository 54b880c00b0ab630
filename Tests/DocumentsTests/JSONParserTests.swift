// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@testable import Documents

@Suite("JSON parser")
struct JSONParserTests {
    private func parse(_ text: String) throws(Problem) -> DocumentNode {
        try DocumentNode.parse(json: text, file: "f.json")
    }

    private func problem(_ bytes: [UInt8]) -> Problem? {
        do throws(Problem) {
            _ = try DocumentNode.parse(json: bytes, file: "f.json")
            return nil
        } catch {
            return error
        }
    }

    @Test func `every kind of value is read with its lexeme and its place`() throws {
        let node = try self.parse("{\n  \"ä\": [1.00, -0e+7, true],\n\t\"b\" : \"x\\u00e9\" }")
        let list = try #require(node.member(named: "ä"))
        #expect(list.keyPosition == SourcePosition(line: 2, column: 3))
        #expect(list.node.position == SourcePosition(line: 2, column: 8))
        #expect(list.node.items?.map(\.value) == [.number("1.00"), .number("-0e+7"), .bool(true)])
        #expect(list.node.items?.map(\.length) == [4, 5, 4])
        #expect(node["b"]?.text == "xé")
        #expect(node["b"]?.position == SourcePosition(line: 3, column: 8))
        #expect(node.value.json == #"{"ä":[1.00,-0e+7,true],"b":"xé"}"#)
    }

    @Test func `texts that RFC 8259 refuses are refused at their place`() throws {
        // text, code, line, column
        let rows: [(String, String, Int, Int)] = [
            ("", "J001", 1, 1), (" ", "J001", 1, 2), ("{} x", "J001", 1, 4),
            ("[1,]", "J001", 1, 4), ("{\"a\":1,}", "J001", 1, 8), ("{a:1}", "J001", 1, 2),
            ("{\"a\" 1}", "J001", 1, 6), ("[1 2]", "J001", 1, 4), ("tru", "J001", 1, 1),
            ("01", "J002", 1, 2), ("-", "J002", 1, 2), ("1.", "J002", 1, 3), (".5", "J001", 1, 1),
            ("1e", "J002", 1, 3), ("+1", "J001", 1, 1), ("NaN", "J001", 1, 1),
            ("\"a", "J003", 1, 3), ("\"\\x\"", "J003", 1, 3), ("\"\\u12g4\"", "J003", 1, 6),
            ("\"\\ud800\"", "J003", 1, 2), ("\"\\udc00\"", "J003", 1, 2),
            ("\"\\ud800\\u0041\"", "J003", 1, 2), ("\"é\\ud800\"", "J003", 1, 3),
            ("\"\t\"", "J003", 1, 2), ("\"a\nb\"", "J003", 1, 3), ("[\r\n\r?", "J001", 3, 1),
            ("{\"a\":1,\n \"\\u0061\":2}", "J005", 2, 2), ("/**/1", "J001", 1, 1),
            ("'a'", "J001", 1, 1), ("[", "J001", 1, 2), ("\u{FEFF}1", "J001", 1, 1),
        ]
        for (text, code, line, column) in rows {
            let problem = try #require(self.problem(Array(text.utf8)), "\(text)")
            let row = Comment("\(text.debugDescription): \(problem.message)")
            #expect(problem.code == code, row)
            #expect(problem.position == SourcePosition(line: line, column: column), row)
            #expect(problem.file == "f.json")
        }
    }

    @Test func `bytes that are not UTF-8 are refused where they stand`() throws {
        let rows: [([UInt8], Int)] = [
            ([0x22, 0x61, 0xFF, 0x22], 3), ([0x22, 0xC0, 0x80, 0x22], 2),
            ([0x22, 0xC3, 0xA9, 0xED, 0xA0, 0x80, 0x22], 3),
            ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 2),
            ([0x22, 0xE2, 0x82, 0x22], 2),
        ]
        for (bytes, column) in rows {
            let problem = try #require(self.problem(bytes), "\(bytes)")
            #expect(problem.code == "J004", "\(bytes)")
            #expect(problem.position.column == column, "\(bytes)")
        }
    }

    @Test func `nesting ends at the limit, not at the stack`() throws {
        let deepest = Limits.documentDepthMax
        func nested(_ depth: Int) -> [UInt8] {
            Array(repeating: UInt8(ascii: "["), count: depth)
                + Array(repeating: UInt8(ascii: "]"), count: depth)
        }
        #expect(self.problem(nested(deepest)) == nil)
        #expect(self.problem(nested(deepest + 1))?.code == "J006")
        #expect(self.problem(Array(repeating: UInt8(ascii: "["), count: 1_000_000))?.code == "J006")
    }

    @Test func `a surrogate pair is one scalar`() throws {
        #expect(try self.parse("\"\\ud83d\\ude00\"").text == "😀")
        #expect(try self.parse("[\"😀\", 1]").items?[1].position.column == 7)
    }

    @Test func `a megabyte on one line is read in linear time`() throws {
        let text = "[" + Array(repeating: "{\"a\":1}", count: 100_000).joined(separator: ",") + "]"
        let node = try self.parse(text)
        #expect(node.items?.last?.position.column == text.count - 7)
    }

    @Test func `integral numbers are integers however they are written`() throws {
        let rows: [(String, Int?)] = [
            ("10", 10), ("10.0", 10), ("1e1", 10), ("10.5", nil), ("-0", 0), ("1e400", nil),
            ("9223372036854775807", .max), ("9223372036854775808", nil), ("\"1\"", nil),
        ]
        for (text, integer) in rows {
            #expect(try self.parse(text).integer == integer, "\(text)")
        }
        #expect(try self.parse("1e400").double == nil)
    }
}
