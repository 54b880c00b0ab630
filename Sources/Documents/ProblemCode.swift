// SPDX-License-Identifier: Apache-2.0

/// What a code of a ``Problem`` means, for `banyan explain CODE`; codes never change meaning.
public struct ProblemCode: Hashable, Sendable {
    /// The code, say `J005`.
    public let code: String
    /// What is wrong, in one line.
    public let title: String
    /// Why it is refused, and how to mend it.
    public let advice: String
    /// A short wrong example.
    public let bad: String
    /// The same, right.
    public let good: String

    /// An entry from its parts.
    public init(_ code: String, _ title: String, _ advice: String, bad: String, good: String) {
        self.code = code
        self.title = title
        self.advice = advice
        self.bad = bad
        self.good = good
    }

    /// The codes of JSON documents.
    public static let json: [ProblemCode] = [
        ProblemCode(
            "J001",
            "not JSON at this place",
            "RFC 8259 is read strictly: no comments, no trailing commas, no byte order mark.",
            bad: "[1, 2,]",
            good: "[1, 2]"
        ),
        ProblemCode(
            "J002",
            "not a JSON number",
            "No leading zeros or plus, digits on both sides of a point.",
            bad: "01.",
            good: "1.0"
        ),
        ProblemCode(
            "J003",
            "not a JSON string",
            "Close it, write control characters as escapes, pair surrogates.",
            bad: #""\ud83d""#,
            good: #""\ud83d\ude00""#
        ),
        ProblemCode(
            "J004",
            "bytes that are not UTF-8",
            "Save the file as UTF-8.",
            bad: "Latin-1",
            good: "UTF-8"
        ),
        ProblemCode(
            "J005",
            "a key appears twice in one object",
            "Readers differ in which one they take, so neither is taken.",
            bad: #"{"a": 1, "a": 2}"#,
            good: #"{"a": 1, "b": 2}"#
        ),
        ProblemCode(
            "J006",
            "nested too deeply",
            "No document of this kind needs so many levels.",
            bad: "[[[[...]]]]",
            good: "[...]"
        ),
        ProblemCode(
            "J008",
            "the document is too large",
            "Split it into several files.",
            bad: "65 MiB",
            good: "1 MiB"
        ),
    ]
}
