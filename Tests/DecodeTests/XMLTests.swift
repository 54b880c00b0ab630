// SPDX-License-Identifier: Apache-2.0
import Bytes
import Parity
import Testing

@testable import Decode

func xml(_ text: String) throws -> XMLDocument { try XMLDocument(Array(text.utf8)) }

/// The two trees as JSON texts.
func trees(_ legacy: String, _ modern: String) throws -> (String, String) {
    let trees = try xmlTrees(try xml(legacy), try xml(modern))
    return (
        String(decoding: trees.legacy.bytes, as: UTF8.self),
        String(decoding: trees.modern.bytes, as: UTF8.self)
    )
}

func tree(_ text: String) throws -> String { try trees(text, text).0 }

@Suite("XML")
struct XMLTests {
    @Test func `the canonical form is xmllint's`() throws {
        let documents = [
            "<a/>", "<a b='2' a=\"1\"/>", "<a>&lt;&amp;&gt;&#13;&#xA;&quot;</a>",
            "<a xmlns:z='urn:z' xmlns:b='urn:b' xmlns='urn:d'><z:b b:c='1' z:d='2' e='3'/></a>",
            "<a><![CDATA[<x> & ]]]]><![CDATA[>]]></a>", "<a>\r\n<b\n  c = 'd\te'  />\r</a>",
            "<?xml version='1.0'?><?style x?><!-- c --><a><!-- d --><?pi  y ?>é\u{1F600}</a><!--e-->",
            "<a xml:lang='de' xml:space='preserve'>  <b xmlns=''/> </a>",
            "<a xmlns='urn:x'><b xmlns='urn:x'><c xmlns=''/></b></a>",
            "<p:a xmlns:p='urn:p' p:x='1' x='2'><p:b xmlns:p='urn:q'/></p:a>",
        ]
        for document in documents {
            let bytes = Array(document.utf8)
            let result = try Oracle.run(["xmllint", "--nonet", "--c14n", "-"], input: bytes)
            try #require(result.status == 0, "xmllint: \(document)")
            #expect(
                try canonicalXML(bytes, keepsComments: true) == result.output,
                "\(document)"
            )
        }
    }

    @Test func `random documents have xmllint's canonical form, too, and it is stable`() throws {
        var random = RandomDocument(seed: 2_026)
        for number in 0..<120 {
            let bytes = Array(random.next().utf8)
            let result = try Oracle.run(["xmllint", "--nonet", "--c14n", "-"], input: bytes)
            let text = String(decoding: bytes, as: UTF8.self)
            try #require(result.status == 0, "document \(number): \(text)")
            let canonical = try canonicalXML(bytes, keepsComments: true)
            #expect(canonical == result.output, "document \(number): \(text)")
            #expect(try canonicalXML(canonical, keepsComments: true) == canonical)
            let (left, right) = try trees(text, String(decoding: canonical, as: UTF8.self))
            #expect(left.count == right.count, "document \(number): \(text)")
        }
    }

    @Test func `documents have one tree exactly when they have one canonical form`() throws {
        let same = [
            "<a x='1' y='2'><b>t</b></a>", "<a y=\"2\"  x=\"1\" ><b >t</b ></a>",
            "<?xml version='1.0' encoding='utf-8'?><a x='&#49;' y='2'><b><![CDATA[t]]></b></a>",
            "<a x='1' y='2'><!-- no --><b>t</b></a>",
        ]
        let other = [
            "<a x='1' y='3'><b>t</b></a>", "<a x='1'><b>t</b></a>", "<a x='1' y='2'><b>u</b></a>",
            "<a x='1' y='2'><b>t</b><b/></a>", "<a x='1' y='2'><b xmlns='urn:b'>t</b></a>",
            "<c x='1' y='2'><b>t</b></c>", "<a x='1' y='2'>t<b>t</b></a>",
        ]
        let first = try xml(same[0])
        for text in same {
            #expect(try xml(text).canonical == first.canonical, "\(text)")
            #expect(try tree(text).count == tree(same[0]).count, "\(text)")
        }
        for text in other {
            #expect(try xml(text).canonical != first.canonical, "\(text)")
            let (left, right) = try trees(same[0], text)
            #expect(left != right, "\(text)")
        }
    }

    @Test func `a tree has attributes, texts and one array for each name`() throws {
        let rows: [(String, String)] = [
            ("<a/>", #"{"a":{}}"#),
            ("<a x='1'><b>t</b><b/></a>", ##"{"a":{"@x":"1","b":[{"#text":"t"},{}]}}"##),
            ("<a>\n  <b> t u </b>\n</a>", ##"{"a":{"b":[{"#text":"t u"}]}}"##),
            (
                "<a xml:space='preserve'> <b> t </b></a>",
                ##"{"a":{"@xml:space":"preserve","b":[{"#text":" t "}]}}"##
            ),
            (
                "<p:a xmlns:p='urn:p' p:x='1' x='2'><p:b/><b xmlns='urn:q'/></p:a>",
                #"{"a":{"@xmlns":"urn:p","@x":"2","@ns:x":"1","@xmlns:x":"urn:p","#
                    + #""b":[{},{"@xmlns":"urn:q"}]}}"#
            ),
            (
                "<a>one <b c='2' a='1'>two  three</b> four</a>",
                ##"{"a":{"#text":"one two three four","##
                    + ##""#markup":"1<b a=\"1\" c=\"2\">2</b>1"}}"##
            ),
            (
                "<section xmlns='urn:hl7-org:v3'><text><list><item>a</item></list></text></section>",
                ##"{"section":{"@xmlns":"urn:hl7-org:v3","text":[{"#text":"a","##
                    + ##""#markup":"<list><item>1</item></list>"}]}}"##
            ),
        ]
        for (text, expected) in rows { #expect(try tree(text) == expected, "\(text)") }
    }

    @Test func `another order of the same elements is listed on both sides, and only then`() throws
    {
        let (left, right) = try trees("<a><b/><c/><b/></a>", "<a><b/><b/><c/></a>")
        #expect(left == ##"{"a":{"#order":["b","c","b"],"b":[{},{}],"c":[{}]}}"##)
        #expect(right == ##"{"a":{"#order":["b","b","c"],"b":[{},{}],"c":[{}]}}"##)
        let (fewer, _) = try trees("<a><b/><c/></a>", "<a><c/></a>")
        #expect(!fewer.contains("#order"))
    }

    @Test func `charsets: the media type's, a mark's, the declaration's`() throws {
        let text = "<?xml version='1.0' encoding='iso-8859-1'?><a>ü</a>"
        let latin = text.unicodeScalars.map { UInt8($0.value) }
        #expect(try XMLDocument(latin).root.content == [.text("ü")])
        #expect(try XMLDocument(Array(text.utf8), charset: "utf-8").root.content == [.text("ü")])
        let wide = text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        #expect(try XMLDocument([0xFE, 0xFF] + wide).root.content == [.text("ü")])
        #expect(try XMLDocument(wide).root.content == [.text("ü")])
        for charset in ["ebcdic-cp-us", "ISO-2022-CN-EXT", ""] {
            #expect(throws: DecodeError.charset) { try XMLDocument(latin, charset: charset) }
        }
        #expect(throws: DecodeError.charset) { try XMLDocument(latin, charset: "utf-8") }
    }

    @Test func `document types, entities and outside references are refused`() throws {
        let lol = """
            <!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
            <l>&b;</l>
            """
        let rows: [(String, DecodeError)] = [
            (lol, .xmlDocumentType),
            ("<!DOCTYPE a><a/>", .xmlDocumentType),
            (#"<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>"#, .xmlDocumentType),
            (#"<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x"><a/>"#, .xmlDocumentType),
            (
                #"<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"#,
                .xmlDocumentType
            ),
            ("<a>&x;</a>", .xmlMalformed), ("<a>", .xmlMalformed), ("", .xmlMalformed),
            ("<a></b>", .xmlMalformed), ("<a/><b/>", .xmlMalformed), ("text", .xmlMalformed),
            ("<a b='1' b='2'/>", .xmlMalformed), ("<a>\u{1}</a>", .xmlMalformed),
            ("<p:a/>", .xmlMalformed), ("<a>&#0;</a>", .xmlMalformed),
        ]
        for (text, error) in rows {
            #expect(throws: error, "\(text)") { try xml(text) }
        }
    }

    @Test func `deep, wide and long documents stop at their bounds`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        _ = try tree(nested(Limits.xmlDepthMax))
        #expect(throws: DecodeError.xmlTooLarge) { try xml(nested(Limits.xmlDepthMax + 3)) }
        #expect(throws: DecodeError.xmlTooLarge) { try xml(nested(100_000)) }
        let wide = "<a>" + String(repeating: "<b/>", count: Limits.xmlNodesMax) + "</a>"
        #expect(throws: DecodeError.xmlTooLarge) { try xml(wide) }
        let attributes = (0...Limits.xmlNodesMax).map { "x\($0)=''" }.joined(separator: " ")
        #expect(throws: DecodeError.xmlTooLarge) { try xml("<a \(attributes)/>") }
        let few = (0..<Limits.xmlAttributesMax).map { "x\($0)='>'" }.joined(separator: " ")
        _ = try xml("<!-- ' \(attributes) --><a><![CDATA[<b \(attributes)>]]><b \(few)/></a>")
        let spaces = (0...Limits.xmlNamespacesMax).map { "xmlns:x\($0)='u'" }
        let half = spaces.count / 2
        let head = spaces[..<half].joined(separator: " ")
        let tail = spaces[half...].joined(separator: " ")
        #expect(throws: DecodeError.xmlTooLarge) {
            try xml("<a \(head)><b \(tail)><c/></b></a>")
        }
    }
}

/// Well-formed documents with namespaces, attributes, CDATA, comments, instructions and odd spaces.
private struct RandomDocument {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> String {
        let head = ["", "<?xml version='1.0'?>\n", "<!-- head -->", "<?a b?>\n"]
        return self.pick(head) + self.element(depth: 0, prefixes: [])
            + self.pick(["", "\n<!--x-->"])
    }

    private mutating func below(_ bound: Int) -> Int {
        self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(self.state >> 33) % bound
    }

    private mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[self.below(choices.count)]
    }

    private mutating func element(depth: Int, prefixes: [String]) -> String {
        var known = prefixes
        var head = ""
        for prefix in ["p", "q", "r"] where self.below(4) == 0 {
            head += " xmlns:\(prefix)='urn:\(self.pick(["a", "b", prefix]))\(prefix)'"
            if !known.contains(prefix) { known.append(prefix) }
        }
        if self.below(4) == 0 { head += " xmlns=\"\(self.pick(["", "urn:d", "urn:e"]))\"" }
        for name in ["x", "y", "a"] where self.below(3) == 0 {
            let prefix = known.isEmpty || self.below(2) == 0 ? "" : self.pick(known) + ":"
            let quote = self.pick(["'", "\""])
            head += "  \(prefix)\(name) = \(quote)\(self.value())\(quote)"
        }
        let prefix = known.isEmpty || self.below(2) == 0 ? "" : self.pick(known) + ":"
        let name = prefix + self.pick(["a", "b", "c"])
        guard depth < 5, self.below(5) > 0 else { return "<\(name)\(head)/>" }
        var inside = ""
        for _ in 0..<self.below(5) {
            switch self.below(6) {
            case 0: inside += self.value()
            case 1: inside += "<![CDATA[<\(self.value())>]]>"
            case 2: inside += "<!-- \(self.below(9)) -->"
            case 3: inside += "<?pi  \(self.below(9))?>"
            default: inside += self.element(depth: depth + 1, prefixes: known)
            }
        }
        return "<\(name)\(head)\n>\(inside)</\(name) >"
    }

    private mutating func value() -> String {
        let pieces = [
            "t", " ", "\n", "\t", "&lt;", "&#13;", "&#x1F600;", "ü", ">", "&amp;", "&#10;",
        ]
        return (0..<self.below(5)).map { _ in self.pick(pieces) }.joined()
    }
}
