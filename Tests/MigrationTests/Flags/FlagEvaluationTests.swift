// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Testing

@testable import Migration

@Suite("Flag evaluation")
struct FlagEvaluationTests {
    private func set(_ flags: String) throws -> FlagSet {
        var problems: [Problem] = []
        let text = #"{"metadata":{"owner":"a"},"flags":{\#(flags)}}"#
        let set = FlagSet.load([(file: "f", bytes: Array(text.utf8))], problems: &problems)
        return try #require(set, "\(problems)")
    }

    private func result(
        _ rule: String,
        _ context: DocumentValue = [:],
        bucketing: Bucketing = .flagdV3
    ) throws -> LogicValue {
        var evaluator = LogicEvaluator(
            attributes: LogicValue(context),
            flagKey: "flag",
            unixSeconds: 1_750_000_000,
            bucketing: bucketing
        )
        return try evaluator.evaluate(LogicRule(compiling: node(rule)), in: .context)
    }

    @Test func `each way through the algorithm has its reason`() throws {
        let on = #""state":"ENABLED","variants":{"on":true,"off":false}"#
        let set = try self.set(
            """
            "static":{\(on),"defaultVariant":"on"}, "open":{\(on)}, "empty":{\(on),"defaultVariant":""},
            "none":{\(on),"defaultVariant":"off","targeting":{}},
            "off":{"state":"DISABLED","variants":{"on":true},"defaultVariant":"on"},
            "hit":{\(on),"defaultVariant":"off","targeting":{"if":[{"==":[{"var":"a"},1]},"on"]}},
            "bare":{\(on),"targeting":{"if":[{"var":"a"},"on",null]}},
            "truth":{"state":"ENABLED","variants":{"true":"yes","false":"no"},
                     "targeting":{"!!":[{"var":"a"}]}},
            "number":{"state":"ENABLED","variants":{"1":1,"2":2.5,"3":10.0},"targeting":{"var":"a"}},
            "list":{"state":"ENABLED","variants":{"[x]":"l"},"targeting":{"merge":["x"]}},
            "lost":{\(on),"defaultVariant":"on","targeting":{"var":"a"}},
            "nan":{\(on),"defaultVariant":"on","targeting":{"+":[{"var":"t"}]}}
            """
        )
        let one = FlagContext(["a": 1, "t": "text"])
        let rows: [(String, FlagContext, FlagReason, String?, FlagErrorCode?)] = [
            ("static", .empty, .static, "on", nil), ("open", .empty, .default, nil, nil),
            ("empty", .empty, .default, nil, nil), ("none", .empty, .static, "off", nil),
            ("off", one, .disabled, nil, nil), ("hit", one, .targetingMatch, "on", nil),
            ("hit", .empty, .default, "off", nil), ("bare", .empty, .default, nil, nil),
            ("bare", one, .targetingMatch, "on", nil),
            ("truth", one, .targetingMatch, "true", nil),
            ("truth", .empty, .targetingMatch, "false", nil),
            ("number", one, .targetingMatch, "1", nil),
            ("list", one, .targetingMatch, "[x]", nil), ("lost", one, .error, nil, .general),
            ("lost", FlagContext(["a": ["on"]]), .error, nil, .general),
            ("nan", one, .error, nil, .general), ("missing", one, .error, nil, .flagNotFound),
        ]
        for (key, context, reason, variant, code) in rows {
            let evaluation = set.evaluate(key, context, unixSeconds: 0)
            let row = Comment("\(key): \(evaluation)")
            #expect(evaluation.reason == reason, row)
            #expect(evaluation.variant == variant, row)
            #expect((evaluation.value == nil) == (variant == nil), row)
            #expect(evaluation.errorCode == code, row)
            #expect((evaluation.errorDetails != nil) == (reason == .error), row)
            #expect(evaluation.metadata.map(\.key) == ["owner"], row)
        }
    }

