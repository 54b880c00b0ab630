// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Parity

/// `pointer class severity`, one line per difference.
func differ(
    _ legacy: String,
    _ modern: String,
    _ rules: [ParityRule] = [],
    zero: [String] = [],
    options: DifferOptions = DifferOptions(),
    identities: inout IdentityTable
) throws -> [String] {
    let list = differences(
        try JSONTree(parsing: Array(legacy.utf8)),
        try JSONTree(parsing: Array(modern.utf8)),
        rules: try RuleSet(rules: rules, zeroTolerance: zero),
        options: options,
        identities: &identities
    )
    #expect(list.leftOut == 0)
    #expect(list.worst == list.items.map(\.severity).max())
    return list.items.map { "\($0.pointer) \($0.difference.word) \($0.severity.word)" }
}

func differ(
    _ legacy: String,
    _ modern: String,
    _ rules: [ParityRule] = [],
    zero: [String] = [],
    options: DifferOptions = DifferOptions()
) throws -> [String] {
    var identities = IdentityTable()
    return try differ(
        legacy,
        modern,
        rules,
        zero: zero,
        options: options,
        identities: &identities
    )
}

func rule(_ path: String, _ kind: ParityRuleKind) -> ParityRule {
    ParityRule(path: path, kind: kind, origin: "test")
}

func ignore(_ path: String, expires: Int64? = nil) -> ParityRule {
    rule(path, .ignore(owner: "telehealth", reason: "known", expiresUnixSeconds: expires))
}

