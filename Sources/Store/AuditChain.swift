// SPDX-License-Identifier: Apache-2.0

/// One stored line of the audit.
public struct AuditLine: Hashable, Sendable {
    /// Its number, from 1, over all stores of the edge's life.
    public var sequence: UInt64
    /// The canonical JSON that was chained.
    public var entry: [UInt8]
    /// The hash of this line, `h_sequence`.
    public var hash: Digest

    /// A line from its parts.
    public init(sequence: UInt64, entry: [UInt8], hash: Digest) {
        self.sequence = sequence
        self.entry = entry
        self.hash = hash
    }
}

/// What `audit verify` found first, or that all is well.
public enum AuditVerdict: Hashable, Sendable {
    /// Every line follows from the one before, and the known heads are on the chain.
    case intact(first: UInt64, head: AuditHead)
    /// A line was taken out, put in or moved: `expected` should stand where `found` stands.
    case gap(expected: UInt64, found: UInt64)
    /// The line does not follow from the one before: it, or the one before, was changed.
    case edited(sequence: UInt64)
    /// Lines at the end are gone: a known head counts more.
    case truncated(count: UInt64, known: UInt64)
    /// The chain holds together but is not the known one: it forked at or before this line.
    case forked(sequence: UInt64)

    /// Whether nothing was found.
    public var isIntact: Bool {
        if case .intact = self { true } else { false }
    }
}

/// The hash chain of the audit: `h_i = SHA-256(h_(i-1) || entry_i)`, `h_0` 32 zero bytes or the
/// head of the store before.
///
/// A bare chain cannot show that its tail was cut or that it was rewritten whole; so heads that
/// were seen elsewhere (journal, saved copy, reports) are checked against it.
public struct AuditChain: Sendable {
    private let start: AuditHead
    private var last: AuditHead
    private var known: [UInt64: Digest]
    private let knownMax: UInt64
    private var finding: AuditVerdict?

    /// A verification from the chain's start against heads that were seen elsewhere.
    public init(start: AuditHead, known: [AuditHead]) {
        self.start = start
        self.last = start
        self.known = [:]
        self.finding = nil
        var knownMax = start.count
        for head in known where head.count > 0 {
            if let other = self.known[head.count], other != head.hash {
                self.finding = .forked(sequence: head.count)
            }
            self.known[head.count] = head.hash
            knownMax = max(knownMax, head.count)
        }
        self.knownMax = knownMax
        // A head at the start says which chain this one goes on from; earlier ones cannot be seen.
        if let digest = self.known[start.count], start.count > 0, digest != start.hash {
            self.finding = .forked(sequence: start.count)
        }
    }

    /// The hash of an entry behind `head`.
    public static func hash(_ entry: [UInt8], after head: Digest) -> Digest {
        Digest(of: head.bytes + entry)
    }

    /// Takes the next line.
    ///
    /// `false`: something was found, no further line matters.
    public mutating func take(_ line: AuditLine) -> Bool {
        guard self.finding == nil else { return false }
        if line.sequence != self.last.count + 1 {
            self.finding = .gap(expected: self.last.count + 1, found: line.sequence)
        } else if AuditChain.hash(line.entry, after: self.last.hash) != line.hash {
            self.finding = .edited(sequence: line.sequence)
        } else if let digest = self.known[line.sequence], digest != line.hash {
            self.finding = .forked(sequence: line.sequence)
        }
        self.last = AuditHead(count: line.sequence, hash: line.hash)
        return self.finding == nil
    }

    /// The verdict after the last line.
    public func verdict() -> AuditVerdict {
        if let finding = self.finding { return finding }
        if self.last.count < self.knownMax {
            return .truncated(count: self.last.count, known: self.knownMax)
        }
        return .intact(first: self.start.count + 1, head: self.last)
    }
}
