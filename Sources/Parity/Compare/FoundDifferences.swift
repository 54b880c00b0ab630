// SPDX-License-Identifier: Apache-2.0

import Bytes

/// One step of a path: the member or item that was gone into; -1 on a side that has it not.
struct PathStep: BitwiseCopyable {
    let legacy: Int32
    let modern: Int32
    let isMember: Bool

    init(_ at: Place, isMember: Bool) {
        self.legacy = Int32(truncatingIfNeeded: at.legacy)
        self.modern = Int32(truncatingIfNeeded: at.modern)
        self.isMember = isMember
    }

    var place: Place { Place(Int(self.legacy), Int(self.modern)) }
}

/// Differences as they are found: one per place and class, within a bound.
struct FoundDifferences {
    private(set) var list = DifferenceList()
    private let max: Int
    /// Number in the list by hash of place and class; -1: it found no room.
    private var numbers: [UInt64: Int] = [:]
    /// Occurrences whose place was named.
    private var occurrences = 0
    /// Objects that are maps from ids to values, by node (modern's negative); asked for once.
    var maps: [Int: Bool] = [:]

    init(max: Int) { self.max = max }

    /// Counts one occurrence; whether its place shall be named.
    mutating func admits(_ severity: DifferenceSeverity) -> Bool {
        self.list.worst = self.list.worst.map { Swift.max($0, severity) } ?? severity
        if self.occurrences < Limits.parityOccurrencesMax {
            self.occurrences += 1
            return true
        }
        self.list.leftOut += 1
        return false
    }

    /// Whether a difference has to be added: its place and class are new, or it is worse.
    mutating func wants(_ hash: UInt64, _ severity: DifferenceSeverity) -> Bool {
        guard let number = self.numbers[hash] else { return true }
        guard number >= 0 else {
            self.list.leftOut += 1
            return false
        }
        return self.list.items[number].severity < severity
    }

    /// Keeps a difference that is wanted.
    mutating func add(_ difference: ParityDifference, hash: UInt64) {
        if let number = self.numbers[hash] {
            self.list.items[number] = difference
        } else if self.list.items.count < self.max {
            self.numbers[hash] = self.list.items.count
            self.list.items.append(difference)
        } else {
            self.numbers[hash] = -1
            self.list.leftOut += 1
        }
    }
}

extension Differ {
    /// Notes a difference at the place that is compared.
    ///
    /// Below an ignore rule it is noted once, at the place of the rule, as accepted.
    mutating func emit(
        _ difference: DifferenceClass,
        _ severity: DifferenceSeverity,
        _ at: Place,
        _ context: RuleContext
    ) {
        var at = at
        var severity = severity
        var depth = self.path.count
        var accepting: Int?
        if context.isZero, severity != .formatting {
            severity = .zeroTolerance
        } else if context.accepted >= 0 {
            severity = .accepted
            depth = Int(context.acceptedDepth)
            accepting = Int(context.accepted)
        }
        guard self.found.admits(severity) else { return }
        if depth < self.path.count { at = depth > 0 ? self.path[depth - 1].place : Place(0, 0) }
        // What is accepted is told once, whatever differs inside.
        let mark = UInt64(severity == .accepted ? 255 : difference.rawValue)
        let hash = foldedMultiply(self.pathHash(depth: depth) ^ mark, 0x8ebc_6af0_9c88_c6e3)
        guard self.found.wants(hash, severity) else { return }
        let pointer = self.pointer(depth: depth)
        self.found.add(
            ParityDifference(
                pointer: pointer,
                difference: difference,
                severity: severity,
                legacyKind: self.kind(self.legacy, at.legacy),
                modernKind: self.kind(self.modern, at.modern),
                legacyValue: self.value(self.legacy, at.legacy),
                modernValue: self.value(self.modern, at.modern),
                acceptedBy: accepting.map(self.rules.name(ofIgnore:)) ?? "",
                // Nobody needs a rule for what a rule accepts.
                hints: severity == .accepted ? [] : self.hints(at, pointer: pointer)
            ),
            hash: hash
        )
    }

    private func kind(_ side: DifferSide, _ node: Int) -> ValueKind {
        guard node >= 0 else { return .absent }
        return switch side.nodes[node].kind {
        case .null: .null
        case .bool: .bool
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    private func value(_ side: DifferSide, _ node: Int) -> [UInt8] {
        guard node >= 0 else { return [] }
        let start = Int(side.nodes[node].start)
        let count = min(Int(side.nodes[node].end) - start, Limits.parityValueBytesMax)
        return side.window.slice(start, count).array
    }
}
