// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@testable import Migration

@Suite("Canonical paths")
struct CanonicalPathTests {
    /// The canonical form of `path`, or `nil`; and the marks.
    private static func canonical(_ path: [UInt8]) -> (String?, CanonicalPathResult) {
        var pool = BlockPool(capacity: 2)
        let (source, target) = (pool.take() ?? .none, pool.take() ?? .none)
        var writer = pool.writer(source, from: 0)
        for byte in path { writer.append(byte) }
        var output = pool.writer(target, from: 0)
        let result = canonicalPath(pool.window(source, 0, path.count), into: &output)
        switch result.form {
        case .refused: return (nil, result)
        case .unchanged: return (String(decoding: path, as: UTF8.self), result)
        case .rewritten:
            let bytes = pool.window(target, 0, output.position)
            let text = (0..<bytes.count).map { bytes[$0] }
            return (String(decoding: text, as: UTF8.self), result)
        }
    }

    private static let rows: [(String, String)] = [
        ("/", "/"), ("/a", "/a"), ("/a/", "/a/"), ("/a/b", "/a/b"), ("/a.b", "/a.b"),
        ("/a..b", "/a..b"), ("/a.", "/a."), ("/a..", "/a.."), ("/...", "/..."), ("/.a", "/.a"),
        ("/..a", "/..a"), ("/.../b", "/.../b"), ("/.well-known/x", "/.well-known/x"),
        ("/a;p=1", "/a;p=1"), ("/;", "/;"), ("/a=b&c", "/a=b&c"), ("/a:b@c", "/a:b@c"),
        ("/~u", "/~u"), ("/a+b", "/a+b"), ("/!$'()*,", "/!$'()*,"), ("*", "*"),
        // Dot segments
        ("/.", "/"), ("/./", "/"), ("/./a", "/a"), ("/a/.", "/a/"), ("/a/./", "/a/"),
        ("/a/./b", "/a/b"), ("/a/..", "/"), ("/a/../", "/"), ("/a/../b", "/b"),
        ("/a/b/..", "/a/"), ("/a/b/../", "/a/"), ("/a/b/../c", "/a/c"), ("/a/b/../../c", "/c"),
        ("/a/./b/../c/.", "/a/c/"), ("/a/b/c/../..", "/a/"), ("/a/../b/../c", "/c"),
        ("/a/.../..", "/a/"), ("/./././a", "/a"),
        // Decoding
        ("/%41", "/A"), ("/%7a", "/z"), ("/%7A", "/z"), ("/%30", "/0"), ("/%2D", "/-"),
        ("/%2d", "/-"), ("/%5f", "/_"), ("/%7e", "/~"), ("/%7E", "/~"), ("/a%2eb", "/a.b"),
        ("/a%2e", "/a."), ("/%2ea", "/.a"), ("/%2e%2e%2e", "/..."), ("/%20", "/%20"),
        ("/a%20b", "/a%20b"), ("/%3a", "/%3A"), ("/%3A", "/%3A"), ("/%c3%a9", "/%C3%A9"),
        ("/%C3%A9", "/%C3%A9"), ("/%ff", "/%FF"), ("/%25", "/%25"), ("/%252e", "/%252e"),
        ("/%252F", "/%252F"), ("/%3f", "/%3F"), ("/%23", "/%23"), ("/%26", "/%26"),
        ("/%3b", "/%3B"), ("/%7b", "/%7B"), ("/%80", "/%80"), ("/%22", "/%22"),
        ("/%61/../%62", "/b"), ("/%61%62%63", "/abc"),
    ]

    private static let refused: [String] = [
        "", "a", "a/b", "?", "**", "*/", "/..", "/../", "/../a", "/a/../..", "/a/../../b",
        "/./..", "/./../a", "/a/b/../../..", "/%2e", "/%2E", "/%2e/", "/a/%2e", "/a/%2e/b",
        "/%2e%2e", "/%2E%2E", "/.%2e", "/%2e.", "/a/%2e%2e/b", "/a/.%2E/b", "/a/%2e./b",
        "/..;", "/..;/", "/..;/a", "/a/..;/b", "/a/..;x=1/b", "/.;", "/.;/a", "/a/.;x/b",
        "/%2e%2e;/a", "/..;%2fa", "/..;a%2fb", "/%00", "/a%00", "/a%00b", "/%0a", "/%0d", "/%0A",
        "/%0D%0A", "/%01", "/%09", "/%1f", "/%7f", "/%7F", "/%5c", "/%5C", "/\\", "/a\\b",
        "/..\\a", "/a/..%5c..", "/%", "/%4", "/a%", "/a%4", "/%g1", "/%1g", "/%%41", "/%4%31",
        "/%-1", "/% 1", "/a b", "/a\tb", "/a\u{0}b", "/a\u{7f}", "/a\rb", "/a\nb", "/\u{1}",
        "/..%2f", "/..%2fa", "/..%2Fa", "/a%2f..", "/a%2f../b", "/a%2F..%2fb", "/a%2f.", "/.%2fa",
        "/%2e%2e%2fa", "/a%2f%2e%2e",
    ]

