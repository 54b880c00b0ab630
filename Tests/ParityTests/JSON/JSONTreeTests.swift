// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Parity

@Suite("JSON trees")
struct JSONTreeTests {
    @Test func `each value knows its bytes, its key, its kind and how far it reaches`() throws {
        let text = #" {"a" : [ 1.50 , "x" ] , "\u0062":{"c":null}, "e":true } "#
        let tree = try JSONTree(parsing: Array(text.utf8))
        let lexemes = tree.nodes.indices.map { String(decoding: tree.lexeme($0), as: UTF8.self) }
        #expect(
            lexemes == [
                #"{"a" : [ 1.50 , "x" ] , "\u0062":{"c":null}, "e":true }"#, #"[ 1.50 , "x" ]"#,
                "1.50", #""x""#, #"{"c":null}"#, "null", "true",
            ]
        )
        #expect(
            tree.nodes.map(\.kind) == [.object, .array, .number, .string, .object, .null, .bool]
        )
        #expect(tree.nodes.map { Int($0.next) } == [7, 4, 3, 4, 6, 6, 7])
        #expect(tree.nodes.map { Int($0.count) } == [3, 2, 0, 0, 1, 0, 0])
        let keys = tree.nodes.indices.map { node in
            tree.key(node).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(keys == [nil, "a", nil, nil, "b", "c", "e"])
        #expect(tree.children(0) == [1, 4, 6])
        #expect(tree.member(0, "b") == 4)
        #expect(tree.member(0, "x") == nil)
        #expect(tree.text(3) == Array("x".utf8))
    }

    @Test func `escapes are resolved, pairs to their scalar, a lone surrogate to itself`() throws {
        let rows: [(String, [UInt8])] = [
            (#""\"\\\/\b\f\n\r\t""#, [0x22, 0x5C, 0x2F, 8, 12, 10, 13, 9]),
            (#""\u0041\u00e9\u20ac\ud83d\ude39""#, Array("Aé€😹".utf8)),
            (#""\ud800""#, [0xED, 0xA0, 0x80]), (#""\udfff!""#, [0xED, 0xBF, 0xBF, 0x21]),
            (#""\ud800\ud83d\ude39""#, [0xED, 0xA0, 0x80] + Array("😹".utf8)),
            (#""\ude39\ud83d""#, [0xED, 0xB8, 0xB9, 0xED, 0xA0, 0xBD]),
            (#""\ud83d\\ude39""#, [0xED, 0xA0, 0xBD] + Array(#"\ude39"#.utf8)),
        ]
        for (row, expected) in rows {
            #expect(try JSONTree(parsing: Array(row.utf8)).text(0) == expected, "\(row)")
        }
    }

    @Test func `a key that an object has twice is found, however it is written`() throws {
        let rows: [(String, Bool)] = [
            (#"{"a":1,"b":2}"#, false), (#"{"a":1,"a":2}"#, true), (#"{"a":1,"\u0061":2}"#, true),
            (#"{"a":{"b":1},"c":{"b":1}}"#, false), (#"{"":1,"":1}"#, true),
            (#"{"A":1,"a":1}"#, false), (#"{"é":1,"e\u0301":1}"#, false),
        ]
        for (row, expected) in rows {
            let tree = try JSONTree(parsing: Array(row.utf8))
            #expect(tree.nodes[0].hasDuplicateKeys == expected, "\(row)")
        }
        let many = (0..<5_000).map { #""k\#($0)":\#($0)"# }
        let single = try JSONTree(parsing: Array("{\(many.joined(separator: ","))}".utf8))
        #expect(!single.nodes[0].hasDuplicateKeys)
        let twice = many + [#""k4711":0"#]
        let double = try JSONTree(parsing: Array("{\(twice.joined(separator: ","))}".utf8))
        #expect(double.nodes[0].hasDuplicateKeys)
    }

    @Test func `bytes, values and depth have bounds, and a text at a bound is read`() throws {
        var limits = JSONTextLimits()
        limits.bytesMax = 8
        limits.valuesMax = 4
        limits.depthMax = 2
        let rows: [(String, JSONTextError.Reason?)] = [
            ("[1,2,3]", nil), ("[1, 2,3]", nil), ("[1, 2, 3]", .tooLong),
            ("[1,2,,3]", .unexpectedByte),
            ("[[1]]", nil), ("[[[]]]", .tooDeep), ("[[{}]]", .tooDeep), ("[[[", .tooDeep),
            ("[[],1,2]", nil), ("[1,2,[0]", .tooManyValues),
        ]
        for (row, reason) in rows {
            do {
                _ = try JSONTree(parsing: Array(row.utf8), limits: limits)
                #expect(reason == nil, "\(row)")
            } catch {
                #expect(error.reason == reason, "\(row)")
            }
        }
    }

    @Test func `a hostile text is given up at its bound, without deep stack or much memory`() {
        for open in ["[", #"{"a":"#, #"[{"a":["#] {
            let count = 100_000_000 / open.utf8.count
            let text = Array(String(repeating: open, count: count).utf8)
            do {
                _ = try JSONTree(parsing: text)
                Issue.record("read")
            } catch {
                #expect(error.reason == .tooLong)
            }
            do {
                _ = try JSONTree(parsing: Array(text.prefix(1 << 20)))
                Issue.record("read")
            } catch {
                #expect(error.reason == .tooDeep)
                #expect(error.offset < 1_024)
            }
        }
        var limits = JSONTextLimits()
        limits.valuesMax = 1_000
        #expect(throws: JSONTextError(reason: .tooManyValues, offset: 1_999)) {
            try JSONTree(
                parsing: Array("[\(String(repeating: "1,", count: 1 << 20))1]".utf8),
                limits: limits
            )
        }
    }

    @Test func `a builder writes the text that its calls stand for`() throws {
        var builder = JSONTreeBuilder()
        builder.beginObject()
        builder.key("a\"b")
        builder.beginArray()
        builder.number("1.50")
        builder.string("x\n\u{1}é\\")
        builder.beginObject()
        builder.endObject()
        builder.null()
        builder.bool(true)
        builder.endArray()
        builder.key("c")
        builder.string([0x41, 0x42])
        builder.endObject()
        let count = builder.count
        let tree = try builder.finish()
        let expected = #"{"a\"b":[1.50,"x\u000a\u0001é\\",{},null,true],"c":"AB"}"#
        #expect(String(decoding: tree.bytes, as: UTF8.self) == expected)
        #expect(count == expected.utf8.count)
        var broken = JSONTreeBuilder()
        broken.beginArray()
        broken.number("1,5")
        broken.number("x")
        broken.endArray()
        #expect(throws: JSONTextError.self) { try broken.finish() }
        var bytes = JSONTreeBuilder()
        bytes.string([0xFF])
        #expect(throws: JSONTextError.self) { try bytes.finish() }
    }
}
