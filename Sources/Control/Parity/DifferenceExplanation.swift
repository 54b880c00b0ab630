// SPDX-License-Identifier: Apache-2.0

import Documents
import Parity

/// Everything that is known about the differences at one place, and what can be done about them.
struct DifferenceExplanation {
    /// The answer as JSON.
    let document: DocumentValue

    /// Explains the place `pointer`.
    ///
    /// - Throws: `nothing_matched` with the nearest place where a difference was seen.
    init(
        _ report: ParityReport,
        pointer: String,
        suggestions: [RuleSuggestion]
    ) throws(AdminProblem) {
        let found = report.differences.filter { $0.sums.pointer == pointer }
        let accepted = report.accepted.filter {
            $0.path == pointer || $0.pointers.contains(pointer)
        }
        guard !found.isEmpty || !accepted.isEmpty else {
            let places = Set(report.differences.map(\.sums.pointer)).sorted()
            throw AdminProblem(
                .nothingMatched,
                "no difference was seen at \(ReportFigures.place(pointer))",
                hint: nearestName(pointer, among: places).map { "did you mean \($0)?" }
                    ?? "banyan parity diff \(report.migration) lists the places"
            )
        }
        let generalised = pointer.replacing("{key}", with: "*")
        self.document = [
            "migration": .string(report.migration), "epoch": .integer(report.epoch.number),
            "pointer": .string(pointer),
            "differences": .list(
                found.map { difference in
                    var row = difference.document
                    row.set("meaning", .string(difference.sums.difference.meaning))
                    row.set("weight", .string(difference.sums.severity.meaning))
                    row.set("judgement", .string(difference.judgement))
                    return row
                }
            ),
            "accepted": .list(accepted.map(\.document)),
            "suggestions": .list(
                suggestions.filter { $0.rule.path == generalised || $0.rule.path == pointer }
                    .map(\.document)
            ),
        ]
    }
}

extension ReportDifference {
    /// What to think of it, in one sentence.
    var judgement: String {
        if self.sums.severity == .zeroTolerance {
            return "One is too many: no rule may accept it, and the gate stays closed."
        }
        switch self.noise {
        case .alike:
            return
                "Legacy differs from itself here as often: likely noise, not a fault of modern's."
        case .beyond:
            return "Modern differs here more often than legacy from itself: a fault of modern's, "
                + "whatever the noise."
        case .none:
            return "Legacy gives the same answer when it is asked again: this is modern's doing."
        case .unknown:
            return "Legacy was not read twice for this operation, so noise cannot be told apart: "
                + "see `again` in the route's `parity`."
        }
    }
}

extension DifferenceClass {
    /// What the word means, for people.
    var meaning: String {
        switch self {
        case .status: "The status codes differ."
        case .missing: "Legacy has it, modern has not."
        case .added: "Modern has it, legacy has not."
        case .type: "Values of different JSON types."
        case .value: "Different values of the same type."
        case .order: "The same elements in another order."
        case .count: "Different numbers of elements."
        case .lexeme: "Equal as values, written differently (1.0 and 1.00)."
        case .tolerance: "Numbers further apart than the rule's tolerance."
        case .skew: "Instants further apart than the rule's skew."
        case .zone: "The same instant in another zone or precision."
        case .bijection: "One id stands for two: records may be joined wrongly."
        case .duplicateKey: "An object has a key twice; readers disagree on which counts."
        case .header: "A header field or cookie differs."
        case .mediaType: "Different media types or charsets."
        case .malformed: "A body that is not what its media type says."
        case .opaque: "Bytes of an unknown media type differ."
        case .url: "URLs differ even after each origin's host and prefix are taken off."
        }
    }
}

extension DifferenceSeverity {
    /// What follows from it, for people.
    var meaning: String {
        switch self {
        case .accepted: "Accepted by a rule: shown, never counted."
        case .formatting: "Written differently, the same for every reader: shown, not counted."
        case .header: "A header that clients do not work with: shown, not counted."
        case .order, .value, .missing, .status: "Counts as a mismatch in the gate."
        case .zeroTolerance: "One is too many."
        }
    }
}
