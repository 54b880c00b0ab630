// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Migration

@Suite("Path template: rules")
struct PathTemplateRulesTests {
    @Test func `a template reads as it was written`() throws {
        for text in ["/", "/a", "/a/", "/a/{id}", "/{a}/{b}/c", "/a/{rest...}", "/a%2Fb/~x;y=1"] {
            #expect(try PathTemplate(text).text == text)
        }
        #expect(try PathTemplate("/a/{id}/{rest...}").variables == ["id", "rest"])
        #expect(try PathTemplate("/a/{id}/bc").literalLength == 5)
    }

    @Test func `what no canonical path can match is refused`() {
        let rows: [(String, PathTemplateError)] = [
            ("", .notAbsolute), ("a", .notAbsolute), ("/{", .badBraces(segment: "{")),
            ("/{}", .badBraces(segment: "{}")), ("/{a}{b}", .badBraces(segment: "{a}{b}")),
            ("/x{a}", .partOfSegment(segment: "x{a}")), ("/{1a}", .badName("1a")),
            ("/{a}/{a}", .repeatedName("a")), ("/{a...}/b", .restNotLast("a")),
            ("//a", .notCanonical(segment: "")), ("/a/../b", .notCanonical(segment: "..")),
            ("/.", .notCanonical(segment: ".")), ("/..;x", .notCanonical(segment: "..;x")),
            ("/a b", .notCanonical(segment: "a b")), ("/a?b", .notCanonical(segment: "a?b")),
            ("/a#b", .notCanonical(segment: "a#b")), ("/%2f", .notCanonical(segment: "%2f")),
            ("/%41", .notCanonical(segment: "%41")), ("/%4", .notCanonical(segment: "%4")),
            ("/%00", .notCanonical(segment: "%00")), ("/ä", .notCanonical(segment: "ä")),
            (String(repeating: "/a", count: 65), .tooManySegments),
        ]
        for (text, expected) in rows {
            #expect(throws: expected, "\(text)") { try PathTemplate(text) }
        }
    }

    @Test func `a redirect's target is a match that binds the same variables`() throws {
        let rows = [
            ("/old/{id}", "/new/{id}", "/new/{id}"),
            ("/old/{rest...}", "/new/{rest}", "/new/{rest...}"),
            ("/old/{id}", "/new/{id...}", "/new/{id}"),
            ("/old/{a}/{b}", "/new/{b}/{a}", "/new/{b}/{a}"),
            ("/a/{rest...}", "/a/new/{rest}", "/a/new/{rest...}"),
            ("/old", "/new", "/new"),
        ]
        for (source, target, expected) in rows {
            let inverse = try PathTemplate(target).inverse(of: PathTemplate(source))
            #expect(inverse.text == expected)
        }
    }

    @Test func `a redirect without a way back, or with a way round, is refused`() throws {
        let rows: [(String, String, PathTemplateError)] = [
            ("/old/{id}", "/{id}/x", .openRedirect), ("/old/{rest...}", "/{rest}", .openRedirect),
            ("/old/{id}", "/new", .notInvertible(missing: "id")),
            ("/old", "/new/{id}", .unboundVariable("id")),
            ("/old/{rest...}", "/new/{rest}/x", .restNotLast("rest")),
            ("/a/{id}", "/a/{id}", .loops), ("/a/{rest...}", "/a/{rest}", .loops),
            // `/a/b/b/x` would go to `/a/b/x`, which is redirected again.
            ("/a/b/{rest...}", "/a/{rest}", .loops),
            // `/v/x/x` would go to itself.
            ("/v/x/{id}", "/v/{id}/x", .loops),
        ]
        for (source, target, expected) in rows {
            let match = try PathTemplate(source)
            #expect(throws: expected, "\(source) to \(target)") {
                try PathTemplate(target).inverse(of: match)
            }
        }
        let other = try PathTemplate("/new/{x}/{y}")
        let source = try PathTemplate("/old/{x}/{y}")
        #expect(throws: PathTemplateError.loops) {
            try PathTemplate("/new/{y}/{x}").inverse(of: source, among: [source, other])
        }
        let elsewhere = try PathTemplate("/a/{id}").inverse(
            of: PathTemplate("/a/{id}"),
            staysOnHost: false
        )
        #expect(elsewhere.text == "/a/{id}")
    }
}
