// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Parity

/// What holds for any two texts.
@Suite("Differ, properties")
struct DifferPropertyTests {
    private static let ruleSets: [[ParityRule]] = [
        [],
        [rule("/**", .set)],
        [ignore("/**/meta"), rule("/**/id", .shape), rule("/**/items", .keyed(by: ["id"]))],
        [
            rule("/**/value", .decimal(absolute: "0.5", relative: "")),
            rule("/**/name", .url), rule("/**/text", .instant(skewMilliseconds: 1_000)),
            rule("/*/code", .identifier),
        ],
    ]

    private func list(
        _ legacy: String,
        _ modern: String,
        _ rules: RuleSet,
        max: Int = 64
    ) throws -> DifferenceList {
        var identities = IdentityTable()
        var options = DifferOptions()
        options.differencesMax = max
        return differences(
            try JSONTree(parsing: Array(legacy.utf8)),
            try JSONTree(parsing: Array(modern.utf8)),
            rules: rules,
            options: options,
            identities: &identities
        )
    }

    @Test func `a text never differs from itself, however it is written`() throws {
        var dice = Dice(seed: 31)
        for round in 0..<2_000 {
            let rules = try RuleSet(rules: Self.ruleSets[round % Self.ruleSets.count])
            let value = SampleJSON.random(&dice)
            let plain = value.text(&dice, isVaried: false)
            #expect(try self.list(plain, plain, rules).worst == nil, "\(plain)")
            let varied = value.text(&dice, isVaried: true)
            let worst = try self.list(plain, varied, rules).worst
            #expect((worst ?? .accepted) <= .formatting, "\(plain) \(varied)")
        }
    }

    @Test func `what is missing one way is added the other way, all else is the same both ways`()
        throws
    {
        var dice = Dice(seed: 32)
        let mirror: [DifferenceClass: DifferenceClass] = [.missing: .added, .added: .missing]
        var found = 0
        for round in 0..<2_000 {
            let rules = try RuleSet(rules: Self.ruleSets[round % Self.ruleSets.count])
            let value = SampleJSON.random(&dice)
            let a = value.text(&dice, isVaried: false)
            let b = value.mutated(&dice).text(&dice, isVaried: true)
            let there = try self.list(a, b, rules)
            let back = try self.list(b, a, rules)
            // Which of two elements that agree has moved is a matter of the side that is asked.
            guard
                !there.items.contains(where: { $0.difference == .order || $0.difference == .count })
            else { continue }
            let left = Set(there.items.map { "\($0.pointer) \($0.difference)" })
            let right = Set(
                back.items.map { "\($0.pointer) \(mirror[$0.difference] ?? $0.difference)" }
            )
            found += left.count
            #expect(left == right, "\(a)\n\(b)")
        }
        #expect(found > 500)
    }

    @Test func `a permutation is no difference of a set, and an order of a list`() throws {
        var dice = Dice(seed: 33)
        let set = try RuleSet(rules: [rule("", .set)])
        for round in 0..<500 {
            let items = (0..<2 + dice.roll(12)).map { _ in
                SampleJSON.random(&dice, depth: 2).text(&dice, isVaried: false)
            }
            let moved = items.shuffled(using: &dice)
            let a = "[\(items.joined(separator: ","))]"
            let b = "[\(moved.joined(separator: ","))]"
            #expect(
                try self.list(a, b, set).worst ?? .formatting == .formatting,
                "\(round): \(a) \(b)"
            )
            let ordered = try self.list(a, b, .none)
            let classes = Set(ordered.items.map(\.difference)).subtracting([.lexeme])
            #expect(classes.isSubset(of: [.order]), "\(a) \(b)")
            // With one element replaced there is a difference, whatever the rule says of order.
            let other = moved.dropLast() + [#""none of them""#]
            let c = "[\(other.joined(separator: ","))]"
            #expect(try self.list(a, c, set).worst ?? .formatting > .formatting, "\(a) \(c)")
        }
    }

