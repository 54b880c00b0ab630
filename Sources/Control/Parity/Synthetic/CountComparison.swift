// SPDX-License-Identifier: Apache-2.0

import Decode
import Documents
import Parity

/// A count that both origins should agree on and do not, or that cannot be told.
struct CountFinding: Equatable, Sendable {
    /// The pointer of the check.
    var pointer: String
    var difference: DifferenceClass
}

/// What the counts of two answers say.
enum CountResult: Equatable, Sendable {
    case agree
    case differ([CountFinding])
    /// Neither answer has what the probe counts: the probe is wrong, not the answers.
    case unreadable
}

/// Compares the counts of two whole answers.
func countResult(
    _ check: CountCheck,
    _ legacy: CapturedAnswer,
    _ modern: CapturedAnswer
) -> CountResult {
    let documents = [legacy, modern].map(jsonOf)
    var findings: [CountFinding] = []
    func compare(_ pointer: String, _ read: (DocumentNode, String) -> String?) -> Bool {
        let counts = documents.map { $0.flatMap { read($0, pointer) } }
        switch (counts[0], counts[1]) {
        case (nil, nil): return false
        case (_?, nil): findings.append(CountFinding(pointer: pointer, difference: .missing))
        case (nil, _?): findings.append(CountFinding(pointer: pointer, difference: .added))
        case (let one?, let other?) where one != other:
            findings.append(CountFinding(pointer: pointer, difference: .count))
        default: break
        }
        return true
    }
    var isReadable = false
    if !check.total.isEmpty { isReadable = compare(check.total, statedTotal) || isReadable }
    if let list = check.list { isReadable = compare(list, listLength) || isReadable }
    guard isReadable else { return .unreadable }
    return findings.isEmpty ? .agree : .differ(findings)
}

/// The observation with what the counts add to it.
func countsCompared(
    _ check: CountCheck,
    of exchange: CapturedExchange,
    after compared: ParityObservation
) -> ParityObservation {
    var observation = compared
    let ends = [exchange.legacy, exchange.modern]
    guard ends.allSatisfy({ $0.end == .complete && $0.status < 500 }) else { return observation }
    if check.isOnly {
        // What the status says stays; the rest of the answers is nobody's question here.
        observation.differences.removeAll { $0.difference != .status }
        observation.noise.removeAll { $0.difference != .status }
        observation.differencesLeftOut = 0
        observation.reason = .none
        observation.outcome = observation.differences.isEmpty ? .match : .mismatch
    }
    guard observation.outcome == .match || observation.outcome == .mismatch else {
        return observation
    }
    switch countResult(check, exchange.legacy, exchange.modern) {
    case .agree: return observation
    case .unreadable:
        guard observation.outcome == .match else { return observation }
        observation.outcome = .unobserved
        observation.reason = .undecodable
    case .differ(let findings):
        observation.outcome = .mismatch
        observation.differences += findings.map(difference)
        guard exchange.again.end == .complete else { return observation }
        let noise = countResult(check, exchange.legacy, exchange.again)
        if case .differ(let changes) = noise {
            observation.noise += changes.map(difference)
            // Legacy counts otherwise by now: nobody can say who was wrong.
            if observation.differences.count == findings.count { observation.outcome = .raced }
        }
    }
    return observation
}

private func difference(_ finding: CountFinding) -> ParityDifference {
    ParityDifference(
        pointer: finding.pointer,
        difference: finding.difference,
        severity: .missing,
        legacyKind: finding.difference == .added ? .absent : .number,
        modernKind: finding.difference == .missing ? .absent : .number
    )
}

/// The answer's content as JSON; `nil` when it is none.
private func jsonOf(_ answer: CapturedAnswer) -> DocumentNode? {
    guard answer.end == .complete else { return nil }
    let coding = answer.field("content-encoding") ?? ""
    guard let body = try? decodedContent(answer.body, contentEncoding: coding) else { return nil }
    return try? DocumentNode.parse(json: body, file: "answer")
}

private func statedTotal(_ document: DocumentNode, _ pointer: String) -> String? {
    guard case .number(let lexeme)? = document.at(pointer)?.value else { return nil }
    return lexeme
}

private func listLength(_ document: DocumentNode, _ pointer: String) -> String? {
    document.at(pointer)?.items.map { "\($0.count)" }
}

extension DocumentNode {
    /// What a JSON pointer (RFC 6901) names; `nil`: nothing is there.
    fileprivate func at(_ pointer: String) -> DocumentNode? {
        var node = self
        for part in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let key = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
            if let items = node.items {
                guard let index = Int(key), items.indices.contains(index) else { return nil }
                node = items[index]
            } else {
                guard let next = node[key] else { return nil }
                node = next
            }
        }
        return node
    }
}
