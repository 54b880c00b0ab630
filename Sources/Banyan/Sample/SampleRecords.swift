// SPDX-License-Identifier: Apache-2.0

import Documents

/// What the sample services keep.
enum SampleKind: String, CaseIterable, Sendable {
    case session
    case carePlan
    case account

    /// How its ids begin.
    var idPrefix: String {
        switch self {
        case .session: "vs"
        case .carePlan: "cp"
        case .account: "pa"
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same numbers on every machine.
struct SampleRandom {
    private var state: UInt64

    /// Numbers of their own for every text (FNV-1a).
    init(seed: UInt64, text: String) {
        self.state = text.utf8.reduce(seed ^ 0xcbf2_9ce4_8422_2325) {
            ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3
        }
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number in `0..<bound`; the bias is far below what a sample can show.
    mutating func number(below bound: Int) -> Int { Int(self.next() % UInt64(bound)) }

    /// One of several.
    mutating func pick(_ words: [String]) -> String { words[self.number(below: words.count)] }

    /// `digits` decimal digits as a text, leading zeros kept.
    mutating func digits(_ digits: Int, below bound: Int, from start: Int = 0) -> String {
        let text = String(start + self.number(below: bound))
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

/// Synthetic records: nobody's data, made from a seed, the same for legacy and modern.
///
/// A record is a document in modern's shape; ``SampleDialect`` writes it in legacy's.
struct SampleRecords: Sendable {
    /// Records of one kind that every tenant has from the start.
    static let perTenant = 20
    /// Number in the first id: `vs-1001`.
    static let firstNumber = 1_001

    /// Whoever has the same seed has the same records.
    let seed: UInt64

    /// Ids of a kind, in order.
    static func ids(of kind: SampleKind) -> [String] {
        (0..<perTenant).map { "\(kind.idPrefix)-\(firstNumber + $0)" }
    }

    /// The record with this id, or `nil` when no tenant has it from the start.
    func record(_ id: String, of kind: SampleKind, tenant: String) -> DocumentValue? {
        guard id.hasPrefix(kind.idPrefix + "-"), let number = Int(id.dropFirst(3)),
            (0..<Self.perTenant).contains(number - Self.firstNumber),
            id == "\(kind.idPrefix)-\(number)"
        else { return nil }
        var random = SampleRandom(seed: self.seed, text: "\(tenant)/\(id)")
        switch kind {
        case .session: return session(id, &random)
        case .carePlan: return carePlan(id, &random)
        case .account: return account(id, &random)
        }
    }
}

private func session(_ id: String, _ random: inout SampleRandom) -> DocumentValue {
    let start = day(&random)
    let hour = random.digits(2, below: 9, from: 8)
    return [
        "id": .string(id),
        "patientId": .string(patient(&random)),
        "practitionerId": .string("pr-\(random.digits(3, below: 40))"),
        "status": .string(random.pick(["booked", "waiting", "ended", "cancelled"])),
        "scheduledAt": .string("\(start)T\(hour):\(random.pick(["00", "15", "30", "45"])):00Z"),
        "durationMinutes": .integer(10 + 5 * random.number(below: 11)),
        "rating": .number("\(1 + random.number(below: 4)).\(random.number(below: 10))"),
        "participants": .list([
            ["role": "patient", "joinedAt": .string("\(start)T\(hour):59:01Z")],
            ["role": "practitioner", "joinedAt": .string("\(start)T\(hour):59:40Z")],
        ]),
        "meta": meta(&random),
    ]
}

private func carePlan(_ id: String, _ random: inout SampleRandom) -> DocumentValue {
    [
        "id": .string(id),
        "patientId": .string(patient(&random)),
        "practitionerId": .string("pr-\(random.digits(3, below: 40))"),
        "title": .string("Plan \(random.pick(["A", "B", "C", "D", "E"])) (synthetic)"),
        "status": .string(random.pick(["draft", "active", "on-hold", "completed"])),
        "period": ["start": .string(day(&random)), "end": "2026-12-31"],
        "completion": .number("0.\(random.number(below: 10))"),
        "goals": .list(
            (0..<2 + random.number(below: 3)).map { number in
                ["text": .string("Goal \(number + 1)"), "targetDate": .string(day(&random))]
            }
        ),
        "meta": meta(&random),
    ]
}

private func account(_ id: String, _ random: inout SampleRandom) -> DocumentValue {
    [
        "id": .string(id),
        "patientId": .string(patient(&random)),
        "practitionerId": .string("pr-\(random.digits(3, below: 40))"),
        "login": .string("\(id)@portal.example"),
        "status": .string(random.pick(["invited", "active", "locked"])),
        "locale": .string(random.pick(["en", "de", "fr", "pl"])),
        "loginsPerWeek": .number("\(random.number(below: 9)).\(random.number(below: 10))"),
        "createdAt": .string("\(day(&random))T06:00:00Z"),
        "meta": meta(&random),
    ]
}

private func meta(_ random: inout SampleRandom) -> DocumentValue {
    ["versionId": "1", "lastUpdated": .string("\(day(&random))T12:00:00Z")]
}

private func patient(_ random: inout SampleRandom) -> String {
    "pt-\(random.digits(2, below: 12))"
}

private func day(_ random: inout SampleRandom) -> String {
    "2026-\(random.digits(2, below: 9, from: 1))-\(random.digits(2, below: 28, from: 1))"
}
