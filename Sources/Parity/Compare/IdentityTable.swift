// SPDX-License-Identifier: Apache-2.0

public import Bytes

/// Which id of modern stands for which id of legacy, over the run of one epoch.
///
/// Where ids are numbered anew they cannot be compared, but they must stay one-to-one: legacy's
/// patient 7 is always the same patient of modern, and nobody else's. That finds a wrong join
/// under matching shapes, which ignoring the id would hide (parity.md e3). Only keyed digests are
/// kept, never an id. What was learnt first stands; nothing is evicted, since that would lose
/// evidence: beyond its bound the table checks but learns no more.
public struct IdentityTable: Sendable {
    private let key: DigestKey
    let pairsMax: Int
    private var modernOfLegacy: [KeyedDigest: KeyedDigest] = [:]
    private var legacyOfModern: [KeyedDigest: KeyedDigest] = [:]

    /// Pairs that were not learnt because the table is full.
    public private(set) var unlearnt: UInt64 = 0

    /// An empty table whose digests are made with `key`.
    public init(
        key: DigestKey = .random(),
        pairsMax: Int = Limits.parityIdentityPairsMax
    ) {
        self.key = key
        self.pairsMax = pairsMax
    }

    /// Pairs learnt so far.
    public var count: Int { self.modernOfLegacy.count }

    /// What a pair of ids says about the numbering.
    enum Agreement {
        /// The pair is known, or was learnt now.
        case consistent
        /// One of both already stands for another.
        case violated
        /// Neither is known, and the table is full.
        case unlearnt
    }

    /// Checks a pair and learns it if neither half is known.
    mutating func observe(
        legacy: [UInt8],
        modern: [UInt8],
        domain: [UInt8]
    ) -> Agreement {
        let left = self.digest(legacy, domain, side: 0)
        let right = self.digest(modern, domain, side: 1)
        let known = self.modernOfLegacy[left]
        let knownBack = self.legacyOfModern[right]
        if known != nil || knownBack != nil {
            return known == right && knownBack == left ? .consistent : .violated
        }
        guard self.modernOfLegacy.count < self.pairsMax else {
            self.unlearnt &+= 1
            return .unlearnt
        }
        self.modernOfLegacy[left] = right
        self.legacyOfModern[right] = left
        return .consistent
    }

    /// Whether the table knows that these two stand for each other.
    func isKnownPair(legacy: [UInt8], modern: [UInt8], domain: [UInt8]) -> Bool {
        self.modernOfLegacy[self.digest(legacy, domain, side: 0)]
            == self.digest(modern, domain, side: 1)
    }

    /// Whether one of both already stands for something.
    func isKnown(legacy: [UInt8], domain: [UInt8]) -> Bool {
        self.modernOfLegacy[self.digest(legacy, domain, side: 0)] != nil
    }

    /// The digest of what legacy's id stands for at modern, if that is known; else `nil`.
    func counterpart(ofLegacy legacy: [UInt8], domain: [UInt8]) -> KeyedDigest? {
        self.modernOfLegacy[self.digest(legacy, domain, side: 0)]
    }

    /// The digest of an id of modern, to be compared with a counterpart.
    func digest(ofModern modern: [UInt8], domain: [UInt8]) -> KeyedDigest {
        self.digest(modern, domain, side: 1)
    }

    /// Ids of different domains or sides never meet: the domain stands in front, with its length.
    private func digest(_ id: [UInt8], _ domain: [UInt8], side: UInt8) -> KeyedDigest {
        var bytes: [UInt8] = [side]
        bytes.reserveCapacity(id.count + domain.count + 9)
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: domain.count >> shift))
        }
        bytes += domain
        bytes += id
        return KeyedDigest(bytes, key: self.key)
    }
}
