// SPDX-License-Identifier: Apache-2.0
import Foundation
import Parity
import Testing

@testable import Control

/// An answer in short: `answer("{}", "application/json")`.
func answer(
    _ body: String,
    _ type: String? = "application/json",
    status: UInt16 = 200,
    fields: [CapturedField] = []
) -> CapturedAnswer {
    CapturedAnswer(
        end: .complete,
        status: status,
        fields: (type.map { [CapturedField("content-type", $0)] } ?? []) + fields,
        body: Array(body.utf8)
    )
}

func exchange(
    _ legacy: CapturedAnswer,
    _ modern: CapturedAnswer,
    again: CapturedAnswer = CapturedAnswer(end: .notAsked)
) -> CapturedExchange {
    CapturedExchange(
        observation: ParityObservation(
            source: .shadow,
            tenant: "acme",
            wave: "1",
            migration: "m",
            route: "r",
            operation: "GET /x",
            outcome: .unobserved,
            unixMilliseconds: 0,
            generation: 1
        ),
        legacy: legacy,
        modern: modern,
        again: again,
        legacyHost: "legacy.example",
        modernHost: "https://modern.example:8443"
    )
}

/// The plan of a model, with other path prefixes at both origins.
func plan(_ model: ParityModel = ParityModel()) throws -> ComparisonPlan {
    try ComparisonPlan(model: model, legacyPathPrefix: "/v4", modernPathPrefix: "/v5")
}

/// The observation by a plan; ids start anew.
func compared(_ exchange: CapturedExchange, _ plan: ComparisonPlan) -> ParityObservation {
    var identities = IdentityTable()
    return compareAnswers(exchange, plan: plan, identities: &identities, nowUnixSeconds: 1_000)
}

/// The observation by a model's rules; ids start anew.
func compared(
    _ exchange: CapturedExchange,
    _ model: ParityModel = ParityModel()
) throws -> ParityObservation {
    compared(exchange, try plan(model))
}

/// `pointer class severity` of each difference, worst first as observed.
func words(_ differences: [ParityDifference]) -> [String] {
    differences.map { "\($0.pointer) \($0.difference.word) \($0.severity.word)" }
}

func words(
    _ legacy: CapturedAnswer,
    _ modern: CapturedAnswer,
    _ model: ParityModel = ParityModel()
) throws -> [String] {
    words(try compared(exchange(legacy, modern), model).differences)
}

@Suite("Comparing answers")
struct AnswerComparisonTests {
    @Test func `equal answers match, whatever carries them`() throws {
        let legacy = answer("{\"a\":1}", fields: [CapturedField("content-length", "7")])
        let modern = answer(
            "{ \"a\" : 1 }",
            fields: [CapturedField("transfer-encoding", "chunked")]
        )
        let observation = try compared(exchange(legacy, modern))
        #expect(observation.outcome == .match)
        #expect(observation.differences.isEmpty)
        #expect(!observation.hasNoise)
    }

    @Test func `every way to fail has its outcome`() throws {
        let good = answer("{}")
        let broken = CapturedAnswer(end: .failed)
        let error = answer("{}", status: 503)
        let large = CapturedAnswer(end: .tooLarge, status: 200)
        let absent = CapturedAnswer(end: .notAsked)
        let rows: [(CapturedAnswer, CapturedAnswer, ObservationOutcome, UnobservedReason)] = [
            (good, broken, .modernFailed, .none), (good, error, .modernFailed, .none),
            (broken, good, .legacyFailed, .none), (error, good, .legacyFailed, .none),
            (broken, error, .bothFailed, .none), (error, error, .bothFailed, .none),
            (large, broken, .modernFailed, .none), (large, good, .unobserved, .bodyTooLarge),
            (good, large, .unobserved, .bodyTooLarge),
            (absent, good, .unobserved, .answeredByBanyan),
        ]
        for (number, row) in rows.enumerated() {
            let observation = try compared(exchange(row.0, row.1))
            #expect(observation.outcome == row.2, "row \(number)")
            #expect(observation.reason == row.3, "row \(number)")
            #expect(observation.differences.isEmpty, "row \(number)")
        }
    }

