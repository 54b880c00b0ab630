// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Parity

private func answer(_ fields: [(String, String)], status: UInt16 = 200) -> CapturedAnswer {
    CapturedAnswer(
        end: .complete,
        status: status,
        fields: fields.map { CapturedField($0.0, $0.1) },
        body: [1]
    )
}

private func options() -> DifferOptions {
    var options = DifferOptions()
    options.legacyHost = "legacy.example:8080"
    options.modernHost = "https://modern.example"
    options.legacyPathPrefix = "/v4"
    options.modernPathPrefix = "/v5"
    options.nowUnixSeconds = 1_000
    return options
}

/// `pointer class severity` of each difference.
private func found(
    _ legacy: [(String, String)],
    _ modern: [(String, String)],
    names: [String] = ParityModel().headers,
    rules: [ParityRule] = [],
    zero: [String] = []
) throws -> [String] {
    var identities = IdentityTable()
    return fieldDifferences(
        answer(legacy),
        answer(modern),
        names: names,
        rules: try RuleSet(rules: rules, zeroTolerance: zero),
        options: options(),
        identities: &identities
    ).items.map { "\($0.pointer) \($0.difference.word) \($0.severity.word)" }
}

@Suite("Differences of fields")
struct FieldDifferencesTests {
    @Test func `each field is compared by its meaning`() throws {
        let rows: [(name: String, legacy: String, modern: String, expected: String?)] = [
            (
                "location", "https://legacy.example:8080/v4/a?b=1",
                "https://modern.example/v5/a?b=1", nil
            ),
            ("location", "/v4/a", "https://modern.example/v5/a", nil),
            ("location", "/v4/a", "/v5/b", "header:location url value"),
            (
                "location", "https://else.example/a", "https://modern.example/a",
                "header:location url value"
            ),
            ("etag", "\"a\"", "\"b\"", nil),
            ("etag", "W/\"a\"", "W/\"b\"", nil),
            ("etag", "W/\"a\"", "\"a\"", "header:etag header header"),
            ("cache-control", "private, max-age=60", "MAX-AGE=60 , Private", nil),
            ("cache-control", "private", "public", "header:cache-control header header"),
            ("vary", "Accept, Origin", "origin,accept", nil),
            (
                "link", "</v4/a?page=2>; rel=next",
                "<https://modern.example/v5/a?page=2>; rel=next", nil
            ),
            ("link", "</v4/a>; rel=next", "</v5/a>; rel=prev", "header:link url header"),
            ("x-other", "a", "a", nil),
            ("x-other", "a", "A", "header:x-other header header"),
        ]
        for row in rows {
            let list = try found(
                [(row.name, row.legacy)],
                [(row.name, row.modern)],
                names: [row.name]
            )
            #expect(list == [row.expected].compactMap { $0 }, "\(row)")
        }
    }

    @Test func `a field that one side lacks is a difference, framing is none`() throws {
        #expect(try found([("vary", "a")], []) == ["header:vary header header"])
        #expect(try found([], [("location", "/a")]) == ["header:location header value"])
        #expect(
            try found([("content-type", "text/html")], []) == [
                "header:content-type media_type value"
            ]
        )
        let framing = [
            ("content-length", "1"), ("transfer-encoding", "chunked"), ("content-encoding", "br"),
            ("connection", "close"),
        ]
        #expect(try found(framing, [], names: framing.map(\.0)) == [])
        #expect(try found([("x-a", "1")], [("x-a", "2")]) == [], "not among the compared fields")
    }

    @Test func `media types: another type is a value, a charset spelled out is not`() throws {
        let rows: [(String, String, String?)] = [
            ("text/html", "TEXT/HTML", nil),
            ("application/json", "application/json; charset=utf-8", "formatting"),
            ("application/json; charset=latin1", "application/json", "formatting"),
            ("text/plain", "text/plain;charset=\"US-ASCII\"", "formatting"),
            ("text/plain;charset=utf-8", "text/plain;charset=iso-8859-1", "header"),
            ("text/plain", "text/html", "value"),
            ("application/json", "application/fhir+json", "value"),
            (
                "application/fhir+json; fhirVersion=3.0", "application/fhir+json; fhirVersion=4.0",
                "header"
            ),
            ("multipart/mixed; boundary=a", "multipart/mixed; boundary=b", nil),
        ]
        for (legacy, modern, severity) in rows {
            let list = try found([("content-type", legacy)], [("content-type", modern)])
            let expected = severity.map { "header:content-type media_type \($0)" }
            #expect(list == [expected].compactMap { $0 }, "\(legacy) \(modern)")
        }
    }

    @Test func `rules hold for fields, too`() throws {
        func rule(_ path: String, _ kind: ParityRuleKind) -> [ParityRule] {
            [ParityRule(path: path, kind: kind, origin: "f:1")]
        }
        let etag = ([("etag", "\"a\"")], [("etag", "\"b\"")])
        #expect(
            try found(etag.0, etag.1, rules: rule("header:etag", .exact)) == [
                "header:etag header header"
            ]
        )
        let ignored = ParityRuleKind.ignore(owner: "o", reason: "r", expiresUnixSeconds: 2_000)
        let expired = ParityRuleKind.ignore(owner: "o", reason: "r", expiresUnixSeconds: 1_000)
        let vary = ([("vary", "a")], [("vary", "b")])
        #expect(
            try found(vary.0, vary.1, rules: rule("header:vary", ignored)) == [
                "header:vary header accepted"
            ]
        )
        #expect(
            try found(vary.0, vary.1, rules: rule("header:vary", expired)) == [
                "header:vary header header"
            ]
        )
        #expect(
            try found(vary.0, vary.1, rules: rule("header:vary", ignored), zero: ["header:vary"])
                == ["header:vary header zero_tolerance"]
        )
        let date = (
            [("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")],
            [("last-modified", "Sun, 06 Nov 1994 08:49:38 GMT")]
        )
        let names = ["last-modified"]
        #expect(try found(date.0, date.1, names: names) == ["header:last-modified header header"])
        #expect(
            try found(
                date.0,
                date.1,
                names: names,
                rules: rule("header:last-modified", .instant(skewMilliseconds: 2_000))
            ) == []
        )
    }

    @Test func `statuses can be accepted by a rule as well`() throws {
        var identities = IdentityTable()
        let ignored = ParityRuleKind.ignore(owner: "o", reason: "r", expiresUnixSeconds: nil)
        let rules = try RuleSet(rules: [ParityRule(path: "status", kind: ignored, origin: "f:1")])
        let list = fieldDifferences(
            answer([], status: 200),
            answer([], status: 201),
            names: [],
            rules: rules,
            options: options(),
            identities: &identities
        )
        #expect(list.items.map(\.severity) == [.accepted])
        #expect(list.items.first?.legacyKind == .number)
    }
}

