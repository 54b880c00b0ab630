// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Parity

@Suite("Suggested rules")
struct RuleSuggestionTests {
    /// What is suggested after comparing these pairs, as `path kind strength explains`.
    private func suggest(
        _ pairs: [(String, String)],
        zero: [String] = [],
        options: DifferOptions = DifferOptions(),
        noise: (reads: UInt64, differed: UInt64) = (0, 0)
    ) throws -> [RuleSuggestion] {
        var identities = IdentityTable()
        var places: [String: PointerEvidence] = [:]
        let rules = try RuleSet(rules: [], zeroTolerance: zero)
        for (legacy, modern) in pairs {
            let list = differences(
                try JSONTree(parsing: Array(legacy.utf8)),
                try JSONTree(parsing: Array(modern.utf8)),
                rules: rules,
                options: options,
                identities: &identities
            )
            for item in list.items {
                places[item.pointer, default: PointerEvidence(pointer: item.pointer)].add(item)
            }
        }
        return suggestedRules(
            places.values.map { place in
                var place = place
                place.seen = UInt64(pairs.count)
                place.noiseReads = noise.reads
                place.noiseDiffered = noise.differed
                return place
            }
        )
    }

    private func pairs(_ count: Int, _ make: (Int) -> (String, String)) -> [(String, String)] {
        (0..<count).map(make)
    }