    @Test func `statuses differ by their class`() throws {
        #expect(try words(answer("", nil), answer("", nil, status: 204)) == ["status status value"])
        #expect(
            try words(answer("", nil), answer("", nil, status: 404)) == ["status status status"]
        )
    }

    @Test func `bodies are decoded before they are compared`() throws {
        // {"a":1}, by Python's gzip.
        let zipped: [UInt8] = [
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0x4a, 0x54,
            0xb2, 0x32, 0xac, 0x05, 0x00, 0xaf, 0xac, 0x1b, 0x56, 0x07, 0x00, 0x00, 0x00,
        ]
        var legacy = answer("", fields: [CapturedField("content-encoding", "gzip")])
        legacy.body = zipped
        #expect(try words(legacy, answer("{\"a\":1}")) == [])
        #expect(try words(legacy, answer("{\"a\":2}")) == ["/a value value"])
        var cut = legacy
        cut.body = Array(zipped.prefix(12))
        #expect(try words(cut, answer("{\"a\":1}")) == [" malformed missing"])
        let both = try compared(
            exchange(
                cut,
                {
                    var c = cut; c.body.removeLast(); return c
                }()
            )
        )
        #expect(both.outcome == .unobserved && both.reason == .undecodable)
        var strange = answer("{}", fields: [CapturedField("content-encoding", "exi")])
        let unknown = try compared(exchange(answer("{}"), strange))
        #expect(unknown.outcome == .unobserved && unknown.reason == .undecodable)
        // The same bytes under the same unknown coding are the same.
        strange.body = [1, 2, 3]
        #expect(try compared(exchange(strange, strange)).outcome == .match)
    }

    @Test func `what legacy differs in with itself is noise, and nothing but noise is a race`()
        throws
    {
        let legacy = answer(#"{"at":1,"name":"a"}"#)
        let again = answer(#"{"at":2,"name":"a"}"#)
        let raced = try compared(exchange(legacy, answer(#"{"at":3,"name":"a"}"#), again: again))
        #expect(raced.outcome == .raced)
        #expect(raced.hasNoise && words(raced.noise) == ["/at value value"])
        let mismatch = try compared(exchange(legacy, answer(#"{"at":3,"name":"b"}"#), again: again))
        #expect(mismatch.outcome == .mismatch)
        #expect(words(mismatch.differences) == ["/at value value", "/name value value"])
        let match = try compared(exchange(legacy, legacy, again: again))
        #expect(match.outcome == .match && match.hasNoise)
        let quiet = try compared(exchange(legacy, again, again: legacy))
        #expect(quiet.outcome == .mismatch && quiet.hasNoise && quiet.noise.isEmpty)
    }

    @Test func `a zero-tolerance difference is never excused as a race`() throws {
        var model = ParityModel()
        model.zeroTolerance = ["/patientId"]
        let observation = try compared(
            exchange(
                answer(#"{"patientId":1}"#),
                answer(#"{"patientId":2}"#),
                again: answer(#"{"patientId":3}"#)
            ),
            model
        )
        #expect(observation.outcome == .mismatch)
        #expect(words(observation.differences) == ["/patientId value zero_tolerance"])
    }

    @Test func `accepted and formatting differences are a match that shows them`() throws {
        var model = ParityModel()
        model.rules = [
            ParityRule(
                path: "/at",
                kind: .ignore(owner: "o", reason: "r", expiresUnixSeconds: 2_000),
                origin: "f:1"
            )
        ]
        let legacy = answer(#"{"at":1,"n":1.0}"#)
        let modern = answer(#"{"at":2,"n":1.00}"#)
        let observation = try compared(exchange(legacy, modern), model)
        #expect(observation.outcome == .match)
        #expect(
            words(observation.differences) == ["/n lexeme formatting", "/at value accepted"]
        )
        model.rules = [
            ParityRule(
                path: "/at",
                kind: .ignore(owner: "o", reason: "r", expiresUnixSeconds: 500),
                origin: "f:1"
            )
        ]
        #expect(try compared(exchange(legacy, modern), model).outcome == .mismatch)
    }

    @Test func `ids of legacy and modern stay one-to-one over exchanges`() throws {
        var model = ParityModel()
        model.rules = [ParityRule(path: "/id", kind: .identifier, origin: "f:1")]
        let plan = try ComparisonPlan(model: model)
        var identities = IdentityTable()
        func outcome(_ legacy: Int, _ modern: Int) -> ObservationOutcome {
            compareAnswers(
                exchange(
                    answer("{\"id\":\"\(legacy)\"}"),
                    answer("{\"id\":\"\(modern)\"}"),
                    again: answer("{\"id\":\"\(legacy)\"}")
                ),
                plan: plan,
                identities: &identities,
                nowUnixSeconds: 0
            ).outcome
        }
        #expect(outcome(1, 101) == .match)
        #expect(outcome(2, 2) == .match)
        #expect(outcome(1, 101) == .match)
        #expect(outcome(1, 102) == .mismatch)
        #expect(outcome(2, 101) == .mismatch)
        // Equal bytes, too, can break the numbering.
        #expect(outcome(101, 101) == .mismatch)
    }
}

@Suite("Comparing bodies by media type")
struct BodyComparisonTests {
    private func body(
        _ legacy: String,
        _ modern: String,
        _ type: String?,
        _ model: ParityModel = ParityModel()
    ) throws -> [String] {
        try words(answer(legacy, type), answer(modern, type), model)
    }

    @Test func `text is compared line by line, however lines end`() throws {
        #expect(try body("a\nb\n", "a\r\nb", "text/plain") == [" lexeme formatting"])
        #expect(try body("a\nb\nc", "a\nx\nc", "text/csv") == ["/* value value"])
        #expect(try body("a\nb\nc", "a\nc", "text/plain") == [" count missing"])
        #expect(try body("a", "a", nil) == [])
    }

    @Test func `charsets are read before texts are compared`() throws {
        var legacy = answer("", "text/plain; charset=iso-8859-1")
        legacy.body = [0x4D, 0xFC, 0x6C, 0x6C, 0x65, 0x72]
        let modern = answer("Müller", "text/plain; charset=utf-8")
        #expect(try words(legacy, modern) == ["header:content-type media_type header"])
        #expect(
            try words(legacy, answer("Möller", "text/plain; charset=utf-8")).contains(
                "/* value value"
            )
        )
        let plain = try words(
            answer("{}", "application/json"),
            answer("{}", "application/json; charset=UTF-8")
        )
        #expect(plain == ["header:content-type media_type formatting"])
    }

    @Test func `a form is compared by names and values`() throws {
        let type = "application/x-www-form-urlencoded"
        #expect(try body("a=1&b=2&a=3", "b=2&a=1&a=3", type) == [])
        #expect(try body("a=1&b=x+y", "a=1&b=x%20z", type) == ["/b/* value value"])
        #expect(try body("a=1&b=2", "a=1", type) == ["/b missing missing"])
    }

    @Test func `parts of a multipart answer are compared each by its own type`() throws {
        func parts(_ boundary: String, _ note: String, _ image: String) -> CapturedAnswer {
            let text = """
                preamble
                --\(boundary)
                Content-Disposition: form-data; name="meta"
                Content-Type: application/json

                {"id": 1, "note": "\(note)"}
                --\(boundary)
                Content-Disposition: form-data; name="scan"; filename="s.png"
                Content-Type: image/png

                \(image)
                --\(boundary)--
                epilogue
                """
            return answer(text, "multipart/form-data; boundary=\"\(boundary)\"")
        }
        #expect(try words(parts("xyz", "a", "1"), parts("abc", "a", "1")) == [])
        #expect(
            try words(parts("xyz", "a", "1"), parts("abc", "b", "2")) == [
                "part:meta/note value value", "part:scan opaque value",
            ]
        )
        var model = ParityModel()
        model.rules = [ParityRule(path: "part:meta/note", kind: .shape, origin: "f:1")]
        #expect(
            try words(parts("x", "a", "1"), parts("y", "b", "1"), model) == []
        )
    }

    @Test func `a part that is missing, moved or cut off is named`() throws {
        let type = "multipart/mixed; boundary=b"
        func part(_ name: String, _ text: String) -> String {
            "--b\r\nContent-Disposition: form-data; name=\(name)\r\n\r\n\(text)\r\n"
        }
        let all = part("one", "1") + part("two", "2") + "--b--\r\n"
        let swapped = part("two", "2") + part("one", "1") + "--b--"
        #expect(try body(all, swapped, type) == [" order order"])
        #expect(try body(all, part("two", "2") + "--b--", type) == ["part:one missing missing"])
        #expect(try body(all, part("one", "1") + part("two", "2"), type) == [" malformed missing"])
        let unnamed = "--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--"
        let other = "--b\r\n\r\n1\r\n--b\r\n\r\n3\r\n--b--"
        #expect(try body(unnamed, other, type) == ["part:*/* value value"])
    }

    @Test func `bytes of an unknown type are equal or opaque`() throws {
        #expect(try body("%PDF-1", "%PDF-1", "application/pdf") == [])
        #expect(try body("%PDF-1", "%PDF-2", "application/pdf") == [" opaque value"])
    }

    @Test func `XML is compared as elements, however it is written`() throws {
        let legacy = "<a x='1' y='2'><b>t</b><c/></a>"
        let modern = "<?xml version=\"1.0\"?>\n<a y=\"2\" x=\"1\">\n  <b>t</b>\n  <c></c>\n</a>"
        #expect(try body(legacy, modern, "application/xml") == [" lexeme formatting"])
        #expect(
            try body(legacy, "<a x='1' y='3'><b>u</b></a>", "text/xml") == [
                "/a/c missing missing", "/a/@y value value", "/a/b/*/#text value value",
            ]
        )
        #expect(
            try body(legacy, "<a x='1' y='2'><c/><b>t</b></a>", "application/soap+xml")
                == ["/a/#order order order"]
        )
        #expect(try body(legacy, "<a x='1'>", "application/xml") == [" malformed missing"])
    }

    @Test func `a body that is not what its type says is malformed`() throws {
        #expect(try body("{}", "<html>", "application/json") == [" malformed missing"])
        #expect(try body("<html>a", "<html>b", "application/json") == ["/* value value"])
        #expect(try body("{}", "", "application/json") == [" missing missing"])
        #expect(try body("", "{}", "application/json") == [" added missing"])
    }

    @Test func `another media type is named once in the field and once in the body`() throws {
        #expect(
            try words(answer("{}", "application/json"), answer("<a/>", "application/xml")) == [
                " media_type missing", "header:content-type media_type value",
            ]
        )
        #expect(
            try words(answer("{}", "application/json"), answer("{}", "application/fhir+json")) == [
                "header:content-type media_type value"
            ]
        )
    }

    @Test func `without a media type a body is what it looks like`() throws {
        #expect(try body(#"{"a":1}"#, #"{"a":2}"#, nil) == ["/a value value"])
        #expect(try body("<?xml version='1.0'?><a/>", "<?xml version='1.0'?><b/>", nil).count == 2)
    }

    @Test func `hostile bodies end unobserved, not crashed`() throws {
        let deep = String(repeating: "[", count: 100_000)
        let deepXML = String(repeating: "<a>", count: 100_000)
        let entity = #"<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>"#
        for (text, type) in [
            (deep, "application/json"), (deepXML, "application/xml"), (entity, "application/xml"),
        ] {
            let observation = try compared(exchange(answer(text, type), answer("1", type)))
            #expect(observation.outcome == .unobserved, "\(type)")
            #expect(observation.reason == .undecodable, "\(type)")
        }
    }

    @Test func `a bomb of 152 bytes ends unobserved, whichever side sends it`() throws {
        // A hundred million zeros by Python's brotli.
        let base64 = """
            y///PwAkAOKxQHLv//j//weABEAcFoDu/R////8AkACIwwLQvf/j//8fABIAcVgAuvd//P//A0AC
            IA4LQPf+j///fwBIAMRhAeje//H//w8ACYA4LADd+z/+//8BIAEQhwWge//H//8/ACQA4rAAdO//
            +P//B4AEQBwWgO79H////wCQAIjDAtC9/8t/8DoAEgBxWAC62HU=
            """
        let bytes = try #require(Data(base64Encoded: base64, options: .ignoreUnknownCharacters))
        var bomb = answer("", fields: [CapturedField("content-encoding", "br")])
        bomb.body = [UInt8](bytes)
        for pair in [exchange(bomb, answer("{}")), exchange(answer("{}"), bomb)] {
            let observation = try compared(pair)
            #expect(observation.outcome == .unobserved && observation.reason == .undecodable)
        }
        // Sent by both, it need not go off.
        #expect(try compared(exchange(bomb, bomb)).outcome == .match)
    }

    @Test func `text that is no UTF-8 and keys that occur twice are differences`() throws {
        var broken = answer("")
        broken.body = Array("{\"a\":\"".utf8) + [0xFF] + Array("\"}".utf8)
        #expect(try words(answer("{\"a\":\"x\"}"), broken) == [" malformed missing"])
        #expect(try compared(exchange(broken, broken)).outcome == .match)
        var other = broken
        other.body[6] = 0xFE
        #expect(try words(broken, other) == [" opaque value"])
        #expect(
            try body(#"{"a":1,"a":1}"#, #"{"a":1}"#, "application/json")
                == ["/a duplicate_key value"]
        )
    }
}
