// SPDX-License-Identifier: Apache-2.0

public import Bytes

/// An id of legacy and the one of modern at the same place, as digests.
struct IdentityPair: Hashable, BitwiseCopyable, Sendable {
    var legacy: KeyedDigest
    var modern: KeyedDigest
}

/// Which id of modern stands for which id of legacy, over the run of one epoch.
///
/// Where ids are numbered anew they cannot be compared, but they must stay one-to-one: legacy's
/// patient 7 is always the same patient of modern, and nobody else's. That finds a wrong join
/// under matching shapes, which ignoring the id would hide (parity.md e3). Only keyed digests are
/// kept, never an id. It learns from texts that agree, and checks all: two reads of a list that has
/// changed in between must not teach it a wrong pair. What was learnt stands; nothing is evicted,
/// since that would lose evidence: beyond its bound the table checks but learns no more.
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
        /// The pair is known.
        case known
        /// Neither half is known.
        case new
        /// One of both already stands for another.
        case violated
    }

    /// Keys of the ids of one rule and one tenant: ids of different domains never meet.
    struct Domain: BitwiseCopyable {
        fileprivate var legacy: DigestKey
        fileprivate var modern: DigestKey

        /// What stands for an id of one side.
        func digest(_ window: ByteWindow, isModern: Bool) -> KeyedDigest {
            KeyedDigest(window, key: isModern ? self.modern : self.legacy)
        }
    }

    /// The domain of a rule and a tenant.
    func domain(_ rule: [UInt8], scope: String) -> Domain {
        var bytes = rule + [0] + scope.utf8 + [0]
        let keys = [UInt8(0), 1].map { side in
            bytes[bytes.count - 1] = side
            let digest = withWindow(bytes) { KeyedDigest($0, key: self.key) }
            return DigestKey(first: digest.first, second: digest.second)
        }
        return Domain(legacy: keys[0], modern: keys[1])
    }

    /// Holds a pair against what is known.
    func check(_ pair: IdentityPair) -> Agreement {
        let known = self.modernOfLegacy[pair.legacy]
        let knownBack = self.legacyOfModern[pair.modern]
        if known == nil, knownBack == nil { return .new }
        return known == pair.modern && knownBack == pair.legacy ? .known : .violated
    }

    /// Learns a pair of which neither half is known.
    mutating func learn(_ pair: IdentityPair) {
        guard self.modernOfLegacy.count < self.pairsMax else {
            self.unlearnt &+= 1
            return
        }
        self.modernOfLegacy[pair.legacy] = pair.modern
        self.legacyOfModern[pair.modern] = pair.legacy
    }

    /// What stands for legacy's id at modern, if that is known; else `nil`.
    func counterpart(ofLegacy legacy: KeyedDigest) -> KeyedDigest? { self.modernOfLegacy[legacy] }
}
