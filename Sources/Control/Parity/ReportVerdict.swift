// SPDX-License-Identifier: Apache-2.0

/// How one requirement of a verdict stands.
public enum ReportCheckState: String, Sendable, Hashable, CaseIterable {
    /// It is met.
    case met
    /// It is not met, and more of the same data will not help.
    case missed
    /// Not enough is known.
    case open
    /// It does not apply here.
    case none

    /// The mark beside the word: never colour alone.
    var mark: String {
        switch self {
        case .met: "✓"
        case .missed: "✗"
        case .open: "…"
        case .none: "-"
        }
    }
}

/// A number of a verdict with its name, for people and for programs.
public struct ReportNumber: Sendable, Hashable {
    /// Name in JSON: `upperBound`.
    public var key: String
    /// Name for people: `upper bound of the mismatch rate`.
    public var label: String
    /// The number; not finite: unknown.
    public var value: Double
    /// As people read it.
    public var text: String

    /// A number from its parts.
    public init(key: String, label: String, value: Double, text: String) {
        self.key = key
        self.label = label
        self.value = value
        self.text = text
    }
}

/// One requirement of a verdict with its numbers.
public struct ReportCheck: Sendable, Hashable {
    /// Name in JSON: `parity`, `errors`, `latency`, `coverage`, `zero_tolerance`, `unobserved`.
    public var key: String
    /// The route that it is about; empty: the migration.
    public var route: String
    /// What it is called: `parity`, `zero tolerance`.
    public var title: String { self.key.replacing("_", with: " ") }

    /// One sentence: what was asked and what was found.
    public var statement: String
    /// How it stands.
    public var state: ReportCheckState
    /// All numbers of it.
    public var numbers: [ReportNumber]

    /// A requirement from its parts.
    public init(
        key: String,
        route: String = "",
        statement: String,
        state: ReportCheckState,
        numbers: [ReportNumber] = []
    ) {
        self.key = key
        self.route = route
        self.statement = statement
        self.state = state
        self.numbers = numbers
    }
}

/// A verdict as it is shown: the word, why, and every number that it rests on.
public struct ReportVerdict: Sendable, Hashable {
    /// `GO`, `NO_GO`, `INSUFFICIENT_DATA` or `INVALID`.
    public var word: String
    /// Why it is not GO, one sentence each; empty for GO.
    public var reasons: [String]
    /// The requirements, the most important first.
    public var checks: [ReportCheck]
    /// Comparisons that are missing at the rate of mismatches seen; `nil`: none, or not reachable.
    public var missingComparisons: UInt64?
    /// How long they take at the rate of the data, days; `nil` as above.
    public var missingDays: Double?

    /// A verdict from its parts.
    public init(
        word: String,
        reasons: [String] = [],
        checks: [ReportCheck] = [],
        missingComparisons: UInt64? = nil,
        missingDays: Double? = nil
    ) {
        self.word = word
        self.reasons = reasons
        self.checks = checks
        self.missingComparisons = missingComparisons
        self.missingDays = missingDays
    }

    /// The word for people: `NO-GO`, `INSUFFICIENT DATA`.
    public var title: String {
        switch self.word {
        case "NO_GO": "NO-GO"
        case "INSUFFICIENT_DATA": "INSUFFICIENT DATA"
        default: self.word
        }
    }
}