    @Test func `a value of another type than asked for is a mismatch`() throws {
        let set = try self.set(
            #"""
            "i":{"state":"ENABLED","variants":{"a":10.0},"defaultVariant":"a"},
            "f":{"state":"ENABLED","variants":{"a":10.5},"defaultVariant":"a"},
            "s":{"state":"ENABLED","variants":{"a":"t"},"defaultVariant":"a"},
            "o":{"state":"ENABLED","variants":{"a":{"k":[]}},"defaultVariant":"a"},
            "b":{"state":"ENABLED","variants":{"a":true},"defaultVariant":"a"}
            """#
        )
        let types: [(FlagValueType, [String])] = [
            (.integer, ["i"]), (.float, ["i", "f"]), (.string, ["s"]), (.object, ["o"]),
            (.boolean, ["b"]),
        ]
        for (type, keys) in types {
            for key in ["i", "f", "s", "o", "b"] {
                let evaluation = set.evaluate(key, .empty, unixSeconds: 0, expecting: type)
                #expect(
                    evaluation.errorCode == (keys.contains(key) ? nil : .typeMismatch),
                    "\(key) as \(type)"
                )
            }
        }
        // The decimal point is kept for clients that tell 10 from 10.0.
        #expect(set.evaluate("i", .empty, unixSeconds: 0).value == .number("10.0"))
    }

    @Test func `operators coerce as JavaScript does`() throws {
        let context: DocumentValue = [
            "n": 5, "t": "5", "list": [1, 2, 3], "none": .null, "deep": ["a": [["b": "c"]]],
            "é": "x", "empty": "", "long": "😀bc",
        ]
        let rows: [(String, LogicValue)] = [
            (#"{"==":[null,0]}"#, .bool(false)), (#"{"==":[null,{"var":"gone"}]}"#, .bool(true)),
            (#"{"==":[[1],[1]]}"#, .bool(true)), (#"{"==":["1,2",[1,2]]}"#, .bool(true)),
            (#"{"==":["e\u0301","\u00e9"]}"#, .bool(false)), (#"{"==":[true,"1"]}"#, .bool(true)),
            (#"{"===":[1,true]}"#, .bool(false)), (#"{"<":["b","a"]}"#, .bool(false)),
            (#"{"<":["10","9"]}"#, .bool(true)), (#"{"<":["10",9]}"#, .bool(false)),
            (#"{"<":[{"var":"gone"},1]}"#, .bool(true)), (#"{">":["x",1]}"#, .bool(false)),
            (#"{"<=":["x",1]}"#, .bool(false)), (#"{"==":["0x10",16]}"#, .bool(false)),
            (#"{"+":["inf"]}"#, .number(.nan)), (#"{"/":[1,0]}"#, .number(.infinity)),
            (#"{"%":[-5,3]}"#, .number(-2)), (#"{"max":[]}"#, .number(.nan)),
            (#"{"-":[]}"#, .number(.nan)), (#"{"+":[]}"#, .number(0)),
            (#"{"var":"deep.a.0.b"}"#, .string("c")), (#"{"var":"deep.a.00.b"}"#, .null),
            (#"{"var":["deep.a.7",9]}"#, .number(9)), (#"{"var":["none",9]}"#, .number(9)),
            (#"{"var":"$flagd.flagKey"}"#, .string("flag")), (#"{"var":"é"}"#, .string("x")),
            (#"{"var":"$flagd.timestamp"}"#, .number(1_750_000_000)),
            (#"{"missing":["n","empty","none","gone"]}"#, .array(["empty", "none", "gone"])),
            (#"{"substr":[{"var":"long"},0,1]}"#, .string("😀")),
            (#"{"substr":["abc",5]}"#, .string("")), (#"{"substr":["abc",-9,1]}"#, .string("a")),
            (#"{"substr":["abc",1e300,-1e300]}"#, .string("")),
            (#"{"in":["",""]}"#, .bool(true)), (#"{"in":["bc","abc"]}"#, .bool(true)),
            (#"{"in":["1",[1]]}"#, .bool(false)), (#"{"in":[1,null]}"#, .bool(false)),
            (#"{"cat":[1.50,true,null,[1,[2]]]}"#, .string("1.5truenull1,2")),
            (#"{"a":1,"b":2}"#, .object(["a": .number(1), "b": .number(2)])),
            (#"{"starts_with":["abc","ab"]}"#, .bool(true)),
            (#"{"ends_with":["abc","d"]}"#, .bool(false)),
            (#"{"starts_with":["abc",1]}"#, .null), (#"{"ends_with":["abc"]}"#, .null),
            (#"{"starts_with":["a","abc"]}"#, .bool(false)),
        ]
        for (rule, expected) in rows {
            let found = try self.result(rule, context)
            let isSame =
                if case .number(let a) = found, case .number(let b) = expected {
                    a == b || a.isNaN && b.isNaN
                } else { found == expected }
            #expect(isSame, "\(rule) gave \(found)")
        }
        #expect(throws: LogicError.unknownOperator("nope")) { try self.result(#"{"nope":[]}"#) }
        #expect(throws: LogicError.unknownOperator("$ref")) { try self.result(#"{"$ref":"a"}"#) }
    }

    @Test func `versions compare by SemVer with flagd's tolerance`() throws {
        let rows: [(String, String, String, Bool?)] = [
            ("1.0.0", "=", "v1", true), ("V1.2", "=", "1.2.0", true), ("1", "<", "1.0.1", true),
            ("2.0.0.0", "=", "2.0.0", nil), ("1.0.0", "=>", "1.0.0", nil), ("", "=", "1", nil),
            ("01.0.0", "=", "1.0.0", nil), ("1.2.3", "^", "1.9.0", true),
            ("1.2.3", "~", "1.2.9", true), ("1.2.3", "~", "1.3.0", false),
            ("1.0.0-alpha", "<", "1.0.0-alpha.1", true),
            ("1.0.0-alpha.1", "<", "1.0.0-alpha.beta", true),
            ("1.0.0-beta.2", "<", "1.0.0-beta.11", true), ("1.0.0-rc.1", "<", "1.0.0", true),
            ("1.0.0+a", "=", "1.0.0+b", true), ("1.0.0-01", "=", "1.0.0-01", nil),
            ("1.0.0-", "=", "1.0.0", nil), ("1.0.0-a_b", "=", "1.0.0", nil),
            ("10.0.0", ">", "9.99.99", true), ("99999999999999999999.0.0", ">", "1.0.0", true),
            ("1.0.0", "!=", "1.0.1", true), ("1.0.0", ">=", "1.0.0", true),
            ("1.0.1", "<=", "1.0.0", false), ("a", "=", "a", nil), ("1.x", "=", "1", nil),
        ]
        for (version, comparison, target, expected) in rows {
            let rule: DocumentValue = [
                "sem_ver": [["var": "v"], .string(comparison), .string(target)]
            ]
            let found = try self.result(rule.json, ["v": .string(version)])
            #expect(
                found == expected.map { .bool($0) } ?? .null,
                "\(version) \(comparison) \(target)"
            )
        }
        // Numbers are written as text first.
        #expect(try self.result(#"{"sem_ver":[1.2,"=","1.2.0"]}"#) == .bool(true))
        #expect(try self.result(#"{"sem_ver":["1","="]}"#) == .null)
    }

    @Test func `fractional names nobody when its weights or its subject make no sense`() throws {
        let known: DocumentValue = ["targetingKey": "k", "w": 10.5, "minus": -5, "t": "3", "e": ""]
        let rows: [(String, LogicValue)] = [
            (#"{"fractional":[["a",1]]}"#, .string("a")),
            (#"{"fractional":[["a"]]}"#, .string("a")),
            (#"{"fractional":[["a",{"var":"w"}]]}"#, .null), (#"{"fractional":[["a",0]]}"#, .null),
            (#"{"fractional":[["a",{"var":"minus"}],["b",1]]}"#, .string("b")),
            (#"{"fractional":[["a",{"var":"t"}]]}"#, .null), (#"{"fractional":[]}"#, .null),
            (#"{"fractional":[["a",2147483648]]}"#, .null),
            (#"{"fractional":[["a",2147483647],["b",1]]}"#, .null),
            (#"{"fractional":[["a",{"/":[1,0]}]]}"#, .null),
            (#"{"fractional":[["a",true]]}"#, .null),
            (#"{"fractional":[[]]}"#, .null), (#"{"fractional":[["a",1,2]]}"#, .null),
            (#"{"fractional":[{"var":"gone"},["a",1]]}"#, .null),
            (#"{"fractional":[{"var":"e"},["a",1]]}"#, .string("a")),
            (#"{"fractional":[[null,1]]}"#, .null), (#"{"fractional":[[true,1]]}"#, .bool(true)),
        ]
        for (rule, expected) in rows {
            #expect(try self.result(rule, known) == expected, "\(rule)")
        }
        for context: DocumentValue in [[:], ["targetingKey": ""], ["targetingKey": 7]] {
            #expect(try self.result(#"{"fractional":[["a",1]]}"#, context) == .null)
            let fallback = #"{"fractional":[{"var":"gone"},["a",1]]}"#
            #expect(try self.result(fallback, context, bucketing: .flagdV2) == .null)
        }
        // v2 alone falls back to flag key and targeting key.
        let fallback = #"{"fractional":[{"var":"gone"},["a",1]]}"#
        #expect(try self.result(fallback, known, bucketing: .flagdV2) == .string("a"))
        #expect(
            try self.result(#"{"fractional":[7,["a",1]]}"#, known, bucketing: .flagdV2) == .null
        )
    }

    @Test func `a hostile rule ends at a bound`() throws {
        let many: DocumentValue = [
            "many": .list(Array(repeating: DocumentValue.integer(1), count: 3_000))
        ]
        let rules = [
            // texts that double
            #"{"reduce":[{"var":"many"},{"cat":[{"var":"accumulator"},{"var":"accumulator"}]},"xx"]}"#,
            // lists that double by sharing
            #"{"reduce":[{"var":"many"},[{"var":"accumulator"},{"var":"accumulator"}],1]}"#,
            // a value that grows one level per turn
            #"{"reduce":[{"var":"many"},{"var":""},1]}"#,
            #"{"reduce":[{"var":"many"},[{"var":"accumulator"}],1]}"#,
            #"{"reduce":[{"var":"many"},{"merge":[{"var":"accumulator"},{"var":"accumulator"}]},[1]]}"#,
            // loops in loops
            #"{"map":[{"var":"many"},{"map":[[1,1,1,1,1,1,1,1,1,1],{"map":[[1,1,1,1,1,1,1,1,1,1],{"var":""}]}]}]}"#,
        ]
        let bounds: [LogicError] = [.tooManySteps, .tooDeep]
        for rule in rules {
            var error: LogicError?
            do { _ = try self.result(rule, many) } catch let found as LogicError { error = found }
            #expect(error.map { bounds.contains($0) } == true, "\(rule)")
        }
        // Search that would be quadratic.
        let texts: DocumentValue = [
            "a": .string(String(repeating: "a", count: 400_000)),
            "b": .string(String(repeating: "a", count: 200_000) + "b"),
        ]
        #expect(throws: LogicError.tooManySteps) {
            try self.result(#"{"in":[{"var":"b"},{"var":"a"}]}"#, texts)
        }
    }

    @Test func `any rule over any context ends with an answer`() throws {
        var random = SplitMix(state: 20_251_121)
        for round in 0..<20_000 {
            let rule = LogicRule(compiling: DocumentNode(randomRule(&random, depth: 0)))
            let bucketing: Bucketing = round.isMultiple(of: 2) ? .flagdV2 : .flagdV3
            let flag = Flag(
                key: "k",
                source: ModelSource(file: "f", position: SourcePosition(line: 1, column: 1)),
                isEnabled: true,
                type: .string,
                variants: [],
                defaultVariant: nil,
                targeting: rule,
                metadata: [],
                bucketing: bucketing
            )
            let context = FlagContext(randomObject(&random))
            let first = flag.evaluate(context, unixSeconds: 5)
            let second = flag.evaluate(context, unixSeconds: 5)
            #expect(first == second)
        }
    }
}

extension LogicValue: ExpressibleByStringLiteral {
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
}

/// A seeded source of numbers: a failing round can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

private func pick(_ choices: [String], _ random: inout SplitMix) -> String {
    choices[Int.random(in: choices.indices, using: &random)]
}

private let names = ["a", "b.0", "", "targetingKey", "$flagd.timestamp", "labels", "current", "0"]

private func randomConstant(_ random: inout SplitMix) -> DocumentValue {
    switch Int.random(in: 0..<9, using: &random) {
    case 0: .null
    case 1: .bool(Bool.random(using: &random))
    case 2: .integer(Int.random(in: -3...300, using: &random))
    case 3:
        .number(pick(["1e308", "-1e400", "0.1", "9007199254740993", "-0"], &random))
    case 4: .string(pick(names, &random))
    case 5: .string(pick(["1.2.3", "^", "v1", "é😀", "\u{0}", "25"], &random))
    case 6: [["a", 1], ["b", 3]]
    case 7: ["x": 1, "y": [1]]
    default: []
    }
}

private func randomRule(_ random: inout SplitMix, depth: Int) -> DocumentValue {
    if depth > 5 || Int.random(in: 0..<4, using: &random) == 0 { return randomConstant(&random) }
    let operators = LogicOperator.allCases.map(\.rawValue) + ["var", "var", "nope"]
    var arguments: [DocumentValue] = []
    for _ in 0..<Int.random(in: 0..<5, using: &random) {
        arguments.append(randomRule(&random, depth: depth + 1))
    }
    if Int.random(in: 0..<8, using: &random) == 0 { return .list(arguments) }
    let list: DocumentValue =
        arguments.count == 1 && Bool.random(using: &random) ? arguments[0] : .list(arguments)
    return .fields([(pick(operators, &random), list)])
}

private func randomObject(_ random: inout SplitMix) -> DocumentValue {
    .fields(["a", "b", "targetingKey", "labels"].map { ($0, randomConstant(&random)) })
}
