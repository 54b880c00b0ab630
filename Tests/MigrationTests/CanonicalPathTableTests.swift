// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@testable import Migration

@Suite("Canonical path: table")
struct CanonicalPathTableTests {
    /// The canonical form of a path, `nil` when it is refused.
    static func canonical(_ text: String) -> (path: String?, result: CanonicalPathResult) {
        var pool = BlockPool(capacity: 1)
        guard let block = pool.take() else { return (nil, CanonicalPathResult(.refused)) }
        return withWindow(Array(text.utf8)) { raw in
            var writer = pool.writer(block, from: 0)
            let result = canonicalPath(raw, into: &writer)
            switch result.form {
            case .refused: return (nil, result)
            case .unchanged: return (text, result)
            case .rewritten: return (pool.window(block, 0, writer.position).text, result)
            }
        }
    }

    @Test func `a path has the one form of RFC 3986 6`() {
        let rows: [(String, String)] = [
            ("/", "/"), ("*", "*"), ("/a", "/a"), ("/a/", "/a/"), ("/a/b", "/a/b"),
            ("/a.b", "/a.b"), ("/a..", "/a.."), ("/.a", "/.a"), ("/..a", "/..a"),
            ("/...", "/..."), ("/..../x", "/..../x"), ("/.well-known/x", "/.well-known/x"),
            ("/.", "/"), ("/./", "/"), ("/./a", "/a"), ("/a/.", "/a/"), ("/a/./", "/a/"),
            ("/a/./b", "/a/b"), ("/a/..", "/"), ("/a/../", "/"), ("/a/../b", "/b"),
            ("/a/b/..", "/a/"), ("/a/b/../..", "/"), ("/a/b/../../c", "/c"),
            ("/a/b/c/./../../g", "/a/g"), ("/a/./b/../c/.", "/a/c/"),
            ("/%61", "/a"), ("/%41%5A%7a%30%39", "/AZz09"), ("/%2D%2d%5F%7E", "/--_~"),
            ("/a%2eb", "/a.b"), ("/%2ea", "/.a"), ("/%2e%2e%2e", "/..."),
            ("/%20", "/%20"), ("/%e2%82%ac", "/%E2%82%AC"), ("/%3a%3B", "/%3A%3B"),
            ("/a:b;c=d@e!$&'()*+,", "/a:b;c=d@e!$&'()*+,"), ("/%25", "/%25"),
            ("/%253f", "/%253f"), ("/%25252e", "/%25252e"), ("/a;.", "/a;."), ("/a;..", "/a;.."),
            ("/;", "/;"), ("/;/..", "/"), ("/...;", "/...;"), ("/a/...;x/b", "/a/...;x/b"),
            ("/a%2fb", "/a%2Fb"), ("/%2F", "/%2F"), ("/a%2f/b", "/a%2F/b"),
            ("/a%2f...", "/a%2F..."), ("//", "//"), ("/a//b", "/a//b"), ("/a//", "/a//"),
            ("/a//../b", "/a/b"), ("/.//b", "//b"), ("/a/.//b", "/a//b"),
        ]
        for (raw, expected) in rows {
            let (path, _) = CanonicalPathTableTests.canonical(raw)
            #expect(path == expected, "\(raw)")
            // What is canonical stays as it is.
            let again = CanonicalPathTableTests.canonical(expected).path
            #expect(again == expected, "\(expected)")
        }
    }

    @Test func `what two servers could read differently is refused`() {
        let rows = [
            "", "a", "a/b", "?", "**", "/..", "/../", "/../a", "/a/../..", "/a/../../b", "/./..",
            "/%2e", "/%2E", "/%2e/", "/%2e%2e", "/%2E%2e/a", "/.%2e", "/%2e.", "/a/%2e%2e/b",
            "/a/.%2E/b", "/a/%2e/b", "/..;", "/..;/", "/a/..;/b", "/a/..;x=1/b", "/.;", "/.;/a",
            "/a/.;x", "/%2e%2e;/", "/..%3b/", "/..%3B", "/%2e;", "/.%2e;a", "/..%2f", "/..%2Fa",
            "/a%2f..", "/a%2f../b", "/a%2f..%2fb", "/a%2f.", "/.%2fa", "/%2e%2e%2fa", "/a%2f%2e%2e",
            "/a%2f..;b", "/%", "/%4", "/%zz", "/%4g", "/%g4", "/a%", "/a%2", "/%%41", "/%00",
            "/a%00b", "/%01", "/%09", "/%0a", "/%0A", "/%0d", "/%0D%0A", "/%1f", "/%7f", "/%7F",
            "/%5c", "/%5C", "/a%5c..%5cb", "/\\", "/a\\b", "/a\u{0}b", "/a b", "/a\tb", "/a\nb",
            "/a\rb", "/\u{7f}", "/..\\a", "/a/\\..",
        ]
        for raw in rows {
            #expect(CanonicalPathTableTests.canonical(raw).path == nil, "\(raw.debugDescription)")
        }
    }

    @Test func `encoded and double slashes are told`() {
        let rows: [(String, Bool, Bool)] = [
            ("/a", false, false), ("/a%2fb", true, false), ("/a%2F", true, false),
            ("//", false, true), ("/a//b", false, true), ("//a%2fb", true, true),
            ("/a/", false, false), ("/%252f", false, false), ("/a/./b/../c", false, false),
        ]
        for (raw, encoded, double) in rows {
            let result = CanonicalPathTableTests.canonical(raw).result
            #expect(result.hasEncodedSlash == encoded, "\(raw)")
            #expect(result.hasDoubleSlash == double, "\(raw)")
        }
    }

    @Test func `a plain path is not copied, and a rewritten one has bounded segments`() {
        #expect(CanonicalPathTableTests.canonical("/a/b.c/d%").result.form == .refused)
        #expect(CanonicalPathTableTests.canonical("/a/b.c/d").result.form == .unchanged)
        #expect(CanonicalPathTableTests.canonical("/a/%62").result.form == .rewritten)
        let most = String(repeating: "/a", count: Limits.rewrittenSegmentsMax - 1)
        #expect(CanonicalPathTableTests.canonical(most + "/%62").path == most + "/b")
        #expect(CanonicalPathTableTests.canonical(most + "/a/%62").path == nil)
    }
}
