// SPDX-License-Identifier: Apache-2.0

extension RuleSet {
    /// The rules as bytes that are equal where two sets compare alike: what a caller hashes, and
    /// what an epoch of evidence rests on.
    ///
    /// In them: paths, kinds and numbers of all rules in order (the later wins), zero-tolerance
    /// patterns as a set. Not in them: where a rule is written, and an ignore rule's owner, reason
    /// and expiry, which change who answers for it, not what is compared. Each part stands after
    /// its length, so no two sets share their bytes.
    public var canonicalBytes: [UInt8] {
        var bytes = Array("banyan parity rules 1\n".utf8)
        append(self.rules.count, to: &bytes)
        for rule in self.rules {
            append(rule.path, to: &bytes)
            for part in parts(rule.kind) { append(part, to: &bytes) }
        }
        let zero = Set(self.zeroTolerance).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        append(zero.count, to: &bytes)
        for path in zero { append(path, to: &bytes) }
        return bytes
    }
}

/// The word of a kind, then its numbers.
private func parts(_ kind: ParityRuleKind) -> [String] {
    switch kind {
    case .exact: ["exact"]
    case .decimal(let absolute, let relative): ["decimal", absolute, relative]
    case .instant(let skew): ["instant", "\(skew)"]
    case .set: ["set"]
    case .keyed(let by): ["keyed", "\(by.count)"] + by
    case .identifier: ["identifier"]
    case .url: ["url"]
    case .shape: ["shape"]
    case .ignore: ["ignore"]
    }
}

private func append(_ count: Int, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: count >> shift))
    }
}

private func append(_ text: String, to bytes: inout [UInt8]) {
    append(text.utf8.count, to: &bytes)
    bytes += text.utf8
}
