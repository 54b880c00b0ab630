// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Parity

/// The parser and the comparison beside Python's `json` and `decimal`, which share no code with
/// ours.
@Suite("JSON beside Python")
struct PythonJSONTests {
    private static let reader = """
        import sys, json
        from decimal import Decimal
        def no(word): raise ValueError(word)
        def tag(v):
            if isinstance(v, dict): return ('o', frozenset((k, tag(x)) for k, x in v.items()))
            if isinstance(v, list): return ('a', tuple(tag(x) for x in v))
            if isinstance(v, bool): return ('b', v)
            if isinstance(v, Decimal): return ('n', v)
            return ('s', v)
        def read(line):
            text = bytes.fromhex(line).decode('utf-8')
            if text.startswith(chr(0xFEFF)): text = text[1:]
            return json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=no)
        sys.setrecursionlimit(100000)

        """

    /// Texts near valid ones: bytes changed, left out, doubled, put in.
    private static func broken(_ dice: inout Dice) -> [UInt8] {
        let isVaried = dice.roll(2) == 0
        var text = Array(SampleJSON.random(&dice).text(&dice, isVaried: isVaried).utf8)
        let marks =
            Array(#"{}[]",:\/-+.eE019 tfnu"#.utf8) + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xED, 0xF4]
        for _ in 0..<dice.roll(4) where !text.isEmpty {
            let index = dice.roll(text.count)
            switch dice.roll(4) {
            case 0: text.remove(at: index)
            case 1: text.insert(marks[dice.roll(marks.count)], at: index)
            case 2: text[index] = marks[dice.roll(marks.count)]
            default: text.insert(text[index], at: index)
            }
        }
        return text
    }

    @Test func `the same texts are JSON for both`() throws {
        var dice = Dice(seed: 11)
        var texts = JSONTreeTableTests.accepted.map(bytes(ofRow:))
        texts += JSONTreeTableTests.refused.map { bytes(ofRow: $0.0) }
        for _ in 0..<6_000 { texts.append(Self.broken(&dice)) }
        let program =
            Self.reader + """
                for line in sys.stdin:
                    try:
                        read(line.strip()); print('yes')
                    except (ValueError, ArithmeticError): print('no')
                """
        let answers = try PythonOracle.ask(program, texts.map(PythonOracle.hex))
        try #require(answers.count == texts.count)
        var valid = 0
        for (text, answer) in zip(texts, answers) {
            let isRead = (try? JSONTree(parsing: text)) != nil
            // Decimal refuses exponents beyond 10^18, which the grammar has.
            if isRead, String(decoding: text, as: UTF8.self).contains("99999999") { continue }
            valid += isRead ? 1 : 0
            #expect(isRead == (answer == "yes"), "\(String(decoding: text, as: UTF8.self))")
        }
        #expect(valid > 1_000 && valid < texts.count - 1_000)
    }

    @Test func `two texts agree where Python finds equal values, and differ where it does not`()
        throws
    {
        var dice = Dice(seed: 12)
        var pairs: [(String, String)] = []
        for _ in 0..<4_000 {
            let value = SampleJSON.random(&dice)
            let other = dice.roll(2) == 0 ? value.mutated(&dice) : value
            pairs.append((value.text(&dice, isVaried: true), other.text(&dice, isVaried: true)))
        }
        let program =
            Self.reader + """
                for line in sys.stdin:
                    a, b = line.split()
                    print('same' if tag(read(a)) == tag(read(b)) else 'other')
                """
        let lines = pairs.map {
            PythonOracle.hex(Array($0.0.utf8)) + " " + PythonOracle.hex(Array($0.1.utf8))
        }
        let answers = try PythonOracle.ask(program, lines)
        try #require(answers.count == pairs.count)
        var same = 0
        for ((legacy, modern), answer) in zip(pairs, answers) {
            let found = try differ(legacy, modern)
            let agrees = found.allSatisfy { $0.hasSuffix(" formatting") }
            same += agrees ? 1 : 0
            #expect(agrees == (answer == "same"), "\(legacy) \(modern) \(found)")
        }
        #expect(same > 1_000 && same < 3_900)
    }

    @Test func `decimals of any length are equal, near or far exactly where Python's are`() throws {
        var dice = Dice(seed: 13)
        func number() -> String {
            var text = dice.roll(2) == 0 ? "-" : ""
            text += ["0", "1", "12", "100", "999999999999999999999", "9"][dice.roll(6)]
            if dice.roll(2) == 0 { text += ".\([0, 5, 50, 500, 25][dice.roll(5)])" }
            if dice.roll(3) == 0 { text += ".".contains(".") && !text.contains(".") ? ".0" : "0" }
            if dice.roll(3) == 0 { text += "e\(dice.roll(9) - 4)" }
            return text
        }
        var rows: [(String, String, String, String)] = []
        for _ in 0..<5_000 {
            let first = number()
            let other = dice.roll(3) == 0 ? first + (first.contains(".") ? "" : ".00") : number()
            let b = other.contains("e") && other.hasSuffix(".00") ? first : other
            rows.append(
                (
                    first, b, ["0", "0.5", "1e-3", "1"][dice.roll(4)],
                    ["0", "0.1", "1e-9"][dice.roll(3)]
                )
            )
        }
        rows += [
            ("1E400", "10e399", "0", "0"), ("1e-400", "0.1e-399", "0", "0"),
            ("0e5", "-0", "0", "0"),
            ("1.000000000000000005", "1", "0", "0"), ("1.000000000000000005", "1", "5e-18", "0"),
            ("9223372036854775807", "9223372036854775808", "0", "0"),
            ("9223372036854775807", "9223372036854775808", "1", "0"),
            ("1e300", "1.0000000001e300", "0", "1e-10"),
            ("1e300", "1.0000000002e300", "0", "1e-10"),
            (
                String(repeating: "7", count: 3_000), String(repeating: "7", count: 2_999) + "8",
                "1", "0"
            ),
            (
                String(repeating: "7", count: 3_000), String(repeating: "7", count: 2_999) + "9",
                "1", "0"
            ),
        ]
        let program = """
            import sys
            from fractions import Fraction
            sys.set_int_max_str_digits(0) if hasattr(sys, 'set_int_max_str_digits') else None
            for line in sys.stdin:
                a, b, t, r = map(Fraction, line.split())
                near = abs(a - b) <= t or abs(a - b) <= r * max(abs(a), abs(b))
                print(int(a == b), int(near), (a > b) - (a < b))
            """
        let answers = try PythonOracle.ask(program, rows.map { "\($0) \($1) \($2) \($3)" })
        try #require(answers.count == rows.count)
        for (row, answer) in zip(rows, answers) {
            let a = try #require(ExactDecimal(row.0), "\(row)")
            let b = try #require(ExactDecimal(row.1), "\(row)")
            let absolute = try #require(ExactDecimal(row.2))
            let relative = try #require(ExactDecimal(row.3))
            let isNear = a.isWithin(absolute: absolute, relative: relative, of: b)
            let isNearBack = b.isWithin(absolute: absolute, relative: relative, of: a)
            #expect(isNear == isNearBack, "\(row)")
            let words = answer.split(separator: " ")
            #expect((a.isEqual(to: b) ? "1" : "0") == words[0], "\(row)")
            #expect((isNear ? "1" : "0") == words[1], "\(row)")
        }
    }

    @Test func `instants are as far apart as Python's, in every zone`() throws {
        var dice = Dice(seed: 14)
        func instant() -> String {
            func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
            let day = [1, 28, 30][dice.roll(3)]
            let month = day == 30 ? [4, 6, 12][dice.roll(3)] : 1 + dice.roll(12)
            var text = "\(["1999", "2000", "2024", "2026", "1969"][dice.roll(5)])"
            text += "-\(two(month))-\(two(day))T\(two(dice.roll(24))):\(two(dice.roll(60)))"
            text += ":\(two(dice.roll(60)))" + ["", ".5", ".250", ".999999"][dice.roll(4)]
            return text + ["Z", "+00:00", "-05:00", "+05:30", "+14:00"][dice.roll(5)]
        }
        let rows = (0..<3_000).map { _ in (instant(), instant()) }
        let program = """
            import sys
            from datetime import datetime, timedelta
            def read(t):
                whole, _, rest = t.replace('Z', '+00:00').partition('.')
                if not rest: return datetime.fromisoformat(whole)
                digits = rest[:-6]
                return datetime.fromisoformat(whole + '.' + digits.ljust(6, '0') + rest[-6:])
            for line in sys.stdin:
                a, b = map(read, line.split())
                print(abs(a - b) // timedelta(microseconds=1))
            """
        let answers = try PythonOracle.ask(program, rows.map { "\($0) \($1)" })
        try #require(answers.count == rows.count)
        for (row, answer) in zip(rows, answers) {
            let a = try #require(Instant(Array(row.0.utf8)), "\(row)")
            let b = try #require(Instant(Array(row.1.utf8)), "\(row)")
            let microseconds = try #require(Int(answer))
            let skew = (microseconds + 999) / 1_000
            #expect(a.agreement(with: b, skewMilliseconds: skew) != .apart, "\(row) \(skew)")
            if skew > 0 {
                #expect(a.agreement(with: b, skewMilliseconds: skew - 1) == .apart, "\(row)")
                #expect(b.agreement(with: a, skewMilliseconds: skew - 1) == .apart, "\(row)")
            }
        }
    }
}
