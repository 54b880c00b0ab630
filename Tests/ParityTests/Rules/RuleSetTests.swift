// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Parity

@Suite("Rule sets")
struct RuleSetTests {
    @Test func `the more literal of two rules wins, then the later one`() throws {
        let set = try RuleSet(
            rules: [
                rule("/**/id", .shape), rule("/entry/*/resource/id", .exact), rule("/a/*", .set),
                rule("/*/b", .url), rule("/a/*", .identifier), rule("/list/0", .shape),
                rule("/x/**/y/**/z", .url), rule("/a~1b/c~0d", .set), rule("", .shape),
                rule("header:etag", .shape), rule("/x/**", .exact),
            ],
            presets: [rule("/**/id", .url), rule("/entry/*/resource/id", .url)],
            zeroTolerance: ["/**/dosage"]
        )
        let rows: [(String, ParityRuleKind?)] = [
            ("/id", .shape), ("/q/r/id", .shape), ("/entry/3/resource/id", .exact),
            ("/entry/3/x/id", .shape), ("/a/q", .identifier), ("/a/b", .identifier), ("/c/b", .url),
            ("/list/0", .shape), ("/list/1", nil), ("/x/1/y/2/3/z", .url), ("/x/y/z", .url),
            ("/x", .exact), ("/a~1b/c~0d", .set), ("/a/b/c", nil), ("", .shape),
            ("header:etag", .shape), ("header:date", nil), ("/nothing", nil),
        ]
        for (pointer, kind) in rows {
            #expect(set.rule(at: pointer).rule?.kind == kind, "\(pointer)")
        }
        #expect(set.rule(at: "/m/0/dosage").isZeroTolerance)
        #expect(set.rule(at: "/m/0/dosage/x/y").isZeroTolerance)
        #expect(!set.rule(at: "/m/0/dose").isZeroTolerance)
    }

