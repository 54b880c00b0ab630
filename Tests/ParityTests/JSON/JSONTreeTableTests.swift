// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Parity

/// `\xNN` in a row is the byte NN: rows hold bytes that are no text.
func bytes(ofRow row: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(row.utf8)[...]
    while let byte = rest.first {
        if rest.starts(with: #"\x"#.utf8), rest.count >= 4,
            let value = UInt8(
                String(decoding: rest.dropFirst(2).prefix(2), as: UTF8.self),
                radix: 16
            )
        {
            bytes.append(value)
            rest = rest.dropFirst(4)
        } else {
            bytes.append(byte)
            rest = rest.dropFirst()
        }
    }
    return bytes
}

/// Corners of RFC 8259, row by row, as the suites for JSON parsers have them.
@Suite("JSON texts, table")
struct JSONTreeTableTests {
    static let accepted: [String] = [
        // values alone
        "null", "true", "false", "0", "-0", "1", #""""#, #""a""#, "[]", "{}", " null ", "\n1\n",
        "\t[\t]\t", "\r\n{\r\n}\r\n", "  \"a\"  ",
        // numbers
        "-1", "10", "123456789", "0.0", "-0.0", "0.1", "1.5", "-1.25", "1e1", "1E1", "1e+1", "1e-1",
        "1E+01", "1e00", "0e0", "0e+1", "0E-5", "123.456e78", "1.0e+2", "-0e-0", "1E400", "-1E400",
        "1e-10000", "123123e100000", "0.4e00669999999999999999999999999999999999999999999999999999",
        "100000000000000000000", "-9223372036854775809", "9223372036854775808",
        "18446744073709551616",
        "1.000000000000000005", "0.1000000000000000055511151231257827021181583404541015625",
        "20e1", "123.456789", "-123123123123123123123123123123",
        "-0.000000000000000000000000000000000000000000000000000000000000000000000000000001",
        "1.7976931348623157e308", "1.7976931348623159e308", "5e-324", "1e999999999999999999999999",
        // arrays
        "[null]", "[[]]", "[1,2]", "[1 ,2]", "[ 1 , 2 ]", "[\"\"]", "[1,null,true,\"x\",{},[]]",
        "[[[[[[[[[[1]]]]]]]]]]", "[\n1,\n2\n]", "[-0]", "[1e1,2E2]", "[{\"a\":[]}]",
        // objects
        #"{"a":1}"#, #"{"":0}"#, #"{"a":{}}"#, #"{"a":[]}"#, #"{ "a" : 1 , "b" : 2 }"#,
        #"{"a":"b","c":"d"}"#, #"{"a":"b","a":"c"}"#, #"{"a":"b","a":"b"}"#, #"{"a":null}"#,
        #"{"foo\u0000bar": 42}"#, #"{"\u0061":1}"#, #"{"\"":1}"#, #"{"\\":1}"#, #"{"a b":1}"#,
        #"{"min": -1.0e+28, "max": 1.0e+28}"#, #"{"x":[{"id": "xxxx"}], "id": "xxxx"}"#,
        "{\n\"a\":\n1\n}", #"{"title":"\u041f\u043e"}"#, #"{"a":[1,{"b":[2,{"c":3}]}]}"#,
        // strings
        #""\"\\\/\b\f\n\r\t""#, #""\u0000""#, #""\u0012""#, #""\u00e9""#, #""\u20AC""#,
        #""\uD83D\uDE39""#, #""\ud834\udd1e""#, #""\uFFFF""#, #""\uFDD0""#, #""\uDBFF\uDFFF""#,
        #""\u0022""#, #""\u005C""#, #""\u002f""#, #""/""#, #""\/""#, #""a/*b*/c//d""#,
        #""\x7F""#, #""\xC2\x80""#, #""\xDF\xBF""#, #""\xE0\xA0\x80""#, #""\xED\x9F\xBF""#,
        #""\xEE\x80\x80""#, #""\xEF\xBF\xBF""#, #""\xF0\x90\x80\x80""#, #""\xF4\x8F\xBF\xBF""#,
        #""\xE2\x82\xAC""#, #""\xE2\x80\xA8""#, #""\xE2\x80\xA9""#, #""\xEF\xBB\xBFx""#,
        #""é""#, #""😹""#, #""\u200B""#, #""\u2064""#, #""new\u000Aline""#, #"["asd "]"#,
        #""\\u0000""#, #""\\\"""#, #""12345678\"12345678""#, #""1234567\\""#,
        // lone surrogates: in the grammar (RFC 8259 8.2)
        #""\uD800""#, #""\uDFAA""#, #""\uD888\u1234""#, #""\uD800\uD800\n""#, #""\uDd1e\uD834""#,
        #""\ud800abc""#, #""\uDADA""#, #"{"\uDFAA":0}"#, #""\uD83D\\uDE39""#,
        // a mark at the start may be ignored (RFC 8259 8.1)
        #"\xEF\xBB\xBF{}"#, #"\xEF\xBB\xBF [1]"#,
    ]

    static let refused: [(String, JSONTextError.Reason)] = [
        ("", .empty), (" ", .empty), ("\n\t\r ", .empty), (#"\xEF\xBB\xBF"#, .empty),
        // structure
        ("[", .truncated), ("{", .truncated), ("[1", .truncated), ("[1,", .truncated),
        (#"{"a""#, .truncated), (#"{"a":"#, .truncated), (#"{"a":1"#, .truncated),
        (#"{"a":1,"#, .truncated), ("[[", .truncated), ("]", .unexpectedByte),
        ("}", .unexpectedByte), ("[}", .unexpectedByte), ("{]", .unexpectedByte),
        ("[1}", .unexpectedByte), (#"{"a":1]"#, .unexpectedByte), ("[1,]", .unexpectedByte),
        ("[,1]", .unexpectedByte), ("[1,,2]", .unexpectedByte), ("[,]", .unexpectedByte),
        (#"{"a":1,}"#, .unexpectedByte), ("{,}", .unexpectedByte), (#"{,"a":1}"#, .unexpectedByte),
        (#"{"a" 1}"#, .unexpectedByte), (#"{"a"::1}"#, .unexpectedByte),
        (#"{"a",1}"#, .unexpectedByte), ("{a:1}", .unexpectedByte), ("{1:1}", .unexpectedByte),
        ("{'a':1}", .unexpectedByte), ("{null:1}", .unexpectedByte), ("{:1}", .unexpectedByte),
        (#"{"a":}"#, .unexpectedByte), (#"{"a":1 "b":2}"#, .unexpectedByte),
        ("[1 2]", .unexpectedByte), ("[1:2]", .unexpectedByte), (#"["a" "b"]"#, .unexpectedByte),
        ("1 2", .trailingBytes), ("[]]", .trailingBytes), ("{}}", .trailingBytes),
        ("[][]", .trailingBytes), (#""a"b"#, .trailingBytes), ("null,", .trailingBytes),
        ("{}//", .trailingBytes), ("1]", .trailingBytes), ("{}\u{0}", .trailingBytes),
        ("[1]x", .trailingBytes), ("truex", .trailingBytes), ("nullnull", .trailingBytes),
        // words
        ("nul", .unexpectedByte), ("NULL", .unexpectedByte), ("True", .unexpectedByte),
        ("tru", .unexpectedByte), ("fals", .unexpectedByte), ("falsy", .unexpectedByte),
        ("undefined", .unexpectedByte), ("NaN", .unexpectedByte), ("Infinity", .unexpectedByte),
        ("-Infinity", .badNumber), ("[nan]", .unexpectedByte), ("// a\n1", .unexpectedByte),
        ("/* a */ 1", .unexpectedByte), ("'a'", .unexpectedByte), ("a", .unexpectedByte),
        // white space that JSON does not have
        (#"\x0C[]"#, .unexpectedByte), (#"[\x0B]"#, .unexpectedByte),
        (#"[1,\xC2\xA02]"#, .unexpectedByte), (#"\xE2\x81\xA0[]"#, .unexpectedByte),
        (#"\x00"#, .unexpectedByte), (#"[]\xEF\xBB\xBF"#, .trailingBytes),
        (#"[\xEF\xBB\xBF]"#, .unexpectedByte), (#"\xEF\xBB{}"#, .unexpectedByte),
        (#"\xFE\xFF\x00["#, .unexpectedByte), (#"\xFF\xFE[\x00"#, .unexpectedByte),
        (#"[\x00]\x00"#, .unexpectedByte),
        // numbers
        ("-", .badNumber), ("+1", .unexpectedByte), (".1", .unexpectedByte), ("1.", .badNumber),
        ("-.1", .badNumber), ("01", .badNumber), ("-01", .badNumber), ("00", .badNumber),
        ("-00", .badNumber), ("1.e1", .badNumber), ("1e", .badNumber), ("1E", .badNumber),
        ("1e+", .badNumber), ("1e-", .badNumber), ("1e.1", .badNumber), ("0e", .badNumber),
        ("0.e1", .badNumber), ("--1", .badNumber), ("-a", .badNumber), ("0x1", .trailingBytes),
        ("1_000", .trailingBytes), ("1.2.3", .trailingBytes), ("1e1.1", .trailingBytes),
        ("1-2", .trailingBytes), ("[1+2]", .unexpectedByte), ("[0x42]", .unexpectedByte),
        ("[1,-]", .badNumber), ("[- 1]", .badNumber), ("[1.]", .badNumber), ("[1ea]", .badNumber),
        ("[-2.]", .badNumber), ("[0.3e+]", .badNumber), ("[012]", .badNumber),
        ("[1 000.0]", .unexpectedByte), (#"[\xEF\xBC\x91]"#, .unexpectedByte),
        // strings
        ("\"", .truncated), ("\"a", .truncated), (#""\"#, .truncated), (#""\""#, .truncated),
        (#""\u"#, .truncated), (#""\u00"#, .truncated), (#""\u00A"#, .truncated),
        (#""\u00A""#, .badEscape), (#""\uD834\uDd""#, .badEscape), (#""\uqqqq""#, .badEscape),
        (#""\u 123""#, .badEscape), (#""\u{41}""#, .badEscape), (#""\x5Cx41b""#, .badEscape),
        (#""\a""#, .badEscape), (#""\'""#, .badEscape), (#""\0""#, .badEscape),
        (#""\U0041""#, .badEscape), (#""\🌀""#, .badEscape), ("\"a\nb\"", .controlCharacter),
        ("\"\t\"", .controlCharacter), (#""\x00""#, .controlCharacter),
        (#""\x1F""#, .controlCharacter), (#""12345678\x1F""#, .controlCharacter),
        ("{\"a\n\":1}", .controlCharacter),
        // bytes that are no UTF-8
        (#""\x80""#, .badUTF8), (#""\xBF""#, .badUTF8), (#""\xC0\x80""#, .badUTF8),
        (#""\xC1\xBF""#, .badUTF8), (#""\xC3""#, .badUTF8), (#""\xC3(""#, .badUTF8),
        (#""\xE0\x80\x80""#, .badUTF8), (#""\xE0\x9F\xBF""#, .badUTF8), (#""\xE2\x82""#, .badUTF8),
        (#""\xED\xA0\x80""#, .badUTF8), (#""\xED\xBF\xBF""#, .badUTF8),
        (#""\xE2\x28\xA1""#, .badUTF8),
        (#""\xF0\x80\x80\x80""#, .badUTF8), (#""\xF0\x8F\xBF\xBF""#, .badUTF8),
        (#""\xF4\x90\x80\x80""#, .badUTF8), (#""\xF5\x80\x80\x80""#, .badUTF8),
        (#""\xF0\x90\x80""#, .badUTF8), (#""\xFE""#, .badUTF8), (#""\xFF""#, .badUTF8),
        (#""\xE9""#, .badUTF8), (#""1234567\xE9""#, .badUTF8), (#"{"\xB9":"0"}"#, .badUTF8),
        (#""\uD800\xED\xB0\x80""#, .badUTF8), (#"["\xFC\x80\x80\x80\x80\x80"]"#, .badUTF8),
    ]

    @Test func `what the grammar allows is read`() {
        #expect(Self.accepted.count + Self.refused.count >= 250)
        for row in Self.accepted {
            #expect(throws: Never.self, "\(row)") { try JSONTree(parsing: bytes(ofRow: row)) }
            // Inside a container the same, at any offset of the eight-byte steps.
            for indent in 0..<9 where !row.hasPrefix(#"\xEF\xBB\xBF"#) {
                let space = [UInt8](repeating: 0x20, count: indent)
                let text = [UInt8(ascii: "[")] + space + bytes(ofRow: row) + [UInt8(ascii: "]")]
                #expect(throws: Never.self, "\(row) +\(indent)") { try JSONTree(parsing: text) }
            }
        }
    }

    @Test func `what it does not allow is refused, and the reason named`() {
        for (row, reason) in Self.refused {
            do {
                _ = try JSONTree(parsing: bytes(ofRow: row))
                Issue.record("read: \(row)")
            } catch {
                #expect(error.reason == reason, "\(row)")
                #expect(error.offset <= bytes(ofRow: row).count, "\(row)")
            }
        }
    }

    @Test func `every text that breaks off is refused`() throws {
        let text = Array(
            #"{"a":[1.5e-3,"x\u00e9\n",true,{"b":null,"ü":"😹"}],"c":-0,"d":false}"#.utf8
        )
        _ = try JSONTree(parsing: text)
        for count in 0..<text.count {
            #expect(throws: JSONTextError.self, "\(count)") {
                try JSONTree(parsing: Array(text.prefix(count)))
            }
        }
    }
}