    @Test func `each way of differing leads to the rule that still compares most`() throws {
        var options = DifferOptions()
        options.legacyHost = "old.example"
        options.modernHost = "new.example"
        let rows: [(String, String, String, ParityRuleKind, RuleSuggestion.Strength)] = [
            (#"["a","b",#]"#, #"["b",#,"a"]"#, "/x", .set, .strong),
            (
                #""2026-01-01T10:00:0#Z""#, #""2026-01-01T11:00:0#+01:00""#, "/x",
                .instant(skewMilliseconds: 0), .strong
            ),
            (
                #""2026-01-01T10:00:00.#Z""#, #""2026-01-01T10:00:00.9#Z""#, "/x",
                .instant(skewMilliseconds: 1_000), .strong
            ),
            (
                #""2026-01-01T10:00:00Z""#, #""2026-01-01T10:00:4#Z""#, "/x",
                .instant(skewMilliseconds: 60_000), .strong
            ),
            ("7#", #""f0e#-11""#, "/x", .identifier, .likely),
            (#""https://old.example/s/#""#, #""https://new.example/s/#""#, "/x", .url, .strong),
            (
                "1.2500000#", "1.2500001#", "/x", .decimal(absolute: "0", relative: "0.000001"),
                .likely
            ),
            ("1.00#", "1.01#", "/x", .decimal(absolute: "0.01", relative: "0"), .ask),
            ("1.5#", #""1.5#""#, "/x", .decimal(absolute: "0", relative: "0"), .ask),
            ("null", "", "/x", .ignore(owner: "", reason: "", expiresUnixSeconds: nil), .ask),
            ("", "#", "/x", .ignore(owner: "", reason: "", expiresUnixSeconds: nil), .ask),
        ]
        for (legacy, modern, path, kind, strength) in rows {
            let found = try self.suggest(
                self.pairs(40) { number in
                    func text(_ value: String) -> String {
                        value.isEmpty
                            ? "{}" : "{\"x\":\(value.replacing("#", with: "\(number % 10)"))}"
                    }
                    return (text(legacy), text(modern))
                },
                options: options
            )
            #expect(found.map(\.rule.path) == [path], "\(legacy)")
            #expect(found.first?.rule.kind == kind, "\(legacy)")
            #expect(found.first?.strength == strength, "\(legacy)")
            #expect(found.first?.explains ?? 0 >= 20, "\(legacy)")
            #expect(found.first?.evidence.isEmpty == false)
        }
    }

    @Test func `what is wrong is not explained away`() throws {
        let rows: [(String, String)] = [
            // a value of its own each time, a field that is lost, a wrong join, a zone taken for
            // another
            (#"{"x":"red"}"#, #"{"x":"blue"}"#), (#"{"x":1,"y":2}"#, #"{"y":2}"#),
            (#"{"x":"2026-01-01T10:00:00Z"}"#, #"{"x":"2026-01-01T10:00:00+02:00"}"#),
            (#"{"x":[1,2,3]}"#, #"{"x":[1,2]}"#), (#"{"x":10}"#, #"{"x":20}"#),
        ]
        for (legacy, modern) in rows {
            #expect(try self.suggest(self.pairs(40) { _ in (legacy, modern) }) == [], "\(legacy)")
        }
        let join = try self.suggest(
            self.pairs(40) { ("{\"x\":\"p-\($0 % 4)00\"}", "{\"x\":\"q-\($0 % 5)00\"}") }
        )
        #expect(join == [])
        let few = try self.suggest(self.pairs(19) { _ in (#"{"x":[1,2]}"#, #"{"x":[2,1]}"#) })
        #expect(few == [])
        let zero = try self.suggest(
            self.pairs(40) { _ in (#"{"x":[1,2]}"#, #"{"x":[2,1]}"#) },
            zero: ["/x"]
        )
        #expect(zero == [])
    }

    @Test func `a value that legacy has not even with itself keeps its shape at least`() throws {
        let pairs = self.pairs(40) { ("{\"x\":\"red \($0)\"}", "{\"x\":\"blue \($0)\"}") }
        let found = try self.suggest(pairs, noise: (100, 98))
        #expect(found.map(\.rule.kind) == [.shape])
        #expect(found[0].evidence.contains { $0.contains("98 of 100 re-reads") })
        #expect(try self.suggest(pairs, noise: (100, 10)) == [])
    }

    @Test func `suggested rules make the texts agree that they were made from`() throws {
        let pairs = self.pairs(30) { number in
            (
                #"{"id":\#(number),"at":"2026-01-01T10:00:00Z","tags":["a","b"],"n":{"k-\#(number)00":1.50000001}}"#,
                #"{"id":"u-\#(number * 7)","at":"2026-01-01T12:00:00+02:00","tags":["b","a"],"n":{"k-\#(number)00":1.5}}"#
            )
        }
        let found = try self.suggest(pairs)
        #expect(found.map(\.rule.path).sorted() == ["/at", "/id", "/n/*", "/tags"])
        var identities = IdentityTable()
        for (legacy, modern) in pairs {
            let rest = try differ(legacy, modern, found.map(\.rule), identities: &identities)
            #expect(rest.allSatisfy { $0.hasSuffix("formatting") }, "\(rest)")
        }
    }

    @Test func `the evidence of an epoch is summed by place`() {
        var first = ParityDifferenceTotals(
            route: "r",
            operation: "GET /a",
            pointer: "/x",
            difference: .order,
            severity: .order
        )
        first.count = 15
        first.noiseCount = 2
        var second = first
        second.operation = "GET /b"
        second.count = 10
        second.hinted = [1, 2]
        var totals = ParityTotals(tenant: "t", wave: "", route: "r", operation: "GET /a")
        totals[.match] = 75
        totals[.mismatch] = 25
        totals.noiseReads = 40
        let snapshot = ParitySnapshot(
            epoch: ParityEpoch(
                number: 1,
                migration: "m",
                ruleSetHash: "",
                legacyBuild: "",
                modernBuild: "",
                cause: "first",
                startUnixMilliseconds: 0,
                endUnixMilliseconds: 0
            ),
            earlier: [],
            totals: [totals],
            differences: [first, second],
            series: []
        )
        let places = PointerEvidence.all(of: snapshot)
        #expect(places.map(\.pointer) == ["/x"])
        #expect(places[0].seen == 100)
        #expect(places[0][.order] == 25)
        #expect(places[0].noiseReads == 40)
        #expect(places[0].noiseDiffered == 4)
        #expect(places[0].hinted.prefix(2) == [1, 2])
        #expect(suggestedRules(places).map(\.rule.kind) == [.set])
    }
}