    /// The obvious way to match, for comparing with: pattern against pointer, segment by segment.
    private static func matches(_ pattern: ArraySlice<String>, _ path: ArraySlice<String>) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        let rest = pattern.dropFirst()
        if first == "**" {
            return matches(rest, path) || !path.isEmpty && matches(pattern, path.dropFirst())
        }
        guard let head = path.first, first == "*" || first == head else { return false }
        return matches(rest, path.dropFirst())
    }

    @Test func `the automaton finds what matching each pattern by itself finds`() throws {
        var dice = Dice(seed: 41)
        let names = ["a", "b", "c", "0", "1"]
        for _ in 0..<300 {
            let patterns = (0..<1 + dice.roll(6)).map { _ in
                (0..<1 + dice.roll(4)).map { _ in (names + ["*", "**", "*"])[dice.roll(8)] }
            }
            let zero = (0..<dice.roll(3)).map { _ in
                (0..<1 + dice.roll(3)).map { _ in (names + ["*", "**", "*"])[dice.roll(8)] }
            }
            let set = try RuleSet(
                rules: patterns.enumerated().map { number, pattern in
                    rule("/" + pattern.joined(separator: "/"), .instant(skewMilliseconds: number))
                },
                zeroTolerance: zero.map { "/" + $0.joined(separator: "/") }
            )
            for _ in 0..<40 {
                let path = (0..<dice.roll(5)).map { _ in (names + ["z"])[dice.roll(6)] }
                let pointer = path.map { "/" + $0 }.joined()
                let found = set.rule(at: pointer)
                let matching = patterns.indices.filter {
                    Self.matches(patterns[$0][...], path[...])
                }
                let isZero = (0...path.count).contains { count in
                    zero.contains { Self.matches($0[...], path.prefix(count)) }
                }
                #expect(found.isZeroTolerance == isZero, "\(zero) \(pointer)")
                guard case .instant(let winner)? = found.rule?.kind else {
                    #expect(matching.isEmpty, "\(patterns) \(pointer)")
                    continue
                }
                #expect(matching.contains(winner), "\(patterns) \(pointer)")
                let literals = matching.map { number in
                    patterns[number].count { $0 != "*" && $0 != "**" }
                }
                #expect(patterns[winner].count { $0 != "*" && $0 != "**" } == literals.max())
            }
        }
    }

    @Test func `what cannot be a rule is refused and named`() throws {
        for path in ["a", "a/b", "/a~2", "/a~", "header:", "cookie:", "part:", "$.a"] {
            #expect(throws: RuleSetError.badPath(path: path, origin: "test"), "\(path)") {
                try RuleSet(rules: [rule(path, .exact)])
            }
            #expect(throws: RuleSetError.badPath(path: path, origin: "zeroTolerance"), "\(path)") {
                try RuleSet(rules: [], zeroTolerance: [path])
            }
        }
        for text in ["x", "-1", "1e", "0x1", "1e9999", "NaN", " 1"] {
            #expect(throws: RuleSetError.badTolerance(path: "/a", text: text, origin: "test")) {
                try RuleSet(rules: [rule("/a", .decimal(absolute: text, relative: ""))])
            }
        }
        #expect(throws: RuleSetError.badSkew(path: "/a", origin: "test")) {
            try RuleSet(rules: [rule("/a", .instant(skewMilliseconds: -1))])
        }
        for by in [[], [""], ["*"], ["a/**"]] {
            #expect(throws: RuleSetError.badKey(path: "/a", origin: "test"), "\(by)") {
                try RuleSet(rules: [rule("/a", .keyed(by: by))])
            }
        }
        let many = (0...1_024).map { rule("/a\($0)", .exact) }
        #expect(throws: RuleSetError.tooMany(count: 1_025)) { try RuleSet(rules: many) }
        let long = String(repeating: "/a", count: 33)
        #expect(throws: RuleSetError.badPath(path: long, origin: "test")) {
            try RuleSet(rules: [rule(long, .exact)])
        }
        // `**` before many wildcards needs a state for each set of places where `a` stood.
        let hostile = (0..<16).map { length in
            rule("/**/a" + String(repeating: "/*", count: length + 10), .exact)
        }
        #expect(throws: RuleSetError.tooComplex) { try RuleSet(rules: hostile) }
    }

    @Test func `canonical bytes change with what is compared and with nothing else`() throws {
        func bytes(
            _ rules: [ParityRule],
            presets: [ParityRule] = [],
            zero: [String] = []
        ) throws -> [UInt8] {
            try RuleSet(rules: rules, presets: presets, zeroTolerance: zero).canonicalBytes
        }
        let base = [rule("/a", .set), ignore("/b", expires: 100)]
        let same = [
            ParityRule(path: "/a", kind: .set, origin: "Routes/x.yaml:7"),
            ParityRule(
                path: "/b",
                kind: .ignore(owner: "other", reason: "other", expiresUnixSeconds: nil),
                origin: ""
            ),
        ]
        #expect(try bytes(base, zero: ["/x", "/y"]) == bytes(same, zero: ["/y", "/x", "/y"]))
        #expect(try bytes(base) == bytes([base[1]], presets: [base[0]]))
        let others: [[ParityRule]] = [
            [base[0]], [base[1], base[0]], base + [rule("/c", .set)],
            [rule("/a", .exact), base[1]],
            [rule("/a/", .set), base[1]], [rule("/a", .instant(skewMilliseconds: 1))],
            [rule("/a", .instant(skewMilliseconds: 2))],
            [rule("/a", .decimal(absolute: "1", relative: ""))],
            [rule("/a", .decimal(absolute: "", relative: "1"))],
            [rule("/a", .keyed(by: ["a", "b"]))],
            [rule("/a", .keyed(by: ["a"])), rule("b", .keyed(by: ["c"]))].dropLast(),
        ].map(Array.init)
        var seen = Set([try bytes(base)])
        for rules in others {
            #expect(seen.insert(try bytes(rules)).inserted, "\(rules.map(\.path))")
        }
        #expect(seen.insert(try bytes(base, zero: ["/a"])).inserted)
    }
}