    @Test func `every path has its one form, which is its own`() {
        #expect(Self.rows.count + Self.refused.count >= 100)
        for (path, expected) in Self.rows {
            let (form, result) = Self.canonical(Array(path.utf8))
            #expect(form == expected, "\(path)")
            #expect(!result.hasEncodedSlash && !result.hasDoubleSlash, "\(path)")
            #expect(Self.canonical(Array(expected.utf8)).0 == expected, "twice: \(path)")
            #expect((form ?? "").utf8.count <= path.utf8.count, "longer: \(path)")
        }
    }

    @Test func `what has no canonical form is refused`() {
        for path in Self.refused {
            #expect(Self.canonical(Array(path.utf8)).0 == nil, "\(path)")
        }
    }

    @Test func `encoded and double slashes are kept and marked`() {
        for (path, expected, isEncoded, isDouble) in [
            ("/a%2fb", "/a%2Fb", true, false), ("/a%2Fb", "/a%2Fb", true, false),
            ("/%2f", "/%2F", true, false), ("/a%2f...", "/a%2F...", true, false),
            ("//", "//", false, true), ("//a", "//a", false, true), ("/a//", "/a//", false, true),
            ("/a//b", "/a//b", false, true), ("/a//%2fb", "/a//%2Fb", true, true),
            ("/a//..", "/a/", false, true),
        ] {
            let (form, result) = Self.canonical(Array(path.utf8))
            #expect(form == expected, "\(path)")
            #expect(result.hasEncodedSlash == isEncoded, "\(path)")
            #expect(result.hasDoubleSlash == isDouble, "\(path)")
        }
    }

    @Test func `a path of too many segments is refused, not cut`() {
        let path = String(repeating: "/a", count: 300) + "/%41"
        #expect(Self.canonical(Array(path.utf8)).0 == nil)
    }
}

@Suite("Path templates")
struct PathTemplateTests {
    private static func failure(_ text: String) -> PathTemplateError? {
        do throws(PathTemplateError) {
            _ = try PathTemplate(text)
            return nil
        } catch { return error }
    }

    @Test func `every mistake in a template is named`() {
        for (text, error) in [
            ("", PathTemplateError.notAbsolute), ("a", .notAbsolute), ("{a}", .notAbsolute),
            ("/{", .badBraces(segment: "{")), ("/}", .badBraces(segment: "}")),
            ("/{}", .badBraces(segment: "{}")), ("/{...}", .badBraces(segment: "{...}")),
            ("/a{b", .badBraces(segment: "a{b")), ("/{{a}}", .badBraces(segment: "{{a}}")),
            ("/a{b}", .partOfSegment(segment: "a{b}")),
            ("/{a}.json", .partOfSegment(segment: "{a}.json")),
            ("/{1}", .badName("1")), ("/{a-b}", .badName("a-b")), ("/{a b}", .badName("a b")),
            ("/{a}/{a}", .repeatedName("a")), ("/{a}/{a...}", .repeatedName("a")),
            ("/{a...}/b", .restNotLast("a")), ("//a", .notCanonical(segment: "")),
            ("/a//b", .notCanonical(segment: "")), ("/./a", .notCanonical(segment: ".")),
            ("/a/..", .notCanonical(segment: "..")), ("/a b", .notCanonical(segment: "a b")),
            ("/é", .notCanonical(segment: "é")), ("/a\\b", .notCanonical(segment: "a\\b")),
        ] {
            #expect(Self.failure(text) == error, "\(text)")
        }
        let many = (0..<17).map { "/{v\($0)}" }.joined()
        #expect(Self.failure(many) == .tooManyVariables)
    }

    @Test func `a template reads back, and tells its variables`() throws {
        for text in ["/", "/a", "/a/", "/{x}", "/a/{x}/b/{y...}", "/{_a1}/"] {
            #expect(try PathTemplate(text).text == text)
        }
        let template = try PathTemplate("/api/{id}/parts/{rest...}")
        #expect(template.variables == ["id", "rest"])
        #expect(template.restName == "rest")
        #expect(template.shape == "/api/{}/parts/{...}")
    }

    @Test func `a redirect's target is taken back only where that is sure`() throws {
        let source = try PathTemplate("/old/{id}/{rest...}")
        for (target, expected) in [
            ("/new/{id}/{rest}", "/new/{id}/{rest...}"),
            ("/n/{id}/x/{rest...}", "/n/{id}/x/{rest...}"),
        ] {
            #expect(try PathTemplate(target).inverse(of: source).text == expected)
        }
        for (target, error) in [
            ("/new/{id}", PathTemplateError.notInvertible(missing: "rest")),
            ("/new/{rest}", .notInvertible(missing: "id")),
            ("/new/{id}/{other}/{rest}", .unboundVariable("other")),
            ("/{id}/{rest}", .openRedirect), ("/new/{rest}/{id}", .restNotLast("rest")),
            ("/old/{id}/{rest}", .loops), ("/old/{id}/{rest...}", .loops),
        ] {
            #expect(throws: error) { try PathTemplate(target).inverse(of: source) }
        }
    }
}
