// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Testing

@testable import YAML

@Suite("YAML documents")
struct YAMLDocumentsTests {
    /// `CODE LINE:COLUMN` of each problem.
    private func problems(_ yaml: String) -> [String] {
        YAMLDocuments(yaml: yaml, file: "t.yaml").problems.map {
            "\($0.code) \($0.position.line):\($0.position.column)"
        }
    }

    @Test func `scalars have the types of the core schema`() {
        let rows: [(String, DocumentValue)] = [
            ("null", .null), ("~", .null), ("", .null), ("Null", .null), ("nULL", .string("nULL")),
            ("true", .bool(true)), ("FALSE", .bool(false)), ("yes", .string("yes")),
            ("on", .string("on")), ("no", .string("no")), ("1", .number("1")),
            ("-1", .number("-1")),
            ("+5", .number("5")), ("007", .number("7")), ("1.10", .number("1.10")),
            (".5", .number("0.5")), ("5.", .number("5")), ("1e3", .number("1e3")),
            ("-1.5E-3", .number("-1.5e-3")), ("0x1F", .number("31")), ("0o17", .number("15")),
            ("0xZ", .string("0xZ")), ("64Ki", .string("64Ki")), ("99.99%", .string("99.99%")),
            ("2026-01-01", .string("2026-01-01")), ("1.2.3", .string("1.2.3")),
            ("12:30", .string("12:30")), ("1_000", .string("1_000")),
            ("1e", .string("1e")), ("'1'", .string("1")), ("\"true\"", .string("true")),
            ("'it''s'", .string("it's")), ("\"a\\tb\\u00e9\"", .string("a\tb\u{e9}")),
            ("/a/{b...}", .string("/a/{b...}")),
        ]
        for (text, value) in rows {
            let read = YAMLDocuments(yaml: "key: \(text)\n", file: "t.yaml")
            #expect(read.problems.isEmpty, "\(text)")
            #expect(read.documents.first?["key"]?.value == value, "\(text)")
        }
    }

    @Test func `block scalars keep or fold their lines`() {
        let read = YAMLDocuments(yaml: "a: |\n  one\n  two\nb: >-\n  one\n  two\n", file: "t.yaml")
        #expect(read.documents.first?["a"]?.text == "one\ntwo\n")
        #expect(read.documents.first?["b"]?.text == "one two")
    }

    @Test func `positions count lines and columns from one, columns in scalars`() throws {
        let yaml =
            "name: x\nlist:\n  - { é: \"größe\", b: 2 }\n  -   plain text\n---\nsecond: [1, 22]\n"
        let read = YAMLDocuments(yaml: yaml, file: "t.yaml")
        #expect(read.documents.count == 2)
        let list = try #require(read.documents[0]["list"]?.items)
        #expect(list[0].position == SourcePosition(line: 3, column: 5))
        let member = try #require(list[0].members?[0])
        #expect(member.keyPosition == SourcePosition(line: 3, column: 7))
        #expect(member.node.position == SourcePosition(line: 3, column: 10))
        #expect(member.node.length == 7)
        #expect(list[0]["b"]?.position == SourcePosition(line: 3, column: 22))
        #expect(list[1].position == SourcePosition(line: 4, column: 7))
        #expect(list[1].length == 10)
        let numbers = try #require(read.documents[1]["second"]?.items)
        #expect(numbers[1].position == SourcePosition(line: 6, column: 13))
        #expect(numbers[1].length == 2)
    }

    @Test func `what Banyan does not take is refused where it stands`() {
        let rows: [(String, [String])] = [
            ("a: 1\nb: 2\na: 3\n", ["Y002 3:1"]),
            ("a: &x 1\nb: *x\n", ["Y003 1:4"]),
            ("b: *x\n", ["Y003 1:4"]),
            ("a: !!str 1\n", ["Y004 1:4"]),
            ("a:\n  <<: { b: 1 }\n", ["Y010 2:3"]),
            ("%YAML 1.2\n---\na: 1\n", ["Y011 2:1"]),
            ("? [a, b]\n: 1\n", ["Y007 1:3"]),
            ("a: .inf\n", ["Y008 1:4"]),
            ("a: -.INF\n", ["Y008 1:4"]),
            ("a: \u{1}\n", ["Y009 1:4"]),
            ("\u{FEFF}a: 1\n", ["Y009 1:1"]),
            ("a: 1\r\nb: 2\rc: 3\n", ["Y009 2:5"]),
            ("a: [1,\n  2", ["Y001 2:1"]),
            ("a: 1\r\nb: [\r\n", ["Y001 3:1"]),
            (String(repeating: "[", count: 40) + String(repeating: "]", count: 40), ["Y005 1:33"]),
        ]
        for (yaml, expected) in rows {
            #expect(self.problems(yaml) == expected, "\(yaml.debugDescription)")
        }
    }

    @Test func `bytes that are not UTF-8 are refused where they stand`() {
        let read = YAMLDocuments(yaml: Array("a: 1\nb: ".utf8) + [0xff, 0x0a], file: "t.yaml")
        #expect(read.problems.map(\.code) == ["Y009"])
        #expect(read.problems.first?.position == SourcePosition(line: 2, column: 4))
    }

    @Test func `a syntax error leaves the other documents readable`() {
        let yaml = "a: 1\n---\nb: [1, 2\nc: }\n---\nd: 4\n---\ne: \"x\n---\nf: 5\n"
        let read = YAMLDocuments(yaml: yaml, file: "t.yaml")
        #expect(read.documents.map { $0.members?.first?.key } == ["a", "d", "f"])
        #expect(read.problems.map(\.code) == ["Y001", "Y001"])
        #expect(read.problems.map(\.position.line).allSatisfy { (3...9).contains($0) })
        #expect(read.documents.last?.members?.first?.keyPosition.line == 10)
    }

    @Test func `syntax errors name line and column`() {
        let rows: [(String, String)] = [
            ("a: [1, 2\n", "Y001 2:1"),
            ("a: b: c\n", "Y001 1:5"),
            ("a:\n\t- b\n", "Y001 2:1"),
            ("a: \"x\n", "Y001 1:5"),
            ("a: 1\n b: 2\n", "Y001 1:4"),
        ]
        for (yaml, expected) in rows {
            #expect(self.problems(yaml) == [expected], "\(yaml.debugDescription)")
        }
    }

    @Test func `a file over the limit is refused before it is parsed`() {
        let bytes = [UInt8](repeating: 0x20, count: Limits.yamlBytesMax + 1)
        #expect(YAMLDocuments(yaml: bytes, file: "t.yaml").problems.map(\.code) == ["Y006"])
    }

    @Test func `empty documents and comments are no documents`() {
        for yaml in ["", "\n", "# only\n", "---\n---\n", "---\n# x\n...\n", "null\n"] {
            let read = YAMLDocuments(yaml: yaml, file: "t.yaml")
            #expect(read.documents.isEmpty, "\(yaml.debugDescription)")
            #expect(read.problems.isEmpty, "\(yaml.debugDescription)")
        }
    }
}