    @Test func `keyed elements keep their counterpart when they move`() throws {
        var dice = Dice(seed: 34)
        let rules = try RuleSet(rules: [rule("/e", .keyed(by: ["id", "k/s"]))])
        for _ in 0..<300 {
            let count = 2 + dice.roll(10)
            let changed = dice.roll(count)
            let a = (0..<count).map { #"{"id":\#($0),"k":{"s":"x\#($0)"},"v":1}"# }
            var b = a
            b[changed] = b[changed].replacing(#""v":1"#, with: #""v":2"#)
            let text = "{\"e\":[\(b.shuffled(using: &dice).joined(separator: ","))]}"
            let found = try self.list("{\"e\":[\(a.joined(separator: ","))]}", text, rules)
            #expect(found.items.map(\.pointer) == ["/e/*/v"])
            #expect(found.items.map(\.difference) == [.value])
        }
    }

    @Test func `many differences are bounded, and the worst of those left out is still told`()
        throws
    {
        let count = 1_000
        let names = (0..<count).map { index in
            String(index, radix: 26).map {
                String(UnicodeScalar(97 + (Int(String($0), radix: 26) ?? 0)) ?? "a")
            }
            .joined() + "q"
        }
        let a = "{" + names.map { "\"\($0)\":1" }.joined(separator: ",") + "}"
        let b = "{" + names.map { "\"\($0)\":2" }.joined(separator: ",") + "}"
        // A big object is a map: its keys are data, and all its values one place.
        let map = try self.list(a, b, .none)
        #expect(map.items.map(\.pointer) == ["/{key}"])
        #expect(map.leftOut == 0)
        let spelled = try RuleSet(
            rules: names.prefix(900).map { rule("/\($0)", .exact) },
            zeroTolerance: ["/\(names[899])"]
        )
        let found = try self.list(a, b, spelled, max: 10)
        #expect(found.items.count == 10)
        #expect(found.leftOut == 990)
        #expect(found.worst == .zeroTolerance)
    }

    @Test func `hostile pairs are compared in bounded time`() throws {
        let deep = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        let deeper = deep.replacing("[]", with: "[1]")
        #expect(try self.list(deep, deeper, .none).items.count == 1)
        let nested = (0..<120).reduce("1") { inner, _ in "[\(inner),0,0,0]" }
        let other = (0..<120).reduce("2") { inner, _ in "[0,\(inner),0,0]" }
        #expect(try self.list(nested, other, .none).worst != nil)
        let many = "[" + (0..<50_000).map(String.init).joined(separator: ",") + "]"
        let turned = "[" + (0..<50_000).reversed().map(String.init).joined(separator: ",") + "]"
        #expect(try self.list(many, turned, .none).items.map(\.difference) == [.order])
        #expect(try self.list(many, turned, RuleSet(rules: [rule("", .set)])).isEmpty)
        let same = "[" + String(repeating: "\"x\",", count: 50_000) + "1]"
        let shifted = "[1," + String(repeating: "\"x\",", count: 49_999) + "\"x\"]"
        #expect(try self.list(same, shifted, RuleSet(rules: [rule("", .set)])).isEmpty)
        let instants = (0..<20_000).map { "\"2026-01-01T00:00:\($0 % 50 + 10)Z\"" }
        let skewed = try RuleSet(
            rules: [rule("", .set), rule("/*", .instant(skewMilliseconds: 100))]
        )
        let a = "[\(instants.joined(separator: ","))]"
        let b = "[\(instants.reversed().joined(separator: ","))]"
        _ = try self.list(a, b, skewed)
        let twice = "{" + String(repeating: "\"a\":1,", count: 50_000) + "\"a\":2}"
        let thrice = "{" + String(repeating: "\"a\":1,", count: 49_999) + "\"a\":2}"
        #expect(try self.list(twice, thrice, .none).items.map(\.difference) == [.duplicateKey])
    }
}
