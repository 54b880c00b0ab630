// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Testing

@testable import Migration

@Suite("Flag document")
struct FlagDocumentTests {
    private func problems(_ text: String) -> [Problem] {
        var problems: [Problem] = []
        let document = FlagDocument.read(json: Array(text.utf8), file: "f", problems: &problems)
        #expect((document == nil) == !problems.isEmpty)
        return problems
    }

    private func good(_ members: String) -> String {
        self.flag(#""state":"ENABLED","variants":{"on":true,"off":false},\#(members)"#)
    }

    private func flag(_ members: String) -> String { "{\"flags\":{\"x\":{\(members)}}}" }

    @Test func `what flagd warns about is refused at its place with the nearest name`() throws {
        // The place of the problem is marked with §.
        // document, code, part of the caret
        let rows: [(String, String, String)] = [
            ("§[]", "F001", ""), ("§{}", "F001", ""), (#"{"flags":§7}"#, "F001", "object"),
            ("{§", "J001", ""), (#"{"flags":{},§"flags":{}}"#, "J005", "first"),
            (#"{"flags":{},§"metdata":{}}"#, "F002", "`metadata`"),
            (#"{"flags":{},"metadata":{"a":§{}}}"#, "F003", "a text"),
            (#"{"flags":{},"metadata":§[]}"#, "F003", ""),
            (#"{"flags":{},"metadata":{"flagSetId":§1}}"#, "F003", ""),
            (#"{"flags":{},"metadata":{"bucketing":§"flagd-v4"}}"#, "F004", "`flagd-v2`"),
            (#"{"flags":{},"metadata":{"bucketing":§3}}"#, "F004", "flagd-v2, flagd-v3"),
            (#"{"flags":{},"$evaluators":§[]}"#, "F005", ""),
            (#"{"flags":{},"$evaluators":{"a":§{}}}"#, "F005", ""),
            (#"{"flags":{},"$evaluators":{"a":{"!":§{"$ref":"a"}}}}"#, "F006", ""),
            (#"{"flags":[§{"state":"ENABLED"}]}"#, "F010", ""),
            (#"{"flags":{"x":§1}}"#, "F010", ""),
            (#"{"flags":{§"x":{"variants":{"on":true}}}}"#, "F012", "ENABLED"),
            (self.flag(#""state":§"ENABLE","variants":{"on":true}"#), "F012", "`ENABLED`"),
            (#"{"flags":{§"x":{"state":"ENABLED"}}}"#, "F014", ""),
            (self.flag(#""state":"ENABLED","variants":§{}"#), "F014", ""),
            (self.flag(#""state":"ENABLED","variants":{"":§1}"#), "F014", ""),
            (self.flag(#""state":"ENABLED","variants":{"a":§null}"#), "F015", ""),
            (self.flag(#""state":"ENABLED","variants":{"a":1,"b":§"1"}"#), "F015", "`a`"),
            (self.flag(#""state":"ENABLED","variants":{"a":§9007199254740993}"#), "F016", "2^53"),
            (self.flag(#""state":"ENABLED","variants":{"a":§1e400}"#), "F016", "2^53"),
            (self.good(#""defaultVariant":§"onn""#), "F017", "`on`"),
            (self.good(#""defaultVariant":§1"#), "F017", "null"),
            (self.good(#"§"targetting":{"var":"a"}"#), "F002", "`targeting`"),
            (self.good(#""targeting":§"on""#), "F020", "object"),
            (self.good(#""targeting":§{"var":"a","!":1}"#), "F021", "2 found"),
            (self.good(#""targeting":{§"sem_vr":["1","=","1"]}"#), "F022", "`sem_ver`"),
            (self.good(#""targeting":{§"?:":[1,2,3]}"#), "F022", "no such"),
            (self.good(#""targeting":{"==":§[1]}"#), "F023", "1 found"),
            (self.good(#""targeting":{"cat":§"a"}"#), "F023", ""),
            (self.good(#""targeting":{"starts_with":["a",§1]}"#), "F023", ""),
            (self.good(#""targeting":{"missing":["a",§1]}"#), "F023", ""),
            (self.good(#""targeting":{"var":§"$flagd.timestmp"}"#), "F024", "timestamp"),
            (self.good(#""targeting":{"sem_ver":["1",§"=>","1"]}"#), "F025", "one of"),
            (self.good(#""targeting":{"fractional":[["a",§1.5]]}"#), "F026", ""),
            (self.good(#""targeting":{"fractional":§[{"var":"a"}]}"#), "F026", ""),
            (self.good(#""targeting":{"fractional":§[["a",2147483647],["b",1]]}"#), "F026", ""),
            (self.good(#""targeting":{"if":[{"$ref":§"nobody"},"on"]}"#), "F007", "not among"),
            (self.good(#""metadata":{"a":§null}"#), "F003", ""),
        ]
        for (marked, code, caret) in rows {
            let text = marked.replacing("§", with: "")
            let column = try #require(marked.firstIndex(of: "§")).utf16Offset(in: marked) + 1
            let found = self.problems(text)
            let row = Comment("\(marked): \(found)")
            #expect(found.first?.code == code, row)
            #expect(found.first?.position == SourcePosition(line: 1, column: column), row)
            #expect(found.first?.file == "f", row)
            if !caret.isEmpty { #expect(found.first?.caret?.contains(caret) == true, row) }
        }
    }

    @Test func `a rule deeper than the limit is refused, however deep the stack is`() {
        var rule = "true"
        for _ in 0..<60 { rule = "{\"!\":[\(rule)]}" }
        let text = self.flag(
            #""state":"ENABLED","variants":{"true":1,"false":2},"targeting":\#(rule)"#
        )
        #expect(self.problems(text).map(\.code) == ["F027"])
    }

    @Test func `all problems of all files come in one run and nothing is taken`() {
        let one = #"{"flags":{"a":{"state":"ENABLED","variants":{"x":1}}}}"#
        let two = #"{"flags":{"a":{"state":"ENABLED","variants":{"x":1}}, "b":{}}}"#
        let three = #"{"flags": { "a": {"state":"ENABLED","variants":{"x":1}}}}"#
        var problems: [Problem] = []
        let set = FlagSet.load(
            [("1", Array(one.utf8)), ("2", Array(two.utf8)), ("3", Array(three.utf8))],
            problems: &problems
        )
        #expect(set == nil)
        #expect(problems.map { "\($0.file) \($0.code)" } == ["2 F012", "2 F014", "3 F011"])
        #expect(problems.last?.caret == "first in 1:1")
        #expect(problems.last?.position == SourcePosition(line: 1, column: 13))
    }

    @Test func `a list of flags, references and metadata are read`() throws {
        let text = #"""
            {"$schema": "https://flagd.dev/schema/v0/flagd.json",
             "metadata": {"flagSetId": "edge", "owner": "a", "bucketing": "flagd-v2"},
             "$evaluators": {"isFirst": {"==": [{"var": "labels.wave"}, "1"]}},
             "flags": [
              {"key": "s", "state": "ENABLED", "variants": {"m": "modern", "l": "legacy"},
               "defaultVariant": "l", "targeting": {"if": [{"$ref": "isFirst"}, "m"]},
               "metadata": {"owner": "b", "reason": "r"}},
              {"key": "d", "state": "DISABLED", "variants": {"m": 10.0}, "defaultVariant": null}
             ]}
            """#
        var problems: [Problem] = []
        let set = try #require(
            FlagSet.load([(file: "f", bytes: Array(text.utf8))], problems: &problems)
        )
        #expect(problems.isEmpty && set.keys == ["d", "s"])
        let flag = try #require(set.flag("s"))
        #expect(flag.bucketing == .flagdV2 && flag.type == .string && flag.defaultVariant == "l")
        #expect(flag.metadata("owner")?.text == "b" && flag.metadata("flagSetId")?.text == "edge")
        #expect(flag.metadata("reason")?.text == "r")
        let first = FlagContext(["labels": ["wave": "1"]])
        #expect(set.evaluate("s", first, unixSeconds: 0).variant == "m")
        #expect(set.evaluate("s", .empty, unixSeconds: 0).variant == "l")
    }

    @Test func `flags that routes use must fit them`() throws {
        let text = #"""
            {"flags": {
              "good": {"state": "ENABLED", "variants": {"a": "legacy", "b": "live"}},
              "slip": {"state": "ENABLED", "variants": {"a": "legacy", "b": "modrn"}},
              "unused": {"state": "ENABLED", "variants": {"a": "gone"}},
              "number": {"state": "ENABLED", "variants": {"a": 1}},
              "module": {"state": "ENABLED", "variants": {"on": true}}}}
            """#
        var problems: [Problem] = []
        let set = try #require(
            FlagSet.load([(file: "f", bytes: Array(text.utf8))], problems: &problems)
        )
        let stages: [Stage] = [.legacy, .shadow, .live, .modern]
        let found = set.problems(
            stageFlags: [
                "good": stages, "slip": stages, "unused": stages, "number": stages,
                "nowhere": stages,
            ],
            booleanFlags: ["module", "good", "good", "nowhere"]
        )
        #expect(found.map(\.code) == ["F030", "F031", "F032", "F030"])
        #expect(found[1].position == SourcePosition(line: 3, column: 65))
        #expect(found[1].caret == "did you mean `modern`?")
        #expect(found[2].message.contains("`gone` is not used"))
        #expect(found[3].message.contains("entitlement"))
    }

    @Test func `every code that the sources use is explained once`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let parts: [(String, Regex<Substring>, [ProblemCode])] = [
            ("Sources/Documents", /"J[0-9]{3}"/, ProblemCode.json),
            ("Sources/Migration/Flags", /"F[0-9]{3}"/, ProblemCode.flags),
        ]
        for (path, pattern, explained) in parts {
            let folder = root.appending(path: path)
            var used: Set<String> = []
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
            where !name.contains("ProblemCode") {
                let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
                for match in text.matches(of: pattern) {
                    used.insert(String(match.output.dropFirst().dropLast()))
                }
            }
            #expect(used.sorted() == explained.map(\.code).sorted(), "\(path)")
        }
    }

    @Test func `the seeds of the fuzzer are read`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Corpus/FuzzFlagDocument")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count >= 12)
        for name in names {
            var problems: [Problem] = []
            let bytes = [UInt8](try Data(contentsOf: folder.appending(path: name)))
            let document = FlagDocument.read(json: bytes, file: name, problems: &problems)
            for flag in document?.flags ?? [] {
                _ = flag.evaluate(.empty, unixSeconds: 0)
            }
            #expect(document != nil, "\(name): \(problems)")
        }
    }
}
