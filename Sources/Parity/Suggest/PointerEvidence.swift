// SPDX-License-Identifier: Apache-2.0

/// What was seen at one place over many exchanges: counts, no values.
public struct PointerEvidence: Sendable, Hashable {
    /// Pointer template.
    public var pointer: String
    /// Exchanges that were compared.
    public var seen: UInt64
    /// Exchanges that differed there, by ``DifferenceClass`` raw value.
    public var differed: [UInt64]
    /// The worst severity.
    public var severity: DifferenceSeverity
    /// Exchanges whose pair had a hint, by bit of ``ParityHints``.
    public var hinted: [UInt64]
    /// A/A re-reads of legacy.
    public var noiseReads: UInt64
    /// Re-reads in which legacy differed with itself there.
    public var noiseDiffered: UInt64
    /// Paired test: modern differed and legacy agreed with itself.
    public var candidateOnly: UInt64
    /// Paired test: legacy differed with itself and modern agreed.
    public var noiseOnly: UInt64
    /// What legacy had there, in the first example.
    public var legacyKind: ValueKind
    /// What modern had there, in the first example.
    public var modernKind: ValueKind

    /// Nothing seen yet.
    public init(pointer: String) {
        self.pointer = pointer
        self.seen = 0
        self.differed = [UInt64](repeating: 0, count: DifferenceClass.allCases.count)
        self.severity = .accepted
        self.hinted = [UInt64](repeating: 0, count: ParityHints.count)
        self.noiseReads = 0
        self.noiseDiffered = 0
        self.candidateOnly = 0
        self.noiseOnly = 0
        self.legacyKind = .absent
        self.modernKind = .absent
    }

    /// Counts one exchange's difference at this place.
    public mutating func add(_ difference: ParityDifference) {
        if self.total == 0 {
            self.legacyKind = difference.legacyKind
            self.modernKind = difference.modernKind
        }
        self.differed[Int(difference.difference.rawValue)] += 1
        self.severity = max(self.severity, difference.severity)
        for bit in difference.hints.bits { self.hinted[bit] += 1 }
    }

    /// Exchanges that differed there in this way.
    public subscript(difference: DifferenceClass) -> UInt64 {
        self.differed[Int(difference.rawValue)]
    }

    /// Exchanges whose pair had all of these in common, at most.
    public subscript(hints: ParityHints) -> UInt64 {
        hints.bits.map { self.hinted[$0] }.min() ?? 0
    }

    /// Differences of all classes; more than one class may count an exchange twice.
    public var total: UInt64 { self.differed.reduce(0, +) }

    /// Differences that count in a gate, as far as a class tells: all but written forms.
    public var counting: UInt64 { self.total - self[.lexeme] }
}

extension PointerEvidence {
    /// The evidence of an epoch, by place, ascending; places of several operations are one.
    ///
    /// `noiseReads` are those of all operations, so a rate of noise is rather too low.
    public static func all(of snapshot: ParitySnapshot) -> [PointerEvidence] {
        let compared = snapshot.totals.reduce(0 as UInt64) { sum, totals in
            sum + totals[.match] + totals[.mismatch] + totals[.raced]
        }
        let reads = snapshot.totals.reduce(0 as UInt64) { $0 + $1.noiseReads }
        var places: [String: PointerEvidence] = [:]
        for totals in snapshot.differences {
            var place = places[totals.pointer] ?? PointerEvidence(pointer: totals.pointer)
            place.seen = compared
            place.noiseReads = reads
            if place.total == 0 {
                place.legacyKind = totals.legacyKind
                place.modernKind = totals.modernKind
            }
            place.differed[Int(totals.difference.rawValue)] += totals.count
            place.severity = max(place.severity, totals.severity)
            place.noiseDiffered += totals.noiseCount
            place.candidateOnly += totals.candidateOnly
            place.noiseOnly += totals.noiseOnly
            for (bit, count) in totals.hinted.enumerated() where bit < place.hinted.count {
                place.hinted[bit] += count
            }
            places[totals.pointer] = place
        }
        return places.values.sorted { $0.pointer < $1.pointer }
    }
}