@Suite("Cookies")
struct CookieJarTests {
    private func cookies(
        _ legacy: [String],
        _ modern: [String],
        isListed: Bool = false,
        rules: [ParityRule] = []
    ) throws -> [String] {
        try found(
            legacy.map { ("set-cookie", $0) },
            modern.map { ("set-cookie", $0) },
            names: isListed ? ["set-cookie"] : [],
            rules: rules
        )
    }

    @Test func `values are the origins' own, names and attributes are compared`() throws {
        #expect(try cookies(["sid=1; Secure; HttpOnly"], ["sid=2; httponly; secure"]) == [])
        #expect(
            try cookies(["sid=1; Secure; HttpOnly"], ["sid=2; HttpOnly"])
                == ["cookie:sid/secure header header"]
        )
        #expect(
            try cookies(["sid=1"], ["session=1"]) == [
                "cookie:sid missing header", "cookie:session added header",
            ]
        )
        #expect(try cookies(["a=1; SameSite=Lax"], ["a=1; samesite=lax"]) == [])
        #expect(try cookies(["a=1; Max-Age=60"], ["a=1"]) == ["cookie:a/max-age header header"])
        #expect(
            try cookies(["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"], ["a=1; Max-Age=5"]) == []
        )
    }

    @Test func `where cookies are listed, a lost one and a lost attribute count`() throws {
        #expect(try cookies(["sid=1"], [], isListed: true) == ["cookie:sid missing value"])
        #expect(
            try cookies(["sid=1; HttpOnly"], ["sid=1"], isListed: true)
                == ["cookie:sid/httponly header value"]
        )
        #expect(
            try cookies(["sid=1"], ["sid=123456789"], isListed: true) == [
                "cookie:sid header header"
            ]
        )
    }

    @Test func `domain and path are each origin's own`() throws {
        #expect(
            try cookies(
                ["a=1; Domain=.Legacy.example; Path=/v4/x"],
                ["a=1; Domain=modern.example; Path=/v5/x"]
            ) == []
        )
        #expect(
            try cookies(["a=1; Domain=legacy.example"], ["a=1; Domain=else.example"])
                == ["cookie:a/domain header header"]
        )
        // One for all of the host, one for the service alone.
        #expect(
            try cookies(["a=1; Path=/v4"], ["a=1; Path=/"]) == ["cookie:a/path header header"]
        )
        #expect(try cookies(["a=1; Path=/v4"], ["a=1; Path=/v5/"]) == [])
        #expect(try cookies(["a=1; Path=/"], ["a=1; Path=/"]) == [])
    }

    @Test func `a rule may compare a value, and a name that looks like data is not shown`() throws {
        let exact = [ParityRule(path: "cookie:lang", kind: .exact, origin: "f:1")]
        #expect(
            try cookies(["lang=de"], ["lang=en"], rules: exact) == ["cookie:lang header header"]
        )
        #expect(try cookies(["lang=de"], ["lang=de"], rules: exact) == [])
        #expect(
            try cookies(["s_4711_9d8f7a6b5c=1"], []) == ["cookie:{key} missing header"]
        )
    }
}