@Suite("Differ")
struct DifferTests {
    /// Legacy, modern, what is found without any rule.
    private static let plain: [(String, String, [String])] = [
        ("{}", "{}", []),
        (#"{"a":1,"b":[1,2,{"c":null}]}"#, #"{ "b" : [ 1,2,{"c":null}] , "a" : 1 }"#, []),
        (#"{"a":1}"#, #"{"a":2}"#, ["/a value value"]),
        (#"{"a":1.0}"#, #"{"a":1.00}"#, ["/a lexeme formatting"]),
        (#"{"a":1e2}"#, #"{"a":100}"#, ["/a lexeme formatting"]),
        (#"{"a":"A"}"#, #"{"a":"\u0041"}"#, ["/a lexeme formatting"]),
        (#"{"a":"/"}"#, #"{"a":"\/"}"#, ["/a lexeme formatting"]),
        (#"{"\u0061":1}"#, #"{"a":1}"#, []),
        (#"{"a":1}"#, #"{}"#, ["/a missing missing"]),
        (#"{"a":null}"#, #"{}"#, ["/a missing value"]),
        (#"{}"#, #"{"a":1}"#, ["/a added value"]),
        (#"{"a":null}"#, #"{"a":1}"#, ["/a type missing"]),
        (#"{"a":"1"}"#, #"{"a":1}"#, ["/a type missing"]),
        (#"{"a":true}"#, #"{"a":false}"#, ["/a value value"]),
        (#"[1,2,3]"#, #"[1,3,2]"#, [" order order"]),
        (#"[1,2,3]"#, #"[1,2,4]"#, ["/* value value"]),
        (#"[1,2,3]"#, #"[1,2]"#, [" count missing"]),
        (#"[1,2]"#, #"[1,2,3]"#, [" count value"]),
        (#"[1,2,3,4]"#, #"[2,3,4,5]"#, ["/* missing missing", "/* added value"]),
        (
            #"[{"id":"a","v":1},{"id":"b","v":2},{"id":"c","v":3}]"#,
            #"[{"id":"b","v":2},{"id":"a","v":1},{"id":"c","v":4}]"#,
            [" order order", "/*/v value value"]
        ),
        (#"{"a":{"b":1}}"#, #"{"a":[1]}"#, ["/a type missing"]),
        (#"{"a":1,"a":2}"#, #"{"a":2}"#, ["/a duplicate_key value"]),
        (#"{"a":1,"a":2}"#, #"{"a":1,"a":2}"#, []),
        (#"{"a":1,"a":2}"#, #"{"a":1, "a":3}"#, ["/a value value"]),
        (
            #"{"t":"2026-01-01T10:00:00Z"}"#, #"{"t":"2026-01-01T12:00:00+02:00"}"#,
            ["/t zone value"]
        ),
        (
            #"{"550e8400-e29b-41d4-a716-446655440000":{"x":1}}"#,
            #"{"550e8400-e29b-41d4-a716-446655440000":{"x":2}}"#, ["/{key}/x value value"]
        ),
        (#"{"a/b":{"c~d":1}}"#, #"{"a/b":{"c~d":2}}"#, ["/{key}/{key} value value"]),
        ("1", "2", [" value value"]),
    ]

    @Test func `without a rule values are exact, keys in any order, arrays in order`() throws {
        for (legacy, modern, expected) in Self.plain {
            #expect(try differ(legacy, modern) == expected, "\(legacy) \(modern)")
        }
    }

    @Test func `a rule decides how its place is compared, and what no rule names stays exact`()
        throws
    {
        let table: [(String, String, [ParityRule], [String])] = [
            (
                #"{"m":{"at":1,"x":1}}"#, #"{"m":{"at":2,"x":2}}"#, [ignore("/m/at")],
                ["/m/at value accepted", "/m/x value value"]
            ),
            (
                #"{"m":{"at":1,"x":{"y":1}}}"#, #"{"m":{"at":2,"x":3}}"#, [ignore("/m")],
                ["/m value accepted"]
            ),
            (
                #"{"m":{"at":1,"x":1}}"#, #"{"m":{"at":2,"x":2}}"#,
                [ignore("/m"), rule("/m/x", .exact)],
                ["/m value accepted", "/m/x value value"]
            ),
            (#"{"a":[1,2,3]}"#, #"{"a":[3,1,2]}"#, [rule("/a", .set)], []),
            (#"{"a":[1,2,2]}"#, #"{"a":[2,1,1]}"#, [rule("/a", .set)], ["/a/* value value"]),
            (
                #"{"e":[{"id":1,"v":1},{"id":2,"v":2}]}"#,
                #"{"e":[{"id":2,"v":3},{"id":1,"v":1}]}"#, [rule("/e", .keyed(by: ["id"]))],
                ["/e/*/v value value"]
            ),
            (
                #"{"a":1.05}"#, #"{"a":1.06}"#,
                [rule("/a", .decimal(absolute: "0.01", relative: ""))], []
            ),
            (
                #"{"a":1.05}"#, #"{"a":1.0600001}"#,
                [rule("/a", .decimal(absolute: "0.01", relative: ""))],
                ["/a tolerance value"]
            ),
            (
                #"{"t":"2026-01-01T10:00:00Z"}"#, #"{"t":"2026-01-01T12:00:01.999+02:00"}"#,
                [rule("/t", .instant(skewMilliseconds: 2_000))], []
            ),
            (
                #"{"t":"2026-01-01T10:00:00Z"}"#, #"{"t":"2026-01-01T12:00:02.001+02:00"}"#,
                [rule("/t", .instant(skewMilliseconds: 2_000))], ["/t skew value"]
            ),
            (#"{"a":"abc"}"#, #"{"a":"xyz1"}"#, [rule("/a", .shape)], []),
            (#"{"a":"abc"}"#, #"{"a":"xyz12"}"#, [rule("/a", .shape)], ["/a value value"]),
            (
                #"{"a":{"b":[{"id":7}]}}"#, #"{"a":{"b":[{"id":8}]}}"#,
                [ignore("/**/id")], ["/a/b/*/id value accepted"]
            ),
        ]
        for (legacy, modern, rules, expected) in table {
            #expect(try differ(legacy, modern, rules) == expected, "\(legacy) \(modern)")
        }
    }

    @Test func `an id that stands for two is a violation, in any exchange of the run`() throws {
        var identities = IdentityTable()
        let rules = [rule("/**/id", .identifier)]
        let first = try differ(
            #"{"id":7,"p":{"id":"x"}}"#,
            #"{"id":"a","p":{"id":"y"}}"#,
            rules,
            identities: &identities
        )
        #expect(first == [])
        #expect(identities.count == 2)
        let again = try differ(#"{"id":7}"#, #"{"id":"a"}"#, rules, identities: &identities)
        #expect(again == [])
        let wrong = try differ(#"{"id":7}"#, #"{"id":"b"}"#, rules, identities: &identities)
        #expect(wrong == ["/id bijection value"])
        let back = try differ(#"{"id":8}"#, #"{"id":"a"}"#, rules, identities: &identities)
        #expect(back == ["/id bijection value"])
    }
}
