// SPDX-License-Identifier: Apache-2.0

/// Which generation of flagd's `fractional` a flag set uses.
///
/// They put half of all subjects elsewhere, so a set names one and keeps it: `bucketing` in the
/// metadata of the flag set.
public enum Bucketing: String, Sendable, CaseIterable {
    /// MurmurHash3 of the text's UTF-8 (flagd-core 1.x).
    case flagdV2 = "flagd-v2"
    /// MurmurHash3 of the value's canonical CBOR (flagd-core 2.x); the default.
    case flagdV3 = "flagd-v3"
}

extension LogicEvaluator {
    private static let weightMax: Double = 2_147_483_647

    /// `fractional`: the variant whose part of the circle holds the subject; null when in doubt.
    mutating func fractional(_ values: [LogicValue]) throws(LogicError) -> LogicValue {
        guard let subject = try self.subject(values) else { return .null }
        var entries: [(variant: LogicValue, weight: UInt64)] = []
        var total: UInt64 = 0
        for value in values[subject.entriesFrom...] {
            guard case .array(let entry) = value, (1...2).contains(entry.count) else {
                return .null
            }
            var weight = 1.0
            if entry.count == 2 {
                guard case .number(let number) = entry[1] else { return .null }
                weight = number
            }
            guard weight == weight.rounded(.towardZero), weight <= LogicEvaluator.weightMax else {
                return .null
            }
            // Computed weights of a ramp may still be, or again be, below zero.
            let clamped = UInt64(max(0, weight))
            total += clamped
            entries.append((entry[0], clamped))
        }
        guard total > 0, total <= UInt64(LogicEvaluator.weightMax) else { return .null }
        let place = (UInt64(subject.hash) * total) >> 32
        var end: UInt64 = 0
        for entry in entries {
            end += entry.weight
            if place < end { return entry.variant }
        }
        return .null
    }

    private mutating func subject(
        _ values: [LogicValue]
    ) throws(LogicError) -> (hash: UInt32, entriesFrom: Int)? {
        guard let first = values.first else { return nil }
        switch self.bucketing {
        case .flagdV2:
            if case .string(let text) = first {
                try self.charge(bytes: text.utf8.count)
                return (murmur3(text.utf8), 1)
            }
            guard let targetingKey = self.targetingKey() else { return nil }
            return (murmur3((self.key + targetingKey).utf8), first == .null ? 1 : 0)
        case .flagdV3:
            if case .array = first {
                guard let targetingKey = self.targetingKey() else { return nil }
                let pair = LogicValue.array([.string(self.key), .string(targetingKey)])
                return (murmur3(canonicalCBOR(of: pair)), 0)
            }
            guard first != .null else { return nil }
            return (murmur3(canonicalCBOR(of: try self.admit(first))), 1)
        }
    }
}

/// MurmurHash3 x86_32 with seed 0, of bytes at rest; see ``CohortHash`` for the hot path.
func murmur3(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var hash = CohortHash()
    for byte in bytes { hash.append(byte) }
    return hash.finish()
}
