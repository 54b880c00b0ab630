// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Parity

/// The comparison beside deepdiff (PyPI), a differ of its own kind.
@Suite("Differences beside deepdiff")
struct DeepDiffTests {
    private static let program = """
        import sys, json, re
        from decimal import Decimal
        from deepdiff import DeepDiff
        def read(line):
            return json.loads(bytes.fromhex(line), parse_float=Decimal, parse_int=Decimal)
        names = {'values_changed': 'value', 'type_changes': 'type',
                 'dictionary_item_removed': 'missing', 'dictionary_item_added': 'added',
                 'iterable_item_removed': 'missing', 'iterable_item_added': 'added'}
        def pointer(path):
            return ''.join('/' + str(p) for p in path)
        for line in sys.stdin:
            mode, a, b = line.split()
            a, b = read(a), read(b)
            if mode == 'places':
                tree = DeepDiff(a, b, view='tree', threshold_to_diff_deeper=0)
                found = set()
                for kind, items in tree.items():
                    for item in items:
                        path = ['*' if isinstance(p, int) else p
                                for p in item.path(output_format='list')]
                        found.add(pointer(path) + ' ' + names[kind])
                print('|'.join(sorted(found)))
            else:
                same = not DeepDiff(a, b, ignore_order=True, report_repetition=True)
                print('same' if same else 'other')

        """

    /// The value with leaves changed and members left out or added; arrays keep their length.
    private static func nudged(_ value: SampleJSON, _ dice: inout Dice) -> SampleJSON {
        switch value {
        case .array(let items): return .array(items.map { nudged($0, &dice) })
        case .object(let members):
            var result = members.map {
                SampleMember(key: $0.key, value: nudged($0.value, &dice))
            }
            if dice.roll(8) == 0, !result.isEmpty { result.remove(at: dice.roll(result.count)) }
            if dice.roll(8) == 0 { result.append(SampleMember(key: "added", value: .number(1, 0))) }
            return .object(result)
        default: return dice.roll(8) == 0 ? .random(&dice, depth: 0) : value
        }
    }

    @Test func `the same places are named, in the same way`() throws {
        guard let python = PythonOracle.withPackages else {
            print("skipped: deepdiff is not installed")
            return
        }
        var dice = Dice(seed: 21)
        var pairs: [(String, String)] = []
        for _ in 0..<1_500 {
            let value = SampleJSON.random(&dice)
            let other = Self.nudged(value, &dice)
            pairs.append((value.text(&dice, isVaried: false), other.text(&dice, isVaried: true)))
        }
        let lines = pairs.map {
            "places " + PythonOracle.hex(Array($0.0.utf8)) + " "
                + PythonOracle.hex(Array($0.1.utf8))
        }
        let answers = try PythonOracle.ask(Self.program, lines, python: python)
        try #require(answers.count == pairs.count)
        var compared = 0
        for ((legacy, modern), answer) in zip(pairs, answers) {
            // A rule that spells a key out makes it a name; else it would be taken for data.
            let found = try differ(legacy, modern, [rule("/never/é", .exact)])
                .filter { !$0.hasSuffix(" formatting") }
            // Where items agree elsewhere we say so; deepdiff compares positions.
            let isMatched = found.contains { $0.contains(" order ") || $0.contains(" count ") }
            let hasItems = found.contains { $0.contains("* missing") || $0.contains("* added") }
            guard !isMatched, !hasItems else { continue }
            compared += 1
            let ours = Set(found.map { $0.split(separator: " ").dropLast().joined(separator: " ") })
            let theirs = Set(answer.split(separator: "|").map { $0.trimmingPrefix(" ") })
            #expect(Set(ours.map { $0.trimmingPrefix(" ") }) == theirs, "\(legacy)\n\(modern)")
        }
        #expect(compared > 1_000)
    }

    @Test func `arrays as sets agree where deepdiff ignores order and counts repetitions`() throws {
        guard let python = PythonOracle.withPackages else {
            print("skipped: deepdiff is not installed")
            return
        }
        var dice = Dice(seed: 22)
        var pairs: [(String, String)] = []
        for _ in 0..<1_500 {
            let value = SampleJSON.random(&dice, depth: 3)
            let other = dice.roll(3) == 0 ? Self.shuffled(value, &dice) : value.mutated(&dice)
            pairs.append((value.text(&dice, isVaried: false), other.text(&dice, isVaried: false)))
        }
        let lines = pairs.map {
            "sets " + PythonOracle.hex(Array($0.0.utf8)) + " " + PythonOracle.hex(Array($0.1.utf8))
        }
        let answers = try PythonOracle.ask(Self.program, lines, python: python)
        try #require(answers.count == pairs.count)
        var same = 0
        for ((legacy, modern), answer) in zip(pairs, answers) {
            let found = try differ(legacy, modern, [rule("/**", .set)])
            let agrees = found.allSatisfy { $0.hasSuffix(" formatting") }
            same += agrees ? 1 : 0
            #expect(agrees == (answer == "same"), "\(legacy)\n\(modern)\n\(found)")
        }
        #expect(same > 300 && same < 1_400)
    }

    private static func shuffled(_ value: SampleJSON, _ dice: inout Dice) -> SampleJSON {
        switch value {
        case .array(let items):
            return .array(items.map { shuffled($0, &dice) }.shuffled(using: &dice))
        case .object(let members):
            return .object(
                members.map { SampleMember(key: $0.key, value: shuffled($0.value, &dice)) }
            )
        default: return value
        }
    }
}
