// SPDX-License-Identifier: Apache-2.0

public import Documents

extension ProblemCode {
    /// The codes of flag documents.
    public static let flags: [ProblemCode] = [
        ProblemCode(
            "F001",
            "not a flag document",
            "A document is an object with `flags`, an object by key.",
            bad: #"{"flags": 7}"#,
            good: #"{"flags": {}}"#
        ),
        ProblemCode(
            "F002",
            "a member that is nearly a known one",
            "flagd would ignore it: a misspelt `targeting` gives everybody the default.",
            bad: #""targetting": {...}"#,
            good: #""targeting": {...}"#
        ),
        ProblemCode(
            "F003",
            "metadata is not flat",
            "Metadata holds texts, numbers and booleans.",
            bad: #""metadata": {"owner": ["a"]}"#,
            good: #""metadata": {"owner": "a"}"#
        ),
        ProblemCode(
            "F004",
            "unknown bucketing",
            "The generations of `fractional` put half of all subjects elsewhere: a set pins one.",
            bad: #""bucketing": "v3""#,
            good: #""bucketing": "flagd-v3""#
        ),
        ProblemCode(
            "F005",
            "not an evaluator",
            "`$evaluators` is an object of named rules.",
            bad: #""$evaluators": {"a": {}}"#,
            good: #""$evaluators": {"a": {"var": "wave"}}"#
        ),
        ProblemCode(
            "F006",
            "an evaluator refers to another one",
            "flagd replaces references once only.",
            bad: #"{"a": {"!": [{"$ref": "b"}]}}"#,
            good: #"{"a": {"!": [{"var": "wave"}]}}"#
        ),
        ProblemCode(
            "F007",
            "an evaluator is not defined",
            "Define it in `$evaluators` of the same file.",
            bad: #"{"$ref": "frist"}"#,
            good: #"{"$ref": "first"}"#
        ),
        ProblemCode(
            "F010",
            "not a flag",
            "A flag is an object with a key of at least one character.",
            bad: #"{"flags": {"a": true}}"#,
            good: #"{"flags": {"a": {"state": ...}}}"#
        ),
        ProblemCode(
            "F011",
            "a flag is defined twice",
            "A key stands in one file only: which flag holds must not depend on file order.",
            bad: "a.json and b.json define `x`",
            good: "a.json alone defines `x`"
        ),
        ProblemCode(
            "F012",
            "state is missing or unknown",
            "A flag says `ENABLED` or `DISABLED`.",
            bad: #""state": "on""#,
            good: #""state": "ENABLED""#
        ),
        ProblemCode(
            "F014",
            "no variants",
            "A flag has at least one named variant.",
            bad: #""variants": {}"#,
            good: #""variants": {"on": true, "off": false}"#
        ),
        ProblemCode(
            "F015",
            "variants of different types",
            "All variants of a flag are booleans, texts, numbers or objects.",
            bad: #"{"on": true, "off": "false"}"#,
            good: #"{"on": true, "off": false}"#
        ),
        ProblemCode(
            "F016",
            "a number that clients read differently",
            "Whole numbers are exact up to 2^53-1 only; larger ones are texts.",
            bad: "9007199254740993",
            good: #""9007199254740993""#
        ),
        ProblemCode(
            "F017",
            "the default is no variant",
            "`defaultVariant` names a variant or is null.",
            bad: #""defaultVariant": "onn""#,
            good: #""defaultVariant": "on""#
        ),
        ProblemCode(
            "F020",
            "targeting is no rule",
            "Targeting is an object; `{}` means none.",
            bad: #""targeting": "on""#,
            good: #""targeting": {"var": "wave"}"#
        ),
        ProblemCode(
            "F021",
            "not one operator",
            "A rule is an object with exactly one operator.",
            bad: #"{"==": [1, 1], "!": [true]}"#,
            good: #"{"==": [1, 1]}"#
        ),
        ProblemCode(
            "F022",
            "unknown operator",
            "It would fail for every request; flagd's are listed.",
            bad: #"{"sem_vr": [...]}"#,
            good: #"{"sem_ver": [...]}"#
        ),
        ProblemCode(
            "F023",
            "wrong arguments",
            "Operators take fixed numbers and types of arguments.",
            bad: #"{"==": [1]}"#,
            good: #"{"==": [1, 1]}"#
        ),
        ProblemCode(
            "F024",
            "flagd does not provide this",
            "There are $flagd.timestamp and $flagd.flagKey.",
            bad: #"{"var": "$flagd.time"}"#,
            good: #"{"var": "$flagd.timestamp"}"#
        ),
        ProblemCode(
            "F025",
            "a version or comparison that cannot be read",
            "Versions are SemVer, like 1.4.2; comparisons are = != < <= > >= ^ ~.",
            bad: #"["1.0", "=>", "2.0.0.0"]"#,
            good: #"["1.0.0", ">=", "2.0.0"]"#
        ),
        ProblemCode(
            "F026",
            "fractional cannot be read",
            "[variant, weight] pairs, whole weights from 0, together at most 2147483647.",
            bad: #"{"fractional": [["a", 2.5]]}"#,
            good: #"{"fractional": [["a", 25]]}"#
        ),
        ProblemCode(
            "F027",
            "a rule is too deep",
            "Put parts of it into `$evaluators`, or chain `if`.",
            bad: #"{"if": [a, b, {"if": [...]}]}"#,
            good: #"{"if": [a, b, c, d, e]}"#
        ),
        ProblemCode(
            "F030",
            "a flag of the wrong type",
            "Stage flags have texts as variants, entitlement flags booleans.",
            bad: #""variants": {"on": 1}"#,
            good: #""variants": {"on": true}"#
        ),
        ProblemCode(
            "F031",
            "a variant that is no stage",
            "Tenants that get it would keep their last known stage, for ever in doubt.",
            bad: #"{"m": "modrn"}"#,
            good: #"{"m": "modern"}"#
        ),
        ProblemCode(
            "F032",
            "a stage that the migration does not use",
            "Add it to `stages` of the migration's routes, or take the variant away.",
            bad: "stages: [legacy, live], variant `gone`",
            good: "stages: [legacy, live, gone]"
        ),
    ]
}
