// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Parity

@Suite("Media types")
struct MediaTypeTests {
    @Test func `a type is read with its parameters, quoted or not`() {
        let type = MediaType(" Multipart/Form-Data ; Boundary=\"a;\\\"b\" ;charset = utf-8; x")
        #expect(type.essence == "multipart/form-data")
        #expect(type["boundary"] == "a;\"b")
        #expect(type["charset"] == "utf-8")
        #expect(type["x"] == "")
        #expect(type["y"] == nil)
        for malformed in ["", "json", "a/b/c", ";", "=;=\"", "\"", "a/b;\"\\"] {
            _ = MediaType(malformed)
        }
        #expect(MediaType(nil).essence == "" && MediaType("json").essence == "")
    }

    @Test func `every type has its format`() {
        let rows: [(String, BodyFormat?)] = [
            ("application/json", .json), ("application/fhir+json", .json), ("text/json", .json),
            ("application/problem+json; charset=utf-8", .json), ("application/xml", .xml),
            ("text/xml", .xml), ("application/soap+xml", .xml), ("image/svg+xml", .xml),
            ("text/plain", .text), ("text/html", .text), ("text/csv", .text),
            ("application/javascript", .text), ("application/x-ndjson", .text),
            ("application/x-www-form-urlencoded", .form), ("multipart/mixed", .multipart),
            ("application/pdf", .bytes), ("image/png", .bytes), ("nonsense", nil), ("", nil),
        ]
        for (type, format) in rows { #expect(MediaType(type).format == format, "\(type)") }
    }

    @Test func `a body without a type is what it looks like`() {
        let rows: [([UInt8], BodyFormat)] = [
            (Array(" \n{\"a\":1}".utf8), .json), (Array("[]".utf8), .json),
            (Array("<?xml version='1.0'?><a/>".utf8), .xml), (Array("<html>".utf8), .text),
            (Array("plain".utf8), .text), ([], .text), ([0xFF, 0xD8, 0xFF], .bytes),
            ([0x41, 0x00], .bytes),
        ]
        for (bytes, format) in rows { #expect(BodyFormat.sniffed(bytes) == format, "\(bytes)") }
    }
}

@Suite("Charsets")
struct CharsetTests {
    @Test func `each charset becomes UTF-8, and nothing else does`() {
        let rows: [([UInt8], String?, String?)] = [
            (Array("grün €".utf8), nil, "grün €"), (Array("a".utf8), "US-ASCII", "a"),
            ([0x67, 0x72, 0xFC, 0x6E], "ISO-8859-1", "grün"),
            ([0x80, 0x9F, 0x81], "windows-1252", "€Ÿ\u{81}"),
            ([0x00, 0x61, 0x20, 0xAC], "utf-16", "a€"),
            ([0x61, 0x00, 0xAC, 0x20], "UTF-16LE", "a€"),
            ([0xFF, 0xFE, 0x61, 0x00], nil, "a"), ([0xFE, 0xFF, 0x00, 0x61], "utf-8", "a"),
            ([0xEF, 0xBB, 0xBF, 0x61], "latin1", "a"),
            ([0xD8, 0x3D, 0xDE, 0x00], "utf-16be", "\u{1F600}"),
            ([0xFF], nil, nil), ([0xC0, 0x80], "utf-8", nil), ([0xED, 0xA0, 0x80], "utf-8", nil),
            ([0x00], "utf-16", nil), ([0xD8, 0x00], "utf-16be", nil), ([0x41], "utf-7", nil),
            ([0x41], "", nil), ([0x41], "ibm037", nil),
        ]
        for (bytes, name, text) in rows {
            let read = utf8Text(bytes, charset: name)
            #expect(read == text.map { Array($0.utf8) }, "\(bytes) \(name ?? "-")")
        }
    }
}

@Suite("Bodies as trees")
struct BodyTreeTests {
    private func json(_ tree: JSONTree?) -> String {
        tree.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "-"
    }

    @Test func `a text is its lines, however they end`() throws {
        let rows: [(String, String)] = [
            ("", "[]"), ("a", "[\"a\"]"), ("a\n", "[\"a\"]"),
            ("a\r\nb\rc\n\nd", "[\"a\",\"b\",\"c\",\"\",\"d\"]"),
            ("\n", "[\"\"]"), ("\"\\\u{1}", "[\"\\\"\\\\\\u0001\"]"),
        ]
        for (text, expected) in rows {
            #expect(json(try textTree(Array(text.utf8))) == expected, "\(text.debugDescription)")
        }
    }

    @Test func `a form is its names, each with its values in order`() throws {
        let rows: [(String, String)] = [
            ("", "{}"), ("a=1", #"{"a":["1"]}"#),
            ("a=1&b&a=2&=x", #"{"a":["1","2"],"b":[""],"":["x"]}"#),
            ("a+b=%41%zz%4&c=d=e", #"{"a b":["A%zz%4"],"c":["d=e"]}"#), ("%FF=1", "-"),
            ("&&a=%C3%BC&", #"{"a":["ü"]}"#),
        ]
        for (text, expected) in rows {
            #expect(json(try formTree(Array(text.utf8))) == expected, "\(text)")
        }
    }
}

@Suite("Multipart bodies")
struct MultipartBodyTests {
    private func parts(
        _ text: String,
        _ type: String = "multipart/mixed; boundary=b"
    ) throws -> [String] {
        try MultipartBody(Array(text.utf8), mediaType: MediaType(type)).parts.map { part in
            "\(part.name)|\(part.fields.count)|\(String(decoding: part.body, as: UTF8.self))"
        }
    }

    @Test func `parts stand between boundaries, with their names`() throws {
        let rows: [(String, [String])] = [
            ("--b\r\n\r\nx\r\n--b--", ["|0|x"]), ("--b\n\nx\n--b--\n", ["|0|x"]),
            (
                "pre\r\n--b\r\nContent-ID: <1>\r\n\r\nx\r\n\r\n--b \t\r\n\r\n\r\n--b--\r\npost",
                ["<1>|1|x\r\n", "|0|"]
            ),
            (
                "--b\r\nContent-Disposition: form-data; NAME=\"a b\"\r\nX: y\r\n\r\n--bb\r\n--b--",
                ["a b|2|--bb"]
            ),
            ("--b\r\n--b--", ["|0|"]), ("--b--", []), ("--b\r\n\r\n--b-x\r\n--b--", ["|0|--b-x"]),
        ]
        for (text, expected) in rows {
            #expect(try parts(text) == expected, "\(text.debugDescription)")
        }
    }

    @Test func `what is no multipart body is named`() {
        let rows: [(String, String, MultipartError)] = [
            ("--b\r\n\r\nx\r\n--b--", "multipart/mixed", .noBoundary),
            ("", "multipart/mixed; boundary=\(String(repeating: "b", count: 71))", .noBoundary),
            ("x", "multipart/mixed; boundary=b", .noParts),
            ("", "multipart/mixed; boundary=b", .noParts),
            ("--b\r\n\r\nx\r\n", "multipart/mixed; boundary=b", .truncated),
            ("--b\r\nno colon\r\n\r\nx\r\n--b--", "multipart/mixed; boundary=b", .badPart),
            ("--b\r\nA: b\r\n--b--", "multipart/mixed; boundary=b", .badPart),
        ]
        for (text, type, error) in rows {
            #expect(throws: error, "\(text.debugDescription)") { try parts(text, type) }
        }
        let many =
            String(repeating: "--b\r\n\r\n\r\n", count: Limits.multipartPartsMax + 2) + "--b--"
        #expect(throws: MultipartError.tooManyParts) { try parts(many) }
    }
}
