// SPDX-License-Identifier: Apache-2.0

extension ParityTimeTotals {
    /// Adds what was counted since.
    public mutating func merge(_ other: ParityTimeTotals) {
        self.outcomes = zip(self.outcomes, other.outcomes).map { $0 &+ $1 }
        self.gateMismatches &+= other.gateMismatches
    }
}

extension ParityTotals {
    /// Everything that is added up, in the order of the store: it may grow at its end only.
    public var counts: [UInt64] {
        get {
            self.outcomes + [
                self.gateMismatches, self.zeroTolerance, self.legacyErrors, self.modernErrors,
                self.bothErrors, self.noiseReads, self.noiseDiffered, self.pairedCandidateOnly,
                self.pairedNoiseOnly,
            ] + self.unobserved
        }
        set {
            let outcomes = self.outcomes.count
            self.outcomes = Array(newValue[..<outcomes])
            let rest = Array(newValue[outcomes...])
            self.gateMismatches = rest[0]
            self.zeroTolerance = rest[1]
            self.legacyErrors = rest[2]
            self.modernErrors = rest[3]
            self.bothErrors = rest[4]
            self.noiseReads = rest[5]
            self.noiseDiffered = rest[6]
            self.pairedCandidateOnly = rest[7]
            self.pairedNoiseOnly = rest[8]
            for index in self.unobserved.indices { self.unobserved[index] = rest[9 + index] }
        }
    }

    /// Adds what was counted since.
    public mutating func merge(_ other: ParityTotals) {
        self.counts = zip(self.counts, other.counts).map { $0 &+ $1 }
        self.legacyLatency.merge(other.legacyLatency)
        self.modernLatency.merge(other.modernLatency)
        if !other.wave.isEmpty { self.wave = other.wave }
        (self.firstUnixMilliseconds, self.lastUnixMilliseconds) = span(
            (self.firstUnixMilliseconds, self.lastUnixMilliseconds),
            (other.firstUnixMilliseconds, other.lastUnixMilliseconds)
        )
    }
}

extension ParityDifferenceTotals {
    /// Tenants that are named, and fingerprints that are kept.
    static let tenantsMax = 64
    static let fingerprintsMax = 5

    /// Adds what was counted since; the first example's kinds stay.
    public mutating func merge(_ other: ParityDifferenceTotals) {
        if self.count == 0, self.noiseCount == 0 {
            self.legacyKind = other.legacyKind
            self.modernKind = other.modernKind
            self.legacyLengthClass = other.legacyLengthClass
            self.modernLengthClass = other.modernLengthClass
        }
        self.severity = max(self.severity, other.severity)
        self.count &+= other.count
        self.noiseCount &+= other.noiseCount
        self.candidateOnly &+= other.candidateOnly
        self.noiseOnly &+= other.noiseOnly
        while self.hinted.count < other.hinted.count { self.hinted.append(0) }
        for (bit, count) in other.hinted.enumerated() { self.hinted[bit] &+= count }
        self.tenants = self.joined(self.tenants, other.tenants, Self.tenantsMax)
        self.fingerprints = self.joined(self.fingerprints, other.fingerprints, Self.fingerprintsMax)
        if !other.acceptedBy.isEmpty { self.acceptedBy = other.acceptedBy }
        (self.firstUnixMilliseconds, self.lastUnixMilliseconds) = span(
            (self.firstUnixMilliseconds, self.lastUnixMilliseconds),
            (other.firstUnixMilliseconds, other.lastUnixMilliseconds)
        )
    }

    /// Those that were there first stay; sorted, so that equal contents are equal.
    private func joined(_ first: [String], _ more: [String], _ most: Int) -> [String] {
        var all = first
        for one in more where all.count < most && !all.contains(one) { all.append(one) }
        return all.sorted()
    }
}

/// The span of two spans of time; 0: none.
private func span(
    _ a: (first: Int64, last: Int64),
    _ b: (first: Int64, last: Int64)
) -> (Int64, Int64) {
    if a.first == 0 { return b }
    if b.first == 0 { return a }
    return (min(a.first, b.first), max(a.last, b.last))
}
