// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Parity

@Suite("Differ, rules")
struct DifferRuleTests {
    @Test func `where nothing may differ no rule hides a difference, above or below`() throws {
        let table: [(String, String, [ParityRule], [String], [String])] = [
            (
                #"{"p":{"id":1}}"#, #"{"p":{"id":2}}"#, [], ["/p/id"],
                ["/p/id value zero_tolerance"]
            ),
            (
                #"{"p":{"id":1}}"#, #"{"p":{"id":2}}"#, [ignore("/p/id")], ["/p/id"],
                ["/p/id value zero_tolerance"]
            ),
            (
                #"{"p":{"id":1,"x":1}}"#, #"{"p":{"id":2,"x":2}}"#, [ignore("/p")], ["/p/id"],
                ["/p/id value zero_tolerance", "/p value accepted"]
            ),
            (#"{"p":{"id":1}}"#, #"{}"#, [], ["/p/id"], ["/p missing zero_tolerance"]),
            (#"{"p":{"id":1}}"#, #"{}"#, [ignore("/p")], ["/p/id"], ["/p missing zero_tolerance"]),
            (#"{"p":{"x":1}}"#, #"{}"#, [ignore("/p")], ["/p/id"], ["/p missing accepted"]),
            (#"{"p":{"id":1}}"#, #"{"p":1}"#, [], ["/p/id"], ["/p type zero_tolerance"]),
            (
                #"{"m":[{"dose":1},{"dose":2}]}"#, #"{"m":[{"dose":1}]}"#, [], ["/**/dose"],
                ["/m count zero_tolerance"]
            ),
            (
                #"{"m":[{"dose":1},{"dose":2}]}"#, #"{"m":[{"dose":1}]}"#, [rule("/m", .set)],
                ["/**/dose"], ["/m/* missing zero_tolerance"]
            ),
            (
                #"{"d":{"a":{"b":1}}}"#, #"{"d":{"a":{"b":2}}}"#, [], ["/d"],
                ["/d/a/b value zero_tolerance"]
            ),
            (#"{"d":1.0}"#, #"{"d":1.00}"#, [], ["/d"], ["/d lexeme formatting"]),
        ]
        for (legacy, modern, rules, zero, expected) in table {
            #expect(
                try differ(legacy, modern, rules, zero: zero) == expected,
                "\(legacy) \(modern)"
            )
        }
    }

    @Test func `an expired rule accepts nothing any more`() throws {
        var options = DifferOptions()
        let rules = [ignore("/a", expires: 100)]
        options.nowUnixSeconds = 99
        #expect(
            try differ(#"{"a":1}"#, #"{"a":2}"#, rules, options: options) == ["/a value accepted"]
        )
        options.nowUnixSeconds = 100
        #expect(try differ(#"{"a":1}"#, #"{"a":2}"#, rules, options: options) == ["/a value value"])
        let set = try RuleSet(rules: rules + [ignore("/b")])
        #expect(set.expiredRules(atUnixSeconds: 99) == [])
        #expect(set.expiredRules(atUnixSeconds: 100).map(\.path) == ["/a"])
    }

    @Test func `URLs agree when each origin's own host and prefix are taken off`() throws {
        var options = DifferOptions()
        options.legacyHost = "https://old.example:8443"
        options.modernHost = "new.example"
        options.legacyPathPrefix = "/api/v1/dc"
        options.modernPathPrefix = "/api/v1/virtual-care/"
        let rows: [(String, String, Bool)] = [
            (
                "https://old.example:8443/api/v1/dc/s/1",
                "https://new.example/api/v1/virtual-care/s/1", true
            ),
            ("https://OLD.example:8443/api/v1/dc/s/1?x=1", "/api/v1/virtual-care/s/1?x=1", true),
            ("/api/v1/dc/s/1", "//new.example/api/v1/virtual-care/s/1", true),
            ("/api/v1/dc", "/api/v1/virtual-care", true),
            ("/api/v1/dcx/s", "/api/v1/virtual-carex/s", false),
            ("/api/v1/dc/s/1", "/api/v1/virtual-care/s/2", false),
            (
                "https://else.example/api/v1/dc/s", "https://else.example/api/v1/virtual-care/s",
                false
            ),
            ("https://else.example/a", "https://else.example/a", true),
            ("https://new.example/s", "https://new.example/s", true), ("s/1", "s/2", false),
            ("https://old.example:8443/s", "https://evil.example/s", false),
        ]
        for (legacy, modern, agrees) in rows {
            let found = try differ(
                "{\"u\":\"\(legacy)\"}",
                "{\"u\":\"\(modern)\"}",
                [rule("/u", .url)],
                options: options
            )
            #expect(found == (agrees ? [] : ["/u url value"]), "\(legacy) \(modern)")
        }
    }

    @Test func `instants are compared as moments, partial dates as what they say`() throws {
        let rows: [(String, String, [String])] = [
            ("2015", "2015", []), ("2015", "2016", ["/t skew value"]),
            ("2015", "2015-02", ["/t zone value"]), ("2015-02", "2015-02-07", ["/t zone value"]),
            ("2015-02", "2015-03-01", ["/t skew value"]),
            ("2015-02-28", "2015-02-28T23:59:59Z", ["/t zone value"]),
            ("2015-02-28", "2015-03-01T00:30:00+02:00", ["/t skew value"]),
            ("2015-02-28T10:00:00Z", "2015-02-28T10:00:00.000Z", ["/t zone formatting"]),
            ("2015-02-28T10:00:00Z", "2015-02-28T10:00:00+00:00", ["/t lexeme formatting"]),
            ("2015-02-28T10:00:00Z", "2015-02-28t12:00:00+02:00", ["/t zone formatting"]),
            ("2015-02-28T10:00:00Z", "2015-02-28T10:00:01Z", []),
            ("2015-02-28T10:00:00Z", "2015-02-28T10:00:01.0000000000000000001Z", []),
            ("2015-02-28T10:00:00Z", "2015-02-28T10:00:01.001Z", ["/t skew value"]),
            ("2015-02-28T10:00:00Z", "2015-02-28T10:00:00+02:00", ["/t skew value"]),
            ("2015-02-28T10:00:00", "2015-02-28T10:00:00Z", ["/t zone value"]),
            ("2015-02-28T10:00Z", "2015-02-28T10:00:30Z", ["/t zone value"]),
            ("1990-12-31T23:59:60Z", "1991-01-01T00:00:00Z", ["/t lexeme formatting"]),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z", ["/t lexeme formatting"]),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:39 GMT", ["/t skew value"]),
            ("2015-02-29", "2015-03-01", ["/t value value"]),
            ("2015-13-01", "2016-01-01", ["/t value value"]),
            ("2015-02-28T24:00:00Z", "2015-03-01T00:00:00Z", ["/t value value"]),
            ("yesterday", "today", ["/t value value"]), ("a", "a", []),
        ]
        for (legacy, modern, expected) in rows {
            let found = try differ(
                "{\"t\":\"\(legacy)\"}",
                "{\"t\":\"\(modern)\"}",
                [rule("/t", .instant(skewMilliseconds: 1_000))]
            )
            #expect(found == expected, "\(legacy) \(modern)")
        }
        let epoch = [rule("/t", .instant(skewMilliseconds: 1_000))]
        #expect(try differ(#"{"t":1700000000}"#, #"{"t":1700000001}"#, epoch) == [])
        #expect(try differ(#"{"t":1700000000}"#, #"{"t":1700000002}"#, epoch) == ["/t skew value"])
        #expect(try differ(#"{"t":1700000000000}"#, #"{"t":1700000001000}"#, epoch) == [])
        #expect(
            try differ(#"{"t":1700000000000}"#, #"{"t":1700000001001}"#, epoch) == ["/t skew value"]
        )
    }

    @Test func `numbers and numeric texts are compared exactly, within exact tolerances`() throws {
        let cent = [rule("/d", .decimal(absolute: "0.01", relative: "0"))]
        let part = [rule("/d", .decimal(absolute: "", relative: "1e-6"))]
        let rows: [(String, String, [ParityRule], [String])] = [
            ("1.005", "1.015", cent, []),
            ("1.005", "1.0150000000000000000001", cent, ["/d tolerance value"]),
            (#""1.5""#, "1.50", cent, []), (#""1.5""#, #""x""#, cent, ["/d value value"]),
            ("1000000", "1000001", part, []), ("1000000", "1000002", part, ["/d tolerance value"]),
            ("-1000000", "-1000001", part, []), ("1e-30", "-1e-30", part, ["/d tolerance value"]),
            ("1.0", "1.00", cent, ["/d lexeme formatting"]),
            ("1e400", "1e401", cent, ["/d tolerance value"]),
            ("1e99999999999999999999", "10e99999999999999999998", [], ["/d lexeme formatting"]),
            ("1e99999999999999999999", "10e99999999999999999999", [], ["/d value value"]),
            ("1e-99999999999999999999", "1e99999999999999999999", cent, ["/d tolerance value"]),
            ("9007199254740993", "9007199254740992", [], ["/d value value"]),
            ("0", "-0", [], ["/d lexeme formatting"]), ("true", "1", cent, ["/d type missing"]),
        ]
        for (legacy, modern, rules, expected) in rows {
            let found = try differ("{\"d\":\(legacy)}", "{\"d\":\(modern)}", rules)
            #expect(found == expected, "\(legacy) \(modern)")
        }
    }

    @Test func `ids keep to their rule and tenant, in sets and as keys too`() throws {
        var identities = IdentityTable()
        let rules = [rule("/p/id", .identifier), rule("/s/id", .identifier)]
        #expect(
            try differ(
                #"{"p":{"id":7},"s":{"id":7}}"#,
                #"{"p":{"id":"a"},"s":{"id":"b"}}"#,
                rules,
                identities: &identities
            ) == []
        )
        var acme = DifferOptions()
        acme.identityScope = "acme"
        #expect(
            try differ(
                #"{"p":{"id":7}}"#,
                #"{"p":{"id":"c"}}"#,
                rules,
                options: acme,
                identities: &identities
            ) == []
        )
        // Equal bytes are learnt: a text that agrees with itself says that 9 is 9.
        #expect(
            try differ(#"{"p":{"id":9}}"#, #"{"p":{"id":9}}"#, rules, identities: &identities) == []
        )
        #expect(
            try differ(#"{"p":{"id":9}}"#, #"{"p":{"id":"d"}}"#, rules, identities: &identities)
                == ["/p/id bijection value"]
        )
        // A set of ids: known pairs find each other, whatever their order.
        var known = IdentityTable()
        let set = [rule("/s", .set), rule("/s/*", .identifier)]
        for (legacy, modern) in [("1", "x"), ("2", "y")] {
            _ = try differ(
                "{\"s\":[\"\(legacy)\"]}",
                "{\"s\":[\"\(modern)\"]}",
                set,
                identities: &known
            )
        }
        #expect(
            try differ(#"{"s":["1","2"]}"#, #"{"s":["y","x"]}"#, set, identities: &known) == []
        )
        var equal = IdentityTable()
        #expect(try differ(#"{"s":["1","2"]}"#, #"{"s":["2","1"]}"#, set, identities: &equal) == [])
        #expect(
            try differ(#"{"s":["1"]}"#, #"{"s":["2"]}"#, set, identities: &equal)
                == ["/s/* bijection value"]
        )
        // Elements keyed by an id that is numbered anew.
        let keyed = [rule("/e", .keyed(by: ["id"])), rule("/e/*/id", .identifier)]
        var table = IdentityTable()
        let first = #"{"e":[{"id":1,"v":"one"},{"id":2,"v":"two"}]}"#
        let second = #"{"e":[{"id":"b","v":"two"},{"id":"a","v":"one"}]}"#
        #expect(try differ(first, second, keyed, identities: &table) == [])
        let wrong = #"{"e":[{"id":"b","v":"one"},{"id":"a","v":"two"}]}"#
        #expect(try differ(first, wrong, keyed, identities: &table) == ["/e/*/v value value"])
    }

    @Test func `texts that differ teach no ids, and what only stands in for another says nothing`()
        throws
    {
        var identities = IdentityTable()
        let rules = [rule("/**/id", .identifier)]
        // A list that changed between two reads: 1 is not b.
        let raced = try differ(
            #"{"l":[{"id":1,"v":1},{"id":2,"v":2},{"id":3,"v":3}]}"#,
            #"{"l":[{"id":"b","v":2},{"id":"c","v":3},{"id":"d","v":4}]}"#,
            rules,
            identities: &identities
        )
        #expect(!raced.isEmpty && !raced.contains { $0.contains("bijection") })
        #expect(identities.count == 0)
        let calm = try differ(
            #"{"l":[{"id":1,"v":1},{"id":2,"v":2}]}"#,
            #"{"l":[{"id":"a","v":1},{"id":"b","v":2}]}"#,
            rules,
            identities: &identities
        )
        #expect(calm == [])
        #expect(identities.count == 2)
        // One text that contradicts itself.
        let twice = try differ(
            #"{"x":{"id":7},"y":{"id":7}}"#,
            #"{"x":{"id":"g"},"y":{"id":"h"}}"#,
            rules,
            identities: &identities
        )
        #expect(twice == ["/y/id bijection value"])
        #expect(identities.count == 2)
        // A wrong join is told even where its other fields differ too.
        let join = try differ(
            #"{"l":[{"id":1,"v":1},{"id":2,"v":2}]}"#,
            #"{"l":[{"id":"a","v":1},{"id":"a","v":1}]}"#,
            rules,
            identities: &identities
        )
        #expect(join == ["/l/*/id bijection value", "/l/*/v value value"])
    }

    @Test func `a full table checks and learns no more`() throws {
        var identities = IdentityTable(pairsMax: 1)
        let rules = [rule("/id", .identifier)]
        for id in 1...3 {
            _ = try differ("{\"id\":\(id)}", "{\"id\":\"x\(id)\"}", rules, identities: &identities)
        }
        #expect(identities.count == 1)
        #expect(identities.unlearnt == 2)
        #expect(
            try differ(#"{"id":1}"#, #"{"id":"y"}"#, rules, identities: &identities)
                == ["/id bijection value"]
        )
    }

    @Test func `keys that look like data are not in a pointer, names are`() throws {
        let data = [
            "7", "12345", "a1b2c3d4e5f60718", "2026-01-01", "anna@example.org", "Anna Smith",
            "Müller",
            "MRN123", "550e8400-e29b-41d4-a716-446655440000", "x.y", "3fa85f64", "a/b",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        ]
        for key in data {
            let found = try differ("{\"\(key)\":1}", "{\"\(key)\":2}")
            #expect(found == ["/{key} value value"], "\(key)")
        }
        let names = [
            "id", "resourceType", "_id", "$ref", "@type", "x5t#S", "line1", "icd10", "content-type",
            "xmlns:xsi", "AB", "",
        ]
        for key in names {
            let found = try differ("{\"\(key)\":1}", "{\"\(key)\":2}")
            #expect(found == ["/\(key) value value"], "\(key)")
        }
        // One key that looks like data makes its neighbours data too.
        #expect(
            try differ(#"{"anna":1,"mrn-4711":2}"#, #"{"anna":2,"mrn-4711":2}"#)
                == ["/{key} value value"]
        )
        // What a rule spells out is a name.
        #expect(
            try differ(#"{"7":{"x":1}}"#, #"{"7":{"x":2}}"#, [rule("/7/x", .exact)])
                == ["/7/x value value"]
        )
    }

    @Test func `a part of an answer has its place before every pointer`() throws {
        var options = DifferOptions()
        options.place = "part:meta"
        let rules = [ignore("part:meta/at"), rule("part:other/x", .shape)]
        #expect(
            try differ(#"{"at":1,"x":1}"#, #"{"at":2,"x":2}"#, rules, options: options)
                == ["part:meta/at value accepted", "part:meta/x value value"]
        )
        options.place = "header:etag"
        #expect(
            try differ(#""a""#, #""b""#, [rule("header:etag", .shape)], options: options) == []
        )
        #expect(try differ(#""a""#, #""b""#, [], options: options) == ["header:etag value value"])
    }

    @Test func `a byte order mark on one side is a difference in form`() throws {
        var identities = IdentityTable()
        let plain = try JSONTree(parsing: Array("{}".utf8))
        let marked = try JSONTree(parsing: [0xEF, 0xBB, 0xBF] + Array("{}".utf8))
        #expect(marked.hasByteOrderMark)
        let found = differences(
            plain,
            marked,
            rules: .none,
            options: DifferOptions(),
            identities: &identities
        )
        #expect(found.items.map(\.difference) == [.lexeme])
        #expect(found.worst == .formatting)
    }
}
